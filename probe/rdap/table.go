package rdap

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// builtin holds the servers of the largest TLDs, as IANA's file named them in
// July 2026, in the format of that file.
//
//go:embed builtin.json
var builtin []byte

var builtinTable = sync.OnceValues(func() (*table, error) {
	t, err := parseTable(builtin)
	if err == nil {
		t.complete = false
	}
	return t, err
})

// guessed are servers that answer for TLDs that IANA's file does not list. A
// 200 of theirs is believed, a 404 is not: they do not hold every name.
var guessed = map[string]string{
	"ac": identityDigital, "ag": identityDigital, "bz": identityDigital, "io": identityDigital,
	"lc": identityDigital, "me": identityDigital, "mn": identityDigital, "pr": identityDigital,
	"sc": identityDigital, "sh": identityDigital, "vc": identityDigital,
	"ch": "https://rdap.nic.ch/",
	"de": "https://rdap.denic.de/",
	"li": "https://rdap.nic.li/",
	"us": "https://rdap.nic.us/",
}

const identityDigital = "https://rdap.identitydigital.services/rdap/"

// A table says which servers are responsible for which names.
type table struct {
	bases    map[string][]string // by suffix: URLs that end in a slash, https first
	hosts    map[string]bool     // of all the URLs
	complete bool                // the whole file, not the built-in list
}

// parseTable reads a bootstrap file (RFC 9224 section 3). URLs that are no
// base of an HTTP server are passed over.
func parseTable(data []byte) (*table, error) {
	if err := checkJSON(data); err != nil {
		return nil, fmt.Errorf("reading the bootstrap file: %w", err)
	}
	var file struct {
		Version  string
		Services [][][]string
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("reading the bootstrap file: %w", err)
	}
	if file.Version != "1.0" {
		return nil, fmt.Errorf("reading the bootstrap file: version %q is not 1.0", file.Version)
	}
	t := &table{bases: make(map[string][]string), hosts: make(map[string]bool), complete: true}
	for _, service := range file.Services {
		if len(service) != 2 {
			return nil, fmt.Errorf("reading the bootstrap file: a service of %d arrays", len(service))
		}
		t.add(service[0], service[1])
	}
	if len(t.bases) == 0 {
		return nil, errors.New("reading the bootstrap file: it names no server")
	}
	return t, nil
}

func (t *table) add(suffixes, urls []string) {
	var bases []string
	for _, s := range urls {
		u, err := url.Parse(s)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" ||
			u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			continue
		}
		t.hosts[hostOf(u)] = true
		bases = append(bases, strings.TrimSuffix(u.String(), "/")+"/")
	}
	if len(bases) == 0 {
		return
	}
	slices.SortStableFunc(bases, func(a, b string) int { return strings.Compare(scheme(b), scheme(a)) })
	for _, s := range suffixes {
		t.bases[strings.ToLower(strings.Trim(s, "."))] = bases
	}
}

// scheme returns what comes before the first colon, in lower case.
func scheme(u string) string {
	s, _, _ := strings.Cut(u, ":")
	return strings.ToLower(s)
}

// A route is where to ask about one name, and what a server's word is worth.
type route struct {
	bases    []string
	suffix   string // that the file names them for
	listed   bool   // the bootstrap file names the servers
	vouched  bool   // so does IANA
	whole    bool   // it does, and they register names at the depth of this one
	complete bool   // the table was
	named    func(host string) bool
}

// route finds the longest suffix that the table lists (RFC 9224 section 4).
func (t *table) route(name string) route {
	r := route{complete: t.complete, named: func(host string) bool { return t.hosts[host] }}
	_, suffix, _ := strings.Cut(name, ".")
	for depth := 1; ; depth++ {
		if bases, ok := t.bases[suffix]; ok {
			r.bases, r.suffix, r.listed = bases, suffix, true
			r.whole = depth == 1 || depth == 2 && len(suffix) == 2
			return r
		}
		_, rest, more := strings.Cut(suffix, ".")
		if !more {
			break
		}
		suffix = rest
	}
	if base, ok := guessed[suffix]; ok {
		r.bases = []string{base}
	}
	return r
}

// namedByIANA reports whether the built-in list has the servers of a route for its
// suffix. A bootstrap file of the user's own may name whoever it likes.
func namedByIANA(r route) bool {
	t, err := builtinTable()
	return err == nil && len(r.bases) > 0 && !slices.ContainsFunc(r.bases, func(base string) bool {
		return !slices.Contains(t.bases[r.suffix], base)
	})
}

// authoritative reports whether the server at u knows every name that is
// registered in the TLD. A name two labels below a generic TLD is somebody
// else's business: us.com is a name in com, and who sells names below it is
// not who runs com. Country codes do register below co.uk and its like.
func (r route) authoritative(u *url.URL) bool {
	return r.whole && slices.ContainsFunc(r.bases, func(base string) bool {
		b, err := url.Parse(base)
		return err == nil && hostOf(b) == hostOf(u)
	})
}
