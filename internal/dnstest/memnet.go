package dnstest

import (
	"context"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A Net is a network in memory. Its delays and deadlines are kept with package
// time alone, so that in a testing/synctest bubble they pass at once.
//
// The zero Net has no hosts: every datagram to it comes back as unreachable,
// and every connection is refused.
type Net struct {
	mu     sync.Mutex
	hosts  map[netip.AddrPort]Host
	dialed uint64
	open   map[*socket]bool
	served sync.WaitGroup
}

// A Host is the server on one address of a [Net], or on loopback.
type Host struct {
	// UDP responds to datagrams. It is called from the Write of the client,
	// and concurrently. Nil makes the port unreachable: the client's next
	// Read fails with ECONNREFUSED.
	UDP PacketHandler

	// TCP serves one connection, which is closed when it returns. Nil means
	// that connections are refused.
	TCP func(conn net.Conn)

	// Connect is how long it takes to open a connection. Negative means
	// until the client gives up.
	Connect time.Duration
}

// A PacketHandler returns the replies to a datagram. It may keep q.
type PacketHandler func(q []byte, from netip.AddrPort) []Reply

// A Reply is one datagram on its way back.
type Reply struct {
	Delay time.Duration
	Bytes []byte

	// From is the source address. The zero value is the address that the
	// client sent to; a reply from any other one is lost, as the kernel does
	// it on a connected socket.
	From netip.AddrPort

	// Refused makes the reply an ICMP port unreachable.
	Refused bool
}

// Listen puts a host on an address, "192.0.2.1:53" for example, or replaces
// the one there. It panics if the address cannot be parsed.
func (n *Net) Listen(addr string, h Host) {
	at := netip.MustParseAddrPort(addr)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.hosts == nil {
		n.hosts = make(map[netip.AddrPort]Host)
	}
	n.hosts[at] = h
}

// Dial opens a connection from a local address of its own. The network is
// "udp" or "tcp", or one of these with a 4 or 6; the address must be numeric.
func (n *Net) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	network = strings.TrimRight(network, "46")
	remote, err := netip.ParseAddrPort(addr)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	to := net.TCPAddrFromAddrPort(remote)
	fail := func(err error) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: network, Addr: to, Err: err}
	}
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	n.mu.Lock()
	host, local := n.hosts[remote], n.local(remote)
	n.mu.Unlock()
	switch network {
	case "udp":
		from, to := net.UDPAddrFromAddrPort(local), net.UDPAddrFromAddrPort(remote)
		c := &packetConn{socket: socket{net: n, gate: new(gate), local: from, remote: to}, host: host}
		n.track(&c.socket)
		return c, nil
	case "tcp":
		if err := connect(ctx, host); err != nil {
			return fail(err)
		}
		return n.connected(net.TCPAddrFromAddrPort(local), to, host), nil
	}
	return fail(net.UnknownNetworkError(network))
}

// connect waits for a connection to be opened or refused.
func connect(ctx context.Context, h Host) error {
	if h.Connect != 0 {
		var opened <-chan time.Time // never, if negative
		if h.Connect > 0 {
			opened = time.After(h.Connect)
		}
		select {
		case <-opened:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if h.TCP == nil {
		return syscall.ECONNREFUSED
	}
	return nil
}

// connected returns the client's end of a TCP connection and serves the other one.
func (n *Net) connected(local, remote net.Addr, h Host) net.Conn {
	both := new(gate)
	client := &tcpConn{socket: socket{net: n, gate: both, local: local, remote: remote}}
	server := &tcpConn{socket: socket{net: n, gate: both, local: remote, remote: local}, peer: client}
	client.peer = server
	n.track(&client.socket, &server.socket)
	n.served.Go(func() {
		defer server.Close()
		h.TCP(server)
	})
	return client
}

// Open returns how many connections are open. One end of a TCP connection
// counts as one.
func (n *Net) Open() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.open)
}

// Close closes all connections and waits for the handlers of TCP connections.
func (n *Net) Close() error {
	n.mu.Lock()
	open := slices.Collect(maps.Keys(n.open))
	n.mu.Unlock()
	for _, s := range open {
		s.Close()
	}
	n.served.Wait()
	return nil
}

// track counts sockets as open until they are forgotten.
func (n *Net) track(sockets ...*socket) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.open == nil {
		n.open = make(map[*socket]bool)
	}
	for _, s := range sockets {
		n.open[s] = true
	}
}

func (n *Net) forget(s *socket) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.open, s)
}

// local returns an address that was not given out before: ports from 32768
// up, and then those of the next host of 10.0.0.0/8 or fd00::/64.
func (n *Net) local(remote netip.AddrPort) netip.AddrPort {
	const ports = 1 << 15
	host, port := 1+n.dialed/ports, ports+n.dialed%ports
	n.dialed++
	h := [4]byte{10, byte(host >> 16), byte(host >> 8), byte(host)}
	addr := netip.AddrFrom4(h)
	if remote.Addr().Is6() {
		addr = netip.AddrFrom16([16]byte{0: 0xfd, 13: h[1], 14: h[2], 15: h[3]})
	}
	return netip.AddrPortFrom(addr, uint16(port))
}
