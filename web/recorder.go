package web

import (
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// A recorder records a response for the log, limits the time in which the client
// reads each part of it, and compresses it for a client that wants that.
type recorder struct {
	http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration

	begun func(http.Header) // completes the headers

	zips bool         // the client wants gzip
	zip  *gzip.Writer // nil if the response is not compressed

	status int
	bytes  int64 // before compression
	rows   int
}

func newRecorder(w http.ResponseWriter, r *http.Request, patience time.Duration) *recorder {
	return &recorder{
		ResponseWriter: w, control: http.NewResponseController(w), patience: patience,
		zips: r.Method != http.MethodHead && r.Header.Get("Range") == "" && weightOf(r.Header.Values("Accept-Encoding"), "gzip") > 0,
	}
}

// hurry limits the time in which the client reads the next part. A recorder of
// package httptest has no deadlines, and no slow client either.
func (r *recorder) hurry() { _ = r.control.SetWriteDeadline(time.Now().Add(r.patience)) }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
		r.begun(r.Header())
	}
	r.compress(status)
	r.hurry()
	r.ResponseWriter.WriteHeader(status)
}

// compress begins to compress the body, if it is of a kind that gets smaller. No
// memory is kept between the parts of the body: a usual compressor keeps a megabyte
// for each client.
func (r *recorder) compress(status int) {
	h := r.Header()
	empty := status == http.StatusNoContent || status == http.StatusNotModified
	if status < http.StatusOK || h.Get("Content-Encoding") != "" || !empty && !compressible(h.Get("Content-Type")) {
		return
	}
	h.Add("Vary", "Accept-Encoding")
	if !r.zips || r.zip != nil {
		return
	}
	if tag := h.Get("ETag"); strings.HasPrefix(tag, `"`) {
		h.Set("ETag", "W/"+tag) // other octets of the same thing
	}
	if empty {
		return
	}
	h.Set("Content-Encoding", "gzip")
	h.Del("Content-Length")
	h.Del("Accept-Ranges")
	r.zip, _ = gzip.NewWriterLevel(r.ResponseWriter, gzip.StatelessCompression) // the level is known
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	r.hurry()
	w := io.Writer(r.ResponseWriter)
	if r.zip != nil {
		w = r.zip
	}
	n, err := w.Write(p)
	r.bytes += int64(n)
	return n, err
}

// FlushError sends what has been written. It is for [http.ResponseController].
func (r *recorder) FlushError() error {
	if r.zip != nil {
		if err := r.zip.Flush(); err != nil {
			return err
		}
	}
	return r.control.Flush()
}

// end writes the end of a compressed body.
func (r *recorder) end() {
	if r.zip != nil {
		_ = r.zip.Close() // a client that has left needs no end
	}
}

// Unwrap is for [http.ResponseController].
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
