package report

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
)

// A matrix holds a row for each label under each TLD. The formats grid, markdown
// and html are drawn from it. Whole domains share one column, whatever their
// TLDs are.
type matrix struct {
	labels axis // as people read them: "go", "xn--bcher-kva (bücher)"
	tlds   axis // with "" for whole domains
	rows   []probe.Result
	places []place       // of the rows
	taken  map[place]int // the row at a place

	counts      [4]int // by verdict
	first, last time.Time
}

// A place is the number of a label and that of a TLD.
type place struct{ label, tld int }

// An axis is the rows or the columns of a matrix. Its keys are numbered in the
// order of arrival.
type axis struct {
	numbers map[string]int // of the keys
	texts   []string       // by number
	places  []int          // in the layout, by number
	shown   []int          // the numbers, sorted by place
}

// add returns the number of a key, which may be new.
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

// find returns the position of a number, which it may not have taken yet.
func (a *axis) find(n int) int {
	i, _ := slices.BinarySearchFunc(a.shown, n, a.compare)
	return i
}

// compare orders two numbers by their places.
func (a *axis) compare(m, n int) int { return cmp.Or(a.places[m]-a.places[n], m-n) }

func (a *axis) len() int { return len(a.shown) }

// text returns the text at a position.
func (a *axis) text(i int) string { return a.texts[a.shown[i]] }

// add enters a result, at the place in the layout. A later result about the same
// name replaces the earlier one.
func (m *matrix) add(r *probe.Result, l *Layout) {
	label, tld := gridPlace(&r.Candidate)
	atRow, atColumn := l.places(label, tld)
	p := place{
		m.labels.add(label, atRow, func() string { return visibleLabel(label, r) }),
		m.tlds.add(tld, atColumn, func() string { return visible(tld) }),
	}
	i, taken := m.taken[p]
	if taken {
		m.counts[m.rows[i].Verdict]--
	} else {
		if m.taken == nil {
			m.taken = make(map[place]int)
		}
		i = len(m.rows)
		m.taken[p] = i
		m.rows, m.places = append(m.rows, probe.Result{}), append(m.places, p)
	}
	m.rows[i] = *r
	m.rows[i].Verdict = min(r.Verdict, probe.Invalid) // which has a mark
	m.counts[m.rows[i].Verdict]++
	m.span(r.At)
}

// rowOf returns the position of the row of a result that was added.
func (m *matrix) rowOf(r *probe.Result) int {
	label, _ := gridPlace(&r.Candidate)
	return m.labels.find(m.labels.numbers[label])
}

// at returns the result at a position, or nil.
func (m *matrix) at(row, column int) *probe.Result {
	if i, taken := m.taken[place{m.labels.shown[row], m.tlds.shown[column]}]; taken {
		return &m.rows[i]
	}
	return nil
}

// smallGrid is the number of cells up to which a grid may be nearly empty.
const smallGrid = 256

// sparse reports whether the rows are better shown as a list: all are whole
// domains, or few cells of the grid are filled.
func (m *matrix) sparse() bool {
	if m.tlds.len() == 1 && m.tlds.texts[0] == "" {
		return true
	}
	cells := m.labels.len() * m.tlds.len()
	return cells > smallGrid && 4*len(m.rows) < cells
}

// list yields the results in the order of the grid.
func (m *matrix) list() iter.Seq[*probe.Result] {
	return func(yield func(*probe.Result) bool) {
		order := make([]int, len(m.rows))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(i, j int) int {
			a, b := m.places[i], m.places[j]
			return cmp.Or(m.labels.compare(a.label, b.label), m.tlds.compare(a.tld, b.tld))
		})
		for _, i := range order {
			if !yield(&m.rows[i]) {
				return
			}
		}
	}
}

// heading returns the text over a column.
func (m *matrix) heading(column int) string {
	if text := m.tlds.text(column); text != "" {
		return text
	}
	return "(domain)"
}

// span widens the time from the first to the last verdict.
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

// gridPlace returns the row and the column of a name: those of its label and its
// TLD, or its own row in the column of whole domains.
func gridPlace(c *candidate.Candidate) (label, tld string) {
	if candidate.IsDomain(c.Keyword) {
		return c.Name, ""
	}
	return split(c)
}

// split returns the name without its TLD, and the TLD.
func split(c *candidate.Candidate) (label, tld string) {
	if label, ok := strings.CutSuffix(c.Name, "."+c.TLD); ok && c.TLD != "" {
		return label, c.TLD
	}
	return c.Name, ""
}

// unicodeLabel returns the Unicode form of the label of a row, or nothing.
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
