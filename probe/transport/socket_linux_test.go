//go:build linux && !domprobe_portable

package transport

import (
	"errors"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestSocketConn(t *testing.T) {
	server, client := socketPair(t)
	from := client.LocalAddr()
	c := newScoutConn(client)
	if _, ok := c.(*socketConn); !ok {
		t.Fatalf("a scout's connection is a %T", c)
	}
	defer c.Close()

	in := newInbox(1)
	if err := c.write([][]byte{{1, 2}, {3}}); err != nil {
		t.Fatal(err)
	}
	var buf [10]byte
	for _, want := range []string{"\x01\x02", "\x03"} {
		n, err := server.Read(buf[:])
		if err != nil || string(buf[:n]) != want {
			t.Errorf("%q, %v, want %q", buf[:n], err, want)
		}
	}
	if err := c.read(&in, false); err != nil || in.n != 0 {
		t.Errorf("without a packet: %d, %v", in.n, err)
	}
	server.WriteTo([]byte{4, 5, 6}, from)
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if err := c.read(&in, true); err != nil || in.n != 1 || string(in.packet(0)) != "\x04\x05\x06" {
		t.Errorf("%d packets, %q, %v", in.n, in.packet(0), err)
	}

	c.SetReadDeadline(longAgo)
	if err := c.read(&in, true); !errors.Is(err, os.ErrDeadlineExceeded) || in.n != 0 {
		t.Errorf("after the deadline: %d packets, %v", in.n, err)
	}
	if allocs := testing.AllocsPerRun(100, func() { c.read(&in, true) }); allocs > 0 {
		t.Errorf("a deadline that passes costs %v allocations", allocs)
	}

	if err := c.write([][]byte{make([]byte, 1<<16)}); !errors.Is(err, unix.EMSGSIZE) {
		t.Errorf("a packet that is too long: %v", err)
	}
	server.Close()
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if err := c.write([][]byte{{7}}); err != nil {
		t.Error(err)
	}
	if err := c.read(&in, true); !errors.Is(err, unix.ECONNREFUSED) {
		t.Errorf("nobody listens: %v", err)
	}
}

// What is no socket of the system stays as it is.
func TestNewScoutConn(t *testing.T) {
	if _, ok := newScoutConn(&firstLost{}).(plainConn); !ok {
		t.Error("a connection in memory is taken for a socket")
	}
}
