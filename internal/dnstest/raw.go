package dnstest

import (
	"errors"
	"net"
	"sync"
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
	pc, l, err := listen("127.0.0.1")
	if err != nil {
		return nil, err
	}
	s := &rawServer{pc: pc, l: l, open: make(map[net.Conn]bool)}
	s.running.Go(func() { s.serveUDP(r.UDP) })
	if r.TCP == nil {
		err = l.Close()
	} else {
		s.running.Go(func() { s.serveTCP(r.TCP) })
	}
	return &Server{addr: pc.LocalAddr().String(), close: sync.OnceValue(s.close)}, err
}

type rawServer struct {
	pc      net.PacketConn
	l       net.Listener
	running sync.WaitGroup

	mu     sync.Mutex
	open   map[net.Conn]bool
	closed bool
}

func (s *rawServer) serveUDP(f func(net.PacketConn, net.Addr, []byte)) {
	for {
		b := make([]byte, 4096)
		n, from, err := s.pc.ReadFrom(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		// Any other error is an ICMP message about an earlier answer.
		if err == nil && f != nil {
			f(s.pc, from, b[:n])
		}
	}
}

func (s *rawServer) serveTCP(f func(net.Conn)) {
	for {
		conn, err := s.l.Accept()
		if err != nil {
			return
		}
		if !s.track(conn) {
			return
		}
		s.running.Go(func() {
			defer s.untrack(conn)
			f(conn)
		})
	}
}

// track remembers a connection so that it can be closed, unless it is too late.
func (s *rawServer) track(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		conn.Close()
		return false
	}
	s.open[conn] = true
	return true
}

func (s *rawServer) untrack(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, conn)
	conn.Close() // again, where the handler has done so
}

func (s *rawServer) close() error {
	s.mu.Lock()
	s.closed = true
	for conn := range s.open {
		conn.Close()
	}
	s.mu.Unlock()
	s.l.Close()
	err := s.pc.Close()
	s.running.Wait()
	return err
}
