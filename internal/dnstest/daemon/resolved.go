package daemon

import (
	"fmt"
	"os/exec"
	"testing"

	"github.com/miekg/dns"
)

// Resolved is systemd-resolved, the stub resolver of many a Linux desktop. It
// knows one place for its configuration only, and so it runs in a mount
// namespace with a /run of its own, which takes the rights of root.
type Resolved struct {
	Addr     string // empty means one of its own
	Upstream string // address and port of the resolver that it asks

	// Options are further lines of the configuration's section Resolve.
	Options string
}

// resolvedScript makes the namespace's /run and becomes systemd-resolved. Its
// arguments are the configuration file and the program.
const resolvedScript = `set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/systemd/resolve /run/systemd/resolved.conf.d
chown systemd-resolve:systemd-resolve /run/systemd/resolve
cp "$1" /run/systemd/resolved.conf.d/test.conf
exec "$2"
`

// Start starts the server for the length of the test. The test is skipped
// where there is no right to a mount namespace.
func (r Resolved) Start(t testing.TB) *Daemon {
	t.Helper()
	program, dir := Need(t, "systemd-resolved", "/usr/lib/systemd/systemd-resolved"), t.TempDir()
	unshare := Need(t, "unshare", "/usr/bin/unshare")
	if out, err := exec.Command(unshare, "--mount", "true").CombinedOutput(); err != nil {
		Missing(t, fmt.Sprintf("systemd-resolved needs a mount namespace: %v: %s", err, out))
	}
	addr := orOwn(t, list(r.Addr))[0]
	conf := writeFile(t, dir, "resolved.conf", fmt.Sprintf(`[Resolve]
DNS=%s
FallbackDNS=
Domains=~.
DNSStubListener=no
DNSStubListenerExtra=%s
DNSSEC=no
LLMNR=no
MulticastDNS=no
%s`, r.Upstream, addr, r.Options))
	return start(t, command{
		path: unshare, args: []string{"--mount", "sh", "-c", resolvedScript, "sh", conf, program},
		env: []string{"SYSTEMD_LOG_TARGET=console"}, dir: dir, addr: addr, name: "systemd-resolved",
		ready: dns.Question{Name: ".", Qtype: dns.TypeSOA}, anything: true,
	})
}
