package probe

import (
	"fmt"
	"slices"
	"time"

	"domprobe/probe/internal/trust"
)

// How long a name waits when nobody can be asked about it.
const (
	maxParks = 3 // times that it waits for a server that was believed
	maxLooks = 3 // looks that fail in a row before names no longer wait for the next
)

// exhausted goes on with a name for which no server is left to ask now.
func (l *lookups) exhausted(i uint32) {
	q := l.queries.at(i)
	if q.held > 0 {
		l.rest(q) // a verdict may still count
		return
	}
	if l.waitForNetwork(i) {
		return
	}
	// The registry settles a disagreement, but makes up for no resolver that
	// the quorum lacks.
	if v := q.votes; !q.zone.registry && l.opts.Escalate && (v.Found > 0) == (v.NotFound > 0) {
		l.viaRegistry(i, l.registries.of(q.tld))
		return
	}
	if q.zone.registry && l.registries.refresh(q.zone, q.unanswered()) {
		l.viaRegistry(i, l.registries.zone(q.zone.name))
		return
	}
	if again := q.troubled(); !again.IsZero() {
		l.park(i, again)
		return
	}
	if q.reason == Unreachable && q.parks < 2*maxParks && q.bench != nil && !q.bench.passed.IsZero() {
		l.park(i, l.now.Add(relapse)) // it was reached before
		return
	}
	l.landUnknown(i)
}

// unanswered reports whether a name has failed in a way that may be its
// servers' fault.
func (q *query) unanswered() bool { return passes(q.reason) || q.reason == Refused || q.reason == Lame }

// untried reports whether no believed server has answered about the name.
func (q *query) untried() bool {
	return !slices.ContainsFunc(q.tried, func(a attempt) bool { return !a.unheard })
}

// troubled notes why no server could be asked about a name, if that is so, and
// returns when it is worth trying again, and zero if it is not.
func (q *query) troubled() (again time.Time) {
	if !q.untried() {
		return again
	}
	for _, s := range q.zone.servers {
		b := q.zone.benches[s]
		if b == nil || b.finding.Standing != trust.Failed {
			continue
		}
		q.fail(b.finding.Reason, -1, b.finding.Err)
		if q.parks < b.parks() && b.recovers() && (again.IsZero() || b.again.Before(again)) {
			again = b.again
		}
	}
	return again
}

// parks is how often a name waits for a server that failed.
func (b *bench) parks() int {
	if b.passed.IsZero() {
		return 1
	}
	return maxParks
}

// recovers reports whether a server that is not believed may be within
// seconds: after a failure that a network or a server recovers from, or if it
// was believed before.
func (b *bench) recovers() bool {
	return (passes(b.finding.Reason) || !b.passed.IsZero()) && b.fails < maxLooks && !b.again.IsZero()
}

// passes reports whether a failure is of the kind that a network or a server in
// trouble recovers from within seconds.
func passes(reason Reason) bool {
	return reason == Timeout || reason == ServFail || reason == Unreachable
}

// park keeps a name for later.
func (l *lookups) park(i uint32, till time.Time) {
	q := l.queries.at(i)
	q.parks++
	q.renew()
	l.queries.wait(i, till)
}

// A stranded query waits for the network.
type stranded struct{ i, seq uint32 }

// waitForNetwork keeps a name until this machine can send again, if that is why
// no server is left to ask.
func (l *lookups) waitForNetwork(i uint32) bool {
	return l.waitForNetworkOf(i, l.queries.at(i).zone.servers)
}

func (l *lookups) waitForNetworkOf(i uint32, servers []*server) bool {
	q := l.queries.at(i)
	if !offline(servers) || l.opts.Outage < 0 {
		return false
	}
	if q.since.IsZero() {
		q.since = l.now
	}
	if l.now.Sub(q.since) > l.opts.Outage {
		return false
	}
	if !l.trying {
		l.trying = true
		l.p.warnOnce("network", fmt.Sprintf("no network; waiting for up to %v", l.opts.Outage))
		l.queries.after(offlineTest, l.tryNetwork)
	}
	l.stranded = append(l.stranded, stranded{i, q.seq})
	return true
}

// offline reports whether this machine can send to none of the servers.
func offline(servers []*server) bool {
	for _, s := range servers {
		if !s.offline {
			return false
		}
	}
	return len(servers) > 0
}

// tryNetwork lets one of the stranded names look whether this machine can
// send, and the others go on if it can.
func (l *lookups) tryNetwork() {
	waiting := l.stranded
	l.stranded, l.trying = nil, false
	for k, w := range waiting {
		i := w.i
		q := l.queries.at(i)
		if q.seq != w.seq {
			continue
		}
		if k > 0 && offline(q.zone.servers) {
			l.stranded = append(l.stranded, waiting[k:]...)
			break
		}
		q.renew()
		l.evidence.renew(q.zone)
		l.start(i)
	}
	if len(l.stranded) > 0 && !l.trying {
		l.trying = true
		l.queries.after(offlineTest, l.tryNetwork)
	}
}
