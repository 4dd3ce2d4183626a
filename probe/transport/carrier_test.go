package transport

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

// A busyServer is carried to. It refuses by the number of the query, from 1.
type busyServer struct {
	t      *testing.T
	refuse func(n int) *BusyError

	mu    sync.Mutex
	times []time.Duration // of the queries, since the start
	trace int
	start time.Time
}

func (s *busyServer) carry(ctx context.Context, query []byte) ([]byte, error) {
	s.mu.Lock()
	s.times = append(s.times, time.Since(s.start))
	busy := s.refuse(len(s.times))
	s.mu.Unlock()
	time.Sleep(10 * time.Millisecond)
	if busy != nil {
		return nil, busy
	}
	var q dns.Msg
	if err := q.Unpack(query); err != nil || q.Id != 0 || len(query)%padBlock != 0 {
		s.t.Errorf("query of %d octets with the ID %d: %v", len(query), q.Id, err)
	}
	return mustPack(s.t, truth.Resolve(&q)), nil
}

var errBusy = errors.New("429 Too Many Requests")

// carrying runs a test of a carrier with fake time.
func carrying(t *testing.T, name string, refuse func(n int) *BusyError, f func(t *testing.T, s *busyServer, e Engine, b *box)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := &busyServer{t: t, refuse: refuse, start: time.Now()}
			b := newBox()
			trace := func(Event) {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.trace++
			}
			e := NewCarrier(Config{Deliver: b.deliver, Window: 10, Timeout: 2 * time.Second, Trace: trace}, s.carry)
			f(t, s, e, b)
			e.Close()
		})
	})
}

func TestCarrierBusy(t *testing.T) {
	// Refused without a time: a pause of a second, then of two, of four. Ten
	// queries that are refused at once make one pause. An answer makes the
	// next pause short again.
	carrying(t, "doubling", func(n int) *BusyError {
		if n <= 30 || n == 41 {
			return &BusyError{Err: errBusy}
		}
		return nil
	}, func(t *testing.T, s *busyServer, e Engine, b *box) {
		e.Ask(ask(10, 1))
		right(t, b.wait(t, 10), 10)
		e.Ask(ask(11, 1)[10:])
		right(t, b.wait(t, 1), 11)
		var waves []string
		for i, at := range s.times {
			if i == 0 || at != s.times[i-1] {
				waves = append(waves, fmt.Sprint(at))
			}
		}
		if got := strings.Join(waves, " "); got != "0s 1.01s 3.02s 7.03s 7.04s 8.05s" {
			t.Errorf("queries went out after %s", got)
		}
		if s.trace != len(s.times) {
			t.Errorf("%d of %d queries were traced", s.trace, len(s.times))
		}
		for token, out := range b.outs {
			if out.Tries != 1 || out.RTT != 10*time.Millisecond {
				t.Errorf("token %d: %d tries, round trip %v", token, out.Tries, out.RTT)
			}
		}
	})
	// Those that were never refused wait as well.
	carrying(t, "together", func(n int) *BusyError {
		if n == 1 {
			return &BusyError{After: 30 * time.Second, Err: errBusy}
		}
		return nil
	}, func(t *testing.T, s *busyServer, e Engine, b *box) {
		e.Ask(ask(1, 1))
		time.Sleep(time.Second)
		e.Ask(ask(5, 1)[1:])
		right(t, b.wait(t, 5), 5)
		for i, at := range s.times {
			if want := 30*time.Second + 10*time.Millisecond; i > 0 && at != want {
				t.Errorf("query %d went out after %v, want %v", i, at, want)
			}
		}
	})
	// A server that refuses for ever costs a query a minute, and a try.
	carrying(t, "for ever", func(int) *BusyError { return &BusyError{After: time.Hour, Err: errBusy} },
		func(t *testing.T, s *busyServer, e Engine, b *box) {
			e.Ask(ask(20, 3))
			for token, out := range b.wait(t, 20) {
				if out.Failure != Unreachable || out.Tries != 1 || !errors.Is(out.Err, errBusy) {
					t.Errorf("token %d: %v after %d tries (%v)", token, out.Failure, out.Tries, out.Err)
				}
			}
			if took := time.Since(s.start); took > 3*time.Minute || len(s.times) > 40 {
				t.Errorf("%d queries in %v", len(s.times), took)
			}
		})
	carrying(t, "closed", func(int) *BusyError { return &BusyError{Err: errBusy} }, func(t *testing.T, s *busyServer, e Engine, b *box) {
		e.Ask(ask(20, 3))
		time.Sleep(500 * time.Millisecond)
		e.Close()
		for token, out := range b.wait(t, 20) {
			if out.Failure != Closed {
				t.Errorf("token %d: %v (%v)", token, out.Failure, out.Err)
			}
		}
		if took := time.Since(s.start); took != 500*time.Millisecond {
			t.Errorf("closed after %v", took)
		}
	})
}

// Engines that share the limit of a server share its pauses.
func TestCarrierShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &busyServer{t: t, start: time.Now(), refuse: func(n int) *BusyError {
			if n == 1 {
				return &BusyError{After: 30 * time.Second, Err: errBusy}
			}
			return nil
		}}
		limit := NewLimit(1000)
		b := newBox()
		for i := range 2 {
			e := NewCarrier(Config{Deliver: b.deliver, Window: 10, Timeout: 2 * time.Second, Limit: limit}, s.carry)
			defer e.Close()
			e.Ask(ask(2, 1)[i:][:1])
			time.Sleep(time.Second)
		}
		right(t, b.wait(t, 2), 2)
		if want := 30*time.Second + 10*time.Millisecond; s.times[1] != want {
			t.Errorf("the other engine asked after %v, want %v", s.times[1], want)
		}
	})
}

// After a pause the rate holds as it did before.
func TestCarrierRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &busyServer{t: t, start: time.Now(), refuse: func(n int) *BusyError {
			if n <= 2 {
				return &BusyError{After: 5 * time.Second, Err: errBusy}
			}
			return nil
		}}
		b := newBox()
		e := NewCarrier(Config{Deliver: b.deliver, Window: 10, Timeout: 2 * time.Second, Limit: NewLimit(10)}, s.carry)
		e.Ask(ask(10, 1))
		right(t, b.wait(t, 10), 10)
		e.Close()
		if gap := s.times[2] - s.times[1]; gap < 5*time.Second { // those that waited for the rate saw the refusal
			t.Errorf("asked %v after the second refusal", gap)
		}
		for i := 1; i < len(s.times); i++ {
			if gap := s.times[i] - s.times[i-1]; gap < 100*time.Millisecond {
				t.Errorf("query %d went out %v after the one before", i, gap)
			}
		}
	})
}

// What is carried has room: a response that says that it is cut is none.
func TestCarrierCut(t *testing.T) {
	b := newBox()
	e := NewCarrier(Config{Deliver: b.deliver, Window: 1, Timeout: time.Second}, func(_ context.Context, query []byte) ([]byte, error) {
		var q dns.Msg
		if err := q.Unpack(query); err != nil {
			return nil, err
		}
		m := truth.Resolve(&q)
		m.Truncated = true
		return mustPack(t, m), nil
	})
	defer e.Close()
	e.Ask(ask(1, 1))
	if out := b.wait(t, 1)[0]; out.Failure != BadResponse || out.Err != ruleError(CutShort) {
		t.Errorf("%v (%v)", out.Failure, out.Err)
	}
}

// opens waits for a gate and reports the time from start.
func opens(t *testing.T, g *gate, start time.Time) time.Duration {
	t.Helper()
	if _, err := g.wait(t.Context(), time.Now().Add(time.Hour)); err != nil {
		t.Error(err)
	}
	return time.Since(start)
}

func TestGate(t *testing.T) {
	shut := func(g *gate, after time.Duration) { g.shut(time.Now(), &BusyError{After: after, Err: errBusy}) }
	for name, run := range map[string]func(t *testing.T, g *gate){
		"an answer to what was sent before the refusal does not make the next pause short": func(t *testing.T, g *gate) {
			start := time.Now()
			shut(g, 0)
			g.passed(start)
			if d := opens(t, g, start); d != time.Second {
				t.Errorf("open after %v", d)
			}
			shut(g, 0)
			if d := opens(t, g, start); d != 3*time.Second {
				t.Errorf("open after %v", d)
			}
		},
		"pauses double up to a minute": func(t *testing.T, g *gate) {
			for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
				start := time.Now()
				shut(g, 0)
				if d := opens(t, g, start); d != want*time.Second {
					t.Errorf("open after %v, want %v", d, want*time.Second)
				}
			}
		},
		"a pause is a minute at most, whatever the server asks for": func(t *testing.T, g *gate) {
			start := time.Now()
			shut(g, time.Hour)
			if d := opens(t, g, start); d != maxPause {
				t.Errorf("open after %v", d)
			}
		},
		"a short pause does not end a long one": func(t *testing.T, g *gate) {
			start := time.Now()
			shut(g, 30*time.Second)
			shut(g, 5*time.Second)
			if d := opens(t, g, start); d != 30*time.Second {
				t.Errorf("open after %v", d)
			}
		},
		"who has no time for the pause does not wait": func(t *testing.T, g *gate) {
			start := time.Now()
			shut(g, 30*time.Second)
			if _, err := g.wait(t.Context(), start.Add(30*time.Second-1)); !errors.Is(err, errBusy) || time.Since(start) != 0 {
				t.Errorf("%v, after %v", err, time.Since(start))
			}
			if waited, err := g.wait(t.Context(), start.Add(30*time.Second)); err != nil || !waited || time.Since(start) != 30*time.Second {
				t.Errorf("%v, after %v", err, time.Since(start))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { run(t, new(gate)) })
		})
	}
}
