//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package report

import (
	"errors"
	"os"
)

// lock fails, because the system has no lock that ends with the process.
func lock(*os.File) error { return errors.ErrUnsupported }

// replace is never called where there is no lock.
func replace(old, temp *os.File, _ string) (*os.File, error) {
	temp.Close()
	return old, errors.ErrUnsupported
}
