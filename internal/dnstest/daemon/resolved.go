package daemon

import (
	"fmt"
	"os/exec"
	"testing"
)

// Resolved is systemd-resolved, the stub resolver of many a Linux desktop. It
// knows one place for its configuration only, and so it runs in a mount
// namespace with a /run of its own, which takes the rights of root.
type Resolved struct {
	Upstream string // address and port of the resolver that it forwards to
}

// resolvedScript makes the namespace's /run and becomes systemd-resolved. Its
// arguments are the program and the configuration file.
const resolvedScript = `set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/systemd/resolve /run/systemd/resolved.conf.d
chown systemd-resolve:systemd-resolve /run/systemd/resolve
cp "$2" /run/systemd/resolved.conf.d/test.conf
SYSTEMD_LOG_TARGET=console exec "$1"
`

// Start starts the server for the length of the test. The test is skipped
// where there is no right to a mount namespace.
func (r Resolved) Start(t testing.TB) *Daemon {
	t.Helper()
	s := newSetup(t, "systemd-resolved", "/usr/lib/systemd/systemd-resolved")
	program, addr := s.path, ownAddr(t)
	s.path = Need(t, "unshare", "/usr/bin/unshare")
	if out, err := exec.Command(s.path, "--mount", "true").CombinedOutput(); err != nil {
		Missing(t, fmt.Sprintf("systemd-resolved needs a mount namespace: %v: %s", err, out))
	}
	s.printf(`[Resolve]
DNS=%s
FallbackDNS=
Domains=~.
DNSStubListener=no
DNSStubListenerExtra=%s
DNSSEC=no
LLMNR=no
MulticastDNS=no
`, r.Upstream, addr)
	return s.start(addr, nil, "--mount", "sh", "-c", resolvedScript, "sh", program)
}
