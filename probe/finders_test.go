package probe_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
	"domprobe/probe"
	"domprobe/probe/resolver"
)

// TestFinders is about resolvers that only find the registries.
func TestFinders(t *testing.T) {
	const missing, filtered = "invalid no-such-tld", "unknown filtered"
	type finders []func(q *dns.Msg) *dns.Msg
	healthy := registrar(registryAddr(0))
	finder := func(which func(q *dns.Msg) bool, f change) func(q *dns.Msg) *dns.Msg {
		return changing(healthy, which, f)
	}
	ofServers := func(q *dns.Msg) bool { return strings.HasSuffix(normal(q), ".registry.com") }
	servfail := func(q, _ *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeServerFailure) }
	denier := finder(always, denied)
	tests := map[string]struct {
		finders
		dev, unlisted string
	}{
		"an alias that is denied":     {finders{finder(always, aliasDenied)}, filtered, filtered},
		"denied":                      {finders{denier}, "unknown disagreement", missing},
		"denied by both":              {finders{denier, denier}, missing, missing},
		"denied by the first":         {finders{denier, healthy}, right, right},
		"addresses fail":              {finders{finder(ofServers, servfail)}, "unknown servfail", "unknown servfail"},
		"addresses denied":            {finders{finder(ofServers, denied)}, "unknown lame", "unknown lame"},
		"addresses fail at the first": {finders{finder(ofServers, servfail), healthy}, right, right},
		"addresses of the third":      {finders{finder(ofServers, denied), finder(ofServers, silent), healthy}, right, right},
	}
	for name, policy := range policies {
		test := tests["denied"]
		test.finders = finders{finder(always, after(denied, policy))}
		test.dev, test.unlisted = filtered, filtered
		tests["denied by policy, "+name] = test
		test.finders = append(test.finders, healthy)
		test.dev, test.unlisted = right, right
		tests["denied by policy at the first, "+name] = test
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := registries(hostOf(world.Delegate))
				opts := probe.Options{Servers: []resolver.Server{{Transport: resolver.Direct}}, Dial: n.Dial, Rate: -1}
				for i, f := range test.finders {
					addr := "192.0.2.5" + string(rune('3'+i)) + ":53"
					n.Listen(addr, hostOf(f))
					opts.Servers = append(opts.Servers, udpServers(addr)...)
				}
				got := probeAll(t, opts, "go.dev", "free.dev", "go.unlisted", "free.unlisted")
				expectBoth(t, got, "dev", test.dev, "found delegated")
				expectBoth(t, got, "unlisted", test.unlisted, "found delegated")
				ended(t, n)
			})
		})
	}
}

// What one resolver says about a TLD that nobody lists does not wait for those
// that are dead.
func TestDeadFinders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := registries(hostOf(world.Delegate))
		opts := probe.Options{Servers: []resolver.Server{{Transport: resolver.Direct}}, Dial: n.Dial}
		opts.Servers = append(opts.Servers, udpServers("192.0.2.53:53", "192.0.2.54:53", "192.0.2.55:53")...)
		n.Listen("192.0.2.53:53", hostOf(registrar(registryAddr(0))))
		n.Listen("192.0.2.54:53", hostOf(func(*dns.Msg) *dns.Msg { return nil }))
		n.Listen("192.0.2.55:53", hostOf(func(*dns.Msg) *dns.Msg { return nil }))
		start := time.Now()
		expect(t, probeAll(t, opts, "go.nosuch"), "go.nosuch", "invalid no-such-tld")
		if took := time.Since(start); took > probe.DefaultTimeout {
			t.Errorf("took %v", took)
		}
		ended(t, n)
	})
}

// A registry with many addresses of both families is asked where there is only
// one of the two, and nobody is told about the servers that cannot be reached.
func TestFamilies(t *testing.T) {
	const servers = 13
	find := func(q *dns.Msg) *dns.Msg {
		var i int
		if n, _ := fmt.Sscanf(normal(q), "ns%d.registry.com", &i); n == 1 {
			if q.Question[0].Qtype == dns.TypeA {
				return dnstest.Address(q, fmt.Sprintf("198.51.100.%d", i+1))
			}
			return dnstest.Address(q, fmt.Sprintf("2001:db8::%x", i+1))
		}
		return registrar(make([]string, servers)...)(q)
	}
	for _, only := range []string{"IPv4", "IPv6"} {
		t.Run(only, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := new(dnstest.Net)
				n.Listen("192.0.2.53:53", hostOf(find))
				for i := range servers {
					n.Listen(fmt.Sprintf("198.51.100.%d:53", i+1), hostOf(world.Delegate))
					n.Listen(fmt.Sprintf("[2001:db8::%x]:53", i+1), hostOf(world.Delegate))
				}
				opts := directly(n)
				opts.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
					ip := netip.MustParseAddrPort(addr).Addr()
					if addr != "192.0.2.53:53" && ip.Is4() != (only == "IPv4") {
						return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ENETUNREACH}
					}
					return n.Dial(ctx, network, addr)
				}
				var log strings.Builder
				opts.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelInfo}))
				for name, r := range probeAll(t, opts, numbered(20)...) {
					if r.Verdict == probe.Unknown || (r.Verdict == probe.Found) != strings.HasPrefix(name, "go") {
						t.Errorf("%s is %v %s (%v)", name, r.Verdict, r.Reason, r.Err)
					}
				}
				if log.Len() > 0 {
					t.Errorf("logged:\n%s", &log)
				}
				ended(t, n)
			})
		})
	}
}
