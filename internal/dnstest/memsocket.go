package dnstest

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// ends names the two ends of a connection, and is its addresses.
type ends struct {
	network       string
	local, remote netip.AddrPort
}

func (e ends) LocalAddr() net.Addr  { return netAddr(e.network, e.local) }
func (e ends) RemoteAddr() net.Addr { return netAddr(e.network, e.remote) }

// fail wraps an error as package net does.
func (e ends) fail(op string, err error) error {
	return &net.OpError{Op: op, Net: e.network, Source: e.LocalAddr(), Addr: e.RemoteAddr(), Err: err}
}

func netAddr(network string, a netip.AddrPort) net.Addr {
	if network == "tcp" {
		return net.TCPAddrFromAddrPort(a)
	}
	return net.UDPAddrFromAddrPort(a)
}

// A socket is what the two kinds of connections have in common. But for its
// ends, it is guarded by the gate.
type socket struct {
	ends
	gate            *gate
	closed          func()    // tells the network
	shut            bool      // closed on this side
	readBy, writeBy time.Time // deadlines
}

func (s *socket) SetDeadline(t time.Time) error { return s.setDeadlines(&t, &t) }

func (s *socket) SetReadDeadline(t time.Time) error { return s.setDeadlines(&t, nil) }

func (s *socket) SetWriteDeadline(t time.Time) error { return s.setDeadlines(nil, &t) }

func (s *socket) setDeadlines(read, write *time.Time) error {
	s.gate.Lock()
	defer s.gate.Unlock()
	if s.shut {
		return s.fail("set", net.ErrClosed)
	}
	if read != nil {
		s.readBy = *read
	}
	if write != nil {
		s.writeBy = *write
	}
	s.gate.broadcast()
	return nil
}

// A gate is a mutex with a condition that can be waited for until a deadline.
type gate struct {
	sync.Mutex
	changed chan struct{} // closed by broadcast; nil when nobody waits
}

// wait unlocks the gate, waits for a broadcast or for the deadline, where
// zero means none, and locks it again.
func (g *gate) wait(deadline time.Time) {
	if g.changed == nil {
		g.changed = make(chan struct{})
	}
	changed := g.changed
	g.Unlock()
	defer g.Lock()
	if deadline.IsZero() {
		<-changed
		return
	}
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	}
}

// broadcast wakes everybody who waits. The gate must be locked.
func (g *gate) broadcast() {
	if g.changed != nil {
		close(g.changed)
		g.changed = nil
	}
}

// passed reports whether there is a deadline and it has come.
func passed(deadline time.Time) bool {
	return !deadline.IsZero() && !time.Now().Before(deadline)
}
