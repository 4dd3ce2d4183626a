package demo

import (
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"
	"golang.org/x/net/publicsuffix"

	"domprobe/internal/dnsserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// started returns a demo that ends with the test.
func started(t *testing.T) *dnsserver.Server {
	t.Helper()
	s, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func exchange(t *testing.T, network, addr string, q *dns.Msg) *dns.Msg {
	t.Helper()
	c := &dns.Client{Net: network, Timeout: time.Minute}
	r, _, err := c.Exchange(q, addr)
	if err != nil {
		t.Fatalf("%v over %s: %v", q.Question, network, err)
	}
	return r
}

func TestDemo(t *testing.T) {
	s := started(t)
	tests := []struct {
		name      string
		qtype     uint16
		rcode     int
		answer    uint16 // type of the only record in the answer section
		authority string // owner of the SOA record in the authority section
	}{
		{"go.dev", dns.TypeDS, dns.RcodeSuccess, 0, "dev."},
		{"go.dev", dns.TypeNS, dns.RcodeSuccess, dns.TypeNS, ""},
		{"go.dev", dns.TypeA, dns.RcodeSuccess, dns.TypeA, ""},
		{"go.dev", dns.TypeSOA, dns.RcodeSuccess, dns.TypeSOA, ""},
		{"go.dev", dns.TypeTXT, dns.RcodeSuccess, 0, "go.dev."},
		{"GO.Dev", dns.TypeNS, dns.RcodeSuccess, dns.TypeNS, ""},
		{"www.go.dev", dns.TypeDS, dns.RcodeSuccess, 0, "go.dev."},
		{"qxvzkwj.dev", dns.TypeDS, dns.RcodeNameError, 0, "dev."},
		{"qxvzkwj.dev", dns.TypeA, dns.RcodeNameError, 0, "dev."},
		{"a.qxvzkwj.dev", dns.TypeDS, dns.RcodeNameError, 0, "dev."},
		{"dev", dns.TypeSOA, dns.RcodeSuccess, dns.TypeSOA, ""},
		{"dev", dns.TypeNS, dns.RcodeSuccess, dns.TypeNS, ""},
		{"dev", dns.TypeDS, dns.RcodeSuccess, 0, "."},
		{"museum", dns.TypeSOA, dns.RcodeSuccess, dns.TypeSOA, ""},
		{"xn--p1ai", dns.TypeSOA, dns.RcodeSuccess, dns.TypeSOA, ""},
		{"co.uk", dns.TypeSOA, dns.RcodeSuccess, dns.TypeSOA, ""},
		{"co.uk", dns.TypeDS, dns.RcodeSuccess, 0, "uk."},
		{"nic.dev", dns.TypeDS, dns.RcodeSuccess, 0, "dev."},
		{"nic.co.uk", dns.TypeNS, dns.RcodeSuccess, dns.TypeNS, ""},
		{"nic.go.dev", dns.TypeNS, dns.RcodeSuccess, 0, "go.dev."},
		{"nic", dns.TypeDS, dns.RcodeNameError, 0, "."},
		{"nic.qxvzkwj", dns.TypeDS, dns.RcodeNameError, 0, "."},
		{"bbc.co.uk", dns.TypeDS, dns.RcodeSuccess, 0, "co.uk."},
		{"qxvzkwj.co.uk", dns.TypeDS, dns.RcodeNameError, 0, "co.uk."},
		{"qxvzkwj.uk", dns.TypeDS, dns.RcodeNameError, 0, "uk."},
		{"github.io", dns.TypeDS, dns.RcodeSuccess, 0, "io."},
		{"devv", dns.TypeSOA, dns.RcodeNameError, 0, "."},
		{"go.devv", dns.TypeDS, dns.RcodeNameError, 0, "."},
		{"co.nosuch", dns.TypeSOA, dns.RcodeNameError, 0, "."},
		{"_for-sale.example.net", dns.TypeTXT, dns.RcodeSuccess, dns.TypeTXT, ""},
		{"_for-sale.example.net", dns.TypeA, dns.RcodeSuccess, dns.TypeA, ""},
		{"_for-sale.go.dev", dns.TypeTXT, dns.RcodeSuccess, 0, "go.dev."},
		{".", dns.TypeSOA, dns.RcodeSuccess, dns.TypeSOA, ""},
	}
	for _, network := range []string{"udp", "tcp"} {
		for _, tt := range tests {
			t.Run(network+"/"+tt.name+"/"+dns.TypeToString[tt.qtype], func(t *testing.T) {
				q := new(dns.Msg).SetQuestion(dns.Fqdn(tt.name), tt.qtype)
				q.SetEdns0(1232, false)
				r := exchange(t, network, s.Addr(), q)
				if r.Rcode != tt.rcode || r.Authoritative || !r.RecursionAvailable {
					t.Errorf("rcode %d, AA %t, RA %t", r.Rcode, r.Authoritative, r.RecursionAvailable)
				}
				if r.IsEdns0() == nil {
					t.Error("no OPT record")
				}
				if got := r.Question[0].Name; got != dns.Fqdn(tt.name) {
					t.Errorf("question %q", got)
				}
				checkSections(t, r, tt.answer, tt.authority)
			})
		}
	}
}

// checkSections checks the type of the answer's record and the owner of the
// authority's SOA.
func checkSections(t *testing.T, r *dns.Msg, answer uint16, authority string) {
	t.Helper()
	switch {
	case answer == 0 && len(r.Answer) != 0:
		t.Errorf("answer %v, want none", r.Answer)
	case answer != 0 && (len(r.Answer) != 1 || r.Answer[0].Header().Rrtype != answer):
		t.Errorf("answer %v, want one %s", r.Answer, dns.TypeToString[answer])
	}
	if authority == "" {
		if len(r.Ns) != 0 {
			t.Errorf("authority %v, want none", r.Ns)
		}
		return
	}
	if len(r.Ns) != 1 {
		t.Fatalf("authority %v, want one record", r.Ns)
	}
	soa, ok := r.Ns[0].(*dns.SOA)
	if !ok || soa.Hdr.Name != authority || soa.Hdr.Ttl != 900 || soa.Minttl != 900 {
		t.Errorf("authority %v, want the SOA of %s", r.Ns[0], authority)
	}
}

func TestDemoWithoutEDNS(t *testing.T) {
	s := started(t)
	q := new(dns.Msg).SetQuestion("go.dev.", dns.TypeDS)
	if r := exchange(t, "udp", s.Addr(), q); r.IsEdns0() != nil {
		t.Error("OPT record in the response to a question without one")
	}
}

// Every name of the list is one that a candidate can be.
func TestNames(t *testing.T) {
	seen := make(map[string]bool)
	for name := range Names() {
		if seen[name] {
			t.Errorf("%s is listed twice", name)
		}
		seen[name] = true
		zone := publicZone(name)
		if zone == "" || strings.Count(name, ".") != strings.Count(zone, ".")+1 {
			t.Errorf("%s: not directly under a public suffix (%q)", name, zone)
		}
	}
	// Whatever a newcomer tries first is found somewhere.
	for _, name := range []string{"go.dev", "apple.com", "pixel.com", "orbit.com", "cloud.com", "example.com", "docker.io", "heart.org"} {
		if !seen[name] {
			t.Errorf("%s is not listed", name)
		}
	}
	if len(seen) < 1000 {
		t.Errorf("%d names", len(seen))
	}
	if s, _ := publicsuffix.PublicSuffix("a.github.io"); s != "github.io" {
		t.Fatal("github.io is no longer a private suffix: choose another one for TestDemo")
	}
}
