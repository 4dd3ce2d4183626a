//go:build linux && !domprobe_portable

package transport

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// socketPair returns a server's socket and a client's, for the time of the test.
func socketPair(t *testing.T) (server, client *net.UDPConn) {
	t.Helper()
	server, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	if client, err = net.DialUDP("udp", nil, server.LocalAddr().(*net.UDPAddr)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return server, client
}

// connected returns a socketPair whose client moves batches.
func connected(t *testing.T) (server *net.UDPConn, c *mmsgConn) {
	t.Helper()
	server, client := socketPair(t)
	c, err := newMmsgConn(client)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return server, c
}

// Packets of any lengths leave one by one in their order, whether the kernel cuts
// them out of longer messages or refuses to.
func TestBatchWrite(t *testing.T) {
	for _, refused := range []bool{false, true} {
		t.Run(fmt.Sprint("refused=", refused), func(t *testing.T) {
			server, c := connected(t)
			if refused {
				// A message without checksums is not cut up.
				if err := unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_NO_CHECK, 1); err != nil {
					t.Fatal(err)
				}
			}
			var out [][]byte
			for i := range batchLen + 30 {
				n := 40
				if i%20 >= 15 {
					n += i % 3
				}
				out = append(out, bytes.Repeat([]byte{byte(i)}, n))
			}
			if err := c.write(out); err != nil {
				t.Fatal(err)
			}
			if refused && c.segments {
				t.Error("the kernel would be asked to cut messages up again")
			}
			server.SetReadDeadline(time.Now().Add(10 * time.Second))
			var buf [maxPacket]byte
			for i, want := range out {
				n, err := server.Read(buf[:])
				if err != nil {
					t.Fatalf("packet %d: %v", i, err)
				}
				if !bytes.Equal(buf[:n], want) {
					t.Fatalf("packet %d is %d octets %x, want %x", i, n, buf[:n], want)
				}
			}
		})
	}
}

// What is wrong with a single packet ends the write: it is not tried again.
func TestBatchWriteError(t *testing.T) {
	_, c := connected(t)
	// No packet has so many octets.
	if err := c.write([][]byte{make([]byte, 40), make([]byte, 1<<16), make([]byte, 40)}); !errors.Is(err, unix.EMSGSIZE) {
		t.Errorf("%v, want %v", err, unix.EMSGSIZE)
	}
}

// Packets of the same length make one message.
func TestBatchSegments(t *testing.T) {
	var h batchHeaders
	h.init()
	out := [][]byte{make([]byte, 40), make([]byte, 40), make([]byte, 41), make([]byte, 40)}
	for segments, want := range map[bool][]int{true: {2, 1, 1}, false: {1, 1, 1, 1}} {
		n := h.fill(out, segments)
		var got []int
		for i := range n {
			hdr := &h.msg[i].hdr
			got = append(got, int(hdr.Iovlen))
			if cut := hdr.Controllen > 0; cut != (hdr.Iovlen > 1) {
				t.Errorf("message %d of %d packets: cut up %t", i, hdr.Iovlen, cut)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("segments %t: messages of %d packets, want %d", segments, got, want)
		}
	}
}

// Queries of one length are together, and none passes one that leaves behind others.
func TestByLength(t *testing.T) {
	for behind, want := range map[int]string{
		12: "11 10 9 8 7 6 5 4 3 2 1 0 12 13 14 15 16 17 18 19", // too few are left to be sorted
		3:  "2 1 0 3 19 18 17 16 15 14 13 12 11 10 9 8 7 6 5 4",
		19: "18 17 16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1 0 19",
	} {
		var qs []Query
		for i := range 20 {
			qs = append(qs, Query{Token: uint32(i), Name: strings.Repeat("x", 20-i)})
		}
		qs[behind].Flags = Behind
		new(udpWorker).byLength(qs)
		var got []uint32
		for _, q := range qs {
			got = append(got, q.Token)
		}
		if fmt.Sprint(got) != "["+want+"]" {
			t.Errorf("Behind at %d: %d, want %s", behind, got, want)
		}
	}
	var qs []Query
	for i := range uint32(64) {
		qs = append(qs, Query{Token: i, Name: strings.Repeat("x", 5+int(i)%2)})
	}
	new(udpWorker).byLength(qs)
	for i, q := range qs {
		if want := uint32(i%32*2 + i/32); q.Token != want {
			t.Errorf("query %d is in place %d, want %d: those of one length stay in their order", q.Token, i, want)
		}
	}
}
