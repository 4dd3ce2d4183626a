package report

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"iter"
	"slices"

	"domprobe/probe"
)

// maxRow is the longest row that is read, in bytes. The longest that is ever
// written, of a keyword of 64 KiB of control characters, is below it.
const maxRow = 4 << 20

// A RowError says which row of a report cannot be read, and why.
type RowError struct {
	Line int // from 1
	Err  error
}

func (e *RowError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

func (e *RowError) Unwrap() error { return e.Err }

// Read yields the results of a report in csv, json or jsonl, streaming. The
// first row that cannot be read ends the sequence with a [*RowError], a failed
// read with the reader's error, and any other format with a [*FormatError].
//
// A result reads back as it was written: At in milliseconds, RTT in
// microseconds, TTL in seconds. Err comes back as text from JSON and not at all
// from CSV, and the Err of the candidate never. Columns and members that are
// not known, which a newer version may write, are skipped.
func Read(r io.Reader, format string) iter.Seq2[probe.Result, error] {
	switch format {
	case "csv":
		return readCSV(r)
	case "jsonl":
		return readJSONLines(r)
	case "json":
		return readJSON(r)
	}
	return func(yield func(probe.Result, error) bool) {
		err := error(&FormatError{Format: format})
		if slices.Contains(Formats(), format) {
			err = fmt.Errorf("the format %s cannot be read back: only csv, json and jsonl can", format)
		}
		yield(probe.Result{}, err)
	}
}

var errLong = fmt.Errorf("a row of more than %d bytes", maxRow)

// lines reads a report by line.
type lines struct {
	r    *bufio.Reader
	n    int    // of the current line, from 1
	long []byte // a line longer than the reader's buffer
}

func newLines(r io.Reader) *lines {
	return &lines{r: bufio.NewReaderSize(r, bufferSize)}
}

// next returns the next line, with its end; only the last one may have none. It
// is valid until the next call, and may be overwritten. The error is io.EOF
// after the last line.
func (l *lines) next() ([]byte, error) {
	l.n++
	line, err := l.r.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		l.long = l.long[:0]
		for err == bufio.ErrBufferFull {
			if l.long = append(l.long, line...); len(l.long) > maxRow {
				return nil, &RowError{l.n, errLong}
			}
			line, err = l.r.ReadSlice('\n')
		}
		l.long = append(l.long, line...)
		line = l.long
	}
	if err == io.EOF && len(line) > 0 {
		err = nil
	}
	return line, err
}

// chomp cuts the end of line off, which is LF or CR LF.
func chomp(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r"))
}

// each yields every line that is not blank, without its end. A failure
// comes last.
func (l *lines) each() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for {
			line, err := l.next()
			if err == io.EOF {
				return
			}
			if line = chomp(line); len(line) == 0 && err == nil {
				continue
			}
			if !yield(line, err) || err != nil {
				return
			}
		}
	}
}
