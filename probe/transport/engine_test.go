package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
)

const serverAddr = "192.0.2.53:53"

var truth = dnstest.Truth{Registered: func(name string) bool { return strings.HasPrefix(name, "go") }}

// A box collects what an engine delivers.
type box struct {
	mu   sync.Mutex
	outs map[uint32]Outcome
	more chan struct{}
	bad  []string
}

func newBox() *box { return &box{outs: map[uint32]Outcome{}, more: make(chan struct{}, 1<<16)} }

func (b *box) deliver(outs []Outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, out := range outs {
		if _, twice := b.outs[out.Token]; twice {
			b.bad = append(b.bad, fmt.Sprintf("token %d has two outcomes", out.Token))
		}
		b.outs[out.Token] = out
		b.more <- struct{}{}
	}
}

// wait waits until n outcomes have come, since the last call.
func (b *box) wait(t *testing.T, n int) map[uint32]Outcome {
	t.Helper()
	for range n {
		select {
		case <-b.more:
		case <-time.After(time.Hour):
			t.Fatalf("only %d of %d outcomes came", len(b.outs), n)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, bad := range b.bad {
		t.Error(bad)
	}
	return b.outs
}

// ask makes n questions, about registered names and free ones by turns.
func ask(n int, tries uint8) (qs []Question) {
	for i := range n {
		prefix := "go"
		if i%2 == 1 {
			prefix = "free"
		}
		qs = append(qs, Question{
			Token: uint32(i), Name: fmt.Sprintf("%s-%d.dev", prefix, i), Type: dns.TypeDS, Flags: RD | EDNS, Tries: tries,
		})
	}
	return qs
}

// right reports the outcomes that are not the answers to ask.
func right(t *testing.T, outs map[uint32]Outcome, n int) {
	t.Helper()
	if len(outs) != n {
		t.Errorf("%d outcomes for %d questions", len(outs), n)
	}
	for token, out := range outs {
		want := uint16(dns.RcodeSuccess)
		if token%2 == 1 {
			want = dns.RcodeNameError
		}
		if out.Failure != None || out.Reply.Rcode != want || out.Reply.SOA != 1 {
			t.Errorf("token %d: %v, %+v (%v)", token, out.Failure, out.Reply, out.Err)
		}
	}
}

// inBubble runs a test of an engine on a network in memory, and checks that
// nothing is left of it.
func inBubble(t *testing.T, name string, host dnstest.Host, make func(cfg Config) Engine, f func(t *testing.T, e Engine, b *box)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n := new(dnstest.Net)
			n.Listen(serverAddr, host)
			b := newBox()
			e := make(Config{Addr: serverAddr, Dial: n.Dial, Deliver: b.deliver, Window: 100, Timeout: 2 * time.Second})
			f(t, e, b)
			if err := e.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
			synctest.Wait()
			if open := n.Open(); open != 0 {
				t.Errorf("%d connections are open after Close", open)
			}
			had := len(b.outs)
			e.Ask(ask(had+1, 1)[had:])
			synctest.Wait()
			if out := b.outs[uint32(had)]; out.Failure != Closed {
				t.Errorf("a question after Close: %v", out.Failure)
			}
			if err := e.Close(); err != nil {
				t.Errorf("Close, again: %v", err)
			}
			n.Close()
		})
	})
}

func newStream(cfg Config) Engine { return NewStream(cfg, nil) }

// late delays every reply.
func late(h dnstest.PacketHandler, delay func(i int) time.Duration) dnstest.PacketHandler {
	var mu sync.Mutex
	n := 0
	return func(b []byte, from netip.AddrPort) []dnstest.Reply {
		replies := h(b, from)
		mu.Lock()
		defer mu.Unlock()
		for i := range replies {
			replies[i].Delay = delay(n)
			n++
		}
		return replies
	}
}

var honest = dnstest.Wire(truth.Resolve)

func TestStream(t *testing.T) {
	const n = 50
	everything := func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(n, 2))
		right(t, b.wait(t, n), n)
	}
	tcp := func(h dnstest.PacketHandler) dnstest.Host { return dnstest.Host{TCP: dnstest.Stream(h)} }

	inBubble(t, "at once", tcp(honest), newStream, everything)
	inBubble(t, "pipelined", tcp(late(honest, func(int) time.Duration { return time.Second })), newStream, func(t *testing.T, e Engine, b *box) {
		began := time.Now()
		everything(t, e, b)
		if took := time.Since(began); took != time.Second {
			t.Errorf("%d answers of a second each took %v", n, took)
		}
	})
	inBubble(t, "in reverse", tcp(late(honest, func(i int) time.Duration { return time.Second - time.Duration(i)*10*time.Millisecond })), newStream, everything)

	conns := 0
	inBubble(t, "closed after each answer", dnstest.Host{TCP: func(conn net.Conn) {
		conns++
		if b, err := dnstest.ReadFrame(conn); err == nil {
			conn.Write(dnstest.Frame(honest(b, netip.AddrPort{})[0].Bytes))
		}
	}}, newStream, func(t *testing.T, e Engine, b *box) {
		for i, q := range ask(5, 2) {
			e.Ask([]Question{q})
			b.wait(t, 1)
			if synctest.Wait(); conns != i+1 {
				t.Errorf("%d connections after %d questions", conns, i+1)
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
	}}, newStream, func(t *testing.T, e Engine, b *box) {
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
	}}, newStream, func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(3, 2))
		for token, out := range b.wait(t, 3) {
			if out.Failure != Unreachable || out.Err == nil || out.Tries != 2 {
				t.Errorf("token %d: %v (%v), %d tries", token, out.Failure, out.Err, out.Tries)
			}
		}
	})

	inBubble(t, "refused", dnstest.Host{}, newStream, func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(3, 2))
		for token, out := range b.wait(t, 3) {
			if out.Failure != Unreachable || out.Err == nil {
				t.Errorf("token %d: %v (%v)", token, out.Failure, out.Err)
			}
		}
	})

	inBubble(t, "never connected", dnstest.Host{Connect: -1}, newStream, func(t *testing.T, e Engine, b *box) {
		began := time.Now()
		e.Ask(ask(3, 2))
		for token, out := range b.wait(t, 3) {
			if out.Failure != Unreachable || !errors.Is(out.Err, context.DeadlineExceeded) {
				t.Errorf("token %d: %v (%v)", token, out.Failure, out.Err)
			}
		}
		if took := time.Since(began); took != 2*time.Second {
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
	}}, newStream, func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(1, 2))
		if out := b.wait(t, 1)[0]; out.Failure != Timeout {
			t.Errorf("a hung connection: %v", out.Failure)
		}
		e.Ask(ask(2, 2)[1:])
		if out := b.wait(t, 1)[1]; out.Failure != None {
			t.Errorf("the next connection: %v (%v)", out.Failure, out.Err)
		}
	})

	inBubble(t, "forged and doubled", tcp(func(b []byte, from netip.AddrPort) []dnstest.Reply {
		good := honest(b, from)[0]
		forged := append([]byte(nil), good.Bytes...)
		forged[0] ^= 0x40
		other := append([]byte(nil), good.Bytes...)
		other[13] ^= 1
		return []dnstest.Reply{{Bytes: forged}, {Bytes: other}, {Bytes: []byte("?")}, {Bytes: nil}, good, good}
	}), newStream, everything)

	inBubble(t, "cut", tcp(dnstest.Wire(dnstest.Truncate)), newStream, func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(1, 2))
		if out := b.wait(t, 1)[0]; out.Failure != BadResponse || out.Err == nil {
			t.Errorf("a truncated response over TCP: %v (%v)", out.Failure, out.Err)
		}
	})

	inBubble(t, "closed under way", tcp(func([]byte, netip.AddrPort) []dnstest.Reply { return nil }), newStream, func(t *testing.T, e Engine, b *box) {
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

// More questions than one connection takes are spread over a few.
func TestStreamMany(t *testing.T) {
	const n = 3000
	host := dnstest.Host{TCP: dnstest.Stream(late(honest, func(i int) time.Duration { return 10 * time.Millisecond }))}
	inBubble(t, "many", host, newStream, func(t *testing.T, e Engine, b *box) {
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
// and is not opened a connection for every question.
func TestStreamBounded(t *testing.T) {
	for _, test := range []struct{ answers, questions, conns int }{
		{1, 1000, 1100}, {2, 1000, 600}, {100, 3000, 50}, {1000, 3000, 10},
	} {
		var conns atomic.Int32
		inBubble(t, fmt.Sprintf("%d answers", test.answers), dnstest.Host{TCP: bounded(test.answers, &conns)}, newStream, func(t *testing.T, e Engine, b *box) {
			e.Ask(ask(test.questions, 3))
			right(t, b.wait(t, test.questions), test.questions)
			if n := int(conns.Load()); n > test.conns {
				t.Errorf("%d connections for %d questions", n, test.questions)
			}
		})
	}
}

// A question for which a server closes the connection is not asked for ever,
// though others on it are answered.
func TestStreamPoison(t *testing.T) {
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
	inBubble(t, "poison", host, newStream, func(t *testing.T, e Engine, b *box) {
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
func TestStreamRefusesMore(t *testing.T) {
	for most := range int32(3) {
		synctest.Test(t, func(t *testing.T) {
			n := new(dnstest.Net)
			n.Listen(serverAddr, dnstest.Host{TCP: dnstest.Stream(late(honest, func(int) time.Duration { return 10 * time.Millisecond }))})
			b := newBox()
			e := NewStream(Config{Addr: serverAddr, Dial: limited(n, most+1), Window: 3000, Timeout: 2 * time.Second, Deliver: b.deliver}, nil)
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

func TestUDP(t *testing.T) {
	const n = 50
	inBubble(t, "at once", dnstest.Host{UDP: honest}, NewUDP, func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(n, 3))
		right(t, b.wait(t, n), n)
	})
	inBubble(t, "unreachable", dnstest.Host{}, NewUDP, func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(n, 3))
		for token, out := range b.wait(t, n) {
			if out.Failure != Unreachable || out.Err == nil {
				t.Errorf("token %d: %v (%v)", token, out.Failure, out.Err)
			}
		}
	})
	asked := map[string]int{}
	var mu sync.Mutex
	inBubble(t, "the first two lost", dnstest.Host{UDP: func(b []byte, from netip.AddrPort) []dnstest.Reply {
		var q dns.Msg
		if q.Unpack(b) != nil {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if asked[q.Question[0].Name]++; asked[q.Question[0].Name] < 3 {
			return nil
		}
		return honest(b, from)
	}}, NewUDP, func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(n, 3))
		for _, out := range b.wait(t, n) {
			if out.Tries != 3 {
				t.Errorf("%d tries", out.Tries)
			}
		}
		right(t, b.outs, n)
	})
	sent := 0
	inBubble(t, "silent", dnstest.Host{UDP: func([]byte, netip.AddrPort) []dnstest.Reply { sent++; return nil }}, NewUDP, func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(1, 3))
		if out := b.wait(t, 1)[0]; out.Failure != Timeout || out.Tries != 3 || sent != 3 {
			t.Errorf("%v after %d tries, %d sent", out.Failure, out.Tries, sent)
		}
	})
	inBubble(t, "closed under way", dnstest.Host{UDP: func([]byte, netip.AddrPort) []dnstest.Reply { return nil }}, NewUDP, func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(n, 3))
		synctest.Wait()
		e.Close()
		for token, out := range b.wait(t, n) {
			if out.Failure != Closed {
				t.Errorf("token %d: %v", token, out.Failure)
			}
		}
	})
	inBubble(t, "patient", dnstest.Host{UDP: late(honest, func(int) time.Duration { return 1900 * time.Millisecond })}, NewUDP, func(t *testing.T, e Engine, b *box) {
		qs := ask(1, 1)
		qs[0].Flags |= Patient
		e.Ask(qs)
		right(t, b.wait(t, 1), 1)
	})
	inBubble(t, "whole message", dnstest.Host{UDP: honest}, NewUDP, func(t *testing.T, e Engine, b *box) {
		qs := ask(1, 1)
		qs[0].Flags |= Whole
		e.Ask(qs)
		if out := b.wait(t, 1)[0]; out.Msg == nil || len(out.Msg.Ns) != 1 {
			t.Errorf("the message is %v", out.Msg)
		}
	})
	inBubble(t, "tens of thousands", dnstest.Host{UDP: late(honest, func(int) time.Duration { return 5 * time.Millisecond })}, NewUDP, func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(20000, 3))
		right(t, b.wait(t, 20000), 20000)
	})
}

// A failingConn fails every tenth write and every tenth read.
type failingConn struct {
	net.Conn
	write, read   error
	writes, reads atomic.Int32
}

func (c *failingConn) Write(b []byte) (int, error) {
	if c.writes.Add(1)%10 == 0 && c.write != nil {
		return 0, &net.OpError{Op: "write", Net: "udp", Err: os.NewSyscallError("write", c.write)}
	}
	return c.Conn.Write(b)
}

func (c *failingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err == nil && c.reads.Add(1)%10 == 0 && c.read != nil {
		return 0, &net.OpError{Op: "read", Net: "udp", Err: os.NewSyscallError("read", c.read)}
	}
	return n, err
}

// A packet that this machine does not send, or that is too long to be read, is
// lost, and says nothing about the other questions.
func TestUDPPacketErrors(t *testing.T) {
	for _, loss := range lossErrors {
		testPacketErrors(t, loss, nil)
	}
	testPacketErrors(t, nil, errTooLong)
}

func testPacketErrors(t *testing.T, write, read error) {
	inBubble(t, fmt.Sprint(write, read), dnstest.Host{UDP: late(honest, func(int) time.Duration { return 20 * time.Millisecond })},
		func(cfg Config) Engine {
			dial := cfg.Dial
			cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				conn, err := dial(ctx, network, addr)
				return &failingConn{Conn: conn, write: write, read: read}, err
			}
			return NewUDP(cfg)
		},
		func(t *testing.T, e Engine, b *box) {
			e.Ask(ask(500, 6))
			right(t, b.wait(t, 500), 500)
		})
}

// A response that fills the buffer may have been cut by it, and is not taken.
func TestUDPFullBuffer(t *testing.T) {
	for size, want := range map[int]error{maxPacket - 1: nil, maxPacket: ruleError(CutShort)} {
		host := dnstest.Host{UDP: dnstest.Wire(func(q *dns.Msg) *dns.Msg {
			m := truth.Resolve(q)
			padding := new(dns.EDNS0_PADDING)
			m.SetEdns0(maxUDP, false)
			m.IsEdns0().Option = []dns.EDNS0{padding}
			padding.Padding = make([]byte, size-len(mustPack(t, m)))
			return m
		})}
		inBubble(t, fmt.Sprint(size), host, NewUDP, func(t *testing.T, e Engine, b *box) {
			e.Ask(ask(1, 2))
			if out := b.wait(t, 1)[0]; out.Err != want || (out.Failure == None) != (want == nil) {
				t.Errorf("%v (%v), want %v", out.Failure, out.Err, want)
			}
		})
	}
}

// A response with another client's cookie is a forgery.
func TestUDPWrongCookie(t *testing.T) {
	for _, forged := range []bool{false, true} {
		host := dnstest.Host{UDP: dnstest.Wire(func(q *dns.Msg) *dns.Msg {
			cookie := q.IsEdns0().Option[0].(*dns.EDNS0_COOKIE)
			if cookie.Cookie += "0011223344556677"; forged {
				cookie.Cookie = "0011223344556677" + cookie.Cookie[16:]
			}
			m := truth.Resolve(q)
			m.SetEdns0(maxUDP, false)
			m.IsEdns0().Option = []dns.EDNS0{cookie}
			return m
		})}
		inBubble(t, fmt.Sprint(forged), host, NewUDP, func(t *testing.T, e Engine, b *box) {
			qs := ask(1, 2)
			qs[0].Flags |= Cookie
			e.Ask(qs)
			out := b.wait(t, 1)[0]
			if !forged && out.Failure != None || forged && out.Err != ruleError(WrongCookie) {
				t.Errorf("forged %v: %v (%v)", forged, out.Failure, out.Err)
			}
		})
	}
}

// A worker of a closed engine sends nothing more, however busy it is.
func TestUDPSendClosed(t *testing.T) {
	e := NewUDP(Config{Window: 10}).(*udp)
	e.queue.push(ask(5, 1))
	e.closed = true
	w := newUDPWorker(e, 10)
	w.equip(plainConn{}, batchLen)
	if _, open := w.send(time.Now()); open || e.queue.len() != 5 {
		t.Errorf("open %v, %d of 5 questions wait", open, e.queue.len())
	}
}

// Few questions take one socket; many under way, or many in all, take more, and
// the first one is closed.
func TestUDPSockets(t *testing.T) {
	host := dnstest.Host{UDP: late(honest, func(int) time.Duration { return 20 * time.Millisecond })}
	for _, test := range []struct {
		name                string
		questions, together int
		dialled, open       int
	}{
		{"few", 60, 60, 1, 1},
		{"few at once", 4000, 40, 1, 1},
		{"many at once", 100, 100, 5, 4},
		{"many in all", 5000, 40, 5, 4},
	} {
		var dials atomic.Int32
		var left func() int
		inBubble(t, test.name, host, func(cfg Config) Engine {
			dial := cfg.Dial
			var open atomic.Int32
			left = func() int { return int(open.Load()) }
			cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				dials.Add(1)
				open.Add(1)
				conn, err := dial(ctx, network, addr)
				return &countedConn{conn, sync.OnceFunc(func() { open.Add(-1) })}, err
			}
			return NewUDP(cfg)
		}, func(t *testing.T, e Engine, b *box) {
			for qs := ask(test.questions, 2); len(qs) > 0; qs = qs[test.together:] {
				e.Ask(qs[:test.together])
				b.wait(t, test.together)
			}
			right(t, b.outs, test.questions)
			synctest.Wait()
			if int(dials.Load()) != test.dialled || left() != test.open {
				t.Errorf("%d sockets opened, %d are open, want %d and %d", dials.Load(), left(), test.dialled, test.open)
			}
		})
	}
}

// Where no more sockets are to be had, the first one goes on; and a close finds
// it while it leaves.
func TestUDPFirstSocket(t *testing.T) {
	only := func(most int32) func(cfg Config) Engine {
		return func(cfg Config) Engine {
			dial := cfg.Dial
			var dials atomic.Int32
			cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				if dials.Add(1) > most {
					return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.EMFILE}
				}
				return dial(ctx, network, addr)
			}
			return NewUDP(cfg)
		}
	}
	for most := range int32(5) {
		inBubble(t, fmt.Sprint(most), dnstest.Host{UDP: honest}, only(most), func(t *testing.T, e Engine, b *box) {
			e.Ask(ask(1, 2))
			b.wait(t, 1)
			e.Ask(ask(6000, 2)[1:])
			outs := b.wait(t, 5999)
			if most > 0 {
				right(t, outs, 6000)
				return
			}
			for token, out := range outs {
				if out.Failure != Unreachable || !errors.Is(out.Err, syscall.EMFILE) {
					t.Errorf("token %d: %v (%v)", token, out.Failure, out.Err)
				}
			}
		})
	}
	inBubble(t, "closed while it leaves", dnstest.Host{UDP: func([]byte, netip.AddrPort) []dnstest.Reply { return nil }}, NewUDP, func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(1, 2))
		synctest.Wait()
		e.Ask(ask(100, 2)[1:])
		synctest.Wait()
		began := time.Now()
		e.Close()
		if took := time.Since(began); took != 0 {
			t.Errorf("Close took %v", took)
		}
		for token, out := range b.wait(t, 100) {
			if out.Failure != Closed {
				t.Errorf("token %d: %v", token, out.Failure)
			}
		}
	})
}

// The engine sends no more a second than the limit, retransmissions included.
func TestUDPLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var sent []time.Time
		n := new(dnstest.Net)
		n.Listen(serverAddr, dnstest.Host{UDP: func(b []byte, from netip.AddrPort) []dnstest.Reply {
			mu.Lock()
			defer mu.Unlock()
			if sent = append(sent, time.Now()); len(sent)%3 == 0 {
				return nil
			}
			return honest(b, from)
		}})
		b := newBox()
		e := NewUDP(Config{Addr: serverAddr, Dial: n.Dial, Deliver: b.deliver, Window: 100, Timeout: 2 * time.Second, Limit: NewLimit(50)})
		e.Ask(ask(200, 3))
		b.wait(t, 200)
		e.Close()
		for i := range sent {
			k := i
			for k < len(sent) && sent[k].Sub(sent[i]) < time.Second {
				k++
			}
			if k-i > 56 {
				t.Fatalf("%d questions in one second, of 50", k-i)
			}
		}
	})
}

// A name that a server ignores is charged for its silence, though the server
// has asked to slow down before; one that a limit swallows is not asked for ever.
func TestUDPTries(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer func(i int) bool // whether the question is answered, of the i-th
		most   int
	}{
		{"one name ignored", func(int) bool { return true }, 3},
		{"nine of ten lost", func(i int) bool { return i%10 == 0 }, 6},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				var mu sync.Mutex
				sent := map[string]int{}
				asked := 0
				n := new(dnstest.Net)
				n.Listen(serverAddr, dnstest.Host{UDP: late(func(b []byte, from netip.AddrPort) []dnstest.Reply {
					var q dns.Msg
					if q.Unpack(b) != nil {
						return nil
					}
					mu.Lock()
					defer mu.Unlock()
					name := q.Question[0].Name
					asked++
					sent[name]++
					switch since := time.Since(began); {
					case since > time.Second && since < 2*time.Second:
						return dnstest.Wire(dnstest.Truncate)(b, from)
					case name == "ignored.dev." || since > 2*time.Second && !test.answer(asked):
						return nil
					}
					return honest(b, from)
				}, func(int) time.Duration { return 20 * time.Millisecond })})
				more := make(chan int, 1000)
				e := NewUDP(Config{Addr: serverAddr, Dial: n.Dial, Window: 100, Timeout: 2 * time.Second, Limit: NewLimit(1000),
					Deliver: func(outs []Outcome) { more <- len(outs) }})
				qs := ask(20000, 3)
				qs[9000].Name = "ignored.dev" // some ten seconds from now
				e.Ask(qs[:100])
				for qs = qs[100:]; time.Since(began) < 20*time.Second && len(qs) >= 100; {
					k := <-more
					e.Ask(qs[:k])
					qs = qs[k:]
				}
				e.Close()
				mu.Lock()
				defer mu.Unlock()
				most := 0
				for _, times := range sent {
					most = max(most, times)
				}
				if most < 3 || most > test.most {
					t.Errorf("a name was sent %d times, want 3 to %d", most, test.most)
				}
				n.Close()
			})
		})
	}
}

func TestPool(t *testing.T) {
	var mu sync.Mutex
	active, most := 0, 0
	make := func(outcome func(q *Question) Outcome) func(cfg Config) Engine {
		return func(cfg Config) Engine {
			cfg.Window = 7
			active, most = 0, 0
			return NewPool(cfg, func(ctx context.Context, q *Question) Outcome {
				mu.Lock()
				active++
				most = max(most, active)
				mu.Unlock()
				timer := time.NewTimer(10 * time.Millisecond)
				defer timer.Stop()
				select {
				case <-timer.C:
				case <-ctx.Done():
				}
				mu.Lock()
				active--
				mu.Unlock()
				return outcome(q)
			})
		}
	}
	inBubble(t, "window", dnstest.Host{}, make(func(q *Question) Outcome { return Outcome{} }), func(t *testing.T, e Engine, b *box) {
		began := time.Now()
		e.Ask(ask(70, 1))
		for token, out := range b.wait(t, 70) {
			if out.Failure != None || out.Tries != 1 || out.RTT != 10*time.Millisecond {
				t.Errorf("token %d: %+v", token, out)
			}
		}
		if took := time.Since(began); most != 7 || took != 100*time.Millisecond {
			t.Errorf("%d at once, %v in all", most, took)
		}
	})
	inBubble(t, "tries", dnstest.Host{}, make(func(q *Question) Outcome { return Outcome{Failure: Timeout} }), func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(5, 3))
		for token, out := range b.wait(t, 5) {
			if out.Failure != Timeout || out.Tries != 3 {
				t.Errorf("token %d: %+v", token, out)
			}
		}
	})
	inBubble(t, "closed under way", dnstest.Host{}, make(func(q *Question) Outcome { return Outcome{Failure: Timeout} }), func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(50, 3))
		synctest.Wait()
		e.Close()
		for token, out := range b.wait(t, 50) {
			if out.Failure != Closed {
				t.Errorf("token %d: %+v", token, out)
			}
		}
	})
}

// TestExchange checks what somebody else's function brings.
func TestExchange(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(m *dns.Msg) *dns.Msg
		err    error
		want   Failure
	}{
		{"good", func(m *dns.Msg) *dns.Msg { return m }, nil, None},
		{"nothing", func(m *dns.Msg) *dns.Msg { return nil }, nil, BadResponse},
		{"QR", func(m *dns.Msg) *dns.Msg { m.Response = false; return m }, nil, BadResponse},
		{"opcode", func(m *dns.Msg) *dns.Msg { m.Opcode = dns.OpcodeNotify; return m }, nil, BadResponse},
		{"ID", func(m *dns.Msg) *dns.Msg { m.Id++; return m }, nil, BadResponse},
		{"no question", func(m *dns.Msg) *dns.Msg { m.Question = nil; return m }, nil, BadResponse},
		{"name", func(m *dns.Msg) *dns.Msg { m.Question[0].Name = "x."; return m }, nil, BadResponse},
		{"type", func(m *dns.Msg) *dns.Msg { m.Question[0].Qtype++; return m }, nil, BadResponse},
		{"class", func(m *dns.Msg) *dns.Msg { m.Question[0].Qclass++; return m }, nil, BadResponse},
		{"TC", func(m *dns.Msg) *dns.Msg { m.Truncated = true; return m }, nil, Truncated},
		{"error", nil, errors.New("no network"), Unreachable},
		{"time-out", nil, context.DeadlineExceeded, Timeout},
		{"wrapped time-out", nil, fmt.Errorf("asking: %w", os.ErrDeadlineExceeded), Timeout},
	} {
		b := newBox()
		e := NewExchange(Config{Deliver: b.deliver, Window: 1, Timeout: time.Minute}, func(_ context.Context, m *dns.Msg, addr string) (*dns.Msg, time.Duration, error) {
			if test.err != nil {
				return nil, 0, test.err
			}
			return test.change(truth.Resolve(m)), time.Millisecond, nil
		})
		e.Ask(ask(1, 1))
		if out := b.wait(t, 1)[0]; out.Failure != test.want || (out.Failure == None) != (out.Reply.SOA == 1) {
			t.Errorf("%s: %v (%v)", test.name, out.Failure, out.Err)
		}
		e.Close()
	}
}
