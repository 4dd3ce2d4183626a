package probe

import (
	"net/netip"
	"testing"
	"time"

	"domprobe/probe/internal/trust"
)

// A name waits once for a registry that could not be located, as long as it may
// be located within seconds.
func TestWithoutRegistry(t *testing.T) {
	for _, test := range []struct {
		name   string
		reason Reason
		fails  int
		parks  int
		tried  []attempt
		waits  bool
	}{
		{"silence", Timeout, 1, 0, nil, true},
		{"silence, twice", Timeout, maxLooks - 1, 0, nil, true},
		{"silence, too often", Timeout, maxLooks, 0, nil, false},
		{"the name has waited", Timeout, 1, 1, nil, false},
		{"a reason that lasts", Lame, 1, 0, nil, false},
		{"a resolver has answered", Timeout, 1, 0, []attempt{{}}, false},
		{"what a resolver said was dropped", Timeout, 1, 0, []attempt{{unheard: true}}, true},
	} {
		now := time.Unix(1e9, 0)
		e := &env{opts: &Options{}, now: now}
		qs := &queries{env: e}
		l := &lookups{env: e, queries: qs, registries: &registries{env: e, queries: qs}}
		i := qs.add()
		q := qs.at(i)
		q.tld, q.tried, q.parks = &tld{lookups: 1}, test.tried, test.parks
		reg := &registry{state: missing, reason: test.reason, fails: test.fails, again: now.Add(time.Second)}
		l.viaRegistry(i, reg)
		switch {
		case test.waits && (len(l.results) != 0 || len(qs.timers) != 1 || !qs.timers[0].at.Equal(reg.again)):
			t.Errorf("%s: %d results, waits %v", test.name, len(l.results), qs.timers)
		case !test.waits && (len(l.results) != 1 || len(qs.timers) != 0 || l.results[0].Reason != test.reason):
			t.Errorf("%s: results %v, waits %v", test.name, l.results, qs.timers)
		}
	}
}

// The servers of a registry are located again when all have failed, not too soon
// and not without end. Addresses in reserve come first.
func TestRefresh(t *testing.T) {
	now := time.Unix(1e9, 0)
	for _, test := range []struct {
		name    string
		failed  bool // the name that asks for it
		lost    bool // all of the servers
		fails   int
		again   time.Time
		reserve []netip.Addr
		want    bool
		locates bool
	}{
		{name: "a name has failed", failed: true, want: true, locates: true},
		{name: "the servers have failed", lost: true, want: true, locates: true},
		{name: "the name is in the zone", want: false},
		{name: "too soon", failed: true, lost: true, again: now.Add(1)},
		{name: "late enough", failed: true, again: now, fails: maxLooks - 1, want: true, locates: true},
		{name: "too often", failed: true, lost: true, again: now, fails: maxLooks},
		{name: "addresses in reserve", fails: maxLooks, reserve: make([]netip.Addr, 1), want: true},
	} {
		e := &env{p: &Prober{}, opts: &Options{}, now: now}
		s := &server{}
		reg := &registry{zone: newZone("dev", []*server{s}), state: ready, fails: test.fails, again: test.again, reserve: test.reserve}
		if test.lost {
			reg.zone.benches[s] = &bench{finding: trust.Finding{Standing: trust.Failed}}
		}
		servers := &servers{env: e, at: map[netip.Addr]*server{{}: {}}}
		r := &registries{env: e, servers: servers, queries: &queries{env: e}, byZone: map[string]*registry{"dev": reg}}
		got := r.refresh(&reg.zone, test.failed)
		if got != test.want || (reg.state == locating) != test.locates || len(reg.reserve) != 0 {
			t.Errorf("%s: %t, state %d, reserve %v", test.name, got, reg.state, reg.reserve)
		}
		if test.locates && (reg.fails != test.fails+1 || !reg.again.After(now) || !r.refresh(&reg.zone, false)) {
			t.Errorf("%s: %d failures, again at %v", test.name, reg.fails, reg.again)
		}
	}
}
