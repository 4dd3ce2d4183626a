package probe

import (
	"slices"
	"time"

	"github.com/miekg/dns"

	"domprobe/probe/internal/trust"
	"domprobe/probe/transport"
)

// decided hands a verdict to the evidence, which releases it once it counts.
func (l *lookups) decided(i uint32, d *delivery, ru trust.Ruling) {
	q := l.queries.at(i)
	q.at(q.server).over = true
	q.held++
	v := vote{
		i: i, seq: q.seq, bench: q.bench, verdict: Verdict(ru.Verdict), reason: ru.Reason,
		rcode: int(d.Reply.Rcode), rtt: d.RTT,
	}
	switch {
	case v.verdict == NotFound:
		v.ttl = time.Duration(d.Reply.TTL) * time.Second
	case l.opts.Parked && v.bench.server.registry && d.Msg != nil:
		v.parked = parkedAt(hostsAmong(slices.Concat(d.Msg.Answer, d.Msg.Ns), q.Name))
	}
	cover := q.cover
	if d.Tries > 1 {
		cover = nil // the response may be to a packet that left behind the look
	}
	if v.verdict == NotFound && l.evidence.unproven(q.bench) {
		cover = nil
	}
	if l.quorum(q) > int(q.held+q.votes.Found+q.votes.NotFound) && !v.referral() {
		q.voters = append(q.voters, q.server.voter)
		l.evidence.hold(v, cover)
		l.advance(i) // to the next server, beside the look
		return
	}
	l.rest(q)
	l.evidence.hold(v, cover)
}

// quorum is how many servers must agree about a name.
func (l *lookups) quorum(q *query) int {
	if q.zone.disputed {
		return max(l.opts.Quorum, q.zone.contested())
	}
	return l.opts.Quorum
}

// referral reports whether a verdict is proven by a referral of an
// authoritative server.
func (v *vote) referral() bool {
	return v.bench.server.registry && v.reason == Delegated && !v.bench.zone.disputed
}

// count takes in a verdict that counts.
func (l *lookups) count(v *vote) {
	q := l.queries.at(v.i)
	if q.seq != v.seq || q.landed {
		return
	}
	q.held--
	if v.verdict == Found {
		q.votes.Found++
		q.votes.Referral = q.votes.Referral || v.referral()
	} else {
		q.votes.NotFound++
	}
	verdict, more := q.votes.Count(l.quorum(q))
	if !more {
		l.landVote(v.i, v, Verdict(verdict))
		return
	}
	if q.best == nil || v.verdict == Found || q.best.verdict == NotFound {
		best := *v
		q.best = &best
	}
	if q.held == 0 && !q.working {
		l.advance(v.i)
	}
}

// giveBack takes a verdict that does not count back to its query, which goes on.
func (l *lookups) giveBack(v *vote) {
	q := l.queries.at(v.i)
	if q.seq != v.seq || q.landed {
		return
	}
	q.held--
	q.voters = slices.DeleteFunc(q.voters, func(voter string) bool { return voter == v.bench.server.voter })
	l.unheard(q, v.bench)
	if !q.working {
		l.advance(v.i)
	}
}

// landVote lands a name on which enough servers agree.
func (l *lookups) landVote(i uint32, v *vote, verdict Verdict) {
	q := l.queries.at(i)
	if v.verdict != verdict && q.best != nil { // it was outvoted
		v = q.best
	}
	if verdict == Found && !v.bench.lied() && q.flags&transport.CD == 0 { // canaries are validated
		q.zone.names.add(q.Name, v.bench.server)
	}
	if verdict == NotFound && !v.bench.lied() && len(q.zone.servers) > 1 {
		q.zone.names.deny(q.Name, v.bench.server)
	}
	res := l.land(i)
	res.Verdict, res.Reason, res.Rcode = verdict, v.reason, v.rcode
	res.Server, res.RTT, res.TTL = v.bench.server.name, v.rtt, v.ttl
	if verdict == Found {
		l.detail(v.bench.server, v.parked)
	}
}

// landUnknown lands a name about which nobody can be believed.
func (l *lookups) landUnknown(i uint32) {
	q := l.queries.at(i)
	if why := q.votes.Lacking(); why != "" && trust.Telling[why] >= trust.Telling[q.reason] {
		q.reason, q.rcode, q.err, q.failed = why, q.best.rcode, nil, q.best.bench.server
	}
	reason, rcode, err, server := q.reason, q.rcode, q.err, ""
	if reason == "" {
		reason = Unreachable
	}
	if rcode >= 0 && q.failed != nil {
		server = q.failed.name
	}
	res := l.land(i)
	res.Reason, res.Rcode, res.Err, res.Server = reason, rcode, err, server
}

func (l *lookups) landNoSuchTLD(i uint32) {
	t := l.queries.at(i).tld
	res := l.land(i)
	res.Verdict, res.Reason, res.Rcode = Invalid, NoSuchTLD, dns.RcodeNameError
	res.Err, res.Server = noSuchTLD(t.name), t.deniedBy
}
