package daemon

import (
	"strings"
	"testing"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
)

// Internet is a laboratory on loopback addresses of a network of its own,
// with all servers on port 53, which takes the rights of root:
//
//	.              NSD
//	com            NSD    two good servers, one silent and one lame (REFUSED)
//	net            Knot   NSEC; two good servers, one dead and one lame (upward referral)
//	org            Knot   NSEC3 with opt-out
//	dev            BIND
//	uk, co.uk      BIND   a second level in a zone of its own
//	br             BIND   its second level has a zone and servers of its own:
//	com.br         NSD
//	jp             Knot   with the names under co.jp, which is no zone
//	ws             NSD    wildcard: every name has an address
//
// Every word is a name under each of com, net, org, dev, co.uk, com.br, co.jp and
// ws; a hash of the name decides whether it is registered. Of the registered ones
// some have own servers that are broken in one of the usual ways. Two resolvers know
// this internet: Unbound and BIND.
type Internet struct {
	// Words are the labels of the names. They must not begin with "held-" or
	// "orphan-", nor be "nic", which every registry zone delegates, or
	// "tld-servers".
	Words []string

	// RateLimit is that of the NSD of com, as in [NSD].
	RateLimit int
}

// suffixes are the TLDs under which a laboratory has names.
var suffixes = []string{"com", "net", "org", "dev", "co.uk", "com.br", "co.jp", "ws"}

// A Lab is a running [Internet].
type Lab struct {
	Names []Name

	// Root is the address of the root server, without a port: for further
	// resolvers of this internet.
	Root string

	// Unbound and BIND are the resolvers.
	Unbound, BIND *Daemon

	net        network
	registered map[string]bool // Names, nic.ZONE and the names of package known
}

// Start starts the laboratory for the length of the test. The test is skipped
// where a server or the right to port 53 is missing.
func (in Internet) Start(t testing.TB) *Lab {
	t.Helper()
	l := &Lab{net: newNetwork(t), registered: make(map[string]bool)}
	l.Root = l.net.ip(rootHost)
	for _, suffix := range suffixes {
		l.add(in.Words, suffix)
	}
	l.startRegistries(t, in.RateLimit)
	l.startHosts(t)
	l.Unbound = Unbound{Addrs: l.net.addrs(unboundHost), Root: l.Root}.Start(t)
	l.BIND = BIND{Root: l.Root, Recursive: true}.Start(t)
	return l
}

// zoneOf returns the registered name that is the name or above it, and "".
func (l *Lab) zoneOf(name string) string {
	for name != "" && !l.registered[name] {
		_, name, _ = strings.Cut(name, ".")
	}
	return name
}

// startHosts starts the servers of the registered names.
func (l *Lab) startHosts(t testing.TB) {
	t.Helper()
	none := func(string) bool { return false }
	own := dnstest.Truth{Registered: none, Zone: l.zoneOf, NIC: none}
	responses := map[Kind]func(q *dns.Msg) *dns.Msg{
		Healthy: func(q *dns.Msg) *dns.Msg {
			switch q.Question[0].Qtype {
			case dns.TypeA:
				return dnstest.Address(q, "192.0.2.1")
			case dns.TypeNS:
				r := dnstest.NS(q)
				r.Answer[0].(*dns.NS).Ns = hostOf(Healthy)
				return r
			}
			return own.Delegate(q)
		},
		NoAddress: own.Delegate, // there is nothing in the zone
		Refusing:  func(q *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeRefused) },
		Failing:   func(q *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeServerFailure) },
		Silent:    func(*dns.Msg) *dns.Msg { return nil },
		Denying: func(q *dns.Msg) *dns.Msg {
			return dnstest.NXDomain(q, l.zoneOf(strings.TrimSuffix(strings.ToLower(q.Question[0].Name), ".")))
		},
	}
	for kind, response := range responses {
		serve(t, l.net.addr(l.net.host(kind)), response)
	}
}

// serve serves on an address, or a free one, from within the process.
func serve(t testing.TB, addr string, response func(q *dns.Msg) *dns.Msg) string {
	t.Helper()
	s, err := dnstest.ServeAt(addr, dnstest.Answer(response))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s.Addr()
}
