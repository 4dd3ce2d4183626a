package dnsserver

import (
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world has a TLD with a second level in a zone of its own, and one with a
// second level that has none.
var world = Truth{
	Registered: func(name string) bool {
		switch name {
		case "go.dev", "bbc.co.uk", "sony.co.jp":
			return true
		}
		return false
	},
	Zone:  Zones("dev", "uk", "co.uk", "jp"),
	Empty: func(name string) bool { return name == "co.jp" },
}

func TestTruth(t *testing.T) {
	type view struct {
		rcode     int
		answer    uint16
		authority string // "NS owner" or "SOA owner"
	}
	nx := func(zone string) view { return view{dns.RcodeNameError, 0, "SOA " + zone} }
	no := func(zone string) view { return view{dns.RcodeSuccess, 0, "SOA " + zone} }
	yes := func(qtype uint16) view { return view{dns.RcodeSuccess, qtype, ""} }
	ref := func(name string) view { return view{dns.RcodeSuccess, 0, "NS " + name} }
	tests := []struct {
		name              string
		qtype             uint16
		resolve, delegate view
	}{
		{"go.dev.", dns.TypeDS, no("dev."), no("dev.")},
		{"go.dev.", dns.TypeNS, yes(dns.TypeNS), ref("go.dev.")},
		{"go.dev.", dns.TypeA, yes(dns.TypeA), ref("go.dev.")},
		{"a.go.dev.", dns.TypeTXT, no("go.dev."), ref("go.dev.")},
		{"no.dev.", dns.TypeDS, nx("dev."), nx("dev.")},
		{"no.dev.", dns.TypeNS, nx("dev."), nx("dev.")},
		{"dev.", dns.TypeSOA, yes(dns.TypeSOA), yes(dns.TypeSOA)},
		{"dev.", dns.TypeDS, no("."), no(".")},
		{"dev.", dns.TypeA, no("dev."), no("dev.")},
		{"co.uk.", dns.TypeSOA, yes(dns.TypeSOA), yes(dns.TypeSOA)},
		{"co.uk.", dns.TypeDS, no("uk."), no("uk.")},
		{"bbc.co.uk.", dns.TypeDS, no("co.uk."), no("co.uk.")},
		{"no.co.uk.", dns.TypeDS, nx("co.uk."), nx("co.uk.")},
		{"no.uk.", dns.TypeDS, nx("uk."), nx("uk.")},
		{"co.jp.", dns.TypeSOA, no("jp."), no("jp.")},
		{"sony.co.jp.", dns.TypeNS, yes(dns.TypeNS), ref("sony.co.jp.")},
		{"no.co.jp.", dns.TypeDS, nx("jp."), nx("jp.")},
		{"devv.", dns.TypeSOA, nx("."), nx(".")},
		{"go.devv.", dns.TypeDS, nx("."), nx(".")},
		{".", dns.TypeDS, no("."), no(".")},
		{"nic.dev.", dns.TypeDS, no("dev."), no("dev.")},
		{"nic.dev.", dns.TypeTXT, no("nic.dev."), ref("nic.dev.")},
		{"nic.co.uk.", dns.TypeNS, yes(dns.TypeNS), ref("nic.co.uk.")},
		{"nic.jp.", dns.TypeMX, no("nic.jp."), ref("nic.jp.")},
		{"nic.co.jp.", dns.TypeDS, nx("jp."), nx("jp.")},
		{"nic.", dns.TypeDS, nx("."), nx(".")},
	}
	seen := func(r *dns.Msg) view {
		v := view{rcode: r.Rcode}
		if len(r.Answer) > 0 {
			v.answer = r.Answer[0].Header().Rrtype
		}
		if len(r.Ns) > 0 {
			h := r.Ns[0].Header()
			v.authority = dns.TypeToString[h.Rrtype] + " " + h.Name
		}
		return v
	}
	for _, tt := range tests {
		t.Run(tt.name+dns.TypeToString[tt.qtype], func(t *testing.T) {
			q := new(dns.Msg).SetQuestion(tt.name, tt.qtype)
			r := world.Resolve(q)
			if got := seen(r); got != tt.resolve || r.Authoritative || !r.RecursionAvailable {
				t.Errorf("Resolve: %+v, want %+v\n%v", got, tt.resolve, r)
			}
			q.RecursionDesired = false
			r = world.Delegate(q)
			referral := tt.delegate == ref(tt.name) || tt.delegate == ref("go.dev.")
			if got := seen(r); got != tt.delegate || r.Authoritative == referral || r.RecursionAvailable {
				t.Errorf("Delegate: %+v, want %+v\n%v", got, tt.delegate, r)
			}
		})
	}
}

// A world can be without nic.ZONE, and its SOA records carry its serial.
func TestTruthFields(t *testing.T) {
	old := Truth{
		Registered: world.Registered, NIC: func(zone string) bool { return zone == "dev" }, Serial: 2000010100,
	}
	for _, answer := range []func(q *dns.Msg) *dns.Msg{old.Resolve, old.Delegate} {
		for name, rcode := range map[string]int{"nic.dev.": dns.RcodeSuccess, "nic.com.": dns.RcodeNameError} {
			r := answer(new(dns.Msg).SetQuestion(name, dns.TypeDS))
			if soa := r.Ns[0].(*dns.SOA); r.Rcode != rcode || soa.Serial != old.Serial {
				t.Errorf("%s: %v", name, r)
			}
		}
		if r := answer(new(dns.Msg).SetQuestion("dev.", dns.TypeSOA)); r.Answer[0].(*dns.SOA).Serial != old.Serial {
			t.Errorf("the zone itself: %v", r)
		}
	}
}

func TestZonesByDefault(t *testing.T) {
	zone := Zones("co.uk")
	for name, want := range map[string]string{
		"go.dev": "dev", "a.co.uk": "co.uk", "co.uk": "co.uk", "uk": "uk", "": "",
	} {
		if got := zone(name); got != want {
			t.Errorf("zone of %q is %q, want %q", name, got, want)
		}
	}
}

func TestResolver(t *testing.T) {
	s, err := Serve(Answer(Truth{Registered: func(name string) bool { return name == "go.dev" }}.Resolve))
	if err != nil {
		t.Fatal(err)
	}
	c := &dns.Client{Timeout: time.Minute}
	for name, want := range map[string]int{"go.dev.": dns.RcodeSuccess, "no.dev.": dns.RcodeNameError} {
		if r, _, err := c.Exchange(new(dns.Msg).SetQuestion(name, dns.TypeDS), s.Addr()); err != nil || r.Rcode != want {
			t.Errorf("%s: %v, %v", name, r, err)
		}
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestMessages(t *testing.T) {
	q := new(dns.Msg).SetQuestion("Go.dev.", dns.TypeA)
	tests := []struct {
		name     string
		r        *dns.Msg
		rcode    int
		tc       bool
		an, auth string // what the first record says
	}{
		{"servfail", Rcode(q, dns.RcodeServerFailure), dns.RcodeServerFailure, false, "", ""},
		{"truncated", Truncate(q), dns.RcodeSuccess, true, "", ""},
		{"A", Address(q, "192.0.2.7"), dns.RcodeSuccess, false, "Go.dev.\t300\tIN\tA\t192.0.2.7", ""},
		{"AAAA", Address(q, "2001:db8::7"), dns.RcodeSuccess, false, "Go.dev.\t300\tIN\tAAAA\t2001:db8::7", ""},
		{"CNAME", CNAME(q, "go.example"), dns.RcodeSuccess, false, "Go.dev.\t300\tIN\tCNAME\tgo.example.", ""},
		{"NS", NS(q), dns.RcodeSuccess, false, "Go.dev.\t3600\tIN\tNS\tns.demo.invalid.", ""},
		{"referral", Referral(q, "dev"), dns.RcodeSuccess, false, "", "dev.\t3600\tIN\tNS\tns.demo.invalid."},
		{"SOA", SOA(q, "dev"), dns.RcodeSuccess, false, soa("dev").String(), ""},
	}
	first := func(rrs []dns.RR) string {
		if len(rrs) == 0 {
			return ""
		}
		return rrs[0].String()
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := tt.r
			if r.Id != q.Id || !r.Response || r.Question[0] != q.Question[0] {
				t.Errorf("not a response to the question: %v", r)
			}
			if r.Rcode != tt.rcode || r.Truncated != tt.tc || first(r.Answer) != tt.an || first(r.Ns) != tt.auth {
				t.Errorf("got %v", r)
			}
			if _, err := r.Pack(); err != nil {
				t.Error(err)
			}
		})
	}
}
