package candidate

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"domprobe/internal/text"
)

const (
	maxLine  = 64 << 10 // octets of a line, without its end
	readSize = 16 << 10
)

// ErrUTF16 is in a [LineError] for a text that begins with the byte order mark of
// UTF-16.
var ErrUTF16 = errors.New("the text is in UTF-16; convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)")

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
// of more than 64 KiB and a text in UTF-16 end the stream with a [LineError]. An error
// of r ends the stream, without the unfinished line.
func Lines(r io.Reader) iter.Seq2[string, error] { return Filter(uncommented(r), isFilled) }

// Records streams the keywords of a text in which each is ended by a NUL, as find
// -print0 writes it. It is like [Lines], but white space and '#' are part of a
// keyword.
func Records(r io.Reader) iter.Seq2[string, error] { return Filter(split(r, 0), isFilled) }

func isFilled(s string) bool { return s != "" }

// uncommented streams all lines of a text, without comments, surrounding white
// space and a byte order mark.
func uncommented(r io.Reader) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		mark := text.ByteOrderMark
		for line, err := range split(r, '\n') {
			if mark != "" && (strings.HasPrefix(line, "\xff\xfe") || strings.HasPrefix(line, "\xfe\xff")) {
				yield("", &LineError{1, ErrUTF16})
				return
			}
			line = strings.TrimPrefix(line, mark)
			mark = ""
			if !yield(uncomment(line), err) {
				return
			}
		}
	}
}

func uncomment(line string) string {
	for i := range len(line) {
		if line[i] == '#' && (i == 0 || isSpace(line[i-1])) {
			line = line[:i]
			break
		}
	}
	return strings.TrimSpace(line)
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// split streams the texts that the separator ends, and the rest at the end of r.
func split(r io.Reader, sep byte) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		s := bufio.NewScanner(r)
		s.Buffer(make([]byte, readSize), maxLine+len("\r\n"))
		s.Split(func(data []byte, atEnd bool) (int, []byte, error) {
			if i := bytes.IndexByte(data, sep); i >= 0 {
				return i + 1, data[:i], nil
			}
			if atEnd && len(data) > 0 && s.Err() == nil {
				return len(data), data, nil
			}
			return 0, nil, nil
		})
		var texts text.Slab
		number := 1
		for ; s.Scan(); number++ {
			line := s.Bytes()
			if len(bytes.TrimSuffix(line, []byte("\r"))) > maxLine {
				yield("", &LineError{number, ErrLineTooLong})
				return
			}
			if !yield(texts.Join(line, ""), nil) {
				return
			}
		}
		switch err := s.Err(); {
		case errors.Is(err, bufio.ErrTooLong):
			yield("", &LineError{number, ErrLineTooLong})
		case err != nil:
			yield("", err)
		}
	}
}

// Stream streams a list. It never yields an error.
func Stream[T any](list ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range list {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// Filter streams the elements of a sequence that may pass, and its error.
func Filter[T any](seq iter.Seq2[T, error], may func(T) bool) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for v, err := range seq {
			if (err != nil || may(v)) && !yield(v, err) {
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
