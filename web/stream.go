package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"domprobe/probe"
	"domprobe/report"
)

// The headers of a search beside the usual ones. The last one comes after the
// rows (RFC 9110 section 6.5): complete, stopped, or failed and why.
const (
	namesHeader    = "Domprobe-Names"    // rows that are to come
	repeatedHeader = "Domprobe-Repeated" // names that were left out, being repeats
	endTrailer     = "Domprobe-End"
)

func (s *Server) probeQuery(w http.ResponseWriter, r *http.Request) {
	q, p := parseQuery(r.URL.RawQuery)
	s.search(w, r, q, p)
}

func (s *Server) probeBody(w http.ResponseWriter, r *http.Request) {
	if r.URL.RawQuery != "" {
		refuse(w, problem{http.StatusBadRequest, "a POST takes its parameters from the body"})
		return
	}
	q, p := s.parseBody(w, r)
	s.search(w, r, q, p)
}

// search answers with the rows of a query.
func (s *Server) search(w http.ResponseWriter, r *http.Request, q *query, p *problem) {
	if p != nil {
		refuse(w, *p)
		return
	}
	ctx, cancel := s.untilStopped(r.Context())
	defer cancel()
	names, repeated, p := s.names(ctx, q)
	if p != nil {
		refuse(w, *p)
		return
	}
	done, p := s.admit(r, len(names))
	if p != nil {
		refuse(w, *p)
		return
	}
	defer done()

	out, err := newStream(w, q)
	if err != nil {
		refuse(w, problem{http.StatusBadRequest, err.Error()})
		return
	}
	w.Header().Set(namesHeader, strconv.Itoa(len(names)))
	w.Header().Set(repeatedHeader, strconv.FormatInt(repeated, 10))
	out.begin()
	if r.Method == http.MethodHead {
		return
	}
	out.end(s.copyRows(ctx, out, s.verdicts.batches(ctx, names)))
}

// copyRows writes rows until they end.
func (s *Server) copyRows(ctx context.Context, out *stream, rows func(func([]probe.Result, error) bool)) error {
	for batch, err := range rows {
		if err == nil {
			err = out.write(batch)
		}
		if err != nil {
			return cmp.Or(context.Cause(ctx), err)
		}
	}
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

// A stream is a response whose rows are sent as they come.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	format  string
	only    []probe.Verdict
	rows    report.Writer
}

func newStream(w http.ResponseWriter, q *query) (*stream, error) {
	out := &stream{
		w: w, control: http.NewResponseController(w), format: cmp.Or(q.Format, "jsonl"),
		only: q.Only,
	}
	var err error
	out.rows, err = report.New(out.format, w, report.Options{})
	return out, err
}

// begin sends the headers, so that the client knows at once what is to come.
func (o *stream) begin() {
	h := o.w.Header()
	h.Set("Content-Type", formats[o.format])
	h.Set("Trailer", endTrailer)
	h.Set("X-Accel-Buffering", "no") // nginx would keep rows back
	o.w.WriteHeader(http.StatusOK)
	// A client that is gone is noticed by the first row.
	_ = o.flush()
}

func (o *stream) write(batch []probe.Result) error {
	if len(o.only) > 0 {
		batch = slices.DeleteFunc(batch, func(r probe.Result) bool { return !slices.Contains(o.only, r.Verdict) })
	}
	if len(batch) == 0 {
		return nil
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

// end ends the rows and says how the search has ended. What ends a format is
// left out where it would make a failed search look whole.
func (o *stream) end(err error) {
	how := "complete"
	switch {
	case errors.Is(err, errStopping):
		how = "stopped"
	case err != nil:
		how = "failed: " + oneLine(err.Error())
	}
	if how == "complete" || how == "stopped" {
		// A client that is gone needs no end.
		_ = o.rows.Close()
	}
	o.w.Header().Set(endTrailer, how)
}

// oneLine makes s fit for a header.
func oneLine(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c < ' ' || c > '~' {
			b[i] = '?'
		}
	}
	return string(b)
}
