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
	udp, ok := conn.(*net.UDPConn)
	if !ok {
		return plainConn{conn}, window
	}
	c, err := newMmsgConn(udp)
	if err != nil {
		return plainConn{conn}, window
	}
	granted := window * replyMemory
	if unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, granted) != nil {
		unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, granted)
	}
	if n, err := unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_RCVBUF); err == nil {
		granted = n
	}
	return c, min(window, max(granted/replyMemory, minWindow))
}

// sendWait is how many milliseconds a full send buffer is waited for at a time.
const sendWait = 10

// mmsghdr is struct mmsghdr of recvmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	len uint32
}

// batchHeaders are the headers of a batch.
type batchHeaders struct {
	msg  [batchLen]mmsghdr
	iov  [batchLen]unix.Iovec
	size [batchLen]segmentSize
}

// segmentErrors are how a kernel refuses to cut a message up: for the size of the
// network's packets, a socket without checksums, a device or a tunnel.
var segmentErrors = []error{unix.EINVAL, unix.EMSGSIZE, unix.EIO}

// A segmentSize is the control message UDP_SEGMENT of udp(7): the kernel cuts the
// message that it goes with into packets of this size.
type segmentSize struct {
	hdr  unix.Cmsghdr
	size uint16
}

func (h *batchHeaders) init() {
	for i := range h.msg {
		h.msg[i].hdr.Iov = &h.iov[i]
		h.msg[i].hdr.SetIovlen(1)
		h.size[i].hdr = unix.Cmsghdr{Level: unix.SOL_UDP, Type: unix.UDP_SEGMENT}
		h.size[i].hdr.SetLen(unix.CmsgLen(2))
	}
}

// fill makes messages of the packets and returns how many: one of each packet or,
// with segments, one of packets of the same length that follow one another. These go
// through the network stack together, which takes a third off the time of a write.
func (h *batchHeaders) fill(out [][]byte, segments bool) (n int) {
	for first := 0; first < len(out); n++ {
		end := first
		for end < len(out) && (end == first || segments && len(out[end]) == len(out[first])) {
			h.iov[end].Base = &out[end][0]
			h.iov[end].SetLen(len(out[end]))
			end++
		}
		hdr := &h.msg[n].hdr
		hdr.Iov = &h.iov[first]
		hdr.SetIovlen(end - first)
		hdr.Control, hdr.Controllen = nil, 0
		if end-first > 1 {
			h.size[n].size = uint16(len(out[first]))
			hdr.Control = (*byte)(unsafe.Pointer(&h.size[n]))
			hdr.SetControllen(int(unsafe.Sizeof(h.size[n])))
		}
		first = end
	}
	return n
}

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
	fd      int
	epoll   int
	waiter  *os.File // the epoll instance, for the runtime's poller
	raw     syscall.RawConn
	isReady func(fd uintptr) bool // made once: a new closure would allocate

	recv, send batchHeaders
	segments   bool // a message can be cut into packets
}

func newMmsgConn(udp *net.UDPConn) (*mmsgConn, error) {
	raw, err := udp.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd := -1
	if e := raw.Control(func(s uintptr) { fd, err = unix.FcntlInt(s, unix.F_DUPFD_CLOEXEC, 0) }); e != nil || err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err == nil {
		err = unix.SetNonblock(epoll, true)
	}
	if err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	c := &mmsgConn{fd: fd, epoll: epoll, waiter: os.NewFile(uintptr(epoll), "epoll"), isReady: ready}
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
	udp.Close() // takes the socket away from the poller; fd keeps it open
	return c, nil
}

func (c *mmsgConn) Close() error {
	c.waiter.Close()
	return os.NewSyscallError("close", unix.Close(c.fd))
}

func (c *mmsgConn) SetReadDeadline(t time.Time) error { return c.waiter.SetReadDeadline(t) }

// read waits in the epoll instance.
func (c *mmsgConn) read(in *inbox) error {
	in.n = 0
	event := unix.EpollEvent{Events: unix.EPOLLIN}
	if err := unix.EpollCtl(c.epoll, unix.EPOLL_CTL_ADD, c.fd, &event); err != nil {
		return os.NewSyscallError("epoll_ctl", err)
	}
	err := c.raw.Read(c.isReady)
	unix.EpollCtl(c.epoll, unix.EPOLL_CTL_DEL, c.fd, nil)
	if err != nil {
		return err
	}
	return c.poll(in)
}

// ready reports whether an epoll instance has an event.
func ready(epoll uintptr) bool {
	var events [1]unix.EpollEvent
	n, err := unix.EpollWait(int(epoll), events[:], 0)
	return n > 0 || err != nil && err != unix.EINTR
}

func (c *mmsgConn) poll(in *inbox) error {
	in.n = 0
	for i := range in.buf {
		c.recv.iov[i].Base = &in.buf[i][0]
		c.recv.iov[i].SetLen(maxPacket)
	}
	n, _, errno := syscall.RawSyscall6(unix.SYS_RECVMMSG, uintptr(c.fd), uintptr(unsafe.Pointer(&c.recv.msg[0])), uintptr(len(in.buf)), unix.MSG_DONTWAIT, 0, 0)
	switch errno {
	case 0:
		in.n = int(n)
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
		sent, _, errno := syscall.RawSyscall6(unix.SYS_SENDMMSG, uintptr(c.fd), uintptr(unsafe.Pointer(&c.send.msg[0])), uintptr(n), unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			for i := range sent {
				out = out[c.send.msg[i].hdr.Iovlen:]
			}
		case syscall.EINTR:
		case syscall.EAGAIN:
			unix.Poll([]unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLOUT}}, sendWait)
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
