//go:build linux && !domprobe_portable

package transport

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// An outbox holds packets that are to be sent.
type outbox struct {
	data []byte
	ends []int // of the packets in data
	to   []*place
}

func (o *outbox) add(p *place, packet []byte) {
	o.data = append(o.data, packet...)
	o.ends = append(o.ends, len(o.data))
	o.to = append(o.to, p)
}

func (o *outbox) clear() {
	clear(o.to)
	o.data, o.ends, o.to = o.data[:0], o.ends[:0], o.to[:0]
}

// flush sends the packets that wait.
func (s *sharedSocket) flush() {
	s.sending.Lock()
	defer s.sending.Unlock()
	s.mu.Lock()
	out := s.out
	s.out, s.spare = s.spare, outbox{}
	s.mu.Unlock()
	if !s.closed {
		s.write(&out)
	}
	out.clear()
	s.spare = out
}

func (s *sharedSocket) write(out *outbox) {
	failed := -1 // the packet that has failed last
	for first := 0; first < len(out.to); {
		n := s.address(out, first)
		sent, errno := s.conn.send.call(unix.SYS_SENDMMSG, s.conn.fd, n)
		switch errno {
		case 0:
			first += sent
		case unix.EINTR:
		case unix.EAGAIN:
			s.conn.awaitRoom()
		default:
			// The error may be that of an earlier packet. It is not reported twice.
			if s.readErrors() || failed != first {
				failed = first
				continue
			}
			s.note(out.to[first], os.NewSyscallError("sendmmsg", errno))
			first++
		}
	}
}

// address makes messages of packets, and returns how many.
func (s *sharedSocket) address(out *outbox, first int) int {
	start, send := 0, &s.conn.send
	if first > 0 {
		start = out.ends[first-1]
	}
	n := min(len(out.to)-first, batchLen)
	for i := range n {
		p, end := out.to[first+i], out.ends[first+i]
		send.iov[i].Base = &out.data[start]
		send.iov[i].SetLen(end - start)
		hdr := &send.msg[i].hdr
		hdr.Name, hdr.Namelen = (*byte)(unsafe.Pointer(&p.to)), p.toLen
		start = end
	}
	return n
}
