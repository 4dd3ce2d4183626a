package web

import (
	"net/http"
	"time"
)

// A recorder records a response for the log, and limits the time in which the
// client reads each part of it.
type recorder struct {
	http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration

	status int
	bytes  int64
	rows   int
}

func newRecorder(w http.ResponseWriter, patience time.Duration) *recorder {
	return &recorder{ResponseWriter: w, control: http.NewResponseController(w), patience: patience}
}

// hurry limits the time in which the client reads the next part. A recorder of
// package httptest has no deadlines, and no slow client either.
func (r *recorder) hurry() { _ = r.control.SetWriteDeadline(time.Now().Add(r.patience)) }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.hurry()
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	r.hurry()
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// Unwrap is for [http.ResponseController].
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
