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
		unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RXQ_OVFL, 1)
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

// overflowSpace holds one SO_RXQ_OVFL control message.
const overflowSpace = unix.SizeofCmsghdr + 8

// recvHeaders are the headers of a read.
type recvHeaders struct {
	msg   [batchLen]mmsghdr
	iov   [batchLen]unix.Iovec
	space [batchLen][overflowSpace]byte
}

func (h *recvHeaders) init() {
	for i := range h.msg {
		h.msg[i].hdr.Iov = &h.iov[i]
		h.msg[i].hdr.SetIovlen(1)
		h.msg[i].hdr.Control = &h.space[i][0]
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
	dropped uint32

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

func (c *mmsgConn) overflows() uint32 { return c.dropped }

func (c *mmsgConn) recvReady(fd uintptr) bool {
	c.recvOnce(fd)
	return c.recvErr != nil || c.in.n > 0
}

func (c *mmsgConn) recvOnce(fd uintptr) {
	for i := range c.recv.msg {
		c.recv.iov[i].Base = &c.in.buf[i][0]
		c.recv.iov[i].SetLen(maxPacket)
		c.recv.msg[i].hdr.SetControllen(overflowSpace)
	}
	n, _, errno := syscall.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&c.recv.msg[0])), batchLen, unix.MSG_DONTWAIT, 0, 0)
	switch errno {
	case 0:
		c.in.n = int(n)
		for i := range c.in.n {
			c.in.len[i] = int(c.recv.msg[i].len)
		}
		c.readOverflow(c.in.n - 1)
	case syscall.EAGAIN, syscall.EINTR:
	default:
		c.recvErr = os.NewSyscallError("recvmmsg", errno)
	}
}

// readOverflow reads the counter of dropped packets that comes with a packet.
func (c *mmsgConn) readOverflow(i int) {
	if i < 0 || c.recv.msg[i].hdr.Controllen < unix.SizeofCmsghdr+4 {
		return
	}
	h := (*unix.Cmsghdr)(unsafe.Pointer(&c.recv.space[i][0]))
	if h.Level == unix.SOL_SOCKET && h.Type == unix.SO_RXQ_OVFL {
		c.dropped = *(*uint32)(unsafe.Pointer(&c.recv.space[i][unix.SizeofCmsghdr]))
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
