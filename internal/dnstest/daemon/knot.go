package daemon

import (
	"fmt"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// Knot is the authoritative server of CZ.NIC. It signs zones by itself.
type Knot struct {
	Addrs []string // none means one of its own
	Zones []Zone
}

// Start starts the server for the length of the test. It returns when the
// signed zones are signed.
func (k Knot) Start(t testing.TB) *Daemon {
	t.Helper()
	path, dir := Need(t, "knotd", "/usr/sbin/knotd"), t.TempDir()
	addrs := orOwn(t, k.Addrs)
	var b strings.Builder
	b.WriteString("server:\n  rundir: .\n  pidfile: knot.pid\n  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n")
	for _, addr := range addrs {
		fmt.Fprintf(&b, "  listen: %s\n", at(t, addr))
	}
	// The path of a Unix socket must be short, and so it is relative.
	fmt.Fprintf(&b, `control:
  listen: knot.sock
log:
  - target: stderr
    any: info
database:
  storage: %q
policy:
  - id: policy%d
    algorithm: ecdsap256sha256
  - id: policy%d
    algorithm: ecdsap256sha256
    nsec3: on
    nsec3-opt-out: on
    nsec3-iterations: 0
zone:
`, dir, NSEC, NSEC3OptOut)
	ready := soaOf(k.Zones)
	for _, z := range k.Zones {
		fmt.Fprintf(&b, "  - domain: %q\n    file: %q\n    zonefile-sync: -1\n    semantic-checks: off\n", dns.Fqdn(z.Origin), z.write(t, dir))
		if z.Signing != Unsigned {
			fmt.Fprintf(&b, "    dnssec-signing: on\n    dnssec-policy: policy%d\n", z.Signing)
		}
	}
	conf := writeFile(t, dir, "knot.conf", b.String())
	d := start(t, command{
		path: path, args: []string{"-c", conf}, dir: dir, addr: addrs[0],
		ready: ready, anything: len(k.Zones) == 0,
	})
	for _, z := range k.Zones {
		c := command{addr: addrs[0], ready: dns.Question{Name: dns.Fqdn(z.Origin), Qtype: dns.TypeSOA}}
		if z.Signing != Unsigned {
			c.ready.Qtype = dns.TypeDNSKEY
		}
		if err := d.wait(c); err != nil {
			t.Fatalf("knotd: zone %s: %v", dns.Fqdn(z.Origin), err)
		}
	}
	return d
}
