//go:build linux && !domprobe_portable

package transport

import (
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Shared is sockets that the engines of many servers share, each with a goroutine that
// gives their scouts their turns. Over a socket of its own, a scout that is asked little
// takes a write, a read and two wake-ups for each query; here a system call moves the
// packets of many servers.
//
// Whoever asks engines that have a Shared calls its Flush afterwards. The zero Shared is
// ready for use. No socket of it is open when its engines are closed.
type Shared struct {
	mu      sync.Mutex
	sockets []*sharedSocket // is not changed in place
}

const (
	// placesEach is how many servers share one socket at most. Each of them sees the port,
	// and has to guess only the ID and the name to forge a response of another.
	placesEach = 256

	// placeReplies is how many responses to one scout a socket has room for, on average.
	placeReplies = 2

	// gathering is for how long the packets of other servers gather behind the first.
	gathering = time.Millisecond

	// mostReads is how many full batches are read at a time.
	mostReads = 16
)

// Flush sends the queries that engines have been asked.
func (s *Shared) Flush() {
	if s == nil {
		return
	}
	s.mu.Lock()
	sockets := s.sockets
	s.mu.Unlock()
	for _, socket := range sockets {
		socket.flush()
	}
}

// join gives a scout a place on a socket, and reports whether it did. There is none for
// one whose connections somebody else makes, or whose server may respond from another
// address than it is asked at.
func (s *Shared) join(w *udpWorker) bool {
	cfg := &w.engine.cfg
	to, err := netip.ParseAddrPort(cfg.Addr)
	addr := to.Addr().Unmap()
	if s == nil || err != nil || cfg.Dial != nil || addr.IsUnspecified() || addr.IsMulticast() || addr.Zone() != "" {
		return false
	}
	to = netip.AddrPortFrom(addr, to.Port())
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, socket := range s.sockets {
		if socket.ip4 == addr.Is4() && socket.seat(w, to) {
			return true
		}
	}
	socket, err := s.open(cfg.Sockets, addr.Is4())
	if err != nil {
		return false
	}
	socket.seat(w, to)
	s.sockets = append(slices.Clip(s.sockets), socket)
	go socket.run() // which the engine of its last scout waits for
	return true
}

// open opens a socket.
func (s *Shared) open(of *Sockets, ip4 bool) (socket *sharedSocket, err error) {
	lease, err := of.takeMore(batchDescriptors, nil)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			lease.release()
		}
	}()
	network, level, option := "udp6", unix.SOL_IPV6, unix.IPV6_RECVERR
	if ip4 {
		network, level, option = "udp4", unix.SOL_IP, unix.IP_RECVERR
	}
	udp, err := net.ListenUDP(network, nil)
	if err != nil {
		return nil, err
	}
	conn, err := newMmsgConn(udp)
	if err != nil {
		udp.Close()
		return nil, err
	}
	// Without connection, the errors of a server come this way only.
	if err := unix.SetsockoptInt(conn.fd, level, option, 1); err != nil {
		conn.Close()
		return nil, os.NewSyscallError("setsockopt", err)
	}
	socket = &sharedSocket{of: s, ip4: ip4, conn: conn, lease: lease, in: newInbox(batchLen), places: map[netip.AddrPort]*place{}}
	socket.most = min(max(conn.grant(placesEach*placeReplies)/placeReplies, 1), placesEach)
	for i := range socket.from {
		conn.recv.msg[i].hdr.Name = (*byte)(unsafe.Pointer(&socket.from[i]))
	}
	return socket, nil
}

// A sharedSocket is one socket of a Shared.
type sharedSocket struct {
	of    *Shared
	ip4   bool
	conn  *mmsgConn
	lease *lease
	most  int // places

	// Of the goroutine that run is.
	in    inbox
	from  [batchLen]unix.RawSockaddrInet6 // the senders of in
	turns []*place                        // the memory of due

	sending sync.Mutex // held while packets are sent, before mu
	closed  bool

	mu         sync.Mutex
	places     map[netip.AddrPort]*place
	out, spare outbox
	first      time.Time // of the places' deadlines; zero is none
	waits      bool      // for a packet, or until first
}

// run gives scouts their turns while there is one.
func (s *sharedSocket) run() {
	for {
		s.wait()
		s.receive()
		for _, p := range s.due() {
			if !s.turn(p) {
				return
			}
		}
		s.flush()
	}
}

// wait waits for packets, or until a scout is to have a turn.
func (s *sharedSocket) wait() {
	s.mu.Lock()
	s.conn.SetReadDeadline(s.first)
	s.waits = true
	s.mu.Unlock()
	s.conn.await()
	s.mu.Lock()
	s.waits = false
	s.mu.Unlock()
	time.Sleep(gathering)
}

// receive reads the packets and errors that have come, up to a bound: a flood must not keep
// the scouts from their turns.
func (s *sharedSocket) receive() {
	for range mostReads {
		for i := range s.from {
			s.conn.recv.msg[i].hdr.Namelen = uint32(unsafe.Sizeof(s.from[i]))
		}
		if err := s.conn.read(&s.in, false); err != nil || s.in.n == 0 {
			s.readErrors()
		}
		for i := range s.in.n {
			if p := s.sender(i); p != nil {
				p.receive(s.in.len[i:i+1], s.in.buf[i:i+1])
			}
		}
		if s.in.n < batchLen {
			return
		}
	}
}

// sender returns who waits for a packet, or nil.
func (s *sharedSocket) sender(i int) *place {
	from := &s.from[i]
	addr := netip.AddrFrom16(from.Addr)
	if s.ip4 {
		addr = netip.AddrFrom4((*unix.RawSockaddrInet4)(unsafe.Pointer(from)).Addr)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.places[netip.AddrPortFrom(addr, binary.BigEndian.Uint16(octets(&from.Port)))]
}

// octets are the two octets of a port, in network byte order.
func octets(port *uint16) []byte { return (*[2]byte)(unsafe.Pointer(port))[:] }

// due returns the scouts that are to have a turn.
func (s *sharedSocket) due() (due []*place) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	due, s.first = s.turns[:0], time.Time{}
	for _, p := range s.places {
		over := !p.deadline.IsZero() && !p.deadline.After(now)
		if over {
			p.deadline = time.Time{}
		}
		if over || p.woken || p.failed != nil {
			due = append(due, p)
		}
		s.first = earlier(s.first, p.deadline)
	}
	s.turns = due
	return due
}

// turn gives a scout its turn, and reports whether the socket has scouts left.
func (s *sharedSocket) turn(p *place) bool {
	w := p.worker
	p.wake()
	p.woken = false
	s.mu.Lock()
	failed := p.failed
	p.failed = nil
	s.mu.Unlock()
	if isLoss(failed) {
		w.unsent = failed
	} else if failed != nil {
		w.lent = failed
	}
	if w.turn(nil) {
		return true
	}
	w.close()
	defer w.engine.wg.Done()
	return !s.closeIfEmpty()
}

// closeIfEmpty closes the socket if no scout is left.
func (s *sharedSocket) closeIfEmpty() bool {
	s.of.mu.Lock()
	s.mu.Lock()
	empty := len(s.places) == 0
	if empty {
		s.of.sockets = slices.DeleteFunc(slices.Clone(s.of.sockets), func(other *sharedSocket) bool { return other == s })
	}
	s.mu.Unlock()
	s.of.mu.Unlock()
	if !empty {
		return false
	}
	s.sending.Lock()
	s.closed = true
	s.sending.Unlock()
	s.conn.Close()
	s.lease.release()
	return true
}

// note keeps the error of a server's packet for the scout's next turn, which comes at once.
// That this machine has not let a packet out hides no other error.
func (s *sharedSocket) note(p *place, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.failed == nil || isLoss(p.failed) {
		p.failed = err
	}
	s.wakeBy(longAgo)
}

// wakeBy sees to it that the wait ends at a deadline. The caller holds the lock.
func (s *sharedSocket) wakeBy(deadline time.Time) {
	first := earlier(s.first, deadline)
	if s.waits && first != s.first {
		s.conn.SetReadDeadline(first)
	}
	s.first = first
}
