package web

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"strings"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
	"domprobe/report"
)

// confirmTime bounds how long a registry is asked about one name.
const confirmTime = 20 * time.Second

// name answers with the verdict on one name.
func (s *Server) name(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := s.untilStopped(r.Context())
	defer cancel()
	row, p := s.decide(ctx, r)
	if p != nil {
		refuse(w, *p)
		return
	}
	writeRow(w, row)
}

// decide returns the verdict on the name in the path.
func (s *Server) decide(ctx context.Context, r *http.Request) (row probe.Result, p *problem) {
	if r.URL.RawQuery != "" {
		return row, problemf(http.StatusBadRequest, "this path takes no parameters")
	}
	done, p := s.admit(r, 1)
	if p != nil {
		return row, p
	}
	defer done()
	name := []candidate.Candidate{candidate.Parse(r.PathValue("domain"))}
	for rows, err := range s.verdicts.batches(ctx, name) {
		if err != nil {
			return row, unanswered(ctx, err)
		}
		row = rows[0]
	}
	return row, nil
}

// unanswered says why there is no answer.
func unanswered(ctx context.Context, err error) *problem {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return problemf(http.StatusServiceUnavailable, "%v", err)
}

// confirm answers with the verdict on one name after the registry was asked.
// Clients that want this at once share one question. It ends when the client
// whose it is leaves; then one of the others asks.
func (s *Server) confirm(w http.ResponseWriter, r *http.Request) {
	if s.opts.Confirmer == nil {
		refuse(w, problem{http.StatusNotImplemented, "this server does not ask registries"})
		return
	}
	if r.ContentLength > 0 {
		refuse(w, problem{http.StatusBadRequest, "this path takes no body"})
		return
	}
	ctx, cancel := s.untilStopped(r.Context())
	defer cancel()
	row, p := s.decide(ctx, r)
	if p != nil {
		refuse(w, *p)
		return
	}
	if row.Verdict == probe.Invalid {
		writeRow(w, row)
		return
	}
	done, p := s.admit(r, 1)
	if p != nil {
		refuse(w, *p)
		return
	}
	defer done()
	for {
		confirmed, err, _ := s.confirming.Do(row.Name, func() (any, error) { return s.askRegistry(ctx, row) })
		switch {
		case err == nil:
			r := confirmed.(probe.Result)
			r.Candidate = row.Candidate
			writeRow(w, r)
			return
		case ctx.Err() != nil || !errors.Is(err, errLeft):
			refuse(w, *unanswered(ctx, err))
			return
		}
	}
}

// errLeft says that the client whose question others shared has left.
var errLeft = errors.New("the client has left")

func (s *Server) askRegistry(client context.Context, row probe.Result) (probe.Result, error) {
	ctx, cancel := context.WithTimeout(client, confirmTime)
	defer cancel()
	var failed error
	for rows, err := range s.opts.Confirmer.Batches(ctx, one(row.Candidate)) {
		for _, r := range rows {
			row = r
		}
		failed = err
	}
	switch {
	case client.Err() != nil:
		return row, errLeft
	case ctx.Err() != nil:
		return row, errors.New("the registry did not answer in time")
	case failed == nil && strings.Contains(row.Source, "+"):
		s.verdicts.replace(row)
	}
	return row, failed
}

// one streams a single candidate.
func one(c candidate.Candidate) iter.Seq2[candidate.Candidate, error] {
	return func(yield func(candidate.Candidate, error) bool) { yield(c, nil) }
}

// writeRow writes one row as a JSON object.
func writeRow(w http.ResponseWriter, row probe.Result) {
	w.Header().Set("Content-Type", formats["json"])
	rows, err := report.New("jsonl", w, report.Options{})
	if err != nil {
		refuse(w, problem{http.StatusInternalServerError, err.Error()})
		return
	}
	if rec, ok := w.(*recorder); ok {
		rec.rows++
	}
	// A client that has left needs no answer.
	_ = rows.Write([]probe.Result{row})
	_ = rows.Close()
}
