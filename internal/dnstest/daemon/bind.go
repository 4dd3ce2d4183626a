package daemon

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// BIND is ISC's server, authoritative or recursive.
type BIND struct {
	// Addrs are addresses of network interfaces, which of the loopback
	// ones are 127.0.0.1 and ::1. None means a port of 127.0.0.1.
	Addrs []string

	Zones []Zone // unsigned

	// Recursive makes it a resolver, of the internet whose root is at Root,
	// or of the zones of Forward.
	Recursive bool

	// Root is the address of the root server, without a port.
	Root string

	// Forward maps zones, "" being the root, to the address and port of
	// the server that is asked instead of the zone's own.
	Forward map[string]string

	// Policy is a blocklist.
	Policy Policy
}

// Start starts the server for the length of the test.
func (n BIND) Start(t testing.TB) *Daemon {
	t.Helper()
	path, dir := Need(t, "named", "/usr/sbin/named"), t.TempDir()
	addrs := n.Addrs
	if len(addrs) == 0 {
		addrs = []string{ownPort(t, "127.0.0.1")}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `controls { };
options {
	directory %q;
	pid-file none;
	lock-file none;
	max-cache-size 100m;
	session-keyfile none;
	listen-on-v6 { none; };
	allow-query { any; };
	recursion %s;
	dnssec-validation no;
	empty-zones-enable no;
	notify no;
`, dir, yesNo(n.Recursive))
	for _, addr := range addrs {
		host, port := split(t, addr)
		fmt.Fprintf(&b, "\tlisten-on port %d { %s; };\n", port, host)
	}
	if n.Policy.Names != nil {
		b.WriteString("\tresponse-policy { zone \"policy.invalid\"; } break-dnssec yes qname-wait-recurse no;\n")
	}
	b.WriteString("};\n")
	if n.Policy.Names != nil {
		z := n.Policy.zone()
		fmt.Fprintf(&b, "zone %q { type primary; file %q; allow-query { none; }; };\n", z.Origin, z.write(t, dir))
	}
	if n.Root != "" {
		fmt.Fprintf(&b, "zone \".\" { type hint; file %q; };\n", writeFile(t, dir, "root.hints", hints(n.Root)))
	}
	for _, zone := range slices.Sorted(maps.Keys(n.Forward)) {
		host, port := split(t, n.Forward[zone])
		fmt.Fprintf(&b, "zone %q { type forward; forward only; forwarders { %s port %d; }; };\n", dns.Fqdn(zone), host, port)
	}
	for _, z := range n.Zones {
		fmt.Fprintf(&b, "zone %q { type primary; file %q; check-names ignore; check-integrity no; };\n", dns.Fqdn(z.Origin), z.write(t, dir))
	}
	conf := writeFile(t, dir, "named.conf", b.String())
	return start(t, command{
		path: path, args: []string{"-g", "-n", "1", "-c", conf}, dir: dir, addr: addrs[0],
		ready: soaOf(n.Zones), anything: len(n.Zones) == 0 && n.Root == "",
	})
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// hints returns a hints file for a root server.
func hints(ip string) string {
	rrtype := "A"
	if netip.MustParseAddr(ip).Is6() {
		rrtype = "AAAA"
	}
	return fmt.Sprintf(". 3600 NS %[1]s.\n%[1]s. 3600 %[2]s %[3]s\n", rootServer, rrtype, ip)
}

// rootServer is the name of the root server of every laboratory.
const rootServer = "a.root"
