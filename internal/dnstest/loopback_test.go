package dnstest

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
)

func TestHost(t *testing.T) {
	s := started(t)(Host{
		UDP: func(q []byte, _ netip.AddrPort) []Reply {
			return []Reply{{Bytes: []byte{1, 2, 3}}, {Bytes: append(q, '!')}}
		},
		TCP: func(conn net.Conn) {
			if _, err := ReadFrame(conn); err != nil {
				return
			}
			conn.Write([]byte{0, 200, 1, 2}) // the start of a frame
		},
	}.Start())
	udp, err := net.Dial("udp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	udp.SetDeadline(time.Now().Add(time.Minute))
	write(t, udp, "hello")
	if a, b := read(t, udp), read(t, udp); a != "\x01\x02\x03" || b != "hello!" {
		t.Errorf("got %q and %q", a, b)
	}
	tcp, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	tcp.SetDeadline(time.Now().Add(time.Minute))
	tcp.Write(Frame([]byte("hello")))
	if b, err := ReadFrame(tcp); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("half a frame gave %q, %v", b, err)
	}
}

func TestHostReset(t *testing.T) {
	s := started(t)(Host{TCP: func(conn net.Conn) {
		ReadFrame(conn)
		Reset(conn)
	}}.Start())
	tcp, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	tcp.SetDeadline(time.Now().Add(time.Minute))
	tcp.Write(Frame([]byte("hello")))
	if _, err := ReadFrame(tcp); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v, want a reset", err)
	}
}

func TestHostRefused(t *testing.T) {
	s := started(t)(Host{}.Start())
	if _, err := net.Dial("tcp", s.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v, want refused", err)
	}
}

// A server whose connection hangs in a read can be closed.
func TestHostCloseHung(t *testing.T) {
	reading := make(chan struct{})
	s, err := Host{TCP: func(conn net.Conn) {
		close(reading)
		io.Copy(io.Discard, conn)
	}}.Start()
	if err != nil {
		t.Fatal(err)
	}
	tcp, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	<-reading
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// Stream serves real connections as well as those of a Net.
func TestStreamOverLoopback(t *testing.T) {
	truth := Truth{Registered: func(name string) bool { return name == "go.dev" }}
	s := started(t)(Host{TCP: Stream(Wire(truth.Resolve))}.Start())
	if r := ask(t, "tcp", s.Addr(), "go.dev", dns.TypeDS); r.Rcode != dns.RcodeSuccess {
		t.Errorf("got %v", r)
	}
}

// A reply comes when its delay is over, or from another port, and one that is
// on its way when the server is closed is lost.
func TestHostReplies(t *testing.T) {
	const delay = 20 * time.Millisecond
	s, err := Host{UDP: func([]byte, netip.AddrPort) []Reply {
		return []Reply{
			{Bytes: []byte("never"), Delay: time.Hour},
			{Bytes: []byte("late"), Delay: delay},
			{Bytes: []byte("elsewhere"), From: netip.MustParseAddrPort("192.0.2.1:53")},
		}
	}}.Start()
	if err != nil {
		t.Fatal(err)
	}
	client, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	client.SetDeadline(time.Now().Add(time.Minute))
	start := time.Now()
	client.WriteTo([]byte("query"), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(s.Addr())))
	b := make([]byte, 100)
	for _, want := range []string{"elsewhere", "late"} {
		n, from, err := client.ReadFrom(b)
		if err != nil || string(b[:n]) != want || (from.String() == s.Addr()) != (want == "late") {
			t.Errorf("got %q from %v (%v), want %q", b[:n], from, err, want)
		}
	}
	if took := time.Since(start); took < delay {
		t.Errorf("the late reply came after %v", took)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
