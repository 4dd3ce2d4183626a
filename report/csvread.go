package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	"domprobe/candidate"
	"domprobe/probe"
)

func readCSV(r io.Reader) iter.Seq2[probe.Result, error] {
	return func(yield func(probe.Result, error) bool) {
		l := newLines(r)
		var t *table
		for line, err := range l.each() {
			var res probe.Result
			if err == nil && t == nil {
				if t, err = newTable(line); err == nil {
					continue
				}
				err = &RowError{l.n, err}
			} else if err == nil {
				if res, err = t.result(line); err != nil {
					err = &RowError{l.n, err}
				}
			}
			if !yield(res, err) || err != nil {
				return
			}
		}
	}
}

// A table knows the columns of a CSV report.
type table struct {
	columns []int    // of each column its place in fieldNames, or -1
	last    []string // of each column the last cell, which is often the next one too
	cells   [][]byte
}

// newTable reads the header.
func newTable(line []byte) (*table, error) {
	cells, err := splitCells(nil, bytes.TrimPrefix(line, []byte("\ufeff")))
	if err != nil {
		return nil, err
	}
	t := &table{last: make([]string, len(cells))}
	for _, cell := range cells {
		t.columns = append(t.columns, slices.Index(fieldNames[:], string(cell)))
	}
	if !slices.Contains(t.columns, fieldDomain) || !slices.Contains(t.columns, fieldVerdict) {
		return nil, errors.New("not the header of a report: there is no domain or no verdict")
	}
	return t, nil
}

// extends reports whether the columns are those that this version writes, in
// order, with none but new ones after them.
func (t *table) extends() bool {
	for field := range fieldNames {
		if field >= len(t.columns) || t.columns[field] != field {
			return false
		}
	}
	return true
}

// result reads a row.
func (t *table) result(line []byte) (probe.Result, error) {
	res := probe.Result{Rcode: -1}
	var err error
	if t.cells, err = splitCells(t.cells[:0], line); err != nil {
		return res, err
	}
	switch {
	case len(t.cells) < len(t.columns):
		return res, errMissed
	case len(t.cells) > len(t.columns):
		return res, errExtra
	}
	for i, cell := range t.cells {
		if t.columns[i] < 0 {
			continue
		}
		if t.last[i] != string(cell) {
			t.last[i] = string(cell)
		}
		if err := setField(&res, t.columns[i], t.last[i]); err != nil {
			return res, err
		}
	}
	return res, nil
}

// setField sets the field that a CSV column is about.
func setField(r *probe.Result, field int, s string) (err error) {
	switch field {
	case fieldDomain:
		r.Name = cellText(s)
	case fieldVerdict:
		r.Verdict, err = probe.ParseVerdict(s)
	case fieldReason:
		r.Reason = candidate.Reason(cellText(s))
	case fieldSource:
		r.Source = cellText(s)
	case fieldKeyword:
		r.Keyword = cellText(s)
	case fieldTLD:
		r.TLD = cellText(s)
	case fieldUnicode:
		r.Unicode = cellText(s)
	case fieldRcode:
		r.Rcode, err = parseRcode(s)
	case fieldServer:
		r.Server = cellText(s)
	case fieldRTT:
		r.RTT, err = parseMillis(s)
	case fieldTries:
		r.Tries, err = parseTries(s)
	case fieldCheckedAt:
		r.At, err = parseTime(s)
	case fieldTTL:
		r.TTL, err = parseSeconds(s)
	}
	return err
}

func parseTries(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil && s != "" {
		return 0, fmt.Errorf("tries %q is not a number", s)
	}
	return int(n), nil
}

// cellText is the inverse of appendCell, without the quotes.
func cellText(s string) string { return unescape(strings.TrimPrefix(s, "'")) }

var (
	errQuote  = errors.New("a quote is not closed")
	errBare   = errors.New("a quote in the middle of a cell")
	errMissed = errors.New("fewer cells than the header has")
	errExtra  = errors.New("more cells than the header has")
)

// splitCells appends the cells of one line to cells, without their quotes. It
// overwrites line, which the cells are parts of.
func splitCells(cells [][]byte, line []byte) ([][]byte, error) {
	for {
		var cell []byte
		var err error
		if cell, line, err = cutCell(line); err != nil {
			return cells, err
		}
		cells = append(cells, cell)
		if len(line) == 0 {
			return cells, nil
		}
		line = line[1:] // the comma
	}
}

// cutCell returns the first cell of line, and the rest from its comma on.
func cutCell(line []byte) (cell, rest []byte, err error) {
	if len(line) == 0 || line[0] != '"' {
		for i, c := range line {
			switch c {
			case ',':
				return line[:i], line[i:], nil
			case '"':
				return nil, nil, errBare
			}
		}
		return line, nil, nil
	}
	cell = line[:0]
	for i := 1; i < len(line); i++ {
		switch {
		case line[i] != '"':
			cell = append(cell, line[i])
		case i+1 == len(line) || line[i+1] == ',':
			return cell, line[i+1:], nil
		case line[i+1] == '"':
			cell = append(cell, '"')
			i++
		default:
			return nil, nil, errBare
		}
	}
	return nil, nil, errQuote
}
