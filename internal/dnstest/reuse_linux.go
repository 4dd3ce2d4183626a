package dnstest

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// reusePort lets several sockets share one address. It is nil where the
// system does not spread the load over them.
var reusePort = func(_, _ string, c syscall.RawConn) error {
	var err error
	if failed := c.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	}); failed != nil {
		return failed
	}
	return err
}
