package web

import (
	"container/list"
	"strings"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
)

const (
	// cacheSize is how many verdicts are remembered, in about 32 MB.
	cacheSize = 65_536

	// foundAge is for how long a found is believed.
	foundAge = 5 * time.Minute

	// notFoundAge caps the negative TTL: names get registered.
	notFoundAge = 15 * time.Minute
)

// A cache remembers the verdicts that were last used. It is not safe for
// concurrent use.
type cache struct {
	size    int
	entries map[candidate.Key]*list.Element
	order   list.List // of *cached, the last used one in front
}

type cached struct {
	key   candidate.Key
	row   probe.Result
	until time.Time
}

// keep returns until when a verdict may be given out again.
func keep(r *probe.Result) (until time.Time, ok bool) {
	var age time.Duration
	switch r.Verdict {
	case probe.Found:
		age = foundAge
	case probe.NotFound:
		age = min(r.TTL, notFoundAge)
	}
	return r.At.Add(age), age > 0
}

// put remembers a verdict, if it is one that can be. It keeps a copy of the
// name, whose memory it may share with thousands of others.
func (c *cache) put(r probe.Result) {
	until, ok := keep(&r)
	if !ok {
		return
	}
	k := candidate.Key{Name: strings.Clone(r.Name), TLD: strings.Clone(r.TLD)}
	r.Candidate = candidate.Candidate{}
	if e := c.entries[k]; e != nil {
		e.Value = &cached{k, r, until}
		c.order.MoveToFront(e)
		return
	}
	for len(c.entries) >= c.size {
		c.drop(c.order.Back())
	}
	if c.entries == nil {
		c.entries = make(map[candidate.Key]*list.Element)
	}
	c.entries[k] = c.order.PushFront(&cached{k, r, until})
}

// get returns what is remembered about a candidate.
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
