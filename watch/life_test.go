package watch

import (
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"domprobe/candidate"
	"domprobe/probe"
	"domprobe/probe/forsale"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A script is a Prober that says of a name what is true now.
type script func(name string, now time.Time) probe.Result

func (s script) Batches(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]probe.Result, error] {
	return func(yield func([]probe.Result, error) bool) {
		for c := range names {
			if ctx.Err() != nil {
				yield(nil, ctx.Err())
				return
			}
			r := s(c.Name, time.Now())
			r.Candidate, r.At = c, time.Now()
			if !yield([]probe.Result{r}, nil) {
				return
			}
		}
	}
}

// newFile returns a file that is not synchronized with the disk.
func newFile(t *testing.T, names ...string) *File {
	t.Helper()
	f := NewFile(filepath.Join(t.TempDir(), "names.db"))
	f.noSync = true
	states := make([]State, len(names))
	for i, name := range names {
		states[i].Name = name
	}
	if _, err := f.Add(states...); err != nil {
		t.Fatal(err)
	}
	return f
}

// A life is what is true of a name from some day on.
type life struct {
	from   int // days
	result probe.Result
}

// TestLife watches a name in fake time, from active through its expiry, redemption
// period, pending delete and drop until it is registered again. Each look is at the
// time that was planned, and each event comes once. Every ninth look ends unknown,
// and every fifth without an answer about an offer.
func TestLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		at := func(days int) time.Time { return start.AddDate(0, 0, days) }
		found := func(reason probe.Reason, expires, drops int, status ...string) probe.Result {
			reg := &probe.Registration{Registrar: "R", Created: at(-265), Expires: at(expires), Status: status}
			if drops > 0 {
				reg.Drops = at(drops)
			}
			return probe.Result{Verdict: probe.Found, Reason: reason, Registration: reg, SaleKnown: true}
		}
		offered := found(probe.Delegated, 100, 0, "active")
		offered.Sale = forsale.Sale{Listed: true, Price: "EUR9"}
		lives := []life{
			{0, found(probe.Delegated, 100, 0, "active")},
			{20, offered},
			{40, found(probe.Delegated, 100, 0, "active")},
			{100, found(probe.Delegated, 465, 0, "auto renew period")},
			{145, found(probe.RDAPRegistered, 465, 180, "redemption period", "pending delete")},
			{175, found(probe.RDAPRegistered, 465, 180, "pending delete")},
			{180, probe.Result{Verdict: probe.NotFound, Reason: probe.RDAPNotRegistered, TTL: 15 * time.Minute}},
			{182, found(probe.Delegated, 547, 0, "add period")},
			{187, found(probe.Delegated, 547, 0, "active")},
		}
		want := []struct {
			from int
			late time.Duration // at most
			text string
		}{
			{20, dayLong, "for-sale  -> EUR9"},
			{40, dayLong, "withdrawn EUR9 -> "},
			{100, dayLong, "status active -> auto renew period"},
			{100, dayLong, "expires 2000-04-10 -> 2001-04-10"},
			{145, dayLong, "status auto renew period -> pending delete; redemption period"},
			{175, hour, "status pending delete; redemption period -> pending delete"},
			{179, 5 * time.Minute, "drops  -> 2000-06-29"},
			{180, 5 * time.Minute, "not-found found -> not-found"},
			{182, hour, "found not-found -> found"},
			{187, 7 * dayLong, "status add period -> active"},
		}

		f := newFile(t, "go.dev")
		replay := State{Name: "go.dev"} // what the plans follow from
		planned := start
		looks := 0
		prober := script(func(name string, now time.Time) (r probe.Result) {
			if !now.Equal(planned) {
				t.Fatalf("look %d is at %v, planned was %v", looks, now, planned)
			}
			if looks++; looks%9 == 0 {
				r = probe.Result{Reason: probe.Timeout}
			} else {
				for _, l := range lives {
					if !now.Before(at(l.from)) {
						r = l.result
					}
				}
				if looks%5 == 0 { // the owner's servers do not answer
					r.Sale, r.SaleKnown = forsale.Sale{}, false
				}
			}
			r.Name = name
			replay = replay.After(&r)
			planned = plan(&replay, now, 0)
			return r
		})
		var events []Event
		w := Watcher{File: f, Prober: prober, wake: 24 * time.Hour, Sinks: []Sink{{Name: "rows", Deliver: func(_ context.Context, e Event) error {
			events = append(events, e)
			return nil
		}}}}
		ctx, cancel := context.WithDeadline(t.Context(), at(200))
		defer cancel()
		if err := w.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if len(events) != len(want) {
			t.Fatalf("%d events, want %d: %v", len(events), len(want), events)
		}
		for i, e := range events {
			text := fmt.Sprintf("%s %s -> %s", e.Kind, e.Old, e.New)
			late := e.At.Sub(at(want[i].from))
			limit := want[i].late + want[i].late/10 + 6*time.Minute // and one unknown
			if text != want[i].text || late < 0 || late > limit {
				t.Errorf("%s comes %v late, want %s within %v", text, late, want[i].text, limit)
			}
		}
		if looks < 2000 || looks > 3000 {
			t.Errorf("%d looks", looks)
		}
		t.Logf("%d looks in 200 days", looks)
	})
}

// A name that is looked at often does not wait for a round of others.
func TestPacesAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFile(t, "slow.dev", "soon.dev")
		var looks atomic.Int64
		prober := script(func(name string, now time.Time) probe.Result {
			r := probe.Result{Verdict: probe.Found, Registration: &probe.Registration{Status: []string{"active"}}}
			if name == "soon.dev" {
				looks.Add(1)
				r.Registration.Status[0] = "pending delete"
			} else if !now.Equal(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)) {
				time.Sleep(10 * time.Hour) // its registry is slow
			}
			return r
		})
		ctx, cancel := context.WithTimeout(t.Context(), 48*time.Hour)
		defer cancel()
		w := Watcher{File: f, Prober: prober}
		if err := w.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if n := looks.Load(); n < 48*12*10/11-10 || n > 48*12+1 {
			t.Errorf("%d looks at a name that is looked at every 5 minutes, for 48 hours", n)
		}
	})
}

// The clock of a bubble begins anew in each: here it goes back by a year.
func TestClockGoesBack(t *testing.T) {
	f := newFile(t, "go.dev")
	prober := script(func(string, time.Time) probe.Result { return probe.Result{Verdict: probe.Found} })
	run := func(after time.Duration) (looks int, notes []string) {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(after)
			w := Watcher{File: f, Prober: prober, Once: true,
				Note:    func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) },
				Settled: func(r []probe.Result) { looks += len(r) }}
			if err := w.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
		return looks, notes
	}
	if looks, notes := run(365 * dayLong); looks != 1 || notes != nil {
		t.Fatalf("%d looks, %q", looks, notes)
	}
	looks, notes := run(0)
	if want := []string{"the clock has been set back by 8760h0m0s; names are looked at anew"}; looks != 1 || !slices.Equal(notes, want) {
		t.Errorf("%d looks, %q", looks, notes)
	}
	if looks, notes := run(time.Minute); looks != 0 || notes != nil {
		t.Errorf("then %d looks, %q", looks, notes)
	}
}
