package probe

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"domprobe/probe/internal/trust"
	"domprobe/probe/transport"
)

// measure sets how many names a look asks about, by how many of those before it the server has
// found. A server that finds fewer than the others may deny names that exist. One that finds
// more may make names up, if chance does not explain it: half the square root of n is the
// largest standard deviation of their number.
func (e *evidence) measure(l *look) {
	b, z, n := l.bench, l.bench.zone, l.bench.verdicts
	fewer, more := z.names.lag(b.founds, n)
	b.founds, b.verdicts = 0, 0
	l.least = min(fewer, lagMost)
	l.Fresh = min(more-int(math.Sqrt(float64(n))/2), lagMost)
	switch {
	case z.isCrowd():
		l.least += min(crowdEach, n/crowd)
	case e.unproven(b):
		l.Fresh = max(l.Fresh, atFirst-b.fresh)
		b.fresh += max(l.Fresh, 0)
	}
}

// arbitrate has a third server decide when the server of a look denies a name that only one
// other has found. It returns false if there is no third, or if the name is known to exist.
func (e *evidence) arbitrate(l *look, w *witness) bool {
	b, kind, name := l.bench, w.kind, w.name
	finder := b.zone.benches[w.by]
	if finder == nil || finder == b {
		return false
	}
	if finder.lied() {
		e.size(l) // another name takes the place of this one
		return true
	}
	third := b.third(finder.server, e.now)
	if third == nil {
		return false
	}
	l.out++
	l.disputed++
	qtype, flags := third.query()
	q := third.trustQuery(name, qtype, flags|transport.DO)
	e.queries.control(third.server, name, qtype, flags, func(d response) {
		r := d.trust()
		switch trust.PositiveCanary(&q, &r) {
		case trust.Truth:
			b.zone.names.confirm(name, third.server)
			l.Note(kind, trust.Lie, "")
		case trust.Lie:
			if !b.zone.isCrowd() { // where two may well filter
				e.accuse(finder, name)
			}
			e.size(l)
		default:
			l.Note(kind, trust.Unclear, "")
		}
		l.disputed--
		if l.out--; l.out == 0 {
			e.weigh(l)
		}
		e.giveOut(b.server)
	})
	return true
}

// accuse takes in that two servers have denied a name which another has found.
func (e *evidence) accuse(finder *bench, name string) {
	if !finder.lied() {
		e.disbelieve(finder, Hijacked, fmt.Errorf("%s has found %s, which others deny", finder.server.name, name))
	}
}

// third returns a resolver that is believed and not slow, besides that of the bench and
// another, and nil if there is none. Servers of a registry are not measured by one another:
// a name that has just been registered reaches them one by one.
func (b *bench) third(other *server, now time.Time) *bench {
	trusted := b.zone.trusted
	if b.server.registry {
		return nil
	}
	first := rand.IntN(max(len(trusted), 1))
	for i := range trusted {
		o := trusted[(first+i)%len(trusted)]
		s := o.server
		if s.voter != b.server.voter && s != other && s.ready(now) && s.srtt <= b.zone.fastest+far {
			return o
		}
	}
	return nil
}
