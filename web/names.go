package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"domprobe/candidate"
	"domprobe/probe"
	"domprobe/report"
)

// confirmTime bounds how long a registry is asked about one name.
const confirmTime = 20 * time.Second

// answer handles requests for one row.
func (s *Server) answer(decide func(context.Context, *http.Request) (probe.Result, *problem)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := s.untilStopped(r.Context())
		defer cancel()
		row, p := decide(ctx, r)
		if p != nil {
			refuse(w, *p)
			return
		}
		writeRow(w, row)
	}
}

// decide returns the verdict on the name in the path.
func (s *Server) decide(ctx context.Context, r *http.Request) (row probe.Result, p *problem) {
	q := r.URL.Query()
	if tld := q["tld"]; r.URL.RawQuery != "" && (len(q) != 1 || len(tld) != 1) {
		return row, problemf(http.StatusBadRequest, "this path takes no parameters but one tld")
	}
	done, p := s.admit(r, 1)
	if p != nil {
		return row, p
	}
	defer done()
	c, err := under(r.PathValue("domain"), q.Get("tld"))
	if err != nil {
		return row, problemf(http.StatusBadRequest, "%v", err)
	}
	for rows, err := range s.verdicts.batches(ctx, one(c)) {
		if err != nil {
			return row, unanswered(ctx, err)
		}
		row = rows[0]
	}
	return row, nil
}

// under returns a whole domain as a candidate under a TLD. An empty TLD stands
// for the usual one, or for that of a private registry: x.uk.com is under uk.com,
// as it is when x is searched under uk.com.
func under(domain, tld string) (candidate.Candidate, error) {
	c := candidate.Parse(domain)
	if tld == "" && c.Err != nil && c.Err.Reason == candidate.NotRegistrable {
		if suffix, icann := publicsuffix.PublicSuffix(c.Name); !icann && strings.Count(c.Name, ".") == 1+strings.Count(suffix, ".") {
			tld = suffix
		}
	}
	if tld == "" {
		return c, nil
	}
	label, _, _ := strings.Cut(cmp.Or(c.Unicode, c.Name), ".")
	g, err := candidate.New(candidate.Options{Keywords: candidate.Strings(label), TLDs: []string{tld}})
	if err != nil {
		return c, err
	}
	for again := range g.All() {
		if again.Name != c.Name {
			return c, fmt.Errorf("%.300q is not directly below %.300q", domain, tld)
		}
		again.Keyword = domain
		c = again
	}
	return c, nil
}

// unanswered says why there is no verdict.
func unanswered(ctx context.Context, err error) *problem {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return problemf(http.StatusServiceUnavailable, "%v", err)
}

// confirm returns the verdict on the name in the path after the registry was
// asked.
func (s *Server) confirm(ctx context.Context, r *http.Request) (row probe.Result, p *problem) {
	if s.opts.Confirmer == nil {
		return row, problemf(http.StatusNotImplemented, "this server does not ask registries")
	}
	row, p = s.decide(ctx, r)
	if p != nil || row.Verdict == probe.Invalid {
		return row, p
	}
	done, p := s.admit(r, 1)
	if p != nil {
		return row, p
	}
	defer done()
	confirmed, err := s.confirmed(ctx, row)
	if err != nil {
		return row, unanswered(ctx, err)
	}
	confirmed.Candidate = row.Candidate
	return confirmed, nil
}

// confirmed returns the verdict on a name after the registry was asked. Requests
// for the same name share one query. It ends when the client that began it
// leaves; then one of the others begins again.
func (s *Server) confirmed(ctx context.Context, row probe.Result) (probe.Result, error) {
	type answer struct {
		row probe.Result
		err error
	}
	for {
		answers := make(chan answer, 1)
		// DoChan would start a goroutine that Close could not wait for.
		s.work.Go(func() {
			v, err, _ := s.confirming.Do(row.Name, func() (any, error) { return s.askRegistry(ctx, row) })
			answers <- answer{v.(probe.Result), err}
		})
		select {
		case <-ctx.Done():
			return row, ctx.Err()
		case a := <-answers:
			if !errors.Is(a.err, errLeft) {
				return a.row, a.err
			}
		}
	}
}

// errLeft is the error of a shared query whose client has left.
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
