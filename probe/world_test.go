package probe_test

import (
	"context"
	"iter"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"domprobe/candidate"
	"domprobe/internal/dnstest"
	"domprobe/probe"
	"domprobe/probe/resolver"
)

// No test of this package leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is the truth of most tests: under these zones, "go" and all that begins
// with "go-" is registered. co.jp is a TLD in the zone jp, and unlisted one that
// the list of delegated TLDs does not have.
var world = dnstest.Truth{
	Registered: func(name string) bool {
		return strings.HasPrefix(name, "go.") || strings.HasPrefix(name, "go-")
	},
	Zone:  dnstest.Zones("dev", "com", "jp", "uk", "co.uk", "br", "com.br", "ws", "unlisted"),
	Empty: func(name string) bool { return name == "co.jp" },
}

// udpServers are servers asked over UDP.
func udpServers(addrs ...string) (servers []resolver.Server) {
	for _, a := range addrs {
		servers = append(servers, resolver.Server{Transport: resolver.UDP, Addr: a})
	}
	return servers
}

// probeAll decides about whole domains, and checks that each has exactly one row.
func probeAll(t *testing.T, opts probe.Options, names ...string) map[string]probe.Result {
	t.Helper()
	var cs []candidate.Candidate
	for _, name := range names {
		cs = append(cs, candidate.Parse(name))
	}
	return probeThese(t, opts, cs)
}

// probeThese is probeAll for candidates.
func probeThese(t *testing.T, opts probe.Options, cs []candidate.Candidate) map[string]probe.Result {
	t.Helper()
	p, err := probe.New(opts)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	defer p.Close()
	got := map[string]probe.Result{}
	for r, err := range p.Probe(context.Background(), stream(cs)) {
		if err != nil {
			t.Fatalf("Probe: %v", err)
		}
		if _, twice := got[r.Name]; twice {
			t.Errorf("%s has two rows", r.Name)
		}
		got[r.Name] = r
	}
	if len(got) != len(cs) {
		t.Errorf("%d names have %d rows", len(cs), len(got))
	}
	return got
}

func stream(cs []candidate.Candidate) iter.Seq2[candidate.Candidate, error] {
	return func(yield func(candidate.Candidate, error) bool) {
		for _, c := range cs {
			if !yield(c, nil) {
				return
			}
		}
	}
}

// expect checks a verdict, written as "found delegated".
func expect(t *testing.T, got map[string]probe.Result, name, want string) {
	t.Helper()
	r, ok := got[name]
	if verdict := r.Verdict.String() + " " + string(r.Reason); !ok || verdict != want {
		t.Errorf("%s: %s (rcode %d, %d tries, %v), want %s", name, verdict, r.Rcode, r.Tries, r.Err, want)
	}
}

// serve starts a server on loopback for the time of the test.
func serve(t *testing.T, h dnstest.Handler) string {
	t.Helper()
	s, err := dnstest.Serve(h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s.Addr()
}

// normal is the name of a query as results spell it.
func normal(q *dns.Msg) string {
	return strings.TrimSuffix(strings.ToLower(q.Question[0].Name), ".")
}

// hostOf is a host of a network in memory that answers over UDP and TCP alike.
func hostOf(f func(q *dns.Msg) *dns.Msg) dnstest.Host {
	h := dnstest.Wire(f)
	return dnstest.Host{UDP: h, TCP: dnstest.Stream(h)}
}

// A change is one of a response.
type change = func(q, right *dns.Msg) *dns.Msg

// changing answers some queries in another way.
func changing(honest func(q *dns.Msg) *dns.Msg, which func(q *dns.Msg) bool, f change) func(q *dns.Msg) *dns.Msg {
	return func(q *dns.Msg) *dns.Msg {
		right := honest(q)
		if which(q) {
			return f(q, right)
		}
		return right
	}
}

// changed is a resolver of the world that answers some queries in another way.
func changed(which func(q *dns.Msg) bool, f change) dnstest.Host {
	return hostOf(changing(world.Resolve, which, f))
}

// coded is a change to a response without records: with an extended error, or without
// OPT if ede is negative.
func coded(rcode, ede int) change {
	return func(q, _ *dns.Msg) *dns.Msg {
		m := dnstest.Rcode(q, rcode)
		if opt := m.IsEdns0(); opt != nil && ede >= 0 {
			opt.Option = []dns.EDNS0{&dns.EDNS0_EDE{InfoCode: uint16(ede)}}
		} else {
			m.Extra = nil
		}
		return m
	}
}

// policies are the signs of a response that a resolver makes up itself.
var policies = map[string]change{
	"AA=1": func(q, right *dns.Msg) *dns.Msg { right.Authoritative = true; return right },
	"RA=0": func(q, right *dns.Msg) *dns.Msg { right.RecursionAvailable = false; return right },
	"EDE": func(q, right *dns.Msg) *dns.Msg {
		right.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_EDE{InfoCode: dns.ExtendedErrorCodeBlocked}}
		return right
	},
	"made-up SOA": func(q, right *dns.Msg) *dns.Msg {
		for _, rr := range right.Ns {
			rr.(*dns.SOA).Ns = "fake-for-negative-caching.adguard.com."
		}
		return right
	},
}
