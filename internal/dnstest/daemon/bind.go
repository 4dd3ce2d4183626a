package daemon

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/miekg/dns"
)

// BIND is ISC's server, authoritative or recursive. It listens on a port of
// 127.0.0.1: of the loopback addresses, it takes those of network interfaces.
type BIND struct {
	Zones []Zone // unsigned

	// Recursive makes it a resolver, of the internet whose root is at Root,
	// or of the zones of Forward.
	Recursive bool

	// Root is the address of the root server, without a port.
	Root string

	// Forward maps zones, "" being the root, to the address and port of
	// another resolver.
	Forward map[string]string

	// Policy is a blocklist.
	Policy Policy
}

// Start starts the server for the length of the test.
func (n BIND) Start(t testing.TB) *Daemon {
	t.Helper()
	s := newSetup(t, "named", "/usr/sbin/named")
	addr := ownPort(t, "127.0.0.1")
	host, port := split(addr)
	s.printf(`controls { };
options {
	directory %q;
	pid-file none;
	lock-file none;
	max-cache-size 100m;
	session-keyfile none;
	listen-on port %s { %s; };
	listen-on-v6 { none; };
	allow-query { any; };
	recursion %t;
	dnssec-validation no;
	empty-zones-enable no;
	notify no;
`, s.dir, port, host, n.Recursive)
	if n.Policy.Names != nil {
		z := n.Policy.zone()
		s.printf("\tresponse-policy { zone %q; } break-dnssec yes qname-wait-recurse no;\n};\n", z.Origin)
		s.printf("zone %q { type primary; file %q; allow-query { none; }; };\n", z.Origin, s.zoneFile(z))
	} else {
		s.printf("};\n")
	}
	ready := n.Zones
	if n.Root != "" {
		s.printf("zone \".\" { type hint; file %q; };\n", s.file("root.hints", hints(n.Root)))
		ready = append(ready, Zone{})
	}
	for _, zone := range slices.Sorted(maps.Keys(n.Forward)) {
		host, port := split(n.Forward[zone])
		s.printf("zone %q { type forward; forward only; forwarders { %s port %s; }; };\n", dns.Fqdn(zone), host, port)
	}
	for _, z := range n.Zones {
		s.printf("zone %q { type primary; file %q; check-names ignore; check-integrity no; };\n",
			dns.Fqdn(z.Origin), s.zoneFile(z))
	}
	d := s.start(addr, ready, "-g", "-n", "1", "-c")
	if len(n.Policy.Names) > 0 { // which is loaded when it responds already
		d.awaitResponse(t, dns.Fqdn(n.Policy.Names[0]), dns.TypeDS, func(r *dns.Msg) bool {
			return !slices.ContainsFunc(r.Ns, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeSOA })
		})
	}
	return d
}

// rootServer is the name of the root server of every laboratory.
const rootServer = "a.root"

// hints returns a hints file for a root server.
func hints(ip string) string {
	return fmt.Sprintf(". 3600 NS %[1]s.\n%[1]s. 3600 A %[2]s\n", rootServer, ip)
}
