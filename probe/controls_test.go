package probe_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"domprobe/candidate"
	"domprobe/internal/dnstest"
	"domprobe/probe"
)

// TestControls is about resolvers that lie consistently, about every name that
// does not exist. None of them may be believed about a free name.
func TestControls(t *testing.T) {
	lies := map[string]func(q, right *dns.Msg) *dns.Msg{
		"no data, SOA of the name":      func(q, right *dns.Msg) *dns.Msg { return dnstest.NoData(q, normal(q)) },
		"no data, SOA below the name":   func(q, right *dns.Msg) *dns.Msg { return dnstest.NoData(q, "x."+normal(q)) },
		"no data, SOA of the root":      func(q, right *dns.Msg) *dns.Msg { return dnstest.NoData(q, "") },
		"no data, SOA of the TLD":       func(q, right *dns.Msg) *dns.Msg { return dnstest.NoData(q, "dev") },
		"no data, SOA of another":       func(q, right *dns.Msg) *dns.Msg { return dnstest.NoData(q, "filter.com") },
		"no data without SOA":           func(q, right *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeSuccess) },
		"NXDOMAIN, SOA of the name":     func(q, right *dns.Msg) *dns.Msg { return dnstest.NXDomain(q, normal(q)) },
		"NXDOMAIN, SOA of the root":     func(q, right *dns.Msg) *dns.Msg { return dnstest.NXDomain(q, "") },
		"NXDOMAIN, SOA of another":      func(q, right *dns.Msg) *dns.Msg { return dnstest.NXDomain(q, "filter.com") },
		"made-up SOA":                   func(q, right *dns.Msg) *dns.Msg { return dnstest.AdGuard(q) },
		"an address to every question":  func(q, right *dns.Msg) *dns.Msg { return dnstest.Address(q, "203.0.113.80") },
		"an alias":                      func(q, right *dns.Msg) *dns.Msg { return dnstest.CNAME(q, "sink.com") },
		"name servers":                  func(q, right *dns.Msg) *dns.Msg { return dnstest.NS(q) },
		"SOA in the answer":             func(q, right *dns.Msg) *dns.Msg { return dnstest.SOA(q, normal(q)) },
		"referral to the name":          func(q, right *dns.Msg) *dns.Msg { return dnstest.Referral(q, normal(q)) },
		"SERVFAIL":                      func(q, right *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeServerFailure) },
		"NXDOMAIN with AA":              func(q, right *dns.Msg) *dns.Msg { right.Authoritative = true; return right },
		"NXDOMAIN without RA":           func(q, right *dns.Msg) *dns.Msg { right.RecursionAvailable = false; return right },
		"what it wants, by the type":    func(q, right *dns.Msg) *dns.Msg { return byType(q, right) },
		"NS to NS, no data to the rest": func(q, right *dns.Msg) *dns.Msg { return onlyNS(q) },
	}
	for name, lie := range lies {
		answer := func(q *dns.Msg) *dns.Msg {
			right := world.Resolve(q)
			if right.Rcode == dns.RcodeNameError {
				return lie(q, right)
			}
			return right
		}
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for _, escalate := range []bool{false, true} {
					n := registries(hostOf(world.Delegate))
					n.Listen("192.0.2.53:53", hostOf(dnstest.Block(func(string) bool { return false }, nil, answer)))
					opts := probe.Options{Servers: udpServers("192.0.2.53:53"), Dial: n.Dial, Escalate: escalate}
					got := probeAll(t, opts, "free-1.dev", "free-2.dev", "free.com", "go-1.dev")
					for name, r := range got {
						if r.Verdict != probe.Unknown && (r.Verdict == probe.Found) != strings.HasPrefix(name, "go") {
							t.Errorf("%s is %v %s", name, r.Verdict, r.Reason)
						}
					}
					// Beside an honest one it does no harm.
					n.Listen("192.0.2.54:53", hostOf(world.Resolve))
					opts.Servers = udpServers("192.0.2.53:53", "192.0.2.54:53")
					for name, r := range probeAll(t, opts, numbered(20)...) {
						if r.Verdict == probe.Unknown || (r.Verdict == probe.Found) != strings.HasPrefix(name, "go") {
							t.Errorf("beside an honest one, %s is %v %s (%v)", name, r.Verdict, r.Reason, r.Err)
						}
					}
					ended(t, n)
				}
			})
		})
	}
}

func byType(q, right *dns.Msg) *dns.Msg {
	switch q.Question[0].Qtype {
	case dns.TypeA:
		return dnstest.Address(q, "203.0.113.80")
	case dns.TypeNS:
		return dnstest.NS(q)
	}
	return dnstest.NoData(q, normal(q))
}

func onlyNS(q *dns.Msg) *dns.Msg {
	if q.Question[0].Qtype == dns.TypeNS {
		return dnstest.NS(q)
	}
	return dnstest.NoData(q, "dev")
}

var expired = coded(dns.RcodeServerFailure, int(dns.ExtendedErrorCodeSignatureExpired))

// A resolver whose validation fails is asked without it, once.
func TestBogus(t *testing.T) {
	for _, helps := range []bool{true, false} {
		addr := serve(t, dnstest.Answer(func(q *dns.Msg) *dns.Msg {
			if !names(normal(q)) || q.CheckingDisabled && helps {
				return world.Resolve(q)
			}
			return expired(q, nil)
		}))
		got := probeAll(t, probe.Options{Servers: udpServers(addr)}, "go.dev", "free.dev")
		if helps {
			expect(t, got, "go.dev", goRight)
			expect(t, got, "free.dev", freeRight)
		} else {
			expect(t, got, "go.dev", "unknown bogus")
			expect(t, got, "free.dev", "unknown bogus")
		}
	}
}

// A name that exists but fails validation is no canary for those that follow: a
// canary is validated.
func TestBogusCanary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		opts := hosts(&n, changed(func(q *dns.Msg) bool { return names(normal(q)) && !q.CheckingDisabled }, expired))
		cs := func(yield func(candidate.Candidate, error) bool) {
			yield(candidate.Parse("go.dev"), nil)
			time.Sleep(time.Second)
			yield(candidate.Parse("free.dev"), nil)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		p, err := probe.New(opts)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		got := map[string]probe.Result{}
		for r, err := range p.Probe(ctx, cs) {
			if err != nil {
				t.Fatal(err)
			}
			got[r.Name] = r
		}
		expect(t, got, "go.dev", goRight)
		expect(t, got, "free.dev", freeRight)
	})
}

// A server that does not take OPT for one name is spared it for the next.
func TestPlainFromThenOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var refused atomic.Int32
		var n dnstest.Net
		opts := hosts(&n, changed(func(q *dns.Msg) bool { return strings.Contains(normal(q), "-") && q.IsEdns0() != nil },
			func(q, _ *dns.Msg) *dns.Msg {
				refused.Add(1)
				return dnstest.Rcode(q, dns.RcodeFormatError)
			}))
		opts.Concurrency = 1
		for name, r := range probeAll(t, opts, numbered(10)...) {
			if r.Verdict == probe.Unknown || (r.Verdict == probe.Found) != strings.HasPrefix(name, "go") {
				t.Errorf("%s is %v %s", name, r.Verdict, r.Reason)
			}
		}
		if n := refused.Load(); n != 1 {
			t.Errorf("%d queries about names had OPT", n)
		}
		ended(t, &n)
	})
}

// However a server fails, it is asked the same query at most three times over
// each transport (RFC 9520 section 3.1), and a name takes a bounded time.
func TestTries(t *testing.T) {
	for name, f := range map[string]func(q *dns.Msg) *dns.Msg{
		"silence":   func(q *dns.Msg) *dns.Msg { return nil },
		"SERVFAIL":  func(q *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeServerFailure) },
		"REFUSED":   func(q *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeRefused) },
		"FORMERR":   func(q *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeFormatError) },
		"slip":      dnstest.Truncate,
		"BADCOOKIE": func(q *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeBadCookie) },
		"filter":    func(q *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeNameError) },
	} {
		for _, servers := range []int{1, 3} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var mu sync.Mutex
					asked := map[[3]string]int{}
					var n dnstest.Net
					var hs []dnstest.Host
					for i := range servers {
						count := func(network string) dnstest.PacketHandler {
							answer := dnstest.Wire(dnstest.Block(func(name string) bool { return name == "go-1.dev" || name == "free.dev" }, f, world.Resolve))
							return func(b []byte, from netip.AddrPort) []dnstest.Reply {
								q := new(dns.Msg)
								if err := q.Unpack(b); err != nil {
									t.Error(err)
								}
								form := normal(q)
								if q.IsEdns0() != nil {
									form += " with OPT"
								}
								mu.Lock()
								asked[[3]string{registryAddr(i), network, form}]++
								mu.Unlock()
								return answer(b, from)
							}
						}
						hs = append(hs, dnstest.Host{UDP: count("udp"), TCP: dnstest.Stream(count("tcp"))})
					}
					opts := hosts(&n, hs...)
					began := time.Now()
					got := probeAll(t, opts, "go-1.dev", "free.dev")
					if took, most := time.Since(began), time.Duration(servers)*20*time.Second; took > most {
						t.Errorf("two names took %v", took)
					}
					for name, r := range got {
						if r.Verdict != probe.Unknown {
							t.Errorf("%s is %v", name, r.Verdict)
						}
						if r.Tries > servers*2*probe.MaxTries {
							t.Errorf("%s took %d tries", name, r.Tries)
						}
					}
					for key, times := range asked {
						most := probe.MaxTries
						if name == "silence" { // which may be a limit's; see Options.Tries
							most *= 2
						}
						if times > most && (strings.HasPrefix(key[2], "go-1.dev") || strings.HasPrefix(key[2], "free.dev")) {
							t.Errorf("%v was asked %d times", key, times)
						}
					}
					ended(t, &n)
				})
			})
		}
	}
}

// A prober knows from an earlier loop that a server is believed: another, which is
// suspect, does not wait for controls of that one, which nobody sends.
func TestRecalledOpinion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		liar := hostOf(func(q *dns.Msg) *dns.Msg {
			if m := world.Resolve(q); m.Rcode == dns.RcodeSuccess {
				return m
			}
			m := dnstest.Address(q, "192.0.2.9")
			m.Authoritative, m.RecursionAvailable = false, true
			return m
		})
		p, err := probe.New(hosts(&n, liar, hostOf(world.Resolve)))
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		for i := range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			r, err := p.One(ctx, "free.dev")
			cancel()
			if err != nil || r.Verdict != probe.NotFound {
				t.Errorf("%d: %v %v %v", i, r.Verdict, r.Reason, err)
			}
		}
	})
}

// That a control comes truncated, at the last try too, tells more than how TCP fails.
func TestControlsTruncated(t *testing.T) {
	silent := func(c net.Conn) { io.Copy(io.Discard, c) }
	for _, tcp := range []func(net.Conn){nil, silent} {
		for lost := range 3 { // of three tries
			t.Run(fmt.Sprintf("TCP %t, %d packets lost", tcp != nil, lost), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var mu sync.Mutex
					asked := map[string]int{}
					host := changed(func(q *dns.Msg) bool { return !names(normal(q)) }, func(q, _ *dns.Msg) *dns.Msg {
						mu.Lock()
						defer mu.Unlock()
						key := fmt.Sprint(normal(q), q.Question[0].Qtype)
						if asked[key]++; asked[key]%(lost+1) != 0 {
							return nil
						}
						return dnstest.Truncate(q)
					})
					host.TCP = tcp
					var n dnstest.Net
					got := probeAll(t, hosts(&n, host), "go.dev", "free.dev")
					expect(t, got, "go.dev", "unknown truncated")
					expect(t, got, "free.dev", "unknown truncated")
					ended(t, &n)
				})
			})
		}
	}
}
