package transport

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Sockets bounds how many sockets the engines that share it have open together, so
// that thousands of servers are asked with a few hundred descriptors. An engine that
// needs one when all are taken gets the next that is given back. For that the one
// that has been idle longest is closed, or one that is in use as soon as its
// responses are in: its engine waits for another turn with the rest of its queue.
//
// It is safe for concurrent use. A nil Sockets has no bound.
type Sockets struct {
	mu      sync.Mutex
	size    int // descriptors
	free    int
	held    []*lease // in the order in which they were granted
	waiting []*lease
	asked   int // of the held, to give theirs back
}

// leastSockets is what the engines get of any limit.
const leastSockets = 8

// NewSockets returns a bound of n descriptors. Zero or less stands for what the
// system allows this process now, less a reserve for its files and other connections.
func NewSockets(n int) *Sockets {
	if n <= 0 {
		limit := descriptors()
		n = limit - max(limit/8, 64)
	}
	n = max(n, leastSockets)
	return &Sockets{size: n, free: n}
}

// A lease is the right to have a socket open. A nil lease is one without a bound.
type lease struct {
	of    *Sockets
	n     int           // descriptors
	leave func()        // asks for it back; nil if it is not given back before its time
	ready chan struct{} // closed when it is granted
	idle  atomic.Int64  // since when nothing is asked, in Unix nanoseconds; zero is in use
	asked bool          // leave was called
}

// take waits for a descriptor. leave is called, at most once, when somebody else
// waits for one; it must not block.
func (s *Sockets) take(ctx context.Context, leave func()) (*lease, error) {
	if s == nil {
		return nil, nil
	}
	l := &lease{of: s, n: 1, leave: leave, ready: make(chan struct{})}
	s.mu.Lock()
	s.waiting = append(s.waiting, l)
	s.unlock()
	select {
	case <-l.ready:
		return l, nil
	case <-ctx.Done():
		l.release()
		return nil, ctx.Err()
	}
}

// errNoMore is the error of a socket beside the first for which there is no room.
var errNoMore = shortErrors[0]

// takeMore takes n descriptors for an engine that has one socket already. Half of the
// descriptors are not for such.
func (s *Sockets) takeMore(n int, leave func()) (*lease, error) {
	if s == nil {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.free-n < s.size/2 {
		return nil, errNoMore
	}
	l := &lease{of: s, n: n, leave: leave}
	s.hold(l)
	return l, nil
}

func (s *Sockets) hold(l *lease) {
	s.free -= l.n
	s.held = append(s.held, l)
}

// unlock gives those that wait what is free, and asks holders for the rest, without
// the lock.
func (s *Sockets) unlock() {
	for len(s.waiting) > 0 && s.free >= s.waiting[0].n {
		l := s.waiting[0]
		s.waiting = slices.Delete(s.waiting, 0, 1)
		s.hold(l)
		close(l.ready)
	}
	var leaving []*lease
	for s.asked < len(s.waiting) {
		l := s.next()
		if l == nil {
			break
		}
		s.ask(l)
		leaving = append(leaving, l)
	}
	s.mu.Unlock()
	for _, l := range leaving {
		l.leave()
	}
}

func (s *Sockets) ask(l *lease) {
	l.asked = true
	s.asked++
}

// next is who is to give a socket back: who has been idle longest, or else who has
// had it longest. It is nil if all have been asked.
func (s *Sockets) next() (best *lease) {
	var since int64
	for _, l := range s.held {
		if l.asked || l.leave == nil {
			continue
		}
		idle := l.idle.Load()
		if best == nil || idle != 0 && (since == 0 || idle < since) {
			best, since = l, idle
		}
	}
	return best
}

// relieve closes the socket that has been idle longest, if there is one, because the
// system grants fewer than was thought.
func (s *Sockets) relieve() {
	if s == nil {
		return
	}
	s.mu.Lock()
	l := s.next()
	rests := l != nil && l.idle.Load() != 0
	if rests {
		s.ask(l)
	}
	s.mu.Unlock()
	if rests {
		l.leave()
	}
}

// release gives a descriptor back, or the wait for one up.
func (l *lease) release() {
	if l == nil {
		return
	}
	s := l.of
	s.mu.Lock()
	if i := slices.Index(s.held, l); i >= 0 {
		s.held = slices.Delete(s.held, i, i+1)
		s.free += l.n
		if l.asked {
			s.asked--
		}
	} else {
		s.waiting = slices.DeleteFunc(s.waiting, func(other *lease) bool { return other == l })
	}
	s.unlock()
}

// rest notes that the socket is idle.
func (l *lease) rest(now time.Time) {
	if l != nil {
		l.idle.CompareAndSwap(0, now.UnixNano())
	}
}

// busy notes that the socket is in use.
func (l *lease) busy() {
	if l != nil && l.idle.Load() != 0 {
		l.idle.Store(0)
	}
}
