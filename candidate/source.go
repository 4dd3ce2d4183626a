package candidate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
)

// maxLine is the most octets of a line, without its end.
const maxLine = 64 << 10

// ErrLineTooLong is in a [LineError] for a line of more than 64 KiB.
var ErrLineTooLong = errors.New("longer than 64 KiB")

// A LineError is an error in one line of the input.
type LineError struct {
	Line int // counted from 1
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

func (e *LineError) Unwrap() error { return e.Err }

// Lines streams the keywords of a text: one per line, without surrounding white
// space. A comment begins with '#' at the start of a line or after white space.
// Blank lines and a byte order mark are skipped. Lines end in LF or CRLF; the last
// line need not.
//
// Lines yields a line as soon as it has read its end, before it reads more. A line
// of more than 64 KiB ends the stream with a [LineError]. An error of r ends the
// stream, without the unfinished line.
func Lines(r io.Reader) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		first := true
		for line, err := range split(r, "\n") {
			if first {
				line = strings.TrimPrefix(line, byteOrderMark)
				first = false
			}
			if line = uncomment(line); line == "" && err == nil {
				continue
			}
			if !yield(line, err) {
				return
			}
		}
	}
}

const byteOrderMark = "\ufeff"

// Records streams the keywords of a text in which each is ended by a NUL, as find
// -print0 writes it. It is like [Lines], but white space and '#' are part of a
// keyword.
func Records(r io.Reader) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for record, err := range split(r, "\x00") {
			if record == "" && err == nil {
				continue
			}
			if !yield(record, err) {
				return
			}
		}
	}
}

func uncomment(line string) string {
	for from := 0; ; {
		i := strings.IndexByte(line[from:], '#')
		if i < 0 {
			break
		}
		i += from
		if i == 0 || isSpace(line[i-1]) {
			line = line[:i]
			break
		}
		from = i + 1
	}
	return strings.TrimSpace(line)
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// readSize bounds a read, and so the memory that a single keyword can keep.
const readSize = 16 << 10

// split streams the texts that the separator ends, and the rest at the end of r.
func split(r io.Reader, sep string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		s := splitter{r: r, sep: sep}
		for {
			lines, err := s.read()
			for len(lines) > 0 {
				var line string
				line, lines, _ = strings.Cut(lines, sep)
				s.line++
				if tooLong(line) {
					yield("", &LineError{s.line, ErrLineTooLong})
					return
				}
				if !yield(line, nil) {
					return
				}
			}
			switch {
			case tooLong(s.rest):
				yield("", &LineError{s.line + 1, ErrLineTooLong})
				return
			case err == io.EOF:
				if len(s.rest) > 0 {
					yield(string(s.rest), nil)
				}
				return
			case err != nil:
				yield("", err)
				return
			}
		}
	}
}

// tooLong reports whether a line is too long, apart from the CR of a CRLF.
func tooLong[T string | []byte](line T) bool {
	n := len(line)
	return n > maxLine+1 || n == maxLine+1 && line[maxLine] != '\r'
}

// A splitter cuts the text of a reader after the last separator.
type splitter struct {
	r    io.Reader
	sep  string
	rest []byte // text without a separator
	line int    // lines cut off so far
	idle int    // consecutive reads of nothing
}

// read reads once and returns the lines that are now complete.
func (s *splitter) read() (lines string, err error) {
	start := len(s.rest)
	s.rest = slices.Grow(s.rest, readSize)
	n, err := s.r.Read(s.rest[start : start+readSize])
	s.rest = s.rest[:start+n]
	if s.idle++; n > 0 {
		s.idle = 0
	}
	if err == nil && s.idle == 100 {
		err = io.ErrNoProgress
	}
	if end := bytes.LastIndex(s.rest[start:], []byte(s.sep)); end >= 0 {
		end += start + len(s.sep)
		lines = string(s.rest[:end])
		s.rest = append(s.rest[:0], s.rest[end:]...)
	}
	return lines, err
}

// Strings streams the given strings. It never yields an error.
func Strings(s ...string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, v := range s {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// Concat streams one sequence after the other, until one yields an error.
func Concat(seqs ...iter.Seq2[string, error]) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, seq := range seqs {
			for v, err := range seq {
				if !yield(v, err) || err != nil {
					return
				}
			}
		}
	}
}
