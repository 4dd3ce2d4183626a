package probe

import (
	"fmt"
	"slices"
	"time"

	"github.com/miekg/dns"

	"domprobe/probe/internal/trust"
	"domprobe/probe/transport"
)

// evidence decides which servers are believed about which TLDs. It sends
// controls and canaries, and holds verdicts until they are answered. What
// follows for the lookups it leaves in released, returned and woken.
type evidence struct {
	*env
	queries *queries
	given   []*server // the resolvers that are asked about names
	tlds    map[string]*tld
	last    *tld
	sample  sample
	ages    []age    // since when verdicts wait, in that order
	idle    []*bench // with verdicts that wait, and no name under way
	closers []*look  // that will leave behind the queries of this turn
	held    int      // verdicts that wait, in all

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

// begin sends the controls of a server.
func (e *evidence) begin(b *bench) {
	z := b.zone
	b.finding = trust.Finding{}
	b.controls = trust.Controls{
		Server: b.server.name, Zone: z.name, Depth: z.labels, Registry: z.registry, Qtype: b.qtype,
	}
	e.retryCase(b)
	c := &b.controls
	extra := transport.Flags(0)
	if z.registry {
		extra = transport.Whole // for the serial
	}
	e.control(b, z.name, dns.TypeSOA, extra, func(d response) {
		c.Exists = d.trust()
		b.noteExists(d)
	})
	if !z.registry {
		e.control(b, nowhere(z.name), dns.TypeA, 0, func(d response) { c.Long = d.trust() })
	}
	e.askFresh(b, 2, 0)
	e.askKnown(b, 1)
}

// control sends one control, whose response set takes.
func (e *evidence) control(b *bench, name string, qtype uint16, extra transport.Flags, set func(response)) {
	e.controlBy(e.queries.control, b, name, qtype, extra, set)
}

func (e *evidence) controlBy(send sender, b *bench, name string, qtype uint16, extra transport.Flags, set func(response)) {
	b.left++
	_, flags := b.query()
	send(b.server, name, qtype, flags|extra, func(d response) {
		set(d)
		if b.left--; b.left == 0 {
			e.conclude(b)
		}
	})
}

// noteExists keeps the response to the first control of a server.
func (b *bench) noteExists(d response) {
	b.exists = &delivery{Outcome: d.Outcome, from: d.from, stream: d.stream}
	if d.Msg == nil {
		return
	}
	for _, rr := range d.Msg.Answer {
		if soa, ok := rr.(*dns.SOA); ok {
			b.controls.Serial = soa.Serial
		}
	}
	b.exists.Msg = nil
}

func (e *evidence) askFresh(b *bench, n int, extra transport.Flags) {
	for range n {
		k := len(b.controls.Fresh)
		b.controls.Fresh = append(b.controls.Fresh, trust.Response{})
		e.control(b, e.sample.fresh(b.zone.name), b.qtype, extra, func(d response) { b.controls.Fresh[k] = d.trust() })
	}
}

// maxKnown is how many known names are asked about in all.
const maxKnown = 6

// askKnown asks about known names, each in the form of a candidate. Of a
// resolver one is asked in another form as well, which no cache holds.
func (e *evidence) askKnown(b *bench, n int) {
	c := &b.controls
	for range n {
		k := len(c.Known)
		name, ok := b.zone.names.takeKnown(b, k)
		if !ok {
			break
		}
		c.Known = append(c.Known, trust.Response{})
		e.control(b, name, b.qtype, 0, func(d response) { c.Known[k] = d.trust() })
		if k > 0 || b.server.registry {
			continue
		}
		if name, other, ok := b.zone.names.take(b, true); ok {
			c.Other = []trust.Response{{}}
			e.controlBy(e.queries.once, b, name, other, 0, func(d response) { c.Other[0] = d.trust() })
		}
	}
	c.MoreKnown = len(c.Known) < min(maxKnown, len(b.zone.names.known))
}

// conclude makes a finding of the controls, once none of them is under way.
func (e *evidence) conclude(b *bench) {
	c := &b.controls
	c.Heard = b.heardFound()
	f := c.Finding()
	if f.Standing == trust.Pending {
		e.askMore(b, f.Ask)
		return
	}
	b.set(f)
	b.ready = true
	b.zone.answered = append(b.zone.answered[:0], b)
	e.proceed(b.zone)
}

// askMore sends the further controls that a finding needs.
func (e *evidence) askMore(b *bench, a trust.Ask) {
	c := &b.controls
	switch a {
	case trust.AskFresh:
		e.askFresh(b, min(len(c.Fresh), trust.MaxFresh-len(c.Fresh)), 0)
	case trust.AskNS:
		c.Retyped, c.Qtype, b.qtype = true, dns.TypeNS, dns.TypeNS
		c.Fresh = nil
		e.askFresh(b, 1, 0)
	case trust.AskSigned:
		c.Signed = true
		c.Fresh = nil
		e.askFresh(b, 1, transport.DO|transport.EDNS)
	case trust.AskKnown:
		e.askKnown(b, maxKnown)
	}
}

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
	for _, s := range z.servers {
		if b := z.benches[s]; b != nil && b.ready && !b.odd() {
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

// heardFound reports whether a response waits that says found.
func (b *bench) heardFound() bool {
	for i := range b.waiting {
		p := &b.waiting[i]
		if p.d.Reply.Rcode == dns.RcodeSuccess && (p.d.Reply.NS > b.zone.labels || p.d.Reply.Answer != 0 || p.d.Reply.SOA >= b.zone.labels) {
			return true
		}
	}
	return false
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
func (e *evidence) believe(b *bench) { b.zone.trusted = append(b.zone.trusted, b) }

func (z *zone) distrust(b *bench) {
	z.trusted = slices.DeleteFunc(z.trusted, func(other *bench) bool { return other == b })
}

// wake goes on with what waited for the controls: responses, and the looks that
// left behind their queries.
func (e *evidence) wake(b *bench) {
	e.woken = append(e.woken, b.waiting...)
	e.resumed = append(e.resumed, b.later...)
	b.waiting, b.later = nil, nil
	for _, l := range slices.Clone(b.running) {
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
	b.set(trust.Finding{Standing: trust.Failed, Reason: reason, Err: err})
	b.fails++
	if reason != Wildcard || !b.passed.IsZero() {
		b.again = e.now.Add(lookAfter(b.fails, first))
	}
	switch reason {
	case Filtered:
		e.p.warnOnce("filter "+b.server.name, err.Error())
	case Hijacked, DeniesKnown:
		e.p.warnOnce(string(reason)+" "+b.server.name, fmt.Sprintf("%v; it is not believed", err))
	}
	e.trace.finding(b)
	e.opts.Log.Debug("controls failed", "server", b.server.name, "zone", z.name, "reason", string(reason))
	e.drop(b)
	e.wake(b)
}

// drop returns all verdicts of a server that are not released.
func (e *evidence) drop(b *bench) {
	e.returned = append(e.returned, b.takeOpen()...)
	for _, l := range b.running {
		e.returned = append(e.returned, l.votes...)
		l.votes, l.over = nil, true
	}
	b.running, b.closer = nil, nil
}

func (e *evidence) warnRewriter(b *bench) {
	e.p.warnOnce("hijack "+b.server.name, fmt.Sprintf("%s makes up answers for names that do not exist; it is believed only where it cannot have made one up", b.server.name))
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
	for _, s := range z.servers {
		if b := z.benches[s]; b != nil {
			benches = append(benches, b)
			of = append(of, trust.Opinion{
				Finding: b.finding, Server: b.server.name, Serial: b.controls.Serial, HasSerial: b.controls.Serial != 0,
			})
		}
	}
	scene := trust.Scene{
		Zone: z.name, Registry: z.registry, Listed: z.tld != nil && z.tld.listed(),
		More: len(benches) < min(opinions, len(z.servers)),
	}
	decisions, more := trust.Compare(scene, of)
	if more {
		if scene.More {
			e.askOpinions(z)
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

// askOpinions begins to look at further servers of a zone.
func (e *evidence) askOpinions(z *zone) {
	for _, s := range z.servers {
		if len(z.benches) >= opinions {
			return
		}
		if z.benches[s] == nil {
			e.benchOf(z, s)
		}
	}
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
	n := len(b.open)
	b.open = keep(b.open)
	b.server.open -= n - len(b.open)
	for _, l := range b.running {
		l.votes = keep(l.votes)
	}
}

// retryCase asks a server that did not repeat the case of queries once more
// whether it does.
func (e *evidence) retryCase(b *bench) {
	s := b.server
	if s.mixes || s.lost == 0 {
		return
	}
	_, flags := b.query()
	e.queries.once(s, e.sample.fresh(b.zone.name), b.qtype, flags|transport.MixCase, func(response) {})
}
