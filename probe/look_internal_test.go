package probe

import (
	"fmt"
	"testing"
	"time"

	"domprobe/probe/internal/trust"
	"domprobe/probe/resolver"
)

// runOf is a run with so many resolvers, which nothing is sent to.
func runOf(t *testing.T, resolvers int) *run {
	t.Helper()
	var list []resolver.Server
	for i := range resolvers {
		list = append(list, resolver.Server{Transport: resolver.UDP, Addr: fmt.Sprintf("127.0.0.%d:53", 1+i)})
	}
	p, err := New(Options{Servers: list})
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.newRun()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func evidenceOfOne(t *testing.T) (*evidence, *server) {
	r := runOf(t, 1)
	return &r.evidence, r.evidence.given[0]
}

// A lie about one TLD counts against the verdicts of the server about the others, but
// trouble with one does not.
func TestLieAboutAnotherTLD(t *testing.T) {
	for reason, lied := range map[Reason]bool{Hijacked: true, DeniesKnown: true, Timeout: false, ServFail: false} {
		e, s := evidenceOfOne(t)
		of := func(tld string) *bench {
			z := &e.tldOf(tld).zone
			b := &bench{zone: z, server: s, finding: trust.Finding{Standing: trust.Passed}}
			z.benches[s], s.benches = b, append(s.benches, b)
			return b
		}
		one, other := of("dev"), of("org")
		e.hold(vote{bench: other}, nil)
		e.failed(&look{bench: one}, reason)
		if one.finding.Standing != trust.Failed || (other.finding.Standing == trust.Failed) != lied || (len(e.returned) == 1) != lied {
			t.Errorf("%s: dev is %v, org is %v, %d verdicts are given back", reason, one.finding.Standing, other.finding.Standing, len(e.returned))
		}
	}
}

// In a crowd most looks ask about a name that another server has denied, and all do once
// a fresh label turns out to be registered.
func TestFreshName(t *testing.T) {
	for _, test := range []struct {
		servers     int
		found       string
		least, most int // denied names, of 1,000
	}{
		{crowd, "", 0, 0}, {crowd, "x.dev", 0, 0}, {crowd + 1, "", 650, 850}, {crowd + 1, "x.dev", 1000, 1000},
	} {
		z := newZone("dev", make([]*server, test.servers))
		for i := range deniedLen {
			z.names.deny(fmt.Sprintf("%d.dev", i), new(server))
		}
		e := &evidence{env: new(env)}
		denied := 0
		for range 1000 {
			if name, _ := e.freshName(&look{bench: &bench{zone: &z, server: new(server)}, found: test.found}); len(name) < shortestFresh {
				denied++
			}
		}
		if denied < test.least || denied > test.most {
			t.Errorf("%d servers, found %q: %d of 1,000 names are denied ones", test.servers, test.found, denied)
		}
	}
}

// A look in a crowd asks about more names, the more names the server has found too few.
func TestLookLag(t *testing.T) {
	for _, test := range []struct{ servers, votes, found, least int }{
		{crowd, 100, 20, lagMost}, {crowd + 1, 100, 50, 4}, {crowd + 1, 40, 20, 2}, {crowd + 1, 8, 4, 0},
		{crowd + 1, 100, 45, 9}, {crowd + 1, 100, 0, crowdEach + lagMost}, {2, 100, 45, 5}, {1, 100, 45, 0},
	} {
		e, s := evidenceOfOne(t)
		z := newZone("dev", make([]*server, test.servers))
		z.names.lag(500, 1000)
		l := &look{bench: &bench{zone: &z, server: s, verdicts: test.votes, founds: test.found}, over: true}
		for i := range test.votes {
			l.votes = append(l.votes, vote{verdict: NotFound})
			if i < test.found {
				l.votes[i].verdict = Found
			}
		}
		e.sendLook(l)
		if l.Need = 0; l.least != test.least {
			t.Errorf("%+v: at least %d names", test, l.least)
		}
		if e.need(l); l.Need < test.least {
			t.Errorf("%+v: %d names needed", test, l.Need)
		}
	}
}

// The next look is about the TLD with most queries since its last look.
func TestLargestLook(t *testing.T) {
	s := new(server)
	for _, behind := range []int{3, 9, 0, 8} {
		b := &bench{server: s}
		if behind > 0 {
			b.next = &look{bench: b, behind: behind}
		}
		s.benches = append(s.benches, b)
	}
	if l := s.largest(); l != s.benches[1].next {
		t.Errorf("the look behind %d queries", l.behind)
	}
}

// A server that has failed gets no look that covers queries: it is looked at again by
// its controls.
func TestNoCoverAfterFailure(t *testing.T) {
	e := &evidence{env: new(env)}
	for standing, covered := range map[trust.Standing]bool{trust.Pending: true, trust.Passed: true, trust.Failed: false} {
		b := &bench{zone: new(zone), server: new(server), finding: trust.Finding{Standing: standing}}
		e.now = e.now.AddDate(1, 0, 0)
		if l := e.cover(b); (l != nil) != covered {
			t.Errorf("%v: covered by %v", standing, l)
		}
	}
}

// A look covers all names that are sent beside the first controls, and a few after a pause.
func TestCoverFew(t *testing.T) {
	for standing, want := range map[trust.Standing]int{trust.Pending: lookEvery, trust.Passed: earlyFew} {
		e := &evidence{env: &env{now: time.Now()}}
		b := &bench{zone: new(zone), server: new(server), finding: trust.Finding{Standing: standing}}
		covered := 0
		for range lookEvery {
			if e.cover(b) != nil {
				covered++
			}
			b.flying++
			b.next.behind++
		}
		if covered != want {
			t.Errorf("%v: %d names are covered, want %d", standing, covered, want)
		}
	}
}

// In a disputed zone all servers that have not failed must agree. Servers that it had
// once do not count.
func TestContested(t *testing.T) {
	a, b, gone := new(server), new(server), new(server)
	z := &zone{servers: []*server{a, b}, benches: map[*server]*bench{}}
	for _, step := range []struct {
		failed *server
		want   int
	}{{gone, 2}, {a, 1}, {b, 1}} {
		z.benches[step.failed] = &bench{finding: trust.Finding{Standing: trust.Failed}}
		z.failed++
		if n := z.contested(); n != step.want {
			t.Errorf("%d servers must agree when %d have failed, want %d", n, len(z.benches), step.want)
		}
	}
}
