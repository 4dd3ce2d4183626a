package zone

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"slices"

	"domprobe/internal/tempfile"
)

// The bounds of what a sorter holds in memory, twice: the names being collected,
// and those being sorted and written.
const (
	maxBatchNames = 8 << 20
	maxBatchText  = 128 << 20
)

// A sorter puts names in order. When they are too many for memory, it writes
// sorted runs to temporary files in a folder, in the code of an index.
type sorter struct {
	folder   string
	maxNames int
	batch    *batch // being filled
	spare    *batch
	runs     []*run
	writing  chan error // of the run under way; nil if none is
}

func newSorter(folder string) *sorter {
	return &sorter{folder: folder, maxNames: maxBatchNames, batch: new(batch), spare: new(batch)}
}

// A batch is names in memory.
type batch struct {
	text  []byte
	items []item
}

// An item is the place of a name, with the octets that most comparisons need.
type item struct {
	key  uint64
	at   uint32
	size uint8
}

func (b *batch) name(i item) []byte { return b.text[i.at:][:i.size] }

func (b *batch) sort() {
	slices.SortFunc(b.items, func(x, y item) int {
		if x.key != y.key {
			return cmp.Compare(x.key, y.key)
		}
		return bytes.Compare(b.name(x), b.name(y))
	})
}

// writeTo writes the sorted names.
func (b *batch) writeTo(w *writer) error {
	for _, i := range b.items {
		if err := w.add(b.name(i)); err != nil {
			return err
		}
	}
	return nil
}

// add takes a name of at most [maxLabel] octets.
func (s *sorter) add(name []byte) error {
	if len(s.batch.items) == s.maxNames || len(s.batch.text)+len(name) > maxBatchText {
		if err := s.spill(); err != nil {
			return err
		}
	}
	b := s.batch
	b.items = append(b.items, item{keyOf(name), uint32(len(b.text)), uint8(len(name))})
	b.text = append(b.text, name...)
	return nil
}

// spill has the batch sorted and written on another goroutine.
func (s *sorter) spill() error {
	if err := s.wait(); err != nil {
		return err
	}
	full := s.batch
	s.batch, s.spare = s.spare, full
	s.batch.items, s.batch.text = s.batch.items[:0], s.batch.text[:0]
	r, err := newRun(s.folder)
	if err != nil {
		return err
	}
	s.runs = append(s.runs, r)
	s.writing = make(chan error, 1)
	go func() {
		full.sort()
		s.writing <- r.fill(full)
	}()
	return nil
}

// wait waits for the run under way.
func (s *sorter) wait() error {
	if s.writing == nil {
		return nil
	}
	err := <-s.writing
	s.writing = nil
	return err
}

// writeTo writes all names in order.
func (s *sorter) writeTo(w *writer) error {
	if len(s.runs) == 0 {
		s.batch.sort()
		return s.batch.writeTo(w)
	}
	err := s.spill()
	if err == nil {
		err = s.wait()
	}
	if err != nil {
		return err
	}
	return merge(w, s.runs)
}

// close removes the runs.
func (s *sorter) close() {
	_ = s.wait() // its error was that of add, or nobody wants to know
	for _, r := range s.runs {
		tempfile.Discard(r.file)
	}
}

// A run is a file of sorted names.
type run struct {
	file   *os.File
	bounds []uint64 // where the blocks begin, and the end
}

func newRun(folder string) (*run, error) {
	f, err := tempfile.Scratch(folder, ".domprobe-*.run")
	if err != nil {
		return nil, err
	}
	return &run{file: f}, nil
}

func (r *run) fill(b *batch) error {
	w := newWriter(context.Background(), r.file)
	err := b.writeTo(w)
	if err == nil {
		err = w.out.Flush()
	}
	r.bounds = append(w.offsets, uint64(w.size))
	return err
}

// cursor reads the run from its beginning.
func (r *run) cursor() *cursor {
	bounds := r.bounds
	in := bufio.NewReaderSize(io.NewSectionReader(r.file, 0, int64(bounds[len(bounds)-1])), 1<<18)
	var buf []byte
	return &cursor{blocks: func() ([]byte, error) {
		if len(bounds) == 1 {
			return nil, io.EOF
		}
		size := int(bounds[1] - bounds[0])
		buf = slices.Grow(buf[:0], size)[:size]
		bounds = bounds[1:]
		_, err := io.ReadFull(in, buf)
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return buf, err
	}}
}

// merge writes the names of all runs in order.
func merge(w *writer, runs []*run) error {
	var open []*cursor // in the order of their names
	// next goes to the next name of a run, and finds its place among the others.
	next := func(c *cursor) error {
		if c.next() {
			i, _ := slices.BinarySearchFunc(open, c, func(a, b *cursor) int { return bytes.Compare(a.name, b.name) })
			open = slices.Insert(open, i, c)
		}
		return c.err
	}
	for _, r := range runs {
		if err := next(r.cursor()); err != nil {
			return err
		}
	}
	for len(open) > 0 {
		first := open[0]
		if err := w.add(first.name); err != nil {
			return err
		}
		open = slices.Delete(open, 0, 1)
		if err := next(first); err != nil {
			return err
		}
	}
	return nil
}
