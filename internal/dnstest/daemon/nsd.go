package daemon

import (
	"fmt"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// NSD is an authoritative server of NLnet Labs.
type NSD struct {
	Addrs []string // none means one of its own
	Zones []Zone   // unsigned

	// RateLimit is how many answers a second one /24 gets (NSD's own
	// default is 200). Zero means no limit.
	RateLimit int
}

// Start starts the server for the length of the test.
func (n NSD) Start(t testing.TB) *Daemon {
	t.Helper()
	path, dir := Need(t, "nsd", "/usr/sbin/nsd"), t.TempDir()
	addrs := orOwn(t, n.Addrs)
	var b strings.Builder
	fmt.Fprintf(&b, `server:
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
`, dir, n.RateLimit)
	for _, addr := range addrs {
		fmt.Fprintf(&b, "\tip-address: %s\n", at(t, addr))
	}
	b.WriteString("remote-control:\n\tcontrol-enable: no\n")
	for _, z := range n.Zones {
		fmt.Fprintf(&b, "zone:\n\tname: %q\n\tzonefile: %q\n", dns.Fqdn(z.Origin), z.write(t, dir))
	}
	conf := writeFile(t, dir, "nsd.conf", b.String())
	return start(t, command{
		path: path, args: []string{"-d", "-c", conf}, dir: dir, addr: addrs[0],
		ready: soaOf(n.Zones), anything: len(n.Zones) == 0,
	})
}
