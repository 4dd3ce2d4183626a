package cli

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"testing"

	"domprobe/candidate"
	"domprobe/probe"
)

func notFound(name string) probe.Result {
	return probe.Result{Candidate: candidate.Parse(name), Verdict: probe.NotFound}
}

// The names of the report that the run comes by are among its rows by their score,
// and none is lost when the run fails.
func TestRecollection(t *testing.T) {
	failure := errors.New("the disk is full")
	for _, failed := range []error{nil, failure} {
		var names atomic.Int64
		r := &recollection{best: 3, rows: make(map[candidate.Key]probe.Result), names: &names, rank: func(name string) int { return -int(name[0]) }}
		for _, name := range []string{"a.dev", "c.dev", "c.dev", "f.dev", "x.dev"} {
			if row := notFound(name); r.keep(&row) != nil {
				t.Fatal("a row is refused")
			}
		}
		found := probe.Result{Candidate: candidate.Parse("z.dev"), Verdict: probe.Found}
		if r.keep(&found) != nil || r.take(found.Key()) || r.suffices() {
			t.Error("a name that is found counts")
		}
		var run iter.Seq2[[]probe.Result, error] = func(yield func([]probe.Result, error) bool) {
			for i, name := range []string{"a.dev", "c.dev", "f.dev"} {
				if known := notFound(name); r.suffices() || !r.take(known.Key()) || names.Load() != int64(i+1) {
					t.Errorf("%s does not count, or %d names are enough", name, i)
				}
				if i == 1 && !yield([]probe.Result{notFound("b.dev"), notFound("d.dev")}, nil) {
					return
				}
			}
			if failed != nil {
				yield(nil, failed)
			}
		}
		var got []string
		var err error
		for rows, e := range r.among(run) {
			for _, row := range rows {
				got = append(got, row.Name)
			}
			err = e
		}
		if want := []string{"a.dev", "b.dev", "c.dev", "d.dev", "f.dev"}; !slices.Equal(got, want) || err != failed || !r.suffices() {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
}

// What is held of a report is bounded.
func TestRecollectionIsBounded(t *testing.T) {
	r := &recollection{rows: make(map[candidate.Key]probe.Result)}
	for i := range maxRecalled + 1 {
		row := probe.Result{Verdict: probe.NotFound, Candidate: candidate.Candidate{Name: fmt.Sprint(i)}}
		if err := r.keep(&row); (err != nil) != (i == maxRecalled) {
			t.Fatalf("row %d: %v", i, err)
		}
	}
}
