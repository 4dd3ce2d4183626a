package report

import (
	"iter"

	"domprobe/probe"
)

// Merge yields one row per name of several reports: the one with the newest
// verdict, and of equally new ones the last. Names come in the order in which
// they are first met. All rows are held in memory until every report has been
// read; the first error of one of them is yielded alone, and ends the sequence.
func Merge(reports ...iter.Seq2[probe.Result, error]) iter.Seq2[probe.Result, error] {
	return func(yield func(probe.Result, error) bool) {
		rows, _, err := newest(reports...)
		if err != nil {
			yield(probe.Result{}, err)
			return
		}
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// newest returns the rows of Merge, and where each name is among them.
func newest(reports ...iter.Seq2[probe.Result, error]) ([]probe.Result, map[string]int, error) {
	var rows []probe.Result
	at := make(map[string]int)
	for _, report := range reports {
		for r, err := range report {
			if err != nil {
				return nil, nil, err
			}
			i, known := at[r.Name]
			switch {
			case !known:
				at[r.Name] = len(rows)
				rows = append(rows, r)
			case !r.At.Before(rows[i].At):
				rows[i] = r
			}
		}
	}
	return rows, at, nil
}

// A Change is a name about which two reports differ. Old is nil for a name that
// has come new, New for one that is gone.
type Change struct {
	Name     string
	Old, New *probe.Result
}

// Diff returns the names whose verdicts differ between two reports, in the
// order of the new one, with those that only the old one has at the end. Each
// report counts as [Merge] would write it. The error is that of a report.
func Diff(old, new iter.Seq2[probe.Result, error]) ([]Change, error) {
	before, was, err := newest(old)
	if err != nil {
		return nil, err
	}
	after, is, err := newest(new)
	if err != nil {
		return nil, err
	}
	var changes []Change
	for i := range after {
		r := &after[i]
		j, known := was[r.Name]
		switch {
		case !known:
			changes = append(changes, Change{Name: r.Name, New: r})
		case before[j].Verdict != r.Verdict:
			changes = append(changes, Change{r.Name, &before[j], r})
		}
	}
	for j := range before {
		if _, known := is[before[j].Name]; !known {
			changes = append(changes, Change{Name: before[j].Name, Old: &before[j]})
		}
	}
	return changes, nil
}
