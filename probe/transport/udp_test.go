package transport

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"slices"
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
	lossy := func(q []byte, from netip.AddrPort) []dnstest.Reply {
		if rand.IntN(5) == 0 || strings.Contains(string(q), "go-0") {
			return nil
		}
		return late(honest, func(int) time.Duration { return 5 * time.Millisecond })(q, from)
	}
	inBubble(t, "patient where much is lost", dnstest.Host{UDP: lossy}, NewUDP, func(t *testing.T, e Engine, b *box) {
		const n = 2000
		qs := ask(n, 3)
		for i := range qs {
			qs[i].Flags |= Patient
		}
		e.Ask(qs[1:])
		b.wait(t, n-1)
		began := time.Now()
		e.Ask(qs[:1])
		if out := b.wait(t, 1)[0]; out.Failure != Timeout || time.Since(began) > time.Second {
			t.Errorf("%v after %d tries and %v", out.Failure, out.Tries, time.Since(began))
		}
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

// The scout may have the whole window when it leaves: the others go on with the queries
// that wait.
func TestUDPSmallWindow(t *testing.T) {
	const n = 500
	inBubble(t, "", dnstest.Host{UDP: late(honest, func(int) time.Duration { return 5 * time.Millisecond })}, func(cfg Config) Engine {
		cfg.Window = 33
		return NewUDP(cfg)
	}, func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(20, 3))
		synctest.Wait()
		e.Ask(ask(n, 3)[20:])
		right(t, b.wait(t, n), n)
	})
}

// A query with Behind leaves when those before it have, whatever the socket.
func TestUDPBehind(t *testing.T) {
	const n, every = 3000, 50
	var mu sync.Mutex
	var came []string
	inBubble(t, "", dnstest.Host{UDP: func(b []byte, from netip.AddrPort) []dnstest.Reply {
		var q dns.Msg
		if q.Unpack(b) == nil {
			mu.Lock()
			came = append(came, q.Question[0].Name)
			mu.Unlock()
		}
		return late(honest, func(int) time.Duration { return 5 * time.Millisecond })(b, from)
	}}, func(cfg Config) Engine {
		cfg.Window = n
		return NewUDP(cfg)
	}, func(t *testing.T, e Engine, b *box) {
		qs := ask(n, 3)
		for i := every - 1; i < n; i += every {
			qs[i].Flags |= Behind
		}
		for part := range slices.Chunk(qs, every) {
			e.Ask(part)
		}
		right(t, b.wait(t, n), n)
		seen := map[string]bool{}
		for _, name := range came {
			seen[strings.TrimSuffix(name, ".")] = true
			i := slices.IndexFunc(qs, func(q Query) bool { return q.Name == strings.TrimSuffix(name, ".") })
			if qs[i].Flags&Behind == 0 {
				continue
			}
			for _, before := range qs[:i] {
				if !seen[before.Name] {
					t.Errorf("%s came before %s", qs[i].Name, before.Name)
				}
			}
		}
	})
}

// One that has Behind is taken for no socket while those before it are being written to
// another.
func TestBehindWaits(t *testing.T) {
	e := NewUDP(Config{Window: 10, Timeout: time.Second}).(*udp)
	qs := ask(4, 1)
	qs[2].Flags |= Behind
	e.queue.push(qs)
	taker := func(window int) func() int {
		w := newUDPWorker(e, window)
		w.equip(plainConn{}, batchLen)
		return func() int {
			w.granted(time.Now())
			return len(w.take)
		}
	}
	first, second := taker(1), taker(10)
	if n := first(); n != 1 {
		t.Fatalf("%d are taken, of a window of 1", n)
	}
	e.queue.push([]Query{{Name: "dev", Flags: Urgent}})
	if n := second(); n != 2 {
		t.Errorf("%d are taken while the first is written, want an urgent one and that before the one with Behind", n)
	}
	e.written()
	if n := second(); n != 0 {
		t.Errorf("%d are taken while the second is written", n)
	}
	e.written()
	if n := second(); n != 2 {
		t.Errorf("%d are taken when those before have left, want both", n)
	}
}

// A packet that this machine does not send, or that is too long to be read, is
// lost, and says nothing about the other queries.
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

// Where no packet leaves this machine, the reason is told.
func TestUDPNothingLeaves(t *testing.T) {
	inBubble(t, "all writes fail", dnstest.Host{UDP: honest},
		func(cfg Config) Engine {
			dial := cfg.Dial
			cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				conn, err := dial(ctx, network, addr)
				return closedConn{conn}, err
			}
			return NewUDP(cfg)
		},
		func(t *testing.T, e Engine, b *box) {
			e.Ask(ask(5, 3))
			for _, out := range b.wait(t, 5) {
				if out.Failure != Unreachable || !errors.Is(out.Err, lossErrors[0]) {
					t.Errorf("%v (%v)", out.Failure, out.Err)
				}
			}
		})
}

// A closedConn lets nothing out.
type closedConn struct{ net.Conn }

func (c closedConn) Write([]byte) (int, error) { return 0, lossErrors[0] }

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
			if !forged && (out.Failure != None || out.Forged != 0) || forged && (out.Err != ruleError(WrongCookie) || out.Forged != 2) {
				t.Errorf("forged %v: %v (%v), %d forged", forged, out.Failure, out.Err, out.Forged)
			}
		})
	}
}

// A query that a server refuses for its cookie is asked again with the one that the
// server sent, which later queries carry at once; and only as often as it has tries.
func TestUDPBadCookie(t *testing.T) {
	const server = "0011223344556677"
	for _, test := range []struct {
		name  string
		flags Flags
		knows func(cookie string) bool // of the server's part in a query
		want  Failure
		tries []uint8
	}{
		{"asked again", Cookie, func(cookie string) bool { return cookie == server }, None, []uint8{2, 1, 1}},
		{"never content", Cookie, func(string) bool { return false }, Slipped, []uint8{3, 3, 3}},
		{"asked without", 0, func(string) bool { return false }, None, []uint8{1, 1, 1}},
	} {
		sent := 0
		host := dnstest.Host{UDP: dnstest.Wire(func(q *dns.Msg) *dns.Msg {
			sent++
			m := truth.Resolve(q)
			cookie := &dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: strings.Repeat("ab", clientCookieLen)}
			if had := q.IsEdns0().Option; len(had) > 0 {
				cookie.Cookie = had[0].(*dns.EDNS0_COOKIE).Cookie
			}
			client, known := cookie.Cookie[:2*clientCookieLen], cookie.Cookie[2*clientCookieLen:]
			if test.knows(known) {
				return m
			}
			m.Ns = nil
			m.SetEdns0(maxUDP, false)
			m.Rcode = dns.RcodeBadCookie
			cookie.Cookie = client + server
			m.IsEdns0().Option = []dns.EDNS0{cookie}
			return m
		})}
		inBubble(t, test.name, host, NewUDP, func(t *testing.T, e Engine, b *box) {
			total := 0
			for i, q := range ask(len(test.tries), 3) {
				q.Flags |= test.flags
				e.Ask([]Query{q})
				out := b.wait(t, 1)[uint32(i)]
				if out.Failure != test.want || out.Tries != test.tries[i] {
					t.Errorf("query %d: %v after %d tries, want %v after %d", i, out.Failure, out.Tries, test.want, test.tries[i])
				}
				if bad := out.Reply.Rcode == dns.RcodeBadCookie; out.Failure == None && bad != (test.flags == 0) {
					t.Errorf("query %d: RCODE %d", i, out.Reply.Rcode)
				}
				total += int(test.tries[i])
			}
			if sent != total {
				t.Errorf("%d messages sent, want %d", sent, total)
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
		t.Errorf("open %v, %d of 5 queries wait", open, e.queue.len())
	}
}

// Few queries take one socket; many under way, or many in all, take more, and
// the first one is closed.
func TestUDPSockets(t *testing.T) {
	host := dnstest.Host{UDP: late(honest, func(int) time.Duration { return 20 * time.Millisecond })}
	for _, test := range []struct {
		name              string
		queries, together int
		dialled, open     int
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
			for qs := ask(test.queries, 2); len(qs) > 0; qs = qs[test.together:] {
				e.Ask(qs[:test.together])
				b.wait(t, test.together)
			}
			right(t, b.outs, test.queries)
			synctest.Wait()
			if int(dials.Load()) != test.dialled || left() != test.open {
				t.Errorf("%d sockets opened, %d are open, want %d and %d", dials.Load(), left(), test.dialled, test.open)
			}
		})
	}
}

// Where no more sockets are to be had, the first one goes on; and a close finds
// it while it leaves. Where there is none at all, that is waited out.
func TestUDPFirstSocket(t *testing.T) {
	only := func(most int32) func(cfg Config) Engine {
		return func(cfg Config) Engine {
			dial := cfg.Dial
			var dials atomic.Int32
			began := time.Now()
			cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				if dials.Add(1) > most && time.Since(began) < time.Minute {
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
			right(t, b.wait(t, 5999), 6000)
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

// Where there is one socket and no more, others are tried for ever more rarely.
func TestUDPMoreSockets(t *testing.T) {
	const n, together = 6000, 100
	var dials atomic.Int32
	inBubble(t, "", dnstest.Host{UDP: late(honest, func(int) time.Duration { return 20 * time.Millisecond })}, func(cfg Config) Engine {
		dial := cfg.Dial
		cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if dials.Add(1) > 1 {
				return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.EMFILE}
			}
			return dial(ctx, network, addr)
		}
		return NewUDP(cfg)
	}, func(t *testing.T, e Engine, b *box) {
		all := ask(n+1, 2)
		e.Ask(all[:1])
		b.wait(t, 1)
		for qs := range slices.Chunk(all[1:], together) {
			e.Ask(qs)
			b.wait(t, together)
		}
		right(t, b.outs, n+1)
		if tried := (int(dials.Load()) - 1) / someSockets; tried < 2 || tried > 10 {
			t.Errorf("others were tried %d times in %d rounds", tried, n/together)
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
				t.Fatalf("%d queries in one second, of 50", k-i)
			}
		}
	})
}

// A name that a server ignores is charged for its silence, though the server
// has asked to slow down before; one that a limit swallows is not asked for ever.
func TestUDPTries(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer func(i int) bool // whether the query is answered, of the i-th
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

// A server that answers everything with TC=1 and nothing else is asked as fast as
// any other, once each.
func TestUDPSlips(t *testing.T) {
	host := dnstest.Host{UDP: late(dnstest.Wire(dnstest.Truncate), func(int) time.Duration { return 20 * time.Millisecond })}
	inBubble(t, "slips", host, NewUDP, func(t *testing.T, e Engine, b *box) {
		const n = 10000
		began := time.Now()
		e.Ask(ask(n, 3))
		for token, out := range b.wait(t, n) {
			if out.Failure != Slipped || out.Tries != 1 || out.RTT != 20*time.Millisecond {
				t.Fatalf("token %d: %v, %d tries, round trip %v", token, out.Failure, out.Tries, out.RTT)
			}
		}
		if took := time.Since(began); took > 4*time.Second { // 100 at once take 2 s
			t.Errorf("%d slips took %v", n, took)
		}
	})
}

// Statistics add up, and Karn's rule keeps the round trip of a response that may be
// to any of several tries out of them.
func TestUDPStats(t *testing.T) {
	slow := true
	host := dnstest.Host{UDP: late(honest, func(int) time.Duration {
		if slow {
			return 500 * time.Millisecond
		}
		return 20 * time.Millisecond
	})}
	inBubble(t, "stats", host, NewUDP, func(t *testing.T, e Engine, b *box) {
		if s := e.Stats(); s != (Stats{Window: 100}) {
			t.Errorf("at first: %+v", s)
		}
		e.Ask(ask(10, 3))
		synctest.Wait()
		if s := e.Stats(); s.InFlight != 10 {
			t.Errorf("%d in flight", s.InFlight)
		}
		right(t, b.wait(t, 10), 10)
		synctest.Wait()
		if s, want := e.Stats(), (Stats{Queries: 20, Retries: 10, Responses: 10, Timeouts: 10, Window: 100}); s != want {
			t.Errorf("after late responses: %+v, want %+v", s, want)
		}
		slow = false
		e.Ask(ask(20, 3)[10:])
		right(t, b.wait(t, 10), 20)
		synctest.Wait()
		if s, want := e.Stats(), (Stats{Queries: 30, Retries: 10, Responses: 20, Timeouts: 10, Window: 100, SRTT: 20 * time.Millisecond}); s != want {
			t.Errorf("after more: %+v, want %+v", s, want)
		}
	})
}

// The round trip that the wait follows is the longest of those that came together, of
// queries that were sent once, and none is counted again later.
func TestUDPRoundTrips(t *testing.T) {
	const ms = time.Millisecond
	began := time.Unix(1000, 0)
	e := &udp{engine: newEngine(Config{Timeout: time.Second}), began: began, control: newControl(8, began)}
	w := newUDPWorker(e, 8)
	w.equip(plainConn{}, batchLen)
	now := began.Add(time.Minute)
	for _, step := range []struct {
		name  string
		trips []time.Duration
		sent  uint8 // how often each was
		rcode uint16
		want  time.Duration
	}{
		{"the first", []time.Duration{50 * ms, 20 * ms}, 1, dns.RcodeSuccess, 50 * ms},
		{"a shorter one", []time.Duration{10 * ms}, 1, dns.RcodeSuccess, 45 * ms},
		{"of a query sent twice", []time.Duration{5 * ms}, 2, dns.RcodeSuccess, 45 * ms},
		{"of a refusal", []time.Duration{500 * ms}, 1, dns.RcodeRefused, 45 * ms},
		{"the longer last", []time.Duration{5 * ms, 85 * ms}, 1, dns.RcodeSuccess, 50 * ms},
	} {
		for _, trip := range step.trips {
			i := w.slots.take(&Query{sent: step.sent - 1})
			w.packSlot(i, now.Add(-trip))
			w.pack = w.pack[:0]
			w.accept(i, Outcome{Reply: Reply{Rcode: step.rcode}}, now)
		}
		w.report(now)
		if got := e.control.srtt; got != step.want {
			t.Errorf("%s: smoothed to %v, want %v", step.name, got, step.want)
		}
	}
}

// What the control is told of a response: whether it is one of those that ask to slow
// down.
func TestUDPTold(t *testing.T) {
	for _, test := range []struct {
		name  string
		flags Flags
		cut   Failure
		rcode uint16
		want  counts
	}{
		{"good", 0, None, dns.RcodeNameError, counts{good: 1}},
		{"cut", 0, Truncated, 0, counts{}},
		{"cut to nothing", 0, Slipped, 0, counts{good: 1, cuts: 1}},
		{"refused", 0, None, dns.RcodeRefused, counts{slips: 1}},
		{"refused for its cookie", Cookie, None, dns.RcodeBadCookie, counts{slips: 1}},
		{"refused for a cookie that it has not", 0, None, dns.RcodeBadCookie, counts{good: 1}},
	} {
		w := newUDPWorker(&udp{engine: newEngine(Config{})}, 8)
		w.equip(plainConn{}, batchLen)
		i := w.slots.take(&Query{Flags: test.flags, Tries: 3})
		w.packSlot(i, time.Now())
		w.accept(i, Outcome{Failure: test.cut, Reply: Reply{Rcode: test.rcode}}, time.Now())
		if w.seen != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, w.seen, test.want)
		}
	}
}

// What it is told of silence: a server that does not keep case has answered.
func TestUDPToldOfSilence(t *testing.T) {
	for failed, want := range map[Rule]counts{Passed: {lost: 1}, WrongType: {lost: 1}, WrongCase: {good: 1}} {
		w := newUDPWorker(&udp{engine: newEngine(Config{})}, 8)
		w.equip(plainConn{}, batchLen)
		i := w.slots.take(&Query{})
		w.packSlot(i, time.Now())
		w.slots.all[i].failed = failed
		if w.timeout(i); w.seen != want {
			t.Errorf("%v: %+v, want %+v", failed, w.seen, want)
		}
	}
}

// A query waits as often doubled as it asks for, and no longer than the time-out.
func TestUDPBackoff(t *testing.T) {
	silent := func([]byte, netip.AddrPort) []dnstest.Reply { return nil }
	for backoff, want := range []time.Duration{firstRTO, 2 * firstRTO, 4 * firstRTO, 2 * time.Second, 2 * time.Second} {
		inBubble(t, fmt.Sprint(backoff), dnstest.Host{UDP: silent}, NewUDP, func(t *testing.T, e Engine, b *box) {
			began := time.Now()
			qs := ask(1, 1)
			qs[0].Backoff = uint8(backoff)
			e.Ask(qs)
			b.wait(t, 1)
			if took := time.Since(began); took != want {
				t.Errorf("waited %v, want %v", took, want)
			}
		})
	}
}

// That a packet did not leave is the reason of a time-out until a response comes.
func TestUDPUnsent(t *testing.T) {
	w := newUDPWorker(&udp{engine: newEngine(Config{})}, 8)
	w.equip(plainConn{}, batchLen)
	sent := func() int32 {
		i := w.slots.take(&Query{})
		w.packSlot(i, time.Now())
		return i
	}
	w.unsent = lossErrors[0]
	w.timeout(sent())
	w.accept(sent(), Outcome{}, time.Now())
	w.timeout(sent())
	if a, b := w.out[0], w.out[2]; a.Failure != Unreachable || a.Err != lossErrors[0] || b.Failure != Timeout || b.Err != nil {
		t.Errorf("%v (%v) before a response, %v (%v) after it", a.Failure, a.Err, b.Failure, b.Err)
	}
}

// A socket over which the far side says that it is not there is as good as before.
func TestUDPRefused(t *testing.T) {
	const n = 50
	var dials atomic.Int32
	inBubble(t, "", dnstest.Host{}, countingDials(&dials), func(t *testing.T, e Engine, b *box) {
		for _, q := range ask(n, 1) {
			e.Ask([]Query{q})
			b.wait(t, 1)
		}
		if dials.Load() != 1 {
			t.Errorf("%d sockets for %d queries", dials.Load(), n)
		}
	})
}

// Silence that is a limit's doing is not charged to a name, for some tries.
func TestUDPLimitedSilence(t *testing.T) {
	const tries = 2
	for limited, want := range map[bool]int{false: tries, true: 2 * tries} {
		w := newUDPWorker(&udp{engine: newEngine(Config{})}, 8)
		w.equip(plainConn{}, batchLen)
		w.limited = limited
		i := w.slots.take(&Query{Tries: tries})
		sent := 0
		for ; len(w.out) == 0 && sent < 3*tries; sent++ {
			w.pack = w.pack[:0]
			w.packSlot(i, time.Now())
			w.timeout(i)
		}
		if sent != want || len(w.out) != 1 || int(w.out[0].Tries) != want {
			t.Errorf("limited %v: sent %d times, want %d; outcomes %+v", limited, sent, want, w.out)
		}
	}
}

// A trace has each query that is sent, and each message that is not taken for its
// response, with the reason.
func TestUDPTrace(t *testing.T) {
	var events []string
	host := dnstest.Host{UDP: func(b []byte, from netip.AddrPort) []dnstest.Reply {
		other := dnstest.Wire(func(q *dns.Msg) *dns.Msg {
			m := truth.Resolve(q)
			m.Question[0].Qtype = dns.TypeTXT
			return m
		})(b, from)
		return append(append([]dnstest.Reply{{Bytes: b[:headerLen-1]}}, other...), honest(b, from)...)
	}}
	inBubble(t, "", host, func(cfg Config) Engine {
		cfg.Trace = func(ev Event) {
			events = append(events, fmt.Sprintf("%q %d: %s, %v", ev.Name, ev.Type, ev.Rule, ev.Msg != nil))
		}
		return NewUDP(cfg)
	}, func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(1, 1))
		if out := b.wait(t, 1)[0]; out.Failure != None || out.Msg == nil {
			t.Errorf("%v (%v), with the message: %v", out.Failure, out.Err, out.Msg != nil)
		}
		want := []string{`"go-0.dev" 43: , false`, `"" 0: ` + ShortHeader.String() + ", false", `"go-0.dev" 43: ` + WrongType.String() + ", true"}
		if !slices.Equal(events, want) {
			t.Errorf("%q, want %q", events, want)
		}
	})
}
