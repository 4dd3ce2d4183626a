//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package tempfile

import (
	"os"

	"golang.org/x/sys/unix"
)

// Appending is the flag of a file that is written at its end, wherever that is.
const Appending = os.O_APPEND

// flock takes the lock of an open file, or fails with ErrLocked. The lock ends
// with the file, however the process ends.
func flock(f *os.File) error {
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
