package probe

import (
	"testing"

	"domprobe/probe/internal/trust"
	"domprobe/probe/transport"
)

// A look covers a verdict whose query was sent once, right before it: the
// response to a packet that was repeated may be to the one that came later. In a crowd a
// denial waits until the server has found names enough.
func TestCover(t *testing.T) {
	for _, test := range []struct {
		tries    uint8
		servers  int
		verdict  trust.Verdict
		proven   int
		released int
	}{
		{1, 1, trust.Found, 0, 1}, {2, 1, trust.Found, 0, 0}, {1, 1, trust.NotFound, 0, 1}, {2, 1, trust.NotFound, 0, 0},
		{1, crowd + 1, trust.Found, 0, 1}, {1, crowd + 1, trust.NotFound, atFirst - 1, 0}, {1, crowd + 1, trust.NotFound, atFirst, 1},
	} {
		e := &env{opts: &Options{Quorum: 1}}
		qs := &queries{env: e}
		ev := &evidence{env: e, queries: qs}
		l := &lookups{env: e, queries: qs, evidence: ev}
		s, z := new(server), &zone{labels: 1, servers: make([]*server, test.servers)}
		b := &bench{zone: z, server: s, finding: trust.Finding{Standing: trust.Passed}}
		for i := range test.proven {
			b.prove(string(rune('a'+i)) + ".dev")
		}
		i := qs.add()
		q := qs.at(i)
		q.server, q.zone, q.bench, q.cover = s, z, b, &look{over: true, good: true}
		l.decided(i, &delivery{Outcome: transport.Outcome{Tries: test.tries}}, trust.Ruling{Action: trust.Settle, Verdict: test.verdict, Reason: Exists})
		if len(ev.released) != test.released || ev.open != 1-test.released {
			t.Errorf("%+v: %d verdicts are released, %d wait for the next look", test, len(ev.released), ev.open)
		}
		if founds := map[trust.Verdict]int{trust.Found: 1}[test.verdict]; b.verdicts != 1 || b.founds != founds {
			t.Errorf("%+v: %d verdicts are counted, %d of them found", test, b.verdicts, b.founds)
		}
	}
}

// A verdict whose look has failed does not count, though its server may be
// believed again.
func TestCoverFailed(t *testing.T) {
	b := &bench{zone: new(zone), server: new(server), finding: trust.Finding{Standing: trust.Passed}}
	ev := &evidence{env: &env{}}
	cover := &look{over: true}
	ev.hold(vote{bench: b}, cover)
	if len(ev.returned) != 1 || len(ev.released)+ev.open+len(cover.votes) != 0 {
		t.Errorf("%d verdicts are given back, %d released", len(ev.returned), len(ev.released))
	}
}

// A server that has lied about a name is asked with another type than then,
// which a cache before it does not hold.
func TestForm(t *testing.T) {
	for _, test := range []struct {
		registry, lied bool
		qtype, want    uint16
	}{
		{false, false, 43, 43}, {false, true, 43, 2}, {false, true, 2, 2}, {true, true, 2, 2},
	} {
		s := &server{registry: test.registry}
		q := query{tried: []attempt{{server: s, lied: test.lied}}}
		if got, _ := q.form(&bench{server: s, qtype: test.qtype}); got != test.want {
			t.Errorf("%+v: type %d", test, got)
		}
	}
}

// What is remembered of a server whose response was dropped: a cache may hold its lie.
func TestUnheard(t *testing.T) {
	for _, test := range []struct {
		name    string
		finding trust.Finding
		before  attempt
		lied    bool
		over    bool
	}{
		{"it is silent", trust.Finding{Standing: trust.Failed, Reason: Timeout}, attempt{}, false, false},
		{"it denies names that exist", trust.Finding{Standing: trust.Failed, Reason: DeniesKnown}, attempt{}, true, false},
		{"it finds every name", trust.Finding{Standing: trust.Failed, Reason: Hijacked}, attempt{}, true, false},
		{"it has been looked at since", trust.Finding{Standing: trust.Passed}, attempt{}, true, false},
		{"it lied before", trust.Finding{Standing: trust.Failed, Reason: Timeout}, attempt{lied: true}, true, false},
		{"for the last time", trust.Finding{Standing: trust.Failed, Reason: Timeout}, attempt{extra: maxExtra}, false, true},
		{"over TCP, after silence", trust.Finding{Standing: trust.Passed}, attempt{times: 2, tcp: true, cut: true}, true, false},
	} {
		s := &server{}
		q := query{one: [1]attempt{test.before}}
		q.one[0].server = s
		q.tried = q.one[:]
		(&lookups{}).unheard(&q, &bench{server: s, finding: test.finding})
		want := attempt{server: s, unheard: true, extra: test.before.extra + 1, lied: test.lied, over: test.over}
		if got := *q.at(s); got != want || q.reason != test.finding.Reason {
			t.Errorf("%s: %+v and reason %q, want %+v", test.name, got, q.reason, want)
		}
	}
}
