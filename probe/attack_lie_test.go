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

// A resolver that lies about some names is found out beside honest ones, which are not measured
// by the names that it makes up.
func TestLiesSome(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long with the race detector")
	}
	const runs = 5
	names := attackNames(10000, "dev", "io")
	for lie, liar := range map[string]dnstest.Truth{
		"finds half of what is free": {Registered: func(name string) bool { return attacked.Registered(name) || chance(name, 50) }},
		"finds a fifth":              {Registered: func(name string) bool { return attacked.Registered(name) || chance(name, 20) }},
		"denies half":                {Registered: func(name string) bool { return attacked.Registered(name) && chance(name, 50) }},
		"inverts half":               {Registered: func(name string) bool { return attacked.Registered(name) != chance(name, 50) }},
	} {
		t.Run(lie, func(t *testing.T) {
			var all tally
			for range runs {
				synctest.Test(t, func(t *testing.T) {
					var n dnstest.Net
					list := []dnstest.Host{lateHost(5*time.Millisecond, liar.Resolve)}
					for range 3 {
						list = append(list, lateHost(5*time.Millisecond, attacked.Resolve))
					}
					c := attack(t, hosts(&n, list...), names)
					all.wrong, all.unknown, all.right = all.wrong+c.wrong, all.unknown+c.unknown, all.right+c.right
					ended(t, &n)
				})
			}
			if t.Log(all); all.wrong+all.unknown > runs*len(names)/500 {
				t.Errorf("%d of %d verdicts are wrong or unknown", all.wrong+all.unknown, runs*len(names))
			}
		})
	}
}
