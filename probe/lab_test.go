package probe_test

import (
	"crypto/tls"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"domprobe/candidate"
	"domprobe/internal/dnstest/daemon"
	"domprobe/probe"
	"domprobe/probe/resolver"
)

// The tests whose names begin with TestLab ask real servers, from Debian's
// packages, on loopback addresses, and compare each verdict with the truth.

// fewer is by how much smaller their lists of names are under the race
// detector or with -short.
const fewer = 10

// labSize is how many there are to be of what there are n.
func labSize(n int) int {
	if raceEnabled || testing.Short() {
		return n / fewer
	}
	return n
}

// direct are the registries' own servers, found through a resolver.
func direct(finder string) []resolver.Server {
	return append(udpServers(finder), resolver.Server{Transport: resolver.Direct})
}

// The verdicts that can be reached at best.
func viaResolver(n daemon.Name) string { return n.Resolver }
func viaRegistry(n daemon.Name) string { return n.Direct }

// checkLab decides about names and compares each verdict with what is wanted.
// each, if not nil, is called with every result as it comes.
func checkLab(t *testing.T, opts probe.Options, names []daemon.Name, want func(daemon.Name) string, each func(probe.Result)) map[string]probe.Result {
	t.Helper()
	p, err := probe.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	start := time.Now()
	got := make(map[string]probe.Result, len(names))
	for r, err := range p.Probe(t.Context(), labNames(names)) {
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := got[r.Name]; twice {
			t.Errorf("%s has two rows", r.Name)
		}
		got[r.Name] = r
		if each != nil {
			each(r)
		}
	}
	took := time.Since(start)
	var wrong, unknown int
	for _, n := range names {
		r, ok := got[n.Name]
		if r.Verdict == probe.Unknown {
			unknown++
		}
		if ok && r.Verdict.String() == want(n) {
			continue
		}
		if wrong++; wrong <= 10 {
			t.Errorf("%s, %s: %s %s from %q (rcode %d, %d tries, %v), want %s", n.Name, n.Kind, r.Verdict, r.Reason, r.Server, r.Rcode, r.Tries, r.Err, want(n))
		}
	}
	t.Logf("%d names, %d not as they should be, %d unknown, in %.2fs", len(names), wrong, unknown, took.Seconds())
	return got
}

func labNames(names []daemon.Name) iter.Seq2[candidate.Candidate, error] {
	return func(yield func(candidate.Candidate, error) bool) {
		for _, n := range names {
			keyword := strings.TrimSuffix(n.Name, "."+n.Suffix)
			if !yield(candidate.Candidate{Name: n.Name, Keyword: keyword, TLD: n.Suffix}, nil) {
				return
			}
		}
	}
}

// only are the names for which is holds.
func only(names []daemon.Name, is func(daemon.Name) bool) []daemon.Name {
	return slices.DeleteFunc(slices.Clone(names), func(n daemon.Name) bool { return !is(n) })
}

// mixed are the names in another order, in which TLDs alternate.
func mixed(l *daemon.Lab) []daemon.Name {
	names := slices.Clone(l.Names)
	slices.SortStableFunc(names, func(a, b daemon.Name) int {
		return strings.Compare(strings.TrimSuffix(a.Name, a.Suffix), strings.TrimSuffix(b.Name, b.Suffix))
	})
	return names
}

// TestLab asks a whole internet about each of its 20,000 names: its registries
// without a resolver between, and its resolvers.
func TestLab(t *testing.T) {
	l := daemon.Internet{Words: daemon.Words(t, labSize(2500))}.Start(t)
	names := mixed(l)
	free := probe.Options{Rate: -1, Concurrency: 400}
	t.Run("direct", func(t *testing.T) {
		opts := free
		opts.Servers = direct(l.Unbound.Addr)
		checkLab(t, opts, names, viaRegistry, nil)
	})
	t.Run("Unbound", func(t *testing.T) {
		opts := free
		opts.Servers = udpServers(l.Unbound.Addr)
		checkLab(t, opts, names, viaResolver, nil)
	})
	t.Run("BIND", func(t *testing.T) {
		opts := free
		opts.Servers = udpServers(l.BIND.Addr)
		checkLab(t, opts, names, viaResolver, nil)
	})
	t.Run("both", func(t *testing.T) {
		opts := free
		opts.Servers, opts.Quorum = udpServers(l.Unbound.Addr, l.BIND.Addr), 2
		checkLab(t, opts, names, viaResolver, nil)
	})
	t.Run("encrypted", func(t *testing.T) { testManyEncrypted(t, l, names[:len(names)/4]) })
	t.Run("killed", func(t *testing.T) { testKilled(t, l, names, 8) })
	t.Run("killed early", func(t *testing.T) { testKilled(t, l, names[:len(names)/10], 40) })
	t.Run("cached denial", func(t *testing.T) { testCachedDenial(t, l) })
}

// Many names are under way at once, more than a server grants streams, and a
// few connections carry them.
func testManyEncrypted(t *testing.T, l *daemon.Lab, names []daemon.Name) {
	const host = "resolver.test"
	ca := daemon.NewCA(t)
	u := daemon.Unbound{Root: l.Root, Certificate: ca.Issue(host)}.Start(t)
	for _, s := range encrypted(u, host) {
		t.Run(string(s.Transport), func(t *testing.T) {
			w := &watch{addr: s.Addr}
			opts := probe.Options{
				Servers: []resolver.Server{s}, TLSConfig: &tls.Config{RootCAs: ca.Pool()}, Dial: w.dial, Rate: -1, Concurrency: 2000,
				Timeout: time.Minute, // a connection without an answer for that long is given up
			}
			checkLab(t, opts, names, viaResolver, nil)
			if w.dials > 10 || len(w.plain) > 0 {
				t.Errorf("%d connections; in the clear: %v", w.dials, w.plain)
			}
		})
	}
}

// One of two resolvers is killed when a part of the names have their verdicts,
// one in so many. The rest get theirs from the other, which may be slow: it has
// only begun.
func testKilled(t *testing.T, l *daemon.Lab, names []daemon.Name, part int) {
	names = only(names, func(n daemon.Name) bool { return n.Resolver != "unknown" })
	victim := daemon.Unbound{Root: l.Root}.Start(t)
	other := daemon.Unbound{Root: l.Root}.Start(t)
	by, rows, alive := map[string]int{}, 0, true
	opts := probe.Options{Rate: -1, Concurrency: 400, Servers: udpServers(victim.Addr, other.Addr)}
	checkLab(t, opts, names, viaResolver, func(r probe.Result) {
		by[r.Server]++
		if rows++; alive && rows >= len(names)/part && by[victim.Addr] > 0 {
			victim.Kill()
			alive = false
		}
	})
	if alive || by[victim.Addr] > len(names)/2 {
		t.Errorf("%d of %d verdicts are from the server that was killed", by[victim.Addr], len(names))
	}
}

// Once BIND was asked for the address of a name whose own server denies it, it
// says NXDOMAIN to every question about it, DS as well.
func testCachedDenial(t *testing.T, l *daemon.Lab) {
	denying := only(l.Names, func(n daemon.Name) bool { return n.Kind == daemon.Denying })
	bind := daemon.BIND{Root: l.Root, Recursive: true}.Start(t)
	c := &dns.Client{Timeout: time.Minute}
	cached := 0
	for _, n := range denying {
		// Silent servers among the registry's make the first answers late.
		for _, qtype := range []uint16{dns.TypeA, dns.TypeDS} {
			r, _, err := c.ExchangeContext(t.Context(), new(dns.Msg).SetQuestion(dns.Fqdn(n.Name), qtype), bind.Addr)
			if err == nil && qtype == dns.TypeDS && r.Rcode == dns.RcodeNameError {
				cached++
			}
		}
	}
	if cached < len(denying)*9/10 {
		t.Errorf("BIND denies %d of %d names; the test is about those", cached, len(denying))
	}
	checkLab(t, probe.Options{Servers: udpServers(bind.Addr)}, denying, viaResolver, nil)
}

// TestLabRateLimit asks registries of which one answers 200 queries a second
// and no more: at the rate that is the default towards a registry, and as fast
// as it goes.
func TestLabRateLimit(t *testing.T) {
	const nsdDefault, registryDefault = 200, 100
	l := daemon.Internet{Words: daemon.Words(t, labSize(250)), RateLimit: nsdDefault}.Start(t)
	for name, rate := range map[string]float64{"default rate": registryDefault, "no limit": -1} {
		t.Run(name, func(t *testing.T) {
			opts := probe.Options{Servers: direct(l.Unbound.Addr), Rate: rate}
			checkLab(t, opts, mixed(l), viaRegistry, nil)
		})
	}
}
