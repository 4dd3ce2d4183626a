package dnstest

import (
	"net"
	"os"
	"sync"
	"time"
)

// A socket has the addresses and deadlines of a UDP or TCP connection of a
// [Net]. The gate guards what changes.
type socket struct {
	net             *Net
	local, remote   net.Addr
	gate            *gate
	shut            bool // closed on this side
	readBy, writeBy time.Time
}

func (s *socket) LocalAddr() net.Addr  { return s.local }
func (s *socket) RemoteAddr() net.Addr { return s.remote }

// fail wraps an error as package net does.
func (s *socket) fail(op string, err error) error {
	return &net.OpError{Op: op, Net: s.local.Network(), Source: s.local, Addr: s.remote, Err: err}
}

// usable returns an error after Close, and after the deadline.
func (s *socket) usable(op string, deadline time.Time) error {
	if s.shut {
		return s.fail(op, net.ErrClosed)
	}
	if !deadline.IsZero() && !time.Now().Before(deadline) {
		return s.fail(op, os.ErrDeadlineExceeded)
	}
	return nil
}

func (s *socket) SetDeadline(t time.Time) error {
	return s.change("set", func() { s.readBy, s.writeBy = t, t })
}

func (s *socket) SetReadDeadline(t time.Time) error {
	return s.change("set", func() { s.readBy = t })
}

func (s *socket) SetWriteDeadline(t time.Time) error {
	return s.change("set", func() { s.writeBy = t })
}

// Close ends a connection: the other end of TCP reads what was written, and
// then EOF.
func (s *socket) Close() error {
	return s.change("close", func() {
		s.shut = true
		s.net.forget(s)
	})
}

// change changes an open socket and wakes whoever waits for a change.
func (s *socket) change(op string, f func()) error {
	s.gate.Lock()
	defer s.gate.Unlock()
	if s.shut {
		return s.fail(op, net.ErrClosed)
	}
	f()
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
