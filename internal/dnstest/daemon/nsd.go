package daemon

import (
	"testing"

	"github.com/miekg/dns"
)

// NSD is an authoritative server of NLnet Labs.
type NSD struct {
	Addrs []string // none means one of its own
	Zones []Zone   // unsigned

	// RateLimit is how many responses a second one /24 gets (NSD's own
	// default is 200). Zero means no limit.
	RateLimit int
}

// Start starts the server for the length of the test.
func (n NSD) Start(t testing.TB) *Daemon {
	t.Helper()
	s := newSetup(t, "nsd", "/usr/sbin/nsd")
	s.printf(`server:
	username: ""
	chroot: ""
	database: ""
	zonesdir: "%[1]s"
	pidfile: "%[1]s/nsd.pid"
	xfrdfile: "%[1]s/xfrd.state"
	zonelistfile: "%[1]s/zone.list"
	server-count: 1
	rrl-ratelimit: %[2]d
	rrl-whitelist-ratelimit: %[2]d
`, s.dir, n.RateLimit)
	addrs := orOwn(t, n.Addrs)
	for _, addr := range addrs {
		s.printf("\tip-address: %s\n", at(addr))
	}
	s.printf("remote-control:\n\tcontrol-enable: no\n")
	for _, z := range n.Zones {
		s.printf("zone:\n\tname: %q\n\tzonefile: %q\n", dns.Fqdn(z.Origin), s.zoneFile(z))
	}
	return s.start(addrs[0], n.Zones, "-d", "-c")
}
