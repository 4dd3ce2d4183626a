package probe_test

import (
	"fmt"
	"io"
	"math"
	"net"
	"net/netip"
	"slices"
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

// No name takes longer than WorstCase says, whatever way the servers fail.
func TestWorstCase(t *testing.T) {
	const timeout = time.Second
	mute := func([]byte, netip.AddrPort) []dnstest.Reply { return nil }
	hang := func(conn net.Conn) { io.Copy(io.Discard, conn) }
	slowly := func(rcode int) dnstest.PacketHandler {
		f := dnstest.Wire(func(q *dns.Msg) *dns.Msg { return dnstest.Rcode(q, rcode) })
		return func(q []byte, from netip.AddrPort) []dnstest.Reply {
			replies := f(q, from)
			for i := range replies {
				replies[i].Delay = timeout - time.Millisecond
			}
			return replies
		}
	}
	truncated := dnstest.Wire(dnstest.Truncate)
	hosts := map[string]dnstest.Host{
		"silent":               {UDP: mute, TCP: hang, Connect: timeout - time.Millisecond},
		"silent, TCP hangs":    {UDP: mute, Connect: -1},
		"silent, TCP refused":  {UDP: mute},
		"truncated, TCP hangs": {UDP: truncated, TCP: hang},
		"nobody":               {},
		"late SERVFAIL":        {UDP: slowly(dns.RcodeServerFailure), TCP: hang},
		"late REFUSED":         {UDP: slowly(dns.RcodeRefused), TCP: hang},
	}
	for kind, host := range hosts {
		for _, tries := range []int{1, 3} {
			for _, servers := range []int{1, 3} {
				for _, how := range []string{"resolvers", "direct", "escalated"} {
					t.Run(fmt.Sprintf("%s/%d tries/%d servers/%s", kind, tries, servers, how), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							var n dnstest.Net
							defer n.Close()
							opts := failing(&n, host, servers, how)
							opts.Timeout, opts.Tries = timeout, tries
							worstCase(t, opts)
						})
					})
				}
			}
		}
	}
}

// failing returns the options to ask so many servers that fail, which are
// resolvers, or those of the registry behind a resolver that knows nothing else.
func failing(n *dnstest.Net, host dnstest.Host, servers int, how string) probe.Options {
	opts := probe.Options{Dial: n.Dial}
	for i := range servers {
		addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(1 + i)}), 53).String()
		n.Listen(addr, host)
		if how == "resolvers" {
			opts.Servers = append(opts.Servers, udpServers(addr)...)
		}
	}
	if how == "resolvers" {
		return opts
	}
	n.Listen("192.0.2.53:53", hostOf(func(q *dns.Msg) *dns.Msg {
		if t := q.Question[0].Qtype; t == dns.TypeNS || t == dns.TypeSOA || normal(q) == "a.nic.com" || normal(q) == "b.nic.com" {
			return finder(q)
		}
		return dnstest.Rcode(q, dns.RcodeRefused)
	}))
	opts.Servers = udpServers("192.0.2.53:53")
	opts.Escalate = how == "escalated"
	if how == "direct" {
		opts.Servers = append(opts.Servers, resolver.Server{Transport: resolver.Direct})
	}
	return opts
}

// worstCase decides about a name and then about several, and checks that it
// does not take longer than it may.
func worstCase(t *testing.T, opts probe.Options) {
	t.Helper()
	p, err := probe.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	start := time.Now()
	if r, _ := p.One(t.Context(), "go.com"); r.Verdict != probe.Unknown {
		t.Errorf("%v (%s)", r.Verdict, r.Reason)
	}
	took, bound := time.Since(start), opts.WorstCase(1)
	if took > bound {
		t.Errorf("one name took %v, more than %v", took, bound)
	}
	opts.Concurrency = 2
	start = time.Now()
	for name, r := range probeAll(t, opts, "go.com", "zig.com", "go.dev", "zig.dev", "rust.com") {
		if r.Verdict != probe.Unknown {
			t.Errorf("%s: %v (%s)", name, r.Verdict, r.Reason)
		}
	}
	if took, bound := time.Since(start), opts.WorstCase(5); took > bound {
		t.Errorf("five names took %v, more than %v", took, bound)
	}
}

func TestBounds(t *testing.T) {
	local, public := udpServers("127.0.0.1:53"), udpServers("192.0.2.1:53", "192.0.2.2:53")
	direct := []resolver.Server{local[0], {Transport: resolver.Direct}}
	const step = 5*2*time.Second + 1050*time.Millisecond
	const wait = 10 * time.Second // for another look at servers in trouble
	for _, tc := range []struct {
		name        string
		opts        probe.Options
		names, tlds int
		worst       time.Duration
		queries     int
	}{
		{"one", probe.Options{Servers: local}, 1, 1, 4*step + wait, 1 + 8},
		{"a crowd", probe.Options{Servers: slices.Repeat(local, 20)}, 1000, 1, 10 * (80*step + wait), 1000 + 20*(8+16)},
		{"none", probe.Options{Servers: local}, 0, 0, 4*step + wait, 0},
		{"waves", probe.Options{Servers: local, Concurrency: 10}, 31, 2, 4 * (4*step + wait), 31 + 2*8},
		{"rate", probe.Options{Servers: local, Rate: 5}, 100, 1, 4*step + wait + 100*time.Second, 100 + 8},
		{"two", probe.Options{Servers: public, Rate: -1}, 35, 1, 8*step + wait, 35 + 2*8},
		{"public", probe.Options{Servers: public}, 100, 1, 8*step + wait + 500*time.Millisecond, 100 + 2*(8+2*16)},
		{"quorum", probe.Options{Servers: public, Rate: -1, Quorum: 2}, 35, 1, 8*step + wait, 2*35 + 2*8},
		{"once", probe.Options{Servers: local, Tries: 1, Timeout: time.Second}, 1, 1, 4*(3*time.Second+150*time.Millisecond) + wait, 9},
		{"escalate", probe.Options{Servers: local, Escalate: true, Rate: -1}, 1, 1, 31*step + wait, 9},
		{"direct", probe.Options{Servers: direct}, 100, 1, 29*step + wait + 5*time.Second, 100 + 10 + 4*6},
	} {
		if got := tc.opts.WorstCase(tc.names); (got - tc.worst).Abs() > time.Microsecond {
			t.Errorf("%s: %v at worst, want %v", tc.name, got, tc.worst)
		}
		if got := tc.opts.Queries(tc.names, tc.tlds); got != tc.queries {
			t.Errorf("%s: %d queries, want %d", tc.name, got, tc.queries)
		}
	}
	if huge := (probe.Options{Servers: local, Rate: 1e-9}).WorstCase(math.MaxInt); huge < time.Hour {
		t.Errorf("a bound beyond all durations is %v", huge)
	}
	if huge := (probe.Options{Servers: local, Concurrency: -1}).WorstCase(5); huge < time.Second {
		t.Errorf("with a negative concurrency the bound is %v", huge)
	}
	for _, o := range []probe.Options{{Servers: local}, {Servers: direct}, {Servers: public, Quorum: 2}} {
		for _, n := range [][2]int{{math.MaxInt, 1}, {1, math.MaxInt}, {math.MaxInt, math.MaxInt}} {
			if q := o.Queries(n[0], n[1]); q != math.MaxInt {
				t.Errorf("%d names under %d TLDs take %d queries", n[0], n[1], q)
			}
		}
	}
}

// Queries says how many are sent where every server answers at once.
func TestQueriesSent(t *testing.T) {
	resolvers := func(n *dnstest.Net, transport resolver.Transport, count int) (servers []resolver.Server) {
		for i := range count {
			addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(1 + i)}), 53).String()
			n.Listen(addr, hostOf(world.Resolve))
			servers = append(servers, resolver.Server{Transport: transport, Addr: addr})
		}
		return servers
	}
	healthy := hostOf(world.Delegate)
	for name, options := range map[string]func() (*dnstest.Net, probe.Options){
		"one": func() (*dnstest.Net, probe.Options) {
			n := new(dnstest.Net)
			return n, probe.Options{Dial: n.Dial, Servers: resolvers(n, resolver.UDP, 1)}
		},
		"two": func() (*dnstest.Net, probe.Options) {
			n := new(dnstest.Net)
			return n, probe.Options{Dial: n.Dial, Servers: resolvers(n, resolver.UDP, 2)}
		},
		"tcp": func() (*dnstest.Net, probe.Options) {
			n := new(dnstest.Net)
			return n, probe.Options{Dial: n.Dial, Servers: resolvers(n, resolver.TCP, 1)}
		},
		"quorum": func() (*dnstest.Net, probe.Options) {
			n := new(dnstest.Net)
			return n, probe.Options{Dial: n.Dial, Servers: resolvers(n, resolver.UDP, 2), Quorum: 2}
		},
		"direct": func() (*dnstest.Net, probe.Options) {
			n := registries(healthy, healthy, healthy, healthy)
			return n, directly(n)
		},
	} {
		for _, names := range [][]string{{"a.dev"}, {"a.dev", "a.com"}, {"a.dev", "b.dev", "c.dev", "d.dev"}, {"a.dev", "a.com", "b.dev", "b.com", "c.dev", "d.com"}} {
			t.Run(fmt.Sprintf("%s/%d", name, len(names)), func(t *testing.T) {
				tlds := make(map[string]bool)
				for _, name := range names {
					tlds[candidate.Parse(name).TLD] = true
				}
				// With a choice of servers not every one is asked under every TLD.
				choice := name != "one" && name != "tcp"
				runs := 1
				if name == "quorum" { // the scheduler decides whether responses come together, to one look
					runs = 3
				}
				got, want := math.MaxInt, 0
				for range runs {
					synctest.Test(t, func(t *testing.T) {
						n, opts := options()
						defer n.Close()
						var sent atomic.Int64
						opts.Trace = func(e probe.Event) {
							if !e.Response {
								sent.Add(1)
							}
						}
						probeAll(t, opts, names...)
						got, want = min(got, int(sent.Load())), opts.Queries(len(names), len(tlds))
					})
				}
				if name == "quorum" { // the later servers' names have looks of their own
					want += want / 4
				}
				if got > want || got < want && !choice {
					t.Errorf("%d queries were sent, not %d", got, want)
				}
			})
		}
	}
}
