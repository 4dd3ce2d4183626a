package transport

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"domprobe/internal/dnstest"
)

// serial answers one query after the other, over all its connections.
func serial(each time.Duration) func(conn net.Conn) {
	turns := sync.OnceValue(func() chan struct{} { return make(chan struct{}, 1) }) // of the bubble
	return func(conn net.Conn) {
		turn := turns()
		for {
			b, err := dnstest.ReadFrame(conn)
			if err != nil {
				return
			}
			turn <- struct{}{}
			time.Sleep(each)
			<-turn
			conn.Write(dnstest.Frame(honest(b, netip.AddrPort{})[0].Bytes))
		}
	}
}

// A server that takes its time answers all that it is asked, however much that is:
// what waits for it does so here, where no time runs.
func TestTCPSerial(t *testing.T) {
	for _, test := range []struct {
		each     time.Duration
		n, turns int
		most     time.Duration // the slowest round trip
	}{
		{20 * time.Millisecond, 2000, 1, 1500 * time.Millisecond},
		{20 * time.Millisecond, 2000, 20, 2500 * time.Millisecond}, // over four connections
		{time.Millisecond, 5000, 1, 600 * time.Millisecond},
		{100 * time.Millisecond, 300, 1, 7 * time.Second},
	} {
		inBubble(t, fmt.Sprint(test.each, test.turns), dnstest.Host{TCP: serial(test.each)}, func(cfg Config) Engine {
			cfg.Window = test.n
			return newTCP(cfg)
		}, func(t *testing.T, e Engine, b *box) {
			began := time.Now()
			for qs := range slices.Chunk(ask(test.n, 1), test.n/test.turns) {
				e.Ask(qs)
			}
			right(t, b.wait(t, test.n), test.n)
			if took, want := time.Since(began), time.Duration(test.n)*test.each; took > want+want/10 {
				t.Errorf("took %v, of %v", took, want)
			}
			var trips []time.Duration
			for _, out := range b.outs {
				trips = append(trips, out.RTT)
			}
			slices.Sort(trips)
			if slowest := trips[len(trips)-1]; slowest > test.most {
				t.Errorf("the slowest round trip is %v", slowest)
			}
			if w := e.Stats().Window; test.each == 20*time.Millisecond && (w < 4 || w > 30) {
				t.Errorf("the window is %d", w) // 12 wait a quarter of a second
			}
			if s := e.Stats(); s.Queries != uint64(test.n) || s.Responses != uint64(test.n) || s.Retries+s.Timeouts != 0 || s.InFlight != 0 {
				t.Errorf("%+v", s)
			}
			e.Close()
			time.Sleep(time.Second)
		})
	}
}

// A fast server is asked as much at once as its connections take, and one that is
// far away, or answers some queries late, too.
func TestTCPWindowOpens(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 10))
	for name, trip := range map[string]func() time.Duration{
		"fast":   func() time.Duration { return time.Millisecond },
		"far":    func() time.Duration { return 300 * time.Millisecond },
		"varied": func() time.Duration { return time.Duration(10+rng.ExpFloat64()*200) * time.Millisecond },
	} {
		w := newTCPWindow(1<<16, 2*time.Second)
		for range 20 {
			first := w.sent + 1
			w.sent, w.full = w.sent+uint64(w.size), true
			for n := first; n <= w.sent; n++ {
				w.good(n, trip())
			}
		}
		if w.size != maxConns*perConn {
			t.Errorf("%s: after 20 round trips the window is %d", name, w.size)
		}
	}
}

// The window grows when it held queries back and the responses came at once, shrinks
// when they came late, and is halved once for all that is in flight.
func TestTCPWindowSize(t *testing.T) {
	const ms = time.Millisecond
	w := newTCPWindow(1000, 2*time.Second) // bears a delay of 250 ms
	round := func(trip time.Duration, full bool) {
		first := w.sent + 1
		w.sent, w.full = w.sent+uint64(w.size), full
		for n := first; n <= w.sent; n++ {
			w.good(n, trip)
		}
	}
	for _, step := range []struct {
		name string
		do   func()
		want int
	}{
		{"not full", func() { round(10*ms, false) }, 64},
		{"full", func() { round(10*ms, true) }, 128},
		{"full again", func() { round(10*ms, true) }, 256},
		{"somewhat late, after others", func() { round(210*ms, true) }, 512}, // most answers were there before
		{"somewhat late", func() { round(210*ms, true) }, 512},
		{"late, after others", func() { round(395*ms, true) }, 512},
		{"late", func() { round(395*ms, true) }, 256},
		{"in trouble", func() { w.sent += 128; w.halve(w.sent) }, 128},
		{"in trouble with what was in flight then", func() { w.halve(w.sent - 1) }, 128},
		{"answers to what was in flight then", func() {
			w.full = true
			for n := w.sent - 127; n <= w.sent; n++ {
				w.good(n, 10*ms)
			}
		}, 128},
		{"in trouble with what was sent since", func() { w.sent++; w.halve(w.sent) }, 64},
		{"in trouble again and again", func() {
			for range 10 {
				w.sent++
				w.halve(w.sent)
			}
		}, minTCPWindow},
	} {
		if step.do(); w.size != step.want {
			t.Errorf("%s: %d, want %d", step.name, w.size, step.want)
		}
	}
	// Of the answers that come first, the fastest of all do not stand for a quarter of
	// a window.
	w = newTCPWindow(200, 2*time.Second)
	w.sent, w.full = 64, true
	for n := w.sent - uint64(w.size)/4; n <= w.sent; n++ {
		trip := 10 * ms
		if n > 52 {
			trip = 500 * ms
		}
		w.good(n, trip)
	}
	if w.size >= 64 {
		t.Errorf("a few fast answers: %d", w.size)
	}
}

// A path that has become longer is not taken for a queue for ever.
func TestTCPWindowPath(t *testing.T) {
	w := newTCPWindow(1000, 2*time.Second)
	trip := 10 * time.Millisecond
	for round := range 100 {
		if round == 10 {
			trip = 600 * time.Millisecond
		}
		first := w.sent + 1
		w.sent, w.full = w.sent+uint64(w.size), true
		for n := first; n <= w.sent; n++ {
			w.good(n, trip)
		}
	}
	if w.size != 1000 {
		t.Errorf("the window is %d", w.size)
	}
	if one := newTCPWindow(1, time.Second); one.size != 1 {
		t.Errorf("a window of 1 is %d", one.size)
	}
}

// chance makes a connection's server do something to a share of its messages.
func chance(share float64, fault func(conn net.Conn, message []byte)) func(conn net.Conn) {
	var mu sync.Mutex
	rng := rand.New(rand.NewPCG(11, 11))
	return func(conn net.Conn) {
		for {
			b, err := dnstest.ReadFrame(conn)
			if err != nil {
				return
			}
			time.Sleep(time.Millisecond)
			good := honest(b, netip.AddrPort{})[0].Bytes
			mu.Lock()
			bad := rng.Float64() < share
			mu.Unlock()
			if bad {
				fault(conn, good)
				continue
			}
			conn.Write(dnstest.Frame(good))
		}
	}
}

// Connections that break, or bring garbage, cost the queries on them nothing but
// time.
func TestTCPFaults(t *testing.T) {
	length := func(n func(good int) int) func(net.Conn, []byte) {
		return func(conn net.Conn, message []byte) {
			wrong := n(len(message))
			conn.Write(append([]byte{byte(wrong >> 8), byte(wrong)}, message...))
		}
	}
	for name, fault := range map[string]func(conn net.Conn, message []byte){
		"reset":            func(conn net.Conn, _ []byte) { dnstest.Reset(conn) },
		"end":              func(conn net.Conn, _ []byte) { conn.Close() },
		"end in a message": func(conn net.Conn, message []byte) { conn.Write(dnstest.Frame(message)[:9]); conn.Close() },
		"length 0":         length(func(int) int { return 0 }),
		"length 5":         length(func(int) int { return 5 }),
		"too short":        length(func(n int) int { return n - 3 }),
		"too long":         length(func(n int) int { return n + 5 }),
		"far too long":     length(func(n int) int { return n + 200 }),
		"the longest":      length(func(int) int { return 65535 }),
		"noise":            func(conn net.Conn, message []byte) { conn.Write(make([]byte, 37)) },
	} {
		inBubble(t, name, dnstest.Host{TCP: chance(0.1, fault)}, newTCP, func(t *testing.T, e Engine, b *box) {
			const n = 3000
			began := time.Now()
			e.Ask(ask(n, 3))
			right(t, b.wait(t, n), n)
			t.Logf("took %v, %+v", time.Since(began), e.Stats())
			most := 6 * time.Minute
			if strings.HasPrefix(name, "too ") {
				most = 10 * time.Second // it is seen at once
			}
			if took := time.Since(began); took > most {
				t.Errorf("took %v", took)
			}
			e.Close()
			time.Sleep(time.Second)
		})
	}
}

// A response that comes when nothing is under way does not end the conversation.
func TestTCPLate(t *testing.T) {
	h := func(b []byte, from netip.AddrPort) []dnstest.Reply {
		good := honest(b, from)[0]
		late := good
		late.Delay = 10 * time.Millisecond
		return []dnstest.Reply{good, late}
	}
	inBubble(t, "late", dnstest.Host{TCP: dnstest.Stream(h)}, newTCP, func(t *testing.T, e Engine, b *box) {
		for _, q := range ask(5, 1) {
			e.Ask([]Query{q})
			b.wait(t, 1)
			time.Sleep(time.Second)
		}
		right(t, b.outs, 5)
	})
}

// A query for which the server breaks the connection is the only one that pays
// for it.
func TestTCPBreaker(t *testing.T) {
	inBubble(t, "breaker", dnstest.Host{TCP: func(conn net.Conn) {
		for {
			b, err := dnstest.ReadFrame(conn)
			if err != nil {
				return
			}
			if string(b[headerLen+1:headerLen+5]) == "go-8" {
				time.Sleep(10 * time.Millisecond) // the responses before it are read
				dnstest.Reset(conn)
				return
			}
			time.Sleep(time.Millisecond)
			conn.Write(dnstest.Frame(honest(b, netip.AddrPort{})[0].Bytes))
		}
	}}, newTCP, func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(50, 1))
		for token, out := range b.wait(t, 50) {
			if (out.Failure != None) != (token == 8) {
				t.Errorf("token %d: %v (%v), %d tries", token, out.Failure, out.Err, out.Tries)
			}
		}
		e.Close()
		time.Sleep(time.Second)
	})
}

// One dial that fails is not the end of what waits, and a server that takes no
// connection does not hold up a long queue.
func TestTCPDials(t *testing.T) {
	for _, test := range []struct{ n, refused, most int }{{1000, 1, 2}, {3000, 1000, 12}} {
		var dials atomic.Int32
		inBubble(t, fmt.Sprint(test.n), dnstest.Host{TCP: dnstest.Stream(honest)}, func(cfg Config) Engine {
			dial := cfg.Dial
			cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				if int(dials.Add(1)) <= test.refused {
					return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
				}
				return dial(ctx, network, addr)
			}
			return newTCP(cfg)
		}, func(t *testing.T, e Engine, b *box) {
			e.Ask(ask(test.n, 2))
			outs := b.wait(t, test.n)
			if test.refused == 1 {
				right(t, outs, test.n)
			} else {
				for token, out := range outs {
					if out.Failure != Unreachable || out.Tries != 0 {
						t.Fatalf("token %d: %v, %d tries", token, out.Failure, out.Tries)
					}
				}
			}
			if n := int(dials.Load()); n > test.most {
				t.Errorf("%d dials", n)
			}
		})
	}
}

// A dial that fails is charged to what would have gone over the connection.
func TestTCPDialCharge(t *testing.T) {
	var dials atomic.Int32
	inBubble(t, "charge", dnstest.Host{TCP: dnstest.Stream(honest)}, func(cfg Config) Engine {
		dial := cfg.Dial
		cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if dials.Add(1) == 1 {
				return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
			}
			return dial(ctx, network, addr)
		}
		return newTCP(cfg)
	}, func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(1000, 1))
		failed := 0
		for _, out := range b.wait(t, 1000) {
			if out.Failure == Unreachable {
				failed++
			}
		}
		if failed != perConn {
			t.Errorf("%d of 1000 are unreachable after a dial for %d", failed, perConn)
		}
	})
}

// Where this machine has no descriptor left, a connection waits for one.
func TestTCPShortage(t *testing.T) {
	inBubble(t, "shortage", dnstest.Host{TCP: dnstest.Stream(honest)}, func(cfg Config) Engine {
		began, dial := time.Now(), cfg.Dial
		cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if time.Since(began) < time.Minute {
				return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.EMFILE}
			}
			return dial(ctx, network, addr)
		}
		return newTCP(cfg)
	}, func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(50, 1))
		right(t, b.wait(t, 50), 50)
	})
}

// A server that reads nothing, or answers nothing, is given up after two connections,
// whatever waits.
func TestTCPSilent(t *testing.T) {
	for name, host := range map[string]dnstest.Host{
		"reads":       {TCP: func(conn net.Conn) { io.Copy(io.Discard, conn) }},
		"reads never": {TCP: func(conn net.Conn) { time.Sleep(time.Hour) }},
	} {
		inBubble(t, name, host, func(cfg Config) Engine { cfg.Window = 20000; return newTCP(cfg) }, func(t *testing.T, e Engine, b *box) {
			began := time.Now()
			e.Ask(ask(20000, 3))
			for token, out := range b.wait(t, 20000) {
				if out.Failure != Timeout {
					t.Fatalf("token %d: %v (%v)", token, out.Failure, out.Err)
				}
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
			synctest.Wait()
			if s := e.Stats(); s.InFlight != 0 {
				t.Errorf("%+v", s)
			}
			e.Close()
			time.Sleep(2 * time.Hour)
		})
	}
}

// Queries that go again keep their place, urgent ones ahead.
func TestQueueFront(t *testing.T) {
	for _, gone := range []int{0, 3, 900} {
		var q queue
		q.push(ask(1000, 1))
		back := q.pop(nil, gone)
		back = append(back, Query{Token: 5000, Flags: Urgent})
		q.push([]Query{{Token: 6000, Flags: Urgent}})
		q.pushFront(back)
		var got []uint32
		for _, one := range q.drain() {
			got = append(got, one.Token)
		}
		want := []uint32{5000, 6000}
		for i := range uint32(1000) {
			want = append(want, i)
		}
		if !slices.Equal(got, want) {
			t.Errorf("after %d: %v", gone, got[:5])
		}
	}
}

// Statistics of a pool add up.
func TestPoolStats(t *testing.T) {
	inBubble(t, "pool", dnstest.Host{}, func(cfg Config) Engine {
		return newPool(cfg, func(ctx context.Context, q *Query) Outcome {
			time.Sleep(10 * time.Millisecond)
			switch q.Token % 5 {
			case 0:
				return Outcome{Failure: Timeout}
			case 1:
				return Outcome{Failure: BadResponse, RTT: time.Second}
			}
			return Outcome{}
		})
	}, func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(50, 3))
		for token, out := range b.wait(t, 50) {
			if (out.RTT == 10*time.Millisecond) != (token%5 > 1) || token%5 <= 1 && out.RTT != 0 {
				t.Errorf("token %d: %v, %v", token, out.Failure, out.RTT)
			}
		}
		synctest.Wait()
		if s, want := e.Stats(), (Stats{Queries: 70, Retries: 20, Responses: 30, Timeouts: 30, SRTT: 10 * time.Millisecond, Window: 100}); s != want {
			t.Errorf("%+v, want %+v", s, want)
		}
	})
}
