package probe

import (
	"fmt"
	"math/rand/v2"

	"domprobe/probe/internal/trust"
	"domprobe/probe/transport"
)

// size says how many names are at hand for canaries.
func (e *evidence) size(l *look) {
	e.need(l)
	if !l.bench.server.registry {
		l.Others = l.Sames
	}
	l.Both = max(len(l.votes), l.behind) >= lookFew
}

// need says about how many names a server must be asked. While it is asked, others
// may find more that can be.
func (e *evidence) need(l *look) {
	b := l.bench
	l.Sames = b.zone.names.count(b)
	l.Need = l.least
	if e.unproven(b) {
		l.Need = max(l.Need, l.Proven()+min(atFirst-len(b.proven), b.zone.names.left(b)))
	}
}

// step sends the next canaries of a look, or ends it.
func (e *evidence) step(l *look) {
	if l.over {
		return
	}
	ask, reason := l.Next()
	switch {
	case reason != "":
		e.failed(l, reason)
	case len(ask) == 0:
		e.pass(l)
	default:
		l.out = len(ask)
		for _, c := range ask {
			e.canary(l, c)
		}
	}
}

// failed ends a look that has not passed.
func (e *evidence) failed(l *look, reason Reason) {
	b := l.bench
	e.disbelieve(b, reason, fmt.Errorf("%s %s", b.server.name, lookTexts[reason]+b.zone.name))
}

// disbelieve takes in that a server is no longer believed. One that has lied about one TLD is
// not believed about any until it has been looked at anew.
func (e *evidence) disbelieve(b *bench, reason Reason, err error) {
	if reason == Hijacked || reason == DeniesKnown {
		for _, other := range b.server.benches {
			if other != b && !other.undecided() && other.finding.Standing != trust.Failed {
				e.fail(other, reason, err)
			}
		}
	}
	e.fail(b, reason, err)
}

// lookTexts say what a look that failed has shown.
var lookTexts = map[Reason]string{
	Hijacked:    "has begun to find every name under ",
	DeniesKnown: "denies names that exist under ",
	Timeout:     "has ceased to answer about ",
	ServFail:    "has ceased to work for ",
	Refused:     "has begun to refuse queries about ",
	Unreachable: "can no longer be reached to be looked at about ",
	BadResponse: "no longer proves anything about ",
	Truncated:   "has ceased to give whole responses about ",
}

// canary sends one canary.
func (e *evidence) canary(l *look, c trust.Canary) {
	b := l.bench
	name, qtype, at := "", b.qtype, b
	var by *server
	switch c {
	case trust.Fresh:
		name, by = e.freshName(l)
	case trust.Recheck:
		name = l.found
		if third := b.third(l.by, e.now); third != nil {
			at, qtype = third, third.qtype
		} else if !b.server.registry {
			qtype = otherTypes[rand.IntN(len(otherTypes))]
		}
	default:
		name, qtype, by = b.zone.names.take(b, c == trust.Other)
	}
	if name == "" {
		// None is left that this server has not been asked about.
		if c == trust.Same {
			l.Sames = 0
		} else {
			l.Others = 0
		}
		e.answered(l)
		return
	}
	_, flags := at.query()
	var send sender
	switch {
	case c == trust.Recheck:
		send = e.queries.once
	case c == trust.Other && l.among():
		send = e.queries.calmOnce
	case c == trust.Other:
		send = e.queries.once // the servers of the name may be silent
	case l.among():
		send = e.queries.canary
	case b.zone.isCrowd():
		send = e.queries.brief // another may do as well
	default:
		send = e.queries.control
	}
	q := at.trustQuery(name, qtype, flags|transport.DO)
	send(at.server, name, qtype, flags, func(d response) {
		l.came = append(l.came, witness{c, name, by, flags, q, d.trust()})
		e.answered(l)
	})
}

// freshName returns a name that the server must deny. A fresh label may be registered by
// chance, and then several more are asked about. In a crowd, and where many are needed, a
// name that another server has denied serves as well; some looks ask about a fresh label all
// the same, because a cache that several servers share may hold the name.
func (e *evidence) freshName(l *look) (name string, by *server) {
	z := l.bench.zone
	if l.Fresh > 1 || z.isCrowd() && (l.found != "" || rand.IntN(freshEach) > 0) {
		name, by = z.names.absent(l.bench.server)
	}
	if name == "" {
		name = e.sample.fresh(z.name)
	}
	return name, by
}

// answered goes on with a look when none of its canaries is under way.
func (e *evidence) answered(l *look) {
	if l.out--; l.out == 0 && !l.bench.undecided() {
		e.weigh(l)
	}
}

// weigh marks the canaries of a look, and goes on with it.
func (e *evidence) weigh(l *look) {
	if l.over {
		return
	}
	b := l.bench
	f := &b.finding
	if f.Rewrites || f.Wildcard || f.Stale {
		l.NotFounds = false // the rules give none
	}
	_, flags := b.query()
	for i := range l.came {
		w := &l.came[i]
		switch {
		case w.kind != trust.Fresh && !b.zone.names.exists(w.name):
			e.size(l) // the list of known names was wrong
			continue
		case (w.kind == trust.Fresh || w.kind == trust.Same) && (w.query.Qtype != b.qtype || flags&^w.flags&transport.DO != 0):
			continue // the controls have found another form that decides
		}
		w.query.Belief = f.Belief
		reason, _ := w.d.Trouble()
		mark := b.mark(w)
		switch {
		case mark == trust.Lie && w.kind == trust.Fresh:
			l.found, l.by = w.name, w.by
		case w.kind == trust.Fresh || w.kind == trust.Recheck:
		case mark == trust.Lie && e.arbitrate(l, w):
			continue
		case mark == trust.Truth:
			b.zone.names.confirm(w.name, b.server)
			if e.unproven(b) {
				b.prove(w.name)
			}
		}
		l.Note(w.kind, mark, reason)
	}
	l.came = nil
	if e.unproven(b) {
		e.need(l)
	}
	if l.out == 0 {
		e.step(l)
	}
}

// mark is what the response to a canary shows.
func (b *bench) mark(w *witness) trust.Mark {
	switch w.kind {
	case trust.Fresh:
		return trust.NegativeCanary(&w.query, &w.d)
	case trust.Same:
		return trust.PositiveCanary(&w.query, &w.d)
	case trust.Recheck:
		return trust.RecheckCanary(&w.query, &w.d)
	}
	return trust.OtherCanary(&w.query, &w.d)
}
