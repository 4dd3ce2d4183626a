package probe

import (
	"fmt"
	"time"

	"domprobe/probe/internal/trust"
	"domprobe/probe/transport"
)

// cover returns the look that covers a query that is sent now, or nil. After
// a pause the query and a look leave together, so that the verdict need not
// wait for another round trip.
func (e *evidence) cover(b *bench) *look {
	if b.first == nil && b.flying == 0 && len(b.open) == 0 && len(b.running) == 0 &&
		b.finding.Standing == trust.Passed && e.now.Sub(b.passed) > idleAfter {
		b.first = &look{bench: b, Look: trust.Look{Founds: true, NotFounds: true}}
		e.size(b.first)
		e.step(b.first)
	}
	return b.first
}

// hold takes in a verdict: it waits for the look that covers its query, or for
// the next one, unless that look has passed already.
func (e *evidence) hold(v vote, cover *look) {
	b := v.bench
	e.held++
	switch {
	case cover != nil && cover.good:
		e.release(v)
	case cover != nil && cover.over, b.finding.Standing == trust.Failed:
		e.giveBack(v)
	case cover != nil:
		cover.votes = append(cover.votes, v)
	default:
		if len(b.open) == 0 {
			b.opened = e.now
			e.ages = append(e.ages, age{b, e.now})
		}
		if b.open = append(b.open, v); len(b.open) >= openMost {
			e.look(b)
		} else if b.flying == 0 && !b.waiter {
			b.waiter = true
			e.idle = append(e.idle, b)
		}
	}
}

func (e *evidence) release(v vote) {
	e.held--
	e.released = append(e.released, v)
}

func (e *evidence) giveBack(v vote) {
	e.returned = append(e.returned, v)
}

// look begins a look at a server for the verdicts that wait.
func (e *evidence) look(b *bench) {
	l := &look{bench: b, votes: b.open}
	b.open = nil
	for i := range l.votes {
		l.Founds = l.Founds || l.votes[i].verdict == Found
		l.NotFounds = l.NotFounds || l.votes[i].verdict == NotFound
	}
	b.running = append(b.running, l)
	e.size(l)
	e.step(l)
}

// size says how many names are at hand for canaries.
func (e *evidence) size(l *look) {
	b := l.bench
	n := len(b.zone.names.all())
	switch {
	case b.server.registry:
		l.Sames = n
	case len(l.votes) < openFew && len(l.votes) > 0:
		l.Others = n
	default:
		l.Sames, l.Others = n, n
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
		b := l.bench
		e.fail(b, reason, fmt.Errorf("%s %s", b.server.name, lookTexts[reason]+b.zone.name))
	case len(ask) == 0:
		e.pass(l)
		e.ended(l)
	default:
		l.out = len(ask)
		for _, c := range ask {
			e.canary(l, c)
		}
	}
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
	name, qtype, ok := "", b.qtype, true
	if c == trust.Fresh {
		name = e.sample.fresh(b.zone.name)
	} else {
		name, qtype, ok = b.zone.names.take(b, c == trust.Other)
	}
	if !ok {
		// None is left that this server has not been asked about.
		if l.out--; c == trust.Same {
			l.Sames = 0
		} else {
			l.Others = 0
		}
		if l.out == 0 {
			e.step(l)
		}
		return
	}
	_, flags := b.query()
	send := e.queries.control
	if c == trust.Other {
		send = e.queries.once // the servers of the name may be silent
	}
	send(b.server, name, qtype, flags, func(d response) {
		l.Note(c, b.mark(c, name, qtype, flags, d), d.reason())
		if l.out--; l.out == 0 {
			e.step(l)
		}
	})
}

// mark is what the response to a canary shows.
func (b *bench) mark(c trust.Canary, name string, qtype uint16, flags transport.Flags, d response) trust.Mark {
	q := b.trustQuery(name, qtype, flags|transport.DO)
	r := d.trust()
	switch c {
	case trust.Fresh:
		return trust.NegativeCanary(&q, &r)
	case trust.Same:
		return trust.PositiveCanary(&q, &r)
	}
	return trust.OtherCanary(&q, &r)
}

func (d response) reason() Reason {
	reason, _ := d.trouble()
	return reason
}

// pass ends a look that has passed.
func (e *evidence) pass(l *look) {
	if l == nil || l.over {
		return
	}
	b := l.bench
	l.over, l.good = true, true
	b.passed = e.now
	if b.finding.Standing == trust.Passed {
		b.fails = 0
	}
	for _, v := range l.votes {
		e.release(v)
	}
	l.votes = nil
	if b.first == l {
		b.first = nil
	}
}

// ended takes a look off those that are under way.
func (e *evidence) ended(l *look) {
	b := l.bench
	for i := range b.running {
		if b.running[i] == l {
			b.running = append(b.running[:i], b.running[i+1:]...)
			return
		}
	}
}

// An age says since when a server has verdicts that wait.
type age struct {
	bench *bench
	since time.Time
}

// push looks at the servers whose verdicts have waited long enough; quiet
// tells that no candidate waits, so that nothing else will push verdicts on.
func (e *evidence) push(quiet bool) {
	for len(e.ages) > 0 && !e.ages[0].since.Add(openFor).After(e.now) {
		a := e.ages[0]
		e.ages[0] = age{}
		e.ages = e.ages[1:]
		if len(a.bench.open) > 0 && a.bench.opened.Equal(a.since) {
			e.look(a.bench)
		}
	}
	if !quiet {
		return
	}
	for _, b := range e.idle {
		b.waiter = false
		if len(b.open) > 0 && b.flying == 0 {
			e.look(b)
		}
	}
	clear(e.idle)
	e.idle = e.idle[:0]
}

// due is when verdicts will have waited long enough, and zero if none waits.
func (e *evidence) due() (at time.Time) {
	if len(e.ages) > 0 {
		at = e.ages[0].since.Add(openFor)
	}
	return at
}
