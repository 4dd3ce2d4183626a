package daemon

import (
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// Whatever a filter says about a blocked name, it is not what the registry
// says; about the other names it is.
func TestFilters(t *testing.T) {
	l := Internet{Words: words(20)}.Start(t)
	registered := func(n Name) bool { return n.Kind == Healthy && n.Suffix == "dev" }
	i := slices.IndexFunc(l.Names, registered)
	j := i + 1 + slices.IndexFunc(l.Names[i+1:], registered)
	blocked, other := l.Names[i].Name, l.Names[j].Name
	k := slices.IndexFunc(l.Names, func(n Name) bool { return n.Kind == Free && n.Suffix == "dev" })
	free := l.Names[k].Name

	const exists, denied = "NOERROR ra / / SOA dev.", "NXDOMAIN ra / / SOA dev."
	wants := map[string]string{
		"bind-nxdomain": "NXDOMAIN ra", "bind-nodata": "NOERROR ra",
		"unbound-nxdomain": "NXDOMAIN aa ra", "unbound-nodata": "NOERROR aa ra",
		"dnsmasq-address": "NXDOMAIN ra", "adguard": "NXDOMAIN ra / / SOA " + dns.Fqdn(blocked),
		"dnsmasq": exists, "systemd-resolved": exists,
	}
	addrs := l.Filters(t, []string{blocked})
	if len(addrs) != len(wants) {
		t.Errorf("%d filters, want %d", len(addrs), len(wants))
	}
	for filter, addr := range addrs {
		if got := ask(t, addr, blocked, dns.TypeDS, true); got != wants[filter] {
			t.Errorf("%s, blocked: %s, want %s", filter, got, wants[filter])
		}
		if got := ask(t, addr, "www."+blocked, dns.TypeA, true); strings.Contains(wants[filter], "SOA dev.") != strings.Contains(got, "/ A www.") {
			t.Errorf("%s, below a blocked name: %s", filter, got)
		}
		if got := ask(t, addr, other, dns.TypeDS, true); got != exists {
			t.Errorf("%s, registered: %s, want %s", filter, got, exists)
		}
		if got := ask(t, addr, free, dns.TypeDS, true); got != denied {
			t.Errorf("%s, free: %s, want %s", filter, got, denied)
		}
	}
}
