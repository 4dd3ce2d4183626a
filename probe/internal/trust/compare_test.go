package trust

import (
	"cmp"
	"testing"

	"domprobe/probe/transport"
)

// Opinions about dev.
func passes(zone transport.Depth) Opinion {
	return Opinion{Server: "passed", Finding: Finding{Standing: Passed, Belief: Belief{Zone: zone}}}
}

func holds(serial uint32) Opinion {
	o := passes(zoneDepth)
	o.Serial, o.HasSerial = serial, true
	return o
}

func stands(s Standing) Opinion { return Opinion{Server: "server", Finding: Finding{Standing: s}} }

func byRoot(o Opinion) Opinion { o.ByRoot = true; return o }

func wild(o Opinion) Opinion { o.Wildcard = true; return o }

func stale(o Opinion) Opinion { o.Stale = true; return o }

func TestCompare(t *testing.T) {
	pending, failed, denies, suspect, rewriter := stands(Pending), stands(Failed), stands(DeniesTLD), stands(Suspect), stands(Rewriter)
	good := passes(zoneDepth)
	distrusted := Decision{Distrust, Finding{Standing: Failed, Reason: Disagreement}}
	rewrites := Decision{Distrust, Finding{Standing: Rewriter}}
	isStale := Decision{Distrust, stale(good).Finding}
	isFresh := Decision{Distrust, good.Finding}
	do := func(d Do) Decision { return Decision{Do: d} }
	keep := do(Keep)
	for _, test := range []struct {
		name  string
		scene Scene
		of    []Opinion
		want  []Decision // nil if it has to wait
	}{
		{"one passed", Scene{}, []Opinion{good}, []Decision{keep}},
		{"one passed, others may be asked", Scene{More: true}, []Opinion{good}, []Decision{keep}},
		{"one failed", Scene{}, []Opinion{failed}, []Decision{keep}},
		{"one pending", Scene{}, []Opinion{pending}, []Decision{keep}},

		{"one denies the TLD, others may be asked", Scene{More: true}, []Opinion{denies}, nil},
		{"one denies the TLD, another is pending", Scene{}, []Opinion{denies, pending}, nil},
		{"one denies the TLD, which is on no list", Scene{}, []Opinion{byRoot(denies)}, []Decision{do(NoTLD)}},
		{"one denies a listed TLD by the root, alone", Scene{Listed: true}, []Opinion{byRoot(denies)}, []Decision{distrusted}},
		{"one denies a listed TLD by the root, others failed", Scene{Listed: true}, []Opinion{byRoot(denies), failed}, []Decision{distrusted, keep}},
		{"one denies a name of a listed TLD", Scene{Zone: "co.dev", Listed: true}, []Opinion{denies}, []Decision{do(NoTLD)}},
		{"two deny a listed TLD by the root", Scene{Listed: true}, []Opinion{byRoot(denies), byRoot(denies)}, []Decision{do(NoTLD), do(NoTLD)}},
		{"one denies the TLD that another knows", Scene{}, []Opinion{denies, good}, []Decision{distrusted, keep}},
		{"one denies the TLD that another knows, a third is pending", Scene{More: true}, []Opinion{denies, good, pending}, []Decision{distrusted, keep, keep}},
		{"two deny the TLD that one knows", Scene{}, []Opinion{denies, good, denies}, []Decision{distrusted, keep, distrusted}},
		{"one denies the TLD under which another makes up names", Scene{}, []Opinion{denies, rewriter}, []Decision{distrusted, keep}},
		{"one denies the TLD under which another finds all", Scene{}, []Opinion{denies, suspect}, []Decision{distrusted, do(AskRoot)}},

		{"one finds all, others may be asked", Scene{More: true}, []Opinion{suspect}, nil},
		{"one finds all, another is pending", Scene{}, []Opinion{suspect, pending}, nil},
		{"one finds all, another passed", Scene{}, []Opinion{suspect, good}, []Decision{rewrites, keep}},
		{"two find all, another passed", Scene{}, []Opinion{suspect, suspect, good}, []Decision{rewrites, rewrites, keep}},
		{"one finds all, alone", Scene{}, []Opinion{suspect}, []Decision{do(AskRoot)}},
		{"one finds all, another failed", Scene{}, []Opinion{suspect, failed}, []Decision{do(AskRoot), keep}},
		{"one finds all, another makes up names", Scene{}, []Opinion{suspect, rewriter}, []Decision{do(AskRoot), keep}},
		{"two find all: a wildcard", Scene{}, []Opinion{suspect, suspect}, []Decision{do(AskWildcardNS), do(AskWildcardNS)}},
		{"one server of the registry finds all: a wildcard", Scene{Registry: true}, []Opinion{suspect}, []Decision{do(AskWildcardNS)}},

		{"two of three name a zone", Scene{}, []Opinion{good, passes(0), good}, []Decision{keep, distrusted, keep}},
		{"two name different zones", Scene{}, []Opinion{good, passes(0)}, []Decision{distrusted, distrusted}},
		{"two of four name a zone", Scene{}, []Opinion{good, good, passes(0), passes(0)}, []Decision{distrusted, distrusted, distrusted, distrusted}},
		{"under a wildcard the SOA may be another", Scene{}, []Opinion{good, wild(passes(0))}, []Decision{keep, keep}},
		{"a wildcard has no vote about the zone", Scene{}, []Opinion{good, good, passes(0), wild(passes(0)), wild(passes(0))}, []Decision{keep, keep, distrusted, keep, keep}},
		{"who failed has no vote about the zone", Scene{}, []Opinion{good, good, passes(0), failed, rewriter}, []Decision{keep, keep, distrusted, keep, keep}},

		{"same serial", Scene{Registry: true}, []Opinion{holds(7), holds(7)}, []Decision{keep, keep}},
		{"older serial", Scene{Registry: true}, []Opinion{holds(7), holds(6)}, []Decision{keep, isStale}},
		{"older serial, alone", Scene{Registry: true}, []Opinion{holds(6)}, []Decision{keep}},
		{"older serial, noted before", Scene{Registry: true}, []Opinion{holds(7), stale(holds(6))}, []Decision{keep, keep}},
		{"no longer older", Scene{Registry: true}, []Opinion{holds(7), stale(holds(7))}, []Decision{keep, isFresh}},
		{"no serial", Scene{Registry: true}, []Opinion{holds(7), passes(zoneDepth)}, []Decision{keep, keep}},
		{"one of three is ahead: it may make the serial up", Scene{Registry: true}, []Opinion{holds(7), holds(7), holds(9)}, []Decision{keep, keep, keep}},
		{"two of four are behind", Scene{Registry: true}, []Opinion{holds(6), holds(7), holds(7), holds(6)}, []Decision{isStale, keep, keep, isStale}},
		{"who failed does not outvote the serial of another", Scene{Registry: true},
			[]Opinion{holds(6), holds(6), {Finding: Finding{Standing: Failed}, Serial: 9, HasSerial: true}, {Finding: Finding{Standing: Failed}, Serial: 9, HasSerial: true}, {Finding: Finding{Standing: Failed}, Serial: 9, HasSerial: true}}, []Decision{keep, keep, keep, keep, keep}},
		{"a serial of zero that was not seen", Scene{Registry: true}, []Opinion{holds(7), holds(7), passes(zoneDepth)}, []Decision{keep, keep, keep}},
		{"a server that names another zone has an older serial too", Scene{Registry: true},
			[]Opinion{holds(7), holds(7), {Finding: passes(0).Finding, Serial: 6, HasSerial: true}}, []Decision{keep, keep, distrusted}},
		{"who failed does not tell the serial", Scene{Registry: true}, []Opinion{holds(6), {Finding: Finding{Standing: Failed}, Serial: 9, HasSerial: true}, holds(6)}, []Decision{keep, keep, keep}},
	} {
		test.scene.Zone = cmp.Or(test.scene.Zone, "dev")
		got, more := Compare(test.scene, test.of)
		if more != (test.want == nil) {
			t.Errorf("%s: more is %t", test.name, more)
		}
		for i, want := range test.want {
			d := got[i]
			if d.Do == Distrust && d.Finding.Standing == Failed && d.Finding.Err == nil {
				t.Errorf("%s: no error for server %d", test.name, i)
			}
			if d.Finding.Err = nil; d != want {
				t.Errorf("%s: server %d: %+v, want %+v", test.name, i, d, want)
			}
		}
		if more {
			for i, d := range got {
				if d != keep {
					t.Errorf("%s: server %d: %+v before others are heard", test.name, i, d)
				}
			}
		}
	}
}

// A TLD is denied only if nobody knows it, and nobody is believed who was not
// before.
func FuzzCompare(f *testing.F) {
	for a := range byte(6) {
		for b := range byte(6) {
			f.Add(a, []byte{a, b, a | b<<3, b | 0x40, a | 0x80, b<<3 | a<<1})
		}
	}
	f.Fuzz(func(t *testing.T, scene byte, data []byte) {
		var of []Opinion
		for i, b := range data {
			o := stands(Standing(b % 6))
			o.Zone, o.ByRoot, o.Wildcard, o.HasSerial = transport.Depth(b>>3&1), b&16 != 0, b&32 != 0 && b%6 == byte(Passed), b&64 != 0
			o.Serial = uint32(b) << (i % 25)
			of = append(of, o)
		}
		sc := Scene{Zone: "co.dev", Registry: scene&1 != 0, Listed: scene&2 != 0, More: scene&4 != 0}
		decisions, more := Compare(sc, of)
		if len(decisions) != len(of) {
			t.Fatalf("%d decisions about %d servers", len(decisions), len(of))
		}
		known := false
		for i := range of {
			known = known || of[i].Standing == Passed
		}
		for i, d := range decisions {
			was := of[i].Standing
			switch {
			case more && d.Do != Keep:
				t.Errorf("%+v before others are heard", d)
			case d.Do == NoTLD && (known || was != DeniesTLD):
				t.Errorf("no TLD, though one passed: %+v", of)
			case d.Do == Distrust && d.Finding.Standing == Passed && was != Passed:
				t.Errorf("standing %d is believed", was)
			case !more && d.Do == Keep && (was == Suspect || was == DeniesTLD):
				t.Errorf("nothing follows from standing %d: %+v", was, of)
			}
		}
	})
}
