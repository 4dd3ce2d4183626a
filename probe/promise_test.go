package probe_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"domprobe/candidate"
	"domprobe/internal/dnstest"
	"domprobe/probe"
	"domprobe/probe/resolver"
)

// An exchanger answers from the world after a delay.
type exchanger struct {
	delay func() time.Duration

	mu      sync.Mutex
	slowest time.Duration
	asked   int
}

func (e *exchanger) ExchangeContext(ctx context.Context, m *dns.Msg, addr string) (*dns.Msg, time.Duration, error) {
	delay := e.delay()
	e.mu.Lock()
	e.asked++
	e.slowest = max(e.slowest, delay)
	e.mu.Unlock()
	if delay == 0 {
		return world.Resolve(m), 0, nil
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return world.Resolve(m), delay, nil
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
}

func numbered(n int) (names []string) {
	for i := range n {
		prefix := "free"
		if i%2 == 0 {
			prefix = "go"
		}
		names = append(names, fmt.Sprintf("%s-%d.dev", prefix, i))
	}
	return names
}

// The promise: a run takes about as long as its slowest answer, the controls'
// answers included.
func TestPromise(t *testing.T) {
	for seed := range uint64(50) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			e := &exchanger{}
			e.delay = func() time.Duration {
				e.mu.Lock()
				defer e.mu.Unlock()
				return 10*time.Millisecond + time.Duration(rng.Int64N(int64(190*time.Millisecond)))
			}
			began := time.Now()
			got := probeAll(t, probe.Options{Servers: udpServers("192.0.2.53:53"), Exchanger: e}, numbered(35)...)
			if took := time.Since(began); took > e.slowest*12/10 {
				t.Errorf("seed %d: 35 names took %v; the slowest of %d answers took %v", seed, took, e.asked, e.slowest)
			}
			expect(t, got, "go-0.dev", goRight)
			expect(t, got, "free-1.dev", freeRight)
		})
	}
}

// The same over the package's own transport.
func TestPromiseUDP(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 2))
			var mu sync.Mutex
			var slowest time.Duration
			n := delayed(func() time.Duration {
				mu.Lock()
				defer mu.Unlock()
				d := 10*time.Millisecond + time.Duration(rng.Int64N(int64(190*time.Millisecond)))
				slowest = max(slowest, d)
				return d
			})
			defer n.Close()
			began := time.Now()
			got := probeAll(t, probe.Options{Servers: udpServers("192.0.2.53:53"), Dial: n.Dial}, numbered(35)...)
			if took := time.Since(began); took > slowest*12/10 {
				t.Errorf("seed %d: 35 names took %v, the slowest answer %v", seed, took, slowest)
			}
			expect(t, got, "go-0.dev", goRight)
			expect(t, got, "free-1.dev", freeRight)
		})
	}
}

// delayed is a network with one resolver at 192.0.2.53:53.
func delayed(delay func() time.Duration) *dnstest.Net {
	n := new(dnstest.Net)
	late := later(delay, world.Resolve)
	n.Listen("192.0.2.53:53", dnstest.Host{UDP: late, TCP: dnstest.Stream(late)})
	return n
}

func endless(yield func(candidate.Candidate, error) bool) {
	for i := 0; yield(candidate.Parse(fmt.Sprintf("go-%d.dev", i)), nil); i++ {
	}
}

// ended checks in a synctest bubble that nothing is left of a loop, neither
// sockets nor goroutines: what remained durably blocked would fail the bubble.
func ended(t *testing.T, n *dnstest.Net) {
	t.Helper()
	synctest.Wait() // the servers' ends close when they see the clients' closed
	if open := n.Open(); open != 0 {
		t.Errorf("%d connections are open after the loop", open)
	}
	n.Close()
}

func TestNothingLeft(t *testing.T) {
	fast := func() time.Duration { return time.Millisecond }
	never := func() time.Duration { return time.Hour }
	options := func(n *dnstest.Net) probe.Options {
		return probe.Options{Servers: udpServers("192.0.2.53:53"), Dial: n.Dial}
	}
	newProber := func(t *testing.T, opts probe.Options) *probe.Prober {
		p, err := probe.New(opts)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	t.Run("loop", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n := delayed(fast)
			probeAll(t, options(n), numbered(2000)...)
			ended(t, n)
		})
	})
	t.Run("break", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n := delayed(fast)
			p := newProber(t, options(n))
			rows := 0
			for range p.Probe(t.Context(), endless) {
				if rows++; rows == 777 {
					break
				}
			}
			ended(t, n)
		})
	})
	t.Run("panic in the body", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n := delayed(fast)
			p := newProber(t, options(n))
			func() {
				defer func() { recover() }()
				for range p.Probe(t.Context(), endless) {
					panic("body")
				}
			}()
			ended(t, n)
		})
	})
	for _, transport := range []string{"udp", "exchanger"} {
		t.Run("cancel "+transport, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := delayed(never)
				opts := options(n)
				if transport == "exchanger" {
					opts.Exchanger = &exchanger{delay: never}
				}
				opts.Timeout = time.Minute
				p := newProber(t, opts)
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				began := time.Now()
				var last error
				rows := 0
				for _, err := range p.Probe(ctx, endless) {
					last = err
					rows++
				}
				if !errors.Is(last, context.DeadlineExceeded) || rows != 1 {
					t.Errorf("%d rows, the last with error %v; want the context's and nothing else", rows, last)
				}
				if took := time.Since(began); took != 3*time.Second {
					t.Errorf("the loop ended after %v, not with its context", took)
				}
				ended(t, n)
			})
		})
	}
	t.Run("cancelled before", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n := delayed(fast)
			p := newProber(t, options(n))
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if r, _ := p.One(ctx, "go.dev"); r.Verdict != probe.Unknown || !errors.Is(r.Err, context.Canceled) {
				t.Errorf("One with a cancelled context gives %v, %v", r.Verdict, r.Err)
			}
			ended(t, n)
		})
	})
	t.Run("loopback", func(t *testing.T) {
		addr := serve(t, dnstest.Answer(world.Resolve))
		before := goleak.IgnoreCurrent()
		p := newProber(t, probe.Options{Servers: udpServers(addr)})
		rows := 0
		for range p.Probe(t.Context(), endless) {
			if rows++; rows == 100 {
				break
			}
		}
		goleak.VerifyNone(t, before)
	})
}

// The error of the source comes once and last, after the rows of what came
// before it.
func TestSourceError(t *testing.T) {
	broken := errors.New("disk on fire")
	source := func(yield func(candidate.Candidate, error) bool) {
		for _, name := range numbered(10) {
			if !yield(candidate.Parse(name), nil) {
				return
			}
		}
		yield(candidate.Candidate{}, broken)
	}
	p, err := probe.New(probe.Options{Servers: udpServers(serve(t, dnstest.Answer(world.Resolve)))})
	if err != nil {
		t.Fatal(err)
	}
	rows, errs := 0, 0
	for _, err := range p.Probe(t.Context(), source) {
		switch {
		case err == nil && errs == 0:
			rows++
		case errors.Is(err, broken):
			errs++
		default:
			t.Errorf("row after the error, or another error: %v", err)
		}
	}
	if rows != 10 || errs != 1 {
		t.Errorf("%d rows and %d errors, want 10 and 1", rows, errs)
	}
}

// A source that blocks in a read is not waited for.
func TestBlockedSource(t *testing.T) {
	release := make(chan struct{})
	returned := make(chan struct{})
	var source iter.Seq2[candidate.Candidate, error] = func(yield func(candidate.Candidate, error) bool) {
		defer close(returned)
		if yield(candidate.Parse("go.dev"), nil) {
			<-release
		}
	}
	p, err := probe.New(probe.Options{Servers: udpServers(serve(t, dnstest.Answer(world.Resolve)))})
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for r, err := range p.Probe(t.Context(), source) {
		if err != nil || r.Verdict != probe.Found {
			t.Errorf("got %v, %v", r.Verdict, err)
		}
		rows++
		break
	}
	if rows != 1 {
		t.Errorf("%d rows", rows)
	}
	close(release)
	<-returned
}

func TestClosed(t *testing.T) {
	p, err := probe.New(probe.Options{Servers: udpServers("127.0.0.1:9")})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	for _, err := range p.Probe(t.Context(), endless) {
		if !errors.Is(err, probe.ErrClosed) {
			t.Errorf("a loop after Close gives %v", err)
		}
	}
	if r, _ := p.One(t.Context(), "go.dev"); r.Verdict != probe.Unknown || r.Reason != probe.Unreachable || r.Err != probe.ErrClosed {
		t.Errorf("One after Close: %v (%s), %v", r.Verdict, r.Reason, r.Err)
	}
}

// The rate to a server holds over all loops together.
func TestRateOverLoops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &exchanger{delay: func() time.Duration { return 0 }}
		p, err := probe.New(probe.Options{Servers: udpServers("192.0.2.53:53"), Rate: 10, Exchanger: e})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		start := time.Now()
		var loops sync.WaitGroup
		for i := range 20 {
			loops.Go(func() {
				if r, _ := p.One(t.Context(), fmt.Sprintf("go-%d.dev", i)); r.Verdict != probe.Found {
					t.Errorf("%s: %v (%s)", r.Name, r.Verdict, r.Reason)
				}
			})
		}
		loops.Wait()
		p.One(t.Context(), "free.dev")
		// One query goes out at once.
		if n, most := e.asked, 1+10*time.Since(start).Seconds(); n < 20 || float64(n) > most+0.001 {
			t.Errorf("%d queries in %v, want at most %.0f", n, time.Since(start), most)
		}
	})
}

// What needs no question needs no Prober that works and no time.
func TestOneWithoutTime(t *testing.T) {
	p, err := probe.New(probe.Options{Servers: udpServers("127.0.0.1:9")})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r, _ := p.One(ctx, "go.dev"); r.Verdict != probe.Unknown || r.Reason != probe.Timeout || r.Err != context.Canceled || r.Name != "go.dev" {
		t.Errorf("%s: %v (%s), %v", r.Name, r.Verdict, r.Reason, r.Err)
	}
	if r, _ := p.One(ctx, "a..b"); r.Verdict != probe.Invalid || r.Reason != candidate.BadLabel {
		t.Errorf("a..b: %v (%s), %v", r.Verdict, r.Reason, r.Err)
	}
}

func TestOptions(t *testing.T) {
	good := udpServers("127.0.0.1:9")
	for _, opts := range []probe.Options{
		{Servers: good, Concurrency: -1},
		{Servers: good, Concurrency: probe.MaxConcurrency + 1},
		{Servers: good, Tries: probe.MaxTries + 1},
		{Servers: good, Tries: -1},
		{Servers: good, Timeout: -time.Second},
		{Servers: good, Quorum: -1},
		{Servers: good, Quorum: 2},
		{Servers: good, Rate: math.NaN()},
		{Servers: good, ZoneFiles: []probe.ZoneFile{nil}},
		{Servers: []resolver.Server{{}}},
		{Servers: []resolver.Server{{Transport: resolver.Demo}}},
		{Servers: []resolver.Server{{Transport: "ftp", Addr: "192.0.2.1:53"}}},
		{Servers: []resolver.Server{{Transport: resolver.UDP, Addr: "192.0.2.1"}}},
		{Servers: []resolver.Server{{Transport: resolver.TCP, Addr: ":53"}}},
		{Servers: []resolver.Server{{Transport: resolver.TLS, Addr: "192.0.2.1:99999"}}},
		{Servers: append(good, resolver.Server{Transport: resolver.UDP, Addr: "192.0.2.1:domain"})},
	} {
		if _, err := probe.New(opts); err == nil {
			t.Errorf("New takes %+v", opts)
		}
	}
}

// A source that panics or ends its goroutine does so to the loop, not to the
// process or to nobody.
func TestSourceEscapes(t *testing.T) {
	names := func(end func()) iter.Seq2[candidate.Candidate, error] {
		return func(yield func(candidate.Candidate, error) bool) {
			yield(candidate.Parse("go-1.dev"), nil)
			end()
		}
	}
	for _, confirms := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			n := delayed(func() time.Duration { return time.Millisecond })
			opts := probe.Options{Servers: udpServers("192.0.2.53:53"), Dial: n.Dial}
			if confirms {
				opts.Confirm = confirmFunc(func(context.Context, string) probe.Confirmation { return probe.Confirmation{} })
			}
			p, err := probe.New(opts)
			if err != nil {
				t.Fatal(err)
			}
			loop := func(end func()) (rows int, panicked any, returned bool) {
				done := make(chan struct{})
				go func() {
					defer close(done)
					defer func() { panicked = recover() }()
					for range p.Probe(context.Background(), names(end)) {
						rows++
					}
					returned = true
				}()
				<-done
				return rows, panicked, returned
			}
			if _, panicked, returned := loop(func() { panic("source") }); panicked != "source" || returned {
				t.Errorf("confirmed %v: panicked with %v, returned %v", confirms, panicked, returned)
			}
			if _, panicked, returned := loop(runtime.Goexit); panicked != nil || returned {
				t.Errorf("confirmed %v: after Goexit panicked with %v, returned %v", confirms, panicked, returned)
			}
			ended(t, n)
		})
	}
}

type confirmFunc func(context.Context, string) probe.Confirmation

func (f confirmFunc) Confirm(ctx context.Context, name string) probe.Confirmation {
	return f(ctx, name)
}

// A context that ends leaves word of the names that were read and have no row, those
// that were read ahead too.
func TestUnfinished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := delayed(func() time.Duration { return time.Hour })
		p, err := probe.New(probe.Options{Servers: udpServers("192.0.2.53:53"), Dial: n.Dial, Timeout: time.Minute, Concurrency: 10})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var u *probe.Unfinished
		for _, err := range p.Probe(ctx, candidate.Names(numbered(25)...)) {
			if !errors.As(err, &u) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v", err)
			}
		}
		left := map[string]bool{}
		if u != nil {
			for _, c := range u.Names {
				left[c.Name] = true
			}
		}
		if len(left) != 25 || len(u.Names) != 25 {
			t.Errorf("left over: %+v", u)
		}
		ended(t, n)
	})
}

// Statistics count what was sent to each server, in loops that have ended too.
func TestStats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := delayed(func() time.Duration { return time.Millisecond })
		p, err := probe.New(probe.Options{Servers: udpServers("192.0.2.53:53", "192.0.2.54:53"), Dial: n.Dial})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			for r, err := range p.Probe(t.Context(), candidate.Names(numbered(20)...)) {
				if err != nil || r.Verdict == probe.Unknown {
					t.Fatal(r, err)
				}
			}
		}
		stats := p.Stats()
		if len(stats) != 2 || stats[0].Server != "192.0.2.53:53" || stats[0].Queries < 40 || stats[0].Responses < 40 ||
			stats[1].Server != "192.0.2.54:53" || stats[1].Responses != 0 {
			t.Errorf("%+v", stats)
		}
		ended(t, n)
	})
}

// A server that is given twice, or over two transports, has one vote.
func TestOneVote(t *testing.T) {
	twice := udpServers("192.0.2.53:53", "192.0.2.53:53")
	both := append(udpServers("192.0.2.53:53"), resolver.Server{Transport: resolver.TCP, Addr: "192.0.2.53:53"})
	for _, servers := range [][]resolver.Server{twice, both} {
		if _, err := probe.New(probe.Options{Servers: servers, Quorum: 2}); err == nil {
			t.Errorf("%v make a quorum of 2", servers)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		n := delayed(func() time.Duration { return time.Millisecond })
		n.Listen("192.0.2.54:53", dnstest.Host{})
		opts := probe.Options{Servers: append(both, udpServers("192.0.2.54:53")...), Quorum: 2, Dial: n.Dial}
		got := probeAll(t, opts, "go-1.dev", "free-1.dev")
		expect(t, got, "go-1.dev", "unknown no-quorum")
		expect(t, got, "free-1.dev", "unknown no-quorum")
		ended(t, n)
	})
}
