package daemon

import "testing"

// Dnsmasq is the forwarder of home routers.
type Dnsmasq struct {
	Upstream string   // address and port of the resolver that it forwards to
	Blocked  []string // these names, and all below them, do not exist
}

// Start starts the server for the length of the test.
func (d Dnsmasq) Start(t testing.TB) *Daemon {
	t.Helper()
	s := newSetup(t, "dnsmasq", "/usr/sbin/dnsmasq")
	addr := ownAddr(t)
	host, port := split(addr)
	upstream, upstreamPort := split(d.Upstream)
	s.printf(`port=%s
listen-address=%s
min-port=%d
bind-interfaces
user=root
group=root
pid-file
no-resolv
no-hosts
log-facility=-
dns-forward-max=10000
server=%s#%s
`, port, host, maxPort, upstream, upstreamPort)
	for _, name := range d.Blocked {
		s.printf("address=/%s/\n", name)
	}
	return s.start(addr, nil, "--keep-in-foreground", "-C")
}
