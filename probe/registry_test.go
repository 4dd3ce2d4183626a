package probe_test

import (
	"encoding/hex"
	"fmt"
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
	"domprobe/probe/resolver"
)

// registryAddr is the address of a registry's server number i.
func registryAddr(i int) string { return fmt.Sprintf("192.0.2.%d", i+1) }

// registries is a network with servers of every registry zone, and a resolver
// that knows them at 192.0.2.53.
func registries(servers ...dnstest.Host) *dnstest.Net {
	n := new(dnstest.Net)
	var addrs []string
	for i, h := range servers {
		addrs = append(addrs, registryAddr(i))
		n.Listen(registryAddr(i)+":53", h)
	}
	n.Listen("192.0.2.53:53", hostOf(registrar(addrs...)))
	return n
}

// held says that the registry zone holds a name without delegating it.
func held(q *dns.Msg, bitmap string) *dns.Msg {
	m := dnstest.NoData(q, "dev")
	if opt := q.IsEdns0(); bitmap != "" && opt != nil && opt.Do() {
		m.Ns = append(m.Ns, rr(normal(q)+". 60 IN NSEC zzz.dev. "+bitmap))
	}
	return m
}

func TestRegistry(t *testing.T) {
	healthy := hostOf(world.Delegate)
	// except answers otherwise about names, but not about the controls.
	except := func(f func(q, right *dns.Msg) *dns.Msg) dnstest.Host {
		return hostOf(func(q *dns.Msg) *dns.Msg {
			right := world.Delegate(q)
			if names(normal(q)) {
				return f(q, right)
			}
			return right
		})
	}
	always := func(f func(q, right *dns.Msg) *dns.Msg) dnstest.Host {
		return hostOf(func(q *dns.Msg) *dns.Msg { return f(q, world.Delegate(q)) })
	}
	// control answers otherwise about names that controls make up, and existence
	// about the zone itself.
	control := func(f change) []dnstest.Host { return []dnstest.Host{hostOf(changing(world.Delegate, madeUp, f))} }
	existence := func(f change) []dnstest.Host { return []dnstest.Host{hostOf(changing(world.Delegate, aboutTLD, f))} }
	recursing := func(q, right *dns.Msg) *dns.Msg { right.RecursionAvailable = true; return right }
	notAuthoritative := func(q, right *dns.Msg) *dns.Msg { right.Authoritative = false; return right }
	upward := func(q, right *dns.Msg) *dns.Msg { return dnstest.Referral(q, "") }
	refused := func(q, right *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeRefused) }
	nothing := func(q, right *dns.Msg) *dns.Msg { return nil }
	slip := func(f dnstest.PacketHandler) dnstest.Host {
		return dnstest.Host{UDP: f, TCP: dnstest.Stream(dnstest.Wire(world.Delegate))}
	}
	// It holds every name until it is asked with DO=1, then it delegates them.
	var signed atomic.Bool
	unsteady := func(q, right *dns.Msg) *dns.Msg {
		switch {
		case q.IsEdns0().Do():
			signed.Store(true)
		case signed.Load():
			return dnstest.Referral(q, normal(q))
		}
		return held(q, "")
	}
	const goRight, freeRight = "found delegated", "not-found nxdomain"
	for _, test := range []struct {
		name      string
		servers   []dnstest.Host
		reg, free string
	}{
		{"healthy", []dnstest.Host{healthy}, goRight, freeRight},
		{"four, of which one answers", []dnstest.Host{{}, always(nothing), always(upward), healthy}, goRight, freeRight},
		{"four, of which one is not lame", []dnstest.Host{always(refused), always(upward), always(notAuthoritative), healthy}, goRight, freeRight},
		{"lame for names only, beside a good one", []dnstest.Host{except(upward), healthy}, goRight, freeRight},
		{"all lame", []dnstest.Host{always(upward), always(upward)}, "unknown lame", "unknown lame"},
		{"all refuse", []dnstest.Host{always(refused)}, "unknown refused", "unknown refused"},
		{"all dead", []dnstest.Host{{}, {}}, "unknown unreachable", "unknown unreachable"},
		{"all silent", []dnstest.Host{always(nothing)}, "unknown timeout", "unknown timeout"},
		{"AA=0", []dnstest.Host{except(notAuthoritative)}, goRight, "unknown bad-response"},
		{"control with AA=0", control(notAuthoritative), "unknown bad-response", "unknown bad-response"},
		{"control with SOA of the wrong zone", control(func(q, right *dns.Msg) *dns.Msg { return dnstest.NXDomain(q, "com") }), "unknown bad-response", "unknown bad-response"},
		{"control with an answer", control(func(q, right *dns.Msg) *dns.Msg { right.Answer = dnstest.NS(q).Answer; return right }), "unknown bad-response", "unknown bad-response"},
		{"control held, then delegated", control(unsteady), "unknown wildcard", "unknown wildcard"},
		{"existence with AA=0", existence(notAuthoritative), "unknown lame", "unknown lame"},
		{"existence without SOA", existence(func(q, right *dns.Msg) *dns.Msg { return dnstest.NoData(q, "dev") }), "unknown lame", "unknown lame"},
		{"RA=1 always", []dnstest.Host{always(recursing)}, goRight, freeRight},
		{"RA=1 for names only", []dnstest.Host{except(recursing)}, "unknown filtered", "unknown filtered"},
		{"SOA of the wrong zone", []dnstest.Host{except(func(q, right *dns.Msg) *dns.Msg { return dnstest.NXDomain(q, "com") })}, "unknown bad-response", "unknown bad-response"},
		{"addresses", []dnstest.Host{except(func(q, right *dns.Msg) *dns.Msg { return dnstest.Address(q, "203.0.113.80") })}, "unknown filtered", "unknown filtered"},
		{"serves the child too", []dnstest.Host{except(func(q, right *dns.Msg) *dns.Msg { return dnstest.NS(q) })}, goRight, goRight},
		{"holds the name", []dnstest.Host{except(func(q, right *dns.Msg) *dns.Msg { return held(q, "") })}, "unknown exists-in-zone", "unknown exists-in-zone"},
		{"holds the name, signed", []dnstest.Host{except(func(q, right *dns.Msg) *dns.Msg { return held(q, "TXT RRSIG NSEC") })}, "unknown exists-in-zone", "unknown exists-in-zone"},
		{"hides the delegation, signed", []dnstest.Host{except(func(q, right *dns.Msg) *dns.Msg { return held(q, "NS RRSIG NSEC") })}, goRight, goRight},
		{"compact denial", []dnstest.Host{always(func(q, right *dns.Msg) *dns.Msg {
			if right.Rcode != dns.RcodeNameError {
				return right
			}
			return held(q, "RRSIG NSEC TYPE128")
		})}, goRight, freeRight},
		{"denies nothing", []dnstest.Host{always(func(q, right *dns.Msg) *dns.Msg {
			if right.Rcode == dns.RcodeNameError {
				return held(q, "")
			}
			return right
		})}, goRight, "unknown wildcard"},
		{"delegates everything", []dnstest.Host{always(func(q, right *dns.Msg) *dns.Msg {
			if right.Rcode == dns.RcodeNameError {
				return dnstest.Referral(q, normal(q))
			}
			return right
		})}, "unknown bad-response", "unknown bad-response"},
		{"delegates everything, beside a good one", []dnstest.Host{always(func(q, right *dns.Msg) *dns.Msg {
			if right.Rcode == dns.RcodeNameError {
				return dnstest.Referral(q, normal(q))
			}
			return right
		}), healthy}, goRight, freeRight},
		{"slips", []dnstest.Host{slip(dnstest.Wire(dnstest.Truncate))}, goRight, freeRight},
		{"loses NXDOMAIN over UDP", []dnstest.Host{slip(dnstest.Wire(func(q *dns.Msg) *dns.Msg {
			if m := world.Delegate(q); m.Rcode == dns.RcodeSuccess {
				return m
			}
			return nil
		}))}, goRight, freeRight},
		{"BADCOOKIE until the cookie is right", []dnstest.Host{demandsCookie()}, goRight, freeRight},
		{"BADCOOKIE always", []dnstest.Host{slip(dnstest.Wire(func(q *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeBadCookie) }))}, goRight, freeRight},
		{"FORMERR to OPT", []dnstest.Host{always(func(q, right *dns.Msg) *dns.Msg {
			if q.IsEdns0() != nil {
				return dnstest.Rcode(q, dns.RcodeFormatError)
			}
			return right
		})}, goRight, freeRight},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := registries(test.servers...)
				got := probeAll(t, directly(n), "go.dev", "free.dev")
				expect(t, got, "go.dev", test.reg)
				expect(t, got, "free.dev", test.free)
				ended(t, n)
			})
		})
	}
}

// demandsCookie answers BADCOOKIE until the query has the server's cookie.
func demandsCookie() dnstest.Host {
	const server = "0123456789abcdef"
	return dnstest.Host{UDP: dnstest.Wire(func(q *dns.Msg) *dns.Msg {
		m := world.Delegate(q)
		opt := q.IsEdns0()
		if opt == nil || len(opt.Option) == 0 {
			return dnstest.Rcode(q, dns.RcodeRefused)
		}
		cookie := opt.Option[0].(*dns.EDNS0_COOKIE).Cookie
		if _, err := hex.DecodeString(cookie); err != nil || len(cookie) != 16+len(server) || cookie[16:] != server {
			m = dnstest.Rcode(q, dns.RcodeBadCookie)
		}
		m.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: cookie[:16] + server}}
		return m
	})}
}

// TestRegistryTLDs finds the registry zones of different kinds of TLD.
func TestRegistryTLDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := registries(hostOf(func(q *dns.Msg) *dns.Msg {
			// The server of br knows com.br as a zone of others only.
			if name := normal(q); strings.HasSuffix(name, ".com.br") && q.Question[0].Qtype == dns.TypeNS {
				return dnstest.Referral(q, "com.br")
			}
			return world.Delegate(q)
		}), hostOf(world.Delegate))
		// Only the first is a server of br, and only the second of com.br.
		n.Listen("192.0.2.53:53", hostOf(func(q *dns.Msg) *dns.Msg {
			addrs := []string{"192.0.2.1"}
			if normal(q) == "com.br" || normal(q) == "ns1.registry.com" {
				addrs = []string{"192.0.2.99", "192.0.2.2"}
			}
			return registrar(addrs...)(q)
		}))
		cs := []candidate.Candidate{
			{Name: "go.com.br", TLD: "br"}, {Name: "free.com.br", TLD: "br"}, {Name: "free.br", TLD: "br"},
			{Name: "go.co.nosuch", TLD: "co.nosuch"}, {Name: "go.zz.br", TLD: "zz.br"}, {Name: "go.devv", TLD: "devv"},
			candidate.Parse("go.co.jp"), candidate.Parse("free.co.jp"), candidate.Parse("go.co.uk"), candidate.Parse("free.co.uk"),
		}
		got := probeThese(t, directly(n), cs)
		for name, want := range map[string]string{
			"go.com.br": "found delegated", "free.com.br": "not-found nxdomain", "free.br": "not-found nxdomain",
			"go.co.nosuch": "invalid no-such-tld", "go.zz.br": "invalid no-such-tld", "go.devv": "invalid no-such-tld",
			"go.co.jp": "found delegated", "free.co.jp": "not-found nxdomain",
			"go.co.uk": "found delegated", "free.co.uk": "not-found nxdomain",
		} {
			expect(t, got, name, want)
		}
		ended(t, n)
	})
}

// A response with an alias does not say which zone a TLD is in.
func TestAliasOfTLD(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := registries(hostOf(world.Delegate))
		n.Listen("192.0.2.53:53", hostOf(changing(registrar("192.0.2.1"), func(q *dns.Msg) bool { return normal(q) == "co.jp" }, func(q, right *dns.Msg) *dns.Msg {
			right.Answer = dnstest.CNAME(q, "sink.com").Answer
			return right
		})))
		got := probeAll(t, directly(n), "go.co.jp", "free.co.jp", "go.co.uk")
		expect(t, got, "go.co.jp", "unknown filtered")
		expect(t, got, "free.co.jp", "unknown filtered")
		expect(t, got, "go.co.uk", "found delegated")
		ended(t, n)
	})
}

// A server that several TLDs share has one rate.
func TestRegistryRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []time.Time
		var mu = make(chan struct{}, 1)
		answer := dnstest.Wire(world.Delegate)
		n := registries(dnstest.Host{UDP: func(b []byte, from netip.AddrPort) []dnstest.Reply {
			mu <- struct{}{}
			asked = append(asked, time.Now())
			<-mu
			return answer(b, from)
		}})
		var list []string
		for _, name := range numbered(200) {
			list = append(list, name, strings.TrimSuffix(name, "dev")+"com")
		}
		opts := directly(n)
		opts.Rate = 0 // the default, 100 a second
		got := probeAll(t, opts, list...)
		for name, r := range got {
			if (r.Verdict == probe.Found) != strings.HasPrefix(name, "go") || r.Verdict == probe.Unknown {
				t.Errorf("%s is %v %s", name, r.Verdict, r.Reason)
			}
		}
		for i := range asked {
			k := i
			for k < len(asked) && asked[k].Sub(asked[i]) < time.Second {
				k++
			}
			if k-i > 111 {
				t.Fatalf("%d queries in the second from %v", k-i, asked[i])
			}
		}
		ended(t, n)
	})
}

// A name that no given server decides is asked of the registry.
func TestEscalate(t *testing.T) {
	policies := map[string]func(q *dns.Msg) *dns.Msg{
		"NXDOMAIN without SOA": func(q *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeNameError) },
		"no data without SOA":  func(q *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeSuccess) },
		"a made-up SOA":        dnstest.AdGuard,
		"SERVFAIL":             func(q *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeServerFailure) },
		"silence":              func(q *dns.Msg) *dns.Msg { return nil },
	}
	for name, policy := range policies {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := registries(hostOf(world.Delegate))
				n.Listen("192.0.2.53:53", hostOf(dnstest.Block(names, policy, registrar("192.0.2.1"))))
				opts := probe.Options{Servers: udpServers("192.0.2.53:53"), Dial: n.Dial, Escalate: true}
				got := probeAll(t, opts, "go.dev", "free.dev", "go-1.dev", "free-1.dev")
				expect(t, got, "go.dev", "found delegated")
				expect(t, got, "free.dev", freeRight)
				expect(t, got, "go-1.dev", goRight)
				expect(t, got, "free-1.dev", freeRight)
				if s := got["free.dev"].Server; s != "192.0.2.1:53" {
					t.Errorf("free.dev was decided by %q", s)
				}
				if s := got["free-1.dev"].Server; s != "192.0.2.53:53" {
					t.Errorf("free-1.dev was decided by %q", s)
				}
				opts.Escalate = false
				for _, r := range probeAll(t, opts, "go.dev", "free.dev") {
					if r.Verdict != probe.Unknown {
						t.Errorf("without escalation, %s is %v %s", r.Name, r.Verdict, r.Reason)
					}
				}
				ended(t, n)
			})
		})
	}
	// The registry has nothing to say either: the most telling reason stays.
	synctest.Test(t, func(t *testing.T) {
		n := registries(dnstest.Host{})
		n.Listen("192.0.2.53:53", hostOf(dnstest.Block(names, policies["a made-up SOA"], registrar("192.0.2.1"))))
		opts := probe.Options{Servers: udpServers("192.0.2.53:53"), Dial: n.Dial, Escalate: true}
		got := probeAll(t, opts, "go.dev", "free.dev")
		expect(t, got, "go.dev", "unknown filtered")
		expect(t, got, "free.dev", "unknown filtered")
		ended(t, n)
	})
}

// The server of an unknown row is the one whose response gave the reason, not
// the one that was asked last.
func TestServerOfReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := registries(dnstest.Host{UDP: func([]byte, netip.AddrPort) []dnstest.Reply { return nil }})
		n.Listen("192.0.2.53:53", hostOf(dnstest.Block(names, dnstest.AdGuard, registrar("192.0.2.1"))))
		opts := probe.Options{Servers: udpServers("192.0.2.53:53"), Dial: n.Dial, Escalate: true}
		for name, r := range probeAll(t, opts, "go.dev", "free.dev") {
			if r.Reason != probe.Filtered || r.Rcode != dns.RcodeNameError || r.Server != "192.0.2.53:53" {
				t.Errorf("%s is %v %s, rcode %d from %q", name, r.Verdict, r.Reason, r.Rcode, r.Server)
			}
		}
		ended(t, n)
	})
}

func TestQuorum(t *testing.T) {
	healthy := hostOf(world.Resolve)
	sees := func(f func(q *dns.Msg) *dns.Msg) dnstest.Host {
		return hostOf(dnstest.Block(names, f, world.Resolve))
	}
	// Whichever of the two is asked first denies the name, the other knows it.
	var denials atomic.Int32
	contrary := changed(func(q *dns.Msg) bool { return normal(q) == "free.dev" }, func(q, right *dns.Msg) *dns.Msg {
		if denials.Add(1) > 1 {
			return dnstest.NoData(q, "dev")
		}
		return right
	})
	fails := sees(func(q *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeServerFailure) })
	for _, test := range []struct {
		name    string
		servers []dnstest.Host
		quorum  int
		found   string
		free    string
	}{
		{"two agree", []dnstest.Host{healthy, healthy}, 2, goRight, freeRight},
		{"three agree", []dnstest.Host{healthy, healthy, healthy}, 3, goRight, freeRight},
		{"two of three", []dnstest.Host{healthy, fails, healthy}, 2, goRight, freeRight},
		{"one contradicts", []dnstest.Host{contrary, contrary}, 2, goRight, "unknown disagreement"},
		{"one fails", []dnstest.Host{healthy, fails}, 2, "unknown no-quorum", "unknown no-quorum"},
		{"one is dead", []dnstest.Host{healthy, {}}, 2, "unknown no-quorum", "unknown no-quorum"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n dnstest.Net
				opts := hosts(&n, test.servers...)
				opts.Quorum = test.quorum
				got := probeAll(t, opts, "go.dev", "free.dev")
				expect(t, got, "go.dev", test.found)
				expect(t, got, "free.dev", test.free)
				if r := got["free.dev"]; r.Verdict == probe.NotFound && r.Tries < test.quorum {
					t.Errorf("%d queries for a quorum of %d", r.Tries, test.quorum)
				}
				ended(t, &n)
			})
		})
	}
}

// One of two resolvers dies in the middle of a run, and comes back: no verdict
// is lost, and a name that was under way there costs one query more.
func TestServerDies(t *testing.T) {
	for _, death := range []string{"silent", "unreachable", "SERVFAIL"} {
		t.Run(death, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				dead := func() bool {
					at := time.Since(began)
					return at > 200*time.Millisecond && at < 4*time.Second
				}
				var after atomic.Int32
				answer := dnstest.Wire(world.Resolve)
				late := func(b []byte, from netip.AddrPort) []dnstest.Reply {
					replies := answer(b, from)
					for i := range replies {
						replies[i].Delay = 20 * time.Millisecond
					}
					return replies
				}
				failing := dnstest.Wire(func(q *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeServerFailure) })
				dying := func(b []byte, from netip.AddrPort) []dnstest.Reply {
					switch {
					case !dead():
						if time.Since(began) > time.Second {
							after.Add(1)
						}
						return late(b, from)
					case death == "unreachable":
						return []dnstest.Reply{{Refused: true}}
					case death == "SERVFAIL":
						return failing(b, from)
					}
					return nil
				}
				var n dnstest.Net
				opts := hosts(&n, dnstest.Host{UDP: dying}, dnstest.Host{UDP: late, TCP: dnstest.Stream(late)})
				opts.Rate = 200
				const total = 3000
				got := probeAll(t, opts, numbered(total)...)
				more, thrice := 0, 0
				for name, r := range got {
					if r.Verdict == probe.Unknown || (r.Verdict == probe.Found) != strings.HasPrefix(name, "go") {
						t.Errorf("%s is %v %s (%v)", name, r.Verdict, r.Reason, r.Err)
					}
					if r.Tries > 2 {
						thrice++
					}
					if r.Tries > 3 {
						t.Errorf("%s took %d tries", name, r.Tries)
					}
					more += r.Tries - 1
				}
				// One that is sent just as the server dies may meet it twice.
				if thrice > 5 {
					t.Errorf("%d names took three tries", thrice)
				}
				t.Logf("%v, %d queries more than names, %d after the revival", time.Since(began), more, after.Load())
				if after.Load() < total/20 {
					t.Errorf("the server was asked %d times after its revival", after.Load())
				}
				if death != "SERVFAIL" && more > 2*probe.DefaultConcurrency {
					t.Errorf("%d queries were asked twice", more)
				}
				ended(t, &n)
			})
		})
	}
}

// The connections that carry every query settle the same names.
func TestTCPOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		n.Listen("192.0.2.53:53", hostOf(world.Resolve))
		opts := probe.Options{Dial: n.Dial, Servers: []resolver.Server{{Transport: resolver.TCP, Addr: "192.0.2.53:53"}}}
		got := probeAll(t, opts, numbered(500)...)
		for name, r := range got {
			if r.Verdict == probe.Unknown || (r.Verdict == probe.Found) != strings.HasPrefix(name, "go") {
				t.Errorf("%s is %v %s (%v)", name, r.Verdict, r.Reason, r.Err)
			}
		}
		ended(t, &n)
	})
}

// A server that slips the first response to each query, and cannot be asked
// over TCP, is asked over UDP until it answers.
func TestSlipWithoutTCP(t *testing.T) {
	slipping := func(answer func(q *dns.Msg) *dns.Msg) dnstest.Host {
		var mu sync.Mutex
		asked := map[dns.Question]bool{}
		return dnstest.Host{UDP: dnstest.Wire(func(q *dns.Msg) *dns.Msg {
			mu.Lock()
			defer mu.Unlock()
			key := q.Question[0]
			key.Name = normal(q)
			if first := !asked[key]; first {
				asked[key] = true
				return dnstest.Truncate(q)
			}
			return answer(q)
		})}
	}
	for _, how := range []string{"resolver", "registry"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := registries(slipping(world.Delegate))
				n.Listen("192.0.2.54:53", slipping(world.Resolve))
				opts := probe.Options{Servers: udpServers("192.0.2.54:53"), Dial: n.Dial}
				if how == "registry" {
					opts = directly(n)
				}
				for name, r := range probeAll(t, opts, numbered(40)...) {
					if r.Verdict == probe.Unknown || (r.Verdict == probe.Found) != strings.HasPrefix(name, "go") {
						t.Errorf("%s is %v %s (%v)", name, r.Verdict, r.Reason, r.Err)
					}
				}
				ended(t, n)
			})
		})
	}
}

// A registry that could not be found is looked for again later.
func TestRegistryFoundLater(t *testing.T) {
	for _, failure := range []string{"silent", "SERVFAIL", "unreachable"} {
		t.Run(failure, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				n := registries(hostOf(world.Delegate))
				answer := dnstest.Wire(registrar("192.0.2.1"))
				n.Listen("192.0.2.53:53", dnstest.Host{UDP: func(b []byte, from netip.AddrPort) []dnstest.Reply {
					switch {
					case time.Since(began) > 8*time.Second:
						return answer(b, from)
					case failure == "SERVFAIL":
						return dnstest.Wire(func(q *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeServerFailure) })(b, from)
					case failure == "unreachable":
						return []dnstest.Reply{{Refused: true}}
					}
					return nil
				}})
				p, err := probe.New(directly(n))
				if err != nil {
					t.Fatal(err)
				}
				slowly := func(yield func(candidate.Candidate, error) bool) {
					for _, name := range numbered(20) {
						if !yield(candidate.Parse(name), nil) {
							return
						}
						time.Sleep(2 * time.Second) // the source's own pace, in fake time
					}
				}
				unknown := 0
				for r, err := range p.Probe(t.Context(), slowly) {
					switch {
					case err != nil:
						t.Error(err)
					case r.Verdict == probe.Unknown:
						unknown++
					case (r.Verdict == probe.Found) != strings.HasPrefix(r.Name, "go"):
						t.Errorf("%s is %v %s", r.Name, r.Verdict, r.Reason)
					}
				}
				if unknown > 10 {
					t.Errorf("%d of 20 names are unknown though the resolver came back", unknown)
				}
				ended(t, n)
			})
		})
	}
}

// A registry changes its servers while the controls of an old one are under way: the
// names that wait for these go on.
func TestRegistryLeavesControls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := lateHost(1500*time.Millisecond, func(q *dns.Msg) *dns.Msg {
			switch {
			case normal(q) == "free.dev":
				return nil
			case madeUp(q):
				return dnstest.Referral(q, normal(q))
			}
			return world.Delegate(q)
		})
		old.TCP = nil
		n := registries(old, hostOf(world.Delegate))
		began := time.Now()
		n.Listen("192.0.2.53:53", hostOf(func(q *dns.Msg) *dns.Msg {
			if time.Since(began) < time.Second {
				return registrar("192.0.2.1")(q)
			}
			return registrar("192.0.2.2")(q)
		}))
		opts := directly(n)
		opts.Tries = 1
		got := probeAll(t, opts, "free.dev", "go.dev")
		expect(t, got, "free.dev", freeRight)
		expect(t, got, "go.dev", "found delegated")
	})
}
