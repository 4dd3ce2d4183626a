package daemon

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
	"domprobe/internal/known"
)

// The hosts of a laboratory, by the last octet of their address.
const (
	rootHost = 1 + iota
	nsdHost
	nsdHost2
	knotHost
	knotHost2
	registryHost // stands before BIND
	silentHost
	deadHost
	upwardHost // refers to the root
	unboundHost
	firstOwnHost // the servers of registered names follow
)

// A network is the first three octets of the laboratory's addresses.
type network [3]byte

// newNetwork returns a network that nobody uses, or skips the test where port
// 53 may not be used.
func newNetwork(t testing.TB) network {
	t.Helper()
	for range 20 {
		n := network{127, byte(10 + rand.IntN(240)), byte(rand.IntN(256))}
		pc, err := net.ListenPacket("udp", n.addr(rootHost))
		if err == nil {
			pc.Close()
			return n
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			Missing(t, fmt.Sprintf("the laboratory needs port 53, which root may use: %v", err))
		}
	}
	t.Fatal("no network is free")
	return network{}
}

func (n network) ip(host int) string { return fmt.Sprintf("%d.%d.%d.%d", n[0], n[1], n[2], host) }

func (n network) addr(host int) string { return net.JoinHostPort(n.ip(host), "53") }

func (n network) addrs(hosts ...int) []string {
	var addrs []string
	for _, h := range hosts {
		addrs = append(addrs, n.addr(h))
	}
	return addrs
}

// host returns where the server of registered names of a kind is. Nothing
// listens there for [Dead].
func (n network) host(k Kind) int { return firstOwnHost + 1 + slices.Index(broken, k) }

// servers names the servers of a zone: a.tld-servers.dev, b.tld-servers.dev, ...
func (n network) servers(zone string, hosts ...int) []Host {
	var servers []Host
	for i, h := range hosts {
		servers = append(servers, Host{fmt.Sprintf("%c.tld-servers.%s", 'a'+i, zone), n.ip(h)})
	}
	return servers
}

// startRegistries starts the root and the registries.
func (l *Lab) startRegistries(t testing.TB, rateLimit int) {
	t.Helper()
	n := l.net
	com := Zone{Origin: "com", Servers: n.servers("com", nsdHost, nsdHost2, silentHost, knotHost), Records: l.records("com", "")}
	ws := Zone{Origin: "ws", Servers: n.servers("ws", nsdHost), Records: l.records("ws", "") + "* A 192.0.2.4\n"}
	comBR := Zone{Origin: "com.br", Servers: n.servers("com.br", nsdHost2), Records: l.records("com.br", "")}
	network := Zone{Origin: "net", Servers: n.servers("net", knotHost, knotHost2, deadHost, upwardHost), Records: l.records("net", ""), Signing: NSEC}
	org := Zone{Origin: "org", Servers: n.servers("org", knotHost, knotHost2), Records: l.records("org", ""), Signing: NSEC3OptOut}
	jp := Zone{Origin: "jp", Servers: n.servers("jp", knotHost), Records: l.records("co.jp", "co")}
	dev := Zone{Origin: "dev", Servers: n.servers("dev", registryHost), Records: l.records("dev", "")}
	coUK := Zone{Origin: "co.uk", Servers: n.servers("co.uk", registryHost), Records: l.records("co.uk", "")}
	uk := Zone{Origin: "uk", Servers: n.servers("uk", registryHost), Records: coUK.delegation()}
	br := Zone{Origin: "br", Servers: n.servers("br", registryHost), Records: comBR.delegation()}
	for _, z := range []*Zone{&com, &ws, &comBR, &network, &org, &jp, &dev, &coUK, &uk, &br} {
		l.delegateNIC(z)
	}

	root := Zone{Servers: []Host{{rootServer, l.Root}}}
	for _, z := range []Zone{com, ws, network, org, jp, dev, uk, br} {
		root.Records += z.delegation()
	}
	for _, kind := range append(slices.Clone(broken), Healthy) {
		root.Records += fmt.Sprintf("%s A %s\n", hostOf(kind), n.ip(n.host(kind)))
	}
	NSD{Addrs: n.addrs(rootHost), Zones: []Zone{root}}.Start(t)
	l.Registries["nsd"] = NSD{Addrs: n.addrs(nsdHost, nsdHost2), Zones: []Zone{com, ws, comBR}, RateLimit: rateLimit}.Start(t)
	l.Registries["knot"] = Knot{Addrs: n.addrs(knotHost, knotHost2), Zones: []Zone{network, org, jp}}.Start(t)
	l.Registries["bind"] = BIND{Zones: []Zone{dev, uk, coUK, br}}.Start(t)
	// BIND listens on the addresses of network interfaces only.
	l.serve(t, registryHost, dnstest.Forward(l.Registries["bind"].Addr))
	l.serve(t, silentHost, func(*dns.Msg) *dns.Msg { return nil })
	l.serve(t, upwardHost, func(q *dns.Msg) *dns.Msg { return dnstest.Referral(q, "") })
}

// delegateNIC puts nic.ZONE and the names of package known into a zone, unless
// they are names of the laboratory already.
func (l *Lab) delegateNIC(z *Zone) {
	for _, name := range append([]string{"nic." + z.Origin}, known.Names(z.Origin)...) {
		if _, ok := l.names[name]; ok {
			continue
		}
		z.Records += fmt.Sprintf("%s. NS %s\n", name, hostOf(Healthy))
		l.names[name] = Name{Name: name, Suffix: z.Origin, Kind: Healthy, Registered: true}
	}
}

// RegistryAddrs returns the addresses of the good servers that hold the names
// under a suffix.
func (l *Lab) RegistryAddrs(suffix string) []string {
	switch suffix[strings.LastIndex(suffix, ".")+1:] {
	case "com":
		return l.net.addrs(nsdHost, nsdHost2)
	case "ws":
		return l.net.addrs(nsdHost)
	case "br":
		return l.net.addrs(nsdHost2)
	case "net", "org":
		return l.net.addrs(knotHost, knotHost2)
	case "jp":
		return l.net.addrs(knotHost)
	}
	return l.net.addrs(registryHost)
}

// RegistryZone returns the zone that holds the names under a suffix.
func RegistryZone(suffix string) string {
	if suffix == "co.jp" {
		return "jp"
	}
	return suffix
}
