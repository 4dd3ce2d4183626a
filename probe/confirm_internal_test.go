package probe

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"domprobe/candidate"
)

// A gate is a Confirmer that answers one question for each value received.
type gate chan struct{}

func (g gate) Confirm(ctx context.Context, _ string) Confirmation {
	select {
	case <-g:
		return Confirmation{Reason: RDAPNotRegistered, Source: "rdap"}
	case <-ctx.Done():
		return Confirmation{Reason: RDAPCanceled, Err: context.Cause(ctx)}
	}
}

// While as many names as may are held for their registries, nothing is taken
// from the first stage.
func TestStageBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		g := make(gate)
		s := newStage(g, nil)
		s.maxHeld = 100
		batches, taken := make(chan batch), 0
		go func() {
			defer close(batches)
			for ctx.Err() == nil {
				r := Result{Candidate: candidate.Candidate{Name: fmt.Sprintf("free-%d.dev", taken)}, Verdict: NotFound}
				select {
				case batches <- batch{results: []Result{r}}:
					taken++
				case <-ctx.Done():
				}
			}
		}()
		rows, ended := map[Reason]int{}, make(chan error)
		go func() {
			var last error
			s.loop(ctx, batches, func(results []Result, err error) bool {
				for _, r := range results {
					rows[r.Reason]++
				}
				last = err
				return true
			})
			ended <- last
		}()
		for answered := range 5 {
			synctest.Wait()
			if taken != s.maxHeld+answered || rows[RDAPNotRegistered] != answered {
				t.Errorf("%d names taken and %v rows after %d answers", taken, rows, answered)
			}
			g <- struct{}{}
		}
		synctest.Wait()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if rows[RDAPNotRegistered] != 5 || rows[RDAPCanceled] != s.maxHeld || s.held != 0 {
			t.Errorf("rows %v, %d names held", rows, s.held)
		}
	})
}

// A batch that is full is handed on, however many answers wait.
func TestStageBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		g := make(gate, maxAsking)
		s := newStage(g, nil)
		defer close(s.stop)
		for i := range maxAsking {
			s.sort(ctx, []Result{{Candidate: candidate.Candidate{Name: fmt.Sprintf("free-%d.dev", i)}, Verdict: NotFound}})
			g <- struct{}{}
		}
		synctest.Wait()
		s.out = make([]Result, maxBatch-1)
		if s.collect(ctx); len(s.out) != maxBatch || s.held != maxAsking-1 {
			t.Errorf("a batch of %d, %d names held", len(s.out), s.held)
		}
	})
}
