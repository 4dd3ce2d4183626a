package report

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"domprobe/probe"
)

// maxRow is the longest row that is read, in bytes. The longest that is ever
// written, of a keyword of 64 KiB of control characters, is below it.
const maxRow = 4 << 20

var errLong = fmt.Errorf("a row of more than %d bytes", maxRow)

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
	return func(yield func(probe.Result, error) bool) {
		f, err := lookup(format)
		if err == nil && f.read == nil {
			err = fmt.Errorf("the format %s cannot be read back: only %s can", format, strings.Join(Readable(), ", "))
		}
		if err != nil {
			yield(probe.Result{}, err)
			return
		}
		rows := f.read(r)
		for {
			r, err := rows.next()
			if err == io.EOF || !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// A rowReader reads the rows of a report.
type rowReader interface {
	next() (probe.Result, error) // the error is io.EOF after the last row
	offset() int64               // of the end of the row that was read last
}

// A source counts the lines that a decoder reads, and bounds how far it reads
// ahead of its last row.
type source struct {
	r     io.Reader
	read  int64
	done  int64   // bytes, up to the end of the last row
	lines int     // that end in those
	ends  []int64 // of the lines after those
	err   error   // of r
}

func (s *source) Read(p []byte) (int, error) {
	if s.line(); s.read-s.done > maxRow {
		return 0, errLong
	}
	n, err := s.r.Read(p)
	for i, c := range p[:n] {
		if c == '\n' {
			s.ends = append(s.ends, s.read+int64(i))
		}
	}
	s.read += int64(n)
	if err != io.EOF {
		s.err = err
	}
	return n, err
}

// line returns the number of the line after the bytes that are done.
func (s *source) line() int {
	n, _ := slices.BinarySearch(s.ends, s.done)
	s.lines += n
	s.ends = slices.Delete(s.ends, 0, n)
	return s.lines + 1
}

func (s *source) offset() int64 { return s.done }
