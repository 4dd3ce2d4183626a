package probe

import (
	"github.com/miekg/dns"

	"domprobe/candidate"
	"domprobe/probe/internal/trust"
	"domprobe/probe/transport"
)

// lookups are the candidates under way. Each ends with one result.
type lookups struct {
	*env
	queries    *queries
	evidence   *evidence
	registries *registries
	servers    *servers
	direct     bool
	flying     int        // queries or pauses of them under way
	stranded   []stranded // that wait for the network
	trying     bool       // a timer looks for it
	results    []Result
	details    map[*detailed]struct{} // results that are not given out yet
}

// launch begins the work on a candidate.
func (l *lookups) launch(c *candidate.Candidate) {
	if c.Err != nil {
		l.results = append(l.results, invalid(c, l.now))
		return
	}
	if l.inZone(c) {
		return
	}
	l.evidence.sample.add(c.Name)
	i := l.queries.add()
	q := l.queries.at(i)
	t := l.evidence.tldOf(c.TLD)
	t.lookups++
	q.Candidate, q.tld, q.zone, q.rcode = *c, t, &t.zone, -1
	l.work(q)
	l.start(i)
}

// start asks about a name, at the resolvers or at the registry.
func (l *lookups) start(i uint32) {
	q := l.queries.at(i)
	if l.direct && !q.zone.registry {
		l.viaRegistry(i, l.registries.of(q.tld))
		return
	}
	l.advance(i)
}

// land frees the place of a lookup and returns its result, to be completed
// before anything else is done.
func (l *lookups) land(i uint32) *Result {
	q := l.queries.at(i)
	l.results = append(l.results, Result{})
	res := &l.results[len(l.results)-1]
	res.Candidate, res.Tries, res.At, res.Source = q.Candidate, int(q.sent), l.now, "dns"
	q.tld.lookups--
	l.rest(q)
	if q.out {
		q.landed = true
	} else {
		l.queries.remove(i)
	}
	return res
}

// rest notes that nothing of a query is under way: it waits for looks only.
func (l *lookups) rest(q *query) {
	if q.working {
		q.working = false
		l.flying--
	}
}

// work notes that something of a query is under way again.
func (l *lookups) work(q *query) {
	if !q.working {
		q.working = true
		l.flying++
	}
}

// advance does what is next with a name.
func (l *lookups) advance(i uint32) {
	q := l.queries.at(i)
	if q.tld.nosuch {
		l.landNoSuchTLD(i)
		return
	}
	if verdict, more := q.votes.Count(l.quorum(q)); !more {
		l.landVote(i, q.best, Verdict(verdict)) // fewer have to agree than before
		return
	}
	l.work(q)
	st := q.next(l.evidence.choose(q))
	// What the registry says about a name that it holds without a delegation
	// is not worth the time-outs of a server that is down.
	if st.do == askTCP && q.reason == InZone && st.server.down() {
		st.do = giveUp
	}
	switch st.do {
	case ask:
		l.ask(i, st.server)
	case askTCP:
		l.askTCP(i, st.server)
	case pause:
		a := q.at(st.server)
		a.paused = false
		l.queries.later(i, max(a.times, 1))
	default:
		l.exhausted(i)
	}
}

// ask asks a server about a name.
func (l *lookups) ask(i uint32, s *server) {
	b := l.aim(i, s)
	q := l.queries.at(i)
	if b.finding.Standing == trust.Failed {
		// Its controls failed while they were being sent.
		l.advance(i)
		return
	}
	if b.relapsed() {
		b.later = append(b.later, parked{i: i, seq: q.seq})
		return
	}
	a := q.at(s)
	if s.overTCP() && !a.tcp {
		if !s.spoofed {
			q.fail(Truncated, -1, nil) // as its responses over UDP are
		}
		l.askTCP(i, s)
		return
	}
	p := transport.Query{Tries: 1, Backoff: uint8(a.times), Flags: q.flags}
	if q.zone.alone() && len(q.tried) == 1 {
		p.Tries, p.Backoff = uint8(l.opts.Tries-a.times), 0
	}
	if a.times+int(p.Tries) >= l.opts.Tries {
		p.Flags |= transport.Patient
	}
	l.send(i, false, p)
}

// aim makes a server the one that a name is asked of next.
func (l *lookups) aim(i uint32, s *server) *bench {
	q := l.queries.at(i)
	b := l.evidence.benchOf(q.zone, s)
	q.server, q.bench, q.cover = s, b, l.evidence.cover(b)
	q.qtype, q.flags = q.form(b)
	return b
}

// form is how to ask a server about a name: of one that has lied about it, with
// another type than then, because a cache may hold the lie.
func (q *query) form(b *bench) (qtype uint16, flags transport.Flags) {
	qtype, flags = b.query()
	if q.at(b.server).lied && !b.server.registry {
		qtype = dns.TypeNS
	}
	return qtype, flags
}

// askTCP asks a server over TCP.
func (l *lookups) askTCP(i uint32, s *server) {
	if q := l.queries.at(i); q.server != s || q.bench == nil || q.bench.zone != q.zone {
		l.aim(i, s)
	}
	q := l.queries.at(i)
	q.at(s).tcp = true
	q.cover = l.evidence.cover(q.bench)
	l.send(i, true, transport.Query{Tries: 2, Flags: q.flags})
}

// askAgain repeats a query to the same server in another form.
func (l *lookups) askAgain(i uint32) {
	q := l.queries.at(i)
	a := q.at(q.server)
	if a.extra++; a.extra > maxExtra {
		a.over = true
		l.advance(i)
		return
	}
	q.cover = l.evidence.cover(q.bench)
	l.send(i, q.tcp, transport.Query{Tries: uint8(l.opts.Tries), Flags: q.flags | transport.Patient})
}

func (l *lookups) send(i uint32, tcp bool, p transport.Query) {
	q := l.queries.at(i)
	q.bench.flying++
	if l.opts.Parked && q.server.registry {
		p.Flags |= transport.Whole // for the name servers in the referral
	}
	l.queries.send(i, q.server, tcp, p)
	l.evidence.sent(q.bench)
}

// arrived takes the outcome of a packet about a name.
func (l *lookups) arrived(i uint32, d *delivery) {
	q := l.queries.at(i)
	s, b := q.server, q.bench
	b.flying--
	q.out = false
	s.letterCase.heard(q, d)
	if q.landed {
		l.queries.remove(i)
		return
	}
	heard := q.note(d, l.opts.Tries)
	l.flight.arrived(heard)
	if s.spoofed && !d.tcp && s.tcp != nil {
		// It may be forged, whatever it is.
		a := q.at(s)
		a.silent, a.cut, a.over = true, true, false
		l.advance(i)
		return
	}
	if heard {
		l.heard(i, d)
		return
	}
	l.trace.failure(q, d)
	switch {
	case d.Failure == transport.Closed:
		q.failed, q.reason, q.err = s, Unreachable, d.Err
		l.landUnknown(i)
		return
	case wrongCase(q, d):
		q.again(s)
	case d.Failure == transport.Unreachable, d.Failure == transport.Offline:
		l.servers.unreachable(s, d.Err)
		fallthrough
	default:
		q.fail(failureReason(d.Failure), -1, d.Err)
		if d.Failure == transport.Timeout && s.offline {
			q.at(s).times = 0 // this machine's fault
		}
	}
	l.advance(i)
}

// heard goes on with a response.
func (l *lookups) heard(i uint32, d *delivery) {
	q := l.queries.at(i)
	if b := q.bench; b.undecided() && !q.tld.nosuch {
		b.waiting = append(b.waiting, parked{i, q.seq, *d})
		return
	}
	l.judge(i, d)
}

// fail keeps the most telling failure.
func (q *query) fail(reason Reason, rcode int, err error) {
	if trust.Telling[reason] >= trust.Telling[q.reason] {
		q.reason, q.rcode, q.err, q.failed = reason, rcode, err, q.server
	}
}

// judge applies the rules to a response whose controls have settled.
func (l *lookups) judge(i uint32, d *delivery) {
	q := l.queries.at(i)
	b := q.bench
	if q.tld.nosuch {
		l.landNoSuchTLD(i)
		return
	}
	if b.finding.Standing == trust.Failed || q.cover != nil && q.cover.over && !q.cover.good {
		l.unheard(q, b)
		l.advance(i)
		return
	}
	if qtype, flags := q.form(b); qtype != q.qtype || flags&^q.flags&transport.DO != 0 {
		// The controls have found another type or flag that decides here.
		q.qtype, q.flags = qtype, flags
		l.askAgain(i)
		return
	}
	tq := b.trustQuery(q.Name, q.qtype, q.flags)
	ru := trust.Judge(&tq, &d.Reply)
	l.trace.ruling(q, d, ru)
	l.follow(i, d, ru)
}

// unheard notes that the response of a server is dropped, because the server
// is not believed: if it is again, it is asked again.
func (l *lookups) unheard(q *query, b *bench) {
	q.fail(b.finding.Reason, -1, b.finding.Err)
	a := q.at(b.server)
	again := b.finding.Standing != trust.Failed // looked at since, and perhaps believed
	a.lied = a.lied || again || b.lied()
	a.extra++
	a.over, a.unheard, a.times, a.tcp, a.cut = a.extra > maxExtra, true, 0, false, false
}

// follow does what a ruling says.
func (l *lookups) follow(i uint32, d *delivery, ru trust.Ruling) {
	q := l.queries.at(i)
	rcode := int(d.Reply.Rcode)
	a := q.at(q.server)
	if ru.Action == trust.Settle {
		q.bench.refused = 0
	} else {
		q.fail(ru.Reason, rcode, nil)
	}
	switch ru.Action {
	case trust.Settle:
		if q.flags&transport.EDNS == 0 {
			q.server.noEDNS = true
		}
		l.decided(i, d, ru)
	case trust.Again:
		a.mayPass(q.tcp, l.opts.Tries)
		if b := q.bench; b.believed() && b.zone.registry {
			if b.refused++; b.refused >= silentBound {
				b.refused = 0
				l.evidence.fail(b, ru.Reason, nil)
			}
		}
		l.advance(i)
	case trust.Plain:
		q.flags &^= transport.EDNS | transport.DO | transport.Cookie
		l.askAgain(i)
	case trust.Unchecked:
		q.flags |= transport.CD
		l.askAgain(i)
	case trust.Signed:
		q.flags |= transport.DO | transport.EDNS
		l.askAgain(i)
	case trust.Below:
		l.viaRegistry(i, l.registries.zone(lastLabels(q.Name, int(d.Reply.NS))))
	case trust.Another:
		a.over = true
		l.advance(i)
	}
}
