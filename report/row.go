package report

import (
	"cmp"
	"errors"
	"io"

	"domprobe/probe"
)

// An encoder appends the parts of a report to a buffer.
type encoder interface {
	begin(dst []byte) []byte // before everything, also without rows
	row(dst []byte, r *probe.Result) []byte
	end(dst []byte) []byte
}

// bare is embedded in encoders of formats that are rows and nothing else.
type bare struct{}

func (bare) begin(dst []byte) []byte { return dst }
func (bare) end(dst []byte) []byte   { return dst }

const (
	bufferSize = 64 << 10
	// flushSize leaves room for one more row of usual length, so that the
	// buffer does not grow.
	flushSize = bufferSize - 4<<10
)

// A rowWriter is the Writer of every format that writes rows one by one.
type rowWriter struct {
	w     io.Writer
	enc   encoder
	buf   []byte
	begun bool
	err   error // the first one
}

// rows returns the open function of a format with an encoder.
func rows(enc func(Options) encoder) func(io.Writer, Options) Writer {
	return func(w io.Writer, o Options) Writer {
		return &rowWriter{w: w, enc: enc(o), buf: make([]byte, 0, bufferSize)}
	}
}

func (w *rowWriter) Write(rows []probe.Result) error {
	w.begin()
	for i := range rows {
		w.buf = w.enc.row(w.buf, &rows[i])
		if len(w.buf) >= flushSize {
			w.flush()
		}
	}
	return w.flush()
}

func (w *rowWriter) Close() error {
	w.begin()
	w.buf = w.enc.end(w.buf)
	w.flush()
	return closed(&w.err)
}

// closed returns the error of a Writer that has been closed, and lets every later call
// fail.
func closed(err *error) error {
	was := *err
	*err = cmp.Or(was, errClosed)
	return was
}

var errClosed = errors.New("the report is closed")

func (w *rowWriter) begin() {
	if !w.begun {
		w.begun = true
		w.buf = w.enc.begin(w.buf)
	}
}

// flush writes the buffer out, unless an earlier write failed.
func (w *rowWriter) flush() error {
	if w.err == nil && len(w.buf) > 0 {
		var n int
		if n, w.err = w.w.Write(w.buf); w.err == nil && n < len(w.buf) {
			w.err = io.ErrShortWrite
		}
	}
	if cap(w.buf) > bufferSize { // of a giant row
		w.buf = make([]byte, 0, bufferSize)
	}
	w.buf = w.buf[:0]
	return w.err
}
