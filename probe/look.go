package probe

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"domprobe/probe/internal/trust"
	"domprobe/probe/transport"
)

// cover returns the look that covers a query that is sent now, or nil if it
// has to wait for a later one.
func (e *evidence) cover(b *bench) *look {
	if e.bulk && b.zone.isCrowd() && len(b.zone.trusted) > crowd {
		return nil // the names that others find make a better look
	}
	if b.closer == nil && (b.undecided() || !e.bulk && b.idle(e.now)) && len(b.running) < maxCloser {
		b.closer = &look{bench: b, behind: true, Look: trust.Look{Founds: true, NotFounds: true}}
		b.running = append(b.running, b.closer)
		e.closers = append(e.closers, b.closer)
	}
	return b.closer
}

// sendClosers sends the looks that leave behind the queries of a turn.
func (e *evidence) sendClosers() {
	for _, l := range e.closers {
		l.bench.closer = nil
		e.size(l)
		e.step(l)
	}
	clear(e.closers)
	e.closers = e.closers[:0]
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
			if n := len(e.used); n > 0 {
				b.open, e.used = e.used[n-1], e.used[:n-1]
			}
			b.opened = e.now
			e.ages = append(e.ages, age{b, e.now})
		}
		b.open = append(b.open, v)
		b.server.open++
		e.open++
		switch {
		case len(b.open) >= openMost:
			e.look(b)
		case b.server.open >= openAll:
			e.lookAtServer(b.server)
		}
		e.rest(b)
	}
}

// rest notes verdicts that wait while no name is under way at their server.
func (e *evidence) rest(b *bench) {
	if len(b.open) > 0 && b.flying == 0 && !b.waiter {
		b.waiter = true
		e.idle = append(e.idle, b)
	}
}

func (e *evidence) release(v vote) {
	e.held--
	e.released = append(e.released, v)
}

func (e *evidence) giveBack(v vote) {
	e.returned = append(e.returned, v)
}

// lookAtServer looks at a server about each TLD of which many verdicts wait.
func (e *evidence) lookAtServer(s *server) {
	for _, b := range s.benches {
		if len(b.open) >= openLeast {
			e.look(b)
		}
	}
}

// look begins a look at a server for the verdicts that wait.
func (e *evidence) look(b *bench) {
	l := &look{bench: b, votes: e.takeOpen(b)}
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
	e.need(l)
	if !l.bench.server.registry {
		l.Others = l.Sames
	}
	l.Both = len(l.votes) >= openFew
}

// need says about how many names a server must be asked. While it is asked, others
// may find more that can be.
func (e *evidence) need(l *look) {
	b := l.bench
	l.Sames = b.zone.names.count(b)
	if b.unproven() {
		l.Need = l.Proven() + min(crowdFirst-len(b.proven), b.zone.names.left(b))
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
	switch c {
	case trust.Fresh:
		name = e.sample.fresh(b.zone.name)
	case trust.Recheck:
		name = l.found
		if !b.server.registry {
			qtype = otherTypes[rand.IntN(len(otherTypes))]
		}
	default:
		name, qtype, ok = b.zone.names.take(b, c == trust.Other)
	}
	if !ok {
		// None is left that this server has not been asked about.
		if c == trust.Same {
			l.Sames = 0
		} else {
			l.Others = 0
		}
		e.answered(l)
		return
	}
	_, flags := b.query()
	var send sender
	switch {
	case c == trust.Other || c == trust.Recheck:
		send = e.queries.once // the servers of the name may be silent
	case l.behind:
		send = e.queries.canary
	case b.zone.isCrowd():
		send = e.queries.brief // another may do as well
	default:
		send = e.queries.control
	}
	q := b.trustQuery(name, qtype, flags|transport.DO)
	send(b.server, name, qtype, flags, func(d response) {
		l.came = append(l.came, witness{c, name, flags, q, d.trust()})
		e.answered(l)
	})
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
			l.found = w.name
		case mark == trust.Truth && (w.kind == trust.Same || w.kind == trust.Other) && b.unproven():
			b.prove(w.name)
		}
		l.Note(w.kind, mark, reason)
	}
	l.came = nil
	if b.unproven() {
		e.need(l)
	}
	e.step(l)
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

// pass ends a look that has passed.
func (e *evidence) pass(l *look) {
	b := l.bench
	l.over, l.good = true, true
	b.passed, b.fails = e.now, 0
	e.held -= len(l.votes)
	e.released = append(e.released, l.votes...)
	if cap(l.votes) >= openLeast && len(e.used) < maxUsed {
		e.used = append(e.used, l.votes[:0])
	}
	l.votes = nil
	b.running = slices.DeleteFunc(b.running, func(other *look) bool { return other == l })
}

// maxUsed bounds the slices that are kept for verdicts.
const maxUsed = 64

// An age says since when a server has verdicts that wait.
type age struct {
	bench *bench
	since time.Time
}

// due is when the server is looked at for them.
func (a age) due() time.Time {
	if a.bench.zone.isCrowd() {
		return a.since.Add(openLong)
	}
	return a.since.Add(openFor)
}

// push looks at the servers whose verdicts have waited long enough; quiet
// tells that no candidate waits, so that nothing else will push verdicts on.
func (e *evidence) push(quiet bool) {
	for len(e.ages) > 0 && (!e.ages[0].due().After(e.now) || e.open > maxVotes/4*3) {
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
		at = e.ages[0].due()
	}
	return at
}
