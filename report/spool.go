package report

import (
	"encoding/binary"
	"errors"
	"io"
	"os"

	"domprobe/probe"
)

// How many bytes of rows are held in memory: at most, before there is a file,
// and from then on.
const (
	spoolMemory = 32 << 20
	spoolBuffer = 1 << 20
)

// A spool keeps rows that can be read again by their offset: in memory, and in a
// temporary file once they are many.
type spool struct {
	tail   []byte // the rows that are not in the file
	f      *os.File
	size   int64        // of the file
	window []byte       // the part of the file that was read last
	from   int64        // its offset
	row    probe.Result // that was read last
	clock  clock
}

// add appends a row and returns its offset.
func (s *spool) add(r *probe.Result) (int64, error) {
	offset := s.size + int64(len(s.tail))
	s.tail = appendRecord(s.tail, r, &s.clock)
	if len(s.tail) < spoolMemory && (s.f == nil || len(s.tail) < spoolBuffer) {
		return offset, nil
	}
	if s.f == nil {
		f, err := os.CreateTemp("", "domprobe-*.rows")
		if err != nil {
			return 0, err
		}
		s.f = f
		os.Remove(f.Name()) // so that nothing is left of a killed process; close does it on Windows
	}
	n, err := s.f.Write(s.tail)
	s.size += int64(n)
	s.tail = make([]byte, 0, spoolBuffer+bufferSize)
	return offset, err
}

// at returns the row at an offset.
func (s *spool) at(offset int64) (probe.Result, error) {
	const head = 4
	data, err := s.bytes(offset, head)
	if err == nil {
		data, err = s.bytes(offset+head, int(binary.BigEndian.Uint32(data)))
	}
	if err == nil {
		err = parseRecord(string(data), &s.row)
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
		s.f.Close()
		os.Remove(s.f.Name())
	}
}

// appendRecord appends a row for a spool: its length, then each field and the
// text of its error with theirs.
func appendRecord(dst []byte, r *probe.Result, k *clock) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	for i := range fields {
		f := &fields[i]
		if f.text != nil {
			dst = binary.AppendUvarint(dst, uint64(len(*f.text(r))))
			dst = append(dst, *f.text(r)...)
			continue
		}
		at := len(dst)
		dst = f.append(append(dst, 0), r, k)
		dst[at] = byte(len(dst) - at - 1) // which is below 128
	}
	if r.Err != nil {
		dst = append(dst, r.Err.Error()...)
	}
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start-4))
	return dst
}

// parseRecord is the inverse of appendRecord, but for the length.
func parseRecord(s string, r *probe.Result) error {
	*r = unread
	for i := range fields {
		f := &fields[i]
		n, size := binary.Uvarint([]byte(s[:min(len(s), binary.MaxVarintLen32)]))
		part := s[size:][:n]
		s = s[size:][n:]
		if f.text != nil {
			*f.text(r) = part
		} else if part != "" {
			if err := f.parse(r, part); err != nil {
				return err
			}
		}
	}
	if s != "" {
		r.Err = errors.New(s)
	}
	return nil
}
