package web

import (
	"cmp"
	"mime"
	"net/http"

	"domprobe/candidate"
	"domprobe/internal/text"
)

// A query is the parameters of a search. They are called like the flags of the
// command, and read by parameter.go.
type query struct {
	Keyword words `json:"keyword"`
	TLD     words `json:"tld"`
	Preset  words `json:"preset"`
	Prefix  words `json:"prefix"`
	Suffix  words `json:"suffix"`

	making
	choosing
	More
	keeping

	Format string `json:"format"`
}

// formats are the formats of a response with their media types.
var formats = map[string]string{
	"jsonl": "application/x-ndjson",
	"json":  "application/json",
	"csv":   "text/csv; charset=utf-8; header=present",
	"names": "text/plain; charset=utf-8",
}

// parse reads the query of a request.
func (s *Server) parse(w http.ResponseWriter, r *http.Request) (*query, *problem) {
	if r.Method != http.MethodPost {
		return parseQuery(r.URL.RawQuery)
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err == nil && kind == "text/plain":
		return s.parseList(w, r)
	case r.URL.RawQuery != "":
		return nil, problemf(http.StatusBadRequest, "a POST takes its parameters from the body, unless that is a list in text/plain")
	case err != nil || kind != "application/json":
		return nil, problemf(http.StatusUnsupportedMediaType, "the body must be application/json, or a list in text/plain")
	}
	return s.parseBody(w, r)
}

// parseList reads a list of keywords, a line each, and the other parameters from the
// URL.
func (s *Server) parseList(w http.ResponseWriter, r *http.Request) (*query, *problem) {
	q, p := parseQuery(r.URL.RawQuery)
	if p == nil {
		p = s.limitBody(w, r)
	}
	if p != nil {
		return nil, p
	}
	for line, err := range candidate.Lines(r.Body) {
		if err != nil {
			return nil, listProblem(err)
		}
		keywords, _ := candidate.Clean(line)
		q.Keyword = append(q.Keyword, keywords...)
	}
	w.Header().Del("Connection") // the body has been read to its end
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
	if p := s.limitBody(w, r); p != nil {
		return nil, p
	}
	q, p := parseJSON(r.Body)
	if p == nil {
		w.Header().Del("Connection") // the body has been read to its end
	}
	return q, p
}

// cost checks a query, and returns an upper bound of the work for it without
// making a name: its names, or its TLDs and affixes if they are more. The names of
// generators are counted when they are made.
func (s *Server) cost(q *query) (int, *problem) {
	if q.Format != "" && formats[q.Format] == "" {
		return 0, problemf(http.StatusBadRequest, "the format %.100q is none of csv, json, jsonl, names", q.Format)
	}
	if p := cmp.Or(q.making.check(len(q.Keyword)), q.choosing.check(), q.keeping.check(&q.More)); p != nil {
		return 0, p
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
	n := tlds + prefixes + suffixes
	if !q.ranked() {
		n = max(n, count(text.Distinct(q.Keyword), (1+prefixes)*(1+suffixes)*tlds, most))
	}
	if n > most {
		return 0, tooMany(most)
	}
	return int(n), nil
}

func tooMany(most int64) *problem {
	return problemf(http.StatusRequestEntityTooLarge, "more than %d names, or TLDs and affixes, in one request", most)
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
