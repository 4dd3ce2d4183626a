//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package report

import (
	"os"

	"golang.org/x/sys/unix"
)

// lock takes the lock of an open file, or fails with ErrLocked. It ends with
// the file, however the process ends.
func lock(f *os.File) error {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch err {
		case unix.EWOULDBLOCK:
			return ErrLocked
		case unix.EINTR:
			continue
		}
		return err
	}
}

// replace gives temp the name dest, which is that of old, and returns the file
// of that name, still locked. The other one is closed.
func replace(old, temp *os.File, dest string) (*os.File, error) {
	err := lock(temp)
	if err == nil {
		err = os.Rename(temp.Name(), dest)
	}
	if err != nil {
		temp.Close()
		return old, err
	}
	old.Close()
	return temp, nil
}
