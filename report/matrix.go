package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
)

// A matrix holds what is known about every label under every TLD. It is what
// grid, markdown and html are drawn from.
type matrix struct {
	labels axis // as people read them: "go", "xn--bcher-kva (bücher)"
	tlds   axis
	cells  [][]cell // of each label as it came, as far as the last TLD that it has

	counts      [4]int // by verdict
	first, last time.Time
}

// An axis is the rows or the columns of a matrix.
type axis struct {
	numbers map[string]int // of the keys, as they came
	texts   []string       // by number, as are the places
	places  []int          // that the layout gives
	shown   []int          // the numbers, by place and then as they came
}

// add returns the number of a key, and enters it if it is new.
func (a *axis) add(key string, place int, text func() string) int {
	if n, known := a.numbers[key]; known {
		return n
	}
	if a.numbers == nil {
		a.numbers = make(map[string]int)
	}
	n := len(a.texts)
	a.numbers[key] = n
	a.texts, a.places = append(a.texts, text()), append(a.places, place)
	a.shown = slices.Insert(a.shown, a.find(n), n)
	return n
}

// find returns where a number is shown, or is to be.
func (a *axis) find(n int) int {
	i, _ := slices.BinarySearchFunc(a.shown, n, func(m, n int) int {
		return cmp.Or(cmp.Compare(a.places[m], a.places[n]), cmp.Compare(m, n))
	})
	return i
}

func (a *axis) len() int { return len(a.shown) }

// text returns what is shown at a position.
func (a *axis) text(i int) string { return a.texts[a.shown[i]] }

// A cell is the verdict on one name. The zero value is a name that was not
// probed.
type cell struct {
	probed  bool
	verdict probe.Verdict
	reason  probe.Reason
	name    string
}

// add enters the result, at a new place where the layout says. A later result
// about the same name replaces the earlier one.
func (m *matrix) add(r *probe.Result, l *Layout) {
	label, tld := split(&r.Candidate)
	atRow, atColumn := l.places(label, tld)
	row := m.labels.add(label, atRow, func() string { return visibleLabel(label, r) })
	column := m.tlds.add(tld, atColumn, func() string { return visible(tld) })
	if row == len(m.cells) {
		m.cells = append(m.cells, nil)
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
}

// rowOf returns where the row of a result is shown that was added.
func (m *matrix) rowOf(r *probe.Result) int {
	label, _ := split(&r.Candidate)
	return m.labels.find(m.labels.numbers[label])
}

// at returns the cell that is shown there, which may be beyond what is stored.
func (m *matrix) at(row, column int) cell {
	cells, n := m.cells[m.labels.shown[row]], m.tlds.shown[column]
	if n < len(cells) {
		return cells[n]
	}
	return cell{}
}

// heading returns what stands over a column.
func (m *matrix) heading(column int) string {
	if text := m.tlds.text(column); text != "" {
		return text
	}
	return noTLD
}

// noTLD heads the column of invalid names that have none.
const noTLD = "(no TLD)"

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
func split(c *candidate.Candidate) (label, tld string) {
	if label, ok := strings.CutSuffix(c.Name, "."+c.TLD); ok && c.TLD != "" {
		return label, c.TLD
	}
	return c.Name, ""
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
var verdictOrder = probe.Verdicts()

// verdictText is a verdict in running text.
func verdictText(v probe.Verdict) string { return strings.ReplaceAll(v.String(), "-", " ") }
