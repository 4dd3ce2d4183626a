package probe_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
)

// liars are resolvers that lie from the start.
var liars = map[string]func(q *dns.Msg) *dns.Msg{
	"finds all":              barely(findsAll),
	"finds all with records": findsAll.Resolve,
	"finds short labels":     findsShort.Resolve,
	"denies all":             deniesAll.Resolve,
	"denies a TLD":           deniesDev.Resolve,
	"inverts 5 %":            invertsSome.Resolve,
	"inverts all":            invertsAll.Resolve,
	"sends all elsewhere": func(q *dns.Msg) *dns.Msg {
		if strings.Contains(normal(q), ".") {
			return dnstest.Address(q, "203.0.113.80")
		}
		return attacked.Resolve(q)
	},
}

// A resolver that denies everything, or one TLD, from the start: it is not
// believed about any TLD of which it denies what must exist.
func TestResolverDenies(t *testing.T) {
	names := attackNames(2000, attackTLDs...)
	for lie, least := range map[string]int{"denies all": 0, "denies a TLD": len(names) * 3 / 4} {
		t.Run(lie, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n dnstest.Net
				attack(t, hosts(&n, lateHost(5*time.Millisecond, liars[lie])), names).check(t, least)
				ended(t, &n)
			})
		})
		t.Run(lie+", beside an honest one", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n dnstest.Net
				opts := hosts(&n, lateHost(5*time.Millisecond, liars[lie]), lateHost(5*time.Millisecond, attacked.Resolve))
				attack(t, opts, names).check(t, len(names))
				ended(t, &n)
			})
		})
	}
}

// Two honest resolvers of three outvote a liar of any kind, about what is found
// and about what is not.
func TestQuorumOutvotes(t *testing.T) {
	names := attackNames(2000, attackTLDs...)
	for lie, answer := range liars {
		for place, where := range []string{"first", "second", "third"} {
			t.Run(lie+", "+where, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var n dnstest.Net
					three := []dnstest.Host{
						lateHost(5*time.Millisecond, attacked.Resolve), lateHost(5*time.Millisecond, attacked.Resolve), lateHost(5*time.Millisecond, attacked.Resolve),
					}
					three[place] = lateHost(time.Millisecond, answer)
					opts := hosts(&n, three...)
					opts.Quorum = 2
					attack(t, opts, names).check(t, 0)
					ended(t, &n)
				})
			})
		}
	}
}

// Behind a resolver that rewrites NXDOMAIN every registered name is found, by
// responses that its rewriting cannot produce. No free name is.
func TestResolverRewrites(t *testing.T) {
	const n = 500
	names := halves(n)
	for how, rewrite := range map[string]change{
		"no data without SOA":   func(q, right *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeSuccess) },
		"the right denial":      func(q, right *dns.Msg) *dns.Msg { return right },
		"no data and wrong SOA": func(q, right *dns.Msg) *dns.Msg { return dnstest.NoData(q, "search.example") },
	} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var net dnstest.Net
				opts := hosts(&net, lateHost(5*time.Millisecond, func(q *dns.Msg) *dns.Msg {
					right := attacked.Resolve(q)
					switch {
					case right.Rcode != dns.RcodeNameError:
						return right
					case q.Question[0].Qtype == dns.TypeA:
						return dnstest.Address(q, "203.0.113.80")
					}
					return rewrite(q, right)
				}))
				c := attack(t, opts, names)
				c.check(t, n)
				if how != "the right denial" && c.unknown != n {
					t.Errorf("%d of %d free names are unknown", c.unknown, n)
				}
				ended(t, &net)
			})
		})
	}
}
