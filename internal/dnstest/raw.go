package dnstest

import (
	"errors"
	"net"
	"sync"

	"domprobe/internal/dnsserver"
)

// Raw answers in bytes, so that it can send what no DNS library would: a
// wrong ID, a message cut in the middle, half a frame and then a reset.
type Raw struct {
	// UDP is called with each datagram, one at a time, and answers through
	// the socket that it came from, or through another one. It may keep q.
	// Nil means that nothing is answered.
	UDP func(pc net.PacketConn, from net.Addr, q []byte)

	// TCP serves one connection, which is closed when it returns. Nil means
	// that connections are refused.
	TCP func(conn net.Conn)
}

// Bytes makes the UDP side of a [Raw] that sends each message that the
// function returns for a question.
func Bytes(f func(q []byte) [][]byte) func(pc net.PacketConn, from net.Addr, q []byte) {
	return func(pc net.PacketConn, from net.Addr, q []byte) {
		for _, msg := range f(q) {
			// An asker that has gone away is no concern of the server's.
			_, _ = pc.WriteTo(msg, from)
		}
	}
}

// ServeRaw starts a server that answers in bytes, on a free port of 127.0.0.1.
func ServeRaw(r Raw) (*Server, error) {
	pc, l, err := dnsserver.Listen(net.ListenConfig{}, "")
	if err != nil {
		return nil, err
	}
	var running sync.WaitGroup
	running.Go(func() { serveDatagrams(pc, r.UDP) })
	streams := newAcceptor(l, r.TCP)
	return dnsserver.NewServer(pc.LocalAddr().String(), func() error {
		err := errors.Join(pc.Close(), streams.close())
		running.Wait()
		return err
	}), nil
}

func serveDatagrams(pc net.PacketConn, f func(net.PacketConn, net.Addr, []byte)) {
	for {
		b := make([]byte, 4096)
		n, from, err := pc.ReadFrom(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		// Any other error is an ICMP message about an earlier answer.
		if err == nil && f != nil {
			f(pc, from, b[:n])
		}
	}
}

// An acceptor serves the connections of a listener, and can end them.
type acceptor struct {
	l       net.Listener
	running sync.WaitGroup

	mu     sync.Mutex
	open   map[net.Conn]bool
	closed bool
}

// newAcceptor starts to accept connections, or closes the listener where
// there is no handler.
func newAcceptor(l net.Listener, f func(conn net.Conn)) *acceptor {
	a := &acceptor{l: l, open: make(map[net.Conn]bool)}
	if f == nil {
		l.Close()
		return a
	}
	a.running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil || !a.track(conn) {
				return
			}
			a.running.Go(func() {
				defer a.untrack(conn)
				f(conn)
			})
		}
	})
	return a
}

// track remembers a connection so that it can be closed, unless it is too late.
func (a *acceptor) track(conn net.Conn) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		conn.Close()
		return false
	}
	a.open[conn] = true
	return true
}

func (a *acceptor) untrack(conn net.Conn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.open, conn)
	conn.Close() // again, where the handler has done so
}

// close ends all connections and waits for their handlers.
func (a *acceptor) close() error {
	a.mu.Lock()
	a.closed = true
	for conn := range a.open {
		conn.Close()
	}
	a.mu.Unlock()
	err := a.l.Close()
	a.running.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil // it never accepted
	}
	return err
}
