package probe_test

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"domprobe/candidate"
	"domprobe/internal/dnstest"
	"domprobe/internal/known"
	"domprobe/probe"
	"domprobe/probe/resolver"
)

// A directory holds the servers of every registry zone: their addresses by name.
type directory map[string][]string

// directoryOf returns a directory with one address for each server.
func directoryOf(addrs ...string) directory {
	d := directory{}
	for i, a := range addrs {
		d[fmt.Sprintf("ns%d.registry.com", i)] = []string{a}
	}
	return d
}

// resolve answers as a resolver does that has the directory's servers for every
// TLD, and the attacked world.
func (d directory) resolve(q *dns.Msg) *dns.Msg {
	name, qtype := normal(q), q.Question[0].Qtype
	if addrs, ok := d[name]; ok {
		r := dnstest.NoData(q, "com")
		for _, a := range addrs {
			if netip.MustParseAddr(a).Is4() == (qtype == dns.TypeA) && (qtype == dns.TypeA || qtype == dns.TypeAAAA) {
				r.Answer, r.Ns = append(r.Answer, dnstest.Address(q, a).Answer...), nil
			}
		}
		return r
	}
	r := attacked.Resolve(q)
	if qtype == dns.TypeNS && name != "" && !strings.Contains(name, ".") {
		r.Answer = nil
		for _, host := range slices.Sorted(maps.Keys(d)) {
			r.Answer = append(r.Answer, rr(fmt.Sprintf("%s 3600 IN NS %s.", q.Question[0].Name, host)))
		}
	}
	return r
}

// directOptions asks registries that are found through the resolvers 192.0.2.53
// and up.
func directOptions(n *dnstest.Net, finders ...func(q *dns.Msg) *dns.Msg) probe.Options {
	opts := probe.Options{Dial: n.Dial, Rate: -1}
	for i, f := range finders {
		addr := fmt.Sprintf("192.0.2.%d:53", 53+i)
		n.Listen(addr, lateHost(5*time.Millisecond, f))
		opts.Servers = append(opts.Servers, udpServers(addr)...)
	}
	opts.Servers = append(opts.Servers, resolver.Server{Transport: resolver.Direct})
	return opts
}

// stale is a secondary that did not get the last transfers: it lacks three of
// ten registered names, and says so by its serial.
func stale(serial uint32) dnstest.Truth {
	return dnstest.Truth{Serial: serial, Registered: func(name string) bool {
		return attacked.Registered(name) && !chance(name, 30)
	}}
}

// dated is the attacked world at a serial.
func dated(serial uint32) dnstest.Truth {
	return dnstest.Truth{Serial: serial, Registered: attacked.Registered}
}

// A badServer is one of four of a registry.
type badServer struct {
	name   string
	answer func(q *dns.Msg) *dns.Msg
	serial uint32 // of the first honest one
	skew   uint32 // by which each further one is older
}

func badServers() []badServer {
	const serial = 2000010103                       // by date
	const clock, minute, hour = 946684800, 60, 3600 // by the clock
	turning := func(lie dnstest.Truth) func(q *dns.Msg) *dns.Msg {
		lie.Serial = serial
		t := dnstest.Turncoat{Honest: dated(serial).Delegate, Lie: lie.Delegate, Lies: dnstest.LiesAfter(20)}
		return t.Answer
	}
	current := func(lie dnstest.Truth) func(q *dns.Msg) *dns.Msg {
		lie.Serial = serial
		return lie.Delegate
	}
	return []badServer{
		{"denies all", current(deniesAll), serial, 0},
		{"finds all", current(findsAll), serial, 0},
		{"finds short labels", current(findsShort), serial, 0},
		{"stale by hours, serial by the clock", stale(clock - 5*hour).Delegate, clock, minute},
		{"stale by a day, serial by date", stale(1999123107).Delegate, serial, 0},
		{"denies all after 20 queries", turning(deniesAll), serial, 0},
		{"finds all after 20 queries", turning(findsAll), serial, 0},
	}
}

// One of a registry's four servers is bad: the others settle every name.
func TestRegistryServerLies(t *testing.T) {
	names := halves(150)
	candidates := map[string]bool{}
	for _, name := range names {
		candidates[name] = true
	}
	filters := func(name string) bool { return candidates[name] }
	denial := func(q *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeNameError) }
	addrs := map[string][]string{
		"IPv4": {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"},
		"IPv6": {"2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4"},
		"both": {"2001:db8::1", "192.0.2.2", "192.0.2.3", "192.0.2.4"},
	}
	// A bad server may turn, so that each run has its own.
	for i, bad := range badServers() {
		for family, addrs := range addrs {
			for _, delay := range []time.Duration{time.Millisecond, 80 * time.Millisecond} {
				for _, how := range []string{"direct", "escalated"} {
					t.Run(fmt.Sprintf("%s/%s/%v/%s", bad.name, family, delay, how), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							var n dnstest.Net
							for k, a := range addrs {
								answer, after := dated(bad.serial-uint32(k)*bad.skew).Delegate, delay
								if k == 0 {
									answer, after = badServers()[i].answer, 5*time.Millisecond
								}
								n.Listen(net.JoinHostPort(a, "53"), lateHost(after, answer))
							}
							opts := directOptions(&n, directoryOf(addrs...).resolve)
							if how == "escalated" {
								opts = directOptions(&n, dnstest.Block(filters, denial, directoryOf(addrs...).resolve))
								opts.Servers, opts.Escalate = opts.Servers[:1], true
							}
							attack(t, opts, names).check(t, len(names))
							ended(t, &n)
						})
					})
				}
			}
		}
	}
}

// One of two resolvers that find a registry names servers of its own, whatever
// their order.
func TestFinderLies(t *testing.T) {
	names := halves(150)
	const evil = "192.0.2.66"
	honest := directoryOf("192.0.2.1", "192.0.2.2", "192.0.2.3")
	added := maps.Clone(honest)
	added["ns.evil.org"] = []string{evil}
	addressAdded := maps.Clone(honest)
	addressAdded["ns1.registry.com"] = []string{"192.0.2.2", evil}
	for lie, liar := range map[string]directory{
		"its own host":      {"ns.evil.org": {evil}},
		"a host added":      added,
		"other addresses":   {"ns0.registry.com": {evil}, "ns1.registry.com": {evil}, "ns2.registry.com": {evil}},
		"address added":     addressAdded,
		"one address twice": {"ns0.registry.com": {evil}, "ns1.registry.com": {"192.0.2.67"}, "ns2.registry.com": {evil}},
	} {
		for says, truth := range map[string]dnstest.Truth{"denies all": deniesAll, "inverts all": invertsAll, "finds short labels": findsShort} {
			for _, first := range []string{"liar", "honest"} {
				t.Run(fmt.Sprintf("%s/%s/%s first", lie, says, first), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						var n dnstest.Net
						n.Listen(evil+":53", lateHost(time.Millisecond, truth.Delegate))
						for _, addrs := range honest {
							n.Listen(addrs[0]+":53", lateHost(5*time.Millisecond, attacked.Delegate))
						}
						finders := []func(q *dns.Msg) *dns.Msg{liar.resolve, honest.resolve}
						if first == "honest" {
							slices.Reverse(finders)
						}
						attack(t, directOptions(&n, finders...), names).check(t, len(names))
						ended(t, &n)
					})
				})
			}
		}
	}
}

// Of 13 servers with an address of either family, one answers, and there is no
// route for IPv6.
func TestRegistryMostlySilent(t *testing.T) {
	for run := range 20 {
		synctest.Test(t, func(t *testing.T) {
			var n dnstest.Net
			silent := func([]byte, netip.AddrPort) []dnstest.Reply { return nil }
			d := directory{}
			for i := range 13 {
				addr := fmt.Sprintf("192.0.2.%d", i+1)
				d[fmt.Sprintf("ns%d.registry.com", i)] = []string{addr, fmt.Sprintf("2001:db8::%d", i+1)}
				n.Listen(addr+":53", dnstest.Host{UDP: silent, TCP: dnstest.Stream(silent), Connect: -1})
			}
			n.Listen(fmt.Sprintf("192.0.2.%d:53", run%13+1), lateHost(5*time.Millisecond, attacked.Delegate))
			opts := directOptions(&n, d.resolve)
			opts.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				if netip.MustParseAddrPort(addr).Addr().Is6() {
					return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}
				}
				return n.Dial(ctx, network, addr)
			}
			began := time.Now()
			names := attackNames(20, "dev")
			if c := attack(t, opts, names); c.right != len(names) {
				t.Errorf("run %d: %v after %v", run, c, time.Since(began))
			}
			ended(t, &n)
		})
	}
}

// A registry whose servers all stop answering is looked for again, and found at
// other addresses.
func TestRegistryMoves(t *testing.T) {
	for how, end := range map[string]int{"refused": dns.RcodeRefused, "failing": dns.RcodeServerFailure, "silent": -1} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				moved := func() bool { return time.Since(began) > time.Second }
				var n dnstest.Net
				for _, addr := range []string{"192.0.2.1:53", "192.0.2.2:53"} {
					n.Listen(addr, lateHost(5*time.Millisecond, func(q *dns.Msg) *dns.Msg {
						switch {
						case !moved():
							return attacked.Delegate(q)
						case end < 0:
							return nil
						}
						return dnstest.Rcode(q, end)
					}))
				}
				n.Listen("192.0.2.3:53", lateHost(5*time.Millisecond, attacked.Delegate))
				before, after := directoryOf("192.0.2.1", "192.0.2.2"), directoryOf("192.0.2.3")
				opts := directOptions(&n, func(q *dns.Msg) *dns.Msg {
					if moved() {
						return after.resolve(q)
					}
					return before.resolve(q)
				})
				opts.Rate = 100
				names := attackNames(600, "dev")
				attack(t, opts, names).check(t, len(names))
				ended(t, &n)
			})
		})
	}
}

// Addresses that cannot be a public server's are not asked, where the resolver
// is on a public network.
func TestRegistryGlue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		n.Listen("192.0.2.1:53", lateHost(5*time.Millisecond, attacked.Delegate))
		opts := directOptions(&n, directory{"ns.registry.com": {
			"127.0.0.1", "0.0.0.0", "10.1.2.3", "192.168.0.1", "169.254.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
			"::1", "::", "fe80::1", "fd00::1", "ff02::1", "192.0.2.1",
		}}.resolve)
		var mu sync.Mutex
		asked := map[string]bool{}
		opts.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			mu.Lock()
			defer mu.Unlock()
			asked[addr] = true
			return n.Dial(ctx, network, addr)
		}
		names := attackNames(20, "dev")
		attack(t, opts, names).check(t, len(names))
		delete(asked, "192.0.2.1:53")
		delete(asked, "192.0.2.53:53")
		if len(asked) > 0 {
			t.Errorf("asked %v", slices.Sorted(maps.Keys(asked)))
		}
		ended(t, &n)
	})
}

// One of two resolvers that find a registry names another zone, with servers of
// its own: a zone that is none, or the one above.
func TestFinderLiesAboutZone(t *testing.T) {
	evil := dnstest.Truth{
		Registered: func(name string) bool { return strings.HasPrefix(name, "free") },
		Zone:       dnstest.Zones("co.jp", "uk"),
	}
	honest := registrar("192.0.2.1")
	liar := func(q *dns.Msg) *dns.Msg {
		name, qtype := normal(q), q.Question[0].Qtype
		switch {
		case name == "co.jp" && qtype == dns.TypeSOA:
			m := dnstest.NoData(q, "co.jp")
			m.Answer, m.Ns = m.Ns, nil
			return m
		case name == "co.uk" && qtype == dns.TypeSOA:
			return dnstest.NoData(q, "uk")
		case (name == "co.jp" || name == "uk") && qtype == dns.TypeNS:
			m := dnstest.NoData(q, name)
			m.Answer, m.Ns = []dns.RR{rr(name + ". 3600 IN NS ns.evil.org.")}, nil
			return m
		case name == "ns.evil.org" && qtype == dns.TypeA:
			return dnstest.Address(q, "192.0.2.66")
		case name == "ns.evil.org":
			return dnstest.NoData(q, "org")
		}
		return honest(q)
	}
	for tld, least := range map[string]int{"co.jp": 4, "co.uk": 0} {
		for _, finders := range [][]func(q *dns.Msg) *dns.Msg{{liar, honest}, {honest, liar}} {
			synctest.Test(t, func(t *testing.T) {
				var n dnstest.Net
				n.Listen("192.0.2.66:53", lateHost(time.Millisecond, evil.Delegate))
				n.Listen("192.0.2.1:53", lateHost(5*time.Millisecond, world.Delegate))
				right := 0
				for name, r := range probeAll(t, directOptions(&n, finders...), "go-1."+tld, "go-2."+tld, "free-1."+tld, "free-2."+tld) {
					switch {
					case r.Verdict == probe.Unknown:
					case (r.Verdict == probe.Found) != world.Registered(name):
						t.Errorf("%s is %v, as %s says", name, r.Verdict, r.Server)
					default:
						right++
					}
				}
				if right < least {
					t.Errorf("%d names are right under %s, want %d", right, tld, least)
				}
				ended(t, &n)
			})
		}
	}
}

// Of two resolvers that give other addresses for the servers of a registry, one
// lies, and its server denies nothing that the controls ask about.
func TestFinderLiesBeyondControls(t *testing.T) {
	evil := dnstest.Truth{
		Registered: func(name string) bool { return strings.HasPrefix(name, "free") || known.Has(name) },
		Zone:       dnstest.Zones("dev"),
	}
	finders := []func(q *dns.Msg) *dns.Msg{registrar("192.0.2.66"), registrar("192.0.2.1")}
	for range 2 {
		slices.Reverse(finders)
		synctest.Test(t, func(t *testing.T) {
			var n dnstest.Net
			n.Listen("192.0.2.66:53", lateHost(time.Millisecond, evil.Delegate))
			n.Listen("192.0.2.1:53", lateHost(5*time.Millisecond, world.Delegate))
			for name, r := range probeAll(t, directOptions(&n, finders...), "go-1.dev", "go-2.dev", "free-1.dev", "free-2.dev") {
				if r.Verdict != probe.Unknown && (r.Verdict == probe.Found) != world.Registered(name) {
					t.Errorf("%s is %v %s, as %s says", name, r.Verdict, r.Reason, r.Server)
				}
			}
			ended(t, &n)
		})
	}
}

// A name that the registry holds without a delegation does not wait for a
// server of the registry that is down.
func TestInZoneBesideDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		truth := world
		truth.Empty = func(name string) bool { return strings.HasPrefix(name, "held") }
		var n dnstest.Net
		n.Listen("192.0.2.1:53", lateHost(time.Millisecond, truth.Delegate))
		n.Listen("192.0.2.2:53", hostOf(func(*dns.Msg) *dns.Msg { return nil }))
		opts := directOptions(&n, registrar("192.0.2.1", "192.0.2.2"))
		opts.Concurrency = 1
		var names []candidate.Candidate
		for i := range 60 {
			names = append(names, candidate.Parse(fmt.Sprintf("free-%d.dev", i)))
		}
		for i := range 10 {
			names = append(names, candidate.Parse(fmt.Sprintf("held-%d.dev", i)))
		}
		p, err := probe.New(opts)
		if err != nil {
			t.Fatal(err)
		}
		last, late := time.Now(), 0
		for r, err := range p.Probe(t.Context(), stream(names)) {
			if err != nil {
				t.Fatal(err)
			}
			if held := strings.HasPrefix(r.Name, "held"); held && r.Reason != probe.InZone {
				t.Errorf("%s is %v %s", r.Name, r.Verdict, r.Reason)
			} else if held && r.At.Sub(last) > time.Second {
				late++
			}
			last = r.At
		}
		if late > 1 { // that the server is down is found out by one of them
			t.Errorf("%d names were late", late)
		}
		ended(t, &n)
	})
}

// Nor for one that answered at first and is down now.
func TestInZoneBesideFallen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		truth := world
		truth.Empty = func(name string) bool { return strings.HasPrefix(name, "held") }
		began := time.Now()
		var n dnstest.Net
		n.Listen("192.0.2.1:53", lateHost(5*time.Millisecond, truth.Delegate))
		n.Listen("192.0.2.2:53", lateHost(time.Millisecond, func(q *dns.Msg) *dns.Msg {
			if time.Since(began) > time.Second {
				return nil
			}
			return truth.Delegate(q)
		}))
		opts := directOptions(&n, registrar("192.0.2.1", "192.0.2.2"))
		opts.Concurrency, opts.Rate = 20, 50
		var names []candidate.Candidate
		for i := range 200 {
			names = append(names, candidate.Parse(fmt.Sprintf("held-%d.dev", i)))
		}
		for name, r := range probeThese(t, opts, names) {
			if r.Reason != probe.InZone {
				t.Errorf("%s is %v %s", name, r.Verdict, r.Reason)
			}
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("200 names at 50 queries a second took %v", took)
		}
		ended(t, &n)
	})
}
