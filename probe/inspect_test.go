package probe_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
	"domprobe/probe"
	"domprobe/probe/resolver"
)

// hosts puts hosts on a network in memory and returns the options to ask them,
// over UDP, in order.
func hosts(n *dnstest.Net, hosts ...dnstest.Host) probe.Options {
	var addrs []string
	for i, h := range hosts {
		addr := "192.0.2." + string(rune('1'+i)) + ":53"
		n.Listen(addr, h)
		addrs = append(addrs, addr)
	}
	return probe.Options{Servers: udpServers(addrs...), Dial: n.Dial}
}

// wildcard answers under ws as a registry does that has a wildcard address.
func wildcard(q *dns.Msg) *dns.Msg {
	name := normal(q)
	if !strings.HasSuffix(name, ".ws") || world.Registered(name) {
		return world.Resolve(q)
	}
	if q.Question[0].Qtype == dns.TypeA {
		m := dnstest.Address(q, "192.0.2.9")
		m.Authoritative, m.RecursionAvailable = false, true
		return m
	}
	m := dnstest.NoData(q, "ws")
	m.Authoritative, m.RecursionAvailable = false, true
	return m
}

func TestPlan(t *testing.T) {
	healthy := hostOf(world.Resolve)
	liar := hostOf(func(q *dns.Msg) *dns.Msg {
		if m := world.Resolve(q); m.Rcode == dns.RcodeSuccess {
			return m
		}
		m := dnstest.Address(q, "192.0.2.9")
		m.Authoritative, m.RecursionAvailable = false, true
		return m
	})
	silent := dnstest.Host{UDP: func([]byte, netip.AddrPort) []dnstest.Reply { return nil }}
	for _, tc := range []struct {
		name  string
		tld   string
		hosts []dnstest.Host
		want  probe.Plan // but for its servers
		each  string     // "passed question reason" of each server
	}{
		{"zone of its own", ".DEV", []dnstest.Host{healthy}, probe.Plan{TLD: "dev", Exists: probe.ExistsYes, Zone: "dev", Question: "DS"}, "true DS "},
		{"second level", "co.uk", []dnstest.Host{healthy}, probe.Plan{TLD: "co.uk", Exists: probe.ExistsYes, Zone: "co.uk", Question: "DS"}, "true DS "},
		{"no zone cut", "co.jp", []dnstest.Host{healthy}, probe.Plan{TLD: "co.jp", Exists: probe.ExistsYes, Zone: "jp", Question: "DS"}, "true DS "},
		{"missing", "dve", []dnstest.Host{healthy}, probe.Plan{
			TLD: "dve", Exists: probe.ExistsNo, Question: "none", DidYouMean: "dev", Reason: probe.NoSuchTLD, Detail: "the TLD dve does not exist",
		}, "true none no-such-tld"},
		{"special", "test", []dnstest.Host{healthy}, probe.Plan{
			TLD: "test", Exists: probe.ExistsUnknown, Question: "none", Reason: "special-use", Detail: "test is reserved for special use (RFC 6761) and nobody can register it",
		}, ""},
		{"wildcard", "ws", []dnstest.Host{hostOf(wildcard), hostOf(wildcard)}, probe.Plan{
			TLD: "ws", Exists: probe.ExistsYes, Zone: "ws", Question: "NS", Wildcard: true,
		}, "true NS , true NS "},
		{"one liar", "dev", []dnstest.Host{healthy, liar}, probe.Plan{TLD: "dev", Exists: probe.ExistsYes, Zone: "dev", Question: "DS"}, "true DS , false none hijacked"},
		{"one silent", "dev", []dnstest.Host{silent, healthy}, probe.Plan{TLD: "dev", Exists: probe.ExistsYes, Zone: "dev", Question: "DS"}, "false none unreachable, true DS "},
		{"all silent", "dev", []dnstest.Host{silent}, probe.Plan{
			TLD: "dev", Exists: probe.ExistsUnknown, Question: "none", Reason: probe.Unreachable, Detail: "dial tcp 192.0.2.1:53: connection refused",
		}, "false none unreachable"},
		{"nobody to be believed", "dev", []dnstest.Host{liar, silent}, probe.Plan{
			TLD: "dev", Exists: probe.ExistsUnknown, Question: "none", Reason: probe.Hijacked, Detail: "192.0.2.1:53 makes up answers",
		}, "false none hijacked, false none unreachable"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n dnstest.Net
				defer n.Close()
				p, err := probe.New(hosts(&n, tc.hosts...))
				if err != nil {
					t.Fatal(err)
				}
				defer p.Close()
				got, err := p.Plan(t.Context(), tc.tld)
				if err != nil {
					t.Fatal(err)
				}
				var each []string
				for _, s := range got.Servers {
					each = append(each, strings.Join([]string{map[bool]string{true: "true", false: "false"}[s.Passed], s.Question, string(s.Reason)}, " "))
				}
				if s := strings.Join(each, ", "); s != tc.each {
					t.Errorf("servers %q, want %q", s, tc.each)
				}
				got.Servers = nil
				if got, want := asJSON(t, got), asJSON(t, tc.want); got != want {
					t.Errorf("plan %s, want %s", got, want)
				}
			})
		})
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The plan of a TLD at its registry's own servers.
func TestPlanDirect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		defer n.Close()
		n.Listen("192.0.2.53:53", hostOf(finder))
		n.Listen("198.51.100.1:53", hostOf(world.Delegate))
		n.Listen("198.51.100.2:53", hostOf(func(q *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeRefused) }))
		p, err := probe.New(probe.Options{
			Servers: append(udpServers("192.0.2.53:53"), resolver.Server{Transport: resolver.Direct}), Dial: n.Dial,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		got, err := p.Plan(t.Context(), "co.jp")
		if err != nil {
			t.Fatal(err)
		}
		if got.Zone != "jp" || got.Question != "NS" || got.Exists != probe.ExistsYes || len(got.Servers) != 2 {
			t.Fatalf("plan %+v", got)
		}
		for _, s := range got.Servers {
			if !s.Registry || s.Passed != (s.Server == "198.51.100.1:53") || s.Passed == (s.Reason == probe.Refused) {
				t.Errorf("server %+v", s)
			}
		}
		if got, err = p.Plan(t.Context(), "dve"); err != nil || got.Exists != probe.ExistsNo || got.DidYouMean != "dev" {
			t.Errorf("plan %+v, %v", got, err)
		}
	})
}

// finder is a resolver that also knows the two servers of every registry.
func finder(q *dns.Msg) *dns.Msg {
	m := new(dns.Msg)
	m.SetReply(q)
	m.RecursionAvailable = true
	name := q.Question[0].Name
	switch {
	case q.Question[0].Qtype == dns.TypeNS && world.Zone(normal(q)) == normal(q):
		m.Answer = []dns.RR{rr(name + " 60 IN NS a.nic.com."), rr(name + " 60 IN NS b.nic.com.")}
	case q.Question[0].Qtype == dns.TypeA && name == "a.nic.com.":
		m.Answer = []dns.RR{rr(name + " 60 IN A 198.51.100.1")}
	case q.Question[0].Qtype == dns.TypeA && name == "b.nic.com.":
		m.Answer = []dns.RR{rr(name + " 60 IN A 198.51.100.2")}
	default:
		return world.Resolve(q)
	}
	return m
}

func rr(s string) dns.RR {
	r, err := dns.NewRR(s)
	if err != nil {
		panic(err)
	}
	return r
}

// Repeated TLDs are folded, bad ones are an error, and the end of the context
// ends the plans.
func TestPlans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		defer n.Close()
		opts := hosts(&n, hostOf(world.Resolve))
		opts.Concurrency = 2
		p, err := probe.New(opts)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for plan, err := range p.Plans(t.Context(), "unlisted", "dev", "UNLISTED", "co.jp", ".com", "uk") {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, plan.TLD+" "+string(plan.Exists))
		}
		if want := "unlisted yes, dev yes, co.jp yes, com yes, uk yes"; strings.Join(got, ", ") != want {
			t.Errorf("plans %q, want %q", got, want)
		}
		if _, err := p.Plan(t.Context(), "a_b"); err == nil {
			t.Error("a TLD that cannot be one has a plan")
		}
		for _, err := range p.Plans(t.Context()) {
			if err == nil {
				t.Error("no TLD has a plan")
			}
		}
		n.Listen("192.0.2.1:53", dnstest.Host{UDP: func([]byte, netip.AddrPort) []dnstest.Reply { return nil }})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.Plan(ctx, "br"); err != context.DeadlineExceeded {
			t.Errorf("the error is %v when time is over", err)
		}
		p.Close()
		if _, err := p.Plan(t.Context(), "dev"); err != probe.ErrClosed {
			t.Errorf("the error is %v once closed", err)
		}
	})
}

// A mistyped TLD is a hint in the row, and once for the user.
func TestDidYouMean(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		defer n.Close()
		var log strings.Builder
		opts := hosts(&n, hostOf(world.Resolve))
		opts.Log = slog.New(slog.NewTextHandler(&log, nil))
		p, err := probe.New(opts)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		for _, name := range []string{"go.vde", "zig.vde"} {
			r, _ := p.One(t.Context(), name)
			if r.Reason != probe.NoSuchTLD || r.Err == nil || r.Err.Error() != "the TLD vde does not exist; did you mean de?" {
				t.Errorf("%s: %s, %v", name, r.Reason, r.Err)
			}
		}
		if got := strings.Count(log.String(), "did you mean the TLD de in place of vde?"); got != 1 {
			t.Errorf("hinted %d times:\n%s", got, &log)
		}
		if r, _ := p.One(t.Context(), "go.qqqqqq"); r.Reason != probe.NoSuchTLD || strings.Contains(r.Err.Error(), "did you mean") {
			t.Errorf("%s, %v", r.Reason, r.Err)
		}
	})
}
