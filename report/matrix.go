package report

import (
	"strings"
	"time"

	"domprobe/probe"
)

// A matrix holds what is known about every label under every TLD, in the order
// in which they first came. It is what grid, markdown and html are drawn from.
type matrix struct {
	labels []string // as people read them: "go", "xn--bcher-kva (bücher)"
	tlds   []string
	cells  [][]cell // of each label, as far as the last TLD that it has

	rowOf, columnOf map[string]int
	counts          [4]int // by verdict
	first, last     time.Time
}

// A cell is the verdict on one name. The zero value is a name that was not
// probed.
type cell struct {
	probed  bool
	verdict probe.Verdict
	reason  probe.Reason
	name    string
}

// add enters the result and returns its row. A later result about the same
// name replaces the earlier one.
func (m *matrix) add(r *probe.Result) int {
	if m.rowOf == nil {
		m.rowOf, m.columnOf = make(map[string]int), make(map[string]int)
	}
	label, tld := split(r)
	row, known := m.rowOf[label]
	if !known {
		row = len(m.labels)
		m.rowOf[label] = row
		m.labels = append(m.labels, visibleLabel(label, r))
		m.cells = append(m.cells, nil)
	}
	column, known := m.columnOf[tld]
	if !known {
		column = len(m.tlds)
		m.columnOf[tld] = column
		m.tlds = append(m.tlds, visible(tld))
	}
	for len(m.cells[row]) <= column {
		m.cells[row] = append(m.cells[row], cell{})
	}
	if old := m.cells[row][column]; old.probed {
		m.counts[old.verdict]--
	}
	c := cell{true, min(r.Verdict, probe.Invalid), r.Reason, r.Name}
	m.cells[row][column] = c
	m.counts[c.verdict]++
	m.span(r.At)
	return row
}

// at returns a cell, which may be beyond what is stored.
func (m *matrix) at(row, column int) cell {
	if column < len(m.cells[row]) {
		return m.cells[row][column]
	}
	return cell{}
}

// span widens the time in which the verdicts were reached.
func (m *matrix) span(t time.Time) {
	if t.IsZero() {
		return
	}
	if m.first.IsZero() || t.Before(m.first) {
		m.first = t
	}
	if t.After(m.last) {
		m.last = t
	}
}

// split returns the name without its TLD, and the TLD.
func split(r *probe.Result) (label, tld string) {
	if label, ok := strings.CutSuffix(r.Name, "."+r.TLD); ok && r.TLD != "" {
		return label, r.TLD
	}
	return r.Name, ""
}

// unicodeLabel returns the Unicode form of what split has returned, and nothing
// where there is none.
func unicodeLabel(label string, r *probe.Result) string {
	u := r.Unicode
	for range strings.Count(r.Name, ".") - strings.Count(label, ".") {
		u = u[:max(strings.LastIndexByte(u, '.'), 0)]
	}
	return u
}

// visibleLabel returns a label as people read it.
func visibleLabel(label string, r *probe.Result) string {
	u := unicodeLabel(label, r)
	if u == "" || u == label {
		return visible(label)
	}
	return visible(label) + " (" + visible(u) + ")"
}

// visible is appendVisible for strings.
func visible(s string) string { return string(appendVisible(nil, s)) }

// verdictMarks tell the verdicts apart in a grid, by shape.
var verdictMarks = [...]string{probe.Unknown: "?", probe.Found: "+", probe.NotFound: "-", probe.Invalid: "!"}

// verdictOrder is the order in which verdicts are listed and sorted.
var verdictOrder = [...]probe.Verdict{probe.Found, probe.NotFound, probe.Unknown, probe.Invalid}

// verdictText is a verdict in running text.
func verdictText(v probe.Verdict) string { return strings.ReplaceAll(v.String(), "-", " ") }
