package probe

import (
	"iter"
	"slices"
	"time"

	"domprobe/probe/internal/trust"
)

// cover returns the look that covers a query that is sent now: one that leaves right
// behind the queries of this turn, so that names at the start, and a few after a pause,
// need not wait for another round trip. It returns nil if the verdict has to wait for a look
// that leaves after the response, or if the server has failed.
func (e *evidence) cover(b *bench) *look {
	if l := b.next; l != nil && l.early && (b.undecided() || l.behind < earlyFew) {
		return l
	}
	switch {
	case b.finding.Standing == trust.Failed:
		return nil
	case b.looks >= maxEarly, !b.undecided() && (e.bulk || !b.idle(e.now)):
		return nil
	case e.bulk && b.zone.isCrowd() && len(b.zone.trusted) > crowd:
		return nil // the names that others find make a better look
	}
	l := e.nextLook(b)
	l.early = true
	e.early = append(e.early, l)
	return l
}

// nextLook returns the look at a server that is sent next.
func (e *evidence) nextLook(b *bench) *look {
	if b.next == nil {
		b.next = &look{bench: b}
	}
	return b.next
}

// sent notes that a query has been sent, and sends a look behind it if enough have
// been: a server that lies for a while is found out if a canary is among the queries
// that it gets then.
func (e *evidence) sent(b *bench) {
	if b.zone.isCrowd() || b.finding.Standing == trust.Failed {
		return
	}
	e.nextLook(b).behind++
	s := b.server
	if s.behind++; s.behind >= lookEvery {
		e.sendLook(s.largest())
	}
}

// largest is the look that leaves behind most queries, of those that are sent next.
func (s *server) largest() (most *look) {
	for _, b := range s.benches {
		if l := b.next; l != nil && (most == nil || l.behind > most.behind) {
			most = l
		}
	}
	return most
}

// hold takes in a verdict: it waits for the look that covers its query, else for the
// next one.
func (e *evidence) hold(v vote, cover *look) {
	b := v.bench
	e.held++
	b.verdicts++
	if v.verdict == Found {
		b.founds++
	}
	switch {
	case cover != nil && cover.good:
		e.release(v)
	case cover != nil && cover.over, b.finding.Standing == trust.Failed:
		e.giveBack(v)
	case cover != nil:
		e.keep(v, cover)
	default:
		l := e.nextLook(b)
		if e.keep(v, l); len(l.votes) >= lookMost && b.zone.isCrowd() {
			e.sendLook(l)
		}
	}
}

// keep lets a verdict wait for a look.
func (e *evidence) keep(v vote, l *look) {
	if n := len(e.used); l.votes == nil && n > 0 {
		l.votes, e.used = e.used[n-1], e.used[:n-1]
	}
	l.votes = append(l.votes, v)
	if l.sent {
		return
	}
	if e.open++; len(l.votes) == 1 {
		l.since = e.now
		e.unsent = append(e.unsent, l)
	}
}

func (e *evidence) release(v vote) {
	e.held--
	e.released = append(e.released, v)
}

func (e *evidence) giveBack(v vote) {
	e.returned = append(e.returned, v)
}

// sendLook sends the first canaries of a look.
func (e *evidence) sendLook(l *look) {
	b := l.bench
	l.sent, b.next = true, nil
	e.open -= len(l.votes)
	found := 0
	for i := range l.votes {
		if l.votes[i].verdict == Found {
			found++
		}
	}
	l.Founds = found > 0 || l.among() // verdicts are still to come
	l.NotFounds = found < len(l.votes) || l.among()
	if len(b.zone.servers) > 1 {
		e.measure(l)
	}
	b.looks++
	b.server.looks, b.server.behind = append(b.server.looks, l), 0
	e.size(l)
	e.step(l)
}

// sendEarly sends the looks that leave behind the queries of a turn.
func (e *evidence) sendEarly() {
	for _, l := range e.early {
		if !l.sent {
			e.sendLook(l)
		}
	}
	clear(e.early)
	e.early = e.early[:0]
}

// push sends the looks for which verdicts have waited long enough; quiet tells that no
// candidate waits, so that nothing else will push them on.
func (e *evidence) push(quiet bool) {
	for len(e.unsent) > 0 {
		l := e.unsent[0]
		if !l.sent {
			if l.due().After(e.now) && e.open <= maxVotes/4*3 {
				break
			}
			e.sendLook(l)
		}
		e.unsent[0] = nil
		e.unsent = e.unsent[1:]
	}
	if !quiet {
		return
	}
	e.unsent = slices.DeleteFunc(e.unsent, func(l *look) bool {
		if !l.sent && (l.bench.looks == 0 || l.bench.flying == 0) {
			e.sendLook(l)
		}
		return l.sent
	})
}

// due is when the look is sent at the latest.
func (l *look) due() time.Time {
	if l.bench.zone.isCrowd() {
		return l.since.Add(lookLong)
	}
	return l.since.Add(lookFor)
}

// due is when verdicts will have waited long enough, and zero if none waits.
func (e *evidence) due() (at time.Time) {
	if len(e.unsent) > 0 {
		at = e.unsent[0].due()
	}
	return at
}

// underWay ranges over the looks of a server about a TLD, of which some may end.
func (b *bench) underWay() iter.Seq[*look] {
	return func(yield func(*look) bool) {
		for _, l := range slices.Clone(b.server.looks) {
			if l.bench == b && !l.over && !yield(l) {
				return
			}
		}
	}
}

// pass notes that a look has passed.
func (e *evidence) pass(l *look) {
	b := l.bench
	l.passed, b.passed, b.fails = e.now, e.now, 0
	e.giveOut(b.server)
}

// giveOut releases the verdicts of looks that have passed. Those of a look wait for the
// looks before it, which may have met a lie that is over: for any that has found a fresh
// label, and for the others a moment, as a canary that comes no sooner is lost.
func (e *evidence) giveOut(s *server) {
	if slices.ContainsFunc(s.looks, func(l *look) bool { return !l.over && l.disputed > 0 }) {
		return // it goes on when the third has responded
	}
	grace := min(max(s.srtt, leastGrace), mostGrace)
	before, doubt, waits := false, false, false
	e.stuck -= s.stuck
	s.stuck = 0
	s.looks = slices.DeleteFunc(s.looks, func(l *look) bool {
		switch {
		case l.over:
		case l.passed.IsZero():
			before, doubt = true, doubt || l.found != ""
		case doubt:
			waits = true
		case before && e.now.Sub(l.passed) < grace:
			waits = true
			if s.repeated < rareLoss {
				s.stuck += len(l.votes)
			}
		default:
			e.end(l)
		}
		return l.over
	})
	e.stuck += s.stuck
	if waits && !s.stalled {
		s.stalled = true
		e.queries.after(grace, func() {
			s.stalled = false
			e.giveOut(s)
		})
	}
}

// room reports whether more verdicts may come. Where few canaries are lost, a loss is worth
// a moment without queries: the verdicts of the looks behind it pile up, and a lie that
// begins now would cost all of them.
func (e *evidence) room() bool { return e.held < maxVotes && e.stuck <= e.flight.n }

// How long a look that has passed waits for the response to a canary before it.
const (
	leastGrace = 20 * time.Millisecond // longer than this machine is likely to leave it unread
	mostGrace  = 200 * time.Millisecond
)

// end releases the verdicts of a look.
func (e *evidence) end(l *look) {
	l.over, l.good = true, true
	l.bench.looks--
	e.held -= len(l.votes)
	e.released = append(e.released, l.votes...)
	if cap(l.votes) >= lookFew && len(e.used) < maxUsed {
		e.used = append(e.used, l.votes[:0])
	}
	l.votes = nil
}

// maxUsed bounds the slices that are kept for verdicts.
const maxUsed = 64

// drop returns all verdicts of a server about a TLD that are not released.
func (e *evidence) drop(b *bench) {
	end := func(l *look) {
		e.returned = append(e.returned, l.votes...)
		l.votes, l.sent, l.over = nil, true, true
	}
	if l := b.next; l != nil {
		e.open -= len(l.votes)
		end(l)
	}
	for l := range b.underWay() {
		end(l)
	}
	b.next, b.looks = nil, 0
	e.giveOut(b.server)
}
