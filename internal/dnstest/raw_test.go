package dnstest

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
)

func TestServeRaw(t *testing.T) {
	s := started(t)(ServeRaw(Raw{
		UDP: Bytes(func(q []byte) [][]byte { return [][]byte{{1, 2, 3}, append(q, '!')} }),
		TCP: func(conn net.Conn) {
			if _, err := ReadFrame(conn); err != nil {
				return
			}
			conn.Write([]byte{0, 200, 1, 2}) // the start of a frame
		},
	}))
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

func TestServeRawReset(t *testing.T) {
	s := started(t)(ServeRaw(Raw{TCP: func(conn net.Conn) {
		ReadFrame(conn)
		Reset(conn)
	}}))
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

func TestServeRawRefused(t *testing.T) {
	s := started(t)(ServeRaw(Raw{}))
	if _, err := net.Dial("tcp", s.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v, want refused", err)
	}
}

// A server whose connection hangs in a read can be closed.
func TestServeRawCloseHung(t *testing.T) {
	reading := make(chan struct{})
	s, err := ServeRaw(Raw{TCP: func(conn net.Conn) {
		close(reading)
		io.Copy(io.Discard, conn)
	}})
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
	s := started(t)(ServeRaw(Raw{TCP: Stream(Wire(truth.Resolve))}))
	if r := ask(t, "tcp", s.Addr(), "go.dev", dns.TypeDS); r.Rcode != dns.RcodeSuccess {
		t.Errorf("got %v", r)
	}
}
