// Package report writes results as reports, and reads reports back.
//
// [New] returns the [Writer] of a format on an io.Writer. [Create] does the same
// on a file, so that a failed run leaves no report that looks whole, and
// [Resume] continues a report that was cut off. [Read] reads the formats for
// programs: csv, tsv, json and jsonl.
//
// # Formats
//
// The row formats write every row as it comes, and a report that was cut off
// holds complete rows only:
//
//	columns  a column for each verdict; the reason where there is no answer
//	marks    "+ name" found, "  name" not found, "? name (reason)" unknown, "! name (reason)" invalid
//	names    bare names, ended by a newline or NUL; invalid ones are left out
//	csv      RFC 4180 with a header; columns are only ever added at the end
//	tsv      the same columns between tabs
//	jsonl    one JSON object a line, with the names of the columns
//
// The others make sense only whole, and all but json keep the rows in memory
// until they are closed:
//
//	json      an array of the same objects; a missing "]" shows a failed run
//	grid      a row for each keyword, a column for each TLD, a mark for each verdict
//	markdown  the same as a table with words in it
//	html      the same as one self-contained page, with filter and sort
//
// A grid has one column for whole domains. Where few of its cells are filled, it
// becomes a list of names with verdict and reason. The format none writes nothing.
//
// [Columns] documents the columns, and [Options] chooses among them. [Sorted]
// orders the rows of any format. [Merge] and [Diff] compare reports by name.
// [Legend] explains the reasons in columns and marks.
//
// # Text
//
// An invalid name, and its keyword, may hold any byte. The formats for people
// write every byte of a character that does not print as \x1b. The formats for
// programs write a control character in CSV, and a byte that is not UTF-8 in CSV
// and JSON, the same way. A backslash before an x becomes \x5c. So a row is one
// line of valid UTF-8, no report can send commands to a terminal, and [Read]
// restores the exact bytes.
//
// # Files of this package
//
// row.go joins rows into single writes. field.go is the table of columns, of which
// extra.go, sale.go and registration.go have those that options add. csv.go and
// json.go write and read their formats, with object.go for the objects of JSON.
// matrix.go holds the rows of a grid, in the order of a [Layout], and table.go turns
// them into tables for markdown.go and html.go. merge.go finds the newest row of
// each name, and spool.go keeps the rows on disk. file.go writes a report to a file,
// and resume.go goes on with one.
package report

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"domprobe/internal/text"
	"domprobe/probe"
)

// A Writer turns rows into the bytes of one format. It is not safe for
// concurrent use. After an error every call returns that error again.
type Writer interface {
	// Write writes the rows to the underlying writer, in one call if they
	// fit the buffer. A row is never split over two calls. Write does not
	// keep rows.
	Write(rows []probe.Result) error

	// Close writes the end of the format, such as the "]" of json. It does
	// not close the underlying writer. Every call after it is an error.
	Close() error
}

// Options are the settings of a format. The zero value writes plain text.
type Options struct {
	// Color adds the colours of a terminal to the formats for people. No
	// verdict is told by its colour alone.
	Color bool

	// Zero ends the rows of the format names with NUL instead of a newline.
	Zero bool

	// Columns are the columns of csv, tsv, json and jsonl, by the names of
	// [Columns]. With them, markdown and html are lists of these columns.
	// None means all columns, and the usual table for markdown and html.
	Columns []string

	// Score adds the column score, which says how good the first label is as a
	// name. It is ignored with Columns, which may name the column.
	Score bool

	// ForSale adds the columns of [SaleColumns], and Parked those of
	// [ParkedColumns]. Both are ignored with Columns.
	ForSale, Parked bool

	// Dates adds the columns of the registration to all columns: registrar,
	// created, expires, status and drops.
	Dates bool

	// Via adds the column via, which names the worker that decided. It is ignored
	// with Columns, which may name the column.
	Via bool

	// Longest is the width of the longest name, by [NameWidth], and Width the
	// number of characters in a line of the terminal. The format columns
	// fits its columns to both. Zero means unknown.
	Longest, Width int

	// Resumed, if not nil, is told the settled rows by [Resume], which returns its
	// error.
	Resumed func(*probe.Result) error

	// Layout is the order of the rows and columns of grid, markdown and html.
	// Nil means the order of arrival.
	Layout *Layout

	// Screen is the terminal on which the format grid is drawn as the rows
	// come. Nil means that nothing is drawn before the end, in lines of any
	// length.
	Screen Screen

	// Total is the number of rows to come, for a grid on a terminal to count
	// against. Zero means unknown.
	Total int
}

// A Screen is the end of a terminal.
type Screen interface {
	// Size returns the number of characters in a line, and of lines. Zero
	// means unknown.
	Size() (width, height int)

	// Draw replaces the text of the call before by text, which is whole
	// lines. Other output to the terminal is above it.
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
	whole   bool     // a part of a report is useless, or looks whole
	open    func(w io.Writer, o Options) Writer
	read    func(io.Reader) rowReader // nil for formats for people
}

var formats = []format{
	{"columns", []string{".txt"}, false, rows(newColumns), nil},
	{"marks", []string{".marks"}, false, rows(newMarks), nil},
	{"names", []string{".names"}, false, rows(newNames), nil},
	{"csv", []string{".csv"}, false, rows(newCSV(',')), readCSV(',')},
	{"tsv", []string{".tsv", ".tab"}, false, rows(newCSV('\t')), readCSV('\t')},
	{"json", []string{".json"}, true, rows(newJSON(true)), readJSON},
	{"jsonl", []string{".jsonl", ".ndjson"}, false, rows(newJSON(false)), readJSONLines},
	{"grid", []string{".grid"}, true, newGrid, nil},
	{"markdown", []string{".md", ".markdown"}, true, tables(writeMarkdown), nil},
	{"html", []string{".html", ".htm"}, true, tables(writeHTML), nil},
	{"none", nil, false, func(io.Writer, Options) Writer { return none{} }, nil},
}

// lookup returns the format with the given name, or a [*FormatError].
func lookup(name string) (*format, error) {
	for i := range formats {
		if formats[i].name == name {
			return &formats[i], nil
		}
	}
	return nil, &FormatError{Format: name, known: Formats()}
}

// New returns a Writer of the named format on w. The error is a [*FormatError].
func New(format string, w io.Writer, o Options) (Writer, error) {
	f, err := o.check(format)
	if err != nil {
		return nil, err
	}
	return f.open(w, o), nil
}

// Formats returns the names that [New] knows, in the order of the
// documentation.
func Formats() []string { return text.Of(formats, func(f format) string { return f.name }) }

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
	Format string // the unknown name
	Path   string // the file with an unknown ending
	known  []string
}

func (e *FormatError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("unknown format %q (known: %s)", e.Format, strings.Join(e.known, ", "))
	}
	var endings []string
	for _, f := range formats {
		endings = append(endings, f.endings...)
	}
	return fmt.Sprintf("no format for the ending of %q (known: %s)", e.Path, strings.Join(endings, " "))
}
