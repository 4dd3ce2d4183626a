package watch

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
)

// A batched yields all results of a Prober together.
type batched struct{ Prober }

func (b batched) Batches(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]probe.Result, error] {
	return func(yield func([]probe.Result, error) bool) {
		var all []probe.Result
		for results := range b.Prober.Batches(ctx, names) {
			all = append(all, results...)
		}
		yield(all, ctx.Err())
	}
}

// A broken fails at its second name.
type broken struct{ Prober }

func (b broken) Batches(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]probe.Result, error] {
	return func(yield func([]probe.Result, error) bool) {
		for results := range b.Prober.Batches(ctx, names) {
			if !yield(results, nil) {
				return
			}
			break
		}
		yield(nil, errors.New("there is no resolver"))
	}
}

// Names whose look failed as a whole are looked at again soon, and not at once.
func TestFailedRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks := make(map[string]time.Duration)
		start := time.Now()
		var notes []string
		prober := broken{script(func(name string, _ time.Time) probe.Result {
			looks[name] = time.Since(start)
			return probe.Result{Verdict: probe.Found}
		})}
		f := newFile(t, "a.dev", "b.dev")
		w := Watcher{File: f, Prober: prober, Note: func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		if err := w.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if looks["a.dev"] != 0 || looks["b.dev"] < sooner {
			t.Errorf("the looks are at %v", looks)
		}
		if want := []string{"1 names could not be looked at: there is no resolver", "0 names could not be looked at: there is no resolver"}; !slices.Equal(notes, want) {
			t.Errorf("the notes are %q", notes)
		}
	})
}

// Another process adds a name: it is looked at within a minute.
func TestAddedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFile(t)
		var at time.Duration
		start := time.Now()
		prober := script(func(string, time.Time) probe.Result {
			at = time.Since(start)
			return probe.Result{Verdict: probe.Found}
		})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		added := make(chan error, 1)
		go func() {
			time.Sleep(90 * time.Second)
			_, err := NewFile(f.path).Add(State{Name: "a.dev"})
			added <- err
		}()
		w := Watcher{File: f, Prober: prober}
		if err := errors.Join(w.Run(ctx), <-added); err != nil {
			t.Fatal(err)
		}
		if at != 2*time.Minute {
			t.Errorf("looked at after %v", at)
		}
	})
}

// A state file that breaks while names are looked at is told of in one line.
func TestBreaksMeanwhile(t *testing.T) {
	for range 20 {
		f := newFile(t, "a.dev")
		prober := script(func(string, time.Time) probe.Result {
			if err := os.WriteFile(f.path, []byte("go.dev\n"), 0o600); err != nil {
				t.Error(err)
			}
			return probe.Result{Verdict: probe.Found}
		})
		w := Watcher{File: f, Prober: prober, Once: true}
		if err := w.Run(t.Context()); err == nil || strings.Count(err.Error(), f.path) != 1 || strings.Contains(err.Error(), "\n") {
			t.Fatalf("%v", err)
		}
	}
}
