package cli

import (
	"cmp"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"domprobe/internal/term"
	"domprobe/probe"
	"domprobe/report"
)

// A bestList is the rows of --best on a terminal: the free names so far, best on
// top, drawn anew whenever a name finds its place. At the end they are written.
type bestList struct {
	screen     report.Screen
	w          io.Writer
	most       int
	confirming bool
	rank       func(name string) int
	rows       []bestRow
	failed     error
}

type bestRow struct {
	score int
	name  string
}

// compare orders rows as [candidate.Ranking] does.
func (a bestRow) compare(b bestRow) int {
	return cmp.Or(b.score-a.score, len(a.name)-len(b.name), strings.Compare(a.name, b.name))
}

// looked passes batches on and shows their rows, which need not be in order.
func (l *bestList) looked(batches iter.Seq2[[]probe.Result, error]) iter.Seq2[[]probe.Result, error] {
	return func(yield func([]probe.Result, error) bool) {
		for rows, err := range batches {
			l.show(rows)
			if !yield(rows, err) {
				return
			}
		}
	}
}

func (l *bestList) show(rows []probe.Result) {
	if l.add(rows) && l.failed == nil {
		l.failed = l.screen.Draw(l.window())
	}
}

// add puts free names in their places, and reports whether there is one.
func (l *bestList) add(rows []probe.Result) (changed bool) {
	for i := range rows {
		r := &rows[i]
		if !free(r, l.confirming) {
			continue
		}
		row := bestRow{l.rank(r.Name), r.Name}
		at, known := slices.BinarySearchFunc(l.rows, row, bestRow.compare)
		if !known && at < l.most {
			l.rows = slices.Insert(l.rows, at, row)
			l.rows = l.rows[:min(len(l.rows), l.most)]
			changed = true
		}
	}
	return changed
}

// window returns the part of the list that fits the terminal.
func (l *bestList) window() []byte {
	width, height := l.screen.Size()
	shown := len(l.rows)
	if room := max(1, height-3); height > 0 { // the head, and two lines below
		shown = min(shown, room)
	}
	text := l.text(shown, width)
	if more := len(l.rows) - shown; more > 0 {
		text = fmt.Appendf(text, "... and %d more\n", more)
	}
	return text
}

// text returns the first n rows. A width of 0 is no limit.
func (l *bestList) text(n, width int) []byte {
	text := []byte(" SCORE  NAME\n")
	for _, row := range l.rows[:n] {
		line := fmt.Sprintf("%6d  %s", row.score, term.Visible(row.name))
		if width > 0 {
			line = line[:min(len(line), width-1)]
		}
		text = append(append(text, line...), '\n')
	}
	return text
}

// Write implements [report.Writer]. Its rows have come to looked before, unless
// they are those of an earlier run.
func (l *bestList) Write(rows []probe.Result) error {
	l.show(rows)
	return l.failed
}

// Close implements [report.Writer].
func (l *bestList) Close() error {
	if l.failed != nil || len(l.rows) == 0 {
		return l.failed
	}
	if err := l.screen.Draw(nil); err != nil {
		return err
	}
	_, err := l.w.Write(l.text(len(l.rows), 0))
	return err
}
