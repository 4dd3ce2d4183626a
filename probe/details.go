package probe

import (
	"strings"

	"github.com/miekg/dns"

	"domprobe/probe/forsale"
	"domprobe/probe/internal/trust"
	"domprobe/probe/transport"
)

// A detailed result is that of a found name, and waits for the answers to what
// [Options.ForSale] and [Options.Parked] ask besides its verdict.
type detailed struct {
	Result
	left int // queries under way
}

// detail asks what there is to be asked about a found name, whose result is the
// last one. The result is taken back until each query has come to its end. by is
// the server that decided, and nil for a zone file; parked is what the referral of
// a registry's own server shows.
func (l *lookups) detail(by *server, parked string) {
	if !l.opts.ForSale && !l.opts.Parked || l.opts.Offline {
		return
	}
	last := len(l.results) - 1
	r := &detailed{Result: l.results[last]}
	r.Parked = parked
	s := by
	if by == nil || by.registry {
		s = cheapest(l.now, l.registries.locators)
	}
	if l.opts.Parked && (by == nil || !by.registry) {
		l.askDetail(r, s, r.Name, dns.TypeNS, func(m *dns.Msg, _ bool) { r.Parked = parkedAt(hostsOf(m, r.Name)) })
	}
	if owner, ok := forsale.Owner(r.Name); ok && l.opts.ForSale {
		l.askDetail(r, s, owner, dns.TypeTXT, func(m *dns.Msg, sure bool) { r.Sale, r.SaleKnown = forsale.Parse(textsOf(m)), sure })
	}
	if r.left == 0 {
		l.results[last] = r.Result
		return
	}
	l.results = l.results[:last]
	l.flying++
	l.details[r] = struct{}{}
}

// noAnswer is a message that has no records.
var noAnswer = new(dns.Msg)

// askDetail asks a resolver, and hands over a positive response, or noAnswer for a
// negative one. sure tells that records which it does not have do not exist. Whatever else
// comes of the query is no answer.
func (l *lookups) askDetail(r *detailed, s *server, name string, qtype uint16, answered func(m *dns.Msg, sure bool)) {
	r.left++
	flags := transport.RD | transport.Answers
	if !s.noEDNS {
		flags |= transport.EDNS
	}
	l.queries.aside(s, name, qtype, flags, func(d response) {
		if reason, _ := d.trouble(); reason == "" {
			m := noAnswer
			if d.Msg != nil && d.Reply.Rcode == dns.RcodeSuccess {
				m = d.Msg
			}
			answered(m, isComplete(&d.Reply))
		}
		if r.left--; r.left == 0 {
			delete(l.details, r)
			l.flying--
			l.results = append(l.results, r.Result)
		}
	})
}

// isComplete reports whether a response is the work of a resolver, and has an answer or
// the SOA that belongs to a negative response (RFC 2308): a filter leaves it out.
func isComplete(r *transport.Reply) bool {
	return !trust.ByPolicy(r) && (r.SOA != transport.Absent || r.Answer&transport.AnswerOther != 0)
}

// textsOf lists the character-strings of each TXT record in an answer, octet by
// octet.
func textsOf(m *dns.Msg) (texts [][]string) {
	for _, rr := range m.Answer {
		if rr, ok := rr.(*dns.TXT); ok {
			strs := make([]string, len(rr.Txt))
			for i, s := range rr.Txt {
				strs[i] = octets(s)
			}
			texts = append(texts, strs)
		}
	}
	return texts
}

// octets turns a character-string from the form of master files (RFC 1035 section
// 5.1), in which package dns holds it, into what was sent.
func octets(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	isDigit := func(c byte) bool { return '0' <= c && c <= '9' }
	out := make([]byte, 0, len(s))
	for len(s) > 0 {
		c, size := s[0], 1
		switch {
		case c != '\\':
		case len(s) >= 4 && isDigit(s[1]) && isDigit(s[2]) && isDigit(s[3]):
			c, size = (s[1]-'0')*100+(s[2]-'0')*10+s[3]-'0', 4
		case len(s) >= 2:
			c, size = s[1], 2
		}
		out = append(out, c)
		s = s[size:]
	}
	return string(out)
}
