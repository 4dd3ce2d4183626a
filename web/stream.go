package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"domprobe/probe"
	"domprobe/report"
)

// The headers of a search beside the usual ones.
const (
	namesHeader    = "Domprobe-Names"    // rows to come
	repeatedHeader = "Domprobe-Repeated" // repeated names, which are left out
	endTrailer     = "Domprobe-End"      // after the rows (RFC 9110 section 6.5): complete, stopped, or failed and why
)

// search answers with the rows of a query.
func (s *Server) search(w http.ResponseWriter, r *http.Request) *problem {
	q, p := s.parse(w, r)
	if p != nil {
		return p
	}
	cost, p := s.cost(q)
	if p != nil {
		return p
	}
	done, p := s.admit(r, cost)
	if p != nil {
		return p
	}
	defer done()
	ctx, cancel := s.untilStopped(r.Context())
	defer cancel()
	names, n, repeated, p := q.names(ctx)
	if p != nil {
		return p
	}
	out := newStream(w, q)
	w.Header().Set(namesHeader, strconv.Itoa(n))
	w.Header().Set(repeatedHeader, strconv.FormatInt(repeated, 10))
	out.begin()
	if r.Method == http.MethodHead {
		return nil
	}
	var failed error
	for rows, err := range s.verdicts.batches(ctx, names) {
		if err == nil {
			err = out.write(rows)
		}
		if err != nil {
			failed = cmp.Or(context.Cause(ctx), err)
			break
		}
	}
	out.end(failed)
	return nil
}

// untilStopped returns a context that also ends when the server stops.
func (s *Server) untilStopped(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.stopped, func() { cancel(context.Cause(s.stopped)) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

// A stream is a response whose rows are sent as they arrive.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	format  string
	only    []probe.Verdict
	rows    report.Writer
}

func newStream(w http.ResponseWriter, q *query) *stream {
	format := cmp.Or(q.Format, "jsonl")
	rows, _ := report.New(format, w, report.Options{}) // it has each of formats
	return &stream{w, http.NewResponseController(w), format, q.Only, rows}
}

// begin sends the headers, so that the client knows at once how many rows follow.
func (o *stream) begin() {
	h := o.w.Header()
	h.Set("Content-Type", formats[o.format])
	h.Set("Trailer", endTrailer)
	h.Set("X-Accel-Buffering", "no") // nginx would keep rows back
	o.w.WriteHeader(http.StatusOK)
	// The first row tells whether the client has left.
	_ = o.flush()
}

func (o *stream) write(batch []probe.Result) error {
	if len(o.only) > 0 {
		batch = slices.DeleteFunc(batch, func(r probe.Result) bool { return !slices.Contains(o.only, r.Verdict) })
	}
	if rec, ok := o.w.(*recorder); ok {
		rec.rows += len(batch)
	}
	if err := o.rows.Write(batch); err != nil {
		return err
	}
	return o.flush()
}

func (o *stream) flush() error {
	if err := o.control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// end ends the rows and says how the search has ended. After a failure the end
// of the format is left out: the response must not look whole.
func (o *stream) end(err error) {
	how := "complete"
	switch {
	case errors.Is(err, errStopping):
		how = "stopped"
	case err != nil:
		how = "failed: " + strings.Map(headerRune, err.Error())
	}
	o.w.Header().Set(endTrailer, how)
	if err == nil || how == "stopped" {
		// A client that has left needs no end.
		_ = o.rows.Close()
	}
}

func headerRune(c rune) rune {
	if c < ' ' || c > '~' {
		return '?' // a header cannot hold it
	}
	return c
}
