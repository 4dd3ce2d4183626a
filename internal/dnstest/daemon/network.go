package daemon

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"domprobe/internal/text"
)

// A network is the first three octets of a laboratory's addresses, "127.10.20.".
type network string

// The hosts of a laboratory, by the last octet of their address.
const (
	rootHost = 1 + iota
	nsdHost
	nsdHost2
	knotHost
	knotHost2
	registryHost // forwards to BIND
	silentHost
	deadHost
	upwardHost // refers to the root
	unboundHost
	firstOwnHost // the servers of registered names follow
)

// newNetwork returns a network that nobody uses, or skips the test where port
// 53 may not be used.
func newNetwork(t testing.TB) network {
	t.Helper()
	for range 20 {
		n := network(fmt.Sprintf("127.%d.%d.", 10+rand.IntN(240), rand.IntN(256)))
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
	return ""
}

func (n network) ip(host int) string { return string(n) + strconv.Itoa(host) }

func (n network) addr(host int) string { return n.ip(host) + ":53" }

func (n network) addrs(hosts ...int) []string { return text.Of(hosts, n.addr) }

// host returns where the server of registered names of a kind is. Nothing
// listens there for [Dead].
func (n network) host(k Kind) int { return firstOwnHost + 1 + slices.Index(broken, k) }

// servers names the servers of a zone: a.tld-servers.dev, b.tld-servers.dev, ...
func (n network) servers(zone string, hosts []int) []Host {
	var servers []Host
	for i, h := range hosts {
		servers = append(servers, Host{fmt.Sprintf("%c.tld-servers.%s", 'a'+i, zone), n.ip(h)})
	}
	return servers
}
