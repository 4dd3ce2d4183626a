package watch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"domprobe/probe"
)

// flipping is a Prober of names that are registered at every second look.
func flipping() Prober {
	looks := make(map[string]int)
	return script(func(name string, _ time.Time) probe.Result {
		looks[name]++
		return probe.Result{Verdict: probe.Found + probe.Verdict(looks[name]%2)}
	})
}

// An event is delivered again, later each time, until it works, and the others
// come after it.
func TestRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var times []time.Duration
		var taken, notes []string
		start := time.Now()
		tries := 0
		sink := Sink{Name: "webhook", Deliver: func(_ context.Context, e Event) error {
			if tries++; tries <= 4 {
				times = append(times, time.Since(start)-time.Hour)
				return errors.New("it is down")
			}
			taken = append(taken, e.New)
			return nil
		}}
		w := Watcher{File: newFile(t, "a.dev"), Prober: flipping(), Interval: time.Hour, Sinks: []Sink{sink},
			Note: func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }}
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Hour)
		defer cancel()
		if err := w.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if len(taken) != 3 || taken[0] != "found" || taken[1] != "not-found" {
			t.Errorf("taken are %q", taken)
		}
		var pauses []time.Duration
		for i := 1; i < len(times); i++ {
			pauses = append(pauses, times[i]-times[i-1])
		}
		if want := []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond}; !slices.Equal(pauses, want) {
			t.Errorf("the pauses are %v, want %v", pauses, want)
		}
		if len(notes) != 2 || !strings.HasPrefix(notes[0], "webhook: it is down; ") || notes[1] != "webhook works again" {
			t.Errorf("the notes are %q", notes)
		}
	})
}

func TestPause(t *testing.T) {
	for failures, want := range map[int]time.Duration{1: firstPause, 2: 2 * firstPause, 11: 1024 * firstPause, 13: longestPause, 1_000_000: longestPause} {
		if got := pause(failures); got != want {
			t.Errorf("after %d failures %v, want %v", failures, got, want)
		}
	}
}

// With Once the events that cannot be delivered wait for the next run.
func TestOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFile(t, "a.dev", "b.dev")
		prober := flipping()
		var rows, posted []string
		down := true
		sinks := []Sink{
			{Name: "rows", Deliver: func(_ context.Context, e Event) error { rows = append(rows, e.Name); return nil }},
			{Name: "webhook", Deliver: func(_ context.Context, e Event) error {
				if down {
					return errors.New("it is down")
				}
				posted = append(posted, e.Name)
				return nil
			}},
		}
		once := func() error {
			w := Watcher{File: f, Prober: prober, Once: true, Sinks: sinks}
			return w.Run(t.Context())
		}
		if err := once(); err != nil || rows != nil {
			t.Fatalf("the first looks: %q, %v", rows, err)
		}
		if err := once(); err != nil || rows != nil {
			t.Fatalf("nothing is due: %q, %v", rows, err)
		}
		time.Sleep(25 * time.Hour)
		err := once()
		if err == nil || !strings.Contains(err.Error(), "webhook: it is down; its events wait for the next run") {
			t.Errorf("with the webhook down: %v", err)
		}
		down = false
		if err := once(); err != nil {
			t.Error(err)
		}
		if len(rows) != 2 || !slices.Equal(rows, posted) {
			t.Errorf("rows %q, posted %q", rows, posted)
		}
	})
}

// Once ends though names are due again while others are looked at.
func TestOnceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks := 0
		w := Watcher{File: newFile(t, "a.dev", "b.dev"), Interval: time.Nanosecond, Once: true, Prober: script(func(string, time.Time) probe.Result {
			if looks++; looks > 2 {
				t.Fatal("a name is looked at twice")
			}
			time.Sleep(time.Second)
			return probe.Result{Verdict: probe.Found}
		})}
		if err := w.Run(t.Context()); err != nil || looks != 2 {
			t.Errorf("%d looks, %v", looks, err)
		}
	})
}

// A delivery that is under way when the run ends has some seconds, and no more.
func TestGrace(t *testing.T) {
	for takes, want := range map[time.Duration]int{2 * time.Second: 0, time.Hour: 1} {
		synctest.Test(t, func(t *testing.T) {
			f := newFile(t, "a.dev")
			ctx, cancel := context.WithCancel(t.Context())
			var ended time.Time
			w := Watcher{File: f, Prober: flipping(), Interval: time.Hour, Sinks: []Sink{{Name: "exec", Deliver: func(ctx context.Context, _ Event) error {
				ended = time.Now()
				cancel()
				select {
				case <-time.After(takes):
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			}}}}
			if err := w.Run(ctx); err != nil {
				t.Fatal(err)
			}
			if took, most := time.Since(ended), min(takes, grace); took != most {
				t.Errorf("the run ended after %v, want %v", took, most)
			}
			if counts, err := f.Waiting(); counts["exec"] != want || err != nil {
				t.Errorf("a delivery of %v: %v, %v", takes, counts, err)
			}
			time.Sleep(grace) // for the timer
		})
	}
}

func TestVitalSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("no space left on device")
		w := Watcher{File: newFile(t, "a.dev"), Prober: flipping(), Interval: time.Second, Sinks: []Sink{{Name: "rows", Vital: true,
			Deliver: func(context.Context, Event) error { return full }}}}
		if err := w.Run(t.Context()); !errors.Is(err, full) {
			t.Error(err)
		}
	})
}

// While many events wait, no name is looked at.
func TestFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var names, notes []string
		for i := range 40 {
			names = append(names, fmt.Sprintf("n%d.dev", i))
		}
		f := newFile(t, names...)
		looks := 0
		w := Watcher{File: f, Prober: batched{flipping()}, Interval: time.Hour, most: 100,
			Settled: func(r []probe.Result) { looks += len(r) },
			Note:    func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) },
			Sinks:   []Sink{{Name: "webhook", Deliver: func(context.Context, Event) error { return errors.New("it is down") }}}}
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		if err := w.Run(ctx); err != nil {
			t.Fatal(err)
		}
		counts, err := f.Waiting()
		if n := counts["webhook"]; n < 100 || n >= 100+len(names) || looks != n+len(names) || err != nil {
			t.Errorf("%d looks; %d events wait, %v", looks, n, err)
		}
		if !slices.ContainsFunc(notes, func(s string) bool { return strings.HasPrefix(s, "more than 100 events wait") }) {
			t.Errorf("the notes are %q", notes)
		}
	})
}
