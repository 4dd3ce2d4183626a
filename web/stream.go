package web

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"domprobe/candidate"
	"domprobe/probe"
	"domprobe/report"
)

// The headers of a search beside the usual ones.
const (
	namesHeader    = "Domprobe-Names"    // rows to come at most
	repeatedHeader = "Domprobe-Repeated" // repeated names, which are left out
	endTrailer     = "Domprobe-End"      // after the rows (RFC 9110 section 6.5): complete, stopped, or failed and why
)

// search answers with the rows of a query.
func (s *Server) search(w http.ResponseWriter, r *http.Request) *problem {
	q, p := s.parse(w, r)
	if p != nil {
		return p
	}
	w.Header().Add("Vary", "Accept")
	if q.Format == "" {
		if q.Format = negotiate(r); q.Format == "" {
			return problemf(http.StatusNotAcceptable, "rows come as application/x-ndjson, application/json, text/csv or text/plain")
		}
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
	names, p := s.prepare(ctx, r, q, cost)
	if p != nil {
		return p
	}
	rows, p := s.rows(r, q)
	if p != nil {
		return p
	}
	out := newStream(w, q)
	w.Header().Set(namesHeader, strconv.Itoa(q.most(names.n, s.opts.MaxNames)))
	w.Header().Set(repeatedHeader, strconv.FormatInt(names.repeated, 10))
	out.begin()
	if r.Method == http.MethodHead {
		return nil
	}
	var failed error
	for rows, err := range rows(ctx, names.all) {
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

// prepare generates the names of a query. The client is charged for those that are
// more than its cost.
func (s *Server) prepare(ctx context.Context, r *http.Request, q *query, cost int) (*nameSet, *problem) {
	names, p := q.names(ctx, s.opts.MaxNames)
	if p != nil {
		return nil, p
	}
	if more := names.cost(q) - cost; more > 0 {
		p = s.charge(r, more)
	}
	return names, p
}

// An asker returns the rows of names as they settle.
type asker func(context.Context, iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]probe.Result, error]

// rows returns who answers a query.
func (s *Server) rows(r *http.Request, q *query) (asker, *problem) {
	v, p := s.verdictsWith(q.More)
	if p != nil || !q.ranked() {
		return v.batches, p
	}
	return s.pick(q, v, clientOf(r), s.opts.MaxNames).batches, nil
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
	keeping *keeping
	rows    report.Writer
}

func newStream(w http.ResponseWriter, q *query) *stream {
	rows, _ := report.New(q.Format, w, report.Options{ // it has each of formats
		Score: q.Score || q.ranked() || q.MinScore > 0, Dates: q.Dates, ForSale: q.ForSale, Parked: q.Parked,
	})
	return &stream{w, http.NewResponseController(w), q.Format, &q.keeping, rows}
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
	batch = slices.DeleteFunc(batch, func(r probe.Result) bool { return !o.keeping.keeps(&r) })
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
