package probe_test

import (
	"testing"
	"testing/synctest"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
	"domprobe/probe"
)

// TestDenials is about resolvers that are right about every name but those that
// controls make up, for one of the two types that these are asked for.
func TestDenials(t *testing.T) {
	const filtered, bad = "unknown filtered", "unknown bad-response"
	type wrong struct {
		f    change
		want string
	}
	wrongs := map[string]wrong{
		"no SOA":             {func(q, right *dns.Msg) *dns.Msg { right.Ns = nil; return right }, filtered},
		"SOA of the root":    {denied, bad},
		"SOA of another":     {func(q, right *dns.Msg) *dns.Msg { return dnstest.NXDomain(q, "com") }, bad},
		"SOA of the name":    {func(q, right *dns.Msg) *dns.Msg { return dnstest.NXDomain(q, normal(q)) }, bad},
		"an alias":           {func(q, right *dns.Msg) *dns.Msg { right.Answer = dnstest.CNAME(q, "sink.com").Answer; return right }, bad},
		"name servers":       {func(q, right *dns.Msg) *dns.Msg { right.Answer = dnstest.NS(q).Answer; return right }, bad},
		"the answer of none": {func(q, right *dns.Msg) *dns.Msg { right.Answer = dnstest.SOA(q, "dev").Answer; return right }, bad},
	}
	for name, policy := range policies {
		wrongs[name] = wrong{policy, filtered}
	}
	for name, wrong := range wrongs {
		for _, qtype := range []uint16{dns.TypeDS, dns.TypeA} {
			t.Run(name+" to "+dns.TypeToString[qtype], func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var n dnstest.Net
					control := func(q *dns.Msg) bool { return madeUp(q) && q.Question[0].Qtype == qtype }
					got := probeAll(t, hosts(&n, changed(control, wrong.f)), "go.dev", "free.dev")
					expectBoth(t, got, "dev", wrong.want, goRight)
					ended(t, &n)
				})
			})
		}
	}
}

// One who fails to say that there is no address is not called a liar.
func TestNoAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		address := func(q *dns.Msg) bool { return q.Question[0].Qtype == dns.TypeA }
		refused := func(q, _ *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeRefused) }
		got := probeAll(t, hosts(&n, changed(address, refused)), "go.dev", "free.dev")
		expectBoth(t, got, "dev", "unknown refused", goRight)
		ended(t, &n)
	})
}

// A registry that says NOERROR for every name, and the truth with DO=1 only (RFC
// 9824): what a name was asked before the controls showed that is asked again.
func TestCompactDenial(t *testing.T) {
	denied := func(q *dns.Msg) bool { return world.Resolve(q).Rcode == dns.RcodeNameError }
	compact := func(q, _ *dns.Msg) *dns.Msg { return held(q, "RRSIG NSEC TYPE128") }
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		got := probeAll(t, hosts(&n, changed(denied, compact)), "go.dev", "free.dev")
		expectBoth(t, got, "dev", right, goRight)
		ended(t, &n)
	})
	// The controls are signed off by another zone, so that it may be anything.
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		got := probeAll(t, hosts(&n, changed(denied, func(q, right *dns.Msg) *dns.Msg {
			m := compact(q, right)
			if madeUp(q) {
				m.Ns[0].Header().Name = "com."
			}
			return m
		})), "go.dev", "free.dev")
		expectBoth(t, got, "dev", "unknown wildcard", goRight)
		ended(t, &n)
	})
}

// A registry does not make up for a resolver that the quorum lacks.
func TestQuorumOfResolvers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := registries(hostOf(world.Delegate))
		n.Listen("192.0.2.54:53", changed(func(q *dns.Msg) bool { return names(normal(q)) },
			func(q, _ *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeServerFailure) }))
		opts := probe.Options{Servers: udpServers("192.0.2.53:53", "192.0.2.54:53"), Dial: n.Dial, Escalate: true, Quorum: 2}
		got := probeAll(t, opts, "free.dev")
		expect(t, got, "free.dev", "unknown no-quorum")
		ended(t, n)
	})
}
