package probe_test

import (
	"math"
	"testing"
	"time"

	"domprobe/probe"
	"domprobe/probe/resolver"
)

// A run takes as long as its round trips, or as the rates to its servers.
func TestExpected(t *testing.T) {
	local := resolver.Server{Transport: resolver.UDP, Addr: "127.0.0.1:53"}
	public := resolver.Server{Transport: resolver.UDP, Addr: "192.0.2.1:53"}
	for _, tt := range []struct {
		opts     probe.Options
		names    int
		from, to time.Duration
	}{
		{probe.Options{Servers: []resolver.Server{local}}, 0, 0, 0},
		{probe.Options{Servers: []resolver.Server{local}}, 1, 50 * time.Millisecond, 500 * time.Millisecond},
		{probe.Options{Servers: []resolver.Server{local}}, 100_000, 30 * time.Second, 90 * time.Second},
		{probe.Options{Servers: []resolver.Server{local}, Concurrency: 10_000}, 100_000, 500 * time.Millisecond, time.Second},
		{probe.Options{Servers: []resolver.Server{public}, Concurrency: 10_000, Escalate: true}, 100_000, 100 * time.Second, 110 * time.Second},
		{probe.Options{Servers: []resolver.Server{public, public}, Concurrency: 10_000}, 100_000, 50 * time.Second, 60 * time.Second},
		{probe.Options{Servers: []resolver.Server{local}, Rate: 10}, 100, 10 * time.Second, 12 * time.Second},
		{probe.Options{Servers: []resolver.Server{local}}, math.MaxInt, time.Hour, math.MaxInt64},
		{probe.Options{Servers: []resolver.Server{local}, Rate: 1e-12}, 100, 1 << 61, math.MaxInt64},
		{probe.Options{Servers: []resolver.Server{local}, Timeout: math.MaxInt64}, 1, 50 * time.Millisecond, time.Second},
	} {
		if got := tt.opts.Expected(tt.names, 1); got < tt.from || got > tt.to {
			t.Errorf("%d names at %v: %v, want %v to %v", tt.names, tt.opts.Servers, got, tt.from, tt.to)
		}
		if worst := tt.opts.WorstCase(tt.names); tt.opts.Expected(tt.names, 1) > worst {
			t.Errorf("%d names at %v: more than the worst case, %v", tt.names, tt.opts.Servers, worst)
		}
	}
}

// Among good resolvers the one that loses less comes first, then the faster.
func TestRankByLoss(t *testing.T) {
	list := []probe.Surveyed{
		{Server: "silent"},
		{Server: "bad", Asked: 10, Answered: 10, MedianMS: 1},
		{Server: "lossy", Good: true, Asked: 10, Answered: 8, MedianMS: 1},
		{Server: "asked little", Good: true, Asked: 5, Answered: 5, MedianMS: 1},
		{Server: "slow", Good: true, Asked: 10, Answered: 10, MedianMS: 20},
		{Server: "fast", Good: true, Asked: 10, Answered: 10, MedianMS: 10},
	}
	probe.Rank(list)
	for i, want := range []string{"fast", "slow", "asked little", "lossy", "bad", "silent"} {
		if list[i].Server != want {
			t.Errorf("place %d: %s, want %s", i, list[i].Server, want)
		}
	}
}
