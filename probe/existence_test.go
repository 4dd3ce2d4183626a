package probe_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
	"domprobe/probe"
)

// aboutTLD reports whether a query is about a TLD itself.
func aboutTLD(q *dns.Msg) bool { return !strings.Contains(normal(q), ".") && !madeUp(q) }

// madeUp reports whether a query is about a name that is to be nowhere.
func madeUp(q *dns.Msg) bool {
	label, _, _ := strings.Cut(normal(q), ".")
	return len(label) >= 9 && strings.Trim(label, "abcdefghijklmnopqrstuvwxyz") == ""
}

func always(*dns.Msg) bool { return true }

// denied denies a name with the SOA of the root.
func denied(q, right *dns.Msg) *dns.Msg { return dnstest.NXDomain(q, "") }

func silent(q, right *dns.Msg) *dns.Msg { return nil }

// after makes a change of what another one gives.
func after(first, then change) change {
	return func(q, right *dns.Msg) *dns.Msg { return then(q, first(q, right)) }
}

// right is the verdict where a name gets the one that is true.
const right = "right"

// expectBoth checks the verdict about a registered and a free name of a TLD.
func expectBoth(t *testing.T, got map[string]probe.Result, tld, want, registered string) {
	t.Helper()
	if want != right {
		expect(t, got, "go."+tld, want)
		expect(t, got, "free."+tld, want)
		return
	}
	expect(t, got, "go."+tld, registered)
	expect(t, got, "free."+tld, freeRight)
}

// TestExistence is about what resolvers say of a TLD that exists: of one on the
// list of delegated TLDs, and of one that is not there.
func TestExistence(t *testing.T) {
	const (
		filtered, bad     = "unknown filtered", "unknown bad-response"
		disagree, missing = "unknown disagreement", "invalid no-such-tld"
	)
	type servers []dnstest.Host
	healthy := hostOf(world.Resolve)
	denier := changed(always, denied)
	address := func(q, _ *dns.Msg) *dns.Msg { return resolving(dnstest.Address(q, "203.0.113.80")) }
	alias := func(q, _ *dns.Msg) *dns.Msg { return resolving(dnstest.CNAME(q, "com")) }
	tests := map[string]struct {
		servers
		dev, unlisted string
	}{
		"an address":                  {servers{changed(aboutTLD, address)}, "unknown hijacked", "unknown hijacked"},
		"an alias":                    {servers{changed(aboutTLD, alias)}, bad, bad},
		"an alias that is denied":     {servers{changed(always, aliasDenied)}, bad, bad},
		"no data, SOA of the root":    {servers{changed(always, rootOnly)}, bad, bad},
		"denied":                      {servers{denier}, disagree, missing},
		"denied, the other is silent": {servers{denier, changed(always, silent)}, disagree, missing},
		"denied by both":              {servers{denier, denier}, missing, missing},
		"denied by one of two":        {servers{denier, healthy}, right, right},
		"denied by two of three":      {servers{denier, healthy, denier}, right, right},
	}
	for name, policy := range policies {
		test := tests["denied"]
		test.dev, test.unlisted = filtered, filtered
		test.servers = servers{changed(always, after(denied, policy))}
		tests["denied by policy, "+name] = test
		if name != "made-up SOA" { // which only denials have
			test.servers = servers{changed(aboutTLD, policy)}
			tests["by policy, "+name] = test
		}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n dnstest.Net
				opts := hosts(&n, test.servers...)
				got := probeAll(t, opts, "go.dev", "free.dev", "go.unlisted", "free.unlisted")
				expectBoth(t, got, "dev", test.dev, goRight)
				expectBoth(t, got, "unlisted", test.unlisted, goRight)
				opts.Escalate = true
				for name, r := range probeAll(t, opts, "go.dev", "free.dev") {
					if r.Verdict == probe.Invalid && test.dev != missing {
						t.Errorf("with escalation, %s is %v %s (%v)", name, r.Verdict, r.Reason, r.Err)
					}
				}
				ended(t, &n)
			})
		})
	}
}

// aliasDenied denies with an alias in the answer.
func aliasDenied(q, right *dns.Msg) *dns.Msg {
	m := denied(q, right)
	m.Answer = dnstest.CNAME(q, "sink.com").Answer
	return m
}

// rootOnly knows the root only: it has no data about a TLD, and nothing below.
func rootOnly(q, right *dns.Msg) *dns.Msg {
	if aboutTLD(q) {
		return dnstest.NoData(q, "")
	}
	return denied(q, right)
}

// A server that says that the TLD does not exist does not make a single other
// one be asked twice about it.
func TestComparedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var roots atomic.Int32
		var n dnstest.Net
		suspect := hostOf(func(q *dns.Msg) *dns.Msg {
			if !strings.Contains(normal(q), ".") && madeUp(q) {
				roots.Add(1)
			}
			return wildcard(q)
		})
		opts := hosts(&n, changed(always, denied), late(suspect, func() time.Duration { return time.Millisecond }))
		got := probeAll(t, opts, "go.ws", "free.ws")
		expect(t, got, "go.ws", "found delegated")
		expect(t, got, "free.ws", "unknown wildcard")
		if n := roots.Load(); n != 1 {
			t.Errorf("%d queries about TLDs that cannot exist", n)
		}
		ended(t, &n)
	})
}

// A server that names another zone than most is not believed, and neither of two.
func TestZonesDisagree(t *testing.T) {
	// It says that co.jp is a zone, and that nothing is in it.
	other := hostOf(func(q *dns.Msg) *dns.Msg {
		if normal(q) == "co.jp" {
			return dnstest.SOA(q, "co.jp")
		}
		return dnstest.NXDomain(q, "co.jp")
	})
	slow := late(dnstest.Host{UDP: other.UDP}, func() time.Duration { return 50 * time.Millisecond })
	healthy := late(hostOf(world.Resolve), func() time.Duration { return 10 * time.Millisecond })
	var list []string
	for _, name := range numbered(40) {
		list = append(list, strings.TrimSuffix(name, "dev")+"co.jp")
	}
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		for name, r := range probeAll(t, hosts(&n, healthy, slow, healthy), list...) {
			want := freeRight
			if strings.HasPrefix(name, "go") {
				want = goRight
			}
			if got := r.Verdict.String() + " " + string(r.Reason); got != want {
				t.Errorf("%s is %s, want %s", name, got, want)
			}
		}
		ended(t, &n)
	})
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		for name, r := range probeAll(t, hosts(&n, healthy, slow), list...) {
			if r.Server == "192.0.2.2:53" {
				t.Errorf("%s is %v %s by the word of the later one", name, r.Verdict, r.Reason)
			}
		}
		ended(t, &n)
	})
}
