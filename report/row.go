package report

import (
	"io"

	"domprobe/probe"
)

// An encoder appends the parts of a report to a buffer.
type encoder interface {
	begin(dst []byte) []byte // before everything, also when there is no row
	row(dst []byte, r *probe.Result) []byte
	end(dst []byte) []byte
}

const (
	bufferSize = 64 << 10
	// flushSize leaves room for one more row of any usual length, so that
	// the buffer does not grow.
	flushSize = bufferSize - 4<<10
)

// A rowWriter is the Writer of every format that needs no more than the row
// itself to write it.
type rowWriter struct {
	w     io.Writer
	enc   encoder
	buf   []byte
	begun bool
	err   error // the first one
}

// rows makes a format out of an encoder.
func rows(enc func(Options) encoder) func(io.Writer, Options) Writer {
	return func(w io.Writer, o Options) Writer {
		return &rowWriter{w: w, enc: enc(o), buf: make([]byte, 0, bufferSize)}
	}
}

// continued makes w go on after the header of a report.
func (w *rowWriter) continued(header []*field) {
	w.begun = true
	if e, ok := w.enc.(*csv); ok {
		e.fields = header
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
	return w.flush()
}

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
	if cap(w.buf) > bufferSize { // a giant row is no reason to keep a giant buffer
		w.buf = make([]byte, 0, bufferSize)
	}
	w.buf = w.buf[:0]
	return w.err
}
