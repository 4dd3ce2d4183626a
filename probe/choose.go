package probe

import (
	"math/rand/v2"
	"slices"
	"time"

	"domprobe/probe/internal/trust"
)

// far is how much slower than the best a server may be to share its load.
const far = 400 * time.Millisecond

// busy is how long a query to a believed server is likely to take before another
// server begins to be looked at: five under way at one that takes 25 ms.
const busy = 125 * time.Millisecond

// choose returns the best server to ask about a name over its main transport,
// or nil if none is left. While believed servers are at hand it costs the same
// whatever the number of servers; else all of them are looked at.
func (e *evidence) choose(q *query) *server {
	if s := e.chooseQuickly(q); s != nil {
		return s
	}
	list := e.eligible(q, true)
	if len(list) == 0 {
		list = e.eligible(q, false)
	}
	if len(list) == 0 {
		return e.rewriter(q)
	}
	return cheapest(e.now, e.proven(q.zone, list))
}

// chooseQuickly returns the cheaper of two random servers that are believed
// and well, and have not been asked about the name.
func (e *evidence) chooseQuickly(q *query) *server {
	z := q.zone
	if len(z.trusted) == 0 {
		return nil
	}
	var best *server
	found := 0
	for range 8 {
		s := z.trusted[rand.IntN(len(z.trusted))].server
		if !s.ready(e.now) || s.srtt > z.fastest+far || q.asked(s) || q.hasVoted(s) || q.reason == InZone && s.down() {
			continue
		}
		if found++; best == nil || s.cost() < best.cost() {
			best = s
		}
		if found == min(len(z.trusted), 2) {
			break
		}
	}
	if best != nil && (len(z.servers) <= opinions || best.cost() >= busy || len(z.trusted) < e.opts.Quorum+1) {
		e.lookAtAnother(z)
	}
	return best
}

// lookAtAnother begins to look at one more server of a zone. One that has lied is not worth
// the names that are asked again when it lies once more, where others are plenty.
func (e *evidence) lookAtAnother(z *zone) {
	if len(z.benches) == len(z.servers) && z.failed == 0 {
		return
	}
	for range 4 {
		s := z.servers[rand.IntN(len(z.servers))]
		b := z.benches[s]
		if b == nil || b.finding.Standing == trust.Failed && !z.unusable(s, e.now) && !(b.lied() && len(z.trusted) > crowd) {
			e.benchOf(z, s)
			return
		}
	}
}

// eligible lists the servers that may still be asked, of those that were asked
// least: all of them, or those that are well, because what waits for one that is
// down waits long. It is valid until the next call.
func (e *evidence) eligible(q *query, well bool) []*server {
	least := e.opts.Tries - 1
	list := e.scratch[:0]
	for _, s := range q.zone.servers {
		if well && !s.ready(e.now) || s.offline && !s.ready(e.now) || q.reason == InZone && s.down() {
			continue
		}
		times := 0
		for k := range q.tried {
			if a := &q.tried[k]; a.server == s {
				times = a.times
				if a.over || s.spoofed && a.tcp {
					times = e.opts.Tries
				}
			}
		}
		if times > least || q.zone.unusable(s, e.now) || q.zone.rewrites(s) || q.hasVoted(s) {
			continue
		}
		if times < least {
			least, list = times, list[:0]
		}
		list = append(list, s)
	}
	e.scratch = list
	return list
}

// asked reports whether the server was asked about the name.
func (q *query) asked(s *server) bool {
	return slices.ContainsFunc(q.tried, func(a attempt) bool { return a.server == s })
}

// hasVoted reports whether a server at the same address has a vote.
func (q *query) hasVoted(s *server) bool {
	for _, voter := range q.voters {
		if voter == s.voter {
			return true
		}
	}
	return false
}

func (z *zone) rewrites(s *server) bool {
	b := z.benches[s]
	return b != nil && b.finding.Standing == trust.Rewriter
}

// rewriter returns a server that makes up answers, which is asked when all
// others have failed: it may still prove that a name is registered.
func (e *evidence) rewriter(q *query) *server {
	for _, s := range q.zone.servers {
		if q.zone.rewrites(s) && s.ready(e.now) && !slices.ContainsFunc(q.tried, func(a attempt) bool {
			return a.server == s && !a.mayAsk(e.opts.Tries)
		}) {
			return s
		}
	}
	return nil
}

// proven leaves of eligible servers those that are believed, if any of them is
// also well: a verdict of another would wait until its controls have settled.
func (e *evidence) proven(z *zone, list []*server) []*server {
	good := func(s *server) bool {
		b := z.benches[s]
		return b != nil && b.believed() && s.ready(e.now)
	}
	if len(list) < 2 || !slices.ContainsFunc(list, good) {
		return list
	}
	e.lookAtAnother(z)
	return slices.DeleteFunc(list, func(s *server) bool { return !good(s) })
}

// cheapest picks one of the servers, of which there is at least one: the
// cheaper of two random ones among those that are ready and not far from the
// best.
func cheapest(now time.Time, from []*server) *server {
	if len(from) == 1 {
		return from[0]
	}
	best := from[0]
	for _, s := range from {
		if s.srtt < best.srtt {
			best = s
		}
	}
	near := 0
	for _, s := range from {
		if s.ready(now) && s.srtt <= best.srtt+far {
			near++
		}
	}
	if near == 0 {
		return from[rand.IntN(len(from))]
	}
	i, j := rand.IntN(near), rand.IntN(near)
	var a, b *server
	for _, s := range from {
		if !s.ready(now) || s.srtt > best.srtt+far {
			continue
		}
		if i == 0 {
			a = s
		}
		if j == 0 {
			b = s
		}
		i, j = i-1, j-1
	}
	if b.cost() < a.cost() {
		return b
	}
	return a
}

// alone reports whether a zone has one server at most that can be believed.
func (z *zone) alone() bool { return len(z.servers)-z.failed <= 1 }
