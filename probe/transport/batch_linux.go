//go:build linux && !domprobe_portable

package transport

import (
	"net"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// replyMemory is what one waiting response costs of a socket's receive buffer.
const replyMemory = 2560

// batchDescriptors is how many descriptors a batchConn takes.
const batchDescriptors = 2

// newBatchConn returns a connection that moves up to batchLen packets a system
// call, and how many queries may be in flight on it before the receive
// buffer that the system grants could overflow. A connection that is not a
// socket of the system is used as it is.
func newBatchConn(conn net.Conn, window int) (batchConn, int) {
	c, err := newMmsgConn(conn)
	if err != nil {
		return plainConn{conn}, window
	}
	return c, min(window, max(c.grant(window), minWindow))
}

// grant asks for room for so many responses, and returns for how many the system grants it.
func (c *mmsgConn) grant(replies int) int {
	granted := replies * replyMemory
	if unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, granted) != nil {
		unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, granted)
	}
	if n, err := unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_RCVBUF); err == nil {
		granted = n
	}
	return granted / replyMemory
}

// segmentErrors are how a kernel refuses to cut a message up: for the size of the
// network's packets, a socket without checksums, a device or a tunnel.
var segmentErrors = []error{unix.EINVAL, unix.EMSGSIZE, unix.EIO}

// An mmsgConn moves batches with recvmmsg(2) and sendmmsg(2). It belongs to one
// goroutine, but for SetReadDeadline.
//
// The runtime's poller watches a socket all the time, and the kernel then tells
// it of every packet that comes or has gone, which costs as much as handling
// the packet. So the socket is taken away from the poller, which gets an epoll
// instance in its place, and the socket is in that only while a read waits.
//
// The system calls for batches do not block, and take some tens of microseconds.
// They are raw, because the scheduler would take that for blocking, and hand the
// processor from thread to thread.
type mmsgConn struct {
	fd     int
	epoll  int
	waiter *os.File // the epoll instance, for the runtime's poller
	raw    syscall.RawConn

	recv, send batchHeaders
	segments   bool // a message can be cut into packets
}

func newMmsgConn(conn net.Conn) (*mmsgConn, error) {
	fd, err := takeSocket(conn)
	if err != nil {
		return nil, err
	}
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err == nil {
		err = unix.SetNonblock(epoll, true)
	}
	if err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	c := &mmsgConn{fd: fd, epoll: epoll, waiter: os.NewFile(uintptr(epoll), "epoll")}
	if c.raw, err = c.waiter.SyscallConn(); err == nil {
		// Without the poller behind it there are no deadlines.
		err = c.waiter.SetReadDeadline(time.Time{})
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	c.recv.init()
	c.send.init()
	// A kernel that does not know the option would send one packet.
	_, err = unix.GetsockoptInt(fd, unix.SOL_UDP, unix.UDP_SEGMENT)
	c.segments = err == nil
	conn.Close() // takes the socket away from the poller; fd keeps it open
	return c, nil
}

func (c *mmsgConn) Close() error {
	c.waiter.Close()
	return os.NewSyscallError("close", unix.Close(c.fd))
}

func (c *mmsgConn) SetReadDeadline(t time.Time) error { return c.waiter.SetReadDeadline(t) }

// await waits in the epoll instance.
func (c *mmsgConn) await() error {
	event := unix.EpollEvent{Events: unix.EPOLLIN}
	if err := unix.EpollCtl(c.epoll, unix.EPOLL_CTL_ADD, c.fd, &event); err != nil {
		return os.NewSyscallError("epoll_ctl", err)
	}
	defer unix.EpollCtl(c.epoll, unix.EPOLL_CTL_DEL, c.fd, nil)
	return c.raw.Read(ready)
}

// ready reports whether an epoll instance has an event.
func ready(epoll uintptr) bool {
	var events [1]unix.EpollEvent
	n, err := unix.EpollWait(int(epoll), events[:], 0)
	return n > 0 || err != nil && err != unix.EINTR
}

func (c *mmsgConn) read(in *inbox, wait bool) error {
	in.n = 0
	if wait {
		if err := c.await(); err != nil {
			return err
		}
	}
	for i := range in.buf {
		c.recv.iov[i].Base = &in.buf[i][0]
		c.recv.iov[i].SetLen(maxPacket)
	}
	n, errno := c.recv.call(unix.SYS_RECVMMSG, c.fd, len(in.buf))
	switch errno {
	case 0:
		in.n = n
		for i := range in.n {
			in.len[i] = int(c.recv.msg[i].len)
		}
	case syscall.EAGAIN, syscall.EINTR:
	default:
		return os.NewSyscallError("recvmmsg", errno)
	}
	return nil
}

func (c *mmsgConn) write(out [][]byte) (lost error) {
	segments := c.segments
	for len(out) > 0 {
		n := c.send.fill(out[:min(len(out), batchLen)], segments)
		sent, errno := c.send.call(unix.SYS_SENDMMSG, c.fd, n)
		switch errno {
		case 0:
			for i := range sent {
				out = out[c.send.msg[i].hdr.Iovlen:]
			}
		case syscall.EINTR:
		case syscall.EAGAIN:
			c.awaitRoom()
		default:
			if c.send.msg[0].hdr.Iovlen > 1 && (isLoss(errno) || isAny(errno, segmentErrors)) {
				// One by one, the packets that can leave do.
				segments = false
				c.segments = isLoss(errno)
				continue
			}
			lost = os.NewSyscallError("sendmmsg", errno)
			if !isLoss(errno) {
				return lost
			}
			out = out[1:]
		}
	}
	return lost
}

// sendWait is how many milliseconds a full send buffer is waited for at a time.
const sendWait = 10

// awaitRoom waits for room in the send buffer.
func (c *mmsgConn) awaitRoom() {
	unix.Poll([]unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLOUT}}, sendWait)
}

func (c *mmsgConn) batch() int { return batchLen }

// overflows asks the socket for its counter. It is the one that SO_RXQ_OVFL
// puts beside every packet, which would cost something on every packet.
func (c *mmsgConn) overflows() uint32 {
	var info [unix.SK_MEMINFO_VARS]uint32
	size := uint32(unsafe.Sizeof(info))
	_, _, errno := syscall.Syscall6(unix.SYS_GETSOCKOPT, uintptr(c.fd), unix.SOL_SOCKET, unix.SO_MEMINFO,
		uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return 0
	}
	return info[unix.SK_MEMINFO_DROPS]
}
