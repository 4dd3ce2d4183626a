// Package dnsserver runs small DNS servers inside the process, for the demo and,
// through package dnstest, for tests.
//
// A [Truth] knows the registered names and their zones. It responds as a recursive
// resolver ([Truth.Resolve]) or as the registry's authoritative server
// ([Truth.Delegate]). [NXDomain], [NoData] and the like build single responses.
// [Serve] serves a [Handler] on a loopback port, over UDP and TCP.
package dnsserver

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/miekg/dns"
	"golang.org/x/sync/errgroup"
)

// A Handler responds to a query, or does not. The network is "udp" or "tcp". It is
// called concurrently, and must return before the server can be closed.
type Handler func(w dns.ResponseWriter, q *dns.Msg, network string)

// A Server listens on a loopback address, on the same port for UDP and TCP.
type Server struct {
	addr  string
	close func() error
}

// NewServer returns a server that listens on addr and that stop stops.
func NewServer(addr string, stop func() error) *Server {
	return &Server{addr: addr, close: sync.OnceValue(stop)}
}

// Addr returns the address that the server listens on, as "127.0.0.1:port".
func (s *Server) Addr() string { return s.addr }

// Close stops the server and waits for its goroutines. Further calls return
// the result of the first.
func (s *Server) Close() error { return s.close() }

// Serve starts a server for the handler on a free port of 127.0.0.1.
func Serve(h Handler) (*Server, error) { return ServeAt("", h) }

// ServeAt is like [Serve] on a given address, "host:port".
func ServeAt(addr string, h Handler) (*Server, error) {
	pc, l, err := Listen(addr)
	if err != nil {
		return nil, err
	}
	servers := []*dns.Server{
		{PacketConn: pc, Handler: onNetwork(h, "udp")},
		{Listener: l, Handler: onNetwork(h, "tcp"), MaxTCPQueries: -1},
	}
	var started sync.WaitGroup
	var running errgroup.Group
	for _, s := range servers {
		started.Add(1)
		s.NotifyStartedFunc = started.Done
		running.Go(s.ActivateAndServe)
	}
	started.Wait() // Shutdown fails before that.
	return NewServer(l.Addr().String(), func() error {
		err := errors.Join(servers[0].Shutdown(), servers[1].Shutdown())
		return errors.Join(err, running.Wait())
	}), nil
}

func onNetwork(h Handler, network string) dns.Handler {
	return dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) { h(w, q, network) })
}

// Answer returns the handler that sends the response of f, truncated to the size
// that the client accepts. It sends nothing if f returns nil.
func Answer(f func(q *dns.Msg) *dns.Msg) Handler {
	return func(w dns.ResponseWriter, q *dns.Msg, network string) {
		r := f(q)
		if r == nil {
			return
		}
		if network == "udp" {
			r.Truncate(udpSize(q))
		}
		// A client may be gone, which is no error of the server.
		_ = w.WriteMsg(r)
	}
}

// udpSize returns the size of a response over UDP that the client accepts (RFC
// 6891 section 6.2.3).
func udpSize(q *dns.Msg) int {
	if opt := q.IsEdns0(); opt != nil {
		return max(dns.MinMsgSize, int(opt.UDPSize()))
	}
	return dns.MinMsgSize
}

// Listen listens on an address over UDP and TCP. Empty means a free port of
// 127.0.0.1.
func Listen(addr string) (*net.UDPConn, *net.TCPListener, error) {
	addr = cmp.Or(addr, "127.0.0.1:0")
	const tries = 20 // the free port that UDP got may be taken for TCP
	var failed error
	for range tries {
		pc, err := net.ListenPacket("udp", addr)
		if err != nil {
			return nil, nil, fmt.Errorf("listening for datagrams: %w", err)
		}
		got := pc.LocalAddr().String()
		l, err := net.Listen("tcp", got)
		if err == nil {
			return pc.(*net.UDPConn), l.(*net.TCPListener), nil
		}
		pc.Close()
		failed = fmt.Errorf("listening for connections: %w", err)
		if got == addr {
			break
		}
	}
	return nil, nil, failed
}
