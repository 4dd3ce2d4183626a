package web

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"domprobe/candidate"
	"domprobe/probe"
)

// collect runs a search to its end.
func collect(v *verdicts, ctx context.Context, names ...string) (rows []probe.Result, err error) {
	for batch, e := range v.batches(ctx, candidate.Names(names...)) {
		rows = append(rows, batch...)
		err = e
	}
	return rows, err
}

func TestAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &script{gate: make(chan struct{}), ttl: time.Hour}
		v := newVerdicts(p, 100, cacheSize)
		names := []string{"unsure.dev", "free.dev", "new.dev"}
		var searches sync.WaitGroup
		for i := range 50 {
			mine := slices.Clone(names)
			if i%2 == 1 {
				mine[0] = "UNSURE.dev" // the same name, as the user wrote it
			}
			searches.Go(func() {
				rows, err := collect(v, t.Context(), mine...)
				if len(rows) != len(names) || err != nil {
					t.Errorf("%d rows, %v", len(rows), err)
				}
				for _, r := range rows {
					if !slices.Contains(mine, r.Keyword) {
						t.Errorf("a row of %v for %s", mine, r.Keyword)
					}
				}
			})
		}
		synctest.Wait()
		close(p.gate)
		searches.Wait()
		for _, name := range names {
			if n := p.times(name); n != 1 {
				t.Errorf("%s is asked about %d times", name, n)
			}
		}
		if len(v.claims) != 0 {
			t.Errorf("claims are left: %v", v.claims)
		}
	})
}

// The names of a search that ends early go to one that waits for them.
func TestHandedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &script{gate: make(chan struct{})}
		v := newVerdicts(p, 100, cacheSize)
		ctx, leave := context.WithCancelCause(t.Context())
		gone := errors.New("gone")
		var first, others sync.WaitGroup
		first.Go(func() {
			if rows, err := collect(v, ctx, "new.dev", "free.dev"); len(rows) != 0 || !errors.Is(err, gone) {
				t.Errorf("the first has %d rows, %v", len(rows), err)
			}
		})
		synctest.Wait() // it asks about the first name and has not come to the second
		for i := range 3 {
			others.Go(func() {
				// Each has a name of its own, too.
				rows, err := collect(v, t.Context(), "new.dev", fmt.Sprintf("other%d.dev", i))
				if len(rows) != 2 || err != nil {
					t.Errorf("%d has %d rows, %v", i, len(rows), err)
				}
			})
		}
		synctest.Wait()
		leave(gone)
		first.Wait()
		if n := len(v.claims); n != 4 {
			t.Errorf("%d claims after the first has left, want 4", n)
		}
		close(p.gate)
		others.Wait()
		if n := p.times("new.dev"); n != 2 {
			t.Errorf("asked %d times, want again after the first has left", n)
		}
		if n := p.times("free.dev"); n != 0 {
			t.Errorf("a name that nobody waits for is asked about %d times", n)
		}
		if len(v.claims) != 0 || p.running() != 0 {
			t.Errorf("left: claims %v, %d loops", v.claims, p.running())
		}
	})
}

// A search that has nothing but a name that was handed over to it ends with it.
func TestHandedOverLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &script{gate: make(chan struct{})}
		v := newVerdicts(p, 100, cacheSize)
		ctx, leave := context.WithCancel(t.Context())
		go collect(v, ctx, "new.dev")
		synctest.Wait() // it asks
		ended := make(chan int)
		go func() {
			rows, err := collect(v, t.Context(), "new.dev")
			if err != nil {
				t.Error(err)
			}
			ended <- len(rows)
		}()
		synctest.Wait() // the other waits for it
		leave()
		close(p.gate)
		select {
		case n := <-ended:
			if n != 1 {
				t.Errorf("%d rows, want 1", n)
			}
		case <-time.After(time.Hour):
			t.Fatal("the search that was left alone does not end")
		}
	})
}

// A search that leaves inherits nothing.
func TestWaiterLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &script{gate: make(chan struct{})}
		v := newVerdicts(p, 100, cacheSize)
		var leave [2]context.CancelFunc
		for i := range leave { // the first asks, the second waits
			ctx, cancel := context.WithCancel(t.Context())
			leave[i] = cancel
			go collect(v, ctx, "new.dev")
			synctest.Wait()
		}
		rows := make(chan int, 1)
		go func() {
			got, _ := collect(v, t.Context(), "new.dev")
			rows <- len(got)
		}()
		synctest.Wait()
		leave[1]()
		synctest.Wait()
		leave[0]()
		synctest.Wait()
		close(p.gate)
		select {
		case n := <-rows:
			if n != 1 || p.times("new.dev") != 2 {
				t.Errorf("%d rows, asked %d times", n, p.times("new.dev"))
			}
		case <-time.After(time.Hour):
			t.Error("the third search waits for one that has left")
		}
		if len(v.claims) != 0 {
			t.Errorf("claims are left: %v", v.claims)
		}
	})
}

// A search that leaves before it has asked about a name that it has inherited
// hands the name on.
func TestHeirLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &script{gate: make(chan struct{})}
		v := newVerdicts(p, 1, cacheSize)
		rows := make(chan int, 1)
		var leave [4]context.CancelFunc
		for i, name := range []string{"new.dev", "other.dev", "new.dev", "new.dev"} {
			ctx, cancel := context.WithCancel(t.Context())
			leave[i] = cancel
			go func() {
				got, _ := collect(v, ctx, name)
				if i == 3 {
					rows <- len(got)
				}
			}()
			synctest.Wait() // the first asks, the second waits for its place, the others for its name
		}
		for _, i := range []int{0, 2} {
			leave[i]()
			synctest.Wait()
		}
		close(p.gate)
		select {
		case n := <-rows:
			if n != 1 {
				t.Errorf("%d rows", n)
			}
		case <-time.After(time.Hour):
			t.Error("the last search waits for one that has left")
		}
	})
}

// A search that has asked about what it inherited still waits for the other names.
func TestHeirWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &script{gate: make(chan struct{}), hold: "other"}
		inherited := make(chan struct{})
		v := newVerdicts(gated{p, "new", inherited}, 10, cacheSize)
		ctx, leave := context.WithCancel(t.Context())
		go collect(v, ctx, "new.dev")
		go collect(v, t.Context(), "other.dev")
		synctest.Wait()
		rows := make(chan int, 1)
		go func() {
			got, _ := collect(v, t.Context(), "new.dev", "other.dev")
			rows <- len(got)
		}()
		synctest.Wait()
		leave()
		close(inherited)
		synctest.Wait()
		close(p.gate)
		if n := <-rows; n != 2 || p.times("other.dev") != 1 {
			t.Errorf("%d rows; the other name is asked about %d times", n, p.times("other.dev"))
		}
	})
}

// A late prober still reads names when its loop has ended.
type late struct {
	script
	next func() (candidate.Candidate, error, bool)
}

func (l *late) Batches(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]probe.Result, error] {
	return func(yield func([]probe.Result, error) bool) {
		l.next, _ = iter.Pull2(names)
		c, _, _ := l.next()
		yield([]probe.Result{l.result(c)}, nil)
	}
}

// A name that a prober reads after the end is not claimed, and takes no place.
func TestLateProber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &late{}
		v := newVerdicts(p, 1, cacheSize)
		names := []string{"new.dev", "other.dev", "more.dev"}
		if rows, err := collect(v, context.WithoutCancel(t.Context()), names...); len(rows) != 1 || err != nil {
			t.Errorf("%d rows, %v", len(rows), err)
		}
		if c, _, ok := p.next(); ok || len(v.claims) != 0 || len(v.places) != 0 {
			t.Errorf("%s is passed on after the end; %d claims, %d places", c.Name, len(v.claims), len(v.places))
		}
	})
}

// A search that waits for a place when its loop ends gives the place back.
func TestLatePlace(t *testing.T) {
	v := newVerdicts(&script{}, 1, cacheSize)
	s := &search{verdicts: v, owns: map[candidate.Key]bool{}, ended: true}
	if s.begin(t.Context(), candidate.Parse("new.dev")) || len(v.places) != 0 || len(s.owns) != 0 {
		t.Errorf("a search that has ended begins: %d places, %d names", len(v.places), len(s.owns))
	}
}

// A hoarder takes the names that it can get and has no verdicts. When its loop
// ends it needs another second.
type hoarder struct {
	taken int
	ended bool
}

func (h *hoarder) Batches(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]probe.Result, error] {
	return func(func([]probe.Result, error) bool) {
		for range names {
			h.taken++
		}
		wait(time.Second)
		h.ended = true
	}
}

// One search may ask about as many names as all searches may. When its loop has
// ended, so has the prober's.
func TestAllPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hoarder{}
		var names []string
		for i := range 5 * maxUnread {
			names = append(names, fmt.Sprintf("name%d.dev", i))
		}
		ctx, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, leave)
		if rows, _ := collect(newVerdicts(h, 4*maxUnread, cacheSize), ctx, names...); len(rows) != 0 {
			t.Errorf("%d rows", len(rows))
		}
		if h.taken != 4*maxUnread || !h.ended {
			t.Errorf("the prober has %d names; its end: %v", h.taken, h.ended)
		}
	})
}

// A search whose client does not read stops asking. It delays no other search:
// neither one for the same names, nor one that waits for a name that it inherits.
func TestUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &script{gate: make(chan struct{}), hold: "slow"}
		v := newVerdicts(p, 10, cacheSize)
		var names []string
		for i := range 20 * maxUnread {
			names = append(names, fmt.Sprintf("name%d.dev", i))
		}
		names = append([]string{"slow.dev"}, names...)
		ctx, leave := context.WithCancel(t.Context())
		go collect(v, ctx, "slow.dev")
		synctest.Wait() // the prober has the name

		read, unread := make(chan struct{}), make(chan int)
		go func() {
			n := 0
			for rows, err := range v.batches(t.Context(), candidate.Names(names...)) {
				if err != nil {
					t.Error(err)
				}
				n += len(rows)
				<-read
			}
			unread <- n
		}()
		synctest.Wait()
		asked := len(p.asked)
		if asked > 2*maxUnread+10 || asked < maxUnread/2 { // a batch that is being read, unread rows, and all places
			t.Errorf("%d of %d names are asked about for a client that does not read", asked, len(names))
		}
		others := make(chan int)
		go func() {
			rows, _ := collect(v, t.Context(), names...)
			others <- len(rows)
		}()
		synctest.Wait()
		leave() // the unread search inherits the name
		close(p.gate)
		if n := <-others; n != len(names) {
			t.Errorf("the client that reads has %d rows", n)
		}
		if n := p.times("slow.dev"); n != 2 {
			t.Errorf("the inherited name is asked about %d times", n)
		}
		close(read)
		if n := <-unread; n != len(names) {
			t.Errorf("the other client has %d rows in the end", n)
		}
	})
}

// Searches that each own names of others do not wait for one another in a circle.
func TestCrossed(t *testing.T) {
	v := newVerdicts(&script{}, 100, cacheSize)
	var names []string
	for i := range 500 {
		names = append(names, fmt.Sprintf("name%d.dev", i))
	}
	var searches sync.WaitGroup
	for i := range 20 {
		mine := slices.Concat(names[i*25:], names[:i*25])
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		searches.Go(func() {
			n := 0
			for rows, err := range v.batches(ctx, candidate.Names(mine...)) {
				if n += len(rows); i%4 == 3 && n > 100 {
					return // the loop is left early
				}
				if err != nil {
					t.Error(err)
				}
			}
			if n != len(names) {
				t.Errorf("search %d has %d rows", i, n)
			}
		})
	}
	searches.Wait()
	if len(v.claims) != 0 {
		t.Errorf("%d claims are left", len(v.claims))
	}
}

func TestKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &script{ttl: 10 * time.Minute}
		v := newVerdicts(p, 100, cacheSize)
		ask := func(name string, want int) {
			t.Helper()
			rows, err := collect(v, t.Context(), name)
			if len(rows) != 1 || err != nil || rows[0].Keyword != name {
				t.Fatalf("%s: %v, %v", name, rows, err)
			}
			if n := p.times(rows[0].Name); n != want {
				t.Errorf("%s after %v: asked %d times, want %d", name, time.Since(start), n, want)
			}
		}
		ask("free.dev", 1)
		ask("FREE.dev.", 1)
		ask("new.dev", 1)
		ask("new.dev", 1)
		ask("unsure.dev", 1)
		ask("unsure.dev", 2)
		wait(foundAge - 1)
		ask("free.dev", 1)
		wait(1)
		ask("free.dev", 2)
		ask("new.dev", 1)
		wait(5 * time.Minute)
		ask("new.dev", 2)
		p.ttl = 24 * time.Hour
		ask("never.dev", 1)
		wait(notFoundAge - 1)
		ask("never.dev", 1)
		wait(1)
		ask("never.dev", 2)
		p.ttl = 0
		ask("nottl.dev", 1)
		ask("nottl.dev", 2)
	})
}

var start = time.Now()

// wait lets time pass in a bubble.
func wait(d time.Duration) { <-time.After(d) }

func TestCacheIsBounded(t *testing.T) {
	c := cache{size: 100}
	now := time.Now()
	row := func(i int) probe.Result {
		return probe.Result{Candidate: candidate.Parse(fmt.Sprintf("name%d.dev", i)), Verdict: probe.Found, At: now}
	}
	for i := range 1000 {
		c.put(row(i))
		if _, ok := c.get(row(0).Candidate, now); !ok {
			t.Fatalf("the one that is used all the time is gone after %d", i)
		}
	}
	if len(c.entries) != 100 || c.order.Len() != 100 {
		t.Errorf("%d and %d entries", len(c.entries), c.order.Len())
	}
	if _, ok := c.get(row(1).Candidate, now); ok {
		t.Error("the oldest one is there")
	}
	if r, ok := c.get(row(999).Candidate, now); !ok || r.Name != "name999.dev" {
		t.Errorf("the newest one is %v, %v", r, ok)
	}
	if _, ok := c.get(row(999).Candidate, now.Add(time.Hour)); ok || len(c.entries) != 99 {
		t.Errorf("one that is over is there; %d entries", len(c.entries))
	}
}

// A verdict that is put again is new again, is believed from when it was reached,
// and does not keep the memory that its name was made in.
func TestCachePut(t *testing.T) {
	c := cache{size: 2}
	now := time.Now()
	put := func(name string, at time.Time) {
		c.put(probe.Result{Candidate: candidate.Parse(name), Verdict: probe.Found, At: at})
	}
	has := func(name string) bool {
		_, ok := c.get(candidate.Parse(name), now)
		return ok
	}
	for _, name := range []string{"a.dev", "b.dev", "a.dev", "c.dev"} {
		put(name, now)
	}
	if !has("a.dev") || has("b.dev") || !has("c.dev") {
		t.Error("the verdict that was put again has gone first")
	}
	put("old.dev", now.Add(-foundAge))
	if has("old.dev") {
		t.Error("a verdict is believed for longer than its age allows")
	}
	long := candidate.Parse("name.dev")
	c.put(probe.Result{Candidate: long, Verdict: probe.Found, At: now})
	for k := range c.entries {
		if unsafe.StringData(k.Name) == unsafe.StringData(long.Name) {
			t.Error("the name shares its memory with the candidate")
		}
	}
}

// All searches together are bounded in the names at once. Every place is free in
// the end, also after searches that were left.
func TestAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &script{gate: make(chan struct{})}
		v := newVerdicts(p, 3, cacheSize)
		ctx, cancel := context.WithCancel(t.Context())
		var searches sync.WaitGroup
		for i := range 10 {
			searches.Go(func() { collect(v, ctx, fmt.Sprintf("a%d.dev", i), fmt.Sprintf("b%d.dev", i)) })
		}
		synctest.Wait()
		if len(p.asked) != 3 || len(v.places) != 3 {
			t.Errorf("%d names are asked about, %d places are taken", len(p.asked), len(v.places))
		}
		cancel()
		searches.Wait()
		if len(v.places) != 0 || len(v.claims) != 0 {
			t.Errorf("left: %d places, %d claims", len(v.places), len(v.claims))
		}
		close(p.gate)
		if rows, err := collect(v, t.Context(), "a.dev", "b.dev", "c.dev", "d.dev", "co.uk"); len(rows) != 5 || err != nil || len(v.places) != 0 {
			t.Errorf("%d rows, %v, %d places", len(rows), err, len(v.places))
		}
	})
}

func BenchmarkKnown(b *testing.B) {
	v := newVerdicts(&script{ttl: time.Hour}, 100, cacheSize)
	var names []string
	for i := range 1000 {
		names = append(names, fmt.Sprintf("name%d.dev", i))
	}
	for b.Loop() {
		n := 0
		for rows := range v.batches(b.Context(), candidate.Names(names...)) {
			n += len(rows)
		}
		if n != len(names) {
			b.Fatalf("%d rows", n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(names)), "ns/name")
}
