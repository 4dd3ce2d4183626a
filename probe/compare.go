package probe

import (
	"fmt"
	"slices"
	"time"

	"github.com/miekg/dns"

	"domprobe/probe/internal/trust"
	"domprobe/probe/transport"
)

// sisterWait is how long authoritative servers that have answered wait for a
// sister, whose serial shows which zone is older.
const sisterWait = 400 * time.Millisecond

// proceed goes on with the servers of a zone whose controls are answered.
// Authoritative servers are compared before any of them is believed.
func (e *evidence) proceed(z *zone) {
	if z.registry && !z.late && e.awaitSister(z) {
		return
	}
	e.compare(z)
	for _, b := range z.benches { // also of servers that the registry no longer has
		if b.ready && !b.odd() {
			e.settle(b)
		}
	}
}

// awaitSister reports whether the only authoritative server that has answered
// has to wait for another.
func (e *evidence) awaitSister(z *zone) bool {
	answered, under := 0, 0
	for _, b := range z.benches {
		switch {
		case b.finding.Standing == trust.Passed:
			answered++
		case b.left > 0:
			under++
		}
	}
	if answered != 1 || len(z.servers) == 1 {
		return false
	}
	if len(z.benches) < min(opinions, len(z.servers)) {
		e.askOpinions(z)
		under++
	}
	if under == 0 {
		return false
	}
	if !z.waits {
		z.waits = true
		e.queries.after(sisterWait, func() {
			z.late, z.waits = true, false
			e.proceed(z)
		})
	}
	return true
}

// opinions is how many servers are asked for their opinion before one that
// contradicts the rules is decided about.
const opinions = 3

// compare settles suspicions about the servers of a zone, once no other
// controls are under way that could tell a lying server from such a TLD.
func (e *evidence) compare(z *zone) {
	if z.odd == 0 && !z.registry && z.agrees() {
		return
	}
	var benches []*bench
	var of []trust.Opinion
	for _, b := range z.benches {
		benches = append(benches, b)
		of = append(of, trust.Opinion{
			Finding: b.finding, Server: b.server.name, Serial: b.controls.Serial, HasSerial: b.controls.Serial != 0,
		})
	}
	scene := trust.Scene{
		Zone: z.name, Registry: z.registry, Listed: z.tld != nil && z.tld.listed(),
		More: len(benches) < min(opinions, len(z.servers)),
	}
	decisions, more := trust.Compare(scene, of)
	if more {
		if scene.More && e.askOpinions(z) {
			e.compare(z)
		}
		return
	}
	for i, d := range decisions {
		e.follow(benches[i], d)
	}
}

// agrees reports whether the servers that have just answered name the registry
// zone that the first of the believed ones names.
func (z *zone) agrees() bool {
	if len(z.trusted) == 0 {
		return true
	}
	for _, b := range z.answered {
		if b.finding.Standing == trust.Passed && b.finding.Zone != z.trusted[0].finding.Zone {
			return false
		}
	}
	return true
}

// askOpinions begins to look at further servers of a zone. It reports whether one of
// them has its opinion from an earlier loop, and no controls that would bring it.
func (e *evidence) askOpinions(z *zone) (recalled bool) {
	for _, s := range z.servers {
		if len(z.benches) >= opinions {
			break
		}
		if z.benches[s] == nil {
			recalled = e.benchOf(z, s).believed() || recalled
		}
	}
	return recalled
}

// follow does what a decision says.
func (e *evidence) follow(b *bench, d trust.Decision) {
	switch d.Do {
	case trust.Distrust:
		if d.Finding.Standing == trust.Passed {
			b.finding = d.Finding
			e.restale(b)
			return
		}
		e.find(b, d.Finding)
	case trust.NoTLD:
		t := b.zone.tld
		if !t.nosuch {
			e.denyTLD(t, b.server.name)
		}
		b.ready = false
		e.drop(b)
		e.wake(b)
	case trust.AskRoot:
		f := e.pend(b)
		e.queries.control(b.server, nowhere(""), dns.TypeA, transport.RD|transport.EDNS, func(d response) {
			if d.Failure == transport.None && d.Reply.Answer != 0 {
				f.Standing = trust.Rewriter
				e.find(b, f)
				e.proceed(b.zone)
				return
			}
			e.askWildcard(b, f)
		})
	case trust.AskWildcardNS:
		e.askWildcard(b, e.pend(b))
	}
}

// pend takes a suspicion back while another control is under way.
func (e *evidence) pend(b *bench) trust.Finding {
	f := b.finding
	b.set(trust.Finding{})
	b.ready = false
	return f
}

// askWildcard goes on with a TLD that answers for every name: only NS records
// tell there, unless there are NS records for every name too.
func (e *evidence) askWildcard(b *bench, f trust.Finding) {
	z := b.zone
	b.qtype = dns.TypeNS
	_, flags := b.query()
	e.queries.control(b.server, nowhere(z.name), dns.TypeNS, flags, func(d response) {
		e.p.warnOnce("wildcard "+z.name, fmt.Sprintf("%s answers for every name: a name that is not delegated there is unknown", z.name))
		r := d.trust()
		e.find(b, b.controls.WildcardFinding(&r, f))
		e.proceed(z)
	})
}

// restale returns the not-founds of a server whose zone has turned out to be
// older than that of its sisters.
func (e *evidence) restale(b *bench) {
	if !b.finding.Stale {
		return
	}
	keep := func(votes []vote) []vote {
		return slices.DeleteFunc(votes, func(v vote) bool {
			if v.verdict == NotFound {
				e.giveBack(v)
			}
			return v.verdict == NotFound
		})
	}
	if l := b.next; l != nil {
		e.open -= len(l.votes)
		l.votes = keep(l.votes)
		e.open += len(l.votes)
	}
	for l := range b.underWay() {
		l.votes = keep(l.votes)
	}
}
