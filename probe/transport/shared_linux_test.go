//go:build linux && !domprobe_portable

package transport

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"domprobe/internal/dnstest"
)

// listen starts a server that has the response to each packet sent from a socket, and
// returns its own.
func listen(t *testing.T, ip net.IP, from *net.UDPConn) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: ip})
	if err != nil {
		t.Skipf("no server can listen on %v: %v", ip, err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		var buf [maxPacket]byte
		for {
			n, to, err := conn.ReadFromUDPAddrPort(buf[:])
			if err != nil {
				return
			}
			by := from
			if by == nil {
				by = conn
			}
			for _, reply := range honest(buf[:n], to) {
				by.WriteToUDPAddrPort(reply.Bytes, to)
			}
		}
	}()
	t.Cleanup(func() { conn.Close(); <-done })
	return conn
}

// A sharing is engines that share sockets.
type sharing struct {
	t       *testing.T
	sockets *Sockets
	shared  Shared
	engines []Engine
	boxes   []*box
}

func share(t *testing.T) *sharing { return &sharing{t: t, sockets: NewSockets(100)} }

func (s *sharing) add(addr string, timeout time.Duration) {
	b := newBox()
	s.boxes = append(s.boxes, b)
	s.engines = append(s.engines, NewUDP(Config{
		Addr: addr, Deliver: b.deliver, Window: 100, Timeout: timeout, Sockets: s.sockets, Shared: &s.shared,
	}))
}

func (s *sharing) ask(n int) {
	for _, e := range s.engines {
		e.Ask(ask(n, 3))
	}
	s.shared.Flush()
}

// wait checks the outcomes of ask. The queries to a server for which fails is true have that
// failure, and the others have the right response.
func (s *sharing) wait(n int, fails func(i int) bool, want Failure, reason error) {
	s.t.Helper()
	for i, b := range s.boxes {
		outs := b.wait(s.t, n)
		if !fails(i) {
			right(s.t, outs, n)
			continue
		}
		for token, out := range outs {
			if out.Failure != want || reason != nil && !errors.Is(out.Err, reason) {
				s.t.Errorf("server %d, token %d: %v (%v)", i, token, out.Failure, out.Err)
			}
		}
	}
}

// open is how many sockets are shared.
func (s *sharing) open() int {
	s.shared.mu.Lock()
	defer s.shared.mu.Unlock()
	return len(s.shared.sockets)
}

func (s *sharing) close() {
	s.t.Helper()
	for _, e := range s.engines {
		e.Close()
	}
	if open, free := s.open(), s.sockets.free; open != 0 || free != s.sockets.size {
		s.t.Errorf("after Close %d sockets are shared, and %d of %d descriptors are free", open, free, s.sockets.size)
	}
}

// Servers of one family share a socket, of which one server has one place. An engine that
// is asked much has sockets of its own.
func TestShared(t *testing.T) {
	s := share(t)
	for range 30 {
		s.add(listen(t, net.IPv4(127, 0, 0, 1), nil).LocalAddr().String(), time.Minute)
	}
	s.ask(5)
	for _, b := range s.boxes {
		right(t, b.wait(t, 5), 5)
	}
	if got := s.open(); got != 1 {
		t.Errorf("30 servers have %d sockets", got)
	}
	s.add(s.engines[0].(*udp).cfg.Addr, time.Minute)
	s.add(listen(t, net.IPv6loopback, nil).LocalAddr().String(), time.Minute)
	const n = 300
	for _, b := range s.boxes[:30] {
		b.outs = map[uint32]Outcome{}
	}
	s.ask(n)
	for _, b := range s.boxes {
		right(t, b.wait(t, n), n)
	}
	s.close()
}

// A server that one engine has a place for already has another socket for the second.
func TestSharedTwice(t *testing.T) {
	s := share(t)
	addr := listen(t, net.IPv4(127, 0, 0, 1), nil).LocalAddr().String()
	s.add(addr, time.Minute)
	s.add(addr, time.Minute)
	s.ask(5)
	for _, b := range s.boxes {
		right(t, b.wait(t, 5), 5)
	}
	if got := s.open(); got != 2 {
		t.Errorf("one server asked by two engines has %d sockets", got)
	}
	s.close()
}

// That one server refuses is known at once, and is that server's failure alone.
func TestSharedRefused(t *testing.T) {
	for _, ip := range []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback} {
		t.Run(ip.String(), func(t *testing.T) {
			s := share(t)
			for i := range 20 {
				conn := listen(t, ip, nil)
				if i%5 == 0 {
					conn.Close()
				}
				s.add(conn.LocalAddr().String(), time.Hour)
			}
			s.ask(6)
			s.wait(6, func(i int) bool { return i%5 == 0 }, Unreachable, syscall.ECONNREFUSED)
			s.close()
		})
	}
}

// The right response counts for nothing if it comes from another address, whether that is
// a stranger's or another server's.
func TestSharedSource(t *testing.T) {
	s := share(t)
	ip := net.IPv4(127, 0, 0, 1)
	known, stranger := listen(t, ip, nil), listen(t, ip, nil)
	for _, conn := range []*net.UDPConn{known, listen(t, ip, known), listen(t, ip, stranger)} {
		s.add(conn.LocalAddr().String(), 200*time.Millisecond)
	}
	s.ask(5)
	s.wait(5, func(i int) bool { return i > 0 }, Timeout, nil)
	s.engines[0].Ask(ask(6, 3)[5:])
	s.shared.Flush()
	if out := s.boxes[0].wait(t, 1)[5]; out.Failure != None || out.Forged == 0 {
		t.Errorf("after responses that other servers were asked for: %v, %d forged", out.Failure, out.Forged)
	}
	s.close()
}

// A server to which there is no route does not keep others from being asked.
func TestSharedNamespace(t *testing.T) {
	if os.Getenv("DOMPROBE_TEST_INSIDE") == "" {
		if err := exec.Command("unshare", "-Urn", "ip", "link").Run(); err != nil {
			t.Skipf("namespaces cannot be made: %v", err)
		}
	}
	if !again(t, "unshare", "-Urn") {
		return
	}
	ip(t, "link", "set", "lo", "up")
	s := share(t)
	for i := range 20 {
		addr := listen(t, net.IPv4(127, 0, 0, 1), nil).LocalAddr().String()
		if i%4 == 0 {
			addr = netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), 53).String()
		}
		s.add(addr, time.Hour)
	}
	s.ask(6)
	s.wait(6, func(i int) bool { return i%4 == 0 }, Offline, syscall.ENETUNREACH)
	s.close()
}

// What somebody else connects, or where the response may come from another address, is
// not shared.
func TestSharedNot(t *testing.T) {
	for _, cfg := range []Config{
		{Addr: "127.0.0.1:53", Dial: new(dnstest.Net).Dial}, {Addr: "0.0.0.0:53"}, {Addr: "[::]:53"},
		{Addr: "224.0.0.251:5353"}, {Addr: "[fe80::1%lo]:53"}, {Addr: "localhost:53"},
	} {
		var shared Shared
		if e := NewUDP(cfg).(*udp); shared.join(newUDPWorker(e, 1)) {
			t.Errorf("%s has a place", cfg.Addr)
		}
	}
	if (*Shared)(nil).join(newUDPWorker(NewUDP(Config{Addr: "127.0.0.1:53"}).(*udp), 1)) {
		t.Error("there is a place without a Shared")
	}
}
