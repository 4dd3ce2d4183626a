package dnsserver

import (
	"net/netip"

	"github.com/miekg/dns"
)

// Each function below builds one kind of response. The response to a query with RD
// set is that of a recursive resolver (RA=1, AA=0), the response to any other query
// that of an authoritative server (RA=0, AA=1). It has EDNS if the query has EDNS.
// The final dot of an owner is optional; "" is the root.

// NegativeTTL is the TTL and the minimum of every SOA record, in seconds.
const NegativeTTL = 900

// Rcode returns a response without records.
func Rcode(q *dns.Msg, rcode int) *dns.Msg {
	r := new(dns.Msg).SetReply(q)
	r.Compress = true
	r.RecursionAvailable = q.RecursionDesired
	r.Authoritative = !q.RecursionDesired
	if opt := q.IsEdns0(); opt != nil {
		r.SetEdns0(1232, opt.Do())
	}
	r.Rcode = rcode
	return r
}

// NXDomain returns a response that the name does not exist, with the SOA record of
// a zone.
func NXDomain(q *dns.Msg, soaOwner string) *dns.Msg {
	r := Rcode(q, dns.RcodeNameError)
	r.Ns = []dns.RR{soa(soaOwner)}
	return r
}

// NoData returns a response that the name has no record of the type, with the SOA
// record of a zone (RFC 2308 section 2.2).
func NoData(q *dns.Msg, soaOwner string) *dns.Msg {
	r := Rcode(q, dns.RcodeSuccess)
	r.Ns = []dns.RR{soa(soaOwner)}
	return r
}

// Referral returns a referral to the name servers of the owner.
func Referral(q *dns.Msg, owner string) *dns.Msg {
	r := Rcode(q, dns.RcodeSuccess)
	r.Authoritative = false
	r.Ns = []dns.RR{nameServer(owner)}
	return r
}

// Truncate returns an empty response with TC set.
func Truncate(q *dns.Msg) *dns.Msg {
	r := Rcode(q, dns.RcodeSuccess)
	r.Authoritative, r.Truncated = false, true
	return r
}

// Address returns a response with an address, as an A or AAAA record. It panics if
// the address cannot be parsed.
func Address(q *dns.Msg, ip string) *dns.Msg {
	addr := netip.MustParseAddr(ip)
	h := header(q.Question[0].Name, dns.TypeA, 300)
	if addr.Is4() {
		return withAnswer(q, &dns.A{Hdr: h, A: addr.AsSlice()})
	}
	h.Rrtype = dns.TypeAAAA
	return withAnswer(q, &dns.AAAA{Hdr: h, AAAA: addr.AsSlice()})
}

// NS returns a response with a name server of the queried name.
func NS(q *dns.Msg) *dns.Msg { return withAnswer(q, nameServer(q.Question[0].Name)) }

// SOA returns a response with an SOA record of the owner.
func SOA(q *dns.Msg, owner string) *dns.Msg { return withAnswer(q, soa(owner)) }

// CNAME returns a response with an alias of the queried name.
func CNAME(q *dns.Msg, target string) *dns.Msg {
	h := header(q.Question[0].Name, dns.TypeCNAME, 300)
	return withAnswer(q, &dns.CNAME{Hdr: h, Target: dns.Fqdn(target)})
}

func withAnswer(q *dns.Msg, rr ...dns.RR) *dns.Msg {
	r := Rcode(q, dns.RcodeSuccess)
	r.Answer = rr
	return r
}

func header(owner string, rrtype uint16, ttl uint32) dns.RR_Header {
	return dns.RR_Header{Name: dns.Fqdn(owner), Rrtype: rrtype, Class: dns.ClassINET, Ttl: ttl}
}

func soa(owner string) dns.RR {
	return &dns.SOA{
		Hdr: header(owner, dns.TypeSOA, NegativeTTL),
		Ns:  "ns.demo.invalid.", Mbox: "hostmaster.demo.invalid.",
		Serial: 1, Refresh: 3600, Retry: 900, Expire: 604800, Minttl: NegativeTTL,
	}
}

func nameServer(owner string) dns.RR {
	return &dns.NS{Hdr: header(owner, dns.TypeNS, 3600), Ns: "ns.demo.invalid."}
}
