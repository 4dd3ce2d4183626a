package probe

import (
	"testing"

	"domprobe/probe/resolver"
)

// A TLD is forgotten when none of its names, controls, looks and verdicts is under
// way, and its servers with it.
func TestForget(t *testing.T) {
	for _, test := range []struct {
		name    string
		lookups int
		bench   bench
		stays   bool
	}{
		{"nothing is under way", 0, bench{}, false},
		{"a name", 1, bench{}, true},
		{"a control", 0, bench{left: 1}, true},
		{"a look", 0, bench{looks: 1}, true},
		{"a verdict that waits for the next look", 0, bench{next: &look{votes: make([]vote, 1)}}, true},
	} {
		s, other := &server{spec: resolver.Server{Addr: "192.0.2.1:53"}}, &bench{}
		b := &test.bench
		dev := &tld{name: "dev", zone: newZone("dev", []*server{s}), lookups: test.lookups}
		b.zone, b.server = &dev.zone, s
		dev.zone.benches[s] = b
		s.benches = []*bench{other, b}
		e := &evidence{env: &env{p: &Prober{}}, tlds: map[string]*tld{"dev": dev}}
		e.forget()
		if kept := e.tlds["dev"] == dev; kept != test.stays {
			t.Errorf("%s: kept %t", test.name, kept)
		}
		if n := len(s.benches); s.benches[0] != other || n != 1 && !test.stays || n != 2 && test.stays {
			t.Errorf("%s: the server has %d zones", test.name, n)
		}
	}
}
