package daemon

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ask returns what a server says, as a line: the RCODE, the flags, and the
// types and owners of the records, "NXDOMAIN aa / SOA dev.".
func ask(t *testing.T, addr, name string, qtype uint16, rd bool) string {
	t.Helper()
	q := new(dns.Msg).SetQuestion(dns.Fqdn(name), qtype)
	q.RecursionDesired = rd
	q.SetEdns0(1232, false)
	return say(exchange(t, addr, q))
}

// exchange asks until there is an answer, as clients do: a resolver that has
// just begun may meet the silent server of a zone several times over.
func exchange(t *testing.T, addr string, q *dns.Msg) *dns.Msg {
	t.Helper()
	c := &dns.Client{Timeout: 5 * time.Second}
	var failed error
	for range 12 {
		r, _, err := c.Exchange(q, addr)
		if err == nil {
			return r
		}
		failed = err
	}
	t.Fatalf("%s asked about %v: %v", addr, q.Question, failed)
	return nil
}

func say(r *dns.Msg) string {
	s := dns.RcodeToString[r.Rcode]
	if r.Authoritative {
		s += " aa"
	}
	if r.RecursionAvailable {
		s += " ra"
	}
	for _, section := range [][]dns.RR{r.Answer, r.Ns} {
		s += " /"
		var said []string
		for _, rr := range section {
			h := rr.Header()
			word := " " + dns.TypeToString[h.Rrtype] + " " + h.Name
			if !slices.Contains(said, word) {
				said = append(said, word)
				s += word
			}
		}
	}
	return strings.TrimRight(s, " /")
}

var testZone = Zone{
	Origin:  "dev",
	Servers: []Host{{"a.nic.dev", "127.0.0.1"}},
	Records: "go NS ns1.go\nns1.go A 192.0.2.1\nheld TXT \"reserved\"\n",
}

func TestRegistries(t *testing.T) {
	starts := map[string]func(t *testing.T) *Daemon{
		"NSD":  func(t *testing.T) *Daemon { return NSD{Zones: []Zone{testZone}}.Start(t) },
		"Knot": func(t *testing.T) *Daemon { return Knot{Zones: []Zone{testZone}}.Start(t) },
		"BIND": func(t *testing.T) *Daemon { return BIND{Zones: []Zone{testZone}}.Start(t) },
	}
	for server, start := range starts {
		t.Run(server, func(t *testing.T) {
			d := start(t)
			for _, tt := range []struct {
				name  string
				qtype uint16
				want  string
			}{
				{"go.dev", dns.TypeNS, "NOERROR / / NS go.dev."},
				{"go.dev", dns.TypeDS, "NOERROR aa / / SOA dev."},
				{"no.dev", dns.TypeNS, "NXDOMAIN aa / / SOA dev."},
				{"no.dev", dns.TypeDS, "NXDOMAIN aa / / SOA dev."},
				{"held.dev", dns.TypeNS, "NOERROR aa / / SOA dev."},
				{"dev", dns.TypeSOA, "NOERROR aa / SOA dev."},
			} {
				// BIND adds the zone's NS records to an answer.
				got := strings.TrimSuffix(ask(t, d.Addr, tt.name, tt.qtype, false), " / NS dev.")
				if got != tt.want {
					t.Errorf("%s %s: %s, want %s", tt.name, dns.TypeToString[tt.qtype], got, tt.want)
				}
			}
		})
	}
}

func TestResolversWithStubs(t *testing.T) {
	registry := NSD{Zones: []Zone{testZone}}.Start(t)
	unbound := Unbound{Stubs: map[string]string{"dev": registry.Addr}}.Start(t)
	forwarding := Unbound{Forward: map[string]string{"": unbound.Addr}}.Start(t)
	bind := BIND{Recursive: true, Forward: map[string]string{"": unbound.Addr}}.Start(t)
	dnsmasq := Dnsmasq{Upstream: unbound.Addr}.Start(t)
	for server, addr := range map[string]string{
		"Unbound": unbound.Addr, "Unbound forwarding": forwarding.Addr, "BIND forwarding": bind.Addr, "dnsmasq": dnsmasq.Addr,
	} {
		if got, want := ask(t, addr, "go.dev", dns.TypeDS, true), "NOERROR ra / / SOA dev."; got != want {
			t.Errorf("%s: go.dev: %s, want %s", server, got, want)
		}
		if got, want := ask(t, addr, "no.dev", dns.TypeDS, true), "NXDOMAIN ra / / SOA dev."; got != want {
			t.Errorf("%s: no.dev: %s, want %s", server, got, want)
		}
	}
}

// What is blocked has no SOA record in the authority section, whoever blocks.
func TestPolicies(t *testing.T) {
	registry := NSD{Zones: []Zone{testZone}}.Start(t)
	upstream := Unbound{Stubs: map[string]string{"dev": registry.Addr}}.Start(t)
	blocked := []string{"go.dev"}
	for _, noData := range []bool{false, true} {
		p := Policy{Names: blocked, NoData: noData}
		servers := map[string]string{
			"Unbound": Unbound{Stubs: map[string]string{"dev": registry.Addr}, Policy: p}.Start(t).Addr,
			"BIND":    BIND{Recursive: true, Forward: map[string]string{"": upstream.Addr}, Policy: p}.Start(t).Addr,
		}
		if !noData {
			servers["dnsmasq"] = Dnsmasq{Upstream: upstream.Addr, Blocked: blocked}.Start(t).Addr
		}
		rcode := "NXDOMAIN"
		if noData {
			rcode = "NOERROR"
		}
		for server, addr := range servers {
			t.Run(fmt.Sprintf("%s/%s", server, rcode), func(t *testing.T) {
				got := ask(t, addr, "go.dev", dns.TypeDS, true)
				if !strings.HasPrefix(got, rcode) || strings.Contains(got, "SOA") {
					t.Errorf("blocked: %s", got)
				}
				if got, want := ask(t, addr, "held.dev", dns.TypeDS, true), "NOERROR ra / / SOA dev."; got != want {
					t.Errorf("not blocked: %s, want %s", got, want)
				}
			})
		}
	}
}

// systemd-resolved asks its upstream for DS as for anything else.
func TestResolved(t *testing.T) {
	registry := NSD{Zones: []Zone{testZone}}.Start(t)
	upstream := Unbound{Stubs: map[string]string{"dev": registry.Addr}}.Start(t)
	d := Resolved{Upstream: upstream.Addr}.Start(t)
	for name, want := range map[string]string{
		"go.dev": "NOERROR ra / / SOA dev.", "no.dev": "NXDOMAIN ra / / SOA dev.",
	} {
		if got := ask(t, d.Addr, name, dns.TypeDS, true); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestKnotSigns(t *testing.T) {
	for signing, denial := range map[Signing]uint16{NSEC: dns.TypeNSEC, NSEC3OptOut: dns.TypeNSEC3} {
		z := testZone
		z.Signing = signing
		d := Knot{Zones: []Zone{z}}.Start(t)
		q := new(dns.Msg).SetQuestion("no.dev.", dns.TypeNS)
		q.RecursionDesired = false
		q.SetEdns0(4096, true)
		r := exchange(t, d.Addr, q)
		found := slices.ContainsFunc(r.Ns, func(rr dns.RR) bool { return rr.Header().Rrtype == denial })
		if r.Rcode != dns.RcodeNameError || !found {
			t.Errorf("want a denial with %s: %v", dns.TypeToString[denial], r)
		}
		if nsec3, ok := r.Ns[len(r.Ns)-2].(*dns.NSEC3); ok && nsec3.Flags != 1 {
			t.Errorf("no opt-out: %v", nsec3)
		}
	}
}

func TestKill(t *testing.T) {
	d := Unbound{}.Start(t)
	d.Kill()
	c := &dns.Client{Timeout: 100 * time.Millisecond}
	r, _, err := c.Exchange(new(dns.Msg).SetQuestion("dev.", dns.TypeSOA), d.Addr)
	if err == nil {
		t.Errorf("a dead server answered: %v", r)
	}
}
