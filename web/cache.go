package web

import (
	"container/list"
	"strings"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
)

const (
	cacheSize = 65_536 // verdicts, in about 32 MB

	// foundAge is the time for which a found is given out again, and
	// notFoundAge a cap on the negative TTL: names get registered.
	foundAge    = 5 * time.Minute
	notFoundAge = 15 * time.Minute
)

// A cache holds the verdicts that were used last. It is not safe for concurrent
// use.
type cache struct {
	size    int
	entries map[candidate.Key]*list.Element
	order   list.List // of *cached, the one used last in front
}

type cached struct {
	key   candidate.Key
	row   probe.Result
	until time.Time
}

// Age is for how long after it was reached a verdict may be given out again. Zero is
// not at all.
func Age(r *probe.Result) time.Duration {
	switch r.Verdict {
	case probe.Found:
		return foundAge
	case probe.NotFound:
		return min(r.TTL, notFoundAge)
	}
	return 0
}

// put adds a verdict, unless it may not be given out again. It copies the name,
// which may share its memory with thousands of others.
func (c *cache) put(r probe.Result) {
	age := Age(&r)
	if c.size == 0 || age <= 0 {
		return
	}
	k := candidate.Key{Name: strings.Clone(r.Name), TLD: strings.Clone(r.TLD)}
	r.Candidate = candidate.Candidate{}
	entry := &cached{k, r, r.At.Add(age)}
	if e := c.entries[k]; e != nil {
		e.Value = entry
		c.order.MoveToFront(e)
		return
	}
	for len(c.entries) >= c.size {
		c.drop(c.order.Back())
	}
	if c.entries == nil {
		c.entries = make(map[candidate.Key]*list.Element)
	}
	c.entries[k] = c.order.PushFront(entry)
}

// get returns the verdict on a candidate.
func (c *cache) get(name candidate.Candidate, now time.Time) (probe.Result, bool) {
	e := c.entries[name.Key()]
	if e == nil {
		return probe.Result{}, false
	}
	entry := e.Value.(*cached)
	if !now.Before(entry.until) {
		c.drop(e)
		return probe.Result{}, false
	}
	c.order.MoveToFront(e)
	r := entry.row
	r.Candidate = name
	return r, true
}

func (c *cache) drop(e *list.Element) {
	delete(c.entries, e.Value.(*cached).key)
	c.order.Remove(e)
}
