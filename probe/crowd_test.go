package probe_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"domprobe/candidate"
	"domprobe/internal/dnstest"
	"domprobe/probe"
)

// keywords are different keywords under com.
func keywords(n int) (cs []candidate.Candidate) {
	for i := range n {
		label := make([]byte, 0, 6)
		for k := int64(i) + 26; len(label) < 6; k = k*7919%11881376 + int64(i) {
			label = append(label, 'a'+byte(k%26))
		}
		cs = append(cs, candidate.Parse(fmt.Sprintf("%s%d.com", label, i)))
	}
	return cs
}

// probeMany decides about names through many resolvers on a network in memory, and
// returns how long that took and how many verdicts were wrong and unknown.
func probeMany(t *testing.T, m dnstest.Many, cs []candidate.Candidate) (took time.Duration, wrong, unknown int) {
	t.Helper()
	var network dnstest.Net
	began := time.Now()
	results := probeThese(t, probe.Options{Servers: udpServers(m.Join(&network)...), Dial: network.Dial}, cs)
	wrong, unknown = countBad(results)
	return time.Since(began), wrong, unknown
}

// countBad counts the verdicts that are not the truth of a [dnstest.Many].
func countBad(results map[string]probe.Result) (wrong, unknown int) {
	for _, r := range results {
		truth := probe.NotFound
		if dnstest.Registered(r.Name[:len(r.Name)-len(".com")], 50) {
			truth = probe.Found
		}
		switch r.Verdict {
		case truth:
		case probe.Unknown:
			unknown++
		default:
			wrong++
		}
	}
	return wrong, unknown
}

// A list of resolvers of all kinds takes little longer than its good ones need for
// the names, and no name is called wrongly or left open.
func TestCrowd(t *testing.T) {
	for _, x := range []struct{ resolvers, names int }{{20, 2400}, {200, 24000}} {
		var times []float64 // of the least
		for range 5 {
			synctest.Test(t, func(t *testing.T) {
				m := dnstest.ManyOf(x.resolvers)
				least := time.Duration(x.names) * time.Second / time.Duration(m.Good*m.QPS)
				took, wrong, unknown := probeMany(t, m, keywords(x.names))
				times = append(times, float64(took)/float64(least))
				if wrong+unknown > 0 {
					t.Errorf("%d resolvers, %d names: %d wrong, %d unknown", x.resolvers, x.names, wrong, unknown)
				}
			})
		}
		slices.Sort(times)
		t.Logf("%d resolvers, %d names: %.2f times the least", x.resolvers, x.names, times)
		if median := times[len(times)/2]; median > 1.4 {
			t.Errorf("%d resolvers, %d names: %.2f times the least", x.resolvers, x.names, median)
		}
	}
}

// The same over sockets of the system, which many servers share.
func TestCrowdSockets(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux answers on all of 127.0.0.0/8")
	}
	const resolvers, names = 300, 9000
	m := dnstest.ManyOf(resolvers)
	server, err := m.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	results := probeThese(t, probe.Options{Servers: udpServers(server.Addrs...)}, keywords(names))
	if wrong, unknown := countBad(results); len(results) != names || wrong+unknown > 0 {
		t.Errorf("%d of %d verdicts: %d wrong, %d unknown", len(results), names, wrong, unknown)
	}
}

// Resolvers that deny some of the names that exist are found out, many as they are, but
// for what they say before there are names enough to ask them about.
func TestCrowdFilters(t *testing.T) {
	const runs, names = 20, 400
	all := 0
	for range runs {
		synctest.Test(t, func(t *testing.T) {
			m := dnstest.Many{Good: 12, Filtering: 8, Delay: 25 * time.Millisecond}
			_, wrong, unknown := probeMany(t, m, keywords(names))
			all += wrong + unknown
		})
	}
	if all > runs*names/1000 {
		t.Errorf("%d of %d verdicts are wrong or unknown", all, runs*names)
	}
}

// Resolvers that deny some of the names that exist, or begin to, are found out: at first by
// many names, later by how few they find beside the others.
func TestFilters(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute with the race detector")
	}
	for _, m := range []dnstest.Many{
		{Good: 50, Filtering: 20, FilterAfter: 2 * time.Second, QPS: 50},
		{Good: 50, Filtering: 20, FilterAfter: 3 * time.Second, QPS: 50},
		{Good: 12, Filtering: 3, FilterAfter: time.Second, QPS: 500},
		{Good: 3, Filtering: 1, FilterAfter: time.Second, QPS: 500},
		{Good: 9, Filtering: 3, QPS: 500},
	} {
		const runs = 6
		m.Delay, m.Loss = 25*time.Millisecond, 1
		names, all := 4*m.Good*m.QPS, 0
		for range runs {
			synctest.Test(t, func(t *testing.T) {
				took, wrong, unknown := probeMany(t, m, keywords(names))
				all += wrong + unknown
				if took < m.FilterAfter {
					t.Errorf("%+v: the run was over before anything turned, after %v", m, took)
				}
			})
		}
		t.Logf("%+v: %d of %d verdicts are wrong or unknown", m, all, runs*names)
		if all > runs*names/500 {
			t.Errorf("%+v: %d of %d verdicts are wrong or unknown", m, all, runs*names)
		}
	}
}

// A network that loses one packet in five costs no verdict and little time.
func TestLossy(t *testing.T) {
	var times []time.Duration
	for range 5 {
		synctest.Test(t, func(t *testing.T) { times = append(times, probeLossy(t)) })
	}
	slices.Sort(times)
	if median := times[len(times)/2]; median > 3*time.Second {
		t.Errorf("20,000 names took %v", times)
	}
}

// probeLossy decides about names through a resolver that loses one query in five, and
// returns how long that took.
func probeLossy(t *testing.T) time.Duration {
	names := numbered(20000)
	h := lateHost(5*time.Millisecond, world.Resolve)
	answer := h.UDP
	h.UDP = func(q []byte, from netip.AddrPort) []dnstest.Reply {
		if rand.IntN(5) == 0 {
			return nil
		}
		return answer(q, from)
	}
	var network dnstest.Net
	network.Listen("192.0.2.53:53", h)
	began := time.Now()
	got := probeAll(t, probe.Options{Servers: udpServers("192.0.2.53:53"), Dial: network.Dial, Rate: -1}, names...)
	took := time.Since(began)
	for _, name := range names {
		want := freeRight
		if strings.HasPrefix(name, "go-") {
			want = goRight
		}
		expect(t, got, name, want)
	}
	return took
}

// A run begins with a hundred names in flight, and has as many as the server takes
// later on; a number that is given is kept, but for the canaries.
func TestInFlight(t *testing.T) {
	const rtt, canaries = 20 * time.Millisecond, 20
	for _, x := range []struct{ concurrency, first, least, most int }{
		{0, 100, 200, 256 + canaries}, {7, 7, 7, 7 + canaries}, {300, 300, 300, 300 + canaries},
	} {
		synctest.Test(t, func(t *testing.T) {
			var flying, first, most atomic.Int64
			began := time.Now()
			var network dnstest.Net
			network.Listen("192.0.2.53:53", lateHost(rtt, func(q *dns.Msg) *dns.Msg {
				if name := normal(q); strings.HasPrefix(name, "go-") || strings.HasPrefix(name, "free-") {
					n := flying.Add(1)
					time.AfterFunc(rtt-time.Millisecond, func() { flying.Add(-1) })
					if most.Store(max(most.Load(), n)); time.Since(began) < rtt {
						first.Store(n)
					}
				}
				return world.Resolve(q)
			}))
			opts := probe.Options{Servers: udpServers("192.0.2.53:53"), Dial: network.Dial, Rate: -1, Concurrency: x.concurrency}
			probeAll(t, opts, numbered(20000)...)
			if n := int(most.Load()); int(first.Load()) > x.first || n < x.least || n > x.most {
				t.Errorf("concurrency %d: %d names in flight at first, %d at most", x.concurrency, first.Load(), n)
			}
		})
	}
}
