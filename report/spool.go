package report

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strings"

	"domprobe/internal/tempfile"
	"domprobe/probe"
)

// How many bytes of rows are held in memory: at most, before there is a file,
// and from then on.
const (
	spoolMemory = 32 << 20
	spoolBuffer = 1 << 20
)

// A spool keeps rows that can be read again by their offset: in memory, and in a
// temporary file once they are many. Each has its length before it, in four
// bytes, then a line of tsv with every field but the derived ones, and the text of
// the error.
type spool struct {
	enc    *csv
	tail   []byte // the rows that are not in the file
	f      *os.File
	size   int64        // of the file
	window []byte       // the part of the file that was read last
	from   int64        // its offset
	row    probe.Result // that was read last
	offers bool         // some row is of a report that has offers
}

// add appends a row and returns its offset.
func (s *spool) add(r *probe.Result) (int64, error) {
	if s.enc == nil {
		s.enc = &csv{comma: '\t'}
		for i := range fields {
			if f := &fields[i]; !f.derived() {
				s.enc.fields = append(s.enc.fields, f)
			}
		}
	}
	start := len(s.tail)
	offset := s.size + int64(start)
	s.offers = s.offers || r.SaleKnown
	s.tail = s.enc.row(append(s.tail, 0, 0, 0, 0), r)
	if r.Err != nil {
		s.tail = append(s.tail, r.Err.Error()...)
	}
	binary.BigEndian.PutUint32(s.tail[start:], uint32(len(s.tail)-start-4))
	if len(s.tail) < spoolMemory && (s.f == nil || len(s.tail) < spoolBuffer) {
		return offset, nil
	}
	if s.f == nil {
		f, err := tempfile.Scratch("", "domprobe-*.rows")
		if err != nil {
			return 0, err
		}
		s.f = f
	}
	n, err := s.f.Write(s.tail)
	s.size += int64(n)
	s.tail = make([]byte, 0, spoolBuffer+bufferSize)
	return offset, err
}

// at returns the row at an offset.
func (s *spool) at(offset int64) (probe.Result, error) {
	s.row = unread
	data, err := s.bytes(offset, 4)
	if err == nil {
		data, err = s.bytes(offset+4, int(binary.BigEndian.Uint32(data)))
	}
	line, message, _ := strings.Cut(string(data), "\n")
	for i := 0; i < len(s.enc.fields) && err == nil; i++ {
		var cell string
		cell, line, _ = strings.Cut(line, "\t")
		err = s.enc.fields[i].setCell(&s.row, cell)
	}
	s.row.SaleKnown = s.offers
	if message != "" {
		s.row.Err = errors.New(message)
	}
	return s.row, err
}

// bytes returns n bytes from an offset, until the next call.
func (s *spool) bytes(offset int64, n int) ([]byte, error) {
	if offset >= s.size {
		return s.tail[offset-s.size:][:n], nil
	}
	if start := offset - s.from; start >= 0 && start+int64(n) <= int64(len(s.window)) {
		return s.window[start:][:n], nil
	}
	const usual = 4 << 10
	if cap(s.window) < max(n, usual) {
		s.window = make([]byte, max(n, usual))
	}
	got, err := s.f.ReadAt(s.window[:max(n, usual)], offset)
	s.from, s.window = offset, s.window[:got]
	if got < n {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return s.window[:n], nil
}

func (s *spool) close() {
	if s.f != nil {
		tempfile.Discard(s.f)
	}
}
