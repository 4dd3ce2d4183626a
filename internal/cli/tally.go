package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"time"

	"github.com/urfave/cli/v2"

	"domprobe/candidate"
	"domprobe/probe"
	"domprobe/report"
)

// A tally counts names and rows, and says when a run has found enough.
type tally struct {
	start time.Time
	names atomic.Int64    // that were taken from the generator
	rows  [4]atomic.Int64 // by verdict

	stopAfter  int64        // free names end the run; 0 is no limit
	before     int64        // such names that an earlier run has found
	free       atomic.Int64 // such names of this run
	confirming bool         // it takes a registry's word to be free
	stopped    bool

	repeated, skipped, leftOut int64 // names without a row
}

// newTally maps --stop-after.
func newTally(flags *cli.Context) (*tally, error) {
	n := flags.Int("stop-after")
	if n < 0 || n == 0 && flags.IsSet("stop-after") {
		return nil, usageError("", "--stop-after %d is not at least 1", n)
	}
	return &tally{start: time.Now(), stopAfter: int64(n), confirming: len(values(flags, "confirm")) > 0}, nil
}

// counted counts the names that go through, which the prober may take from any
// goroutine.
func (t *tally) counted(names iter.Seq2[candidate.Candidate, error]) iter.Seq2[candidate.Candidate, error] {
	return func(yield func(candidate.Candidate, error) bool) {
		if t.enough() { // from an earlier run
			return
		}
		for c, err := range names {
			if err == nil {
				t.names.Add(1)
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

// add counts rows, and cuts off those after the last that is wanted.
func (t *tally) add(rows []probe.Result) []probe.Result {
	for i := range rows {
		t.rows[rows[i].Verdict].Add(1)
		if !free(&rows[i], t.confirming) {
			continue
		}
		if t.free.Add(1); t.enough() {
			t.stopped = true
			return rows[:i+1]
		}
	}
	return rows
}

// freeBefore returns how many names of a report are free.
func (t *tally) freeBefore(s *report.Settled) int {
	if t.confirming {
		return s.Confirmed()
	}
	return s.Count(probe.NotFound)
}

func (t *tally) enough() bool {
	return t.stopAfter > 0 && t.before+t.free.Load() >= t.stopAfter
}

func (t *tally) of(v probe.Verdict) int64 { return t.rows[v].Load() }

func (t *tally) total() (n int64) {
	for v := range t.rows {
		n += t.rows[v].Load()
	}
	return n
}

// check finds out whether every name has its row. It is for a run that went to
// its end.
func (t *tally) check() error {
	if names, rows := t.names.Load(), t.total(); names != rows && !t.stopped {
		return fmt.Errorf("%d names gave %d rows: this is a mistake in domprobe, and the rows cannot be relied on", names, rows)
	}
	return nil
}

func (t *tally) summary() string {
	s := fmt.Sprintf("%s in %.2fs: %d found, %d not found, %d unknown, %d invalid", plural(t.total(), "name"),
		time.Since(t.start).Seconds(), t.of(probe.Found), t.of(probe.NotFound), t.of(probe.Unknown), t.of(probe.Invalid))
	if t.repeated > 0 {
		s += fmt.Sprintf(", %d repeated", t.repeated)
	}
	if t.skipped > 0 {
		s += fmt.Sprintf(", %d settled before", t.skipped)
	}
	if t.leftOut > 0 {
		s += fmt.Sprintf(", %d left out for their length", t.leftOut)
	}
	return s
}

// end prints the summary of a run and returns what it ends with. It was
// interrupted if ctx is done by now, even when the names came to their end: a
// signal goes to a whole pipeline, and they may have ended because of it.
func (t *tally) end(ctx context.Context, err error, names *selection, out *output) error {
	cut := ctx.Err() != nil && !t.stopped
	switch {
	case errors.Is(err, errClosed) && cut:
		return exit(codeInterrupted)
	case errors.Is(err, errClosed):
		return err
	case err == nil:
		err = t.check()
	}
	t.repeated, t.skipped, t.leftOut = names.gen.Repeated(), names.skipped.Load(), names.gen.Skipped()
	out.console.note("%s", t.summary())
	switch {
	case cut && errors.Is(err, ctx.Err()):
		return exit(codeInterrupted)
	case cut:
		return &exitError{code: codeInterrupted, err: err}
	case errors.Is(err, candidate.ErrNoTLD):
		return usageError(tldHint, "%w", err)
	case err != nil:
		return err
	}
	return exit(out.codes(t)...)
}

// codes returns every exit code that the rows call for.
func (o *output) codes(t *tally) []int {
	var codes []int
	if o.unexpected {
		codes = append(codes, codeUnexpected)
	}
	if t.of(probe.Unknown) > 0 {
		codes = append(codes, codeUnknown)
	}
	if o.only != nil && !o.matched {
		codes = append(codes, codeNoMatch)
	}
	return codes
}
