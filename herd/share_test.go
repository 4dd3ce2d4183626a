package herd_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"domprobe/candidate"
	"domprobe/herd"
	"domprobe/herd/herdtest"
	"domprobe/probe"
)

// A counting prober counts the names that it is asked about.
type counting struct {
	herd.Prober
	asked *atomic.Int64
}

func (p counting) Batches(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]probe.Result, error] {
	return p.Prober.Batches(ctx, func(yield func(candidate.Candidate, error) bool) {
		for c, err := range names {
			p.asked.Add(1)
			if !yield(c, err) {
				return
			}
		}
	})
}

// Three instances, each with many loops about the same names at once: a name is
// asked about once.
func TestShared(t *testing.T) {
	s := startNATS(t, t.TempDir(), -1)
	var asked atomic.Int64
	var running sync.WaitGroup
	said := make([]*herdtest.Log, 3)
	for i := range said {
		c, l := connect(t, s, fmt.Sprint("instance", i), nil)
		said[i] = l
		shared, err := c.Share(counting{truth{share: 50}, &asked}, herd.Settings{}, hour)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			running.Go(func() { check(t, shared, 1000) })
		}
	}
	running.Wait()
	if n := asked.Load(); n != 1000+5*10 { // every loop asks for the row of an invalid name
		t.Errorf("%d names were asked about; the users were told %s %s %s", n, said[0], said[1], said[2])
	}
}

// Instances with other settings share nothing, and neither is a verdict given out
// that has become too old, or an unknown one.
func TestNotShared(t *testing.T) {
	s := startNATS(t, t.TempDir(), -1)
	c, _ := connect(t, s, "instance", nil)
	for _, test := range []struct {
		what   string
		first  herd.Settings
		keep   herd.Keep
		lie    bool
		shared bool
	}{
		{"the same", herd.Settings{Quorum: 9}, hour, false, true},
		{"another quorum", herd.Settings{Quorum: 2, Tries: 3}, hour, false, false},
		{"the demo", herd.Settings{Quorum: 9, Timeout: 1, Demo: true}, hour, false, false},
		{"too old", herd.Settings{Quorum: 9, Tries: 1}, func(*probe.Result) time.Duration { return time.Nanosecond }, false, false},
		{"unknown", herd.Settings{Quorum: 9, Tries: 2}, hour, true, false},
	} {
		second := test.first
		second.Quorum, second.Demo = 9, false
		var asked atomic.Int64
		p := truth{share: 50}
		if test.lie {
			p.change = func(r *probe.Result) { r.Verdict = probe.Unknown }
		}
		one, err := c.Share(counting{p, &asked}, test.first, test.keep)
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range one.Batches(t.Context(), namesOf(50)) {
			if err != nil {
				t.Fatal(err)
			}
		}
		two, err := c.Share(counting{truth{share: 50}, &asked}, second, test.keep)
		if err != nil {
			t.Fatal(err)
		}
		check(t, two, 50)
		want := int64(100)
		if test.shared {
			want = 50
		}
		if n := asked.Load(); n != want {
			t.Errorf("%s: %d names were asked about, want %d", test.what, n, want)
		}
	}
}

// Machines whose clocks differ by an hour share, and a verdict is as old to each as
// it is.
func TestClocksDiffer(t *testing.T) {
	s := startNATS(t, t.TempDir(), -1)
	c, _ := connect(t, s, "instance", nil)
	var asked atomic.Int64
	for _, off := range []time.Duration{-time.Hour, 0, time.Hour} {
		clock := func() time.Time { return time.Now().Add(off) }
		p := truth{share: 50, change: func(r *probe.Result) { r.At = clock() }}
		shared, err := c.Share(counting{p, &asked}, herd.Settings{}, func(*probe.Result) time.Duration { return 10 * time.Minute })
		if err != nil {
			t.Fatal(err)
		}
		shared.SetClock(clock)
		for rows, err := range shared.Batches(t.Context(), namesOf(50)) {
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				if age := clock().Sub(r.At); age < 0 || age > 5*time.Minute {
					t.Fatalf("with a clock that is off by %v, the verdict is %v old", off, age)
				}
			}
		}
	}
	if n := asked.Load(); n != 50 {
		t.Errorf("%d names were asked about", n)
	}
}

// A loop that is left gives its claims up, so that nobody waits for it.
func TestClaimsEnd(t *testing.T) {
	s := startNATS(t, t.TempDir(), -1)
	c, _ := connect(t, s, "instance", nil)
	stuck, err := c.Share(truth{share: 50, wait: make(chan struct{})}, herd.Settings{}, hour)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var asked atomic.Int64
	go func() {
		<-time.After(100 * time.Millisecond)
		cancel()
	}()
	for rows, err := range stuck.Batches(ctx, namesOf(20)) {
		if err == nil {
			t.Errorf("a stuck prober gives %d rows", len(rows))
		}
	}
	other, err := c.Share(counting{truth{share: 50}, &asked}, herd.Settings{}, hour)
	if err != nil {
		t.Fatal(err)
	}
	check(t, other, 20)
	if n := asked.Load(); n != 20 {
		t.Errorf("%d names were asked about", n)
	}
}

// Without the server an instance serves alone, and says so once; later it shares
// again.
func TestSharedAlone(t *testing.T) {
	dir := t.TempDir()
	s := startNATS(t, dir, -1)
	port := portOf(s)
	c, said := connect(t, s, "instance", func(o *herd.Options) { o.Patient = true })
	var asked atomic.Int64
	shared, err := c.Share(counting{truth{share: 50}, &asked}, herd.Settings{}, hour)
	if err != nil {
		t.Fatal(err)
	}
	check(t, shared, 200)
	herdtest.StopNATS(s)
	said.Wait(t, "is away; going on alone")
	for range 3 {
		check(t, shared, 200)
	}
	if n := strings.Count(said.String(), "\n"); n != 1 {
		t.Errorf("the user was told %d lines:\n%s", n, said)
	}
	startNATS(t, dir, port)
	said.Wait(t, "is back")
	before := asked.Load()
	check(t, shared, 200)
	check(t, shared, 200)
	if n := asked.Load() - before; n > 202 {
		t.Errorf("%d names were asked about", n)
	}
}
