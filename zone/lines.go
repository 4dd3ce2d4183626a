package zone

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// lines reads the lines of a file.
type lines struct {
	in     *bufio.Reader
	file   string
	number int
	long   []byte // one that does not fit the buffer
}

// maxRecord bounds lines, and records that take several of them: no record has
// more than 64 KB on the wire, and few octets take more than four in a file.
const maxRecord = 1 << 20

var errLong = errors.New("longer than any record")

// next returns the next line, valid until the next call, and io.EOF at the end.
func (l *lines) next() ([]byte, error) {
	line, err := l.in.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		l.long = l.long[:0]
		for err == bufio.ErrBufferFull && len(l.long) < maxRecord {
			l.long = append(l.long, line...)
			line, err = l.in.ReadSlice('\n')
		}
		line = append(l.long, line...)
		l.long = line
	}
	if len(line) == 0 && err != nil {
		return nil, err
	}
	l.number++
	if err == bufio.ErrBufferFull {
		return nil, l.wrong(l.number, errLong)
	}
	if err != nil && err != io.EOF {
		return nil, err
	}
	return line, nil
}

func (l *lines) wrong(number int, err error) error { return &LineError{l.file, number, err} }

// A LineError says where a file is not what it has to be.
type LineError struct {
	File string
	Line int
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err) }

func (e *LineError) Unwrap() error { return e.Err }

// isList reports whether the first line that is no comment has a single word, as
// no record has.
func isList(in *bufio.Reader) bool {
	start, _ := in.Peek(in.Size())
	for line := range bytes.Lines(start) {
		fields := bytes.Fields(line)
		switch {
		case len(fields) == 0 || fields[0][0] == ';':
		case fields[0][0] == '#':
			return true
		default:
			return len(fields) == 1 || fields[1][0] == '#' || fields[1][0] == ';'
		}
	}
	return false
}
