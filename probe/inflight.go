package probe

import (
	"cmp"
	"sync/atomic"
)

// inflight decides how many names are in flight. A number that the caller gives
// is the number. Otherwise it follows what the servers take: it doubles while
// they are sent all that is given them, and falls while more than a share of that
// waits for their rates and windows. It rises once for as many responses as names
// are in flight, so that a run of few names asks no more at a time than it would
// have with the least.
type inflight struct {
	n       int          // names that may be in flight
	most    int          // zero if n is fixed
	heard   int          // responses since n last changed
	out     int          // queries under way, controls and canaries too
	waiting atomic.Int64 // of them, those that have not left yet
}

func (f *inflight) init(concurrency int) {
	f.n = concurrency
	if concurrency == 0 {
		f.n, f.most = DefaultConcurrency, MaxConcurrency
	}
}

// follow sets how many names may be in flight, of which so many are.
func (f *inflight) follow(flying, heard int) {
	f.heard += heard
	if f.most == 0 || f.heard < f.n {
		return
	}
	waiting := int(f.waiting.Load())
	sent := f.out - waiting
	switch {
	case waiting > 4*sent:
		f.n = max(f.n-f.n/8, DefaultConcurrency)
	case waiting > 2*sent, flying < f.n:
		return
	default:
		f.n = min(2*f.n, f.most)
	}
	f.heard = 0
}

// inFlight is how many names are in flight at least.
func (o *Options) inFlight() int { return cmp.Or(o.Concurrency, DefaultConcurrency) }

// The window of one server if the caller has given no number: what the names in
// flight may come to, shared among the servers.
const (
	mostWindow  = 8192
	leastWindow = 256
	allWindows  = 2 * MaxConcurrency
)

// window is how many queries may be under way at one server of so many.
func (o *Options) window(servers int) int {
	if o.Concurrency > 0 {
		return o.Concurrency
	}
	return min(max(allWindows/max(servers, 1), leastWindow), mostWindow)
}
