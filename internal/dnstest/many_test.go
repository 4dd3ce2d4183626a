package dnstest

import (
	"context"
	"net/netip"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

// What each kind of resolver says about a name that exists and one that does not.
func TestManyKinds(t *testing.T) {
	question := func(name string) []byte {
		b, err := new(dns.Msg).SetQuestion(name, dns.TypeA).Pack()
		if err != nil {
			t.Fatal(err)
		}
		return append(make([]byte, 0, maxFastAnswer), b...)
	}
	m := Many{Good: 1, Dead: 1, Refusing: 1, Rewriting: 1, Filtering: 30, Slow: 1}
	denies := 0
	for _, r := range m.resolvers() {
		rcodes := [2]int{-1, -1}
		for i, name := range []string{"google.com.", "one-that-is-too-long-to-exist.com."} {
			if b := r.respond(question(name)); b != nil {
				var a dns.Msg
				if err := a.Unpack(b); err != nil {
					t.Fatalf("kind %d: %v", r.kind, err)
				}
				rcodes[i] = a.Rcode
			}
		}
		want := [2]int{dns.RcodeSuccess, dns.RcodeNameError}
		switch r.kind {
		case dead:
			want = [2]int{-1, -1}
		case refusing:
			want = [2]int{dns.RcodeRefused, dns.RcodeRefused}
		case rewriting:
			want[1] = dns.RcodeSuccess
		case filtering:
			if rcodes[0] == dns.RcodeNameError {
				denies++
				want[0] = dns.RcodeNameError
			}
		}
		if rcodes != want {
			t.Errorf("kind %d: codes %v, want %v", r.kind, rcodes, want)
		}
	}
	if denies == 0 || denies == m.Filtering {
		t.Errorf("%d of %d that filter deny google.com", denies, m.Filtering)
	}
}

// A resolver drops what is over its limit.
func TestManyLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n Net
		addr := Many{Good: 1, QPS: 50}.Join(&n)[0]
		conn, err := n.Dial(context.Background(), "udp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		q, err := new(dns.Msg).SetQuestion("google.com.", dns.TypeA).Pack()
		if err != nil {
			t.Fatal(err)
		}
		for range 200 { // a hundred a second
			conn.Write(q)
			time.Sleep(10 * time.Millisecond)
		}
		conn.SetReadDeadline(time.Now().Add(time.Second))
		got := 0
		for b := make([]byte, 512); ; got++ {
			if _, err := conn.Read(b); err != nil {
				break
			}
		}
		if got < 100 || got > 112 {
			t.Errorf("%d responses in two seconds, want 50 a second and a burst of 10", got)
		}
	})
}

// On loopback each resolver has an address.
func TestManyStart(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux answers on all of 127.0.0.0/8")
	}
	s, err := Many{Good: 300}.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if len(s.Addrs) != 300 {
		t.Fatalf("%d addresses", len(s.Addrs))
	}
	for _, addr := range []string{s.Addrs[0], s.Addrs[299]} {
		if r := ask(t, "udp", addr, "google.com", dns.TypeA); r.Rcode != dns.RcodeSuccess || len(r.Answer) != 1 {
			t.Errorf("%s says %v", addr, r)
		}
	}
	for i := range s.Addrs {
		if at := manyIndex(netip.MustParseAddrPort(s.Addrs[i]).Addr().As4()); at != i {
			t.Errorf("%s is taken for number %d, not %d", s.Addrs[i], at, i)
		}
	}
}
