package report

import (
	"iter"
	"maps"

	"domprobe/candidate"
	"domprobe/probe"
)

// Merge yields one row per name of several reports: the one with the newest
// verdict, and of equally new ones the last. A name under another TLD is another
// one, as in [Settled]; but a row without a TLD, of a report that has no such
// column, is about the name under any, which has one row then. Names come in the
// order in which they are first met. All rows are held in memory until every
// report has been read; the first error of one of them is yielded alone, and ends
// the sequence.
func Merge(reports ...iter.Seq2[probe.Result, error]) iter.Seq2[probe.Result, error] {
	return func(yield func(probe.Result, error) bool) {
		all := newNewest()
		for _, report := range reports {
			if err := all.read(report); err != nil {
				yield(probe.Result{}, err)
				return
			}
		}
		all.fold(all.bare)
		for _, r := range all.rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// newest is the newest row of each name.
type newest struct {
	rows []probe.Result
	at   map[candidate.Key]int // where the row of a name is; without a TLD, under any
	bare map[string]bool       // names that came without a TLD
}

func newNewest() *newest {
	return &newest{at: make(map[candidate.Key]int), bare: make(map[string]bool)}
}

// read takes the rows of a report in.
func (n *newest) read(report iter.Seq2[probe.Result, error]) error {
	for r, err := range report {
		if err != nil {
			return err
		}
		if r.TLD == "" {
			n.bare[r.Name] = true
		}
		n.add(&r, r.Key())
	}
	return nil
}

func (n *newest) add(r *probe.Result, k candidate.Key) {
	i, known := n.at[k]
	switch {
	case !known:
		n.at[k] = len(n.rows)
		n.rows = append(n.rows, *r)
	case !r.At.Before(n.rows[i].At):
		n.rows[i] = *r
	}
}

// fold makes one row of those of a bare name, under any TLD.
func (n *newest) fold(bare map[string]bool) {
	if len(bare) == 0 {
		return
	}
	rows := n.rows
	n.rows = rows[:0] // which never overtakes what is still to be read
	clear(n.at)
	for i := range rows {
		k := rows[i].Key()
		if bare[k.Name] {
			k.TLD = ""
		}
		n.add(&rows[i], k)
	}
}

// find returns the row about the name of r, or nil, once both sides are folded.
func (n *newest) find(r *probe.Result) *probe.Result {
	i, known := n.at[candidate.Key{Name: r.Name}]
	if !known {
		i, known = n.at[r.Key()]
	}
	if !known {
		return nil
	}
	return &n.rows[i]
}

// A Change is a name, under one TLD, about which two reports differ. Old is nil for a name that
// has come new, New for one that is gone.
type Change struct {
	Name     string
	Old, New *probe.Result
}

// Diff returns the names whose verdicts differ between two reports, in the
// order of the new one, with those that only the old one has at the end. Each
// report counts as [Merge] would write it, with one row for a name that the other
// has without a TLD. The error is that of a report.
func Diff(old, new iter.Seq2[probe.Result, error]) ([]Change, error) {
	was, is := newNewest(), newNewest()
	if err := was.read(old); err != nil {
		return nil, err
	}
	if err := is.read(new); err != nil {
		return nil, err
	}
	bare := was.bare
	maps.Copy(bare, is.bare)
	was.fold(bare)
	is.fold(bare)
	var changes []Change
	for i := range is.rows {
		r := &is.rows[i]
		if before := was.find(r); before == nil || before.Verdict != r.Verdict {
			changes = append(changes, Change{r.Name, before, r})
		}
	}
	for i := range was.rows {
		if r := &was.rows[i]; is.find(r) == nil {
			changes = append(changes, Change{Name: r.Name, Old: r})
		}
	}
	return changes, nil
}
