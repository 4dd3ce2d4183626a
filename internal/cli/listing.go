package cli

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"domprobe/internal/term"
	"domprobe/internal/text"
)

// A listing prints rows as they come, in columns, csv or jsonl. A value is a
// string or an int.
type listing struct {
	out    *bufio.Writer
	csv    *csv.Writer
	format string
	names  []string
	widths []int // of the columns
}

// newListing returns a listing with these columns. A text that is longer than
// the width of its column moves the others.
func newListing(w io.Writer, format string, widths []int, names ...string) *listing {
	l := &listing{out: bufio.NewWriter(w), format: format, names: names, widths: widths}
	l.csv = csv.NewWriter(l.out)
	head := make([]any, len(names))
	for i, name := range names {
		head[i] = name
		if format == "columns" {
			head[i] = strings.ToUpper(name)
			l.widths[i] = max(l.widths[i], len(name))
		}
	}
	if format != "jsonl" {
		// A failed write is the error of close, here and below.
		_ = l.add(head...)
	}
	return l
}

// add adds a row. Only a line of columns that is out is an error at once.
func (l *listing) add(values ...any) error {
	switch l.format {
	case "csv":
		return l.csv.Write(text.Of(values, func(v any) string { return csvCell(fmt.Sprint(v)) }))
	case "jsonl":
		return l.addObject(values)
	}
	line := ""
	for i, v := range values {
		cell := term.Visible(fmt.Sprint(v))
		space := strings.Repeat(" ", max(0, l.widths[i]-utf8.RuneCountInString(cell)))
		if _, isNumber := v.(int); isNumber {
			cell, space = space+cell, ""
		}
		line += cell + space + "  "
	}
	// Blanks at the end would break the line of a narrow terminal.
	l.out.WriteString(strings.TrimRight(line, " "))
	return l.out.WriteByte('\n')
}

// addObject writes a line of jsonl, with the number of its version as a report
// has it.
func (l *listing) addObject(values []any) error {
	l.out.WriteString(`{"v":1`)
	for i, v := range values {
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		fmt.Fprintf(l.out, ",%q:%s", l.names[i], text)
	}
	_, err := l.out.WriteString("}\n")
	return err
}

func (l *listing) close() error {
	l.csv.Flush()
	if err := l.csv.Error(); err != nil {
		return err
	}
	return l.out.Flush()
}

// csvCell returns a text that no spreadsheet runs as a formula, and no terminal
// as a command.
func csvCell(s string) string {
	s = term.Visible(s)
	if s != "" && strings.Contains("=+-@'", s[:1]) {
		return "'" + s
	}
	return s
}
