package daemon

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// Unbound is a recursive resolver of NLnet Labs. It does not validate.
type Unbound struct {
	Addrs []string // none means one of its own

	// Root is the address of the root server, without a port.
	Root string

	// Stubs maps zones to the address and port of an authoritative server.
	Stubs map[string]string

	// Forward maps zones, "" being the root, to the address and port of
	// another resolver.
	Forward map[string]string

	// Policy is a blocklist.
	Policy Policy

	// Certificate makes it speak TLS and HTTPS as well, on the addresses
	// TLSAddr and HTTPSAddr; empty means ones of its own.
	Certificate        *Certificate
	TLSAddr, HTTPSAddr string

	// Options are further lines of the configuration's server section.
	Options string
}

// An UnboundDaemon is a running [Unbound].
type UnboundDaemon struct {
	*Daemon
	TLSAddr   string // of RFC 7858; empty without a certificate
	HTTPSAddr string // of RFC 8484, whose path is /dns-query
}

// Start starts the server for the length of the test.
func (u Unbound) Start(t testing.TB) *UnboundDaemon {
	t.Helper()
	path, dir := Need(t, "unbound", "/usr/sbin/unbound"), t.TempDir()
	addrs := orOwn(t, u.Addrs)
	d := &UnboundDaemon{}
	var b strings.Builder
	fmt.Fprintf(&b, `server:
	directory: %q
	username: ""
	chroot: ""
	pidfile: ""
	logfile: ""
	use-syslog: no
	num-threads: 1
	do-ip6: no
	do-daemonize: no
	do-not-query-localhost: no
	access-control: 127.0.0.0/8 allow
	module-config: "respip iterator"
`, dir)
	for _, addr := range addrs {
		fmt.Fprintf(&b, "\tinterface: %s\n", at(t, addr))
	}
	host, _ := split(t, addrs[0]) // else it asks from any port of all addresses
	fmt.Fprintf(&b, "\toutgoing-interface: %s\n", host)
	if u.Root != "" {
		fmt.Fprintf(&b, "\troot-hints: %q\n", writeFile(t, dir, "root.hints", hints(u.Root)))
	}
	if u.Certificate != nil {
		d.TLSAddr, d.HTTPSAddr = orOwn(t, list(u.TLSAddr))[0], orOwn(t, list(u.HTTPSAddr))[0]
		u.encrypt(t, &b, dir, d)
	}
	b.WriteString(u.Options)
	b.WriteString("\nremote-control:\n\tcontrol-enable: no\n")
	for _, zone := range slices.Sorted(maps.Keys(u.Stubs)) {
		fmt.Fprintf(&b, "stub-zone:\n\tname: %q\n\tstub-addr: %s\n", dns.Fqdn(zone), at(t, u.Stubs[zone]))
	}
	for _, zone := range slices.Sorted(maps.Keys(u.Forward)) {
		fmt.Fprintf(&b, "forward-zone:\n\tname: %q\n\tforward-addr: %s\n", dns.Fqdn(zone), at(t, u.Forward[zone]))
	}
	if u.Policy.Names != nil {
		z := u.Policy.zone()
		fmt.Fprintf(&b, "rpz:\n\tname: %q\n\tzonefile: %q\n", dns.Fqdn(z.Origin), z.write(t, dir))
	}
	conf := writeFile(t, dir, "unbound.conf", b.String())
	d.Daemon = start(t, command{
		path: path, args: []string{"-d", "-c", conf}, dir: dir, addr: addrs[0],
		ready: soaOf(nil), anything: u.Root == "",
	})
	return d
}

// encrypt writes the options of TLS and HTTPS.
func (u Unbound) encrypt(t testing.TB, b *strings.Builder, dir string, d *UnboundDaemon) {
	t.Helper()
	_, tlsPort, _ := net.SplitHostPort(d.TLSAddr)
	_, httpsPort, _ := net.SplitHostPort(d.HTTPSAddr)
	fmt.Fprintf(b, `	interface: %s
	interface: %s
	tls-port: %s
	https-port: %s
	tls-service-pem: %q
	tls-service-key: %q
`, at(t, d.TLSAddr), at(t, d.HTTPSAddr), tlsPort, httpsPort,
		writeFile(t, dir, "server.pem", string(u.Certificate.CertPEM)),
		writeFile(t, dir, "server.key", string(u.Certificate.KeyPEM)))
}

// list returns the string as a list, without it if it is empty.
func list(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}
