//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package tempfile

import (
	"errors"
	"os"
)

// Appending is the flag of a file that is written at its end, wherever that is.
const Appending = os.O_APPEND

// flock fails, because the system has no lock that ends with the process.
func flock(*os.File) error { return errors.ErrUnsupported }
