package dnstest

import (
	"math"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// A Turncoat responds honestly for a while and lies at other times. It must not
// be copied once it has responded.
type Turncoat struct {
	// Honest and Lie make its responses. They are called concurrently.
	Honest, Lie func(q *dns.Msg) *dns.Msg

	// Lies reports whether the nth response is a lie, counted from 0, at a
	// time after the first query.
	Lies func(n int, since time.Duration) bool

	// Caches makes it keep for ever whether it lied about a name and type: a
	// cache in front of it, which keeps negative responses as well.
	Caches bool

	mu    sync.Mutex
	n     int
	first time.Time
	kept  map[dns.Question]bool
}

// LiesAfter is a [Turncoat.Lies] that is honest in the first n responses.
func LiesAfter(n int) func(int, time.Duration) bool { return LiesBetween(n, math.MaxInt) }

// LiesBetween is a [Turncoat.Lies] that lies from one response up to another.
func LiesBetween(from, to int) func(int, time.Duration) bool {
	return func(i int, _ time.Duration) bool { return i >= from && i < to }
}

// LiesDuring is a [Turncoat.Lies] that lies from one time up to another; zero
// is without an end.
func LiesDuring(from, to time.Duration) func(int, time.Duration) bool {
	return func(_ int, since time.Duration) bool { return since >= from && (to == 0 || since < to) }
}

// Answer responds to a query.
func (t *Turncoat) Answer(q *dns.Msg) *dns.Msg {
	if t.lies(q) {
		return t.Lie(q)
	}
	return t.Honest(q)
}

// lies decides about a query, and counts it.
func (t *Turncoat) lies(q *dns.Msg) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n == 0 {
		t.first, t.kept = time.Now(), make(map[dns.Question]bool)
	}
	lie := t.Lies(t.n, time.Since(t.first))
	t.n++
	if !t.Caches || len(q.Question) != 1 {
		return lie
	}
	key := q.Question[0]
	key.Name = strings.ToLower(key.Name)
	if _, ok := t.kept[key]; !ok {
		t.kept[key] = lie
	}
	return t.kept[key]
}
