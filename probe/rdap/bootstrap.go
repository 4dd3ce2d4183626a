package rdap

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ianaBootstrap is the registry of RFC 9224 section 4.
const ianaBootstrap = "https://data.iana.org/rdap/dns.json"

const (
	bootstrapFile = "rdap-dns.json"    // in the cache
	defaultFresh  = 24 * time.Hour     // when the response does not say
	maxFresh      = 7 * 24 * time.Hour // whatever the response says
	retryFetch    = 5 * time.Minute    // after the network failed
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
	if err := checkDepth(data); err != nil {
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

func scheme(u string) string { s, _, _ := strings.Cut(u, ":"); return s }

// A route is where to ask about one name, and what a server's word is worth.
type route struct {
	bases    []string
	listed   bool // the bootstrap file names the servers
	whole    bool // they register names at the depth of this one
	complete bool // the table was
	named    func(host string) bool
}

// route finds the longest suffix that the table lists (RFC 9224 section 4).
func (t *table) route(name string) route {
	r := route{complete: t.complete, named: func(host string) bool { return t.hosts[host] }}
	_, suffix, _ := strings.Cut(name, ".")
	for depth := 1; ; depth++ {
		if bases, ok := t.bases[suffix]; ok {
			r.bases, r.listed = bases, true
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

// authoritative reports whether the server at u knows every name that is
// registered in the TLD. A name two labels below a generic TLD is somebody
// else's business: us.com is a name in com, and who sells names below it is
// not who runs com. Country codes do register below co.uk and its like.
func (r route) authoritative(u *url.URL) bool {
	return r.listed && r.whole && slices.ContainsFunc(r.bases, func(base string) bool {
		b, err := url.Parse(base)
		return err == nil && hostOf(b) == hostOf(u)
	})
}

// A bootstrap is the table in use. Whoever holds the turn may read and load it.
type bootstrap struct {
	turn    chan struct{}
	table   *table
	expires time.Time
}

// A saved is the bootstrap file as it is kept in the cache.
type saved struct {
	URL     string
	ETag    string
	Fetched time.Time
	Expires time.Time
	Body    []byte
}

// table returns the table in use, after loading it when it is needed for the
// first time or has expired.
func (c *Client) table(ctx context.Context) (*table, error) {
	select {
	case c.boot.turn <- struct{}{}:
		defer func() { <-c.boot.turn }()
	case <-ctx.Done():
		return nil, canceled(ctx)
	}
	if c.boot.table != nil && time.Now().Before(c.boot.expires) {
		return c.boot.table, nil
	}
	var err error
	if s := scheme(c.opts.Bootstrap); s == "https" || s == "http" {
		err = c.loadURL(ctx)
	} else {
		err = c.loadFile()
	}
	if err != nil {
		return nil, err
	}
	return c.boot.table, nil
}

// use puts a table in use until expires.
func (c *Client) use(t *table, expires time.Time) {
	c.boot.table, c.boot.expires = t, expires
}

func (c *Client) loadFile() error {
	f, err := os.Open(c.opts.Bootstrap)
	if err != nil {
		return &Error{Reason: NoBootstrap, Err: err}
	}
	defer f.Close()
	data, err := readAll(f, maxCacheFile)
	if err == nil {
		var t *table
		if t, err = parseTable(data); err == nil {
			c.use(t, time.Now().AddDate(100, 0, 0))
			return nil
		}
	}
	return &Error{Reason: NoBootstrap, Err: fmt.Errorf("%s: %w", c.opts.Bootstrap, err)}
}

// loadURL takes the table from the cache while that is fresh, else from the
// network, and when that fails from the cache as it is, from the memory of
// this run or from the built-in list.
func (c *Client) loadURL(ctx context.Context) error {
	var old saved
	var known *table
	err := cache(c.opts.CacheDir).load(bootstrapFile, &old)
	if err == nil && old.URL == c.opts.Bootstrap {
		known, err = parseTable(old.Body)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, errNoCache) {
		c.opts.Log.Warn("cached RDAP bootstrap file not used", "error", err)
	}
	now := time.Now()
	if known != nil && now.Before(old.Expires) && !now.Before(old.Fetched) {
		c.use(known, old.Expires)
		return nil
	}
	if known == nil {
		old = saved{}
	}
	t, expires, err := c.fetchTable(ctx, old, known)
	switch {
	case err == nil:
		c.use(t, expires)
		return nil
	case ctx.Err() != nil:
		return canceled(ctx)
	case known != nil:
		c.opts.Log.Warn("RDAP bootstrap file is out of date and cannot be fetched", "fetched", old.Fetched, "error", err)
		c.use(known, now.Add(retryFetch))
		return nil
	case c.boot.table != nil:
		c.boot.expires = now.Add(retryFetch)
		return nil
	}
	c.opts.Log.Warn("RDAP bootstrap file cannot be fetched, using the built-in list", "error", err)
	if t, err = builtinTable(); err != nil {
		return &Error{Reason: NoBootstrap, Err: err}
	}
	c.use(t, now.Add(retryFetch))
	return nil
}

// fetchTable asks for the bootstrap file, or whether the old one still holds,
// and keeps what it gets.
func (c *Client) fetchTable(ctx context.Context, old saved, known *table) (*table, time.Time, error) {
	header := http.Header{"Accept": {"application/json"}}
	if old.ETag != "" {
		header.Set("If-None-Match", old.ETag)
	}
	rep, e := c.get(ctx, c.opts.Bootstrap, header, func(string) bool { return false })
	if e != nil {
		return nil, time.Time{}, e
	}
	t := known
	s := saved{URL: c.opts.Bootstrap, ETag: old.ETag, Body: old.Body, Fetched: time.Now()}
	switch {
	case rep.status == http.StatusNotModified && known != nil && old.ETag != "":
	case rep.status == http.StatusOK:
		var err error
		if t, err = parseTable(rep.body); err != nil {
			return nil, time.Time{}, err
		}
		s.ETag, s.Body = rep.header.Get("ETag"), rep.body
	default:
		return nil, time.Time{}, fmt.Errorf("HTTP status %d", rep.status)
	}
	fresh, keep := freshness(rep.header)
	s.Expires = s.Fetched.Add(fresh)
	if keep {
		if err := cache(c.opts.CacheDir).store(bootstrapFile, s); err != nil {
			c.opts.Log.Warn("RDAP bootstrap file not kept", "error", err)
		}
	}
	return t, later(s.Expires, s.Fetched.Add(retryFetch)), nil
}

// freshness says for how long a response may be used without asking again,
// and whether it may be kept on disk (RFC 9111 sections 4.2.1 and 5.2.2).
func freshness(h http.Header) (fresh time.Duration, keep bool) {
	fresh, keep = defaultFresh, true
	if t, err := http.ParseTime(h.Get("Expires")); err == nil {
		fresh = time.Until(t)
	}
	for d := range strings.SplitSeq(strings.ToLower(h.Get("Cache-Control")), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(d), "=")
		switch name {
		case "no-store":
			return 0, false
		case "no-cache":
			return 0, true
		case "max-age":
			if n, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31); err == nil {
				fresh = time.Duration(n) * time.Second
			}
		}
	}
	if n, err := strconv.ParseUint(h.Get("Age"), 10, 31); err == nil {
		fresh -= time.Duration(n) * time.Second
	}
	return min(max(0, fresh), maxFresh), keep
}
