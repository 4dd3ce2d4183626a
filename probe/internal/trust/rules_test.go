package trust

import (
	"testing"

	"github.com/miekg/dns"

	"domprobe/probe/transport"
)

// A judged is one row of the tables: a reply, and what the rules make of it.
type judged struct {
	name    string
	reply   transport.Reply
	action  Action
	verdict Verdict
	reason  Reason
}

const (
	nameDepth transport.Depth = 2 // go.dev
	zoneDepth transport.Depth = 1 // dev
)

// recursive is a reply of a resolver, without an answer, and with an SOA.
func recursive(rcode uint16, soa transport.Depth) transport.Reply {
	return transport.Reply{Rcode: rcode, Bits: transport.RA, SOA: soa, NS: transport.Absent}
}

func authoritative(rcode uint16, soa transport.Depth) transport.Reply {
	return transport.Reply{Rcode: rcode, Bits: transport.AA, SOA: soa, NS: transport.Absent}
}

func referral(ns transport.Depth) transport.Reply {
	return transport.Reply{SOA: transport.Absent, NS: ns}
}

func with(r transport.Reply, change func(r *transport.Reply)) transport.Reply {
	change(&r)
	return r
}

func bits(r transport.Reply, set transport.Bits) transport.Reply {
	r.Bits |= set
	return r
}

func answering(r transport.Reply, a transport.Answer) transport.Reply {
	r.Answer |= a
	return r
}

func ede(r transport.Reply, code uint) transport.Reply {
	r.EDE |= 1 << code
	return r
}

const (
	noError  = dns.RcodeSuccess
	nxDomain = dns.RcodeNameError
	servFail = dns.RcodeServerFailure
)

func check(t *testing.T, tests []judged, judge func(*Query, *transport.Reply) Ruling, asking Query) {
	t.Helper()
	for _, test := range tests {
		got := judge(&asking, &test.reply)
		if got.Action != test.action || got.Verdict != test.verdict || got.Reason != test.reason {
			t.Errorf("%s: action %d, %v %q (%s); want action %d, %v %q",
				test.name, got.Action, got.Verdict, got.Reason, got.Rule, test.action, test.verdict, test.reason)
		}
		if got.Rule == "" {
			t.Errorf("%s: no rule is named", test.name)
		}
	}
}

// failures are the rows that do not depend on who answers.
func failures(bare bool) []judged {
	form := func(rcode uint16) judged {
		j := judged{dns.RcodeToString[int(rcode)] + " to OPT", recursive(rcode, transport.Absent), Plain, Unknown, BadResponse}
		if bare {
			j.action, j.name = Another, j.name+", asked without"
		}
		return j
	}
	return []judged{
		form(dns.RcodeFormatError), form(dns.RcodeNotImplemented), form(dns.RcodeBadVers),
		{"SERVFAIL", recursive(servFail, transport.Absent), Again, Unknown, ServFail},
		{"SERVFAIL with SOA", recursive(servFail, zoneDepth), Again, Unknown, ServFail},
		{"SERVFAIL by policy", ede(recursive(servFail, transport.Absent), 15), Another, Unknown, Filtered},
		{"REFUSED", recursive(dns.RcodeRefused, transport.Absent), Again, Unknown, Refused},
		{"NOTAUTH", recursive(dns.RcodeNotAuth, zoneDepth), Another, Unknown, BadResponse},
		{"YXDOMAIN", recursive(dns.RcodeYXDomain, zoneDepth), Another, Unknown, BadResponse},
		{"BADCOOKIE", recursive(dns.RcodeBadCookie, zoneDepth), Another, Unknown, BadResponse},
		{"an RCODE without a name", recursive(4000, zoneDepth), Another, Unknown, BadResponse},
	}
}

func TestJudgeResolver(t *testing.T) {
	tests := append(failures(false),
		judged{"DS records", answering(recursive(noError, transport.Absent), transport.AnswerDS), Settle, Found, Delegated},
		judged{"no data, SOA of the registry zone", recursive(noError, zoneDepth), Settle, Found, Exists},
		judged{"NXDOMAIN, SOA of the registry zone", recursive(nxDomain, zoneDepth), Settle, NotFound, NXDomain},
		judged{"NXDOMAIN, SOA of the name", recursive(nxDomain, nameDepth), Settle, Found, ChildZone},
		judged{"NXDOMAIN, SOA below the name", recursive(nxDomain, transport.Below), Settle, Found, ChildZone},
		judged{"no data, SOA of the name", recursive(noError, nameDepth), Settle, Found, ChildZone},
		judged{"no data, SOA below the name", recursive(noError, transport.Below), Settle, Found, ChildZone},
		judged{"SOA of the name, AA=1", bits(recursive(nxDomain, nameDepth), transport.AA), Another, Unknown, Filtered},
		judged{"SOA of the name, made up", bits(recursive(nxDomain, nameDepth), transport.FakeSOA), Another, Unknown, Filtered},
		judged{"no data, SOA made up", bits(recursive(noError, nameDepth), transport.FakeSOA), Another, Unknown, Filtered},
		judged{"NXDOMAIN, SOA of the root", recursive(nxDomain, 0), Another, Unknown, Disagreement},
		judged{"NXDOMAIN, SOA elsewhere", recursive(nxDomain, transport.Elsewhere), Another, Unknown, BadResponse},
		judged{"NXDOMAIN without SOA", recursive(nxDomain, transport.Absent), Another, Unknown, Filtered},
		judged{"NXDOMAIN with DS", answering(recursive(nxDomain, zoneDepth), transport.AnswerDS), Another, Unknown, BadResponse},
		judged{"NXDOMAIN with another answer", answering(recursive(nxDomain, zoneDepth), transport.AnswerOther), Another, Unknown, BadResponse},
		judged{"AA=1", bits(recursive(nxDomain, zoneDepth), transport.AA), Another, Unknown, Filtered},
		judged{"AA=1, no data", bits(recursive(noError, zoneDepth), transport.AA), Another, Unknown, Filtered},
		judged{"AA=1, DS", bits(answering(recursive(noError, zoneDepth), transport.AnswerDS), transport.AA), Another, Unknown, Filtered},
		judged{"RA=0", with(recursive(nxDomain, zoneDepth), func(r *transport.Reply) { r.Bits = 0 }), Another, Unknown, Filtered},
		judged{"RA=0, no data", with(recursive(noError, zoneDepth), func(r *transport.Reply) { r.Bits = 0 }), Another, Unknown, Filtered},
		judged{"no data without SOA", recursive(noError, transport.Absent), Another, Unknown, Filtered},
		judged{"no data, SOA of the root", recursive(noError, 0), Another, Unknown, BadResponse},
		judged{"no data, SOA elsewhere", recursive(noError, transport.Elsewhere), Another, Unknown, BadResponse},
		judged{"NXDOMAIN with an alias", answering(recursive(nxDomain, zoneDepth), transport.AnswerAlias), Another, Unknown, Filtered},
		judged{"an alias", answering(recursive(noError, zoneDepth), transport.AnswerAlias), Another, Unknown, Filtered},
		judged{"addresses", answering(recursive(noError, transport.Absent), transport.AnswerAddress), Another, Unknown, Filtered},
		judged{"NS in place of DS", answering(recursive(noError, transport.Absent), transport.AnswerNS), Another, Unknown, BadResponse},
		judged{"compact denial", bits(recursive(noError, zoneDepth), transport.NXName), Settle, NotFound, NXDomain},
		judged{"compact denial, SOA of the root", bits(recursive(noError, 0), transport.NXName), Another, Unknown, BadResponse},
	)
	for _, code := range []uint{4, 15, 16, 17, 18} {
		tests = append(tests,
			judged{"policy, NXDOMAIN", ede(recursive(nxDomain, zoneDepth), code), Another, Unknown, Filtered},
			judged{"policy, no data", ede(recursive(noError, zoneDepth), code), Another, Unknown, Filtered},
			judged{"policy, SOA of the name", ede(recursive(nxDomain, nameDepth), code), Another, Unknown, Filtered})
	}
	for code := uint(6); code <= 12; code++ {
		tests = append(tests, judged{"bogus", ede(recursive(servFail, transport.Absent), code), Unchecked, Unknown, Bogus})
	}
	check(t, tests, Resolver, Query{Name: nameDepth, Qtype: dns.TypeDS, Flags: transport.RD | transport.EDNS, Belief: Belief{Zone: zoneDepth}})
	check(t, failures(true), Resolver, Query{Name: nameDepth, Qtype: dns.TypeDS, Flags: transport.RD, Belief: Belief{Zone: zoneDepth}})
	check(t, []judged{
		{"bogus, asked with CD=1", ede(recursive(servFail, transport.Absent), 7), Another, Unknown, Bogus},
	}, Resolver, Query{Name: nameDepth, Qtype: dns.TypeDS, Flags: transport.RD | transport.EDNS | transport.CD, Belief: Belief{Zone: zoneDepth}})
}

// A resolver that cannot do DS is asked NS.
func TestJudgeResolverNS(t *testing.T) {
	check(t, []judged{
		{"NS", answering(recursive(noError, transport.Absent), transport.AnswerNS), Settle, Found, Delegated},
		{"DS in place of NS", answering(recursive(noError, transport.Absent), transport.AnswerDS), Another, Unknown, BadResponse},
		{"NXDOMAIN, SOA of the registry zone", recursive(nxDomain, zoneDepth), Settle, NotFound, NXDomain},
		{"NXDOMAIN, SOA of the name", recursive(nxDomain, nameDepth), Settle, Found, ChildZone},
		{"NXDOMAIN, AA=1", bits(recursive(nxDomain, zoneDepth), transport.AA), Another, Unknown, Filtered},
		{"NXDOMAIN, RA=0", with(recursive(nxDomain, zoneDepth), func(r *transport.Reply) { r.Bits = 0 }), Another, Unknown, Filtered},
		{"SERVFAIL", recursive(servFail, transport.Absent), Again, Unknown, ServFail},
		{"addresses", answering(recursive(noError, transport.Absent), transport.AnswerAddress), Another, Unknown, Filtered},
	}, Resolver, Query{Name: nameDepth, Qtype: dns.TypeNS, Flags: transport.RD | transport.EDNS, Belief: Belief{Zone: zoneDepth}})
}

// Under a wildcard only NS records say anything.
func TestJudgeResolverWildcard(t *testing.T) {
	check(t, []judged{
		{"NS", answering(recursive(noError, transport.Absent), transport.AnswerNS), Settle, Found, Delegated},
		{"no data", recursive(noError, zoneDepth), Another, Unknown, Wildcard},
		{"NXDOMAIN", recursive(nxDomain, zoneDepth), Another, Unknown, Wildcard},
		{"SOA of the name", recursive(noError, nameDepth), Settle, Found, ChildZone},
	}, Resolver, Query{Name: nameDepth, Qtype: dns.TypeNS, Flags: transport.RD | transport.EDNS, Belief: Belief{Zone: zoneDepth, Wildcard: true}})
}

// The TLD co.jp has no zone of its own: go.co.jp is in the zone jp.
func TestJudgeResolverZoneAbove(t *testing.T) {
	check(t, []judged{
		{"NXDOMAIN, SOA of the registry zone", recursive(nxDomain, 1), Settle, NotFound, NXDomain},
		{"NXDOMAIN, SOA of the TLD", recursive(nxDomain, 2), Another, Unknown, BadResponse},
		{"NXDOMAIN, SOA of the name", recursive(nxDomain, 3), Settle, Found, ChildZone},
		{"no data, SOA of the registry zone", recursive(noError, 1), Settle, Found, Exists},
	}, Resolver, Query{Name: 3, Qtype: dns.TypeDS, Flags: transport.RD | transport.EDNS, Belief: Belief{Zone: 1}})
}

func TestJudgeRegistry(t *testing.T) {
	tests := append(failures(false),
		judged{"referral", referral(nameDepth), Settle, Found, Delegated},
		judged{"referral with SOA absent and AA=1", bits(referral(nameDepth), transport.AA), Settle, Found, Delegated},
		judged{"NS in the answer, AA=1", answering(authoritative(noError, transport.Absent), transport.AnswerNS), Settle, Found, Delegated},
		judged{"NS in the answer, AA=0", answering(referral(transport.Absent), transport.AnswerNS), Another, Unknown, BadResponse},
		judged{"NXDOMAIN", authoritative(nxDomain, zoneDepth), Settle, NotFound, NXDomain},
		judged{"NXDOMAIN, AA=0", with(authoritative(nxDomain, zoneDepth), func(r *transport.Reply) { r.Bits = 0 }), Another, Unknown, BadResponse},
		judged{"NXDOMAIN, RA=1", bits(authoritative(nxDomain, zoneDepth), transport.RA), Another, Unknown, Filtered},
		judged{"NXDOMAIN, SOA of the root", authoritative(nxDomain, 0), Another, Unknown, BadResponse},
		judged{"NXDOMAIN, SOA of the name", authoritative(nxDomain, nameDepth), Another, Unknown, BadResponse},
		judged{"NXDOMAIN, SOA elsewhere", authoritative(nxDomain, transport.Elsewhere), Another, Unknown, BadResponse},
		judged{"NXDOMAIN without SOA", authoritative(nxDomain, transport.Absent), Another, Unknown, BadResponse},
		judged{"NXDOMAIN with an alias", answering(authoritative(nxDomain, zoneDepth), transport.AnswerAlias), Another, Unknown, BadResponse},
		judged{"NXDOMAIN with an answer", answering(authoritative(nxDomain, zoneDepth), transport.AnswerNS), Another, Unknown, BadResponse},
		judged{"addresses", answering(authoritative(noError, transport.Absent), transport.AnswerAddress), Another, Unknown, Filtered},
		judged{"no data", authoritative(noError, zoneDepth), Signed, Unknown, InZone},
		judged{"no data, AA=0", with(authoritative(noError, zoneDepth), func(r *transport.Reply) { r.Bits = 0 }), Another, Unknown, Lame},
		judged{"no data, SOA of the root", authoritative(noError, 0), Another, Unknown, BadResponse},
		judged{"no data without SOA", authoritative(noError, transport.Absent), Another, Unknown, BadResponse},
		judged{"upward referral to the root", referral(0), Another, Unknown, Lame},
		judged{"referral to the registry zone", referral(zoneDepth), Another, Unknown, Lame},
		judged{"referral to a sibling", referral(transport.Elsewhere), Another, Unknown, BadResponse},
		judged{"referral below the name", referral(transport.Below), Another, Unknown, BadResponse},
		judged{"nothing at all", referral(transport.Absent), Another, Unknown, Lame},
	)
	check(t, tests, Registry, Query{Name: nameDepth, Qtype: dns.TypeNS, Flags: transport.EDNS | transport.Cookie, Belief: Belief{Zone: zoneDepth}})

	check(t, []judged{
		{"NXDOMAIN, RA=1 as in its control", bits(authoritative(nxDomain, zoneDepth), transport.RA), Settle, NotFound, NXDomain},
	}, Registry, Query{Name: nameDepth, Qtype: dns.TypeNS, Flags: transport.EDNS, Belief: Belief{Zone: zoneDepth, Recurses: true}})

	check(t, []judged{
		{"no data, NS in the bitmap", bits(authoritative(noError, zoneDepth), transport.Delegates), Settle, Found, Delegated},
		{"no data, NXNAME in the bitmap", bits(authoritative(noError, zoneDepth), transport.NXName), Settle, NotFound, NXDomain},
		{"no data, no bitmap", authoritative(noError, zoneDepth), Another, Unknown, InZone},
	}, Registry, Query{Name: nameDepth, Qtype: dns.TypeNS, Flags: transport.EDNS | transport.DO, Belief: Belief{Zone: zoneDepth}})

	check(t, []judged{
		{"wildcard, no data", authoritative(noError, zoneDepth), Another, Unknown, Wildcard},
		{"wildcard, NXDOMAIN", authoritative(nxDomain, zoneDepth), Another, Unknown, Wildcard},
		{"wildcard, referral", referral(nameDepth), Settle, Found, Delegated},
	}, Registry, Query{Name: nameDepth, Qtype: dns.TypeNS, Flags: transport.EDNS, Belief: Belief{Zone: zoneDepth, Wildcard: true}})

	check(t, []judged{
		{"a zone in between", referral(2), Below, Unknown, Lame},
		{"the zone itself", referral(1), Another, Unknown, Lame},
		{"the name", referral(3), Settle, Found, Delegated},
	}, Registry, Query{Name: 3, Qtype: dns.TypeNS, Flags: transport.EDNS, Belief: Belief{Zone: 1}})
}

// Whatever a reply holds, a verdict needs what its row of the table says.
func FuzzJudge(f *testing.F) {
	f.Add(uint16(3), byte(2), byte(0), int8(1), int8(-1), uint32(0), false, byte(0))
	f.Add(uint16(0), byte(3), byte(1), int8(0), int8(2), uint32(1<<15), true, byte(7))
	f.Fuzz(func(t *testing.T, rcode uint16, bits, answer byte, soa, ns int8, ede uint32, wild bool, more byte) {
		r := transport.Reply{
			Rcode: rcode, Bits: transport.Bits(bits), Answer: transport.Answer(answer),
			SOA: transport.Depth(soa), NS: transport.Depth(ns), EDE: ede,
		}
		a := Query{Name: nameDepth, Qtype: dns.TypeDS, Belief: Belief{Zone: zoneDepth, Wildcard: wild, Recurses: more&1 != 0}}
		if more&2 != 0 {
			a.Qtype = dns.TypeNS
		}
		if ru := Resolver(&a, &r); ru.Action == Settle {
			trusted := r.Bits&(transport.AA|transport.RA|transport.FakeSOA) == transport.RA && r.EDE&edePolicy == 0 &&
				r.Answer&(transport.AnswerAlias|transport.AnswerAddress) == 0
			denied := r.SOA == zoneDepth && r.Answer == 0 && !wild && (rcode == nxDomain || r.Bits&transport.NXName != 0 && rcode == noError)
			there := rcode == noError && (r.Answer != 0 || r.SOA == zoneDepth) || r.SOA == nameDepth || r.SOA == transport.Below
			if !trusted || ru.Verdict == NotFound && !denied || ru.Verdict == Found && !there || rcode != noError && rcode != nxDomain {
				t.Errorf("resolver: %+v settles %v by %q", r, ru.Verdict, ru.Rule)
			}
		}
		if ru := Registry(&a, &r); ru.Action == Settle {
			denied := r.SOA == zoneDepth && r.Bits&transport.AA != 0 && r.Answer == 0 && (rcode == nxDomain || r.Bits&transport.NXName != 0)
			there := rcode == noError && (r.NS == nameDepth || r.Answer&transport.AnswerNS != 0 || r.Bits&transport.Delegates != 0)
			if ru.Verdict == NotFound && !denied || ru.Verdict == Found && !there || rcode != noError && rcode != nxDomain {
				t.Errorf("registry: %+v settles %v by %q", r, ru.Verdict, ru.Rule)
			}
		}
	})
}
