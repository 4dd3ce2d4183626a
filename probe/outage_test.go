package probe_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
	"domprobe/probe"
	"domprobe/probe/resolver"
)

// The only resolver is silent for a while: no verdict is wrong, and those names
// at most are unknown that were asked about in that time.
func TestOutage(t *testing.T) {
	for _, test := range []struct {
		name       string
		from, till time.Duration
		unknown    int
	}{
		{"a second at the start", 0, time.Second, 0},
		{"a second in the middle", 3 * time.Second, 4 * time.Second, 0},
		{"four seconds in the middle", 3 * time.Second, 7 * time.Second, probe.DefaultConcurrency},
		{"ten seconds at the start", 0, 10 * time.Second, 2 * probe.DefaultConcurrency},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				answer := dnstest.Wire(world.Resolve)
				h := func(b []byte, from netip.AddrPort) []dnstest.Reply {
					if at := time.Since(began); at >= test.from && at < test.till {
						return nil
					}
					replies := answer(b, from)
					for i := range replies {
						replies[i].Delay = 20 * time.Millisecond
					}
					return replies
				}
				var n dnstest.Net
				opts := hosts(&n, dnstest.Host{UDP: h, TCP: dnstest.Stream(h)})
				opts.Rate = 300
				unknown := 0
				for _, r := range probeAll(t, opts, numbered(3000)...) {
					switch {
					case r.Verdict == probe.Unknown:
						unknown++
					case (r.Verdict == probe.Found) != strings.HasPrefix(r.Name, "go"):
						t.Errorf("%s is %v %s", r.Name, r.Verdict, r.Reason)
					}
				}
				t.Logf("%d unknown in %v", unknown, time.Since(began))
				if unknown > test.unknown {
					t.Errorf("%d names are unknown, at most %d should be", unknown, test.unknown)
				}
				ended(t, &n)
			})
		})
	}
}

// The only resolver fails for the first moments, for some queries or for all:
// every name waits until it is looked at again.
func TestTroubleAtStart(t *testing.T) {
	for name, fails := range map[string]func(q *dns.Msg) bool{
		"to addresses": func(q *dns.Msg) bool { return q.Question[0].Qtype == dns.TypeA },
		"to controls":  func(q *dns.Msg) bool { return aboutTLD(q) || madeUp(q) },
		"to all":       always,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				var n dnstest.Net
				opts := hosts(&n, changed(fails, func(q, right *dns.Msg) *dns.Msg {
					if time.Since(began) < 500*time.Millisecond {
						return dnstest.Rcode(q, dns.RcodeServerFailure)
					}
					return right
				}))
				for name, r := range probeAll(t, opts, numbered(10)...) {
					if r.Verdict == probe.Unknown || (r.Verdict == probe.Found) != strings.HasPrefix(name, "go") {
						t.Errorf("%s is %v %s (%v)", name, r.Verdict, r.Reason, r.Err)
					}
				}
				ended(t, &n)
			})
		})
	}
}

// A server that can be asked over TCP only, because UDP is rejected or dropped
// on the way, settles every name.
func TestWithoutUDP(t *testing.T) {
	for name, replies := range map[string][]dnstest.Reply{"rejected": {{Refused: true}}, "dropped": nil} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				udp := func([]byte, netip.AddrPort) []dnstest.Reply { return replies }
				n := registries(dnstest.Host{UDP: udp, TCP: hostOf(world.Delegate).TCP})
				n.Listen("192.0.2.54:53", dnstest.Host{UDP: udp, TCP: hostOf(world.Resolve).TCP})
				opts := probe.Options{Servers: udpServers("192.0.2.54:53"), Dial: n.Dial}
				got := probeAll(t, opts, "go.dev", "free.dev")
				expectBoth(t, got, "dev", right, goRight)
				got = probeAll(t, directly(n), "go.dev", "free.dev")
				expectBoth(t, got, "dev", right, "found delegated")
				ended(t, n)
			})
		})
	}
}

// Three resolvers that lose, double, delay and fail at random settle every name.
func TestChaos(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			rng := rand.New(rand.NewPCG(seed, 9))
			chance := func() float64 { mu.Lock(); defer mu.Unlock(); return rng.Float64() }
			answer := dnstest.Wire(world.Resolve)
			wild := func(b []byte, from netip.AddrPort) (replies []dnstest.Reply) {
				r := answer(b, from)[0]
				r.Delay = time.Duration(chance() * float64(300*time.Millisecond))
				switch c := chance(); {
				case c < 0.2:
					return nil
				case c < 0.3:
					r.Delay += 5 * time.Second
				case c < 0.4:
					return []dnstest.Reply{r, r}
				case c < 0.5:
					forged := append([]byte(nil), r.Bytes...)
					forged[0] ^= 0x80
					return []dnstest.Reply{{Bytes: forged}, r}
				case c < 0.6:
					r.Bytes = r.Bytes[:int(chance()*float64(len(r.Bytes)))]
				case c < 0.65:
					r.Bytes[3] = r.Bytes[3]&0xf0 | 2 // SERVFAIL
				}
				return []dnstest.Reply{r}
			}
			var n dnstest.Net
			host := dnstest.Host{UDP: wild, TCP: dnstest.Stream(answer)}
			opts := hosts(&n, host, host, host)
			for _, r := range probeAll(t, opts, numbered(400)...) {
				if r.Verdict == probe.Unknown || (r.Verdict == probe.Found) != strings.HasPrefix(r.Name, "go") {
					t.Errorf("seed %d: %s is %v %s after %d tries (%v)", seed, r.Name, r.Verdict, r.Reason, r.Tries, r.Err)
				}
			}
			ended(t, &n)
		})
	}
}

// A context that ends ends a loop at once, whatever the transport waits for.
func TestCancelTransports(t *testing.T) {
	for _, transport := range []resolver.Transport{resolver.UDP, resolver.TCP, resolver.TLS, resolver.HTTPS} {
		for _, connect := range []time.Duration{0, -1} {
			t.Run(string(transport), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					never := func([]byte, netip.AddrPort) []dnstest.Reply { return nil }
					var n dnstest.Net
					n.Listen("192.0.2.53:53", dnstest.Host{UDP: never, TCP: dnstest.Stream(never), Connect: connect})
					p, err := probe.New(probe.Options{
						Dial: n.Dial, Timeout: time.Hour,
						Servers: []resolver.Server{{Transport: transport, Addr: "192.0.2.53:53", Host: "dns.example", URL: "https://dns.example/dns-query"}},
					})
					if err != nil {
						t.Fatal(err)
					}
					ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
					defer cancel()
					began := time.Now()
					for _, err := range p.Probe(ctx, endless) {
						if !errors.Is(err, context.DeadlineExceeded) {
							t.Errorf("got %v", err)
						}
					}
					if took := time.Since(began); took != 100*time.Millisecond {
						t.Errorf("took %v", took)
					}
					ended(t, &n)
				})
			})
		}
	}
}

// Names that come after the controls have failed get the same reason as those
// that waited for them.
func TestReasonLater(t *testing.T) {
	for want, lie := range map[probe.Reason]func(q *dns.Msg) *dns.Msg{
		probe.Hijacked:  func(q *dns.Msg) *dns.Msg { return dnstest.Address(q, "203.0.113.80") },
		probe.Filtered:  func(q *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeNameError) },
		probe.Refused:   func(q *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeRefused) },
		probe.ServFail:  func(q *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeServerFailure) },
		probe.Timeout:   func(q *dns.Msg) *dns.Msg { return nil },
		probe.Truncated: dnstest.Truncate,
	} {
		t.Run(string(want), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n dnstest.Net
				opts := hosts(&n, dnstest.Host{UDP: dnstest.Wire(func(q *dns.Msg) *dns.Msg {
					if r := world.Resolve(q); r.Rcode == dns.RcodeSuccess && want == probe.Hijacked {
						return r
					}
					return lie(q)
				})})
				if want == probe.Timeout || want == probe.ServFail {
					n.Listen("192.0.2.1:53", hostOf(lie))
				}
				began := time.Now()
				reasons, all := map[probe.Reason]int{}, 1000
				if want == probe.Hijacked {
					all = 500 // the others are found all the same
				}
				for _, r := range probeAll(t, opts, numbered(1000)...) {
					reasons[r.Reason]++
					if r.Verdict != probe.Unknown && (want != probe.Hijacked || r.Verdict != probe.Found || !strings.HasPrefix(r.Name, "go-")) {
						t.Errorf("%s is %v", r.Name, r.Verdict)
					}
				}
				if reasons[want] != all {
					t.Errorf("reasons %v, want %s %d times", reasons, want, all)
				}
				if took := time.Since(began); took > time.Minute {
					t.Errorf("1000 names took %v", took)
				}
				ended(t, &n)
			})
		})
	}
}

// A machine that is offline only for TCP waits before each try over it.
func TestOfflineTCP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		cut := func(q *dns.Msg) *dns.Msg {
			if normal(q) == "free.dev" {
				return dnstest.Truncate(q)
			}
			return world.Resolve(q)
		}
		opts := hosts(&n, dnstest.Host{UDP: lateHost(10*time.Millisecond, cut).UDP, TCP: hostOf(world.Resolve).TCP})
		began, dial, dials := time.Now(), opts.Dial, 0
		opts.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if since := time.Since(began); 5*time.Millisecond < since && since < time.Minute {
				if dials++; dials > 10000 {
					panic("it does not wait") // fake time would stand still for ever
				}
				return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ENETUNREACH}
			}
			return dial(ctx, network, addr)
		}
		expect(t, probeAll(t, opts, "free.dev"), "free.dev", freeRight)
		if dials > 300 {
			t.Errorf("%d tries in a minute", dials)
		}
	})
}
