package report

import (
	"io"
	"iter"

	"domprobe/probe"
)

// A table is drawn as markdown or html: the grid of a matrix, or a list with a
// row for each name.
type table struct {
	Caption string
	Head    []string
	Rows    iter.Seq2[string, []cell] // the first cell of each row, and the others
}

// A cell is one value in a table, which is empty without a text.
type cell struct {
	Text                 string
	Plain                bool   // it is no verdict
	Verdict, Mark, Title string // of a verdict
}

// A collector keeps the rows of a format that is drawn when all is known.
type collector struct {
	w   io.Writer
	o   Options
	m   matrix
	err error
}

func (c *collector) Write(rows []probe.Result) error {
	for i := range rows {
		c.m.add(&rows[i], c.o.Layout)
	}
	return c.err
}

// A tableWriter is the Writer of markdown or html.
type tableWriter struct {
	collector
	draw func(io.Writer, *matrix, *table) error
}

// tables returns the open function of a format that draw draws.
func tables(draw func(io.Writer, *matrix, *table) error) func(io.Writer, Options) Writer {
	return func(w io.Writer, o Options) Writer { return &tableWriter{collector{w: w, o: o}, draw} }
}

func (t *tableWriter) Close() error {
	if t.err == nil {
		t.err = t.draw(t.w, &t.m, t.m.table(&t.o))
	}
	return closed(&t.err)
}

// table returns the matrix as a grid or as a list.
func (m *matrix) table(o *Options) *table {
	if len(o.Columns) == 0 && !m.sparse() {
		return m.grid()
	}
	chosen := o.fields()
	head := o.Columns
	if len(o.Columns) == 0 {
		chosen = []*field{fieldOf("domain"), fieldOf("verdict"), fieldOf("reason")}
		head = []string{"name", "verdict", "reason"}
		for _, name := range o.extraNames() {
			chosen, head = append(chosen, fieldOf(name)), append(head, name)
		}
	}
	return &table{"A row for each name.", head, func(yield func(string, []cell) bool) {
		var k clock
		cells := make([]cell, len(chosen)-1)
		for r := range m.list() {
			for i, f := range chosen[1:] {
				cells[i] = f.cell(r, &k)
			}
			if !yield(chosen[0].cell(r, &k).Text, cells) {
				return
			}
		}
	}}
}

// cell returns the field of a row as people read it.
func (f *field) cell(r *probe.Result, k *clock) cell {
	switch {
	case f.name == "domain":
		return cell{Text: visibleLabel(r.Name, r), Plain: true}
	case f.name == "verdict":
		return cell{Text: verdictText(r.Verdict), Verdict: r.Verdict.String(), Mark: verdictMarks[r.Verdict]}
	case f.text != nil:
		return cell{Text: visible(*f.text(r)), Plain: true}
	}
	return cell{Text: string(f.append(nil, r, k)), Plain: true}
}

// grid returns a table with a row for each label and a column for each TLD.
func (m *matrix) grid() *table {
	t := &table{Caption: "A row for each keyword, a column for each TLD. An empty cell was not probed.", Head: []string{"name"}}
	for c := range m.tlds.len() {
		t.Head = append(t.Head, m.heading(c))
	}
	t.Rows = func(yield func(string, []cell) bool) {
		cells := make([]cell, m.tlds.len())
		for row := range m.labels.len() {
			for c := range cells {
				cells[c] = gridCell(m.at(row, c))
			}
			if !yield(m.labels.text(row), cells) {
				return
			}
		}
	}
	return t
}

// gridCell says the verdict in words, with the reason where there is no answer.
func gridCell(r *probe.Result) cell {
	if r == nil {
		return cell{}
	}
	c := fieldOf("verdict").cell(r, nil)
	c.Title = visible(r.Name)
	if r.Reason != "" {
		c.Title += ": " + visible(string(r.Reason))
	}
	if showsReason(r) {
		c.Text += " (" + visible(string(r.Reason)) + ")"
	}
	if offer := offerOf(r); offer != "" {
		c.Text += " (" + visible(offer) + ")"
	}
	return c
}
