package daemon

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
	"domprobe/internal/known"
)

// A registry is how a zone of the laboratory is served.
type registry struct {
	zone    string
	server  string // the program
	good    []int  // hosts
	bad     []int
	signing Signing
	records string // besides those of the names
}

// registries are in the order of Internet's table, but zones come before the
// ones that delegate them.
var registries = []registry{
	{zone: "com", server: "nsd", good: []int{nsdHost, nsdHost2}, bad: []int{silentHost, knotHost}},
	{zone: "net", server: "knot", good: []int{knotHost, knotHost2}, bad: []int{deadHost, upwardHost}, signing: NSEC},
	{zone: "org", server: "knot", good: []int{knotHost, knotHost2}, signing: NSEC3OptOut},
	{zone: "dev", server: "bind", good: []int{registryHost}},
	{zone: "co.uk", server: "bind", good: []int{registryHost}},
	{zone: "uk", server: "bind", good: []int{registryHost}},
	{zone: "com.br", server: "nsd", good: []int{nsdHost2}},
	{zone: "br", server: "bind", good: []int{registryHost}},
	{zone: "jp", server: "knot", good: []int{knotHost}},
	{zone: "ws", server: "nsd", good: []int{nsdHost}, records: "* A 192.0.2.4\n"},
}

// startRegistries starts the root and the registries.
func (l *Lab) startRegistries(t testing.TB, rateLimit int) {
	t.Helper()
	n := l.net
	zones := make(map[string][]Zone)       // by server
	delegations := make(map[string]string) // by the zone above
	for _, r := range registries {
		z := Zone{
			Origin: r.zone, Signing: r.signing,
			Servers: n.servers(r.zone, slices.Concat(r.good, r.bad)),
			Records: l.records(r.zone) + l.known(r.zone) + r.records + delegations[r.zone],
		}
		zones[r.server] = append(zones[r.server], z)
		_, above, _ := strings.Cut(r.zone, ".")
		delegations[above] += z.delegation()
	}
	root := Zone{Servers: []Host{{rootServer, l.Root}}, Records: delegations[""]}
	for _, kind := range append(slices.Clone(broken), Healthy) {
		root.Records += fmt.Sprintf("%s A %s\n", hostOf(kind), n.ip(n.host(kind)))
	}
	NSD{Addrs: n.addrs(rootHost), Zones: []Zone{root}}.Start(t)
	NSD{Addrs: n.addrs(nsdHost, nsdHost2), Zones: zones["nsd"], RateLimit: rateLimit}.Start(t)
	Knot{Addrs: n.addrs(knotHost, knotHost2), Zones: zones["knot"]}.Start(t)
	serve(t, n.addr(registryHost), dnstest.Forward(BIND{Zones: zones["bind"]}.Start(t).Addr))
	serve(t, n.addr(silentHost), func(*dns.Msg) *dns.Msg { return nil })
	serve(t, n.addr(upwardHost), func(q *dns.Msg) *dns.Msg { return dnstest.Referral(q, "") })
}

// records returns what a registry zone has about the names in it.
func (l *Lab) records(zone string) string {
	var b strings.Builder
	for _, n := range l.Names {
		if registryZone(n.Suffix) != zone {
			continue
		}
		owner := n.Name + "."
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

// known registers nic.ZONE and the names of package known, unless they are
// names of the laboratory already, and returns their records.
func (l *Lab) known(zone string) (records string) {
	for _, name := range append([]string{"nic." + zone}, known.Names(zone)...) {
		if _, ok := l.registered[name]; ok {
			continue
		}
		l.registered[name] = true
		records += fmt.Sprintf("%s. NS %s\n", name, hostOf(Healthy))
	}
	return records
}

// hostOf returns the name of the server of registered names of a kind.
func hostOf(k Kind) string { return string(k) + ".hosts." }

// RegistryAddrs returns the addresses of the good servers that hold the names
// under a suffix.
func (l *Lab) RegistryAddrs(suffix string) []string {
	zone := registryZone(suffix)
	i := slices.IndexFunc(registries, func(r registry) bool { return r.zone == zone })
	return l.net.addrs(registries[i].good...)
}

// registryZone returns the zone that holds the names under a suffix.
func registryZone(suffix string) string {
	if suffix == "co.jp" {
		return "jp"
	}
	return suffix
}
