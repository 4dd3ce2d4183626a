package daemon

import (
	"fmt"
	"hash/fnv"
	"slices"
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
// Every word is a name under each of [Suffixes]; a hash of the name decides
// whether it is registered. Of the registered ones some have own servers that
// are broken in one of the usual ways. Two resolvers know this internet:
// Unbound and BIND.
type Internet struct {
	// Words are the labels of the names. They must not begin with "held-" or
	// "orphan-", nor be "nic".
	Words []string

	// RateLimit is that of the NSD of com, as in [NSD].
	RateLimit int
}

// Suffixes are the TLDs under which a laboratory has names.
func Suffixes() []string {
	return []string{"com", "net", "org", "dev", "co.uk", "com.br", "co.jp", "ws"}
}

// A Kind is what is the matter with a name of the laboratory.
type Kind string

const (
	Free      Kind = "free"       // not registered
	Healthy   Kind = "healthy"    // registered, and its own server answers
	Dead      Kind = "dead"       // registered; nothing listens where its server should be
	Refusing  Kind = "refused"    // registered; its server refuses
	Failing   Kind = "servfail"   // registered; its server fails
	Silent    Kind = "silent"     // registered; its server never answers
	Denying   Kind = "nxdomain"   // registered; its server says that it does not exist
	NoAddress Kind = "no-address" // registered; it has no address
	Held      Kind = "held"       // A and TXT records in the registry zone, no delegation
	Orphan    Kind = "orphan"     // not registered; the address of its server was left behind
)

// broken are the kinds of registered names that are rarer than the healthy.
var broken = []Kind{Dead, Refusing, Failing, Silent, Denying, NoAddress}

// A Name is one name of the laboratory and the truth about it.
type Name struct {
	Name       string
	Suffix     string
	Kind       Kind
	Registered bool

	// Resolver and Direct are the verdicts that can be reached at best
	// through a resolver and from the registry's own servers: "found",
	// "not-found" or "unknown". A resolver's answer does not tell a held
	// name or a server's address left behind from a delegated name.
	Resolver, Direct string
}

// A Lab is a running [Internet].
type Lab struct {
	Names []Name

	// Root is the address of the root server, without a port: for further
	// resolvers of this internet.
	Root string

	// Unbound and BIND are the resolvers.
	Unbound *UnboundDaemon
	BIND    *Daemon

	// Registries are the servers of the TLDs: "nsd", "knot" and "bind".
	Registries map[string]*Daemon

	net   network
	names map[string]Name
}

// Truth returns for every name whether it is registered.
func (l *Lab) Truth() map[string]bool {
	truth := make(map[string]bool, len(l.Names))
	for _, n := range l.Names {
		truth[n.Name] = n.Registered
	}
	return truth
}

// Unknowable returns the names about which no verdict can be reached, from
// the registries' own servers or through a resolver.
func (l *Lab) Unknowable(direct bool) []string {
	var names []string
	for _, n := range l.Names {
		if direct && n.Direct == "unknown" || !direct && n.Resolver == "unknown" {
			names = append(names, n.Name)
		}
	}
	return names
}

// Start starts the laboratory for the length of the test. The test is skipped
// where a server or the right to port 53 is missing.
func (in Internet) Start(t testing.TB) *Lab {
	t.Helper()
	l := &Lab{net: newNetwork(t), Registries: make(map[string]*Daemon), names: make(map[string]Name)}
	l.Root = l.net.ip(rootHost)
	for _, suffix := range Suffixes() {
		l.add(in.Words, suffix)
	}
	l.startHosts(t)
	l.startRegistries(t, in.RateLimit)
	l.Unbound = Unbound{Addrs: l.net.addrs(unboundHost), Root: l.Root}.Start(t)
	l.BIND = BIND{Root: l.Root, Recursive: true}.Start(t)
	return l
}

// add makes the names under a suffix.
func (l *Lab) add(words []string, suffix string) {
	labels := append(slices.Clone(words), "held-1", "held-2", "orphan-1", "orphan-2")
	for _, label := range labels {
		n := Name{Name: label + "." + suffix, Suffix: suffix}
		n.Kind = kindOf(label, suffix)
		if n.Kind == "" {
			continue
		}
		switch n.Kind {
		case Free:
			n.Resolver, n.Direct = "not-found", "not-found"
			if suffix == "ws" {
				n.Resolver, n.Direct = "unknown", "unknown"
			}
		case Held, Orphan:
			n.Registered = n.Kind == Held
			n.Resolver, n.Direct = "found", "unknown"
		default:
			n.Registered = true
			n.Resolver, n.Direct = "found", "found"
		}
		if _, repeated := l.names[n.Name]; !repeated {
			l.Names = append(l.Names, n)
			l.names[n.Name] = n
		}
	}
}

// kindOf returns what is the matter with a name, and "" for one that there
// is not: under the wildcard, nothing but healthy and free names can be told
// apart.
func kindOf(label, suffix string) Kind {
	h := hash(label + "." + suffix)
	special := strings.HasPrefix(label, "held-") || strings.HasPrefix(label, "orphan-")
	switch {
	case special && suffix == "ws":
		return ""
	case strings.HasPrefix(label, "held-"):
		return Held
	case special:
		return Orphan
	case h%2 == 0:
		return Free
	}
	h = h / 2 % 100
	if each := uint32(5); suffix != "ws" && h < each*uint32(len(broken)) {
		return broken[h/each]
	}
	return Healthy
}

func hash(s string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(s)) // never fails
	return h.Sum32()
}

// records returns what the registry of a suffix has about its names. The
// names are relative to the zone, under the given label if it is not empty.
func (l *Lab) records(suffix, under string) string {
	if under != "" {
		under = "." + under
	}
	var b strings.Builder
	for _, n := range l.Names {
		if n.Suffix != suffix {
			continue
		}
		owner := strings.TrimSuffix(n.Name, "."+suffix) + under
		switch n.Kind {
		case Free:
		case Held:
			fmt.Fprintf(&b, "%[1]s A 192.0.2.2\n%[1]s TXT \"reserved\"\n", owner)
		case Orphan:
			fmt.Fprintf(&b, "ns1.%s A 192.0.2.3\n", owner)
		default:
			fmt.Fprintf(&b, "%s NS %s\n", owner, hostOf(n.Kind))
		}
	}
	return b.String()
}

// hostOf returns the name of the server of registered names of a kind.
func hostOf(k Kind) string { return string(k) + ".hosts." }

// zoneOf returns the registered name that is the name or above it, and "".
func (l *Lab) zoneOf(name string) string {
	for name != "" {
		if l.names[name].Registered {
			return name
		}
		_, name, _ = strings.Cut(name, ".")
	}
	return ""
}

// startHosts starts the servers of the registered names.
func (l *Lab) startHosts(t testing.TB) {
	t.Helper()
	own := dnstest.Truth{Registered: func(string) bool { return false }, Zone: l.zoneOf}
	answers := map[Kind]func(q *dns.Msg) *dns.Msg{
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
	for kind, answer := range answers {
		l.serve(t, l.net.host(kind), answer)
	}
}

// serve answers on a host of the laboratory from within the process.
func (l *Lab) serve(t testing.TB, host int, answer func(q *dns.Msg) *dns.Msg) {
	t.Helper()
	s, err := dnstest.ServeAt(l.net.addr(host), dnstest.Answer(answer))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
}
