package probe

import (
	"github.com/miekg/dns"

	"domprobe/probe/transport"
)

// An action is what follows from one reply.
type action uint8

const (
	settle    action = iota // the verdict stands
	another                 // this server has nothing to say; ask another
	again                   // the server failed; ask it again after a pause
	plain                   // ask once more without OPT
	unchecked               // ask once more with CD=1
	signed                  // ask once more with DO=1
	below                   // a zone in between is responsible; ask its servers
)

// A ruling is what the rules make of one reply.
type ruling struct {
	action  action
	verdict Verdict
	reason  Reason
	rule    string // for people
}

func believe(v Verdict, reason Reason, rule string) ruling {
	return ruling{settle, v, reason, rule}
}

func pass(reason Reason, rule string) ruling { return ruling{another, Unknown, reason, rule} }

// An asking is what is known about the question that a reply answers.
type asking struct {
	name     transport.Depth // labels of the name
	zone     transport.Depth // labels of the registry zone
	qtype    uint16
	flags    transport.Flags
	wildcard bool // the TLD answers for every name
	recurses bool // a registry's server that set RA in its control, too
}

// The extended errors (RFC 8914 section 4) that matter here.
const (
	edePolicy = 1<<dns.ExtendedErrorCodeForgedAnswer | 1<<dns.ExtendedErrorCodeBlocked |
		1<<dns.ExtendedErrorCodeCensored | 1<<dns.ExtendedErrorCodeFiltered | 1<<dns.ExtendedErrorCodeProhibited
	edeDNSSEC = 1<<dns.ExtendedErrorCodeDNSBogus | 1<<dns.ExtendedErrorCodeSignatureExpired |
		1<<dns.ExtendedErrorCodeSignatureNotYetValid | 1<<dns.ExtendedErrorCodeDNSKEYMissing |
		1<<dns.ExtendedErrorCodeRRSIGsMissing | 1<<dns.ExtendedErrorCodeNoZoneKeyBitSet |
		1<<dns.ExtendedErrorCodeNSECMissing
)

// byPolicy reports whether a resolver has made up a reply itself: judgeResolver
// says of each sign what it means.
func byPolicy(r *transport.Reply) bool {
	return r.Bits&(transport.AA|transport.RA|transport.FakeSOA) != transport.RA || r.EDE&edePolicy != 0
}

// deniesTLD reports whether a reply to SOA of a TLD, of so many labels, says that
// it does not exist.
func deniesTLD(r *transport.Reply, tld transport.Depth) bool {
	return r.Rcode == dns.RcodeNameError && r.SOA >= 0 && r.SOA < tld && r.Answer == 0 && !byPolicy(r)
}

// judgeFailure rules on a reply with an RCODE other than NOERROR and NXDOMAIN.
func judgeFailure(c *asking, r *transport.Reply) ruling {
	switch r.Rcode {
	case dns.RcodeFormatError, dns.RcodeNotImplemented, dns.RcodeBadVers:
		if c.flags&transport.EDNS != 0 {
			return ruling{plain, Unknown, BadResponse, "may not understand OPT (RFC 6891 section 7)"}
		}
		return pass(BadResponse, "does not understand the question")
	case dns.RcodeServerFailure:
		if r.EDE&edePolicy != 0 {
			return pass(Filtered, "SERVFAIL by policy (RFC 8914)")
		}
		if r.EDE&edeDNSSEC != 0 && c.flags&transport.CD == 0 {
			return ruling{unchecked, Unknown, Bogus, "DNSSEC validation failed"}
		}
		if r.EDE&edeDNSSEC != 0 {
			return pass(Bogus, "DNSSEC validation failed, unchecked as well")
		}
		return ruling{again, Unknown, ServFail, "SERVFAIL proves nothing"}
	case dns.RcodeRefused:
		return ruling{again, Unknown, Refused, "REFUSED proves nothing"}
	}
	return pass(BadResponse, dns.RcodeToString[int(r.Rcode)]+" proves nothing")
}

// judgeResolver rules on the reply of a recursive resolver to DS or NS, asked
// with RD=1.
func judgeResolver(c *asking, r *transport.Reply) ruling {
	if r.Rcode != dns.RcodeSuccess && r.Rcode != dns.RcodeNameError {
		return judgeFailure(c, r)
	}
	switch {
	case r.EDE&edePolicy != 0:
		return pass(Filtered, "the resolver says that a policy answers (RFC 8914)")
	case r.Bits&transport.AA != 0:
		return pass(Filtered, "AA=1 from a resolver: local data, not the registry's")
	case r.Bits&transport.RA == 0:
		return pass(Filtered, "RA=0: not the work of a resolver")
	case r.Bits&transport.FakeSOA != 0:
		return pass(Filtered, "the SOA is made up by a filter")
	case r.Answer&transport.AnswerAlias != 0:
		return pass(Filtered, "an alias cannot answer this question")
	case r.Answer&transport.AnswerAddress != 0:
		return pass(Filtered, "addresses cannot answer this question: intercepted")
	}
	if r.Rcode == dns.RcodeNameError {
		return judgeDenial(c, r)
	}
	switch {
	case c.qtype == dns.TypeDS && r.Answer&transport.AnswerDS != 0:
		return believe(Found, Delegated, "DS records: the registry delegates the name, signed")
	case c.qtype == dns.TypeNS && r.Answer&transport.AnswerNS != 0:
		return believe(Found, Delegated, "NS records at the name")
	case r.Answer != 0:
		return pass(BadResponse, "the answer is not to the question")
	}
	return judgeNoData(c, r)
}

// judgeDenial rules on NXDOMAIN through a resolver.
func judgeDenial(c *asking, r *transport.Reply) ruling {
	switch {
	case r.Answer != 0:
		return pass(BadResponse, "NXDOMAIN with an answer")
	case r.SOA == transport.Absent:
		return pass(Filtered, "NXDOMAIN without SOA: how blocklists answer (RFC 2308 section 3)")
	case r.SOA == c.name, r.SOA == transport.Below:
		return believe(Found, ChildZone, "the denial is signed off by a zone at the name, so there is one")
	case c.wildcard:
		return pass(Wildcard, "the TLD answers for every name, yet denies this one")
	case r.SOA == c.zone:
		return believe(NotFound, NXDomain, "NXDOMAIN with the SOA of the registry zone (RFC 8020)")
	case r.SOA == 0:
		return pass(Disagreement, "the root denies the TLD, which exists")
	}
	return pass(BadResponse, "NXDOMAIN with the SOA of another zone")
}

// judgeNoData rules on NOERROR without an answer through a resolver.
func judgeNoData(c *asking, r *transport.Reply) ruling {
	switch {
	case r.SOA == transport.Absent:
		return pass(Filtered, "no data without SOA: how blocklists answer (RFC 2308 section 2.2)")
	case r.SOA == c.name, r.SOA == transport.Below:
		return believe(Found, ChildZone, "there is a zone at the name")
	case r.SOA != c.zone:
		return pass(BadResponse, "no data, with the SOA of another zone")
	case c.wildcard:
		return pass(Wildcard, "no data, as for every name of the TLD")
	case r.Bits&transport.NXName != 0:
		return believe(NotFound, NXDomain, "NXNAME in the NSEC record (RFC 9824)")
	}
	return believe(Found, Exists, "no data, but no NXDOMAIN: the registry zone has the name")
}

// judgeRegistry rules on the reply of one of the registry's own servers to
// NS, asked with RD=0.
func judgeRegistry(c *asking, r *transport.Reply) ruling {
	if r.Rcode != dns.RcodeSuccess && r.Rcode != dns.RcodeNameError {
		return judgeFailure(c, r)
	}
	aa := r.Bits&transport.AA != 0
	switch {
	case r.Answer&transport.AnswerAddress != 0:
		return pass(Filtered, "addresses cannot answer NS: intercepted")
	case r.Answer&transport.AnswerAlias != 0:
		return pass(BadResponse, "an alias in the registry zone decides nothing")
	case r.Bits&transport.RA != 0 && !c.recurses:
		return pass(Filtered, "RA=1 from a registry's server: intercepted")
	case r.Rcode == dns.RcodeNameError:
		return judgeRegistryDenial(c, r, aa)
	case r.Answer&transport.AnswerNS != 0 && aa:
		return believe(Found, Delegated, "the server of the registry serves the name's own zone too")
	case r.Answer != 0:
		return pass(BadResponse, "the answer is not to the question")
	case r.NS == c.name:
		return believe(Found, Delegated, "referral to the name's own servers")
	case r.NS > c.zone && r.NS < c.name:
		return ruling{below, Unknown, Lame, "referral to a zone in between"}
	case r.NS >= 0:
		return pass(Lame, "upward referral: the server is lame for the zone (RFC 9499)")
	case r.NS != transport.Absent:
		return pass(BadResponse, "referral to somewhere else")
	}
	return judgeRegistryNoData(c, r, aa)
}

func judgeRegistryDenial(c *asking, r *transport.Reply, aa bool) ruling {
	switch {
	case r.Answer != 0:
		return pass(BadResponse, "NXDOMAIN with an answer")
	case !aa:
		return pass(BadResponse, "NXDOMAIN with AA=0")
	case r.SOA != c.zone:
		return pass(BadResponse, "NXDOMAIN without the SOA of the registry zone")
	case c.wildcard:
		return pass(Wildcard, "the TLD answers for every name, yet denies this one")
	}
	return believe(NotFound, NXDomain, "NXDOMAIN from the registry, with its SOA (RFC 8020)")
}

func judgeRegistryNoData(c *asking, r *transport.Reply, aa bool) ruling {
	switch {
	case !aa:
		return pass(Lame, "no data with AA=0")
	case r.SOA != c.zone:
		return pass(BadResponse, "no data without the SOA of the registry zone")
	case r.Bits&transport.Delegates != 0:
		return believe(Found, Delegated, "NS in the type bitmap of the signed zone")
	case c.wildcard:
		return pass(Wildcard, "no data, as for every name of the TLD")
	case r.Bits&transport.NXName != 0:
		return believe(NotFound, NXDomain, "NXNAME in the NSEC record (RFC 9824)")
	case c.flags&transport.DO == 0:
		return ruling{signed, Unknown, InZone, "the zone holds the name, but no delegation"}
	}
	return pass(InZone, "the zone holds the name, but no delegation")
}

// telling orders reasons by how much they tell; where several servers failed,
// the most telling is the result's.
var telling = map[Reason]int{
	Timeout: 1, Unreachable: 2, Truncated: 3, Lame: 4, ServFail: 5, Refused: 6, BadResponse: 7,
	Bogus: 8, InZone: 9, NoQuorum: 10, Disagreement: 11, Wildcard: 12, Filtered: 13, Hijacked: 14,
}
