package probe_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
	"domprobe/probe"
	"domprobe/probe/resolver"
)

// late delays what a host answers over UDP.
func late(h dnstest.Host, delay func() time.Duration) dnstest.Host {
	f := h.UDP
	h.UDP = func(q []byte, from netip.AddrPort) []dnstest.Reply {
		replies := f(q, from)
		for i := range replies {
			replies[i].Delay = delay()
		}
		return replies
	}
	return h
}

// resolving makes a response one of a resolver.
func resolving(m *dns.Msg) *dns.Msg {
	m.Authoritative, m.RecursionAvailable = false, true
	return m
}

// losing is a resolver that loses the first n of the queries that are measured.
func losing(n int32) dnstest.Host {
	var measured atomic.Int32
	return hostOf(func(q *dns.Msg) *dns.Msg {
		if q.Question[0].Qtype == dns.TypeDS && len(normal(q)) >= 24 && measured.Add(1) <= n {
			return nil
		}
		return world.Resolve(q)
	})
}

func TestSurvey(t *testing.T) {
	healthy := hostOf(world.Resolve)
	var slow atomic.Int32
	for _, tc := range []struct {
		name string
		host dnstest.Host
		want string
	}{
		{"healthy", healthy, "good udp,tcp 10/10 ds case edns"},
		{"losing two of ten", losing(2), "good udp,tcp 8/10 ds case edns"},
		{"losing three of ten", losing(3), "timeout udp,tcp 7/10 ds case edns"},
		{"no TCP", dnstest.Host{UDP: healthy.UDP}, "good udp 10/10 ds case edns"},
		{"TCP only", dnstest.Host{TCP: healthy.TCP}, "timeout tcp 0/10 ds edns"},
		{"lower case", hostOf(lowered(world.Resolve)), "good udp,tcp 10/10 ds edns"},
		{"slow", late(healthy, func() time.Duration {
			return time.Duration(30+slow.Add(1)) * time.Millisecond
		}), "good udp,tcp 10/10 ds case edns 43ms 48ms"},
		{"cookies", hostOf(func(q *dns.Msg) *dns.Msg {
			m := world.Resolve(q)
			if opt := q.IsEdns0(); opt != nil && len(opt.Option) == 1 {
				client := opt.Option[0].(*dns.EDNS0_COOKIE).Cookie
				opt := &dns.OPT{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT}, Option: []dns.EDNS0{
					&dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: client + "0102030405060708"},
				}}
				m.Extra = []dns.RR{opt}
			}
			return m
		}), "good udp,tcp 10/10 ds case edns cookies"},
		{"no EDNS", hostOf(func(q *dns.Msg) *dns.Msg {
			if q.IsEdns0() != nil {
				return dnstest.Rcode(q, dns.RcodeFormatError)
			}
			return world.Resolve(q)
		}), "good udp,tcp 10/10 ds case"},
		{"no DS", hostOf(func(q *dns.Msg) *dns.Msg {
			if q.Question[0].Qtype == dns.TypeDS {
				return dnstest.Rcode(q, dns.RcodeNotImplemented)
			}
			return world.Resolve(q)
		}), "good udp,tcp 10/10 case edns"},
		{"rewrites", hostOf(func(q *dns.Msg) *dns.Msg {
			if m := world.Resolve(q); m.Rcode == dns.RcodeSuccess || q.Question[0].Qtype != dns.TypeA {
				return m
			}
			return resolving(dnstest.Address(q, "192.0.2.66"))
		}), "hijacked udp,tcp 10/10 case edns [192.0.2.66]"},
		{"rewrites to a name", hostOf(func(q *dns.Msg) *dns.Msg {
			if m := world.Resolve(q); m.Rcode == dns.RcodeSuccess {
				return m
			}
			return resolving(dnstest.CNAME(q, "ads.example."))
		}), "hijacked udp,tcp 10/10 case edns [ads.example]"},
		{"denies all", hostOf(func(q *dns.Msg) *dns.Msg { return resolving(dnstest.NXDomain(q, ".")) }),
			"disagreement udp,tcp 10/10 case edns"},
		{"filters", hostOf(func(q *dns.Msg) *dns.Msg {
			if m := world.Resolve(q); m.Rcode != dns.RcodeNameError {
				return m
			}
			return resolving(dnstest.Rcode(q, dns.RcodeNameError))
		}), "filtered udp,tcp 10/10 case edns"},
		{"refuses", hostOf(func(q *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeRefused) }),
			"refused udp,tcp 10/10 case edns"},
		{"nobody", dnstest.Host{}, "unreachable  0/0"},
		{"silent", dnstest.Host{UDP: func([]byte, netip.AddrPort) []dnstest.Reply { return nil }}, "unreachable  0/0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n dnstest.Net
				defer n.Close()
				for s, err := range probe.Survey(t.Context(), hosts(&n, tc.host), probe.SurveyOptions{}) {
					if err != nil {
						t.Fatal(err)
					}
					want := tc.want
					got := features(s)
					if tc.name == "slow" {
						got += fmt.Sprintf(" %vms %vms", s.MedianMS, s.P95MS)
					}
					if got != want {
						t.Errorf("%q (%s), want %q", got, s.Detail, want)
					}
				}
				synctest.Wait() // the servers' ends close when they see the clients' closed
				synctest.Wait() // for the other ends
				if open := n.Open(); open != 0 {
					t.Errorf("%d connections are left", open)
				}
			})
		})
	}
}

// features puts what a survey found into a few words.
func features(s probe.Surveyed) string {
	words := []string{string(s.Reason)}
	if s.Good {
		words[0] = "good"
	}
	words = append(words, strings.Join(s.Transports, ","), fmt.Sprintf("%d/%d", s.Answered, s.Asked))
	for _, f := range []struct {
		has  bool
		word string
	}{{s.DS, "ds"}, {s.Case, "case"}, {s.EDNS, "edns"}, {s.Cookies, "cookies"}} {
		if f.has {
			words = append(words, f.word)
		}
	}
	if len(s.Rewrites) > 0 {
		words = append(words, fmt.Sprint(s.Rewrites))
	}
	return strings.Join(words, " ")
}

// Hundreds of resolvers are tested side by side, and ranked.
func TestSurveyMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		defer n.Close()
		opts := probe.Options{Dial: n.Dial}
		for i := range 300 {
			addr := fmt.Sprintf("198.18.%d.%d:53", i/256, i%256)
			opts.Servers = append(opts.Servers, udpServers(addr)...)
			if i%3 != 0 { // the others do not listen
				n.Listen(addr, late(hostOf(world.Resolve), func() time.Duration { return time.Duration(i) * time.Millisecond }))
			}
		}
		most := 0
		var list []probe.Surveyed
		for s, err := range probe.Survey(t.Context(), opts, probe.SurveyOptions{TLD: "dev", Queries: 3, Parallel: 50}) {
			if err != nil {
				t.Fatal(err)
			}
			most = max(most, n.Open())
			list = append(list, s)
		}
		if len(list) != 300 || most > 50*6 {
			t.Errorf("%d resolvers, with up to %d connections", len(list), most)
		}
		probe.Rank(list)
		for i, s := range list {
			if s.Good != (i < 200) || i > 0 && i < 200 && s.MedianMS < list[i-1].MedianMS {
				t.Fatalf("place %d is %+v", i, s)
			}
		}
	})
}

// A survey that is left early leaves nothing behind, and says why it cannot be.
func TestSurveyEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		defer n.Close()
		silent := dnstest.Host{UDP: func([]byte, netip.AddrPort) []dnstest.Reply { return nil }}
		opts := hosts(&n, hostOf(world.Resolve), silent, silent)
		for range probe.Survey(t.Context(), opts, probe.SurveyOptions{Parallel: 2}) {
			break
		}
		synctest.Wait() // for the other ends
		if open := n.Open(); open != 0 {
			t.Errorf("%d connections are left", open)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var last error
		for _, err := range probe.Survey(ctx, opts, probe.SurveyOptions{Parallel: 2}) {
			last = err
		}
		if last != context.DeadlineExceeded {
			t.Errorf("the last error is %v", last)
		}
	})
	good := udpServers("192.0.2.1:53")
	for _, tc := range []struct {
		servers []resolver.Server
		so      probe.SurveyOptions
	}{
		{good, probe.SurveyOptions{TLD: "a_b"}},
		{good, probe.SurveyOptions{TLD: "test"}},
		{good, probe.SurveyOptions{Queries: -1}},
		{slices.Concat(good, []resolver.Server{{Transport: resolver.Direct}}), probe.SurveyOptions{}},
	} {
		for s, err := range probe.Survey(t.Context(), probe.Options{Servers: tc.servers}, tc.so) {
			if err == nil {
				t.Errorf("%+v gives %+v", tc.so, s)
			}
		}
	}
}
