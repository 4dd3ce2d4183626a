package report

import (
	"os"

	"golang.org/x/sys/windows"
)

// lock takes the lock of an open file, or fails with ErrLocked. It ends with
// the file, however the process ends. It is on a byte far behind the rows,
// because Windows lets nobody read what is locked.
func lock(f *os.File) error {
	behind := &windows.Overlapped{OffsetHigh: 1 << 30}
	err := windows.LockFileEx(windows.Handle(f.Fd()),
		windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, behind)
	if err == windows.ERROR_LOCK_VIOLATION {
		return ErrLocked
	}
	return err
}

// replace gives temp the name dest, which is that of old, and returns the file
// of that name, locked again: Windows renames neither over nor from a file
// that is open.
func replace(old, temp *os.File, dest string) (*os.File, error) {
	temp.Close()
	old.Close()
	if err := os.Rename(temp.Name(), dest); err != nil {
		return old, err
	}
	f, err := os.OpenFile(dest, os.O_WRONLY, 0)
	if err != nil {
		return old, err
	}
	return f, lockReport(f, dest)
}
