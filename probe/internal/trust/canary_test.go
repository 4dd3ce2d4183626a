package trust

import (
	"fmt"
	"slices"
	"testing"

	"github.com/miekg/dns"

	"domprobe/probe/transport"
)

// What each kind of canary shows.
func TestMarks(t *testing.T) {
	ofResolver := Query{Name: nameDepth, Qtype: dns.TypeDS, Flags: transport.RD, Belief: Belief{Zone: zoneDepth}}
	ofRegistry := Query{Name: nameDepth, Qtype: dns.TypeNS, Registry: true, Belief: Belief{Zone: zoneDepth}}
	wildcard, rewrites, older := ofResolver, ofResolver, ofRegistry
	wildcard.Wildcard, older.Stale = true, true
	rewrites.Rewrites, rewrites.MakesUp = true, address.Reply
	signedRegistry := ofRegistry
	signedRegistry.Flags = transport.DO
	noSOA := usable(recursive(nxDomain, transport.Absent))
	aa := usable(bits(recursive(nxDomain, zoneDepth), transport.AA))
	for _, test := range []struct {
		name               string
		q                  Query
		d                  Response
		fresh, same, other Mark
	}{
		{"silence", ofResolver, silent, Unclear, Unclear, Unclear},
		{"slips", ofResolver, lost(transport.Slipped), Unclear, Unclear, Unclear},
		{"SERVFAIL", ofResolver, usable(recursive(servFail, transport.Absent)), Unclear, Unclear, Unclear},
		{"REFUSED", ofResolver, usable(recursive(dns.RcodeRefused, transport.Absent)), Unclear, Unclear, Unclear},
		{"denied", ofResolver, denied, Truth, Lie, Lie},
		{"denied without SOA", ofResolver, noSOA, Unclear, Unclear, Unclear},
		{"denied by the root", ofResolver, usable(recursive(nxDomain, 0)), Unclear, Unclear, Unclear},
		{"denied by a policy", ofResolver, aa, Unclear, Unclear, Unclear},
		{"denied with an answer", ofResolver, usable(answering(denied.Reply, transport.AnswerOther)), Unclear, Unclear, Unclear},
		{"a zone at the name denies", ofResolver, usable(recursive(nxDomain, nameDepth)), Lie, Truth, Truth},
		{"a zone below the name denies", ofResolver, usable(recursive(nxDomain, transport.Below)), Lie, Truth, Truth},
		{"no data", ofResolver, there, Lie, Truth, Truth},
		{"DS", ofResolver, signed, Lie, Truth, Truth},
		{"an address", ofResolver, address, Unclear, Unclear, Truth},
		{"compact denial", ofResolver, usable(bits(there.Reply, transport.NXName)), Truth, Lie, Truth},

		{"the registry denies", ofRegistry, ownDenied, Truth, Lie, Unclear},
		{"the registry refers", ofRegistry, referred, Lie, Truth, Unclear},
		{"the registry has the name, asked without DO", ofRegistry, ownNoData, Lie, Truth, Unclear},
		{"the registry has the name", signedRegistry, ownNoData, Lie, Truth, Unclear},
		{"the registry refers upwards", ofRegistry, usable(referral(0)), Unclear, Unclear, Unclear},
		{"an older zone denies", older, ownDenied, Truth, Lie, Unclear},
		{"an older zone refers", older, referred, Lie, Truth, Unclear},

		{"no data under a wildcard", wildcard, there, Truth, Unclear, Truth},
		{"denied under a wildcard", wildcard, denied, Truth, Unclear, Lie},
		{"NS under a wildcard", Query{Name: nameDepth, Qtype: dns.TypeNS, Belief: wildcard.Belief},
			usable(answering(recursive(noError, transport.Absent), transport.AnswerNS)), Lie, Truth, Truth},
		{"silence under a wildcard", wildcard, silent, Unclear, Unclear, Unclear},
		{"a rewriter makes it up", rewrites, address, Truth, Unclear, Truth},
		{"a rewriter proves it", rewrites, there, Lie, Truth, Truth},
		{"a rewriter denies", rewrites, denied, Truth, Unclear, Lie},
		{"a rewriter is silent", rewrites, silent, Unclear, Unclear, Unclear},
	} {
		if got := NegativeCanary(&test.q, &test.d); got != test.fresh {
			t.Errorf("%s, of a fresh label: %d, want %d", test.name, got, test.fresh)
		}
		if got := PositiveCanary(&test.q, &test.d); got != test.same {
			t.Errorf("%s, of a name that exists: %d, want %d", test.name, got, test.same)
		}
		if got := OtherCanary(&test.q, &test.d); !test.q.Registry && got != test.other {
			t.Errorf("%s, of another type: %d, want %d", test.name, got, test.other)
		}
		again := test.other // of a resolver, whose cache may keep a lie
		if test.q.Registry {
			again = map[Mark]Mark{Truth: Lie, Lie: Truth}[test.fresh]
		}
		if got := RecheckCanary(&test.q, &test.d); got != again {
			t.Errorf("%s, of a fresh label that it has found: %d, want %d", test.name, got, again)
		}
	}
}

// What counts of a server whose zone is older, and of one that makes up answers.
func TestJudgeBelief(t *testing.T) {
	ofResolver := Query{Name: nameDepth, Qtype: dns.TypeDS, Belief: Belief{Zone: zoneDepth, Rewrites: true}}
	older := Query{Name: nameDepth, Qtype: dns.TypeNS, Registry: true, Belief: Belief{Zone: zoneDepth, Stale: true}}
	making := func(r transport.Reply) Query { q := ofResolver; q.MakesUp = r; return q }
	for _, test := range []struct {
		name    string
		q       Query
		d       Response
		action  Action
		verdict Verdict
		reason  Reason
	}{
		{"addresses are made up: no data proves", making(address.Reply), there, Settle, Found, Exists},
		{"addresses are made up: DS proves", making(address.Reply), signed, Settle, Found, Delegated},
		{"addresses are made up: no denial counts", making(address.Reply), denied, Another, Unknown, Hijacked},
		{"addresses are made up: no compact denial counts", making(address.Reply), usable(bits(there.Reply, transport.NXName)), Another, Unknown, Hijacked},
		{"addresses are made up: they prove nothing", making(address.Reply), address, Another, Unknown, Hijacked},
		{"a zone at the name proves nothing", making(address.Reply), usable(recursive(noError, nameDepth)), Another, Unknown, Hijacked},
		{"no data is made up: it proves nothing", making(there.Reply), there, Another, Unknown, Hijacked},
		{"no data is made up: DS proves", making(there.Reply), signed, Settle, Found, Delegated},
		{"DS is made up: it proves nothing", making(signed.Reply), signed, Another, Unknown, Hijacked},
		{"a denial is made up: no data proves", making(denied.Reply), there, Settle, Found, Exists},
		{"SERVFAIL is asked again", making(address.Reply), usable(recursive(servFail, transport.Absent)), Again, Unknown, ServFail},
		{"an older zone denies", older, ownDenied, Another, Unknown, Stale},
		{"an older zone refers", older, referred, Settle, Found, Delegated},
	} {
		ru := Judge(&test.q, &test.d.Reply)
		if ru.Action != test.action || ru.Verdict != test.verdict || ru.Reason != test.reason || ru.Rule == "" {
			t.Errorf("%s: %+v, want action %d, %v %q", test.name, ru, test.action, test.verdict, test.reason)
		}
	}
}

// Looks, played to their end: the marks of the canaries of each round, and
// what is asked after each.
func TestLook(t *testing.T) {
	type marked struct {
		canary Canary
		mark   Mark
	}
	fresh, same, other := marked{Fresh, Truth}, marked{Same, Truth}, marked{Other, Truth}
	freshLie, sameLie, otherLie := marked{Fresh, Lie}, marked{Same, Lie}, marked{Other, Lie}
	noFresh, noSame, noOther := marked{Fresh, Unclear}, marked{Same, Unclear}, marked{Other, Unclear}
	unsure := marked{Recheck, Unclear}
	times := func(n int, m marked) []marked { return slices.Repeat([]marked{m}, n) }
	ask := func(n int, c Canary) string { return fmt.Sprint(slices.Repeat([]Canary{c}, n)) }
	const over = "[]"
	first := fmt.Sprint([]Canary{Fresh, Other})
	for _, test := range []struct {
		name   string
		look   Look
		marks  [][]marked
		asks   []string // before the marks, and after each round of them
		reason Reason
	}{
		{"nothing waits", Look{Sames: 1, Others: 1}, nil, []string{over}, ""},
		{"founds wait", Look{Founds: true, Sames: 1, Others: 1}, [][]marked{{fresh}}, []string{ask(1, Fresh), over}, ""},
		{"not-founds wait", Look{NotFounds: true, Sames: 1, Others: 1}, [][]marked{{other}}, []string{ask(1, Other), over}, ""},
		{"not-founds wait at an authoritative server", Look{NotFounds: true, Sames: 1}, [][]marked{{same}}, []string{ask(1, Same), over}, ""},
		{"not-founds wait in both ways", Look{NotFounds: true, Sames: 1, Others: 1, Both: true},
			[][]marked{{other, same}}, []string{fmt.Sprint([]Canary{Other, Same}), over}, ""},
		{"no name is at hand that exists", Look{NotFounds: true}, nil, []string{over}, ""},
		{"both wait", Look{Founds: true, NotFounds: true, Sames: 1, Others: 1}, [][]marked{{fresh, other}}, []string{first, over}, ""},

		{"it denies a name", Look{NotFounds: true, Sames: 1, Others: 1}, [][]marked{{otherLie}}, []string{ask(1, Other), over}, DeniesKnown},
		{"it denies a name that its cache knows", Look{NotFounds: true, Sames: 1, Others: 1, Both: true},
			[][]marked{{otherLie, same}}, []string{fmt.Sprint([]Canary{Other, Same}), over}, DeniesKnown},
		{"it denies a name in the candidates' form only", Look{NotFounds: true, Sames: 1, Others: 1, Both: true},
			[][]marked{{other, sameLie}}, []string{fmt.Sprint([]Canary{Other, Same}), over}, DeniesKnown},
		{"it denies a name, though only founds wait", Look{Founds: true}, [][]marked{{sameLie}}, []string{ask(1, Fresh), over}, DeniesKnown},
		{"another type is unclear", Look{NotFounds: true, Sames: 1, Others: 1},
			[][]marked{{noOther}, {same}}, []string{ask(1, Other), ask(1, Same), over}, ""},
		{"another type is unclear, and the same form denied", Look{NotFounds: true, Sames: 1, Others: 1},
			[][]marked{{noOther}, {sameLie}}, []string{ask(1, Other), ask(1, Same), over}, DeniesKnown},
		{"all is unclear, few names", Look{NotFounds: true, Sames: 1, Others: 1},
			[][]marked{{noOther}, {noSame}}, []string{ask(1, Other), ask(1, Same), over}, ServFail},
		{"all is unclear, many names", Look{NotFounds: true, Sames: 9, Others: 9},
			[][]marked{{noOther}, {noOther, noSame}, {noOther, noSame}, {noSame}},
			[]string{ask(1, Other), fmt.Sprint([]Canary{Other, Same}), fmt.Sprint([]Canary{Other, Same}), ask(1, Same), over}, ServFail},

		{"many names are needed", Look{NotFounds: true, Sames: 20, Others: 20, Need: 16},
			[][]marked{{other}, times(15, same)}, []string{ask(1, Other), ask(15, Same), over}, ""},
		{"many are needed, few are at hand", Look{NotFounds: true, Sames: 5, Others: 5, Need: 16},
			[][]marked{{other}, times(4, same)}, []string{ask(1, Other), ask(4, Same), over}, ""},
		{"many are needed, few are at hand, of which some are unclear", Look{NotFounds: true, Sames: 5, Others: 5, Need: 16},
			[][]marked{{other}, append(times(2, same), times(2, noSame)...)}, []string{ask(1, Other), ask(4, Same), over}, ""},
		{"many are needed, one is denied", Look{NotFounds: true, Sames: 20, Others: 20, Need: 16},
			[][]marked{{other}, append(times(14, same), sameLie)}, []string{ask(1, Other), ask(15, Same), over}, DeniesKnown},
		{"many are needed, some are unclear", Look{NotFounds: true, Sames: 20, Others: 20, Need: 16},
			[][]marked{{other}, append(times(12, same), times(3, noSame)...), times(3, same)},
			[]string{ask(1, Other), ask(15, Same), ask(3, Same), over}, ""},
		{"many are needed, too many are unclear", Look{NotFounds: true, Sames: 20, Others: 20, Need: 16},
			[][]marked{{other}, append(times(11, same), times(4, noSame)...)}, []string{ask(1, Other), ask(15, Same), over}, ServFail},

		{"a fresh label is there by chance", Look{Founds: true}, [][]marked{{freshLie}, {fresh, freshLie}, {{Recheck, Truth}}},
			[]string{ask(1, Fresh), ask(2, Fresh), ask(1, Recheck), over}, ""},
		{"a fresh label was found, and is denied now", Look{Founds: true}, [][]marked{{freshLie}, {fresh, freshLie}, {{Recheck, Lie}}},
			[]string{ask(1, Fresh), ask(2, Fresh), ask(1, Recheck), over}, Hijacked},
		{"every fresh label is there", Look{Founds: true},
			[][]marked{{freshLie}, times(2, freshLie), times(3, freshLie), times(6, freshLie), times(8, freshLie)},
			[]string{ask(1, Fresh), ask(2, Fresh), ask(3, Fresh), ask(6, Fresh), ask(8, Fresh), over}, Hijacked},
		{"the last fresh label is denied", Look{Founds: true},
			[][]marked{{freshLie}, times(2, freshLie), times(3, freshLie), times(6, freshLie), append(times(7, freshLie), fresh), {{Recheck, Truth}}},
			[]string{ask(1, Fresh), ask(2, Fresh), ask(3, Fresh), ask(6, Fresh), ask(8, Fresh), ask(1, Recheck), over}, ""},
		{"a fresh label was found, which stays unclear", Look{Founds: true}, [][]marked{{freshLie}, {fresh, freshLie}, {unsure}, {unsure}, {unsure}},
			[]string{ask(1, Fresh), ask(2, Fresh), ask(1, Recheck), ask(1, Recheck), ask(1, Recheck), over}, ""},
		{"fresh labels are unclear", Look{Founds: true},
			[][]marked{{noFresh}, {noFresh}, {noFresh}}, []string{ask(1, Fresh), ask(1, Fresh), ask(1, Fresh), over}, ServFail},
		{"a fresh label is there by chance, others are unclear", Look{Founds: true},
			[][]marked{{freshLie}, times(2, noFresh), times(2, noFresh)}, []string{ask(1, Fresh), ask(2, Fresh), ask(2, Fresh), over}, ServFail},
		{"more fresh labels are there by chance, others are unclear", Look{Founds: true},
			[][]marked{{freshLie}, {freshLie, noFresh}, times(2, noFresh), times(2, noFresh)},
			[]string{ask(1, Fresh), ask(2, Fresh), ask(2, Fresh), ask(2, Fresh), over}, ServFail},
		{"a fresh label is clear at last", Look{Founds: true},
			[][]marked{{noFresh}, {noFresh}, {fresh}}, []string{ask(1, Fresh), ask(1, Fresh), ask(1, Fresh), over}, ""},
		{"many fresh labels are asked about", Look{Founds: true, Fresh: 4}, [][]marked{append(times(2, noFresh), fresh, fresh)},
			[]string{ask(4, Fresh), over}, ""},
		{"of many fresh labels one was found, which is there by chance", Look{Founds: true, Fresh: 4},
			[][]marked{append(times(3, fresh), freshLie), {{Recheck, Truth}}}, []string{ask(4, Fresh), ask(1, Recheck), over}, ""},
		{"of many fresh labels one was made up", Look{Founds: true, Fresh: 4},
			[][]marked{append(times(3, fresh), freshLie), {{Recheck, Lie}}}, []string{ask(4, Fresh), ask(1, Recheck), over}, Hijacked},
		{"many fresh labels are unclear", Look{Founds: true, Fresh: 4}, [][]marked{times(4, noFresh)}, []string{ask(4, Fresh), over}, ServFail},
		{"ten fresh labels are asked about", Look{Founds: true, Fresh: 10}, [][]marked{append(times(2, fresh), times(2, noFresh)...), append(times(3, noFresh), fresh), times(2, fresh)},
			[]string{ask(maxRound, Fresh), ask(maxRound, Fresh), ask(2, Fresh), over}, ""},
		{"the last of ten was made up", Look{Founds: true, Fresh: 10}, [][]marked{times(4, fresh), times(4, fresh), {fresh, freshLie}, {{Recheck, Lie}}},
			[]string{ask(maxRound, Fresh), ask(maxRound, Fresh), ask(2, Fresh), ask(1, Recheck), over}, Hijacked},
		{"it ceases to respond", Look{Founds: true, Fresh: 12}, [][]marked{append(times(3, noFresh), fresh), times(4, noFresh)},
			[]string{ask(maxRound, Fresh), ask(maxRound, Fresh), over}, ServFail},
		{"it ceases to respond to the last", Look{Founds: true, Fresh: 6}, [][]marked{times(4, fresh), times(2, noFresh)},
			[]string{ask(maxRound, Fresh), ask(2, Fresh), over}, ""},
		{"fresh is clear, the other is not yet", Look{Founds: true, NotFounds: true, Sames: 1, Others: 1},
			[][]marked{{fresh, noOther}, {same}}, []string{first, ask(1, Same), over}, ""},
	} {
		l := test.look
		for i, want := range test.asks {
			asked, reason := l.Next()
			last := i == len(test.asks)-1
			if got := fmt.Sprint(asked); got != want {
				t.Errorf("%s: round %d asks %s, want %s", test.name, i, got, want)
			}
			if wantReason := test.reason; last && reason != wantReason || !last && reason != "" {
				t.Errorf("%s: round %d is over with %q", test.name, i, reason)
			}
			if !last {
				for _, m := range test.marks[i] {
					l.Note(m.canary, m.mark, ServFail)
				}
			}
		}
	}
	l := Look{Founds: true}
	for range maxUnclear {
		l.Note(Fresh, Unclear, "")
	}
	if _, reason := l.Next(); reason != BadResponse {
		t.Errorf("canaries without a reason end a look with %q", reason)
	}
	l.Note(Fresh, Unclear, Timeout)
	l.Note(Fresh, Unclear, "")
	if _, reason := l.Next(); reason != Timeout {
		t.Errorf("a canary without a reason hides that of the one before: %q", reason)
	}
	l.Note(Same, Truth, "")
	l.Note(Other, Truth, "")
	if l.Proven() != 2 {
		t.Errorf("%d names proven, not 2", l.Proven())
	}
}

// Every look comes to an end, and passes only after a truth for each kind of
// verdict that waits, and without a lie about a name that exists.
func FuzzLook(f *testing.F) {
	for a := range byte(32) {
		f.Add(a, []byte{a, a >> 1, a >> 2, a * 7, a * 13, a * 29, a * 31})
	}
	f.Fuzz(func(t *testing.T, how byte, data []byte) {
		s := script(data)
		l := Look{
			Founds: how&1 != 0, NotFounds: how&2 != 0, Both: how&4 != 0,
			Sames: int(how >> 3 & 3), Others: int(how >> 5 & 3), Need: len(data) % 5,
		}
		var truths, lies [4]int
		for asked := 0; ; asked++ {
			ask, reason := l.Next()
			if len(ask) > 0 && reason != "" {
				t.Fatalf("%v are asked, and it is over with %q", ask, reason)
			}
			if asked > 30 {
				t.Fatalf("no end: %+v", l)
			}
			if len(ask) > 0 {
				for _, c := range ask {
					m := Mark(s.next() % 3)
					l.Note(c, m, Timeout)
					switch m {
					case Truth:
						truths[c]++
					case Lie:
						lies[c]++
					}
				}
				continue
			}
			good := lies[Same]+lies[Other]+lies[Recheck] == 0 && (!l.Founds || truths[Fresh] > 0) &&
				(!l.NotFounds || truths[Same]+truths[Other] > 0 || l.Sames+l.Others == 0)
			// Where many names are needed, some may stay unclear after the first truth.
			if good != (reason == "") && (reason == "" || l.Need == 0) {
				t.Errorf("over with %q after %v truths, %v lies: %+v", reason, truths, lies, l)
			}
			return
		}
	})
}
