package probe

import (
	"fmt"
	"slices"
	"time"

	"github.com/miekg/dns"

	"domprobe/probe/internal/trust"
)

// evidence decides which servers are believed about which TLDs. It sends
// controls and canaries, and holds verdicts until they are answered. What
// follows for the lookups it leaves in released, returned, woken and resumed.
type evidence struct {
	*env
	queries *queries
	given   []*server // the resolvers that are asked about names
	tlds    map[string]*tld
	last    *tld
	sample  sample
	unsent  []*look // in the order of their beginning
	early   []*look // of them, those that leave behind the queries of this turn
	held    int     // verdicts that wait, in all
	open    int     // of them, those for which no look is under way
	stuck   int     // of them, those whose look has passed but not one before it, where loss is rare

	released []vote   // verdicts that count
	spare    []vote   // to be used for released
	used     [][]vote // to be used for verdicts that wait
	returned []vote   // verdicts that do not: their queries go on elsewhere
	woken    []parked // responses whose controls have settled
	resumed  []parked // queries whose controls have settled
}

// benchOf returns the evidence about a server, which begins to be gathered if
// there is none.
func (e *evidence) benchOf(z *zone, s *server) *bench {
	b := z.benches[s]
	switch {
	case b == nil:
		b = &bench{zone: z, server: s, qtype: dns.TypeDS}
		if z.registry {
			b.qtype = dns.TypeNS
		}
		z.benches[s] = b
		s.benches = append(s.benches, b)
		if e.recall(b) {
			e.believe(b)
			return b
		}
	case b.finding.Standing != trust.Failed || z.unusable(s, e.now):
		return b
	default:
		z.failed--
	}
	e.begin(b)
	return b
}

// find takes in a finding at once.
func (e *evidence) find(b *bench, f trust.Finding) {
	b.set(f)
	e.settle(b)
}

// set takes in a finding, from which nothing follows yet.
func (b *bench) set(f trust.Finding) {
	if b.odd() {
		b.zone.odd--
	}
	b.finding = f
	if b.odd() {
		b.zone.odd++
	}
}

// settle does what follows from a finding.
func (e *evidence) settle(b *bench) {
	b.ready = false
	f := &b.finding
	if f.Standing != trust.Failed {
		e.trace.finding(b)
	}
	switch f.Standing {
	case trust.Passed:
		b.settled = e.now
		for _, k := range b.controls.Knows(f) {
			b.zone.names.saw(k)
		}
		e.believe(b)
		e.wake(b)
	case trust.Rewriter:
		e.warnRewriter(b)
		b.zone.distrust(b)
		e.wake(b)
	case trust.Failed:
		e.fail(b, f.Reason, f.Err)
	}
}

func (b *bench) odd() bool {
	return b.finding.Standing == trust.Suspect || b.finding.Standing == trust.DeniesTLD
}

// believe takes a server among those that are asked first.
func (e *evidence) believe(b *bench) {
	z := b.zone
	if z.trusted = append(z.trusted, b); len(z.trusted) == 1 || b.server.srtt < z.fastest {
		z.fastest = b.server.srtt
	}
}

func (z *zone) distrust(b *bench) {
	z.trusted = slices.DeleteFunc(z.trusted, func(other *bench) bool { return other == b })
}

// wake goes on with what waited for the controls: responses, and the looks that
// left behind their queries.
func (e *evidence) wake(b *bench) {
	e.woken = append(e.woken, b.waiting...)
	e.resumed = append(e.resumed, b.later...)
	b.waiting, b.later = nil, nil
	for l := range b.underWay() {
		if l.out == 0 && len(l.came) > 0 {
			e.weigh(l)
		}
	}
}

// lookAfter is how long a server that failed is left alone before it is looked
// at again: twice as long after each failure (RFC 9520 section 3.2).
func lookAfter(fails int, first time.Duration) time.Duration {
	return min(first<<min(fails-1, 10), longestDown)
}

// How long a server that failed is left alone at first: one that could not be
// reached or asked, and one that was believed before.
const (
	transient = 5 * time.Second
	relapse   = time.Second
)

// fail takes in that a server is not believed. What waits for it goes on
// elsewhere.
func (e *evidence) fail(b *bench, reason Reason, err error) {
	z := b.zone
	first := transient
	if !b.passed.IsZero() {
		first = relapse
	}
	z.distrust(b)
	z.failed++
	b.proven, b.fresh = nil, 0
	b.set(trust.Finding{Standing: trust.Failed, Reason: reason, Err: err})
	b.fails++
	if reason != Wildcard || !b.passed.IsZero() {
		b.again = e.now.Add(lookAfter(b.fails, first))
	}
	switch reason {
	case Filtered:
		e.p.warnOnce("filter "+b.server.name, err.Error())
	case Hijacked, DeniesKnown:
		z.names.forget(b.server)
		e.p.warnOnce(string(reason)+" "+b.server.name, fmt.Sprintf("%v; it is not believed", err))
	}
	e.trace.finding(b)
	e.opts.Log.Debug("controls failed", "server", b.server.name, "zone", z.name, "reason", string(reason))
	e.drop(b)
	e.wake(b)
}

func (e *evidence) warnRewriter(b *bench) {
	e.p.warnOnce("hijack "+b.server.name, fmt.Sprintf("%s makes up answers for names that do not exist; it is believed only where it cannot have made one up", b.server.name))
}
