package dnstest

import (
	"testing"

	"github.com/miekg/dns"
)

func TestFilter(t *testing.T) {
	demo := startGoDev(t)
	blocked := func(name string) bool { return name == "go.dev" }
	s := started(t)(Serve(Answer(Block(blocked, AdGuard, Forward(demo.Addr())))))
	for name, want := range map[string]string{
		"Go.dev": "SOA Go.dev.", "web.dev": "SOA dev.", "qxvzkwj.dev": "SOA dev.",
	} {
		r := ask(t, "udp", s.Addr(), name, dns.TypeDS)
		if got := owners(r.Ns); got != want {
			t.Errorf("%s: authority %q, want %q", name, got, want)
		}
		if (r.Rcode == dns.RcodeNameError) != (name != "web.dev") {
			t.Errorf("%s: %s", name, dns.RcodeToString[r.Rcode])
		}
	}
}

// A truncated answer is fetched over TCP, and no answer is SERVFAIL.
func TestForward(t *testing.T) {
	upstream := started(t)(Serve(func(w dns.ResponseWriter, q *dns.Msg, network string) {
		r := Address(q, "192.0.2.1")
		if network == "udp" {
			r = Truncate(q)
		}
		w.WriteMsg(r)
	}))
	q := new(dns.Msg).SetQuestion("go.dev.", dns.TypeA)
	if r := Forward(upstream.Addr())(q); len(r.Answer) != 1 {
		t.Errorf("truncated: %v", r)
	}
	upstream.Close()
	if r := Forward(upstream.Addr())(q); r.Rcode != dns.RcodeServerFailure {
		t.Errorf("dead: %v", r)
	}
}
