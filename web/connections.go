package web

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
)

const (
	// maxConnections and maxPerClient bound the open connections, of all
	// clients and of each. The second one is for IP addresses: a Unix socket
	// does not tell its clients apart.
	maxConnections = 1024
	maxPerClient   = 256

	// sendBuffer is how many octets of a response the kernel holds for a
	// client that does not read.
	sendBuffer = 64 << 10
)

// A listener bounds its open connections. At a bound, the connection that has
// been idle for the longest time is closed. If none is idle, a client at its own
// bound is refused, and any other one waits.
type listener struct {
	net.Listener

	mu      sync.Mutex
	changed sync.Cond // a connection is closed or idle, or the listener is closed
	closed  bool
	open    []*connection // of the idle ones, the longest idle one is the first
}

// A connection is one that a listener has accepted.
type connection struct {
	net.Conn
	listener *listener
	client   netip.Prefix
	busy     bool // serves a request; guarded by the mutex of the listener
}

func newListener(inner net.Listener) *listener {
	l := &listener{Listener: inner}
	l.changed.L = &l.mu
	return l
}

// Accept implements [net.Listener].
func (l *listener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetWriteBuffer(sendBuffer) // the kernel's default serves as well
		}
		c := &connection{Conn: conn, listener: l, client: network(addressOf(conn.RemoteAddr().String()))}
		if l.enter(c) {
			return c, nil
		}
		conn.Close()
	}
}

// enter notes a connection as open once there is room for it, or reports false
// if it is refused.
func (l *listener) enter(c *connection) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for !l.closed {
		others := 0
		for _, o := range l.open {
			if o.client == c.client && c.client.IsValid() {
				others++
			}
		}
		crowded := others >= maxPerClient
		if !crowded && len(l.open) < maxConnections {
			l.open = append(l.open, c)
			return true
		}
		idle := slices.IndexFunc(l.open, func(o *connection) bool { return !o.busy && (!crowded || o.client == c.client) })
		switch {
		case idle >= 0:
			l.open[idle].Conn.Close()
			l.open = slices.Delete(l.open, idle, idle+1)
		case crowded:
			return false
		default:
			l.changed.Wait()
		}
	}
	return false
}

// note is the ConnState of the [http.Server].
func (l *listener) note(conn net.Conn, state http.ConnState) {
	c := conn.(*connection)
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.open, c); i >= 0 {
		c.busy = state == http.StateActive
		l.open = slices.Delete(l.open, i, i+1)
		if state != http.StateClosed {
			l.open = append(l.open, c)
		}
		l.changed.Signal()
	}
}

// Close implements [net.Listener].
func (l *listener) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.changed.Broadcast()
	return l.Listener.Close()
}
