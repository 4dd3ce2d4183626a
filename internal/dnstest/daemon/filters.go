package daemon

import (
	"slices"
	"strings"
	"testing"

	"domprobe/internal/dnstest"
)

// Filters starts the resolvers and forwarders of the laboratory that block
// names in the usual ways, and two forwarders that do not, and returns their
// addresses by what they do:
//
//	bind-nxdomain, bind-nodata          BIND with a response policy zone
//	unbound-nxdomain, unbound-nodata    Unbound with one
//	dnsmasq-address                     dnsmasq with address=/name/
//	adguard                             a made-up SOA record of the name itself
//	dnsmasq, systemd-resolved           nothing: they forward
//
// All but the first four send their queries to the laboratory's Unbound.
func (l *Lab) Filters(t testing.TB, blocked []string) map[string]string {
	t.Helper()
	addrs := make(map[string]string)
	for suffix, noData := range map[string]bool{"nxdomain": false, "nodata": true} {
		p := Policy{Names: blocked, NoData: noData}
		addrs["bind-"+suffix] = BIND{Recursive: true, Root: l.Root, Policy: p}.Start(t).Addr
		addrs["unbound-"+suffix] = Unbound{Root: l.Root, Policy: p}.Start(t).Addr
	}
	addrs["dnsmasq-address"] = Dnsmasq{Upstream: l.Unbound.Addr, Blocked: blocked}.Start(t).Addr
	addrs["dnsmasq"] = Dnsmasq{Upstream: l.Unbound.Addr}.Start(t).Addr
	addrs["systemd-resolved"] = Resolved{Upstream: l.Unbound.Addr}.Start(t).Addr
	below := func(name string) bool {
		return slices.ContainsFunc(blocked, func(b string) bool { return name == b || strings.HasSuffix(name, "."+b) })
	}
	addrs["adguard"] = serve(t, "", dnstest.Block(below, dnstest.AdGuard, dnstest.Forward(l.Unbound.Addr)))
	return addrs
}
