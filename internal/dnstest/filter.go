package dnstest

import (
	"context"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// Forward returns a function for [Answer] that passes queries on to a server,
// over TCP where the response over UDP is truncated. Where that fails the
// response is SERVFAIL.
func Forward(addr string) func(q *dns.Msg) *dns.Msg {
	const limit = 5 * time.Second
	return func(q *dns.Msg) *dns.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		for _, network := range []string{"udp", "tcp"} {
			c := &dns.Client{Net: network, Timeout: limit}
			r, _, err := c.ExchangeContext(ctx, q, addr)
			if err == nil && !r.Truncated {
				return r
			}
		}
		return Rcode(q, dns.RcodeServerFailure)
	}
}

// Block responds to queries about blocked names with the one function, and to
// all others with the other. Names are given in lower case without the final dot.
func Block(blocked func(name string) bool, policy, other func(q *dns.Msg) *dns.Msg) func(q *dns.Msg) *dns.Msg {
	return func(q *dns.Msg) *dns.Msg {
		if len(q.Question) == 1 && blocked(strings.TrimSuffix(strings.ToLower(q.Question[0].Name), ".")) {
			return policy(q)
		}
		return other(q)
	}
}

// AdGuard denies a name as AdGuard Home does: with an SOA record of the name
// itself that it has made up.
func AdGuard(q *dns.Msg) *dns.Msg {
	name := q.Question[0].Name
	r := Rcode(q, dns.RcodeNameError)
	r.Ns = []dns.RR{&dns.SOA{
		Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: 10},
		Ns:  "fake-for-negative-caching.adguard.com.", Mbox: "hostmaster." + name,
		Serial: 100500, Refresh: 1800, Retry: 900, Expire: 604800, Minttl: 86400,
	}}
	return r
}
