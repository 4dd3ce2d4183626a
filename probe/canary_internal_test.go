package probe

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"domprobe/internal/known"
	"domprobe/probe/internal/trust"
)

// Fresh labels look like the candidates: of their letters and, as far as they
// are long enough, of their length.
func TestFresh(t *testing.T) {
	of := func(names ...string) *sample {
		s := new(sample)
		for _, name := range names {
			s.add(name)
		}
		return s
	}
	long := strings.Repeat("abcdefghijklmnop", 3)
	full := of()
	for range len(full.labels) {
		full.add("zzzzzzzzzzzzz.dev")
	}
	for range len(full.labels) {
		full.add("abcdefghijkl.dev")
	}
	for name, test := range map[string]struct {
		s           *sample
		letters     string // that a label may have
		least, most int
	}{
		"no candidate":         {of(), "etaoinshrlu", shortestFresh, shortestFresh + 2},
		"short candidates":     {of("abcdef.dev", "fedcba.dev"), "abcdef", shortestFresh, shortestFresh + 2},
		"long candidates":      {of(long + ".dev"), "abcdefghijklmnop", longestFresh, longestFresh},
		"candidates of 12":     {of("abcdefghijkl.co.uk"), "abcdefghijkl", 12, 14},
		"only the latest":      {full, "abcdefghijkl", 12, 14},
		"without letters":      {of("12345678901234.dev", "--1.dev"), "etaoinshrlu", shortestFresh, shortestFresh + 2},
		"of a single letter":   {of("xxxxxxxxxxxxx.dev"), "etaoinshrlux", 13, 15},
		"letters of the label": {of("abcdefghi.qvwxyz"), "abcdefghi", shortestFresh, shortestFresh + 2},
	} {
		seen := map[string]bool{}
		for range 200 {
			label, zone, _ := strings.Cut(test.s.fresh("co.zone"), ".")
			if seen[label] = true; zone != "co.zone" || len(label) < test.least || len(label) > test.most || strings.Trim(label, test.letters) != "" {
				t.Fatalf("%s: %s under %s", name, label, zone)
			}
		}
		if len(seen) < 190 {
			t.Errorf("%s: %d labels of 200", name, len(seen))
		}
	}
}

func TestNowhere(t *testing.T) {
	if a, b := nowhere("dev"), nowhere(""); len(a) != 28 || !strings.HasSuffix(a, ".dev") || len(b) != 24 || strings.Contains(b, ".") || a == nowhere("dev") {
		t.Errorf("%s, %s", a, b)
	}
}

// settledBench has nothing under way.
func settledBench() *bench {
	return &bench{qtype: dns.TypeDS, finding: trust.Finding{Standing: trust.Passed}}
}

// Each name is asked about in each form once, of each server.
func TestNames(t *testing.T) {
	n := names{under: "test"}
	a, b := settledBench(), settledBench()
	if name, _, _ := n.take(a, false); name != "" {
		t.Error("a name of nothing")
	}
	if name, _, _ := n.take(a, true); name != "" {
		t.Error("a name of nothing, with another type")
	}
	for i := range 3 {
		n.add(fmt.Sprintf("n%d.test", i), nil)
	}
	for _, bench := range []*bench{a, b} {
		seen := map[string]bool{}
		for range 3 {
			name, qtype, _ := n.take(bench, false)
			if seen[name] = true; name == "" || qtype != dns.TypeDS {
				t.Errorf("%q, type %d", name, qtype)
			}
		}
		if len(seen) != 3 {
			t.Errorf("%v are taken of 3", seen)
		}
		if name, _, _ := n.take(bench, false); name == "" {
			t.Error("no name is taken twice")
		}
		forms := map[string]bool{}
		for range 3 * len(otherTypes) {
			name, qtype, _ := n.take(bench, true)
			if form := fmt.Sprint(name, qtype); name == "" || forms[form] || qtype == bench.qtype || !slices.Contains(otherTypes, qtype) {
				t.Errorf("%q, type %d", name, qtype)
			} else {
				forms[form] = true
			}
		}
		if name, qtype, _ := n.take(bench, true); name != "" {
			t.Errorf("%s is taken with type %d again: a cache may hold it", name, qtype)
		}
	}
	for i := range foundLen {
		n.add(fmt.Sprintf("m%d.test", i), nil)
	}
	if n.count(a) != foundLen {
		t.Errorf("%d names are kept", n.count(a))
	}
	for range foundLen {
		if name, _, _ := n.take(a, false); name[0] != 'm' {
			t.Errorf("%s is kept", name)
		}
	}
}

// A server is asked about names that others have denied, once there are some.
func TestDeniedNames(t *testing.T) {
	n, a, b := names{under: "test"}, new(server), new(server)
	for i := range deniedLen {
		if name, _ := n.absent(a); name != "" {
			t.Errorf("%s of %d names", name, i)
		}
		n.deny(fmt.Sprintf("n%d.test", i), b)
	}
	for i := range deniedLen / 2 {
		n.deny(fmt.Sprintf("m%d.test", i), a)
	}
	got := map[*server]map[string]bool{a: {}, b: {}}
	for range 1000 {
		for s, names := range got {
			name, _ := n.absent(s)
			names[name] = true
		}
	}
	for s, mine := range map[*server]string{a: "n", b: "m"} {
		if len(got[s]) != deniedLen/2+1 || !got[s][""] {
			t.Errorf("names %v", got[s])
		}
		for name := range got[s] {
			if name != "" && !strings.HasPrefix(name, mine) {
				t.Errorf("%s, which it denied itself or which is long ago", name)
			}
		}
	}
	n.forget(b)
	for range 1000 {
		if name, _ := n.absent(a); name != "" {
			t.Fatalf("%s, by the word of a server that has lied", name)
		}
	}
}

// Names that only a server which has lied has found are no canaries.
func TestForgetNames(t *testing.T) {
	n, liar, other := names{under: "test"}, new(server), new(server)
	for i := range 2 * foundLen {
		n.add(fmt.Sprintf("n%d.test", i), []*server{liar, other, other}[i%3])
	}
	n.forget(liar)
	b := settledBench()
	if n.count(b) != foundLen-21 {
		t.Errorf("%d of %d names are left", n.count(b), foundLen)
	}
	for range foundLen {
		if name, _, _ := n.take(b, false); name == "" {
			t.Fatal("a name that is forgotten")
		}
	}
}

// A server that finds fewer names than the others lags by the number that it lacks, as soon
// as there are others. The share that they find is that of the last thousands of names.
func TestLag(t *testing.T) {
	var n names
	for i, step := range []struct{ found, asked, fewer, more int }{
		{100, 200, 0, 0}, {0, 40, 0, 0}, {60, 100, 0, 0}, {20, 100, 27, 0}, {50, 100, 0, 10},
		{4000, 4000, 0, 2297}, {100, 100, 0, 7}, {10, 100, 83, 0},
		{0, latelyLen, 3689, 0}, {0, latelyLen, 1387, 0}, {0, 1000, 150, 0},
	} {
		if fewer, more := n.lag(step.found, step.asked); fewer != step.fewer || more != step.more {
			t.Errorf("step %d: %d fewer, %d more, want %d, %d", i, fewer, more, step.fewer, step.more)
		}
	}
}

// Known names are for canaries once they were seen, after those of the run, and
// names below them are asked about with other types.
func TestKnownNames(t *testing.T) {
	list := known.Names("dev")
	n := names{under: "dev"}
	b := settledBench()
	if n.count(b) != 0 || n.exists(list[0]) || n.exists("below."+list[1]) || !n.exists("other.dev") || !n.exists("not"+list[0]) {
		t.Error("known names that were not seen exist")
	}
	if name, ok := n.takeKnown(b, 1); !ok || name != list[1] {
		t.Errorf("known name %q", name)
	}
	if name, ok := n.takeKnown(b, len(list)); ok {
		t.Errorf("one known name too many: %q", name)
	}
	n.saw(1)
	if n.count(b) != 1 || n.exists(list[0]) || !n.exists(list[1]) || !n.exists("below."+list[1]) {
		t.Error("a known name that was seen does not exist")
	}
	below := map[string]bool{}
	for range 50 {
		name, qtype, _ := n.take(b, true)
		if below[name] = true; !strings.HasSuffix(name, "."+list[1]) || qtype == b.qtype {
			t.Fatalf("%q, type %d", name, qtype)
		}
	}
	if len(below) < 50 {
		t.Errorf("%d different names of 50", len(below))
	}
	n.add("mine.dev", nil)
	if name, _, _ := n.take(b, false); name != "mine.dev" {
		t.Errorf("%s before a name of the run", name)
	}
	// While controls are under way, those are meant that they ask about.
	b.finding.Standing = trust.Pending
	b.controls.Known = make([]trust.Response, 2)
	if n.count(b) != 2 {
		t.Errorf("%d names in controls of 2", n.count(b))
	}
}
