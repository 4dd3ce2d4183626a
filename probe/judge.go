package probe

import (
	"time"

	"github.com/miekg/dns"

	"domprobe/probe/transport"
)

// judge applies the rules to a reply whose controls have settled.
func (r *run) judge(i uint32, d *delivery) {
	f := &r.flights[i]
	c := f.controls
	if f.plan.nosuch {
		r.landNoSuchTLD(i)
		return
	}
	if c.status == failed {
		f.note(c.reason, -1, c.err)
		a := f.at(f.server)
		a.over, a.unheard = true, true
		r.next(i)
		return
	}
	if qtype, flags := c.question(); qtype != f.qtype || flags&^f.flags&transport.DO != 0 {
		// The controls have found another question that decides here.
		f.qtype, f.flags = qtype, flags
		r.askAgain(i)
		return
	}
	asked := asking{
		name: depth(f.Name), zone: c.zone, qtype: f.qtype, flags: f.flags,
		wildcard: c.status == wildcard, recurses: c.recurses,
	}
	var ru ruling
	if f.scope.registry {
		ru = judgeRegistry(&asked, &d.Reply)
	} else {
		ru = judgeResolver(&asked, &d.Reply)
	}
	r.traceReply(f, d, ru)
	r.follow(i, d, ru)
}

// follow does what a ruling says.
func (r *run) follow(i uint32, d *delivery, ru ruling) {
	f := &r.flights[i]
	rcode := int(d.Reply.Rcode)
	a := f.at(f.server)
	if ru.action != settle {
		f.note(ru.reason, rcode, nil)
	}
	switch ru.action {
	case settle:
		if f.flags&transport.EDNS == 0 {
			f.server.noEDNS = true
		}
		r.decided(i, d, ru)
	case again:
		r.failedOnce(i, a)
	case plain:
		f.flags &^= transport.EDNS | transport.DO | transport.Cookie
		r.askAgain(i)
	case unchecked:
		f.flags |= transport.CD
		r.askAgain(i)
	case signed:
		f.flags |= transport.DO | transport.EDNS
		r.askAgain(i)
	case below:
		r.viaRegistry(i, r.registryOf(lastLabels(f.Name, int(d.Reply.NS))))
	case another:
		a.over = true
		r.next(i)
	}
}

// failedOnce goes on after a failure that may pass: with another server at
// once, and with the same one after a pause.
func (r *run) failedOnce(i uint32, a *asked) {
	f := &r.flights[i]
	if a.times >= r.opts.Tries || f.stream {
		a.over = a.times >= r.opts.Tries && (f.stream || !a.silent)
		r.next(i)
		return
	}
	if list := r.eligible(f); len(list) > 0 && list[0] != f.server {
		r.next(i)
		return
	}
	r.later(i, a.times)
}

// decided lands a name, once enough servers agree.
func (r *run) decided(i uint32, d *delivery, ru ruling) {
	f := &r.flights[i]
	rcode := int(d.Reply.Rcode)
	var ttl time.Duration
	switch {
	case ru.verdict == NotFound:
		if f.denials++; f.denials < r.opts.Quorum {
			f.note(NoQuorum, rcode, nil)
			f.at(f.server).over = true
			r.next(i)
			return
		}
		ttl = time.Duration(d.Reply.TTL) * time.Second
	case f.denials > 0:
		f.note(Disagreement, rcode, nil)
		r.landUnknown(i)
		return
	}
	res := r.land(i)
	res.Verdict, res.Reason, res.Rcode = ru.verdict, ru.reason, rcode
	res.Server, res.RTT, res.TTL = d.from.name, d.RTT, ttl
}

func (r *run) landUnknown(i uint32) {
	f := &r.flights[i]
	reason, rcode, err, server := f.reason, f.rcode, f.err, ""
	if reason == "" {
		reason = Unreachable
	}
	if rcode >= 0 && f.failed != nil {
		server = f.failed.name
	}
	res := r.land(i)
	res.Reason, res.Rcode, res.Err, res.Server = reason, rcode, err, server
}

func (r *run) landNoSuchTLD(i uint32) {
	p := r.flights[i].plan
	res := r.land(i)
	res.Verdict, res.Reason, res.Rcode = Invalid, NoSuchTLD, dns.RcodeNameError
	res.Err, res.Server = noSuchTLD(p.tld), p.deniedBy
}
