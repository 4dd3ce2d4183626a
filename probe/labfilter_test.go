package probe_test

import (
	"slices"
	"testing"

	"domprobe/internal/dnstest/daemon"
	"domprobe/probe"
)

const (
	filterNames  = 500
	filterBlocks = 50 // of them, all registered
)

// TestLabFilters asks through resolvers that block names in the usual ways,
// and through forwarders. What is blocked is not known, or known from the
// registry where that may be asked; no filter makes a name free.
func TestLabFilters(t *testing.T) {
	l := daemon.Internet{Words: daemon.Words(t, 70)}.Start(t)
	names := mixed(l)[:filterNames]
	registered := only(names, func(n daemon.Name) bool { return n.Registered && n.Resolver == "found" && n.Direct == "found" })
	blocked := make(map[string]bool)
	for i := range filterBlocks {
		blocked[registered[i*len(registered)/filterBlocks].Name] = true
	}
	var list []string
	for name := range blocked {
		list = append(list, name)
	}
	filters := l.Filters(t, list)
	if len(blocked) != filterBlocks || len(names) != filterNames || len(filters) != 8 {
		t.Fatalf("%d names, %d blocked, %d filters", len(names), len(blocked), len(filters))
	}
	blocking := func(filter string) bool { return filter != "dnsmasq" && filter != "systemd-resolved" }
	for filter, addr := range filters {
		t.Run(filter, func(t *testing.T) {
			want := func(n daemon.Name) string {
				if blocking(filter) && blocked[n.Name] {
					return "unknown"
				}
				return n.Resolver
			}
			got := checkLab(t, probe.Options{Servers: udpServers(addr)}, names, want, nil)
			for _, name := range list {
				if blocking(filter) && got[name].Reason != probe.Filtered {
					t.Errorf("%s is blocked: %s", name, got[name].Reason)
				}
			}
		})
		t.Run(filter+" and registries", func(t *testing.T) {
			opts := probe.Options{Servers: udpServers(addr), Escalate: true}
			got := checkLab(t, opts, names, viaResolver, nil)
			for _, n := range names {
				asked := slices.Contains(l.RegistryAddrs(n.Suffix), got[n.Name].Server)
				if blocked[n.Name] && asked != blocking(filter) {
					t.Errorf("%s: the verdict is from %s", n.Name, got[n.Name].Server)
				}
			}
		})
	}
}
