package cli

import (
	"fmt"
	"sync/atomic"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
	"domprobe/report"
)

// A tally counts names and rows, and says when a run has found enough.
type tally struct {
	start  time.Time
	names  atomic.Int64    // taken from the generator
	rows   [4]atomic.Int64 // by verdict
	noTLD  atomic.Int64    // of these, names under a TLD that does not exist
	open   string          // the first unknown name
	hinted bool            // the user knows what may help

	stopAfter  int64        // free names end the run; 0 is no limit
	before     int64        // free names of an earlier run
	free       atomic.Int64 // free names of this run
	confirming bool         // only a registry's word makes a name free
	stopped    bool
	budget     *budget // nil without a limit on queries

	repeated, skipped, leftOut, excluded, poor int64 // names without a row
}

// counted counts the names that pass. The prober may take them from any
// goroutine.
func (t *tally) counted(names candidates) candidates {
	if t.enough() { // from an earlier run
		return candidate.Names()
	}
	return counting(names, &t.names)
}

// add counts rows, and cuts off those after the last that is wanted.
func (t *tally) add(rows []probe.Result) []probe.Result {
	var verdicts [len(t.rows)]int64
	var noTLD, more int64 // names under a TLD that does not exist, and free names
	for i := range rows {
		r := &rows[i]
		verdicts[r.Verdict]++
		if r.Reason == probe.NoSuchTLD {
			noTLD++
		}
		if r.Verdict == probe.Unknown && t.open == "" {
			t.open = r.Name
		}
		if !free(r, t.confirming) {
			continue
		}
		if more++; t.sufficient(more) {
			t.stopped = true
			rows = rows[:i+1]
			break
		}
	}
	for v, n := range verdicts {
		t.rows[v].Add(n)
	}
	t.noTLD.Add(noTLD)
	t.free.Add(more)
	return rows
}

// freeBefore returns how many names of a report are free.
func (t *tally) freeBefore(s *report.Settled) int {
	if t.confirming {
		return s.Confirmed()
	}
	return s.Count(probe.NotFound)
}

func (t *tally) enough() bool { return t.sufficient(0) }

// sufficient reports whether so many more free names end the run.
func (t *tally) sufficient(more int64) bool {
	return t.stopAfter > 0 && t.before+t.free.Load()+more >= t.stopAfter
}

// exhausted reports whether the run has found enough or has no queries left, and
// then stops it.
func (t *tally) exhausted() bool {
	t.stopped = t.stopped || t.budget != nil && t.budget.exhausted()
	return t.stopped
}

func (t *tally) of(v probe.Verdict) int64 { return t.rows[v].Load() }

func (t *tally) total() (n int64) {
	for v := range t.rows {
		n += t.rows[v].Load()
	}
	return n
}

// codes returns the exit codes that the verdicts call for.
func (t *tally) codes() (codes []int) {
	if t.of(probe.Unknown) > 0 {
		codes = append(codes, codeUnknown)
	}
	if t.noTLD.Load() > 0 {
		codes = append(codes, codeNoTLD)
	}
	return codes
}

// noneBelieved reports whether no response at all led to a verdict.
func (t *tally) noneBelieved() bool {
	return t.of(probe.Unknown) > 0 && t.of(probe.Found)+t.of(probe.NotFound)+t.noTLD.Load() == 0
}

// check reports a name without a row, of a run that went to its end, and a budget that
// was not enough for the first name that no zone file has.
func (t *tally) check() error {
	if t.budget != nil && t.budget.spent.Load() && t.budget.names == 0 {
		return t.budget.suffices()
	}
	if names, rows := t.names.Load(), t.total(); names != rows && !t.stopped {
		return fmt.Errorf("%d names gave %d rows: this is a mistake in domprobe, and the rows cannot be relied on", names, rows)
	}
	return nil
}

// counts tells the verdicts so far.
func (t *tally) counts() string {
	s := fmt.Sprintf("%d found, %d not found, %d unknown", t.of(probe.Found), t.of(probe.NotFound), t.of(probe.Unknown))
	if n := t.of(probe.Invalid); n > 0 {
		s += fmt.Sprintf(", %d invalid", n)
	}
	return s
}

func (t *tally) summary() string {
	s := fmt.Sprintf("%s in %.2fs: %d found, %d not found, %d unknown, %d invalid", plural(t.total(), "name"),
		time.Since(t.start).Seconds(), t.of(probe.Found), t.of(probe.NotFound), t.of(probe.Unknown), t.of(probe.Invalid))
	for _, part := range []struct {
		n    int64
		what string
	}{{t.repeated, "repeated"}, {t.skipped, "settled before"}, {t.leftOut, "left out for their length"},
		{t.excluded, "excluded"}, {t.poor, "left out for their score"}} {
		if part.n > 0 {
			s += fmt.Sprintf(", %d %s", part.n, part.what)
		}
	}
	return s
}
