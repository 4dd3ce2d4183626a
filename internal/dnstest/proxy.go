package dnstest

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"domprobe/internal/dnsserver"
)

// A Proxy stands between clients and one server. It delays and loses
// datagrams; connections it passes on as they are.
type Proxy struct {
	// Server is the address, "host:port", that everything goes to.
	Server string

	// Addr is the address to listen on. Empty means a free port of 127.0.0.1.
	Addr string

	// Delay returns how long to hold the next datagram, in either direction.
	// Nil means not at all.
	Delay func() time.Duration

	// DropQuestion and DropAnswer report whether to lose a datagram. Nil
	// means never.
	DropQuestion, DropAnswer func(b []byte) bool
}

const (
	// maxFlows is how many clients' sockets the proxy tells apart; the one
	// that came first is forgotten for the next.
	maxFlows = 1024
	// flowIdle is how long a socket is remembered without an answer.
	flowIdle = 10 * time.Second
)

// Start starts the proxy. Its functions are called concurrently.
func (p Proxy) Start() (*Server, error) { return p.start(maxFlows) }

func (p Proxy) start(most int) (*Server, error) {
	pc, l, err := dnsserver.Listen(net.ListenConfig{}, p.Addr)
	if err != nil {
		return nil, err
	}
	r := &proxy{Proxy: p, most: most, pc: pc, flows: make(map[netip.AddrPort]*net.UDPConn)}
	r.running.Go(r.questions)
	r.running.Go(r.line)
	streams := newAcceptor(l, p.relay)
	return dnsserver.NewServer(l.Addr().String(), func() error {
		err := errors.Join(pc.Close(), streams.close())
		r.stop()
		r.running.Wait()
		return err
	}), nil
}

// proxy is a running Proxy.
type proxy struct {
	Proxy
	most    int // flows
	pc      *net.UDPConn
	running sync.WaitGroup

	gate    gate
	under   flights
	stopped bool
	flows   map[netip.AddrPort]*net.UDPConn // by client
	order   []netip.AddrPort                // of the flows, the oldest first
}

// questions passes on what clients send.
func (p *proxy) questions() {
	b := make([]byte, maxDatagram)
	for {
		n, from, err := p.pc.ReadFromUDPAddrPort(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || p.DropQuestion != nil && p.DropQuestion(b[:n]) {
			continue
		}
		if up := p.flow(from); up != nil {
			p.send(b[:n], func(b []byte) { up.Write(b) })
		}
	}
}

// answers passes on what the server sends to one client.
func (p *proxy) answers(up *net.UDPConn, client netip.AddrPort) {
	b := make([]byte, 4096) // an answer to a question with EDNS fits
	for {
		up.SetReadDeadline(time.Now().Add(flowIdle))
		n, err := up.Read(b)
		if errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) {
			p.forget(client, up)
			return
		}
		if err != nil || p.DropAnswer != nil && p.DropAnswer(b[:n]) {
			continue
		}
		p.send(b[:n], func(b []byte) { p.pc.WriteToUDPAddrPort(b, client) })
	}
}

// flow returns the socket through which a client's questions go, and nil when
// there is none to be had.
func (p *proxy) flow(client netip.AddrPort) *net.UDPConn {
	p.gate.Lock()
	defer p.gate.Unlock()
	if up := p.flows[client]; up != nil || p.stopped {
		return up
	}
	conn, err := net.Dial("udp", p.Server)
	if err != nil {
		return nil
	}
	up := conn.(*net.UDPConn)
	if len(p.order) == p.most {
		oldest := p.order[0]
		p.flows[oldest].Close()
		delete(p.flows, oldest)
		p.order = p.order[1:]
	}
	p.flows[client] = up
	p.order = append(p.order, client)
	p.running.Go(func() { p.answers(up, client) })
	return up
}

// forget closes a flow's socket, unless its place was taken already.
func (p *proxy) forget(client netip.AddrPort, up *net.UDPConn) {
	p.gate.Lock()
	defer p.gate.Unlock()
	up.Close()
	if p.flows[client] == up {
		delete(p.flows, client)
		p.order = slices.DeleteFunc(p.order, func(a netip.AddrPort) bool { return a == client })
	}
}

// send delivers a copy of the datagram, now or later.
func (p *proxy) send(b []byte, deliver func(b []byte)) {
	var delay time.Duration
	if p.Delay != nil {
		delay = p.Delay()
	}
	if delay <= 0 {
		deliver(b)
		return
	}
	b = append([]byte(nil), b...)
	p.gate.Lock()
	defer p.gate.Unlock()
	p.under.add(delay, func() { deliver(b) })
	p.gate.broadcast()
}

// line delivers what was delayed.
func (p *proxy) line() {
	p.gate.Lock()
	defer p.gate.Unlock()
	for !p.stopped {
		p.under.land()
		p.gate.wait(p.under.next())
	}
}

func (p *proxy) stop() {
	p.gate.Lock()
	defer p.gate.Unlock()
	p.stopped = true
	for _, up := range p.flows {
		up.Close()
	}
	p.gate.broadcast()
}

// relay copies both directions of a connection until either end closes it.
func (p Proxy) relay(client net.Conn) {
	server, err := net.Dial("tcp", p.Server)
	if err != nil {
		return
	}
	var back sync.WaitGroup
	back.Go(func() {
		io.Copy(client, server)
		client.Close()
	})
	io.Copy(server, client)
	server.Close()
	back.Wait()
}
