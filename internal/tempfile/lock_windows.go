package tempfile

import (
	"os"

	"golang.org/x/sys/windows"
)

// Appending is no flag, because Windows cannot truncate a file that has it.
const Appending = 0

// flock takes the lock of an open file, or fails with ErrLocked. The lock ends
// with the file, however the process ends. It is on a byte far behind the data,
// because Windows lets nobody read a locked part.
func flock(f *os.File) error {
	behind := &windows.Overlapped{OffsetHigh: 1 << 30}
	err := windows.LockFileEx(windows.Handle(f.Fd()),
		windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, behind)
	if err == windows.ERROR_LOCK_VIOLATION {
		return ErrLocked
	}
	return err
}
