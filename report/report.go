// Package report turns results into reports, and reports back into results.
//
// [New] returns the [Writer] of a format on an io.Writer; [Create] does the
// same on a file, so that a failed run leaves nothing that looks whole. [Read]
// is the inverse for the formats that machines read: csv, json and jsonl.
//
// # Formats
//
// The row formats write every row as it comes, and a report that was cut off
// holds complete rows only:
//
//	columns  found names, not-found names, and the rest with their reason
//	marks    "+ name" found, "  name" not found, "? name (reason)" the rest
//	names    bare names, a line each or ended by NUL
//	csv      RFC 4180 with a header; columns are only ever added at the end
//	jsonl    one JSON object a line, with the names of the CSV columns
//
// The others make sense only whole, and all but json keep the rows in memory
// until they are closed:
//
//	json      an array of the same objects; a missing "]" shows a failed run
//	grid      a row for each keyword, a column for each TLD, a mark for each verdict
//	markdown  the same as a table with words in it
//	html      the same as one self-contained page, with filter and sort
//
// The format none writes nothing.
//
// # Text
//
// A name that is invalid, and the keyword that it was made from, may hold any
// byte. For people (columns, marks) every byte of a character that does not
// print is written as \x1b. For machines a control character in CSV, and a
// byte that is not UTF-8 in CSV and JSON, is written the same way, and a
// backslash that happens to be followed by an x becomes \x5c; nothing else
// changes. So a row is always one line of valid UTF-8, no report can send
// commands to a terminal, and [Read] restores the exact bytes.
//
// # Files and what is done with them
//
// row.go batches rows into single writes, field.go and text.go hold what
// formats share, matrix.go what grid, markdown and html are drawn from, in the
// order of a [Layout]; every other format has a file of its own name. [Sorted]
// orders the rows of any format. [Merge] and [Diff] work on what [Read] yields.
// [Resume] continues a report that was cut off, and [Settled] remembers what it
// holds.
package report

import (
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"domprobe/probe"
)

// A Writer turns rows into the bytes of one format. It is not safe for
// concurrent use. After an error every call returns that error again.
type Writer interface {
	// Write writes the rows through to the underlying writer, in one call
	// where they fit a buffer and never splitting a row over two. It keeps
	// nothing of rows.
	Write(rows []probe.Result) error

	// Close writes what ends the format, such as the "]" of json. It does
	// not close the underlying writer.
	Close() error
}

// Options are what a format can be told. The zero value writes plain text.
type Options struct {
	// Color adds the colours of a terminal to the formats for people. The
	// verdict is always told by other means too.
	Color bool

	// Zero ends the rows of the format names with NUL instead of a newline.
	Zero bool

	// Columns are the columns of csv, tsv, json and jsonl, by the names of
	// [Columns], and make of markdown and html a list with these columns.
	// Nil means all, and for markdown and html the usual table.
	Columns []string

	// Longest is the length of the longest name, and Width the number of
	// characters in a line of the terminal: columns are as wide as the one
	// needs and the other allows. Zero means that nobody knows.
	Longest, Width int

	// Layout is the order of the rows and columns of grid, markdown and html.
	// Where it is nil they are in the order in which they come.
	Layout *Layout

	// Screen is the terminal that the format grid is drawn on as the rows
	// come. Where it is nil nothing is drawn before the end, and lines are as
	// long as it takes.
	Screen Screen

	// Total is how many rows are to come, for a grid on a terminal to count
	// against. Zero means that nobody knows.
	Total int
}

// A Screen is the end of a terminal.
type Screen interface {
	// Size returns how many characters are in a line, and how many lines
	// there are. Zero means that nobody knows.
	Size() (width, height int)

	// Draw puts text, which is whole lines, in the place of the text of the
	// call before. What else comes to the terminal is above it.
	Draw(text []byte) error
}

// rowEnd is the byte that ends a row of a row format.
func (o Options) rowEnd(format string) byte {
	if o.Zero && format == "names" {
		return 0
	}
	return '\n'
}

// A format is one way to write rows.
type format struct {
	name    string
	endings []string // of file names, the usual one first
	whole   bool     // a part of the report is of no use
	open    func(w io.Writer, o Options) Writer
	read    func(io.Reader) iter.Seq2[probe.Result, error] // nil for formats for people
}

var formats = []format{
	{"columns", []string{".txt"}, false, rows(newColumns), nil},
	{"marks", []string{".marks"}, false, rows(newMarks), nil},
	{"names", []string{".names"}, false, rows(newNames), nil},
	{"csv", []string{".csv"}, false, rows(newCSV), readCSV},
	{"tsv", []string{".tsv", ".tab"}, false, rows(newTSV), readTSV},
	{"json", []string{".json"}, true, rows(newJSON), readJSON},
	{"jsonl", []string{".jsonl", ".ndjson"}, false, rows(newJSONLines), readJSONLines},
	{"grid", []string{".grid"}, true, newGrid, nil},
	{"markdown", []string{".md", ".markdown"}, true, newMarkdown, nil},
	{"html", []string{".html", ".htm"}, true, newHTML, nil},
	{"none", nil, false, func(io.Writer, Options) Writer { return none{} }, nil},
}

// lookup returns the format with the given name, or a [*FormatError].
func lookup(name string) (*format, error) {
	for i := range formats {
		if formats[i].name == name {
			return &formats[i], nil
		}
	}
	return nil, &FormatError{Format: name}
}

// New returns a Writer of the named format on w. The error is a [*FormatError].
func New(format string, w io.Writer, o Options) (Writer, error) {
	f, err := lookup(format)
	if err == nil {
		err = o.check()
	}
	if err != nil {
		return nil, err
	}
	return f.open(w, o), nil
}

// Formats returns the names that [New] knows, in the order of the
// documentation.
func Formats() []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.name
	}
	return names
}

// FormatOf returns the format that a file's ending stands for, in either case:
// "csv" for "names.CSV". The error is a [*FormatError].
func FormatOf(path string) (string, error) {
	ending := strings.ToLower(filepath.Ext(path))
	for _, f := range formats {
		if slices.Contains(f.endings, ending) {
			return f.name, nil
		}
	}
	return "", &FormatError{Path: path}
}

// A FormatError says that a format is not known, or that no format has the
// ending of a file's name.
type FormatError struct {
	Format string // what was asked for, when it was by name
	Path   string // the file, when it was by ending
}

func (e *FormatError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("unknown format %q (known: %s)", e.Format, strings.Join(Formats(), ", "))
	}
	var endings []string
	for _, f := range formats {
		endings = append(endings, f.endings...)
	}
	return fmt.Sprintf("no format for the ending of %q (known: %s)", e.Path, strings.Join(endings, " "))
}
