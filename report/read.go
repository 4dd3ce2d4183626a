package report

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"strings"

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

// Readable returns the formats that [Read] knows.
func Readable() (names []string) {
	for _, f := range formats {
		if f.read != nil {
			names = append(names, f.name)
		}
	}
	return names
}

// Read yields the results of a report in csv, tsv, json or jsonl, streaming. The
// first row that cannot be read ends the sequence with a [*RowError], a failed
// read with the reader's error, and any other format with a [*FormatError].
//
// A result reads back as it was written: At in milliseconds, RTT in
// microseconds, TTL in seconds. Err comes back as text from JSON and not at all
// from CSV, and the Err of the candidate never. Columns may be missing and in
// any order; only domain and verdict are needed. Unknown columns, which a newer
// version may write, are skipped.
func Read(r io.Reader, format string) iter.Seq2[probe.Result, error] {
	f, err := lookup(format)
	if err == nil && f.read == nil {
		err = fmt.Errorf("the format %s cannot be read back: only %s can", format, strings.Join(Readable(), ", "))
	}
	if err != nil {
		return func(yield func(probe.Result, error) bool) { yield(probe.Result{}, err) }
	}
	return f.read(r)
}

// rowsOf yields the rows that next returns, up to the first error or io.EOF.
func rowsOf(next func() (probe.Result, error)) iter.Seq2[probe.Result, error] {
	return func(yield func(probe.Result, error) bool) {
		for {
			r, err := next()
			if err == io.EOF || !yield(r, err) || err != nil {
				return
			}
		}
	}
}

var errLong = fmt.Errorf("a row of more than %d bytes", maxRow)

// lines reads a report by line.
type lines struct {
	r    *bufio.Reader
	n    int    // of the current line, from 1
	read int64  // bytes, up to the end of the current line
	long []byte // a line longer than the reader's buffer
}

func newLines(r io.Reader) *lines {
	return &lines{r: bufio.NewReaderSize(r, bufferSize)}
}

// next returns the next line, with its end, which the last one may lack. The
// line is valid until the next call. The error is io.EOF after the last line.
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
	l.read += int64(len(line))
	return line, err
}
