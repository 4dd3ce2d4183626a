package probe

import (
	"testing"
	"time"

	"domprobe/probe/internal/trust"
)

// When a name waits for a server that is not believed, and until when.
func TestTroubled(t *testing.T) {
	now := time.Unix(1e9, 0)
	never := time.Time{}
	bad := func(reason Reason, passed bool, fails int, again time.Time) *bench {
		b := &bench{finding: trust.Finding{Standing: trust.Failed, Reason: reason}, fails: fails, again: again}
		if passed {
			b.passed = now
		}
		return b
	}
	soon, later := now.Add(time.Second), now.Add(time.Minute)
	good := &bench{finding: trust.Finding{Standing: trust.Passed}}
	for _, test := range []struct {
		name    string
		benches []*bench
		parks   int
		tried   []attempt
		again   time.Time
		reason  Reason
	}{
		{"silent from the start", []*bench{bad(Timeout, false, 1, soon)}, 0, nil, soon, Timeout},
		{"SERVFAIL from the start", []*bench{bad(ServFail, false, 1, soon)}, 0, nil, soon, ServFail},
		{"unreachable from the start", []*bench{bad(Unreachable, false, 1, soon)}, 0, nil, soon, Unreachable},
		{"silent from the start, and after the pause", []*bench{bad(Timeout, false, 2, soon)}, 1, nil, never, Timeout},
		{"it lied from the start", []*bench{bad(DeniesKnown, false, 1, soon)}, 0, nil, never, DeniesKnown},
		{"it refused from the start", []*bench{bad(Refused, false, 1, soon)}, 0, nil, never, Refused},
		{"garbage from the start", []*bench{bad(BadResponse, false, 1, soon)}, 0, nil, never, BadResponse},
		{"it began to lie", []*bench{bad(DeniesKnown, true, 1, soon)}, 0, nil, soon, DeniesKnown},
		{"it lied again", []*bench{bad(DeniesKnown, true, 2, soon)}, 2, nil, soon, DeniesKnown},
		{"it lied too often", []*bench{bad(DeniesKnown, true, maxLooks, soon)}, 0, nil, never, DeniesKnown},
		{"the name has waited too often", []*bench{bad(DeniesKnown, true, 1, soon)}, maxParks, nil, never, DeniesKnown},
		{"it is never looked at again", []*bench{bad(Timeout, true, 1, never)}, 0, nil, never, Timeout},
		{"two, one sooner", []*bench{bad(Timeout, true, 1, later), bad(DeniesKnown, true, 1, soon)}, 0, nil, soon, DeniesKnown},
		{"one is believed, and not tried", []*bench{good}, 0, nil, never, ""},
		{"none is looked at", []*bench{nil}, 0, nil, never, ""},
		{"another has answered", []*bench{bad(Timeout, true, 1, soon), good}, 0, []attempt{{unheard: true}, {}}, never, ""},
		{"what it said was dropped", []*bench{bad(Timeout, true, 1, soon)}, 0, []attempt{{unheard: true}}, soon, Timeout},
	} {
		z := &zone{benches: map[*server]*bench{}}
		for _, b := range test.benches {
			s := new(server)
			z.servers = append(z.servers, s)
			if b != nil {
				z.benches[s] = b
			}
		}
		q := query{tried: test.tried, lookup: lookup{zone: z, parks: test.parks}}
		if again := q.troubled(); !again.Equal(test.again) || q.reason != test.reason {
			t.Errorf("%s: again %v, %q; want %v, %q", test.name, again, q.reason, test.again, test.reason)
		}
	}
}

func TestOffline(t *testing.T) {
	off, on := &server{health: health{offline: true}}, &server{}
	for _, test := range []struct {
		name    string
		servers []*server
		want    bool
	}{
		{"none given", nil, false},
		{"all", []*server{off, off}, true},
		{"one of two", []*server{off, on}, false},
	} {
		if got := offline(test.servers); got != test.want {
			t.Errorf("%s: %t", test.name, got)
		}
	}
}

// A server that failed is left alone twice as long each time, up to a bound.
func TestLookAfter(t *testing.T) {
	for fails, want := range map[int]time.Duration{1: transient, 2: 2 * transient, 4: 8 * transient, 8: longestDown, 1 << 30: longestDown} {
		if got := lookAfter(fails, transient); got != want {
			t.Errorf("after %d failures %v, want %v", fails, got, want)
		}
	}
}

// What a server has denied by an older zone is given back, wherever it waits.
func TestRestale(t *testing.T) {
	votes := func() []vote { return []vote{{verdict: NotFound}, {verdict: Found}, {verdict: NotFound}} }
	for _, stale := range []bool{false, true} {
		b := &bench{server: &server{}}
		b.next = &look{bench: b, votes: votes()}
		sent := &look{bench: b, votes: votes()}
		b.server.looks = []*look{sent}
		b.finding.Stale = stale
		e := &evidence{env: &env{}, open: 3}
		e.restale(b)
		left, back := 3, 0
		if stale {
			left, back = 1, 4
		}
		if len(b.next.votes) != left || e.open != left || len(sent.votes) != left || len(e.returned) != back {
			t.Errorf("stale %t: %d and %d verdicts are left, %d are counted, %d are given back",
				stale, len(b.next.votes), len(sent.votes), e.open, len(e.returned))
		}
		if stale && (b.next.votes[0].verdict != Found || sent.votes[0].verdict != Found) {
			t.Error("a verdict found is given back")
		}
	}
}
