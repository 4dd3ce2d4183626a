package probe_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
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

// failings are responses, and silence, that prove nothing.
var failings = []change{
	silent,
	coded(dns.RcodeServerFailure, int(dns.ExtendedErrorCodeOther)),
	func(q, right *dns.Msg) *dns.Msg {
		if q.CheckingDisabled {
			return right
		}
		return coded(dns.RcodeServerFailure, int(dns.ExtendedErrorCodeDNSBogus))(q, right)
	},
	coded(dns.RcodeServerFailure, int(dns.ExtendedErrorCodeBlocked)),
	coded(dns.RcodeRefused, -1), coded(dns.RcodeFormatError, -1), coded(dns.RcodeNotImplemented, -1),
	coded(dns.RcodeSuccess, -1), coded(dns.RcodeNameError, -1),
	policies["AA=1"], policies["RA=0"],
	func(q, _ *dns.Msg) *dns.Msg { return dnstest.Truncate(q) },
	func(q, _ *dns.Msg) *dns.Msg { return dnstest.NXDomain(q, "filter.com") },
	func(q, _ *dns.Msg) *dns.Msg { return dnstest.CNAME(q, normal(q)) },
	func(q, _ *dns.Msg) *dns.Msg { return dnstest.Address(q, "203.0.113.80") },
	func(_, right *dns.Msg) *dns.Msg { right.Question[0].Name = "other.dev."; return right },
	func(_, right *dns.Msg) *dns.Msg { right.Id ^= 1; return right },
	func(_, right *dns.Msg) *dns.Msg {
		right.Question[0].Name = strings.ToLower(right.Question[0].Name)
		return right
	},
}

// aspects are properties of a query, the n-th of its server. A failing depends on two.
var aspects = []func(q *dns.Msg, n int, tcp bool) bool{
	func(*dns.Msg, int, bool) bool { return true },
	func(q *dns.Msg, _ int, _ bool) bool { return q.CheckingDisabled },
	func(q *dns.Msg, _ int, _ bool) bool { return q.IsEdns0() != nil },
	func(q *dns.Msg, _ int, _ bool) bool { return q.IsEdns0() != nil && q.IsEdns0().Do() },
	func(q *dns.Msg, _ int, _ bool) bool { return q.Question[0].Qtype == dns.TypeDS },
	func(q *dns.Msg, _ int, _ bool) bool { return q.Question[0].Qtype == dns.TypeSOA },
	func(q *dns.Msg, _ int, _ bool) bool { return world.Resolve(q).Rcode == dns.RcodeSuccess },
	func(q *dns.Msg, _ int, _ bool) bool { return aboutTLD(q) },
	func(q *dns.Msg, _ int, _ bool) bool { return madeUp(q) },
	func(q *dns.Msg, _ int, _ bool) bool { return names(normal(q)) },
	func(q *dns.Msg, _ int, _ bool) bool { return chance(normal(q), 50) },
	func(_ *dns.Msg, n int, _ bool) bool { return n%3 == 0 },
	func(_ *dns.Msg, n int, _ bool) bool { return n < 20 },
	func(_ *dns.Msg, _ int, tcp bool) bool { return tcp },
}

// wild is a server that responds late, and to some queries with a failing: to those that
// have two aspects, or lack them.
func wild(rng *rand.Rand, honest func(q *dns.Msg) *dns.Msg) dnstest.Host {
	type rule struct {
		one, other       int // aspects
		notOne, notOther bool
		change
	}
	rules := make([]rule, rng.IntN(4))
	for i := range rules {
		rules[i] = rule{
			rng.IntN(len(aspects)), rng.IntN(len(aspects)), rng.IntN(2) == 0, rng.IntN(2) == 0,
			failings[rng.IntN(len(failings))],
		}
	}
	delay := []time.Duration{0, time.Millisecond, 100 * time.Millisecond, 1500 * time.Millisecond}[rng.IntN(4)]
	var asked atomic.Int64
	over := func(tcp bool) dnstest.PacketHandler {
		return later(func() time.Duration { return delay }, func(q *dns.Msg) *dns.Msg {
			n := int(asked.Add(1))
			for _, r := range rules {
				if aspects[r.one](q, n, tcp) != r.notOne && aspects[r.other](q, n, tcp) != r.notOther {
					return r.change(q, honest(q))
				}
			}
			return honest(q)
		})
	}
	return dnstest.Host{UDP: over(false), TCP: dnstest.Stream(over(true))}
}

// Whatever the failings of servers, each loop ends, each name has one row, and no verdict
// is wrong.
func TestWildServers(t *testing.T) {
	for seed := range uint64(300) {
		guard := time.AfterFunc(time.Minute, func() { panic(fmt.Sprintf("seed %d goes on without time passing", seed)) })
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 4))
			n := registries(wild(rng, world.Delegate), wild(rng, world.Delegate), wild(rng, world.Delegate))
			opts := probe.Options{
				Dial: n.Dial, Rate: -1, Concurrency: rng.IntN(3) * 5, Tries: rng.IntN(4), Escalate: rng.IntN(4) == 0,
			}
			for i := range []int{1, 2, 3, 4, 20}[rng.IntN(5)] {
				addr := fmt.Sprintf("192.0.2.%d:53", 101+i)
				n.Listen(addr, wild(rng, registrar(registryAddr(0), registryAddr(1), registryAddr(2))))
				opts.Servers = append(opts.Servers, resolver.Server{Transport: resolver.UDP, Addr: addr})
			}
			if opts.Quorum = 1 + rng.IntN(min(2, len(opts.Servers))); rng.IntN(4) == 0 {
				opts.Servers = append(opts.Servers, resolver.Server{Transport: resolver.Direct})
			}
			p, err := probe.New(opts)
			if err != nil {
				t.Fatal(err)
			}
			names := []string{"go.dev", "google.com", "free.dev", "free.uk"}[:1+rng.IntN(4)]
			names = append(names, numbered(rng.IntN(30))...)
			source := func(yield func(candidate.Candidate, error) bool) {
				for i, name := range names {
					if !yield(candidate.Parse(name), nil) {
						return
					}
					time.Sleep(time.Duration(i%3) * 200 * time.Millisecond)
				}
			}
			for range 3 {
				ctx, cancel := context.WithTimeout(t.Context(), 5*opts.WorstCase(len(names)))
				rows := map[string]int{}
				for r, err := range p.Probe(ctx, source) {
					if err != nil {
						t.Fatalf("seed %d: %v", seed, err)
					}
					rows[r.Name]++
					right := probe.NotFound
					if strings.HasPrefix(r.Name, "go") {
						right = probe.Found
					}
					if r.Verdict != probe.Unknown && r.Verdict != right {
						t.Errorf("seed %d: %s is %v %s by %s", seed, r.Name, r.Verdict, r.Reason, r.Server)
					}
				}
				cancel()
				for _, name := range names {
					if rows[name] != 1 {
						t.Errorf("seed %d: %s has %d rows", seed, name, rows[name])
					}
				}
			}
			p.Close()
			ended(t, n)
		})
		guard.Stop()
	}
}
