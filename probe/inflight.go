package probe

import (
	"cmp"
	"sync/atomic"
)

// inflight decides how many names are in flight. A number that the caller gives is the
// number. Otherwise it follows what the servers take. It rises by one with each response
// while next to all queries leave at once, as a TCP connection begins, and responses do
// not wait for this program. It falls by one with each query that is lost, and while most
// queries wait for the rates and windows of their servers.
type inflight struct {
	n       int          // names that may be in flight
	most    int          // zero if n is fixed
	full    bool         // so many are, and more candidates wait
	out     int          // queries under way, controls and canaries too
	came    int          // outcomes that this turn began with
	waiting atomic.Int64 // of them, those that have not left yet
}

// plenty is how many names in flight are enough where this program is what takes time:
// many responses wait for each of its turns then. More would only fill the caches.
const plenty = 512

func (f *inflight) init(o *Options) {
	f.n = o.inFlight()
	if o.Concurrency == 0 {
		f.most = MaxConcurrency
	}
}

// arrived takes in the outcome of a query about a name.
func (f *inflight) arrived(answered bool) {
	if f.most == 0 {
		return
	}
	waiting := int(f.waiting.Load())
	switch sent := f.out - waiting; {
	case !answered, waiting > 3*sent:
		f.n = max(f.n-1, DefaultConcurrency)
	case f.full && waiting < sent && (f.n < plenty || f.came < f.n/8):
		f.n = min(f.n+1, f.most)
	}
}

// inFlight is how many names are in flight at least.
func (o *Options) inFlight() int { return cmp.Or(o.Concurrency, DefaultConcurrency) }

// The window of one server if the caller has given no number, shared among all. The
// buffer of a socket has room for not many more packets by default.
const (
	allWindows  = 256
	leastWindow = 32
	canaryRoom  = 8 // for canaries beside the names
)

// window is how many queries may be under way at one server.
func (o *Options) window() int {
	return cmp.Or(o.Concurrency, max(allWindows/max(len(o.Servers), 1), leastWindow)) + canaryRoom
}
