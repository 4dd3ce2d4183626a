package web

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
	"domprobe/report"
)

// confirmTime bounds how long a registry is asked about one name.
const confirmTime = 20 * time.Second

// answer answers with one row, as a JSON object. A verdict that is kept here can be
// kept by the client for the same time.
func (s *Server) answer(decide func(context.Context, *http.Request) (probe.Result, *problem)) handler {
	return func(w http.ResponseWriter, r *http.Request) *problem {
		ctx, cancel := s.untilStopped(r.Context())
		defer cancel()
		row, p := decide(ctx, r)
		if p != nil {
			return p
		}
		var body bytes.Buffer
		rows, _ := report.New("jsonl", &body, report.Options{Dates: row.Registration != nil}) // there is such a format
		_ = errors.Join(rows.Write([]probe.Result{row}), rows.Close())                        // a buffer takes all
		if rec, ok := w.(*recorder); ok {
			rec.rows++
		}
		h := w.Header()
		h.Set("Content-Type", formats["json"])
		if r.Method != http.MethodPost {
			if left := time.Until(row.At.Add(Age(&row))); left >= time.Second {
				h.Set("Cache-Control", fmt.Sprintf("private, max-age=%d", int(left.Seconds())))
			}
			h.Set("ETag", tagOf(body.Bytes()))
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body.Bytes()))
			return nil
		}
		// A client that has left needs no answer.
		_, _ = w.Write(body.Bytes())
		return nil
	}
}

// tagOf returns the entity tag of a body (RFC 9110 section 8.8.3).
func tagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}

// decide returns the verdict on the name in the path.
func (s *Server) decide(ctx context.Context, r *http.Request) (row probe.Result, p *problem) {
	q := r.URL.Query()
	if tld := q["tld"]; r.URL.RawQuery != "" && (len(q) != 1 || len(tld) != 1) {
		return row, problemf(http.StatusBadRequest, "this path takes no parameters but one tld")
	}
	c, err := under(r.PathValue("domain"), q.Get("tld"))
	if err != nil {
		return row, problemf(http.StatusBadRequest, "%v", err)
	}
	return s.ask(ctx, s.verdicts, r, c)
}

// confirm returns the verdict on the name in the path after the registry was
// asked. Requests for the same name share one query.
func (s *Server) confirm(ctx context.Context, r *http.Request) (row probe.Result, p *problem) {
	if s.opts.Confirmer == nil {
		return row, problemf(http.StatusNotImplemented, "this server does not ask registries")
	}
	row, p = s.decide(ctx, r)
	if p != nil || row.Verdict == probe.Invalid {
		return row, p
	}
	ctx, cancel := context.WithTimeoutCause(ctx, confirmTime, errors.New("the registry did not answer in time"))
	defer cancel()
	row, p = s.ask(ctx, s.confirmed, r, row.Candidate)
	if p == nil && ctx.Err() != nil {
		p = unanswered(ctx, ctx.Err())
	}
	if p == nil && strings.Contains(row.Source, "+") {
		s.verdicts.replace(row)
	}
	return row, p
}

// ask returns the verdict on one name.
func (s *Server) ask(ctx context.Context, v *verdicts, r *http.Request, c candidate.Candidate) (row probe.Result, p *problem) {
	done, p := s.admit(r, 1)
	if p != nil {
		return row, p
	}
	defer done()
	for rows, err := range v.batches(ctx, candidate.Stream(c)) {
		if err != nil {
			return row, unanswered(ctx, err)
		}
		row = rows[0]
	}
	return row, nil
}

// under returns a whole domain as a candidate under a TLD. An empty TLD stands
// for the usual one.
func under(domain, tld string) (candidate.Candidate, error) {
	c := candidate.Parse(domain)
	if tld == "" {
		return c, nil
	}
	label, _, _ := strings.Cut(cmp.Or(c.Unicode, c.Name), ".")
	g, err := candidate.New(candidate.Options{Keywords: candidate.Stream(label), TLDs: []string{tld}})
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
