package cli

import (
	"fmt"
	"iter"
	"sync"
	"sync/atomic"

	"domprobe/candidate"
	"domprobe/probe"
)

// A recollection holds the rows of a resumed report for --best: the names that are not
// found. Those that the run comes by are rows as if they had been asked about.
type recollection struct {
	best       int
	confirming bool
	rows       map[candidate.Key]probe.Result
	names      *atomic.Int64 // of the run
	rank       func(name string) int

	mu    sync.Mutex
	due   []probe.Result // rows to come, best first
	taken int
}

// maxRecalled bounds the rows of a recollection.
const maxRecalled = 1 << 17

func newRecollection(best int, confirming bool) *recollection {
	return &recollection{best: best, confirming: confirming, rows: make(map[candidate.Key]probe.Result), rank: byScore()}
}

// keep keeps a row of the report.
func (r *recollection) keep(row *probe.Result) error {
	if _, again := r.rows[row.Key()]; again || row.Verdict != probe.NotFound {
		return nil
	}
	if len(r.rows) == maxRecalled {
		return fmt.Errorf("it has more than %d names that are not found, too many to hold for --best", maxRecalled)
	}
	r.rows[row.Key()] = *row
	return nil
}

// take reports whether a name that the run has come by is free by the report.
func (r *recollection) take(name candidate.Key) bool {
	if r == nil {
		return false
	}
	row, known := r.rows[name]
	if !known || !free(&row, r.confirming) {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.due = append(r.due, row)
	r.taken++
	r.names.Add(1)
	return true
}

// suffices reports whether no name is wanted after those that were taken.
func (r *recollection) suffices() bool { return r != nil && r.taken >= r.best }

// among puts the rows in their places among those of the run, which come by their
// score.
func (r *recollection) among(batches iter.Seq2[[]probe.Result, error]) iter.Seq2[[]probe.Result, error] {
	if r == nil {
		return batches
	}
	return func(yield func([]probe.Result, error) bool) {
		for rows, err := range batches {
			if !yield(r.merged(rows, err != nil), err) {
				return
			}
		}
		if rest := r.merged(nil, true); len(rest) > 0 {
			yield(rest, nil)
		}
	}
}

// merged returns rows of the run with those of the report that are better, or all.
func (r *recollection) merged(rows []probe.Result, all bool) (merged []probe.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, row := range rows {
		next := bestRow{r.rank(row.Name), row.Name}
		for len(r.due) > 0 && next.compare(bestRow{r.rank(r.due[0].Name), r.due[0].Name}) > 0 {
			merged, r.due = append(merged, r.due[0]), r.due[1:]
		}
		merged = append(merged, row)
	}
	if all {
		merged, r.due = append(merged, r.due...), nil
	}
	return merged
}
