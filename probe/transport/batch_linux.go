//go:build linux && !domprobe_portable

package transport

import (
	"net"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// replyMemory is what one waiting response costs of a socket's receive buffer.
const replyMemory = 2560

// newBatchConn returns a connection that moves up to batchLen packets a system
// call, and how many questions may be in flight on it before the receive
// buffer that the system grants could overflow. A connection that is not a
// socket of the system is used as it is.
func newBatchConn(conn net.Conn, window int) (batchConn, int) {
	udp, ok := conn.(*net.UDPConn)
	if !ok {
		return plainConn{conn}, window
	}
	raw, err := udp.SyscallConn()
	if err != nil {
		return plainConn{conn}, window
	}
	c := &mmsgConn{UDPConn: udp, raw: raw}
	c.recv.init()
	c.readFunc, c.pollFunc, c.writeFunc = c.recvReady, c.recvOnce, c.sendReady
	granted := window * replyMemory
	raw.Control(func(fd uintptr) {
		if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, granted) != nil {
			unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, granted)
		}
		if n, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF); err == nil {
			granted = n
		}
	})
	return c, min(window, max(granted/replyMemory, minWindow))
}

// mmsghdr is struct mmsghdr of recvmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	len uint32
}

// recvHeaders are the headers of a read.
type recvHeaders struct {
	msg [batchLen]mmsghdr
	iov [batchLen]unix.Iovec
}

func (h *recvHeaders) init() {
	for i := range h.msg {
		h.msg[i].hdr.Iov = &h.iov[i]
		h.msg[i].hdr.SetIovlen(1)
	}
}

// An mmsgConn moves batches with recvmmsg(2) and sendmmsg(2). The closures are
// made once, because making one for each call would allocate. Reading and
// writing belong to one goroutine.
type mmsgConn struct {
	*net.UDPConn
	raw syscall.RawConn

	readFunc, writeFunc func(fd uintptr) bool
	pollFunc            func(fd uintptr)

	in      *inbox
	recv    recvHeaders
	recvErr error

	out     [][]byte
	send    [batchLen]mmsghdr
	iov     [batchLen]unix.Iovec
	sendErr error
}

func (c *mmsgConn) read(in *inbox) error {
	in.n = 0
	c.in, c.recvErr = in, nil
	if err := c.raw.Read(c.readFunc); err != nil {
		return err
	}
	return c.recvErr
}

// poll goes by way of Control, which does not mind a deadline that is over.
func (c *mmsgConn) poll(in *inbox) error {
	in.n = 0
	c.in, c.recvErr = in, nil
	if err := c.raw.Control(c.pollFunc); err != nil {
		return err
	}
	return c.recvErr
}

// overflows asks the socket for its counter. It is the one that SO_RXQ_OVFL
// puts beside every packet, which would cost something on every packet.
func (c *mmsgConn) overflows() (dropped uint32) {
	var info [unix.SK_MEMINFO_VARS]uint32
	size := uint32(unsafe.Sizeof(info))
	c.raw.Control(func(fd uintptr) {
		_, _, errno := syscall.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_MEMINFO,
			uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
		if errno == 0 && size > unix.SK_MEMINFO_DROPS*4 {
			dropped = info[unix.SK_MEMINFO_DROPS]
		}
	})
	return dropped
}

func (c *mmsgConn) recvReady(fd uintptr) bool {
	c.recvOnce(fd)
	return c.recvErr != nil || c.in.n > 0
}

func (c *mmsgConn) recvOnce(fd uintptr) {
	for i := range c.recv.msg {
		c.recv.iov[i].Base = &c.in.buf[i][0]
		c.recv.iov[i].SetLen(maxPacket)
	}
	n, _, errno := syscall.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&c.recv.msg[0])), batchLen, unix.MSG_DONTWAIT, 0, 0)
	switch errno {
	case 0:
		c.in.n = int(n)
		for i := range c.in.n {
			c.in.len[i] = int(c.recv.msg[i].len)
		}
	case syscall.EAGAIN, syscall.EINTR:
	default:
		c.recvErr = os.NewSyscallError("recvmmsg", errno)
	}
}

func (c *mmsgConn) write(out [][]byte) error {
	c.out, c.sendErr = out, nil
	for len(c.out) > 0 && c.sendErr == nil {
		if err := c.raw.Write(c.writeFunc); err != nil {
			return err
		}
	}
	return c.sendErr
}

func (c *mmsgConn) sendReady(fd uintptr) bool {
	n := min(len(c.out), batchLen)
	for i, p := range c.out[:n] {
		c.iov[i].Base = &p[0]
		c.iov[i].SetLen(len(p))
		c.send[i].hdr.Iov = &c.iov[i]
		c.send[i].hdr.SetIovlen(1)
	}
	sent, _, errno := syscall.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&c.send[0])), uintptr(n), unix.MSG_DONTWAIT, 0, 0)
	switch errno {
	case 0:
		c.out = c.out[sent:]
	case syscall.EAGAIN:
		return false
	case syscall.EINTR:
	case syscall.ENOBUFS:
		// The packets are lost on this machine; they are sent again when
		// their time is over.
		c.out = nil
	default:
		c.sendErr = os.NewSyscallError("sendmmsg", errno)
	}
	return true
}
