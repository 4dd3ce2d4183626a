package dnstest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

const server = "192.0.2.53:53"

func dial(t *testing.T, n *Net, network string) net.Conn {
	t.Helper()
	c, err := n.Dial(t.Context(), network, server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func write(t *testing.T, c net.Conn, s string) {
	t.Helper()
	if n, err := c.Write([]byte(s)); err != nil || n != len(s) {
		t.Fatalf("Write: %d, %v", n, err)
	}
}

func read(t *testing.T, c net.Conn) string {
	t.Helper()
	b := make([]byte, 512)
	n, err := c.Read(b)
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return string(b[:n])
}

// An asked question comes back changed by the replies, at their times and in
// their order.
func TestNetUDPReplies(t *testing.T) {
	ms := time.Millisecond
	elsewhere := netip.MustParseAddrPort("192.0.2.54:53")
	tests := []struct {
		name    string
		replies []Reply
		want    []string // "time text"
	}{
		{"none", nil, nil},
		{"at once", []Reply{{Bytes: []byte("a")}}, []string{"0s a"}},
		{"delayed", []Reply{{Delay: 5 * ms, Bytes: []byte("a")}}, []string{"5ms a"}},
		{"twice", []Reply{{Delay: ms, Bytes: []byte("a")}, {Delay: ms, Bytes: []byte("a")}}, []string{"1ms a", "1ms a"}},
		{"reordered", []Reply{{Delay: 2 * ms, Bytes: []byte("a")}, {Delay: ms, Bytes: []byte("b")}}, []string{"1ms b", "2ms a"}},
		{"from elsewhere", []Reply{{Bytes: []byte("a"), From: elsewhere}, {Delay: ms, Bytes: []byte("b")}}, []string{"1ms b"}},
		{"from the server", []Reply{{Bytes: []byte("a"), From: netip.MustParseAddrPort(server)}}, []string{"0s a"}},
		{"empty", []Reply{{}}, []string{"0s "}},
		{"refused", []Reply{{Delay: ms, Refused: true}, {Delay: 2 * ms, Bytes: []byte("a")}}, []string{"1ms refused", "2ms a"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n Net
				n.Listen(server, Host{UDP: func([]byte, netip.AddrPort) []Reply { return tt.replies }})
				c := dial(t, &n, "udp")
				start := time.Now()
				write(t, c, "question")
				c.SetReadDeadline(start.Add(time.Second))
				var got []string
				b := make([]byte, 512)
				for {
					k, err := c.Read(b)
					if errors.Is(err, os.ErrDeadlineExceeded) {
						break
					}
					text := string(b[:k])
					if errors.Is(err, syscall.ECONNREFUSED) {
						text = "refused"
					} else if err != nil {
						t.Fatal(err)
					}
					got = append(got, time.Since(start).String()+" "+text)
				}
				if !slices.Equal(got, tt.want) {
					t.Errorf("got %q, want %q", got, tt.want)
				}
				if took := time.Since(start); took != time.Second {
					t.Errorf("the deadline came after %v", took)
				}
			})
		})
	}
}

func TestNetUDPOrderOfEquals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n Net
		n.Listen(server, Host{UDP: func(q []byte, _ netip.AddrPort) []Reply {
			return []Reply{{Delay: time.Millisecond, Bytes: q}}
		}})
		c := dial(t, &n, "udp")
		for i := range byte(200) {
			write(t, c, string([]byte{i}))
		}
		for i := range byte(200) {
			if got := read(t, c); got != string([]byte{i}) {
				t.Fatalf("reply %d is %q", i, got)
			}
		}
	})
}

func TestNetUDPBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n Net
		n.Listen(server, Host{UDP: func(q []byte, _ netip.AddrPort) []Reply { return []Reply{{Bytes: q}} }})
		c := dial(t, &n, "udp")
		for range 2 * maxUnread {
			write(t, c, "x")
		}
		c.SetReadDeadline(time.Now().Add(time.Second))
		got := 0
		for ; ; got++ {
			if _, err := c.Read(make([]byte, 1)); err != nil {
				break
			}
		}
		if got != maxUnread {
			t.Errorf("%d datagrams were kept, want %d", got, maxUnread)
		}
		if _, err := c.Write(make([]byte, maxDatagram+1)); !errors.Is(err, syscall.EMSGSIZE) {
			t.Errorf("a datagram too large: %v", err)
		}
	})
}

// A Read is woken by Close, by a deadline that is moved up, and not by one
// that is moved away.
func TestNetDeadlinesAndClose(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n Net
				n.Listen(server, Host{
					UDP: func([]byte, netip.AddrPort) []Reply { return nil },
					TCP: func(conn net.Conn) { io.Copy(io.Discard, conn) },
				})
				defer n.Close()
				c := dial(t, &n, network)
				start := time.Now()
				time.AfterFunc(time.Second, func() { c.SetReadDeadline(start.Add(3 * time.Second)) })
				c.SetReadDeadline(start.Add(2 * time.Second))
				_, err := c.Read(make([]byte, 1))
				if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != 3*time.Second {
					t.Errorf("deadline moved away: %v after %v", err, time.Since(start))
				}
				var ne net.Error
				if !errors.As(err, &ne) || !ne.Timeout() {
					t.Errorf("%v is not a timeout", err)
				}
				time.AfterFunc(time.Second, func() { c.SetDeadline(time.Now()) })
				c.SetDeadline(time.Time{})
				if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != 4*time.Second {
					t.Errorf("deadline moved up: %v after %v", err, time.Since(start))
				}
				if _, err := c.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("Write after the deadline: %v", err)
				}
				c.SetDeadline(time.Time{})
				time.AfterFunc(time.Second, func() { c.Close() })
				if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) || time.Since(start) != 5*time.Second {
					t.Errorf("closed: %v after %v", err, time.Since(start))
				}
				for name, err := range map[string]error{
					"Write":       second(c.Write([]byte("x"))),
					"SetDeadline": c.SetDeadline(time.Now()),
					"Close":       c.Close(),
				} {
					if !errors.Is(err, net.ErrClosed) {
						t.Errorf("%s after Close: %v", name, err)
					}
				}
			})
		})
	}
}

func second(_ int, err error) error { return err }

func TestNetUnreachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n Net
		c := dial(t, &n, "udp")
		write(t, c, "x")
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("udp: %v", err)
		}
		if _, err := n.Dial(t.Context(), "tcp", server); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("tcp: %v", err)
		}
		n.Listen(server, Host{Connect: -1})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := n.Dial(ctx, "tcp", server); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("hung: %v", err)
		}
		if _, err := n.Dial(t.Context(), "udp", "name:53"); err == nil {
			t.Error("a host name was accepted")
		}
		if _, err := n.Dial(t.Context(), "unix", server); err == nil {
			t.Error("a network that does not exist was accepted")
		}
	})
}

func TestNetLocalAddresses(t *testing.T) {
	var n Net
	seen := make(map[string]bool)
	for i := range 70_000 {
		c, err := n.Dial(t.Context(), "udp4", server)
		if err != nil {
			t.Fatal(err)
		}
		a := c.LocalAddr().String()
		if seen[a] {
			t.Fatalf("%s was given out twice", a)
		}
		seen[a] = true
		if i == 0 && (c.RemoteAddr().String() != server || c.LocalAddr().Network() != "udp") {
			t.Errorf("addresses %v, %v", c.LocalAddr(), c.RemoteAddr())
		}
		c.Close()
	}
	if n.Open() != 0 {
		t.Errorf("%d connections are open", n.Open())
	}
	c, err := n.Dial(t.Context(), "udp", "[2001:db8::1]:53")
	if err != nil {
		t.Fatal(err)
	}
	if a := c.LocalAddr().String(); !strings.HasPrefix(a, "[fd00:") {
		t.Errorf("local address %s for a remote one of IPv6", a)
	}
	if n.Open() != 1 {
		t.Errorf("%d connections are open, want 1", n.Open())
	}
	n.Close()
}

func TestNetTCP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n Net
		n.Listen(server, Host{Connect: time.Second, TCP: func(conn net.Conn) { io.Copy(conn, conn) }})
		start := time.Now()
		c := dial(t, &n, "tcp")
		if time.Since(start) != time.Second {
			t.Errorf("connected after %v", time.Since(start))
		}
		// More than the buffers of both directions hold.
		sent := make([]byte, 5*maxBuffered)
		for i := range sent {
			sent[i] = byte(i % 251)
		}
		go c.Write(sent)
		got := make([]byte, len(sent))
		if _, err := io.ReadFull(c, got); err != nil || !slices.Equal(got, sent) {
			t.Errorf("the echo differs: %v", err)
		}
		c.Close()
		n.Close()
		if n.Open() != 0 {
			t.Errorf("%d connections are open", n.Open())
		}
	})
}

func TestNetTCPEnds(t *testing.T) {
	tests := []struct {
		name   string
		server func(conn net.Conn)
		text   string
		err    error
	}{
		{"end", func(conn net.Conn) { conn.Write([]byte("half")) }, "half", io.EOF},
		{"reset", func(conn net.Conn) { Reset(conn) }, "", syscall.ECONNRESET},
		{"reset after text", func(conn net.Conn) {
			conn.Write([]byte("half"))
			<-time.After(time.Second)
			Reset(conn)
		}, "half", syscall.ECONNRESET},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n Net
				n.Listen(server, Host{TCP: tt.server})
				c := dial(t, &n, "tcp")
				var text []byte
				b := make([]byte, 10)
				for {
					k, err := c.Read(b)
					text = append(text, b[:k]...)
					if err != nil {
						if !errors.Is(err, tt.err) {
							t.Errorf("error %v, want %v", err, tt.err)
						}
						break
					}
				}
				if string(text) != tt.text {
					t.Errorf("read %q, want %q", text, tt.text)
				}
				if _, err := c.Write([]byte("x")); err == nil {
					t.Error("Write to nobody succeeded")
				}
			})
		})
	}
}

// A stream answers out of order, and an asker that leaves takes the answers
// that are under way with it.
func TestStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n Net
		delay := map[string]time.Duration{"slow": time.Second, "fast": time.Millisecond, "now": 0}
		n.Listen(server, Host{TCP: Stream(func(q []byte, _ netip.AddrPort) []Reply {
			return []Reply{{Delay: delay[string(q)], Bytes: q}}
		})})
		c := dial(t, &n, "tcp")
		for _, q := range []string{"slow", "fast", "now"} {
			c.Write(Frame([]byte(q)))
		}
		for _, want := range []string{"now", "fast", "slow"} {
			if got, err := ReadFrame(c); err != nil || string(got) != want {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
		}
		c.Write(Frame([]byte("slow")))
		start := time.Now()
		c.Close()
		n.Close()
		if time.Since(start) != 0 {
			t.Errorf("the server left %v after the client", time.Since(start))
		}
	})
}

// The library's own client and the truth meet on the network.
func TestWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n Net
		truth := Truth{Registered: func(name string) bool { return name == "go.dev" }}
		h := Wire(truth.Resolve)
		n.Listen(server, Host{UDP: h, TCP: Stream(h)})
		for _, network := range []string{"udp", "tcp"} {
			c := dial(t, &n, network)
			for name, rcode := range map[string]int{"go.dev.": dns.RcodeSuccess, "no.dev.": dns.RcodeNameError} {
				q := new(dns.Msg).SetQuestion(name, dns.TypeDS)
				r, _, err := new(dns.Client).ExchangeWithConn(q, &dns.Conn{Conn: c})
				if err != nil || r.Rcode != rcode {
					t.Errorf("%s over %s: %v, %v", name, network, r, err)
				}
			}
			if network == "udp" {
				write(t, c, "garbage")
				c.SetDeadline(time.Now().Add(time.Second))
				if _, err := c.Read(make([]byte, 9)); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("garbage was answered: %v", err)
				}
			}
			c.Close()
		}
		n.Close()
	})
}
