package cli

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"

	"domprobe/candidate"
	"domprobe/probe"
)

// shuffling settles names in a random order, with about fifty in flight. It
// takes them on a goroutine, as a prober does, because they may have to wait.
func shuffling(names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]probe.Result, error] {
	taken := make(chan candidate.Candidate, 50)
	go func() {
		defer close(taken)
		for c := range names {
			taken <- c
		}
	}()
	return func(yield func([]probe.Result, error) bool) {
		var flying []probe.Result
		for more := true; more || len(flying) > 0; {
			var c candidate.Candidate
			if len(flying) == 0 {
				c, more = <-taken
			} else {
				select {
				case c, more = <-taken:
				default:
				}
			}
			if c.Name != "" {
				flying = append(flying, probe.Result{Candidate: c})
				if len(flying) < 50 {
					continue
				}
			}
			rand.Shuffle(len(flying), func(i, j int) { flying[i], flying[j] = flying[j], flying[i] })
			n := (len(flying) + 1) / 2
			if !yield(flying[:n], nil) {
				return
			}
			flying = slices.Clone(flying[n:])
		}
	}
}

func TestOrder(t *testing.T) {
	var want []string
	for i := range 2000 {
		// Some names come more than once, also while they are in flight.
		want = append(want, fmt.Sprintf("word%d.dev", i-i%3))
	}
	for _, window := range []int{0, 100, 2000} {
		o := newOrder(window)
		var got []string
		for rows, err := range o.results(shuffling(o.candidates(candidate.Names(want...)))) {
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				got = append(got, r.Name)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("window %d: not the order of the input", window)
		}
		if len(o.queue) != 0 || len(o.last) != 0 {
			t.Errorf("window %d: %d places and %d names are left", window, len(o.queue), len(o.last))
		}
	}
}

// The same name under two TLDs is two candidates.
func TestOrderTLD(t *testing.T) {
	under := func(tld string) candidate.Candidate { return candidate.Candidate{Name: "a.b.io", TLD: tld} }
	o := newOrder(0)
	for range o.candidates(func(yield func(candidate.Candidate, error) bool) {
		_ = yield(under("io"), nil) && yield(under("b.io"), nil)
	}) {
	}
	for _, tld := range []string{"io", "b.io"} {
		got := o.settle([]probe.Result{{Candidate: under(tld)}})
		if len(got) != 1 || got[0].TLD != tld {
			t.Errorf("%s: %v", tld, got)
		}
	}
}

// One name that never settles stops the source when the window is full, and
// the others come at the end.
func TestOrderWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const window = 10
		o := newOrder(window)
		taken := make(chan candidate.Candidate)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for c := range o.candidates(candidate.Names("a.dev", "b.dev", "c.dev", "d.dev", "e.dev", "f.dev", "g.dev", "h.dev", "i.dev", "j.dev", "k.dev", "l.dev")) {
				select {
				case taken <- c:
				case <-o.stop:
					return
				}
			}
		}()
		broken := errors.New("broken")
		batches := func(yield func([]probe.Result, error) bool) {
			for i := range window {
				c := <-taken
				if i > 0 && !yield([]probe.Result{{Candidate: c}}, nil) {
					return
				}
			}
			synctest.Wait()
			select {
			case c := <-taken:
				t.Errorf("%s was taken although the window is full", c.Name)
			default:
			}
			yield(nil, broken)
		}
		var got []string
		var failed error
		for rows, err := range o.results(batches) {
			for _, r := range rows {
				got = append(got, r.Name)
			}
			failed = err
		}
		if len(got) != window-1 || got[0] != "b.dev" || got[window-2] != "j.dev" || failed != broken {
			t.Errorf("%q, %v", got, failed)
		}
		<-done // the source has been let go
	})
}

// The window grows with the results, up to a limit.
func TestOrderGrows(t *testing.T) {
	o := newOrder(2)
	o.most = 5
	room := func() (n int) {
		for entered := true; entered; n++ {
			entered, _ = o.tryEnter(candidate.Key{Name: fmt.Sprint(o.first, n)})
		}
		return n - 1
	}
	for i, want := range []int{2, 2, 2, 2, 2, 2, 3, 3, 4, 5, 5, 5} {
		if got := room(); got != want {
			t.Errorf("round %d: room for %d names after %d results, want %d", i, got, o.first, want)
		}
		var rows []probe.Result
		for name := range o.last {
			rows = append(rows, probe.Result{Candidate: candidate.Candidate{Name: name.Name, TLD: name.TLD}})
		}
		if got := o.settle(rows); len(got) != len(rows) || o.open != 0 {
			t.Errorf("%d results of %d, %d open", len(got), len(rows), o.open)
		}
	}
}

// A name that may not come in waits for others to have their results. If it may
// not come in alone, the source ends.
func TestOrderMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrder(0)
		allowed := 7
		o.may = func(_ candidate.Key, open int) bool {
			if open == 3 || allowed == 0 {
				return false
			}
			allowed--
			return true
		}
		names := candidate.Names("a.dev", "b.dev", "c.dev", "d.dev", "e.dev", "f.dev", "g.dev", "h.dev", "i.dev")
		taken := make(chan candidate.Candidate, 9)
		go func() {
			defer close(taken)
			for c := range o.candidates(names) {
				taken <- c
			}
		}()
		var got []string
		for rows := range o.results(func(yield func([]probe.Result, error) bool) {
			for c := range taken {
				synctest.Wait()
				if n := len(taken); n > 2 {
					t.Errorf("%d names wait beside one", n)
				}
				if !yield([]probe.Result{{Candidate: c}}, nil) {
					return
				}
			}
		}) {
			for _, r := range rows {
				got = append(got, r.Name)
			}
		}
		if len(got) != 7 || got[6] != "g.dev" {
			t.Errorf("%q", got)
		}
	})
}
