package daemon

import (
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"domprobe/internal/dnsserver"
)

// The servers of tests have ports from minPort on, and clients from maxPort on.
const minPort, maxPort = 10000, 32768

// ownAddr returns an address for one server of a test, which stays free until
// the server takes it: hardly anybody else draws the same loopback address, and
// clients, whose sockets may have all addresses of the machine, get their ports
// from another range (32768 to 60999 on Linux, [Unbound] and [Dnsmasq] as they
// are told).
func ownAddr(t testing.TB) string {
	t.Helper()
	ip := "127.0.0.1"
	if runtime.GOOS == "linux" { // which has all of 127.0.0.0/8
		ip = fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))
	}
	return ownPort(t, ip)
}

// ownPort is ownAddr for a server that can have this address only.
func ownPort(t testing.TB, ip string) string {
	t.Helper()
	for range 20 {
		addr := net.JoinHostPort(ip, strconv.Itoa(minPort+rand.IntN(maxPort-minPort)))
		if pc, l, err := dnsserver.Listen(addr); err == nil {
			pc.Close()
			l.Close()
			return addr
		}
	}
	t.Fatal("no port is free")
	return ""
}

// orOwn returns the addresses, or one of the server's own if there are none.
func orOwn(t testing.TB, addrs []string) []string {
	t.Helper()
	if len(addrs) > 0 {
		return addrs
	}
	return []string{ownAddr(t)}
}

// split splits an address of IPv4.
func split(addr string) (host, port string) {
	host, port, _ = strings.Cut(addr, ":")
	return host, port
}

// at returns an address as the configurations of NSD, Knot and Unbound have
// it: "127.0.0.1@5300".
func at(addr string) string { return strings.Replace(addr, ":", "@", 1) }
