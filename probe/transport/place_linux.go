//go:build linux && !domprobe_portable

package transport

import (
	"encoding/binary"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A place is the part of one scout in a shared socket: its connection to the server.
type place struct {
	on     *sharedSocket
	worker *udpWorker
	addr   netip.AddrPort
	to     unix.RawSockaddrInet6 // or the shorter one of IPv4
	toLen  uint32
	woken  bool // the scout is awake, and has a turn next; of the socket's goroutine

	// Under on.mu.
	deadline time.Time // when the scout has a turn at the latest; zero is never
	failed   error     // of a packet, for the next turn
}

// seat gives a scout a place, and reports whether there was one for a server at this
// address.
func (s *sharedSocket) seat(w *udpWorker, to netip.AddrPort) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.places) >= s.most || s.places[to] != nil {
		return false
	}
	p := &place{on: s, worker: w, addr: to, deadline: longAgo}
	if s.ip4 {
		*(*unix.RawSockaddrInet4)(unsafe.Pointer(&p.to)) = unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: to.Addr().As4()}
		p.toLen = unix.SizeofSockaddrInet4
	} else {
		p.to = unix.RawSockaddrInet6{Family: unix.AF_INET6, Addr: to.Addr().As16()}
		p.toLen = unix.SizeofSockaddrInet6
	}
	binary.BigEndian.PutUint16(octets(&p.to.Port), to.Port())
	w.socket = true
	w.equip(p, smallBatch)
	w.dropped = s.conn.overflows()
	w.engine.wg.Add(1)
	s.places[to] = p
	s.wakeBy(longAgo)
	return true
}

// wake keeps others from the scout until it sleeps at the end of its turn.
func (p *place) wake() {
	if !p.woken {
		p.woken = true
		p.worker.awake()
	}
}

// receive has the scout handle a packet, out of the inbox that all share. Its turn follows.
func (p *place) receive(length []int, packet [][maxPacket]byte) {
	p.wake()
	p.worker.in = inbox{1, length, packet}
	p.worker.receive(nil)
}

// read finds nothing: the socket's goroutine reads.
func (p *place) read(in *inbox, _ bool) error {
	in.n = 0
	return nil
}

// write leaves packets for the next flush.
func (p *place) write(out [][]byte) error {
	p.on.mu.Lock()
	defer p.on.mu.Unlock()
	for _, packet := range out {
		p.on.out.add(p, packet)
	}
	return nil
}

func (p *place) batch() int { return 0 }

func (p *place) overflows() uint32 { return p.on.conn.overflows() }

// SetReadDeadline sets when the scout has a turn at the latest.
func (p *place) SetReadDeadline(t time.Time) error {
	p.on.mu.Lock()
	defer p.on.mu.Unlock()
	p.deadline = t
	p.on.wakeBy(t)
	return nil
}

func (p *place) Close() error {
	p.on.mu.Lock()
	defer p.on.mu.Unlock()
	delete(p.on.places, p.addr)
	return nil
}
