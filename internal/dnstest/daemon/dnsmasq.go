package daemon

import (
	"fmt"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// Dnsmasq is the forwarder of home routers.
type Dnsmasq struct {
	Addr     string // empty means one of its own
	Upstream string // address and port of the resolver that it asks

	// Blocked names, and what is below them, are answered with NXDOMAIN, or
	// with BlockedIP if there is one.
	Blocked   []string
	BlockedIP string

	// Options are further lines of the configuration.
	Options string
}

// Start starts the server for the length of the test.
func (d Dnsmasq) Start(t testing.TB) *Daemon {
	t.Helper()
	path, dir := Need(t, "dnsmasq", "/usr/sbin/dnsmasq"), t.TempDir()
	addr := orOwn(t, list(d.Addr))[0]
	host, port := split(t, addr)
	var b strings.Builder
	fmt.Fprintf(&b, `port=%d
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
`, port, host, maxPort)
	if d.Upstream != "" {
		host, port := split(t, d.Upstream)
		fmt.Fprintf(&b, "server=%s#%d\n", host, port)
	}
	for _, name := range d.Blocked {
		fmt.Fprintf(&b, "address=/%s/%s\n", name, d.BlockedIP)
	}
	b.WriteString(d.Options)
	conf := writeFile(t, dir, "dnsmasq.conf", b.String())
	return start(t, command{
		path: path, args: []string{"--keep-in-foreground", "--conf-file=" + conf}, dir: dir, addr: addr,
		ready: dns.Question{Name: ".", Qtype: dns.TypeSOA}, anything: true,
	})
}
