package trust

import (
	"github.com/miekg/dns"

	"domprobe/probe/transport"
)

// An Action is what follows from one reply.
type Action uint8

const (
	Settle    Action = iota // the verdict stands
	Another                 // this server has nothing to say; ask another
	Again                   // the server failed; ask it again after a pause
	Plain                   // ask once more without OPT
	Unchecked               // ask once more with CD=1
	Signed                  // ask once more with DO=1
	Below                   // a zone in between is responsible; ask its servers
)

// A Ruling is what the rules make of one reply.
type Ruling struct {
	Action  Action
	Verdict Verdict
	Reason  Reason
	Rule    string // for people
}

func believe(v Verdict, reason Reason, rule string) Ruling {
	return Ruling{Settle, v, reason, rule}
}

func pass(reason Reason, rule string) Ruling { return Ruling{Another, Unknown, reason, rule} }

// A Query is one query about a name, with the facts about its TLD that the
// rules need.
type Query struct {
	Name     transport.Depth // labels of the name
	Qtype    uint16
	Flags    transport.Flags
	Registry bool // sent to an authoritative server of the registry, RD=0
	Belief
}

// A Belief is what the controls have shown about a server and a TLD: how a
// response about a name under the TLD is read.
type Belief struct {
	Zone     transport.Depth // labels of the registry zone
	Wildcard bool            // the TLD answers for every name
	Recurses bool            // an authoritative server that set RA in its control
	Stale    bool            // an authoritative server whose zone is older than its sisters'
	Rewrites bool            // a resolver that makes up answers for names that do not exist
	MakesUp  transport.Reply // if Rewrites: its response about a name that does not exist
}

// Judge applies the rules to a response.
func Judge(q *Query, r *transport.Reply) Ruling {
	var ru Ruling
	if q.Registry {
		ru = Registry(q, r)
	} else {
		ru = Resolver(q, r)
	}
	switch {
	case q.Rewrites && (ru.Action == Settle && !q.proves(r, ru) || ru.Action == Another):
		return pass(Hijacked, "the server makes up answers: only what it cannot make up counts")
	case q.Stale && ru.Action == Settle && ru.Verdict == NotFound:
		return pass(Stale, "the zone of this server is older than that of its sisters")
	}
	return ru
}

// proves reports whether a response that says found is none that the server
// gives for a name that does not exist.
func (q *Query) proves(r *transport.Reply, ru Ruling) bool {
	made := &q.MakesUp
	switch {
	case ru.Verdict != Found:
		return false
	case r.Answer&transport.AnswerDS != 0:
		return made.Answer&transport.AnswerDS == 0
	case r.Answer == 0 && r.Rcode == dns.RcodeSuccess && r.SOA == q.Zone:
		return made.SOA != q.Zone || made.Rcode != dns.RcodeSuccess
	}
	return false
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

// ByPolicy reports whether a resolver has made up a reply itself: Resolver
// says of each sign what it means.
func ByPolicy(r *transport.Reply) bool {
	return r.Bits&(transport.AA|transport.RA|transport.FakeSOA) != transport.RA || r.EDE&edePolicy != 0
}

// DenialOfTLD reports whether a reply to SOA of a TLD, of so many labels, says that
// it does not exist.
func DenialOfTLD(r *transport.Reply, tld transport.Depth) bool {
	return r.Rcode == dns.RcodeNameError && r.SOA >= 0 && r.SOA < tld && r.Answer == 0 && !ByPolicy(r)
}

// failure rules on a reply with an RCODE other than NOERROR and NXDOMAIN.
func failure(q *Query, r *transport.Reply) Ruling {
	switch r.Rcode {
	case dns.RcodeFormatError, dns.RcodeNotImplemented, dns.RcodeBadVers:
		if q.Flags&transport.EDNS != 0 {
			return Ruling{Plain, Unknown, BadResponse, "may not understand OPT (RFC 6891 section 7)"}
		}
		return pass(BadResponse, "does not understand the question")
	case dns.RcodeServerFailure:
		if r.EDE&edePolicy != 0 {
			return pass(Filtered, "SERVFAIL by policy (RFC 8914)")
		}
		if r.EDE&edeDNSSEC != 0 && q.Flags&transport.CD == 0 {
			return Ruling{Unchecked, Unknown, Bogus, "DNSSEC validation failed"}
		}
		if r.EDE&edeDNSSEC != 0 {
			return pass(Bogus, "DNSSEC validation failed, unchecked as well")
		}
		return Ruling{Again, Unknown, ServFail, "SERVFAIL proves nothing"}
	case dns.RcodeRefused:
		return Ruling{Again, Unknown, Refused, "REFUSED proves nothing"}
	}
	return pass(BadResponse, dns.RcodeToString[int(r.Rcode)]+" proves nothing")
}

// Resolver rules on the reply of a recursive resolver to DS or NS, asked
// with RD=1.
func Resolver(q *Query, r *transport.Reply) Ruling {
	if r.Rcode != dns.RcodeSuccess && r.Rcode != dns.RcodeNameError {
		return failure(q, r)
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
		return denial(q, r)
	}
	switch {
	case q.Qtype == dns.TypeDS && r.Answer&transport.AnswerDS != 0:
		return believe(Found, Delegated, "DS records: the registry delegates the name, signed")
	case q.Qtype == dns.TypeNS && r.Answer&transport.AnswerNS != 0:
		return believe(Found, Delegated, "NS records at the name")
	case r.Answer != 0:
		return pass(BadResponse, "the answer is not to the question")
	}
	return noData(q, r)
}

// denial rules on NXDOMAIN through a resolver.
func denial(q *Query, r *transport.Reply) Ruling {
	switch {
	case r.Answer != 0:
		return pass(BadResponse, "NXDOMAIN with an answer")
	case r.SOA == transport.Absent:
		return pass(Filtered, "NXDOMAIN without SOA: how blocklists answer (RFC 2308 section 3)")
	case r.SOA == q.Name, r.SOA == transport.Below:
		return believe(Found, ChildZone, "the denial is signed off by a zone at the name, so there is one")
	case q.Wildcard:
		return pass(Wildcard, "the TLD answers for every name, yet denies this one")
	case r.SOA == q.Zone:
		return believe(NotFound, NXDomain, "NXDOMAIN with the SOA of the registry zone (RFC 8020)")
	case r.SOA == 0:
		return pass(Disagreement, "the root denies the TLD, which exists")
	}
	return pass(BadResponse, "NXDOMAIN with the SOA of another zone")
}

// noData rules on NOERROR without an answer through a resolver.
func noData(q *Query, r *transport.Reply) Ruling {
	switch {
	case r.SOA == transport.Absent:
		return pass(Filtered, "no data without SOA: how blocklists answer (RFC 2308 section 2.2)")
	case r.SOA == q.Name, r.SOA == transport.Below:
		return believe(Found, ChildZone, "there is a zone at the name")
	case r.SOA != q.Zone:
		return pass(BadResponse, "no data, with the SOA of another zone")
	case q.Wildcard:
		return pass(Wildcard, "no data, as for every name of the TLD")
	case r.Bits&transport.NXName != 0:
		return believe(NotFound, NXDomain, "NXNAME in the NSEC record (RFC 9824)")
	}
	return believe(Found, Exists, "no data, but no NXDOMAIN: the registry zone has the name")
}

// Registry rules on the reply of one of the registry's own servers to
// NS, asked with RD=0.
func Registry(q *Query, r *transport.Reply) Ruling {
	if r.Rcode != dns.RcodeSuccess && r.Rcode != dns.RcodeNameError {
		return failure(q, r)
	}
	aa := r.Bits&transport.AA != 0
	switch {
	case r.Answer&transport.AnswerAddress != 0:
		return pass(Filtered, "addresses cannot answer NS: intercepted")
	case r.Answer&transport.AnswerAlias != 0:
		return pass(BadResponse, "an alias in the registry zone decides nothing")
	case r.Bits&transport.RA != 0 && !q.Recurses:
		return pass(Filtered, "RA=1 from a registry's server: intercepted")
	case r.Rcode == dns.RcodeNameError:
		return registryDenial(q, r, aa)
	case r.Answer&transport.AnswerNS != 0 && aa:
		return believe(Found, Delegated, "the server of the registry serves the name's own zone too")
	case r.Answer != 0:
		return pass(BadResponse, "the answer is not to the question")
	case r.NS == q.Name:
		return believe(Found, Delegated, "referral to the name's own servers")
	case r.NS > q.Zone && r.NS < q.Name:
		return Ruling{Below, Unknown, Lame, "referral to a zone in between"}
	case r.NS >= 0:
		return pass(Lame, "upward referral: the server is lame for the zone (RFC 9499)")
	case r.NS != transport.Absent:
		return pass(BadResponse, "referral to somewhere else")
	}
	return registryNoData(q, r, aa)
}

func registryDenial(q *Query, r *transport.Reply, aa bool) Ruling {
	switch {
	case r.Answer != 0:
		return pass(BadResponse, "NXDOMAIN with an answer")
	case !aa:
		return pass(BadResponse, "NXDOMAIN with AA=0")
	case r.SOA != q.Zone:
		return pass(BadResponse, "NXDOMAIN without the SOA of the registry zone")
	case q.Wildcard:
		return pass(Wildcard, "the TLD answers for every name, yet denies this one")
	}
	return believe(NotFound, NXDomain, "NXDOMAIN from the registry, with its SOA (RFC 8020)")
}

func registryNoData(q *Query, r *transport.Reply, aa bool) Ruling {
	switch {
	case !aa:
		return pass(Lame, "no data with AA=0")
	case r.SOA != q.Zone:
		return pass(BadResponse, "no data without the SOA of the registry zone")
	case r.Bits&transport.Delegates != 0:
		return believe(Found, Delegated, "NS in the type bitmap of the signed zone")
	case q.Wildcard:
		return pass(Wildcard, "no data, as for every name of the TLD")
	case r.Bits&transport.NXName != 0:
		return believe(NotFound, NXDomain, "NXNAME in the NSEC record (RFC 9824)")
	case q.Flags&transport.DO == 0:
		return Ruling{Signed, Unknown, InZone, "the zone holds the name, but no delegation"}
	}
	return pass(InZone, "the zone holds the name, but no delegation")
}

// Telling orders reasons by how much they tell; where several servers failed,
// the most telling is the result's.
var Telling = map[Reason]int{
	Timeout: 1, Unreachable: 2, Truncated: 3, Lame: 4, ServFail: 5, Refused: 6, BadResponse: 7,
	Bogus: 8, InZone: 9, NoQuorum: 10, Disagreement: 11, Wildcard: 12, Filtered: 13, Stale: 14, DeniesKnown: 15, Hijacked: 16,
}
