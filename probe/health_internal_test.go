package probe

import (
	"testing"
	"time"

	"domprobe/candidate"
	"domprobe/probe/transport"
)

func TestRareLoss(t *testing.T) {
	h := health{}
	send := func(n, lostOf int) {
		for k := range n {
			tries := uint8(1)
			if lostOf > 0 && k%lostOf == 0 {
				tries = 2
			}
			h.heard(time.Time{}, &transport.Outcome{Tries: tries})
		}
	}
	send(2*repeatedOf, 1000)
	if h.repeated >= rareLoss {
		t.Errorf("1 of 1,000 lost: %.5f", h.repeated)
	}
	send(20, 1)
	if h.repeated >= rareLoss {
		t.Errorf("20 lost at once: %.5f", h.repeated)
	}
	send(repeatedOf/8, 10)
	if h.repeated < rareLoss {
		t.Errorf("1 of 10 lost: %.5f", h.repeated)
	}
	send(4*repeatedOf, 0)
	if h.repeated >= rareLoss {
		t.Errorf("none lost any more: %.5f", h.repeated)
	}
}

func TestHealth(t *testing.T) {
	now := time.Unix(1e9, 0)
	h := health{}
	come := func(f transport.Failure, rtt time.Duration) bool {
		h.flying++
		return h.heard(now, &transport.Outcome{Failure: f, RTT: rtt})
	}
	check := func(when string, down, ready bool) {
		t.Helper()
		if h.down() != down || h.ready(now) != ready {
			t.Errorf("%s: down %t, ready %t", when, h.down(), h.ready(now))
		}
	}
	check("at first", false, true)
	for range silentBound - 1 {
		if come(transport.Timeout, 0) {
			t.Fatal("down before the bound")
		}
	}
	check("before the bound", false, true)
	for wait := firstDown; wait < 4*longestDown; wait *= 2 {
		if !come(transport.Timeout, 0) {
			t.Fatalf("not down for %v", wait)
		}
		check("down", true, false)
		if come(transport.Timeout, 0) {
			t.Error("a time-out of a query from before makes it wait longer")
		}
		now = now.Add(min(wait, longestDown))
		check("a moment before", true, false)
		now = now.Add(1)
		check("after the wait", true, true)
		h.flying++
		check("while it is tried", true, false)
		h.flying--
	}
	come(transport.BadResponse, 0)
	check("after any response", false, true)
	if h.srtt != 0 {
		t.Errorf("a response without RTT made it %v", h.srtt)
	}
	for range 2 * silentBound {
		if come(transport.Timeout, 0) {
			t.Error("down by losses, right after a response")
		}
	}
	check("after losses", false, true)
	now = now.Add(silentFor)
	for range silentBound - 1 {
		come(transport.Unreachable, 0)
	}
	if !come(transport.Unreachable, 0) || !h.downTill.Equal(now.Add(firstDown)) {
		t.Errorf("unreachable servers are down till %v, now is %v", h.downTill, now)
	}
	come(transport.Slipped, 8*time.Millisecond)
	come(transport.None, 16*time.Millisecond)
	if h.srtt != 9*time.Millisecond {
		t.Errorf("srtt %v", h.srtt)
	}
	come(transport.Offline, 0)
	check("offline", true, false)
	now = now.Add(offlineTest + 1)
	check("offline, after a while", true, true)
	come(transport.Truncated, 0)
	check("no longer offline", false, true)
	come(transport.Closed, 0)
	check("closed", false, true)
	if h.flying != 0 {
		t.Errorf("%d queries are under way", h.flying)
	}
}

// Mixed case is given up after queries in a row whose case was not repeated.
func TestLetterCase(t *testing.T) {
	long, short := "twelveletters", "short.dev"
	kept := transport.Outcome{}
	lost := transport.Outcome{Failure: transport.BadResponse, Err: transport.ErrWrongCase}
	garbage := transport.Outcome{Failure: transport.BadResponse}
	named := func(name string) lookup { return lookup{Candidate: candidate.Candidate{Name: name}} }
	for _, test := range []struct {
		name     string
		query    query
		outcomes []transport.Outcome
		want     letterCase
	}{
		{"lost too often", query{lookup: named(long), flags: transport.MixCase}, []transport.Outcome{lost, lost, lost}, letterCase{false, 0, 3}},
		{"lost not often enough", query{lookup: named(long), flags: transport.MixCase}, []transport.Outcome{lost, lost}, letterCase{true, 0, 2}},
		{"lost too often, but not in a row", query{lookup: named(long), flags: transport.MixCase}, []transport.Outcome{lost, lost, kept, lost, lost}, letterCase{true, 1, 2}},
		{"garbage is no lost case", query{lookup: named(long), flags: transport.MixCase}, []transport.Outcome{lost, lost, garbage, garbage}, letterCase{true, 0, 2}},
		{"repeated by chance", query{lookup: named(short), flags: transport.MixCase}, []transport.Outcome{lost, lost, kept, lost}, letterCase{false, 0, 3}},
		{"repeated again", query{lookup: named(long), flags: transport.MixCase}, []transport.Outcome{lost, lost, lost, kept}, letterCase{true, 1, 0}},
		{"lower case tells nothing", query{lookup: named(long)}, []transport.Outcome{lost, lost, lost, kept}, letterCase{true, 0, 0}},
		{"TCP tells nothing", query{lookup: named(long), flags: transport.MixCase, tcp: true}, []transport.Outcome{lost, lost, lost, kept}, letterCase{true, 0, 0}},
	} {
		l := letterCase{mixes: true}
		for _, out := range test.outcomes {
			l.heard(&test.query, &delivery{Outcome: out})
		}
		if l != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, l, test.want)
		}
	}
}

// A server that slips is asked over TCP, and now and then over UDP.
func TestOverTCP(t *testing.T) {
	s := &server{tcp: noEngine{}}
	for range slipsMost - 1 {
		s.truncated(transport.Slipped)
	}
	if s.overTCP() {
		t.Error("over TCP too early")
	}
	s.truncated(transport.Truncated)
	udp := 0
	for range 10 * slipsMost {
		if !s.overTCP() {
			udp++
		}
	}
	if udp != 10 {
		t.Errorf("%d queries over UDP", udp)
	}
	for range 100 * slipsMost {
		s.truncated(transport.Slipped)
	}
	for range slipsMost + 1 {
		s.truncated(transport.None)
	}
	if s.overTCP() {
		t.Error("over TCP though whole responses come again")
	}
	s.truncated(transport.Timeout)
	if s.slips != slipsMost-1 {
		t.Errorf("%d slips after silence", s.slips)
	}
	s.spoofed = true
	if !s.overTCP() {
		t.Error("over UDP though responses are forged")
	}
	if s.tcp = nil; s.overTCP() {
		t.Error("over TCP, which there is not")
	}
}

// The round trip of a query that was sent again is not known: it counts for a server of
// which nothing better is, and as long.
func TestRoundTrip(t *testing.T) {
	const ms = time.Millisecond
	type trip struct {
		tries uint8
		rtt   time.Duration
	}
	for _, test := range []struct {
		name  string
		trips []trip
		want  time.Duration
	}{
		{"none", []trip{{1, 0}}, 0},
		{"the first", []trip{{1, 20 * ms}}, 20 * ms},
		{"smoothed", []trip{{1, 20 * ms}, {1, 100 * ms}}, 30 * ms},
		{"the first was sent again", []trip{{3, 20 * ms}}, 20*ms + far},
		{"all were", []trip{{3, 20 * ms}, {2, 5 * ms}}, 20*ms + far},
		{"a better one after it", []trip{{3, 20 * ms}, {1, 30 * ms}, {1, 38 * ms}}, 31 * ms},
		{"a later one was", []trip{{1, 20 * ms}, {2, 900 * ms}}, 20 * ms},
	} {
		h := health{}
		for _, x := range test.trips {
			h.heard(time.Time{}, &transport.Outcome{Tries: x.tries, RTT: x.rtt})
		}
		if h.srtt != test.want {
			t.Errorf("%s: %v, want %v", test.name, h.srtt, test.want)
		}
	}
}
