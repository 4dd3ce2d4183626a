package report

import (
	"bufio"
	stdcsv "encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"domprobe/internal/text"
	"domprobe/probe"
)

// csv writes the formats csv and tsv: RFC 4180 with lines that end in LF, as
// the tools around it expect, and the same between tabs without quotes. No cell
// holds a line break or a tab, so a row is a line.
type csv struct {
	bare
	fields []*field // nil is a column of a newer version, which stays empty
	comma  byte
	clock  clock
}

func newCSV(comma byte) func(Options) encoder {
	return func(o Options) encoder { return &csv{fields: o.fields(), comma: comma} }
}

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

// A csvReader reads the rows of csv and tsv.
type csvReader struct {
	source
	bom    int64 // bytes before the cells
	cells  *stdcsv.Reader
	fields []*field // of the header; nil is a column that is not known
	result probe.Result
}

func readCSV(comma rune) func(io.Reader) rowReader {
	return func(r io.Reader) rowReader {
		t := &csvReader{source: source{r: r}}
		buf := bufio.NewReaderSize(&t.source, bufferSize)
		const mark = text.ByteOrderMark
		if start, _ := buf.Peek(len(mark)); string(start) == mark {
			n, _ := buf.Discard(len(mark))
			t.bom = int64(n)
		}
		t.cells = stdcsv.NewReader(buf)
		t.cells.Comma = comma
		t.cells.LazyQuotes = comma == '\t' // quotes are text there
		t.cells.FieldsPerRecord = -1       // next says which way a row is wrong
		t.cells.ReuseRecord = true
		return t
	}
}

// record returns the cells of the next row, until the call after it.
func (t *csvReader) record() ([]string, error) {
	cells, err := t.cells.Read()
	if err == nil {
		t.done = t.bom + t.cells.InputOffset()
	} else if t.err != nil {
		err = t.err // and no row that ends where r fails
	} else if pe, ok := err.(*stdcsv.ParseError); ok {
		err = &RowError{pe.StartLine, pe.Err}
	} else if err == errLong {
		err = &RowError{t.line(), err}
	}
	return cells, err
}

// rowError is an error about the row that was read last.
func (t *csvReader) rowError(err error) error {
	line, _ := t.cells.FieldPos(0)
	return &RowError{line, err}
}

// header reads the names of the columns.
func (t *csvReader) header() error {
	cells, err := t.record()
	if err != nil {
		return err
	}
	for _, cell := range cells {
		t.fields = append(t.fields, fieldOf(cell))
	}
	if !t.has("domain", "verdict") {
		return t.rowError(errors.New("not the header of a report: there is no domain or no verdict"))
	}
	return nil
}

// continues reports whether rows of the chosen columns can follow the header: it
// begins with them, or, of an older version, they begin with it, apart from
// unknown columns. Without reason and TLD it does not show which names to ask again.
func (t *csvReader) continues(chosen []*field) bool {
	known := slices.DeleteFunc(slices.Clone(t.fields), func(f *field) bool { return f == nil })
	n := min(len(known), len(chosen))
	return slices.Equal(known[:n], chosen[:n]) && t.has("domain", "verdict", "reason", "tld")
}

// has reports whether there are columns of these names.
func (t *csvReader) has(names ...string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(t.fields, fieldOf(name)) })
}

// next reads a row, and the header before the first.
func (t *csvReader) next() (probe.Result, error) {
	t.result = unread
	if t.fields == nil {
		if err := t.header(); err != nil {
			return t.result, err
		}
	}
	cells, err := t.record()
	if err != nil {
		return t.result, err
	}
	if len(cells) != len(t.fields) {
		return t.result, t.rowError(fmt.Errorf("%d cells, where the header has %d", len(cells), len(t.fields)))
	}
	for i, f := range t.fields {
		if f == nil {
			continue
		}
		if err := f.setCell(&t.result, cells[i]); err != nil {
			return t.result, t.rowError(err)
		}
	}
	return t.result, nil
}

// setCell sets the field of a new result to the value in its cell.
func (f *field) setCell(r *probe.Result, cell string) error {
	if f.text != nil {
		cell = strings.TrimPrefix(cell, "'")
	}
	return f.set(r, cell)
}
