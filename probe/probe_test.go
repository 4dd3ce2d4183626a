package probe_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"domprobe/candidate"
	"domprobe/internal/dnstest"
	"domprobe/probe"
)

// A fault answers in place of a healthy resolver; right is what that would say.
type fault func(w dns.ResponseWriter, q, right *dns.Msg, network string)

// replace is the fault of another answer.
func replace(f func(q, right *dns.Msg) *dns.Msg) fault {
	return func(w dns.ResponseWriter, q, right *dns.Msg, network string) {
		if m := f(q, right); m != nil {
			w.WriteMsg(m)
		}
	}
}

// forgedFirst sends a changed copy of the right answer ahead of it, or, over
// TCP, in place of it.
func forgedFirst(change func(m *dns.Msg)) fault {
	return func(w dns.ResponseWriter, q, right *dns.Msg, network string) {
		forged := right.Copy()
		change(forged)
		w.WriteMsg(forged)
		if network == "udp" {
			w.WriteMsg(right)
		}
	}
}

func onlyForged(change func(m *dns.Msg)) fault {
	return func(w dns.ResponseWriter, q, right *dns.Msg, network string) {
		change(right)
		w.WriteMsg(right)
	}
}

func soaOf(owner string) func(q, right *dns.Msg) *dns.Msg {
	return func(q, right *dns.Msg) *dns.Msg { return dnstest.NXDomain(q, owner) }
}

// about makes a handler whose fault is about some names.
func about(names func(name string) bool, f fault) dnstest.Handler {
	return func(w dns.ResponseWriter, q *dns.Msg, network string) {
		right := world.Resolve(q)
		if names(normal(q)) {
			f(w, q, right, network)
			return
		}
		w.WriteMsg(right)
	}
}

func names(name string) bool { return name == "go.dev" || name == "free.dev" }

func everything(string) bool { return true }

// first is the fault f for the first n queries about each of the two names.
func first(n int32, f fault) fault {
	var asked [2]atomic.Int32
	return func(w dns.ResponseWriter, q, right *dns.Msg, network string) {
		i := 0
		if normal(q) == "go.dev" {
			i = 1
		}
		if asked[i].Add(1) > n {
			w.WriteMsg(right)
			return
		}
		f(w, q, right, network)
	}
}

func silence(dns.ResponseWriter, *dns.Msg, *dns.Msg, string) {}

func onUDP(f fault) fault {
	return func(w dns.ResponseWriter, q, right *dns.Msg, network string) {
		if network == "tcp" {
			w.WriteMsg(right)
			return
		}
		f(w, q, right, network)
	}
}

func rcode(code int) fault {
	return replace(func(q, right *dns.Msg) *dns.Msg { return dnstest.Rcode(q, code) })
}

const (
	goRight   = "found exists"
	freeRight = "not-found nxdomain"
)

// TestResolverFaults asks a resolver about a registered and a free name.
func TestResolverFaults(t *testing.T) {
	const quick = 500 * time.Millisecond // of tests in which nobody answers
	tests := []struct {
		name    string
		handler dnstest.Handler
		timeout time.Duration
		reg     string
		free    string
	}{
		{"healthy", about(names, replace(func(q, right *dns.Msg) *dns.Msg { return right })), 0, goRight, freeRight},
		{"wrong ID, then right", about(names, forgedFirst(func(m *dns.Msg) { m.Id++ })), 0, goRight, freeRight},
		{"wrong ID", about(names, onlyForged(func(m *dns.Msg) { m.Id++ })), quick, "unknown timeout", "unknown timeout"},
		{"wrong question, then right", about(names, forgedFirst(func(m *dns.Msg) { m.Question[0].Name = "other.dev." })), 0, goRight, freeRight},
		{"wrong question", about(names, onlyForged(func(m *dns.Msg) { m.Question[0].Name = "other.dev." })), quick, "unknown bad-response", "unknown bad-response"},
		{"QR=0, then right", about(names, forgedFirst(func(m *dns.Msg) { m.Response = false })), 0, goRight, freeRight},
		{"missing SOA", about(names, replace(func(q, right *dns.Msg) *dns.Msg { right.Ns = nil; return right })), 0, "unknown filtered", "unknown filtered"},
		{"SOA in the additional section only", about(names, replace(func(q, right *dns.Msg) *dns.Msg {
			right.Ns, right.Extra = nil, append(right.Ns, right.Extra...)
			return right
		})), 0, "unknown filtered", "unknown filtered"},
		{"SOA of the wrong zone", about(names, replace(soaOf("com"))), 0, "unknown bad-response", "unknown bad-response"},
		{"SOA of the name itself", about(names, replace(func(q, right *dns.Msg) *dns.Msg { return dnstest.NXDomain(q, normal(q)) })), 0, "found child-zone", "found child-zone"},
		{"SOA below the name", about(names, replace(func(q, right *dns.Msg) *dns.Msg { return dnstest.NXDomain(q, "x."+normal(q)) })), 0, "found child-zone", "found child-zone"},
		{"SOA of a filter", about(names, replace(func(q, right *dns.Msg) *dns.Msg { return dnstest.AdGuard(q) })), 0, "unknown filtered", "unknown filtered"},
		{"SOA of the root", about(names, replace(soaOf(""))), 0, "unknown disagreement", "unknown disagreement"},
		{"AA=1", about(names, onlyForged(func(m *dns.Msg) { m.Authoritative = true })), 0, "unknown filtered", "unknown filtered"},
		{"RA=0", about(names, onlyForged(func(m *dns.Msg) { m.RecursionAvailable = false })), 0, "unknown filtered", "unknown filtered"},
		{"AA=1 always", about(everything, onlyForged(func(m *dns.Msg) { m.Authoritative = true })), 0, "unknown filtered", "unknown filtered"},
		{"RA=0 always", about(everything, onlyForged(func(m *dns.Msg) { m.RecursionAvailable = false })), 0, "unknown filtered", "unknown filtered"},
		{"truncated", about(names, onUDP(replace(func(q, right *dns.Msg) *dns.Msg { return dnstest.Truncate(q) }))), 0, goRight, freeRight},
		{"all truncated", about(everything, onUDP(replace(func(q, right *dns.Msg) *dns.Msg { return dnstest.Truncate(q) }))), 0, goRight, freeRight},
		{"SERVFAIL, then good", about(names, first(1, rcode(dns.RcodeServerFailure))), 0, goRight, freeRight},
		{"SERVFAIL", about(names, rcode(dns.RcodeServerFailure)), 0, "unknown servfail", "unknown servfail"},
		{"REFUSED", about(names, rcode(dns.RcodeRefused)), 0, "unknown refused", "unknown refused"},
		{"REFUSED always", about(everything, rcode(dns.RcodeRefused)), 0, "unknown refused", "unknown refused"},
		{"FORMERR to OPT", about(everything, replace(func(q, right *dns.Msg) *dns.Msg {
			if q.IsEdns0() != nil {
				return dnstest.Rcode(q, dns.RcodeFormatError)
			}
			return right
		})), 0, goRight, freeRight},
		{"NOTIMP", about(names, rcode(dns.RcodeNotImplemented)), 0, "unknown bad-response", "unknown bad-response"},
		{"silence", about(names, silence), quick, "unknown timeout", "unknown timeout"},
		{"silence over UDP", about(names, onUDP(silence)), 2 * quick, goRight, freeRight},
		{"silence always", about(everything, silence), quick, "unknown timeout", "unknown timeout"},
		{"NXDOMAIN rewritten to an address", about(everything, replace(func(q, right *dns.Msg) *dns.Msg {
			if right.Rcode == dns.RcodeNameError && q.Question[0].Qtype == dns.TypeA {
				return dnstest.Address(q, "203.0.113.80")
			}
			return right
		})), 0, goRight, "unknown hijacked"},
		{"NXDOMAIN rewritten to no data", about(everything, replace(func(q, right *dns.Msg) *dns.Msg {
			switch {
			case right.Rcode != dns.RcodeNameError:
				return right
			case q.Question[0].Qtype == dns.TypeA:
				return dnstest.Address(q, "203.0.113.80")
			}
			return dnstest.NoData(q, "dev")
		})), 0, "unknown hijacked", "unknown hijacked"},
		{"NXDOMAIN for everything", about(everything, replace(func(q, right *dns.Msg) *dns.Msg {
			return dnstest.Rcode(q, dns.RcodeNameError)
		})), 0, "unknown filtered", "unknown filtered"},
		{"NXDOMAIN with the SOA of the TLD for everything", about(everything, replace(soaOf("dev"))), 0, "unknown filtered", "unknown filtered"},
		{"alias", about(names, replace(func(q, right *dns.Msg) *dns.Msg { return dnstest.CNAME(q, "sink.com") })), 0, "unknown filtered", "unknown filtered"},
		{"no DS", about(everything, replace(func(q, right *dns.Msg) *dns.Msg {
			if q.Question[0].Qtype == dns.TypeDS {
				return dnstest.Rcode(q, dns.RcodeNotImplemented)
			}
			return right
		})), 0, "found delegated", freeRight},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			opts := probe.Options{Servers: udpServers(serve(t, test.handler)), Timeout: test.timeout}
			got := probeAll(t, opts, "go.dev", "free.dev")
			expect(t, got, "go.dev", test.reg)
			expect(t, got, "free.dev", test.free)
		})
	}
}

// A response cut to nothing over UDP, while TCP is refused, is no answer.
func TestTruncatedNoTCP(t *testing.T) {
	s, err := dnstest.Host{UDP: dnstest.Wire(func(q *dns.Msg) *dns.Msg {
		if names(normal(q)) {
			return dnstest.Truncate(q)
		}
		return world.Resolve(q)
	})}.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got := probeAll(t, probe.Options{Servers: udpServers(s.Addr())}, "go.dev", "free.dev", "other.dev")
	expect(t, got, "go.dev", "unknown truncated")
	expect(t, got, "free.dev", "unknown truncated")
	expect(t, got, "other.dev", freeRight)
}

// Nobody listens: every name is unknown, and nothing hangs.
func TestUnreachable(t *testing.T) {
	s, err := dnstest.Closed()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got := probeAll(t, probe.Options{Servers: udpServers(s.Addr())}, "go.dev", "free.dev")
	expect(t, got, "go.dev", "unknown unreachable")
	expect(t, got, "free.dev", "unknown unreachable")
}

// TestTLDs is about the kinds of TLD that there are, at a healthy resolver.
func TestTLDs(t *testing.T) {
	addr := serve(t, dnstest.Answer(func(q *dns.Msg) *dns.Msg {
		name, qtype := normal(q), q.Question[0].Qtype
		r := world.Resolve(q)
		if r.Rcode != dns.RcodeNameError || !dns.IsSubDomain("ws.", name+".") {
			return r
		}
		if qtype == dns.TypeA {
			return dnstest.Address(q, "127.0.53.53")
		}
		return dnstest.NoData(q, "ws")
	}))
	cs := []candidate.Candidate{
		{Name: "go.co.nosuch", TLD: "co.nosuch"},
		{Name: "free.co.nosuch", TLD: "co.nosuch"},
		{Name: "free.nosuch.uk", TLD: "nosuch.uk"},
		{Name: "go.devv", TLD: "devv"},
	}
	for _, name := range []string{
		"go.co.jp", "free.co.jp", "go.co.uk", "free.co.uk", "go.uk", "go.ws", "free.ws", "go.com.br", "free.com.br",
		"go.test", "go.local", "go.onion", "go.home.arpa", "co.uk", "x.go.dev", "go_.dev", "go.dev", "free.dev",
	} {
		cs = append(cs, candidate.Parse(name))
	}
	got := probeThese(t, probe.Options{Servers: udpServers(addr)}, cs)
	for name, want := range map[string]string{
		"go.co.nosuch":   "invalid no-such-tld",
		"free.co.nosuch": "invalid no-such-tld",
		"free.nosuch.uk": "invalid no-such-tld",
		"go.devv":        "invalid no-such-tld",
		"go.co.jp":       goRight,
		"free.co.jp":     freeRight,
		"go.co.uk":       goRight,
		"free.co.uk":     freeRight,
		"go.uk":          goRight,
		"go.ws":          "found delegated",
		"free.ws":        "unknown wildcard",
		"go.com.br":      goRight,
		"free.com.br":    freeRight,
		"go.test":        "invalid special-use",
		"go.local":       "invalid special-use",
		"go.onion":       "invalid special-use",
		"go.home.arpa":   "invalid special-use",
		"co.uk":          "invalid public-suffix",
		"x.go.dev":       "invalid not-registrable",
		"go_.dev":        "invalid bad-label",
		"go.dev":         goRight,
		"free.dev":       freeRight,
	} {
		expect(t, got, name, want)
	}
}

// Invalid names are never asked about.
func TestNeverAsked(t *testing.T) {
	var asked atomic.Int32
	addr := serve(t, func(w dns.ResponseWriter, q *dns.Msg, network string) { asked.Add(1) })
	probeAll(t, probe.Options{Servers: udpServers(addr)},
		"go.test", "go.invalid", "localhost", "go.example", "go.local", "go.onion", "go.alt", "go.internal", "go.home.arpa", "-x.dev")
	if n := asked.Load(); n != 0 {
		t.Errorf("%d queries were asked about names that are never asked", n)
	}
}
