package trust

import (
	"slices"
	"testing"

	"github.com/miekg/dns"

	"domprobe/probe/transport"
)

// usable is a control with a response.
func usable(r transport.Reply) Response { return Response{Reply: r} }

// lost is a control without one.
func lost(f transport.Failure) Response { return Response{Failure: f} }

func all(n int, d Response) []Response { return slices.Repeat([]Response{d}, n) }

// The responses of an honest resolver.
var (
	soa     = usable(answering(recursive(noError, transport.Absent), transport.AnswerSOA))
	denied  = usable(recursive(nxDomain, zoneDepth))
	there   = usable(recursive(noError, zoneDepth))
	signed  = usable(answering(recursive(noError, transport.Absent), transport.AnswerDS))
	address = usable(answering(recursive(noError, transport.Absent), transport.AnswerAddress))
	silent  = lost(transport.Timeout)
)

// The responses of an honest authoritative server.
var (
	ownSOA    = usable(answering(authoritative(noError, transport.Absent), transport.AnswerSOA))
	ownDenied = usable(authoritative(nxDomain, zoneDepth))
	ownNoData = usable(authoritative(noError, zoneDepth))
	referred  = usable(referral(nameDepth))
)

// ofResolver are the controls of an honest resolver about dev.
func ofResolver() Controls {
	return Controls{
		Server: "192.0.2.53:53", Zone: "dev", Depth: zoneDepth, Qtype: dns.TypeDS,
		Exists: soa, Fresh: all(2, denied), Long: denied,
	}
}

// ofRegistry are those of an honest authoritative server of dev.
func ofRegistry() Controls {
	return Controls{
		Server: "192.0.2.1:53", Zone: "dev", Depth: zoneDepth, Qtype: dns.TypeNS, Registry: true,
		Exists: ownSOA, Fresh: all(2, ownDenied),
	}
}

// A found is one row: controls in which something differs from an honest
// server's, and the finding.
type found struct {
	name     string
	change   func(c *Controls)
	standing Standing
	ask      Ask
	reason   Reason
}

func checkFindings(t *testing.T, honest func() Controls, tests []found) {
	t.Helper()
	for _, test := range tests {
		c := honest()
		test.change(&c)
		f := c.Finding()
		if f.Standing != test.standing || f.Ask != test.ask || f.Reason != test.reason {
			t.Errorf("%s: standing %d, ask %d, %q (%v); want %d, %d, %q",
				test.name, f.Standing, f.Ask, f.Reason, f.Err, test.standing, test.ask, test.reason)
		}
	}
}

func exists(d Response) func(*Controls)        { return func(c *Controls) { c.Exists = d } }
func long(d Response) func(*Controls)          { return func(c *Controls) { c.Long = d } }
func freshOnes(ds ...Response) func(*Controls) { return func(c *Controls) { c.Fresh = ds } }
func knownOnes(ds ...Response) func(*Controls) { return func(c *Controls) { c.Known = ds } }
func freshLong(d, a Response) func(*Controls)  { return both(freshOnes(d, d), long(a)) }

// full is a change of controls that were asked for in every form.
func full(change func(*Controls)) func(*Controls) {
	return both(change, func(c *Controls) { c.Retyped, c.Signed = true, true })
}

func both(changes ...func(*Controls)) func(*Controls) {
	return func(c *Controls) {
		for _, change := range changes {
			change(c)
		}
	}
}

func TestFindingOfResolver(t *testing.T) {
	inZone := func(d Response, bits transport.Bits) Response { d.Reply.Bits |= bits; return d }
	noSOA := usable(recursive(nxDomain, transport.Absent))
	compact := inZone(there, transport.NXName)
	checkFindings(t, ofResolver, []found{
		{"honest", func(*Controls) {}, Passed, 0, ""},

		// SOA of the TLD.
		{"no response about the TLD", exists(silent), Failed, 0, Timeout},
		{"no way to the server", exists(lost(transport.Unreachable)), Failed, 0, Unreachable},
		{"no network", exists(lost(transport.Offline)), Failed, 0, Unreachable},
		{"only truncated", exists(lost(transport.Truncated)), Failed, 0, Truncated},
		{"only slips", exists(lost(transport.Slipped)), Failed, 0, Truncated},
		{"garbage", exists(lost(transport.BadResponse)), Failed, 0, BadResponse},
		{"SERVFAIL", exists(usable(recursive(servFail, transport.Absent))), Failed, 0, ServFail},
		{"REFUSED", exists(usable(recursive(dns.RcodeRefused, transport.Absent))), Failed, 0, Refused},
		{"another RCODE", exists(usable(recursive(dns.RcodeNotAuth, transport.Absent))), Failed, 0, BadResponse},
		{"AA=1: local data", exists(inZone(soa, transport.AA)), Failed, 0, Filtered},
		{"RA=0: no resolver", exists(usable(answering(authoritative(noError, transport.Absent), transport.AnswerSOA))), Failed, 0, Filtered},
		{"an error that says forged", exists(usable(ede(soa.Reply, 4))), Failed, 0, Filtered},
		{"an address for a TLD is made up", exists(address), Failed, 0, Hijacked},
		{"an address beside the SOA is made up", exists(usable(answering(soa.Reply, transport.AnswerAddress))), Failed, 0, Hijacked},
		{"an alias tells no zone", exists(usable(answering(soa.Reply, transport.AnswerAlias))), Failed, 0, BadResponse},
		{"the root denies the TLD", exists(usable(recursive(nxDomain, 0))), DeniesTLD, 0, ""},
		{"the root denies the TLD, and gives an answer", exists(usable(answering(recursive(nxDomain, 0), transport.AnswerOther))), Failed, 0, Filtered},
		{"denied without SOA: how blocklists answer", exists(noSOA), Failed, 0, Filtered},
		{"denied with the SOA of the TLD itself", exists(denied), Failed, 0, Filtered},
		{"no data without SOA tells no zone", exists(usable(recursive(noError, transport.Absent))), Failed, 0, BadResponse},
		{"an NS answer with the SOA of the root", exists(usable(answering(recursive(noError, 0), transport.AnswerNS))), Failed, 0, BadResponse},
		{"no data with the SOA of the root: a TLD is no name of the root zone", exists(usable(recursive(noError, 0))), Failed, 0, BadResponse},
		{"no data with the SOA of the TLD itself", exists(there), Failed, 0, BadResponse},
		{"everything in the zone of the root", both(exists(usable(recursive(noError, 0))), freshLong(usable(recursive(nxDomain, 0)), usable(recursive(nxDomain, 0)))), Failed, 0, BadResponse},
		{"no data with an SOA elsewhere", exists(usable(recursive(noError, transport.Elsewhere))), Failed, 0, BadResponse},
		{"another answer tells no zone", exists(usable(answering(recursive(noError, 0), transport.AnswerOther))), Failed, 0, BadResponse},

		// Names that do not exist.
		{"one fresh label is denied, one is lost", freshOnes(silent, denied), Passed, 0, ""},
		{"one fresh label is denied, one registered by chance", freshOnes(there, denied), Passed, 0, ""},
		{"one fresh label is denied, the other then registered by chance", freshOnes(denied, there), Passed, 0, ""},
		{"the last fresh label is lost, the first is denied by the root", freshOnes(usable(recursive(nxDomain, 0)), silent), Failed, 0, BadResponse},
		{"one fresh label is denied, another by the root", freshOnes(usable(recursive(nxDomain, 0)), denied), Passed, 0, ""},
		{"DS is not answered, NS may be", freshOnes(silent, silent), Pending, AskNS, ""},
		{"DS is refused, NS may not be", freshOnes(silent, usable(recursive(dns.RcodeRefused, transport.Absent))), Pending, AskNS, ""},
		{"neither DS nor NS is answered", full(freshOnes(silent)), Failed, 0, Timeout},
		{"DS and NS are refused", full(freshOnes(usable(recursive(dns.RcodeRefused, transport.Absent)))), Failed, 0, Refused},
		{"no response to A", long(silent), Failed, 0, Timeout},
		{"A is refused", long(usable(recursive(dns.RcodeRefused, transport.Absent))), Failed, 0, Refused},
		{"denied without SOA: a filter", freshLong(noSOA, denied), Failed, 0, Filtered},
		{"A denied without SOA: a filter", long(noSOA), Failed, 0, Filtered},
		{"denied with AA=1: a filter", freshLong(inZone(denied, transport.AA), denied), Failed, 0, Filtered},
		{"A denied with AA=1: a filter", long(inZone(denied, transport.AA)), Failed, 0, Filtered},
		{"denied with the SOA of the root", freshLong(usable(recursive(nxDomain, 0)), denied), Failed, 0, BadResponse},
		{"A denied with the SOA of the root", long(usable(recursive(nxDomain, 0))), Failed, 0, BadResponse},
		{"denied with an answer", freshLong(usable(answering(denied.Reply, transport.AnswerOther)), denied), Failed, 0, BadResponse},
		{"A denied with an answer", long(usable(answering(denied.Reply, transport.AnswerOther))), Failed, 0, BadResponse},
		{"addresses are made up, DS is denied", long(address), Rewriter, 0, Hijacked},
		{"two fresh labels are there by chance", freshLong(there, denied), Pending, AskFresh, ""},
		{"19 fresh labels are there: chance is not ruled out", both(freshOnes(all(MaxFresh-1, there)...), long(denied)), Pending, AskFresh, ""},
		{"20 fresh labels are there: with DO=1 NSEC may tell", both(freshOnes(all(MaxFresh, there)...), long(denied)), Pending, AskSigned, ""},
		{"20 fresh labels are there, with DO=1 too", full(both(freshOnes(all(MaxFresh, there)...), long(denied))), Suspect, 0, Hijacked},
		{"20 fresh labels are signed", both(freshOnes(all(MaxFresh, signed)...), long(denied)), Suspect, 0, Hijacked},
		{"addresses, and no data with a foreign SOA: made up", freshLong(usable(recursive(noError, transport.Elsewhere)), address), Rewriter, 0, Hijacked},
		{"addresses, and no data without SOA: with DO=1 NSEC may tell", freshLong(usable(recursive(noError, transport.Absent)), address), Pending, AskSigned, ""},
		{"addresses, and no data: with DO=1 NSEC may tell", freshLong(there, address), Pending, AskSigned, ""},
		{"addresses, and no data with DO=1: a wildcard, or made up", full(freshLong(there, address)), Suspect, 0, Hijacked},
		{"addresses for DS: a wildcard, or made up", freshLong(address, address), Suspect, 0, Hijacked},
		{"compact denial", full(freshLong(compact, there)), Passed, 0, ""},
		{"compact denial, not asked with DO=1", freshLong(compact, there), Pending, AskSigned, ""},
		{"compact denial with an answer", full(freshLong(usable(answering(compact.Reply, transport.AnswerOther)), there)), Suspect, 0, Hijacked},
		{"compact denial with AA=1", full(freshLong(inZone(compact, transport.AA), there)), Suspect, 0, Hijacked},
		{"compact denial of another zone", full(freshLong(usable(bits(recursive(noError, 0), transport.NXName)), there)), Suspect, 0, Hijacked},

		// Names that exist.
		{"a known name is there", knownOnes(there), Passed, 0, ""},
		{"a known name has DS", knownOnes(signed), Passed, 0, ""},
		{"a known name has a zone", knownOnes(usable(recursive(nxDomain, nameDepth))), Passed, 0, ""},
		{"a known name is lost", knownOnes(silent), Passed, 0, ""},
		{"a known name is answered with SERVFAIL", knownOnes(usable(recursive(servFail, transport.Absent))), Passed, 0, ""},
		{"a known name is denied without SOA: unclear", knownOnes(noSOA), Passed, 0, ""},
		{"the only known name is denied", knownOnes(denied), Failed, 0, DeniesKnown},
		{"a known name is denied, there are more", both(knownOnes(denied), func(c *Controls) { c.MoreKnown = true }), Pending, AskKnown, ""},
		{"a known name is denied, there are more, a name was found", both(knownOnes(denied), func(c *Controls) { c.MoreKnown, c.Heard = true, true }), Pending, AskKnown, ""},
		{"one of six known names is there", knownOnes(denied, denied, denied, denied, denied, there), Passed, 0, ""},
		{"six known names are denied", knownOnes(all(6, denied)...), Failed, 0, DeniesKnown},
		{"one is denied and five are lost", knownOnes(append(all(5, silent), denied)...), Failed, 0, DeniesKnown},
		{"the only known name is denied, but a name was found: the list is old", both(knownOnes(denied), func(c *Controls) { c.Heard = true }), Passed, 0, ""},
		{"two known names are denied, though a name was found", both(knownOnes(denied, denied), func(c *Controls) { c.Heard = true }), Failed, 0, DeniesKnown},
		{"known, but denied past the cache: the cache holds old truth", both(knownOnes(there), func(c *Controls) { c.Other = []Response{denied} }), Failed, 0, DeniesKnown},
		{"known, and lost past the cache", both(knownOnes(there), func(c *Controls) { c.Other = []Response{silent} }), Passed, 0, ""},
		{"known, and there past the cache", both(knownOnes(there), func(c *Controls) { c.Other = []Response{there} }), Passed, 0, ""},
		{"lost, and denied past the cache: the name may not exist", both(knownOnes(silent), func(c *Controls) { c.Other = []Response{denied} }), Passed, 0, ""},
		{"a suspect is not asked for known names", both(full(freshLong(address, address)), knownOnes(denied)), Suspect, 0, Hijacked},
	})
}

func TestFindingOfRegistry(t *testing.T) {
	setBits := func(d Response, b transport.Bits) Response { d.Reply.Bits |= b; return d }
	checkFindings(t, ofRegistry, []found{
		{"honest", func(*Controls) {}, Passed, 0, ""},
		{"no response about the zone", exists(silent), Failed, 0, Timeout},
		{"SOA with AA=0: not its zone", exists(soa), Failed, 0, Lame},
		{"AA=1 without SOA", exists(ownNoData), Failed, 0, Lame},
		{"upward referral", exists(usable(referral(0))), Failed, 0, Lame},
		{"fresh labels are lost", freshOnes(silent, silent), Failed, 0, Timeout},
		{"one is denied, one lost", freshOnes(ownDenied, silent), Passed, 0, ""},
		{"one is denied, one registered by chance", freshOnes(referred, ownDenied), Passed, 0, ""},
		{"two are referred by chance", freshOnes(referred, referred), Pending, AskFresh, ""},
		{"20 are referred: no chance", freshOnes(all(MaxFresh, referred)...), Failed, 0, BadResponse},
		{"referred upwards", freshOnes(usable(referral(0))), Failed, 0, BadResponse},
		{"denied with AA=0", freshOnes(denied), Failed, 0, BadResponse},
		{"denied with another SOA", freshOnes(usable(authoritative(nxDomain, 0))), Failed, 0, BadResponse},
		{"denied without SOA", freshOnes(usable(authoritative(nxDomain, transport.Absent))), Failed, 0, BadResponse},
		{"denied with an answer", freshOnes(usable(answering(ownDenied.Reply, transport.AnswerNS))), Failed, 0, BadResponse},
		{"no data: with DO=1 NSEC may tell", freshOnes(ownNoData), Pending, AskSigned, ""},
		{"no data with DO=1: a wildcard, or made up", full(freshOnes(ownNoData)), Suspect, 0, Hijacked},
		{"compact denial", freshOnes(setBits(ownNoData, transport.NXName)), Passed, 0, ""},
		{"NS for a fresh label", freshOnes(usable(answering(authoritative(noError, transport.Absent), transport.AnswerNS))), Failed, 0, BadResponse},
		{"a known name is referred", knownOnes(referred), Passed, 0, ""},
		{"a known name is in the zone", knownOnes(ownNoData), Passed, 0, ""},
		{"a known name is denied", knownOnes(ownDenied), Failed, 0, DeniesKnown},
		{"a known name is denied, with AA=0", knownOnes(denied), Passed, 0, ""},
	})
}

// Only NOERROR and NXDOMAIN are responses that tell something.
func TestTrouble(t *testing.T) {
	for rcode := range uint16(4100) {
		d := usable(recursive(rcode, zoneDepth))
		reason, err := d.Trouble()
		want := BadResponse
		switch rcode {
		case noError, nxDomain:
			want = ""
		case servFail:
			want = ServFail
		case dns.RcodeRefused:
			want = Refused
		}
		if reason != want || err != nil {
			t.Errorf("RCODE %d is %q (%v), want %q", rcode, reason, err, want)
		}
	}
	for f := transport.Timeout; f <= transport.Offline; f++ {
		d := lost(f)
		if reason, _ := d.Trouble(); reason == "" {
			t.Errorf("failure %v tells something", f)
		}
	}
}

// What a finding says beside its standing.
func TestBelief(t *testing.T) {
	made := usable(recursive(noError, transport.Elsewhere))
	for name, test := range map[string]struct {
		change func(*Controls)
		honest func() Controls
		want   Finding // but for Reason and Err
	}{
		"the zone of a TLD": {func(*Controls) {}, ofResolver, Finding{Standing: Passed, Belief: Belief{Zone: zoneDepth}}},
		"a TLD that is a name of a larger zone": {
			func(c *Controls) {
				c.Zone, c.Depth, c.Exists = "co.jp", 2, usable(recursive(noError, 1))
			}, ofResolver, Finding{Standing: Passed, Belief: Belief{Zone: 1}},
		},
		"compact denial needs DO=1": {
			full(freshLong(usable(bits(there.Reply, transport.NXName)), there)), ofResolver,
			Finding{Standing: Passed, Signed: true, Belief: Belief{Zone: zoneDepth}},
		},
		"compact denial of the registry needs DO=1": {
			freshOnes(usable(bits(ownNoData.Reply, transport.NXName))), ofRegistry,
			Finding{Standing: Passed, Signed: true, Belief: Belief{Zone: zoneDepth}},
		},
		"what a rewriter makes up": {
			freshLong(made, address), ofResolver,
			Finding{Standing: Rewriter, Belief: Belief{Zone: zoneDepth, Rewrites: true, MakesUp: made.Reply}},
		},
		"what a suspect server of the registry makes up": {
			full(freshOnes(ownNoData)), ofRegistry,
			Finding{Standing: Suspect, Belief: Belief{Zone: zoneDepth, Rewrites: true, MakesUp: ownNoData.Reply}},
		},
		"a server of the registry that sets RA": {
			freshOnes(usable(bits(ownDenied.Reply, transport.RA))), ofRegistry,
			Finding{Standing: Passed, Belief: Belief{Zone: zoneDepth, Recurses: true}},
		},
		"the root denies": {exists(usable(recursive(nxDomain, 0))), ofResolver, Finding{Standing: DeniesTLD, ByRoot: true}},
		"the larger zone denies": {
			func(c *Controls) { c.Zone, c.Depth, c.Exists = "co.jp", 2, usable(recursive(nxDomain, 1)) }, ofResolver,
			Finding{Standing: DeniesTLD},
		},
	} {
		c := test.honest()
		test.change(&c)
		got := c.Finding()
		if got.Standing == Rewriter && got.Err == nil || got.Standing == Failed && got.Err == nil {
			t.Errorf("%s: no error", name)
		}
		got.Reason, got.Err = "", nil
		if got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

// Where labels are registered by chance, the one that is denied tells.
func TestKnows(t *testing.T) {
	c := ofResolver()
	c.Known = []Response{silent, there, denied, signed}
	f := c.Finding()
	if got := c.Knows(&f); !slices.Equal(got, []int{1, 3}) {
		t.Errorf("it knows %v", got)
	}
}

func TestWildcardFinding(t *testing.T) {
	suspicion := Finding{Standing: Suspect, Reason: Hijacked, Belief: Belief{Zone: 2, Rewrites: true, Recurses: true}}
	for _, test := range []struct {
		name     string
		ns       Response
		standing Standing
		zone     transport.Depth
	}{
		{"no data with the SOA of the TLD: NS tells", there, Passed, zoneDepth},
		{"no data with the SOA of the TLD itself, a name of a larger zone", usable(recursive(noError, 2)), Passed, 2},
		{"no data without SOA: NS tells, the zone is as before", usable(recursive(noError, transport.Absent)), Passed, 2},
		{"denied with the SOA of the TLD: NS tells", denied, Passed, zoneDepth},
		{"SOA of the name itself: every name looks like a zone", usable(recursive(noError, 3)), Failed, 0},
		{"SOA of the root", usable(recursive(noError, 0)), Failed, 0},
		{"SOA below", usable(recursive(noError, transport.Below)), Failed, 0},
		{"SOA elsewhere", usable(recursive(noError, transport.Elsewhere)), Failed, 0},
		{"NS for every name", usable(answering(recursive(noError, transport.Absent), transport.AnswerNS)), Failed, 0},
		{"a referral for every name", usable(referral(3)), Failed, 0},
		{"no response", silent, Failed, 0},
		{"a lost response tells nothing", Response{Failure: transport.Timeout, Reply: there.Reply}, Failed, 0},
	} {
		c := ofResolver()
		c.Zone, c.Depth = "co.jp", 2
		f := c.WildcardFinding(&test.ns, suspicion)
		want := Finding{Standing: test.standing, Reason: Wildcard}
		if test.standing == Passed {
			want = Finding{Standing: Passed, Belief: Belief{Zone: test.zone, Wildcard: true, Recurses: true}}
		}
		if f != want {
			t.Errorf("%s: %+v, want %+v", test.name, f, want)
		}
	}
}

// A script makes responses of the bytes of a fuzzer.
type script []byte

// rare has each bit with one chance in four.
func (s *script) rare() byte {
	a, b := s.next(), s.next()
	return a & b
}

func (s *script) next() byte {
	if len(*s) == 0 {
		return 0
	}
	b := (*s)[0]
	*s = (*s)[1:]
	return b
}

// response makes up a response: most are such as servers give.
func (s *script) response() Response {
	b := s.next()
	if b&7 == 7 {
		return lost(transport.Failure(b >> 3 % 8))
	}
	usual := []Response{soa, denied, there, signed, address, ownSOA, ownDenied, ownNoData, referred}
	if b&7 > 3 {
		return usual[int(b>>3)%len(usual)]
	}
	rcode := []uint16{noError, nxDomain, noError, nxDomain, servFail, dns.RcodeRefused}[int(b>>3)%6]
	depths := []transport.Depth{transport.Below, transport.Elsewhere, transport.Absent, 0, 1, 2, 3}
	return usable(transport.Reply{
		Rcode: rcode, Bits: transport.Bits(s.next()), Answer: transport.Answer(s.rare() & 63),
		SOA: depths[int(s.next())%len(depths)], NS: depths[int(s.next())%len(depths)],
		EDE: uint32(s.rare()) << 10,
	})
}

func (s *script) responses(most int) (list []Response) {
	for range int(s.next()) % (most + 1) {
		list = append(list, s.response())
	}
	return list
}

// A server passes only if it denied a fresh label, with the SOA of the zone and
// without a sign of a policy, and did not deny all known names. Its controls come
// to an end.
func FuzzFinding(f *testing.F) {
	f.Add([]byte{})
	for seed := range byte(64) {
		f.Add([]byte{seed & 3, 4, 12, 12, 1, seed << 3, seed, 12, seed*5 | 4, seed * 7, seed * 11, 0, seed})
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := script(data)
		b := s.next()
		c := ofResolver()
		if b&1 != 0 {
			c = ofRegistry()
		}
		if b&2 != 0 {
			c.Zone, c.Depth = "co.jp", 2
		}
		c.Heard = b&4 != 0
		c.Exists, c.Long = s.response(), s.response()
		c.Fresh = append(c.Fresh[:0], s.response(), s.response())
		if c.Known, c.MoreKnown = s.responses(1), b&8 != 0; len(c.Known) > 0 {
			c.Other = s.responses(1)
		}
		for asked := 0; ; asked++ {
			got := c.Finding()
			if got.Standing != Pending {
				checkPassed(t, &c, &got)
				return
			}
			if asked > 20 {
				t.Fatalf("no end of controls: %+v", c)
			}
			switch got.Ask {
			case AskFresh:
				for range min(len(c.Fresh), MaxFresh-len(c.Fresh)) {
					c.Fresh = append(c.Fresh, s.response())
				}
			case AskNS:
				c.Retyped, c.Qtype = true, dns.TypeNS
				c.Fresh = []Response{s.response()}
			case AskSigned:
				c.Signed = true
				c.Fresh = []Response{s.response()}
			case AskKnown:
				c.Known, c.MoreKnown = append(c.Known, s.responses(5)...), false
			default:
				t.Fatalf("nothing is asked for: %+v", got)
			}
		}
	})
}

func checkPassed(t *testing.T, c *Controls, f *Finding) {
	t.Helper()
	if f.Standing == Failed && f.Reason == "" {
		t.Errorf("no reason: %+v", c)
	}
	if f.Standing != Passed {
		return
	}
	denies := slices.ContainsFunc(c.Fresh, func(d Response) bool {
		r := &d.Reply
		who := !ByPolicy(r)
		if c.Registry {
			who = r.Bits&transport.AA != 0
		}
		return d.Failure == transport.None && who && r.Answer == 0 && r.SOA == f.Zone &&
			(r.Rcode == nxDomain || r.Rcode == noError && r.Bits&transport.NXName != 0)
	})
	if !denies {
		t.Errorf("passed without a denial: %+v", c)
	}
	q := c.query(f)
	truths, lies := 0, 0
	for i := range c.Known {
		switch PositiveCanary(&q, &c.Known[i]) {
		case Truth:
			truths++
		case Lie:
			lies++
		}
	}
	if lies > 0 && truths == 0 && !(c.Heard && lies == 1) {
		t.Errorf("passed though it denies all known names: %+v", c)
	}
	if f.Wildcard || f.Rewrites || f.Zone < 1 || f.Zone > c.Depth {
		t.Errorf("passed with belief %+v: %+v", f.Belief, c)
	}
}
