package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
)

// A query is what a search is asked for: the parameters of a GET, the body of a
// POST. Its words are those of the command's flags.
type query struct {
	Keyword []string        `json:"keyword"`
	TLD     []string        `json:"tld"`
	Preset  []string        `json:"preset"`
	Prefix  []string        `json:"prefix"`
	Suffix  []string        `json:"suffix"`
	Only    []probe.Verdict `json:"only"`
	Format  string          `json:"format"`
}

// lists are the parameters that hold several words, with commas between them.
func (q *query) lists() map[string]*[]string {
	return map[string]*[]string{
		"keyword": &q.Keyword, "tld": &q.TLD, "preset": &q.Preset, "prefix": &q.Prefix, "suffix": &q.Suffix,
	}
}

// formats are the formats of a response with their types.
var formats = map[string]string{
	"jsonl": "application/x-ndjson",
	"json":  "application/json",
	"csv":   "text/csv; charset=utf-8; header=present",
}

// parseQuery reads the parameters of a request. One that is not known is an
// error: whoever gives a resolver, say, must learn that it is not used.
func parseQuery(raw string) (*query, *problem) {
	params, err := url.ParseQuery(raw)
	if err != nil {
		return nil, problemf(http.StatusBadRequest, "the parameters cannot be read: %v", err)
	}
	q := &query{}
	lists := q.lists()
	for name, given := range params {
		var words []string
		for _, v := range given {
			for word := range strings.SplitSeq(v, ",") {
				if word = strings.TrimSpace(word); word != "" {
					words = append(words, word)
				}
			}
		}
		switch {
		case lists[name] != nil:
			*lists[name] = words
		case name == "only":
			for _, word := range words {
				v, err := probe.ParseVerdict(word)
				if err != nil {
					return nil, problemf(http.StatusBadRequest, "only: %v", err)
				}
				q.Only = append(q.Only, v)
			}
		case name == "format" && len(words) == 1:
			q.Format = words[0]
		case name == "format":
			return nil, problemf(http.StatusBadRequest, "format is one word")
		default:
			return nil, problemf(http.StatusBadRequest, "the parameter %.100q is not known", name)
		}
	}
	return q, nil
}

// hurryBody gives the client its time to send a body. A body that is not read
// whole ends the connection: otherwise package net/http would wait for the rest
// before it answers. Without deadlines, as on a recorder of package httptest,
// there is no client that could be slow.
func (s *Server) hurryBody(w http.ResponseWriter) {
	w.Header().Set("Connection", "close")
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.opts.Patience))
}

// bodyRead says that the body has been read whole: from here on the connection
// is only watched for the client's leaving.
func bodyRead(w http.ResponseWriter) {
	w.Header().Del("Connection")
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
}

// withoutBody refuses requests that have a body, behind which the client's
// leaving could not be seen.
func withoutBody(handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			refuse(w, problem{http.StatusBadRequest, "this path takes no body"})
			return
		}
		handle(w, r)
	}
}

// limitBody bounds the body of a request.
func (s *Server) limitBody(w http.ResponseWriter, r *http.Request) *problem {
	if r.ContentLength > s.opts.MaxBody {
		return problemf(http.StatusRequestEntityTooLarge, "the body is over %d octets", s.opts.MaxBody)
	}
	r.Body = http.MaxBytesReader(w, r.Body, s.opts.MaxBody)
	return nil
}

// parseBody reads the JSON body of a request.
func (s *Server) parseBody(w http.ResponseWriter, r *http.Request) (*query, *problem) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return nil, problemf(http.StatusUnsupportedMediaType, "the body must be application/json")
	}
	if p := s.limitBody(w, r); p != nil {
		return nil, p
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	q := &query{}
	if err := d.Decode(q); err != nil {
		return nil, bodyProblem(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, problemf(http.StatusBadRequest, "the body is more than one JSON object")
	}
	bodyRead(w)
	return q, nil
}

func bodyProblem(err error) *problem {
	var tooLarge *http.MaxBytesError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &tooLarge):
		return problemf(http.StatusRequestEntityTooLarge, "the body is over %d octets", tooLarge.Limit)
	case errors.As(err, &timeout) && timeout.Timeout():
		return problemf(http.StatusRequestTimeout, "the body took too long")
	}
	return problemf(http.StatusBadRequest, "the body cannot be read: %v", err)
}

// names returns the names that a query means, and how many repeats were left
// out. It makes no more than one request may have, repeats included, and none
// once ctx is done.
func (s *Server) names(ctx context.Context, q *query) (names []candidate.Candidate, repeated int64, p *problem) {
	if q.Format != "" && formats[q.Format] == "" {
		return nil, 0, problemf(http.StatusBadRequest, "the format %.100q is none of csv, json, jsonl", q.Format)
	}
	if len(q.Keyword) == 0 {
		return nil, 0, problemf(http.StatusBadRequest, "no keyword is given")
	}
	tlds, p := q.tlds()
	if p != nil {
		return nil, 0, p
	}
	keywords := distinct(q.Keyword)
	g, err := candidate.New(candidate.Options{
		Keywords: candidate.Strings(keywords...), TLDs: tlds, Prefixes: q.Prefix, Suffixes: q.Suffix,
	})
	if err != nil {
		return nil, 0, problemf(http.StatusBadRequest, "%v", err)
	}
	if most := int64(s.opts.MaxNames); count(keywords, g.PerKeyword(), most) > most {
		return nil, 0, problemf(http.StatusRequestEntityTooLarge, "more than %d names in one request", s.opts.MaxNames)
	}
	for c, err := range g.All() {
		if err != nil {
			return nil, 0, problemf(http.StatusBadRequest, "%v", err)
		}
		if ctx.Err() != nil {
			return nil, 0, unanswered(ctx, ctx.Err())
		}
		names = append(names, c)
	}
	return names, count(q.Keyword, g.PerKeyword(), math.MaxInt64) - int64(len(names)), nil
}

// tlds returns the TLDs of a query, those of its presets included.
func (q *query) tlds() ([]string, *problem) {
	tlds := distinct(q.TLD)
	for _, name := range distinct(q.Preset) {
		set, err := candidate.Preset(name)
		if err != nil {
			return nil, problemf(http.StatusBadRequest, "%v", err)
		}
		tlds = append(tlds, set...)
	}
	return tlds, nil
}

// distinct returns words without repeats, in order.
func distinct(words []string) []string {
	var all []string
	known := make(map[string]bool)
	for _, word := range words {
		if !known[word] {
			known[word] = true
			all = append(all, word)
		}
	}
	return all
}

// count returns how many names keywords make, repeats included, each of them so
// many unless it is a whole domain. It counts no further than just over most.
func count(keywords []string, perKeyword int, most int64) (n int64) {
	for _, word := range keywords {
		if n > most {
			break
		}
		if strings.ContainsAny(word, ".\u3002\uff61\uff0e") {
			n++
		} else {
			n += int64(perKeyword)
		}
	}
	return n
}
