package daemon

import (
	"fmt"
	"net"
	"strconv"
	"testing"
)

// FreeAddr returns an address of 127.0.0.1 on which nobody listens, neither
// for datagrams nor for connections.
func FreeAddr(t testing.TB) string {
	t.Helper()
	for range 20 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addr := l.Addr().String()
		pc, err := net.ListenPacket("udp", addr)
		l.Close()
		if err == nil {
			pc.Close()
			return addr
		}
	}
	t.Fatal("no port is free")
	return ""
}

// orFree returns the addresses, or a free one if there are none.
func orFree(t testing.TB, addrs []string) []string {
	t.Helper()
	if len(addrs) > 0 {
		return addrs
	}
	return []string{FreeAddr(t)}
}

// split splits an address that was made by FreeAddr or given to Start.
func split(t testing.TB, addr string) (host string, port int) {
	t.Helper()
	host, p, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	port, err = strconv.Atoi(p)
	if err != nil {
		t.Fatalf("address %s: %v", addr, err)
	}
	return host, port
}

// at returns an address as the configurations of NSD, Knot and Unbound have
// it: "127.0.0.1@5300".
func at(t testing.TB, addr string) string {
	t.Helper()
	host, port := split(t, addr)
	return fmt.Sprintf("%s@%d", host, port)
}
