package web

import (
	"fmt"
	"net/http"
	"net/netip"
	"testing"
)

func TestAllowance(t *testing.T) {
	c := newClients(0.001, 1000)
	a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	if !c.take(a, 600) || c.take(a, 600) || !c.take(a, 300) {
		t.Error("the allowance is not 1000")
	}
	if c.delay(a, 200) <= 0 || c.delay(a, 1001) != 0 {
		t.Errorf("200 names in %v, 1001 in %v", c.delay(a, 200), c.delay(a, 1001))
	}
	if !c.take(b, 1000) {
		t.Error("one client uses the allowance of another")
	}
	six, neighbour := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2")
	if !c.take(six, 1000) || c.take(neighbour, 1) {
		t.Error("two addresses of one IPv6 network are two clients")
	}
	if far := netip.MustParseAddr("2001:db8:0:1::1"); !c.take(far, 1000) {
		t.Error("two IPv6 networks are one client")
	}
	local, other := netip.MustParseAddr("fe80::1%eth0"), netip.MustParseAddr("fe80::1%eth1")
	if !c.take(local, 1000) || c.take(other, 1) {
		t.Error("a link-local address has an allowance for each interface")
	}
	if !c.take(netip.Addr{}, 1) {
		t.Error("a client without an address has no allowance")
	}
	if mapped := netip.MustParseAddr("::ffff:192.0.2.2"); c.take(mapped, 500) {
		t.Error("an IPv4 address has two allowances")
	}
	for i := range maxClients + 256 {
		c.take(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 1)
		if len(c.known) > maxClients {
			t.Fatalf("%d clients are remembered", len(c.known))
		}
	}
	if unlimited := newClients(-1, 10); !unlimited.take(a, 1_000_000) {
		t.Error("no limit is one")
	}
}

func TestTooManySearches(t *testing.T) {
	p := &script{gate: make(chan struct{})}
	server := serve(t, Options{Prober: p, MaxSearches: 3})
	var leave []func()
	for i := range 3 {
		leave = append(leave, begin(t, server.Client(), "GET", fmt.Sprintf("%s/v1/probe?keyword=new%d.dev", server.URL, i), ""))
	}
	eventually(t, "three searches", func() bool { return p.running() == 3 })
	resp, body := do(t, server, "GET", "/v1/names/more.dev", "")
	// Nobody knows when one of them ends.
	if after := resp.Header.Get("Retry-After"); resp.StatusCode != http.StatusTooManyRequests || after != "" {
		t.Errorf("the fourth: %d, Retry-After %q, %s", resp.StatusCode, after, body)
	}
	checkProblem(t, resp, body)
	for _, f := range leave {
		f()
	}
	close(p.gate)
	eventually(t, "room for another", func() bool {
		resp, _ := do(t, server, "GET", "/v1/names/more.dev", "")
		return resp.StatusCode == 200
	})
}

func TestTooManyNames(t *testing.T) {
	server := serve(t, Options{Prober: &script{}, MaxNames: 100, ClientRate: 0.001})
	var got []int
	for range 4 {
		resp, _ := do(t, server, "GET", "/v1/probe?keyword=a,b,c,d,e,f,g,h&preset=popular", "")
		got = append(got, resp.StatusCode)
	}
	if fmt.Sprint(got) != "[200 200 429 429]" {
		t.Errorf("80 names at a time of 200: %v", got)
	}
	// A query without names is charged, too.
	got = nil
	for range 41 {
		resp, _ := do(t, server, "GET", "/v1/probe?keyword=a", "")
		got = append(got, resp.StatusCode)
	}
	if got[0] != 400 || got[40] != 429 {
		t.Errorf("no names at a time of 40: %v", got)
	}
}
