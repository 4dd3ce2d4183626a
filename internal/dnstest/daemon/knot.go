package daemon

import (
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
	s := newSetup(t, "knotd", "/usr/sbin/knotd")
	s.printf("server:\n  rundir: .\n  pidfile: knot.pid\n  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n")
	addrs := orOwn(t, k.Addrs)
	for _, addr := range addrs {
		s.printf("  listen: %s\n", at(addr))
	}
	// The path of a Unix socket must be short, and so it is relative.
	s.printf(`control:
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
`, s.dir, NSEC, NSEC3OptOut)
	for _, z := range k.Zones {
		s.printf("  - domain: %q\n    file: %q\n    zonefile-sync: -1\n    semantic-checks: off\n",
			dns.Fqdn(z.Origin), s.zoneFile(z))
		if z.Signing != Unsigned {
			s.printf("    dnssec-signing: on\n    dnssec-policy: policy%d\n", z.Signing)
		}
	}
	return s.start(addrs[0], k.Zones, "-c")
}
