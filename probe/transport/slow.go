package transport

import (
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// readSlow reads any response by way of package dns.
func readSlow(m *dns.Msg, packet []byte, q *Query) (Reply, Rule) {
	if err := m.Unpack(packet); err != nil {
		return Reply{}, Malformed
	}
	// A message cut at the edge of a record unpacks without an error.
	if len(m.Answer) != int(be16(packet, 6)) || len(m.Ns) != int(be16(packet, 8)) ||
		len(m.Extra) != int(be16(packet, 10)) {
		return Reply{}, CutShort
	}
	return Summarize(m, q.Name), Passed
}

// Summarize reads a message that is known to be the response to a query
// for name.
func Summarize(m *dns.Msg, name string) Reply {
	r := Reply{Rcode: uint16(m.Rcode), SOA: Absent, NS: Absent}
	if m.Authoritative {
		r.Bits |= AA
	}
	if m.RecursionAvailable {
		r.Bits |= RA
	}
	name = dns.Fqdn(name)
	for _, rr := range m.Answer {
		r.Answer |= answerBit(rr, name)
	}
	for _, rr := range m.Ns {
		r.addAuthority(rr, name)
	}
	if opt := m.IsEdns0(); opt != nil {
		r.addOptions(opt)
	}
	return r
}

func answerBit(rr dns.RR, name string) Answer {
	h := rr.Header()
	here := strings.EqualFold(h.Name, name) && h.Class == dns.ClassINET
	switch {
	case h.Rrtype == dns.TypeRRSIG:
		return 0
	case h.Rrtype == dns.TypeCNAME, h.Rrtype == dns.TypeDNAME:
		return AnswerAlias
	case h.Rrtype == dns.TypeA, h.Rrtype == dns.TypeAAAA:
		return AnswerAddress
	case here && h.Rrtype == dns.TypeDS:
		return AnswerDS
	case here && h.Rrtype == dns.TypeNS:
		return AnswerNS
	case here && h.Rrtype == dns.TypeSOA:
		return AnswerSOA
	}
	return AnswerOther
}

func (r *Reply) addAuthority(rr dns.RR, name string) {
	h := rr.Header()
	owner := depthOf(h.Name, name)
	in := h.Class == dns.ClassINET
	if !in {
		owner = Elsewhere
	}
	switch rr := rr.(type) {
	case *dns.NS:
		r.NS.merge(owner)
	case *dns.SOA:
		r.SOA.merge(owner)
		r.TTL = min(h.Ttl, rr.Minttl)
		if strings.HasPrefix(strings.ToLower(rr.Ns), fakeMName+".") {
			r.Bits |= FakeSOA
		}
	case *dns.NSEC:
		if in && strings.EqualFold(h.Name, name) {
			r.addBitmap(rr.TypeBitMap)
		}
	case *dns.NSEC3:
		if in && rr.Iterations <= maxIterations && rr.Match(name) {
			r.addBitmap(rr.TypeBitMap)
		}
	}
}

// maxIterations is how often a name is hashed for an NSEC3 record at most. A
// zone has no use for more than none, and whoever validates need not follow one
// with more than 100 (RFC 9276 section 3): it would cost time without end.
const maxIterations = 100

// addBitmap reads the types that a signed zone lists at the name.
func (r *Reply) addBitmap(types []uint16) {
	if slices.Contains(types, dns.TypeNXNAME) {
		r.Bits |= NXName
	}
	if slices.Contains(types, dns.TypeNS) && !slices.Contains(types, dns.TypeSOA) {
		r.Bits |= Delegates
	}
}

func (r *Reply) addOptions(opt *dns.OPT) {
	r.Bits |= HasOPT
	for _, o := range opt.Option {
		switch o := o.(type) {
		case *dns.EDNS0_EDE:
			r.addEDE(o.InfoCode)
		case *dns.EDNS0_COOKIE:
			if len(o.Cookie) >= 2*minCookieLen { // hexadecimal
				r.Bits |= HasCookie
			}
		}
	}
}

func depthOf(owner, name string) Depth {
	switch {
	case dns.IsSubDomain(owner, name):
		return Depth(dns.CountLabel(owner))
	case dns.IsSubDomain(name, owner):
		return Below
	}
	return Elsewhere
}
