package probe

import (
	"testing"
	"time"

	"domprobe/probe/internal/trust"
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
	for name, want := range map[string]*server{"one.dev": b[0].server, "two.dev": nil, "three.dev": nil} {
		if got := n.finder(name); got != want {
			t.Errorf("%s has another finder", name)
		}
	}
	e, _ := evidenceOfOne(t)
	e.accuse(b[0], "one.dev")
	if b[0].finding.Reason != Hijacked || len(b[0].zone.trusted) != 1 || n.count(b[1]) != 0 {
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
		{50, 0, true, manyNames - 1}, {50, freshFirst, true, manyNames}, {90, lagMost, true, manyNames},
	} {
		e, _ := evidenceOfOne(t)
		e.bulk = test.bulk
		b := besides(2)[0]
		b.zone.tld = &tld{lookups: test.lookups}
		b.zone.names.lag(500, 1000)
		l := &look{bench: b, votes: make([]vote, 100)}
		if e.measure(l, test.found); max(l.Fresh, 0) != test.fresh {
			t.Errorf("%+v: %d fresh labels", test, l.Fresh)
		}
	}
}
