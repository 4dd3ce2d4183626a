package probe

import (
	"testing"
	"time"

	"github.com/miekg/dns"

	"domprobe/probe/internal/trust"
	"domprobe/probe/transport"
)

// besides makes benches of believed servers of one zone.
func besides(n int) []*bench {
	z := newZone("dev", nil)
	var benches []*bench
	for i := range n {
		s := &server{voter: string(rune('a' + i))}
		b := &bench{zone: &z, server: s, finding: trust.Finding{Standing: trust.Passed}}
		z.servers, z.trusted, z.benches[s] = append(z.servers, s), append(z.trusted, b), b
		benches = append(benches, b)
	}
	return benches
}

// A third is another server than the two that contradict one another, at another address, not
// slow, and a resolver.
func TestThird(t *testing.T) {
	now := time.Now()
	for name, spoil := range map[string]func(of, other, third *bench){
		"":                func(of, other, third *bench) {},
		"the same":        func(of, other, third *bench) { third.server.voter = of.server.voter },
		"slow":            func(of, other, third *bench) { third.server.srtt = 2 * far },
		"silent lately":   func(of, other, third *bench) { third.server.downTill, third.server.offline = now.Add(time.Hour), true },
		"no longer there": func(of, other, third *bench) { of.zone.distrust(third) },
		"a registry":      func(of, other, third *bench) { of.server.registry = true },
	} {
		for range 20 {
			b := besides(3)
			spoil(b[0], b[1], b[2])
			if got := b[0].third(b[1].server, now); (got == b[2]) != (name == "") || got == b[1] || got == b[0] {
				t.Errorf("%s: a third that is none", name)
			}
		}
	}
	if b := besides(2); b[0].third(nil, now) != b[1] || b[0].third(b[1].server, now) != nil {
		t.Error("with two servers")
	}
}

// A name is known once a second server has found it. What a liar alone has found is forgotten.
func TestFinder(t *testing.T) {
	b := besides(2)
	n := &b[0].zone.names
	n.add("one.dev", b[0].server)
	n.add("two.dev", b[0].server)
	n.confirm("one.dev", b[0].server)
	n.confirm("two.dev", b[1].server)
	for range 2 {
		name, _, by := n.take(b[1], false)
		if want := map[string]*server{"one.dev": b[0].server}[name]; by != want {
			t.Errorf("%s has another finder", name)
		}
	}
	e, _ := evidenceOfOne(t)
	b[0].prove("one.dev")
	b[0].fresh = atFirst
	e.accuse(b[0], "one.dev")
	if len(b[0].proven)+b[0].fresh > 0 {
		t.Error("an accused server has shown something")
	}
	e.accuse(b[0], "one.dev")
	if b[0].finding.Reason != Hijacked || b[0].fails != 1 || len(b[0].zone.trusted) != 1 || n.count(b[1]) != 0 {
		t.Errorf("an accused server: %v, %d names are left", b[0].finding.Reason, n.count(b[1]))
	}
}

// A look asks about more names that do not exist of a server that finds more than chance
// explains, and of one beside others at the start of a long run.
func TestMeasure(t *testing.T) {
	for _, test := range []struct {
		found, fresh int
		bulk         bool
		lookups      int
	}{
		{50, 0, false, manyNames}, {55, 0, false, 1}, {60, 5, false, 1}, {100, lagMost, false, 1},
		{50, 0, true, manyNames - 1}, {50, atFirst, true, manyNames}, {90, lagMost, true, manyNames},
	} {
		e, _ := evidenceOfOne(t)
		e.bulk = test.bulk
		b := besides(2)[0]
		b.zone.tld = &tld{lookups: test.lookups}
		b.zone.names.lag(500, 1000)
		b.verdicts, b.founds = 100, test.found
		l, next := &look{bench: b}, &look{bench: b}
		if e.measure(l); max(l.Fresh, 0) != test.fresh {
			t.Errorf("%+v: %d fresh labels", test, l.Fresh)
		}
		if e.measure(next); next.Fresh > 0 || next.least > 0 {
			t.Errorf("%+v: %d fresh labels and %d names at once behind them", test, next.Fresh, next.least)
		}
	}
}

// believedAbout makes servers of a run believed about dev.
func believedAbout(r *run) (benches []*bench) {
	z := &r.evidence.tldOf("dev").zone
	for _, s := range r.evidence.given {
		b := &bench{zone: z, server: s, qtype: dns.TypeDS, finding: trust.Finding{Standing: trust.Passed, Belief: trust.Belief{Zone: 1}}}
		z.benches[s], s.benches = b, append(s.benches, b)
		r.evidence.believe(b)
		benches = append(benches, b)
	}
	return benches
}

// Responses of a resolver about a name under dev.
var (
	finds  = transport.Reply{Bits: transport.RA, Answer: transport.AnswerDS, SOA: transport.Absent, NS: transport.Absent}
	denies = transport.Reply{Rcode: dns.RcodeNameError, Bits: transport.RA, SOA: 1, NS: transport.Absent}
	fails  = transport.Reply{Rcode: dns.RcodeServerFailure, Bits: transport.RA, SOA: transport.Absent, NS: transport.Absent}
)

// looking is a look at a server with the response to its last canary.
func looking(b *bench, kind trust.Canary, name string, by *server, reply transport.Reply) *look {
	qtype, flags := b.query()
	l := &look{bench: b, Look: trust.Look{Founds: true, NotFounds: true, Sames: 1}, sent: true}
	for _, c := range []trust.Canary{trust.Fresh, trust.Other} {
		l.Note(c, trust.Truth, "") // it would pass without the canary
	}
	b.server.looks = append(b.server.looks, l)
	l.came = []witness{{kind, name, by, flags, b.trustQuery(name, qtype, flags), trust.Response{Reply: reply}}}
	return l
}

// asked returns the server that is asked, if it is a single one, with the name; answer responds.
func asked(r *run) (of *server, name string, answer func(transport.Reply)) {
	for _, s := range r.evidence.given {
		if len(s.ask) == 0 {
			continue
		}
		if len(s.ask) > 1 || of != nil {
			return nil, "several", nil
		}
		q := s.ask[0]
		of, name = s, q.Name
		answer = func(reply transport.Reply) {
			r.evidence.queries.finish(q.Token, &delivery{Outcome: transport.Outcome{Reply: reply}, from: s})
		}
	}
	return of, name, answer
}

// A server that denies a name which only one other has found is not believed, or the other is
// not, as a third says.
func TestArbitrate(t *testing.T) {
	for name, test := range map[string]struct {
		servers        int
		third          transport.Reply
		before, after  func(e *evidence, denier, finder *bench) // the name is taken
		asked          bool                                     // the third is
		denier, finder bool                                     // are believed afterwards
		alone          bool                                     // the finder still is, with the name
	}{
		"the third finds it":       {servers: 3, third: finds, asked: true, finder: true},
		"the third denies it":      {servers: 3, third: denies, asked: true, denier: true},
		"the third says nothing":   {servers: 3, third: fails, asked: true, denier: true, finder: true, alone: true},
		"there is no third":        {servers: 2, finder: true, alone: true},
		"another has found it too": {servers: 3, finder: true, before: func(e *evidence, denier, finder *bench) { denier.zone.names.confirm("x.dev", denier.server) }},
		"the denier has found it":  {servers: 3, finder: true, before: func(e *evidence, denier, finder *bench) { denier.zone.names.found[0].by = denier.server }},
		"the finder is gone":       {servers: 3, finder: true, alone: true, after: func(e *evidence, denier, finder *bench) { delete(denier.zone.benches, finder.server) }},
		"the finder has lied":      {servers: 2, denier: true, after: func(e *evidence, denier, finder *bench) { e.accuse(finder, "y.dev") }},
		"they are a crowd":         {servers: crowd + 1, third: denies, asked: true, denier: true, finder: true, alone: true},
		"the name is kept no more": {servers: 3, third: finds, asked: true, finder: true, after: func(e *evidence, denier, finder *bench) { denier.zone.names.found[0] = canaryName{} }},
	} {
		t.Run(name, func(t *testing.T) {
			r := runOf(t, test.servers)
			b := believedAbout(r)
			n := &b[0].zone.names
			n.add("x.dev", b[1].server)
			if test.before != nil {
				test.before(&r.evidence, b[0], b[1])
			}
			_, _, by := n.take(b[0], false)
			if test.after != nil {
				test.after(&r.evidence, b[0], b[1])
			}
			other := &look{bench: b[0], sent: true}
			b[0].server.looks = append(b[0].server.looks, other)
			l := looking(b[0], trust.Same, "x.dev", by, denies)
			r.evidence.weigh(l)
			third, about, answer := asked(r)
			if (third != nil) != test.asked || test.asked && (about != "x.dev" || l.out != 1 || l.over) {
				t.Fatalf("%v is asked about %s; %d canaries are under way, over %t", third, about, l.out, l.over)
			}
			if !other.over {
				r.evidence.pass(other)
			}
			if test.asked {
				if third == b[0].server || third == b[1].server || other.good {
					t.Errorf("%s is asked; another look is good: %t", third.name, other.good)
				}
				answer(test.third)
			}
			if l.good != test.denier || other.good != test.denier {
				t.Errorf("the look is good: %t; the other: %t", l.good, other.good)
			}
			if b[0].believed() != test.denier || b[1].believed() != test.finder {
				t.Errorf("the denier is believed: %t; the finder: %t", b[0].believed(), b[1].believed())
			}
			for i, want := range []Reason{DeniesKnown, Hijacked} {
				if f := b[i].finding; f.Standing == trust.Failed && f.Reason != want {
					t.Errorf("server %d is not believed because of %s", i, f.Reason)
				}
			}
			if alone := n.found[0].finder() != nil; alone != test.alone {
				t.Errorf("one server alone has found it: %t", alone)
			}
		})
	}
}

// Verdicts of a server wait while a third decides about a name that it has denied, and no
// longer: others of the look's canaries may take their time.
func TestWaitForThird(t *testing.T) {
	r := runOf(t, 3)
	b := believedAbout(r)
	before := &look{bench: b[0], sent: true}
	b[0].server.looks = append(b[0].server.looks, before)
	l := looking(b[0], trust.Same, "x.dev", b[1].server, denies)
	l.out = 1
	r.evidence.weigh(l)
	_, _, answer := asked(r)
	if r.evidence.pass(before); before.good || l.out != 2 {
		t.Errorf("a look is good: %t; %d canaries are under way", before.good, l.out)
	}
	if answer(denies); !before.good || l.over || l.out != 1 {
		t.Errorf("the look before is good: %t; over %t, with %d canaries under way", before.good, l.over, l.out)
	}
}

// A name that a second server finds in a look is no longer one server's word, and counts for
// the server where it must be shown that it finds names.
func TestFoundInLook(t *testing.T) {
	for _, bulk := range []bool{false, true} {
		r := runOf(t, 2)
		b := believedAbout(r)
		r.bulk, b[0].zone.tld.lookups = bulk, manyNames
		b[0].zone.names.add("x.dev", b[1].server)
		r.evidence.weigh(looking(b[0], trust.Same, "x.dev", b[1].server, finds))
		if b[0].zone.names.found[0].finder() != nil || b[0].proven["x.dev"] != bulk || !b[0].believed() {
			t.Errorf("bulk %t: %v are proven", bulk, b[0].proven)
		}
	}
}

// A fresh label that a server finds is asked about again elsewhere, but not of the server by
// whose word it does not exist.
func TestRecheckElsewhere(t *testing.T) {
	for range 20 {
		r := runOf(t, 3)
		b := believedAbout(r)
		for i := range deniedLen {
			b[0].zone.names.deny(string(rune('a'+i%26))+".dev", b[1].server)
		}
		l := looking(b[0], trust.Fresh, "a.dev", b[1].server, finds)
		r.evidence.weigh(l)
		if third, about, _ := asked(r); third != b[2].server || about != "a.dev" || l.by != b[1].server {
			t.Fatalf("%v is asked about %s", third, about)
		}
	}
	r := runOf(t, 2)
	b := believedAbout(r)
	for range deniedLen {
		b[0].zone.names.deny("denied.dev", b[1].server)
	}
	l := &look{bench: b[0], Look: trust.Look{Fresh: 2}}
	for range 1000 {
		if name, by := r.evidence.freshName(l); (name == "denied.dev") != (by == b[1].server) {
			t.Fatalf("%s by the word of %v", name, by)
		}
	}
}

// Names that are found are kept for looks, and beside another server those that are denied,
// but not if the server has just been found to lie.
func TestKeepNames(t *testing.T) {
	for _, test := range []struct {
		servers       int
		verdict       Verdict
		lied          bool
		found, denied int // names kept
	}{
		{1, Found, false, 1, 0}, {1, NotFound, false, 0, 0}, {2, NotFound, false, 0, 1}, {2, Found, false, 1, 0},
		{2, Found, true, 0, 0}, {2, NotFound, true, 0, 0},
	} {
		r := runOf(t, test.servers)
		b := believedAbout(r)
		if test.lied {
			r.evidence.accuse(b[0], "y.dev")
		}
		i := r.queries.add()
		q := r.queries.at(i)
		q.Name, q.tld, q.zone = "x.dev", b[0].zone.tld, b[0].zone
		r.lookups.landVote(i, &vote{bench: b[0], verdict: test.verdict, reason: NXDomain}, test.verdict)
		n := &b[0].zone.names
		if n.n != test.found || n.d != test.denied {
			t.Errorf("%+v: %d found and %d denied names are kept", test, n.n, n.d)
		}
		if n.n > 0 && n.found[0].by != b[0].server || n.d > 0 && n.denied[0] != (denial{"x.dev", b[0].server}) {
			t.Errorf("%+v: kept by the word of another", test)
		}
	}
}
