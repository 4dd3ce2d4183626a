package probe

import "testing"

func TestInFlightRises(t *testing.T) {
	for _, x := range []struct {
		name         string
		waiting      int64 // of 1,000 queries under way
		came         int
		answered     bool
		n, want, end int
	}{
		{"with each response", 0, 10, true, 2000, 2001, MaxConcurrency},
		{"to what is allowed", 0, 10, true, 5000, 5000, 5000},
		{"not while half wait to be sent", 500, 10, true, 2000, 2000, MaxConcurrency},
		{"falls while most wait", 800, 10, true, 2000, 1999, MaxConcurrency},
		{"falls with a loss", 0, 10, false, 2000, 1999, MaxConcurrency},
		{"not below what it begins with", 0, 10, false, DefaultConcurrency, DefaultConcurrency, MaxConcurrency},
		{"not while responses wait for this program", 0, 250, true, 2000, 2000, MaxConcurrency},
		{"but to plenty", 0, plenty - 1, true, plenty - 1, plenty, MaxConcurrency},
		{"a fixed number stays", 0, 10, true, 2000, 2000, 0},
	} {
		f := inflight{n: x.n, most: x.end, full: true, out: 1000, came: x.came}
		f.waiting.Store(x.waiting)
		if f.arrived(x.answered); f.n != x.want {
			t.Errorf("%s: %d, want %d", x.name, f.n, x.want)
		}
	}
}
