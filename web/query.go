package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"math"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"domprobe/candidate"
	"domprobe/internal/text"
	"domprobe/probe"
)

// A query is the parameters of a GET or the body of a POST. They are called like
// the flags of the command.
type query struct {
	Keyword []string        `json:"keyword"`
	TLD     []string        `json:"tld"`
	Preset  []string        `json:"preset"`
	Prefix  []string        `json:"prefix"`
	Suffix  []string        `json:"suffix"`
	Only    []probe.Verdict `json:"only"`
	Format  string          `json:"format"`
}

// lists returns the parameters whose words are texts.
func (q *query) lists() map[string]*[]string {
	return map[string]*[]string{
		"keyword": &q.Keyword, "tld": &q.TLD, "preset": &q.Preset, "prefix": &q.Prefix, "suffix": &q.Suffix,
	}
}

// formats are the formats of a response with their media types.
var formats = map[string]string{
	"jsonl": "application/x-ndjson",
	"json":  "application/json",
	"csv":   "text/csv; charset=utf-8; header=present",
}

// parse reads the query of a request.
func (s *Server) parse(w http.ResponseWriter, r *http.Request) (*query, *problem) {
	switch {
	case r.Method != http.MethodPost:
		return parseQuery(r.URL.RawQuery)
	case r.URL.RawQuery != "":
		return nil, problemf(http.StatusBadRequest, "a POST takes its parameters from the body")
	}
	return s.parseBody(w, r)
}

// parseQuery reads the parameters of a request. An unknown one is an error: a
// client that gives a resolver, for example, must learn that it is not used.
func parseQuery(raw string) (*query, *problem) {
	params, err := url.ParseQuery(raw)
	if err != nil {
		return nil, problemf(http.StatusBadRequest, "the parameters cannot be read: %v", err)
	}
	q := &query{}
	var only, format []string
	lists := q.lists()
	lists["only"], lists["format"] = &only, &format
	for name, given := range params {
		list := lists[name]
		if list == nil {
			return nil, problemf(http.StatusBadRequest, "the parameter %.100q is not known", name)
		}
		for word := range strings.SplitSeq(strings.Join(given, ","), ",") {
			if word = strings.TrimSpace(word); word != "" {
				*list = append(*list, word)
			}
		}
	}
	for _, word := range only {
		v, err := probe.ParseVerdict(word)
		if err != nil {
			return nil, problemf(http.StatusBadRequest, "only: %v", err)
		}
		q.Only = append(q.Only, v)
	}
	if params.Has("format") && len(format) != 1 {
		return nil, problemf(http.StatusBadRequest, "format is one word")
	}
	q.Format = strings.Join(format, "")
	return q, nil
}

// withoutBody refuses requests with a body, behind which package net/http would
// not notice that the client leaves.
func withoutBody(handle handler) handler {
	return func(w http.ResponseWriter, r *http.Request) *problem {
		if r.ContentLength != 0 {
			return problemf(http.StatusBadRequest, "this path takes no body")
		}
		return handle(w, r)
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
	w.Header().Del("Connection") // the body has been read to its end
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

// cost checks a query, and returns an upper bound of the work for it without
// making a name: its names, or its TLDs and affixes if they are more.
func (s *Server) cost(q *query) (int, *problem) {
	if q.Format != "" && formats[q.Format] == "" {
		return 0, problemf(http.StatusBadRequest, "the format %.100q is none of csv, json, jsonl", q.Format)
	}
	if len(q.Keyword) == 0 {
		return 0, problemf(http.StatusBadRequest, "no keyword is given")
	}
	for _, name := range text.Distinct(q.Preset) {
		set, err := candidate.Preset(name)
		if err != nil {
			return 0, problemf(http.StatusBadRequest, "%v", err)
		}
		q.TLD = append(q.TLD, set...)
	}
	q.TLD, q.Prefix, q.Suffix = text.Distinct(q.TLD), text.Distinct(q.Prefix), text.Distinct(q.Suffix)
	tlds, prefixes, suffixes := int64(len(q.TLD)), int64(len(q.Prefix)), int64(len(q.Suffix))
	most := int64(s.opts.MaxNames)
	n := max(tlds+prefixes+suffixes, count(text.Distinct(q.Keyword), (1+prefixes)*(1+suffixes)*tlds, most))
	if n > most {
		return 0, problemf(http.StatusRequestEntityTooLarge, "more than %d names, or TLDs and affixes, in one request", most)
	}
	return int(n), nil
}

// names generates the names of a query and tells how many they are, and how many
// repeats are left out. The names are not kept: they are generated again when
// they are needed. It ends early when ctx is done.
func (q *query) names(ctx context.Context) (all iter.Seq2[candidate.Candidate, error], n int, repeated int64, p *problem) {
	opts := candidate.Options{
		Keywords: candidate.Strings(text.Distinct(q.Keyword)...), TLDs: q.TLD, Prefixes: q.Prefix, Suffixes: q.Suffix,
	}
	g, err := candidate.New(opts)
	if err != nil {
		return nil, 0, 0, problemf(http.StatusBadRequest, "%v", err)
	}
	for _, err := range g.All() {
		if err != nil {
			return nil, 0, 0, problemf(http.StatusBadRequest, "%v", err)
		}
		if ctx.Err() != nil {
			return nil, 0, 0, unanswered(ctx, ctx.Err())
		}
		n++
	}
	repeated = count(q.Keyword, int64(g.PerKeyword()), math.MaxInt64) - int64(n)
	opts.Unique = g.Repeated() == 0
	g, _ = candidate.New(opts) // of the options that it has just accepted
	return g.All(), n, repeated, nil
}

// count returns how many names keywords make, repeats included: one for a whole
// domain, perKeyword for any other keyword. It counts no further than just over
// most.
func count(keywords []string, perKeyword, most int64) (n int64) {
	for _, word := range keywords {
		if n > most {
			break
		}
		if candidate.IsDomain(word) {
			n++
		} else {
			n += perKeyword
		}
	}
	return n
}
