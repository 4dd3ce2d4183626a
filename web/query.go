package web

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
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

// limitBody bounds the body of a request in size and in time.
func (s *Server) limitBody(w http.ResponseWriter, r *http.Request) *problem {
	if r.ContentLength > s.opts.MaxBody {
		return problemf(http.StatusRequestEntityTooLarge, "the body is over %d octets", s.opts.MaxBody)
	}
	r.Body = http.MaxBytesReader(w, r.Body, s.opts.MaxBody)
	// Without deadlines, as on a recorder of package httptest, there is no
	// client that could be slow.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.opts.Patience))
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
	// From here on the connection is only watched for the client's leaving.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
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
// out.
func (s *Server) names(q *query) (names []candidate.Candidate, repeated int64, p *problem) {
	if q.Format != "" && formats[q.Format] == "" {
		return nil, 0, problemf(http.StatusBadRequest, "the format %.100q is none of csv, json, jsonl", q.Format)
	}
	if len(q.Keyword) == 0 {
		return nil, 0, problemf(http.StatusBadRequest, "no keyword is given")
	}
	tlds := slices.Clone(q.TLD)
	for _, name := range q.Preset {
		set, err := candidate.Preset(name)
		if err != nil {
			return nil, 0, problemf(http.StatusBadRequest, "%v", err)
		}
		tlds = append(tlds, set...)
	}
	g, err := candidate.New(candidate.Options{
		Keywords: candidate.Strings(q.Keyword...), TLDs: tlds, Prefixes: q.Prefix, Suffixes: q.Suffix,
	})
	if err != nil {
		return nil, 0, problemf(http.StatusBadRequest, "%v", err)
	}
	for c, err := range g.All() {
		if err != nil {
			return nil, 0, problemf(http.StatusBadRequest, "%v", err)
		}
		if len(names) == s.opts.MaxNames {
			return nil, 0, problemf(http.StatusRequestEntityTooLarge, "more than %d names in one request", s.opts.MaxNames)
		}
		names = append(names, c)
	}
	return names, g.Repeated(), nil
}
