package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"domprobe/internal/dnstest"
)

// A brokenConn fails every write, or every read, from one on.
type brokenConn struct {
	net.Conn
	write, read error
	good        atomic.Int32 // before that
}

func (c *brokenConn) Write(b []byte) (int, error) {
	if c.write != nil && c.good.Add(-1) < 0 {
		return 0, &net.OpError{Op: "write", Net: "udp", Err: os.NewSyscallError("write", c.write)}
	}
	return c.Conn.Write(b)
}

func (c *brokenConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err == nil && c.read != nil && c.good.Add(-1) < 0 {
		return 0, &net.OpError{Op: "read", Net: "udp", Err: os.NewSyscallError("read", c.read)}
	}
	return n, err
}

// countingDials makes an engine whose sockets dials counts.
func countingDials(dials *atomic.Int32) func(cfg Config) Engine {
	return func(cfg Config) Engine {
		dial := cfg.Dial
		cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			dials.Add(1)
			return dial(ctx, network, addr)
		}
		return NewUDP(cfg)
	}
}

// firstBroken makes an engine whose first socket breaks after some packets. dials
// counts its sockets.
func firstBroken(write, read error, dials *atomic.Int32) func(cfg Config) Engine {
	return func(cfg Config) Engine {
		dial := cfg.Dial
		cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dial(ctx, network, addr)
			if dials.Add(1) > 1 || err != nil {
				return conn, err
			}
			broken := &brokenConn{Conn: conn, write: write, read: read}
			broken.good.Store(20)
			return broken, nil
		}
		return NewUDP(cfg)
	}
}

// A socket that this machine cannot send over any more is replaced: what was under
// way on it is lost, and nothing else.
func TestUDPSocketReplaced(t *testing.T) {
	offline := slices.Concat(routeErrors, awayErrors, []error{errNoSource})
	host := dnstest.Host{UDP: late(honest, func(int) time.Duration { return 20 * time.Millisecond })}
	for _, test := range []struct {
		write, read error
		want        Failure
	}{
		{offline[0], nil, Offline}, {offline[1], nil, Offline}, {offline[2], nil, Offline}, {offline[3], nil, Offline}, {offline[4], nil, Offline},
		{syscall.EIO, nil, Unreachable}, {nil, syscall.EIO, Unreachable},
	} {
		var dials atomic.Int32
		inBubble(t, fmt.Sprint(test.write, test.read), host, firstBroken(test.write, test.read, &dials), func(t *testing.T, e Engine, b *box) {
			const n = 50
			e.Ask(ask(n, 3))
			lost := 0
			for token, out := range b.wait(t, n) {
				if out.Failure == None {
					continue
				}
				if lost++; out.Failure != test.want || out.Err == nil || out.RTT != 0 {
					t.Errorf("token %d: %v (%v)", token, out.Failure, out.Err)
				}
			}
			if lost == 0 || lost > n-20 && test.write == nil {
				t.Errorf("%d of %d are lost", lost, n)
			}
			b.outs = map[uint32]Outcome{}
			e.Ask(ask(n, 3))
			right(t, b.wait(t, n), n)
			if dials.Load() != 2 {
				t.Errorf("%d sockets", dials.Load())
			}
		})
	}
}

// Where this machine has no way to a server, what waits is told so, and it goes on
// when there is one.
func TestOfflineDial(t *testing.T) {
	for name, make := range map[string]func(cfg Config) Engine{"UDP": NewUDP, "TCP": newTCP} {
		for _, reason := range slices.Concat(routeErrors, awayErrors) {
			var away atomic.Bool
			away.Store(true)
			inBubble(t, fmt.Sprint(name, reason), dnstest.Host{UDP: honest, TCP: dnstest.Stream(honest)}, func(cfg Config) Engine {
				dial := cfg.Dial
				cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
					if away.Load() {
						return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", reason)}
					}
					return dial(ctx, network, addr)
				}
				return make(cfg)
			}, func(t *testing.T, e Engine, b *box) {
				began := time.Now()
				e.Ask(ask(50, 3))
				for token, out := range b.wait(t, 50) {
					if out.Failure != Offline || !errors.Is(out.Err, reason) || out.Tries != 0 {
						t.Fatalf("token %d: %v (%v), %d tries", token, out.Failure, out.Err, out.Tries)
					}
				}
				if took := time.Since(began); took != 0 {
					t.Errorf("that took %v", took)
				}
				away.Store(false)
				b.outs = map[uint32]Outcome{}
				e.Ask(ask(50, 3))
				right(t, b.wait(t, 50), 50)
			})
		}
	}
}

// That a router on the way knows no way over TCP is nothing that this machine lacks.
func TestRouterUnreachable(t *testing.T) {
	for _, reason := range routeErrors {
		inBubble(t, fmt.Sprint(reason), dnstest.Host{UDP: honest}, func(cfg Config) Engine {
			dial := cfg.Dial
			cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				if network == "tcp" {
					return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", reason)}
				}
				return dial(ctx, network, addr)
			}
			return newTCP(cfg)
		}, func(t *testing.T, e Engine, b *box) {
			e.Ask(ask(5, 2))
			for token, out := range b.wait(t, 5) {
				if out.Failure != Unreachable || !errors.Is(out.Err, reason) {
					t.Errorf("token %d: %v (%v)", token, out.Failure, out.Err)
				}
			}
		})
	}
}

// A socket over which nothing comes any more is replaced when it has nothing under
// way: another way may work.
func TestUDPMuteSocket(t *testing.T) {
	var dials atomic.Int32
	deaf := netip.AddrPort{}
	inBubble(t, "deaf", dnstest.Host{UDP: func(b []byte, from netip.AddrPort) []dnstest.Reply {
		if !deaf.IsValid() {
			deaf = from
		}
		if from == deaf {
			return nil
		}
		return honest(b, from)
	}}, countingDials(&dials), func(t *testing.T, e Engine, b *box) {
		for i, q := range ask(10, 3) {
			e.Ask([]Query{q})
			if out := b.wait(t, 1)[uint32(i)]; (out.Failure == None) != (i >= 3) {
				t.Errorf("query %d: %v", i, out.Failure)
			}
			synctest.Wait()
		}
		if dials.Load() != 2 {
			t.Errorf("%d sockets", dials.Load())
		}
	})
}

// A socket is kept that brings responses now and then, however many queries had none.
func TestUDPSocketKept(t *testing.T) {
	var dials atomic.Int32
	asked := 0
	inBubble(t, "", dnstest.Host{UDP: func(b []byte, from netip.AddrPort) []dnstest.Reply {
		if asked++; asked%muteBound != 0 {
			return nil
		}
		return honest(b, from)
	}}, countingDials(&dials), func(t *testing.T, e Engine, b *box) {
		for _, q := range ask(5*muteBound, 1) {
			e.Ask([]Query{q})
			b.wait(t, 1)
			synctest.Wait()
		}
		if dials.Load() != 1 {
			t.Errorf("%d sockets", dials.Load())
		}
	})
}

func TestRoute(t *testing.T) {
	ctx := context.Background()
	for _, addr := range []string{"127.0.0.1:53", "127.1.2.3:53"} {
		if err := Route(ctx, nil, addr); err != nil {
			t.Errorf("%s: %v", addr, err)
		}
	}
	for _, reason := range slices.Concat(routeErrors, awayErrors, shortErrors) {
		err := Route(ctx, func(_ context.Context, network, _ string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: network, Err: reason}
		}, "192.0.2.1:53")
		if short := isAny(reason, shortErrors); short && err != nil || !short && !errors.Is(err, reason) {
			t.Errorf("%v: %v", reason, err)
		}
	}
	if err := running(net.IPv4(127, 0, 0, 1)); err != nil {
		t.Errorf("the loopback interface: %v", err)
	}
	if err := running(net.IPv4(192, 0, 2, 1)); err != nil {
		t.Errorf("an address of no interface: %v", err)
	}
}
