package daemon

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

func words(n int) []string {
	var w []string
	for i := range n {
		w = append(w, fmt.Sprintf("word%d", i))
	}
	return w
}

// Each name is asked of both resolvers and of each good server of its
// registry, and the answer is that which its kind demands.
func TestInternet(t *testing.T) {
	l := Internet{Words: words(120)}.Start(t)
	seen := make(map[Kind]int)
	for _, n := range l.Names {
		seen[n.Kind]++
		zone := dns.Fqdn(registryZone(n.Suffix))
		for server, addr := range map[string]string{"Unbound": l.Unbound.Addr, "BIND": l.BIND.Addr} {
			want := "NOERROR ra / / SOA " + zone
			if n.Kind == Free && n.Suffix != "ws" {
				want = "NXDOMAIN ra / / SOA " + zone
			}
			if got := ask(t, addr, n.Name, dns.TypeDS, true); got != want {
				t.Errorf("%s, %s, through %s: %s, want %s", n.Name, n.Kind, server, got, want)
			}
		}
		for _, addr := range l.RegistryAddrs(n.Suffix) {
			want := "NOERROR / / NS " + dns.Fqdn(n.Name)
			switch {
			case n.Kind == Held, n.Kind == Orphan, n.Kind == Free && n.Suffix == "ws":
				want = "NOERROR aa / / SOA " + zone
			case n.Kind == Free:
				want = "NXDOMAIN aa / / SOA " + zone
			}
			if got := ask(t, addr, n.Name, dns.TypeNS, false); got != want {
				t.Errorf("%s, %s, from the registry: %s, want %s", n.Name, n.Kind, got, want)
			}
		}
	}
	for _, kind := range append([]Kind{Free, Healthy, Held, Orphan}, broken...) {
		if seen[kind] < 5 {
			t.Errorf("%d names are %s, too few to test with", seen[kind], kind)
		}
	}
	t.Run("nic", func(t *testing.T) { testNIC(t, l) })
	t.Run("TLDs", func(t *testing.T) { testTLDs(t, l) })
	t.Run("hosts", func(t *testing.T) { testHosts(t, l) })
	t.Run("broken hosts", func(t *testing.T) { testBrokenHosts(t, l) })
	t.Run("broken servers", func(t *testing.T) { testBrokenServers(t, l) })
	t.Run("signed", func(t *testing.T) { testSigned(t, l) })
	t.Run("truth", func(t *testing.T) { testTruth(t, l) })
}

// Every registry has nic.ZONE, whatever is asked about it.
func testNIC(t *testing.T, l *Lab) {
	for _, suffix := range append(slices.Clone(suffixes), "uk") {
		zone := dns.Fqdn(registryZone(suffix))
		name := "nic." + zone
		for _, addr := range []string{l.Unbound.Addr, l.BIND.Addr} {
			for qtype, want := range map[uint16]string{
				dns.TypeDS: "NOERROR ra / / SOA " + zone, dns.TypeNS: "NOERROR ra / NS " + name,
				dns.TypeA: "NOERROR ra / A " + name, dns.TypeTXT: "NOERROR ra / / SOA " + name,
			} {
				if got := ask(t, addr, name, qtype, true); got != want {
					t.Errorf("%s of %s through %s: %s, want %s", dns.TypeToString[qtype], name, addr, got, want)
				}
			}
		}
		for _, addr := range l.RegistryAddrs(suffix) {
			if got, want := ask(t, addr, name, dns.TypeNS, false), "NOERROR / / NS "+name; got != want {
				t.Errorf("%s from the registry: %s, want %s", name, got, want)
			}
		}
	}
}

func testTLDs(t *testing.T, l *Lab) {
	for name, want := range map[string]string{
		"com": "NOERROR ra / SOA com.", "net": "NOERROR ra / SOA net.", "co.uk": "NOERROR ra / SOA co.uk.",
		"com.br": "NOERROR ra / SOA com.br.", "co.jp": "NOERROR ra / / SOA jp.", "ws": "NOERROR ra / SOA ws.",
		"devv": "NXDOMAIN ra / / SOA .", "co.nosuch": "NXDOMAIN ra / / SOA .",
	} {
		for server, addr := range map[string]string{"Unbound": l.Unbound.Addr, "BIND": l.BIND.Addr} {
			if got := ask(t, addr, name, dns.TypeSOA, true); got != want {
				t.Errorf("SOA of %s through %s: %s, want %s", name, server, got, want)
			}
		}
	}
	if got, want := ask(t, l.net.addr(registryHost), "word1.com.br", dns.TypeNS, false), "NOERROR / / NS com.br."; got != want {
		t.Errorf("br about com.br: %s, want %s", got, want)
	}
	for server, addr := range map[string]string{"Unbound": l.Unbound.Addr, "BIND": l.BIND.Addr} {
		if got, want := ask(t, addr, "qxvzkwjqxvzkwjqxvzkwj.ws", dns.TypeA, true), "NOERROR ra / A qxvzkwjqxvzkwjqxvzkwj.ws."; got != want {
			t.Errorf("the wildcard through %s: %s, want %s", server, got, want)
		}
	}
}

// nameOf returns a name of a kind, in a zone that is called like the suffix.
func nameOf(t *testing.T, l *Lab, kind Kind) string {
	t.Helper()
	i := slices.IndexFunc(l.Names, func(n Name) bool { return n.Kind == kind && n.Suffix != "co.jp" })
	if i < 0 {
		t.Fatalf("no name is %s", kind)
	}
	return dns.Fqdn(l.Names[i].Name)
}

// A registered name behaves as its kind says when its own servers are asked.
func testHosts(t *testing.T, l *Lab) {
	wants := map[Kind]string{
		Healthy: "NOERROR ra / A %s", NoAddress: "NOERROR ra / / SOA %s", Denying: "NXDOMAIN ra / / SOA %s",
	}
	for kind, want := range wants {
		name := nameOf(t, l, kind)
		want = fmt.Sprintf(want, name)
		for server, addr := range map[string]string{"Unbound": l.Unbound.Addr, "BIND": l.BIND.Addr} {
			if got := ask(t, addr, name, dns.TypeA, true); got != want {
				t.Errorf("A of %s, %s, through %s: %s, want %s", name, kind, server, got, want)
			}
		}
		if kind != Denying {
			continue
		}
		// BIND now answers the parent's question from the child's denial.
		if got, want := ask(t, l.BIND.Addr, name, dns.TypeDS, true), "NXDOMAIN ra / / SOA "+name; got != want {
			t.Errorf("DS of %s through BIND after A: %s, want %s", name, got, want)
		}
		if got, want := ask(t, l.Unbound.Addr, name, dns.TypeDS, true), "NOERROR ra / / SOA "+name[strings.Index(name, ".")+1:]; got != want {
			t.Errorf("DS of %s through Unbound after A: %s, want %s", name, got, want)
		}
	}
}

// Of a registered name whose server is broken, no address is to be had, and
// its server is what is broken.
func testBrokenHosts(t *testing.T, l *Lab) {
	wants := map[Kind]string{Refusing: "REFUSED", Failing: "SERVFAIL", Dead: "nothing", Silent: "nothing"}
	for kind, want := range wants {
		name := nameOf(t, l, kind)
		q := new(dns.Msg).SetQuestion(name, dns.TypeA)
		c := &dns.Client{Timeout: 300 * time.Millisecond}
		if want != "nothing" {
			c.Timeout = 30 * time.Second
		}
		for server, addr := range map[string]string{"Unbound": l.Unbound.Addr, "BIND": l.BIND.Addr} {
			if r, _, err := c.Exchange(q, addr); err == nil && r.Rcode != dns.RcodeServerFailure {
				t.Errorf("A of %s, %s, through %s: %v", name, kind, server, r)
			}
		}
		q.RecursionDesired = false
		got := "nothing"
		if r, _, err := c.Exchange(q, l.net.addr(l.net.host(kind))); err == nil {
			got = say(r)
		}
		if !strings.HasPrefix(got, want) {
			t.Errorf("the server of %s, %s: %s, want %s", name, kind, got, want)
		}
	}
}

func testBrokenServers(t *testing.T, l *Lab) {
	if got, want := ask(t, l.net.addr(knotHost), "word1.com", dns.TypeNS, false), "REFUSED"; got != want {
		t.Errorf("the lame server of com: %s, want %s", got, want)
	}
	if got, want := ask(t, l.net.addr(upwardHost), "word1.net", dns.TypeNS, false), "NOERROR / / NS ."; got != want {
		t.Errorf("the lame server of net: %s, want %s", got, want)
	}
	q := new(dns.Msg).SetQuestion("word1.com.", dns.TypeNS)
	c := &dns.Client{Timeout: 300 * time.Millisecond}
	for _, host := range []int{silentHost, deadHost} {
		if r, _, err := c.Exchange(q, l.net.addr(host)); err == nil {
			t.Errorf("host %d answered: %v", host, r)
		}
	}
}

func testSigned(t *testing.T, l *Lab) {
	for name, denial := range map[string]uint16{"qxvzkwj.net.": dns.TypeNSEC, "qxvzkwj.org.": dns.TypeNSEC3} {
		q := new(dns.Msg).SetQuestion(name, dns.TypeNS)
		q.RecursionDesired = false
		q.SetEdns0(4096, true)
		r := exchange(t, l.net.addr(knotHost), q)
		if !slices.ContainsFunc(r.Ns, func(rr dns.RR) bool { return rr.Header().Rrtype == denial }) {
			t.Errorf("%s: want a denial with %s: %v", name, dns.TypeToString[denial], r)
		}
	}
}

func testTruth(t *testing.T, l *Lab) {
	seen := make(map[string]Name)
	for _, n := range l.Names {
		seen[n.Name] = n
		if n.Registered && n.Resolver == "not-found" || n.Kind == Free && n.Direct == "found" {
			t.Errorf("%+v contradicts itself", n)
		}
		if n.Resolver == "unknown" && (n.Suffix != "ws" || n.Registered) {
			t.Errorf("%s is unknowable to a resolver", n.Name)
		}
	}
	if len(seen) != len(l.Names) {
		t.Errorf("%d of %d names are different", len(seen), len(l.Names))
	}
	if held := seen["held-1.com"]; held.Direct != "unknown" || held.Resolver == "unknown" {
		t.Error("held-1.com is unknowable to the registry's servers alone")
	}
}
