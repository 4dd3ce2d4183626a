package report

import (
	"bytes"
	stdcsv "encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"domprobe/probe"
)

// csv writes the formats csv and tsv: RFC 4180 with lines that end in LF, as
// the tools around it expect, and the same between tabs without quotes. No cell
// holds a line break or a tab, so a row is a line.
type csv struct {
	fields []*field // nil is a column of a newer version, which stays empty
	comma  byte
	clock  clock
}

func newCSV(o Options) encoder { return &csv{fields: o.fields(), comma: ','} }
func newTSV(o Options) encoder { return &csv{fields: o.fields(), comma: '\t'} }

func (e *csv) begin(dst []byte) []byte {
	for _, f := range e.fields {
		dst = append(append(dst, f.name...), e.comma)
	}
	return endLine(dst)
}

func (e *csv) row(dst []byte, r *probe.Result) []byte {
	for _, f := range e.fields {
		switch {
		case f == nil:
		case f.text != nil:
			dst = appendCell(dst, *f.text(r), e.comma)
		default:
			dst = f.append(dst, r, &e.clock)
		}
		dst = append(dst, e.comma)
	}
	return endLine(dst)
}

func (e *csv) end(dst []byte) []byte { return dst }

// endLine puts a line break in the place of the last comma.
func endLine(dst []byte) []byte { return append(dst[:len(dst)-1], '\n') }

// isFront reports whether a cell that starts with c needs an apostrophe: a
// spreadsheet would run it as a formula, or it could be taken for the
// apostrophe itself, or, between tabs, for a quote.
func isFront(c, comma byte) bool {
	return strings.IndexByte("=+-@\t\r'", c) >= 0 || c == '"' && comma == '\t'
}

var plainCell = plainBut(`",`)

// appendCell appends one cell of text.
func appendCell(dst []byte, s string, comma byte) []byte {
	if s == "" {
		return dst
	}
	front := isFront(s[0], comma)
	if !front && plainCell.has(s) {
		return append(dst, s...)
	}
	quote := comma == ',' && strings.ContainsAny(s, `",`)
	if quote {
		dst = append(dst, '"')
	}
	if front {
		dst = append(dst, '\'')
	}
	if !quote {
		return appendEscaped(dst, s, isControl)
	}
	for more := true; more; {
		var part string
		part, s, more = strings.Cut(s, `"`)
		dst = append(appendEscaped(dst, part, isControl), `""`...)
	}
	return dst[:len(dst)-1] // the last pair is the one quote that ends the cell
}

func readCSV(r io.Reader) iter.Seq2[probe.Result, error] { return rowsOf(newCSVTable(r, ',').next) }
func readTSV(r io.Reader) iter.Seq2[probe.Result, error] { return rowsOf(newCSVTable(r, '\t').next) }

// A csvTable reads the rows of csv and tsv. Package encoding/csv gets one line at
// a time, and another one only inside quotes, so that the bytes of every row are
// known and bounded.
type csvTable struct {
	lines  *lines
	cells  *stdcsv.Reader
	fields []*field // of the header; nil is a column that is not known
	line   int      // of the start of the row
	raw    []byte   // the row as it stands, with blank lines before it
	rest   []byte   // of raw, for package encoding/csv
	result probe.Result
}

func newCSVTable(r io.Reader, comma byte) *csvTable {
	t := &csvTable{lines: newLines(r)}
	t.cells = stdcsv.NewReader(t)
	t.cells.Comma = rune(comma)
	t.cells.LazyQuotes = comma == '\t' // quotes are text there
	t.cells.FieldsPerRecord = -1       // result says which way a row is wrong
	t.cells.ReuseRecord = true
	return t
}

// Read implements [io.Reader] for package encoding/csv.
func (t *csvTable) Read(p []byte) (int, error) {
	if len(t.rest) == 0 {
		line, err := t.lines.next()
		if err != nil {
			return 0, err
		}
		if len(bytes.TrimSpace(t.raw)) == 0 {
			t.line = t.lines.n
		}
		if t.raw = append(t.raw, line...); len(t.raw) > maxRow+bufferSize {
			return 0, &RowError{t.line, errLong}
		}
		t.rest = line
		if t.lines.n == 1 {
			t.rest = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
	}
	n := copy(p, t.rest)
	t.rest = t.rest[n:]
	return n, nil
}

// record returns the cells of the next row, until the call after it.
func (t *csvTable) record() ([]string, error) {
	t.raw = t.raw[:0]
	cells, err := t.cells.Read()
	if pe, ok := err.(*stdcsv.ParseError); ok {
		err = &RowError{t.line, pe.Err}
	}
	return cells, err
}

// header reads the names of the columns.
func (t *csvTable) header() error {
	cells, err := t.record()
	if err != nil {
		return err
	}
	for _, cell := range cells {
		t.fields = append(t.fields, fieldOf(cell))
	}
	if !t.has("domain", "verdict") {
		return &RowError{t.line, errors.New("not the header of a report: there is no domain or no verdict")}
	}
	return nil
}

// continues reports whether rows of the chosen columns can follow the header: it
// begins with them, or, of an older version, they begin with it, apart from
// unknown columns. Without reason and TLD it does not show which names to ask again.
func (t *csvTable) continues(chosen []*field) bool {
	known := slices.DeleteFunc(slices.Clone(t.fields), func(f *field) bool { return f == nil })
	n := min(len(known), len(chosen))
	return slices.Equal(known[:n], chosen[:n]) && t.has("domain", "verdict", "reason", "tld")
}

// has reports whether there are columns of these names.
func (t *csvTable) has(names ...string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(t.fields, fieldOf(name)) })
}

// next reads a row, and the header before the first. The error is io.EOF after
// the last one.
func (t *csvTable) next() (probe.Result, error) {
	t.result = probe.Result{Rcode: -1}
	if t.fields == nil {
		if err := t.header(); err != nil {
			return t.result, err
		}
	}
	cells, err := t.record()
	if err == nil && len(cells) != len(t.fields) {
		err = &RowError{t.line, fmt.Errorf("%d cells, where the header has %d", len(cells), len(t.fields))}
	}
	for i := 0; err == nil && i < len(cells); i++ {
		if e := t.set(t.fields[i], cells[i]); e != nil {
			err = &RowError{t.line, e}
		}
	}
	return t.result, err
}

// set sets a field of the result to the value in its cell.
func (t *csvTable) set(f *field, cell string) error {
	switch {
	case f == nil:
		return nil
	case f.text != nil:
		cell = strings.TrimPrefix(cell, "'")
	}
	return f.set(&t.result, cell)
}
