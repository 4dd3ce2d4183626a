package daemon

import (
	"maps"
	"slices"
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

	// Certificate makes it speak TLS and HTTPS as well.
	Certificate *Certificate

	// Options are further lines of the configuration's server section.
	Options string
}

// Start starts the server for the length of the test.
func (u Unbound) Start(t testing.TB) *Daemon {
	t.Helper()
	s := newSetup(t, "unbound", "/usr/sbin/unbound")
	addrs := orOwn(t, u.Addrs)
	host, _ := split(addrs[0]) // else it sends queries from any port of all addresses
	s.printf(`server:
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
	outgoing-interface: %s
`, s.dir, host)
	for _, addr := range addrs {
		s.printf("\tinterface: %s\n", at(addr))
	}
	var ready []Zone
	if u.Root != "" {
		s.printf("\troot-hints: %q\n", s.file("root.hints", hints(u.Root)))
		ready = []Zone{{}}
	}
	var tlsAddr, httpsAddr string
	if u.Certificate != nil {
		tlsAddr, httpsAddr = ownAddr(t), ownAddr(t)
		u.encrypt(s, tlsAddr, httpsAddr)
	}
	s.printf("%s\nremote-control:\n\tcontrol-enable: no\n", u.Options)
	for _, zone := range slices.Sorted(maps.Keys(u.Stubs)) {
		s.printf("stub-zone:\n\tname: %q\n\tstub-addr: %s\n", dns.Fqdn(zone), at(u.Stubs[zone]))
	}
	for _, zone := range slices.Sorted(maps.Keys(u.Forward)) {
		s.printf("forward-zone:\n\tname: %q\n\tforward-addr: %s\n", dns.Fqdn(zone), at(u.Forward[zone]))
	}
	if u.Policy.Names != nil {
		z := u.Policy.zone()
		s.printf("rpz:\n\tname: %q\n\tzonefile: %q\n", dns.Fqdn(z.Origin), s.zoneFile(z))
	}
	d := s.start(addrs[0], ready, "-d", "-c")
	d.TLSAddr, d.HTTPSAddr = tlsAddr, httpsAddr
	return d
}

// encrypt writes the options of TLS and HTTPS.
func (u Unbound) encrypt(s *setup, tlsAddr, httpsAddr string) {
	s.Helper()
	_, tlsPort := split(tlsAddr)
	_, httpsPort := split(httpsAddr)
	s.printf(`	interface: %s
	interface: %s
	tls-port: %s
	https-port: %s
	tls-service-pem: %q
	tls-service-key: %q
`, at(tlsAddr), at(httpsAddr), tlsPort, httpsPort,
		s.file("server.pem", string(u.Certificate.CertPEM)), s.file("server.key", string(u.Certificate.KeyPEM)))
}
