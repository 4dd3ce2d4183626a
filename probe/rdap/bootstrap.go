package rdap

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"
)

// ianaBootstrap is the registry of RFC 9224 section 4.
const ianaBootstrap = "https://data.iana.org/rdap/dns.json"

const (
	bootstrapFile = "rdap-dns.json"    // in the cache
	defaultFresh  = 24 * time.Hour     // when the response does not say
	maxFresh      = 7 * 24 * time.Hour // whatever the response says
	retryFetch    = 5 * time.Minute    // after the network failed
)

// A bootstrap is the table in use. Whoever holds the turn may read and load it.
type bootstrap struct {
	turn    *semaphore.Weighted
	file    bool // the table is from a file at a path, and never expires
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
func (c *Client) table(ctx context.Context) (*table, *Error) {
	if c.boot.turn.Acquire(ctx, 1) != nil {
		return nil, canceled(ctx)
	}
	defer c.boot.turn.Release(1)
	if c.boot.file || c.boot.table != nil && time.Now().Before(c.boot.expires) {
		return c.boot.table, nil
	}
	if err := c.loadURL(ctx); err != nil {
		return nil, err
	}
	return c.boot.table, nil
}

func isHTTP(u string) bool { s := scheme(u); return s == "https" || s == "http" }

// use puts a table in use until expires.
func (c *Client) use(t *table, expires time.Time) {
	c.boot.table, c.boot.expires = t, expires
}

func (c *Client) loadFile() error {
	data, err := readFile(c.opts.Bootstrap)
	if err != nil {
		return fmt.Errorf("reading the bootstrap file: %w", err)
	}
	if c.boot.table, err = parseTable(data); err != nil {
		return fmt.Errorf("%s: %w", c.opts.Bootstrap, err)
	}
	return nil
}

// loadURL takes the table from the cache while that is fresh, else from the
// network, and when that fails from the cache as it is, from the memory of
// this run or, in place of IANA's, from the built-in list. Those do nearly always, so
// that a failure is no warning: without network it would come with each run.
func (c *Client) loadURL(ctx context.Context) *Error {
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
		c.opts.Log.Debug("RDAP bootstrap file is out of date and cannot be fetched", "fetched", old.Fetched, "error", err)
		c.use(known, now.Add(retryFetch))
		return nil
	case c.boot.table != nil:
		c.boot.expires = now.Add(retryFetch)
		return nil
	}
	if !c.iana { // nobody but the servers that it names is to see the names
		c.opts.Log.Warn("RDAP bootstrap file cannot be fetched", "error", err)
		c.use(new(table), now.Add(retryFetch))
		return nil
	}
	c.opts.Log.Debug("RDAP bootstrap file cannot be fetched, using the built-in list", "error", err)
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
		if err := cache(c.opts.CacheDir).store(bootstrapFile, s); err != nil && !errors.Is(err, errNoCache) {
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
