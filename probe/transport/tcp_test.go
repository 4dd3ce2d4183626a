package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
)

func TestTCP(t *testing.T) {
	const n = 50
	everything := func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(n, 2))
		right(t, b.wait(t, n), n)
	}
	onlyTCP := func(h dnstest.PacketHandler) dnstest.Host { return dnstest.Host{TCP: dnstest.Stream(h)} }

	inBubble(t, "at once", onlyTCP(honest), newTCP, everything)
	inBubble(t, "pipelined", onlyTCP(late(honest, func(int) time.Duration { return time.Second })), newTCP, func(t *testing.T, e Engine, b *box) {
		began := time.Now()
		everything(t, e, b)
		if took := time.Since(began); took != time.Second {
			t.Errorf("%d answers of a second each took %v", n, took)
		}
	})
	inBubble(t, "in reverse", onlyTCP(late(honest, func(i int) time.Duration { return time.Second - time.Duration(i)*10*time.Millisecond })), newTCP, everything)

	conns := 0
	inBubble(t, "closed after each answer", dnstest.Host{TCP: func(conn net.Conn) {
		conns++
		if b, err := dnstest.ReadFrame(conn); err == nil {
			conn.Write(dnstest.Frame(honest(b, netip.AddrPort{})[0].Bytes))
		}
	}}, newTCP, func(t *testing.T, e Engine, b *box) {
		for i, q := range ask(5, 2) {
			e.Ask([]Query{q})
			b.wait(t, 1)
			if synctest.Wait(); conns != i+1 {
				t.Errorf("%d connections after %d queries", conns, i+1)
			}
		}
		right(t, b.outs, 5)
	})

	resets := 0
	inBubble(t, "reset half-way, once", dnstest.Host{TCP: func(conn net.Conn) {
		if resets++; resets > 1 {
			dnstest.Stream(honest)(conn)
			return
		}
		if b, err := dnstest.ReadFrame(conn); err == nil {
			whole := dnstest.Frame(honest(b, netip.AddrPort{})[0].Bytes)
			conn.Write(whole[:len(whole)/2])
			dnstest.Reset(conn)
		}
	}}, newTCP, func(t *testing.T, e Engine, b *box) {
		everything(t, e, b)
		for token, out := range b.outs {
			if out.Tries != 2 {
				t.Errorf("token %d: %d tries", token, out.Tries)
			}
		}
	})

	inBubble(t, "always reset", dnstest.Host{TCP: func(conn net.Conn) {
		dnstest.ReadFrame(conn)
		dnstest.Reset(conn)
	}}, newTCP, func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(3, 2))
		for token, out := range b.wait(t, 3) {
			if out.Failure != Unreachable || out.Err == nil || out.Tries < 2 || out.Tries > 12 {
				t.Errorf("token %d: %v (%v), %d tries", token, out.Failure, out.Err, out.Tries)
			}
		}
	})

	inBubble(t, "refused", dnstest.Host{}, newTCP, func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(3, 2))
		for token, out := range b.wait(t, 3) {
			if out.Failure != Unreachable || out.Err == nil {
				t.Errorf("token %d: %v (%v)", token, out.Failure, out.Err)
			}
		}
	})

	inBubble(t, "never connected", dnstest.Host{Connect: -1}, newTCP, func(t *testing.T, e Engine, b *box) {
		began := time.Now()
		e.Ask(ask(3, 2))
		for token, out := range b.wait(t, 3) {
			if out.Failure != Unreachable || !errors.Is(out.Err, context.DeadlineExceeded) {
				t.Errorf("token %d: %v (%v)", token, out.Failure, out.Err)
			}
		}
		if took := time.Since(began); took != 2*2*time.Second+firstRest {
			t.Errorf("gave up after %v", took)
		}
	})

	opened := 0
	inBubble(t, "hung, then well", dnstest.Host{TCP: func(conn net.Conn) {
		if opened++; opened > 1 {
			dnstest.Stream(honest)(conn)
			return
		}
		for {
			if _, err := dnstest.ReadFrame(conn); err != nil {
				return
			}
		}
	}}, newTCP, func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(1, 2))
		if out := b.wait(t, 1)[0]; out.Failure != Timeout {
			t.Errorf("a hung connection: %v", out.Failure)
		}
		e.Ask(ask(2, 2)[1:])
		if out := b.wait(t, 1)[1]; out.Failure != None {
			t.Errorf("the next connection: %v (%v)", out.Failure, out.Err)
		}
	})

	inBubble(t, "forged and doubled", onlyTCP(func(b []byte, from netip.AddrPort) []dnstest.Reply {
		good := honest(b, from)[0]
		forged := append([]byte(nil), good.Bytes...)
		forged[0] ^= 0x40
		other := append([]byte(nil), good.Bytes...)
		other[13] ^= 1
		return []dnstest.Reply{{Bytes: forged}, {Bytes: other}, {Bytes: []byte("?")}, {Bytes: nil}, good, good}
	}), newTCP, everything)

	inBubble(t, "cut", onlyTCP(dnstest.Wire(dnstest.Truncate)), newTCP, func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(1, 2))
		if out := b.wait(t, 1)[0]; out.Failure != BadResponse || out.Err == nil {
			t.Errorf("a truncated response over TCP: %v (%v)", out.Failure, out.Err)
		}
	})

	inBubble(t, "closed under way", onlyTCP(func([]byte, netip.AddrPort) []dnstest.Reply { return nil }), newTCP, func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(n, 2))
		synctest.Wait()
		e.Close()
		for token, out := range b.wait(t, n) {
			if out.Failure != Closed {
				t.Errorf("token %d: %v", token, out.Failure)
			}
		}
	})
}

// More queries than one connection takes are spread over a few.
func TestTCPMany(t *testing.T) {
	const n = 3000
	host := dnstest.Host{TCP: dnstest.Stream(late(honest, func(i int) time.Duration { return 10 * time.Millisecond }))}
	inBubble(t, "many", host, newTCP, func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(n, 2))
		right(t, b.wait(t, n), n)
	})
}

// bounded serves a connection until it has given so many answers.
func bounded(answers int, conns *atomic.Int32) func(conn net.Conn) {
	return func(conn net.Conn) {
		conns.Add(1)
		for range answers {
			b, err := dnstest.ReadFrame(conn)
			if err != nil {
				return
			}
			time.Sleep(time.Millisecond)
			conn.Write(dnstest.Frame(honest(b, netip.AddrPort{})[0].Bytes))
		}
	}
}

// A server that closes each connection after some answers answers everything,
// and is not opened a connection for every query.
func TestTCPBounded(t *testing.T) {
	for _, test := range []struct{ answers, queries, conns int }{
		{1, 1000, 1100}, {2, 1000, 600}, {100, 3000, 50}, {1000, 3000, 10},
	} {
		var conns atomic.Int32
		inBubble(t, fmt.Sprintf("%d answers", test.answers), dnstest.Host{TCP: bounded(test.answers, &conns)}, newTCP, func(t *testing.T, e Engine, b *box) {
			e.Ask(ask(test.queries, 3))
			right(t, b.wait(t, test.queries), test.queries)
			if n := int(conns.Load()); n > test.conns {
				t.Errorf("%d connections for %d queries", n, test.queries)
			}
		})
	}
}

// What was learned about one connection does not draw out the silence of the
// next.
func TestTCPSilentAfterCut(t *testing.T) {
	var conns atomic.Int32
	one := bounded(1, &conns)
	host := dnstest.Host{TCP: func(conn net.Conn) {
		if conns.Load() == 0 {
			one(conn)
			return
		}
		io.Copy(io.Discard, conn)
	}}
	inBubble(t, "silence", host, newTCP, func(t *testing.T, e Engine, b *box) {
		start := time.Now()
		e.Ask(ask(1000, 3))
		b.wait(t, 1000)
		if took := time.Since(start); took > time.Minute {
			t.Errorf("took %v", took)
		}
	})
}

func TestQuota(t *testing.T) {
	var q quota
	q.ended(0, 256, 90, true)
	q.ended(0, 256, 100, true) // was open at the same time
	q.ended(0, 256, 7, true)
	q.ended(1, 0, 0, false) // had nothing to ask
	if q.most != 100 || q.cuts != 1 {
		t.Errorf("after a restart: at most %d, %d cuts", q.most, q.cuts)
	}
	for range grace {
		q.ended(1, 50, 50, false)
		q.ended(1, 100, 90, false)
	}
	if q.most != 100 {
		t.Errorf("after connections that were not full, or not answered: at most %d", q.most)
	}
	for range grace {
		q.ended(1, 100, 100, false)
	}
	if q.most != 200 {
		t.Errorf("after full connections: at most %d", q.most)
	}
	for range grace - 1 {
		q.ended(1, 200, 200, false)
	}
	q.ended(1, 200, 100, true)
	q.ended(2, 100, 100, false)
	if q.most != 100 || q.left(30) != 70 || q.left(100) != 0 {
		t.Errorf("after a cut: at most %d", q.most)
	}
	q.ended(2, 100, 0, false)
	if q.left(0) != perConn {
		t.Errorf("after a connection without an answer: %d left", q.left(0))
	}
}

// A query for which a server closes the connection is not asked for ever,
// though others on it are answered.
func TestTCPPoison(t *testing.T) {
	var sent atomic.Int32
	host := dnstest.Host{TCP: func(conn net.Conn) {
		for {
			b, err := dnstest.ReadFrame(conn)
			var q dns.Msg
			if err != nil || q.Unpack(b) != nil {
				return
			}
			if q.Question[0].Name == "go-0.dev." {
				sent.Add(1)
				conn.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
				continue
			}
			conn.Write(dnstest.Frame(honest(b, netip.AddrPort{})[0].Bytes))
		}
	}}
	inBubble(t, "poison", host, newTCP, func(t *testing.T, e Engine, b *box) {
		for qs := ask(2000, 3); len(qs) > 0; qs = qs[10:] {
			e.Ask(qs[:10])
			time.Sleep(time.Millisecond)
		}
		for token, out := range b.wait(t, 2000) {
			if (out.Failure != None) != (token == 0) {
				t.Errorf("token %d: %v (%v)", token, out.Failure, out.Err)
			}
		}
		if n := sent.Load(); n > 6 {
			t.Errorf("it was sent %d times", n)
		}
	})
}

// limited makes a dialler that has so many connections at most.
func limited(n *dnstest.Net, most int32) func(ctx context.Context, network, addr string) (net.Conn, error) {
	var open atomic.Int32
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if open.Add(1) > most {
			open.Add(-1)
			return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
		}
		conn, err := n.Dial(ctx, network, addr)
		return &countedConn{Conn: conn, closed: sync.OnceFunc(func() { open.Add(-1) })}, err
	}
}

type countedConn struct {
	net.Conn
	closed func()
}

func (c *countedConn) Close() error {
	defer c.closed()
	return c.Conn.Close()
}

// A server that refuses a further connection answers everything on those that
// it has.
func TestTCPRefusesMore(t *testing.T) {
	for most := range int32(3) {
		synctest.Test(t, func(t *testing.T) {
			n := new(dnstest.Net)
			n.Listen(serverAddr, dnstest.Host{TCP: dnstest.Stream(late(honest, func(int) time.Duration { return 10 * time.Millisecond }))})
			b := newBox()
			e := NewTCP(Config{Addr: serverAddr, Dial: limited(n, most+1), Window: 3000, Timeout: 2 * time.Second, Deliver: b.deliver}, nil)
			for qs := ask(3000, 1); len(qs) > 0; qs = qs[100:] {
				e.Ask(qs[:100])
				time.Sleep(time.Millisecond)
			}
			right(t, b.wait(t, 3000), 3000)
			e.Close()
			n.Close()
		})
	}
}

// A connection whose time without a query is over, while the window is taken up by
// another one and queries wait, is not looked after again and again.
func TestTCPIdleBehindWindow(t *testing.T) {
	began := time.Time{}
	slow := late(honest, func(int) time.Duration {
		if time.Since(began) > time.Second {
			return 1900 * time.Millisecond
		}
		return 0
	})
	var conns atomic.Int32
	narrow := func(cfg Config) Engine {
		cfg.Window, cfg.Idle = 1, 5*time.Second
		return newTCP(cfg)
	}
	inBubble(t, "narrow", dnstest.Host{TCP: func(conn net.Conn) { conns.Add(1); dnstest.Stream(slow)(conn) }}, narrow, func(t *testing.T, e Engine, b *box) {
		began = time.Now()
		const n = 4*connSpare + 3
		qs := ask(n, 2)
		e.Ask(qs[:2*connSpare])
		e.Ask(qs[2*connSpare : n-3])
		b.wait(t, n-3)
		time.Sleep(4 * time.Second)
		e.Ask(qs[n-3:])
		right(t, b.wait(t, 3), n)
		if n := conns.Load(); n != 2 {
			t.Errorf("%d connections", n)
		}
	})
}
