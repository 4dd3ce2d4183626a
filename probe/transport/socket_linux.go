//go:build linux && !domprobe_portable

package transport

import (
	"errors"
	"net"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A socketConn moves one packet at a time over a socket of the system. A [net.UDPConn]
// does too, but makes an error for each deadline that passes: one for every query to a
// server with a limit.
type socketConn struct {
	*os.File
	raw syscall.RawConn
	fd  uintptr

	in    *inbox
	errno syscall.Errno
	ready func(uintptr) bool // receive, made once
}

// newScoutConn returns a connection for a scout. One that is not a socket of the system
// is used as it is.
func newScoutConn(conn net.Conn) batchConn {
	fd, err := takeSocket(conn)
	if err != nil {
		return plainConn{conn}
	}
	c := &socketConn{File: os.NewFile(uintptr(fd), "udp"), fd: uintptr(fd)}
	c.ready = c.receive
	if c.raw, err = c.SyscallConn(); err != nil {
		c.Close()
		return plainConn{conn}
	}
	conn.Close() // fd keeps the socket open
	return c
}

// takeSocket returns a descriptor of a connection's socket, beside that of the connection.
func takeSocket(conn net.Conn) (fd int, err error) {
	udp, ok := conn.(*net.UDPConn)
	if !ok {
		return -1, errors.ErrUnsupported
	}
	raw, err := udp.SyscallConn()
	if err != nil {
		return -1, err
	}
	fail := raw.Control(func(s uintptr) { fd, err = unix.FcntlInt(s, unix.F_DUPFD_CLOEXEC, 0) })
	return fd, os.NewSyscallError("fcntl", errors.Join(fail, err))
}

func (c *socketConn) read(in *inbox, wait bool) error {
	in.n = 0
	if !wait {
		return nil
	}
	c.in, c.errno = in, 0
	if err := c.raw.Read(c.ready); err != nil {
		return err
	}
	if c.errno != 0 {
		return os.NewSyscallError("read", c.errno)
	}
	return nil
}

// receive reads a packet, and reports false if there is none. As the socket does not
// block, the scheduler need not know of the call.
func (c *socketConn) receive(fd uintptr) bool {
	for {
		n, _, errno := syscall.RawSyscall(unix.SYS_READ, fd, uintptr(unsafe.Pointer(&c.in.buf[0])), maxPacket)
		switch errno {
		case 0:
			c.in.len[0], c.in.n = int(n), 1
			return true
		case unix.EINTR:
		case unix.EAGAIN:
			return false
		default:
			c.errno = errno
			return true
		}
	}
}

func (c *socketConn) write(out [][]byte) (lost error) {
	for len(out) > 0 {
		p := out[0]
		_, _, errno := syscall.RawSyscall(unix.SYS_WRITE, c.fd, uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
		switch {
		case errno == unix.EINTR:
			continue
		case errno != 0 && !isLoss(errno):
			return os.NewSyscallError("write", errno)
		case errno != 0:
			lost = os.NewSyscallError("write", errno)
		}
		out = out[1:]
	}
	return lost
}

func (c *socketConn) batch() int { return 1 }

func (c *socketConn) overflows() uint32 { return 0 }
