package probe_test

import (
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
	"domprobe/probe"
)

// A turn is a way in which a resolver begins to lie. Counts and times are those
// of a run of turnNames at turnRate.
type turn struct {
	name string
	lie  func(q *dns.Msg) *dns.Msg
	when func(n int, since time.Duration) bool

	// least is how many rows must be right if the resolver is alone: what lies
	// before the first lie, but for the last looks, and what is no lie.
	least int
}

const (
	turnNames = 40000
	turnRate  = 4000
	turnSlack = 3000 // names that may be lost because of one turn
)

func turns() []turn {
	const half = turnNames / 2
	return []turn{
		{"finds all", barely(findsAll), dnstest.LiesAfter(half), half - turnSlack},
		{"finds all with records", findsAll.Resolve, dnstest.LiesAfter(half), half - turnSlack},
		{"denies all", deniesAll.Resolve, dnstest.LiesAfter(half), half - turnSlack},
		{"denies a TLD", deniesDev.Resolve, dnstest.LiesAfter(half), turnNames - half/4 - turnSlack},
		{"finds all for a while", barely(findsAll), dnstest.LiesBetween(12000, 16000), 12000 - turnSlack},
		{"denies all for a while", deniesAll.Resolve, dnstest.LiesBetween(12000, 16000), 12000 - turnSlack},
	}
}

// timedTurns are those that need a clock: they begin after 4 of about 10 s.
func timedTurns() []turn {
	const from, to = 4 * time.Second, 6 * time.Second
	const before = 4 * turnRate
	return []turn{
		{"finds all later", barely(findsAll), dnstest.LiesDuring(from, 0), before - turnSlack - turnRate},
		{"denies all later", deniesAll.Resolve, dnstest.LiesDuring(from, 0), before - turnSlack - turnRate},
		{"finds all for two seconds", barely(findsAll), dnstest.LiesDuring(from, to), before - turnSlack - turnRate},
		{"denies all for two seconds", deniesAll.Resolve, dnstest.LiesDuring(from, to), before - turnSlack - turnRate},
	}
}

// turncoat is a resolver that turns, and is asked about one of so many names.
func (tr *turn) turncoat(caches bool, share int) *dnstest.Turncoat {
	when := func(n int, since time.Duration) bool { return tr.when(share*n, since) }
	return &dnstest.Turncoat{Honest: attacked.Resolve, Lie: tr.lie, Lies: when, Caches: caches}
}

// caches runs a test of a turn with a cache before the resolver and without.
func caches(t *testing.T, tr turn, f func(t *testing.T, caches bool)) {
	for how, caches := range map[string]bool{"": false, " behind a cache": true} {
		t.Run(tr.name+how, func(t *testing.T) {
			if caches && testing.Short() {
				t.Skip("takes a second or two")
			}
			t.Parallel()
			f(t, caches)
		})
	}
}

// The only resolver turns: nothing is wrong, and what it said before stands.
func TestResolverTurns(t *testing.T) {
	names := attackNames(turnNames, attackTLDs...)
	for _, tr := range append(turns(), timedTurns()...) {
		caches(t, tr, func(t *testing.T, caches bool) {
			synctest.Test(t, func(t *testing.T) {
				var n dnstest.Net
				opts := hosts(&n, lateHost(5*time.Millisecond, tr.turncoat(caches, 1).Answer))
				opts.Rate = turnRate
				attack(t, opts, names).check(t, tr.least)
				ended(t, &n)
			})
		})
	}
}

// The only resolver turns while a look waits for a canary that is lost: the verdicts
// of the looks behind it do not pile up.
func TestResolverTurnsBehindLoss(t *testing.T) {
	names := attackNames(turnNames, attackTLDs...)
	asked := map[string]bool{}
	for _, name := range names {
		asked[name] = true
	}
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		liar := dnstest.Turncoat{Honest: attacked.Resolve, Lie: deniesAll.Resolve, Lies: dnstest.LiesAfter(turnNames / 2)}
		host := lateHost(time.Millisecond, liar.Answer)
		wire := host.UDP
		var mu sync.Mutex
		got, lost := 0, ""
		host.UDP = func(b []byte, from netip.AddrPort) []dnstest.Reply {
			mu.Lock()
			defer mu.Unlock()
			var q dns.Msg
			if err := q.Unpack(b); err != nil {
				t.Error(err)
				return nil
			}
			name := normal(&q)
			if got++; lost == "" && got > turnNames/2-turnSlack && !asked[name] {
				lost = name
			}
			if name == lost {
				return nil
			}
			return wire(b, from)
		}
		opts := hosts(&n, host)
		opts.Rate = -1
		attack(t, opts, names).check(t, turnNames/2-turnSlack)
		ended(t, &n)
		if lost == "" {
			t.Error("no canary was lost")
		}
	})
}

// One of two resolvers turns: the other settles every name.
func TestResolverTurnsBeside(t *testing.T) {
	names := attackNames(turnNames, attackTLDs...)
	for _, tr := range append(turns(), timedTurns()...) {
		caches(t, tr, func(t *testing.T, caches bool) {
			synctest.Test(t, func(t *testing.T) {
				var n dnstest.Net
				liar := tr.turncoat(caches, 2)
				opts := hosts(&n, lateHost(5*time.Millisecond, liar.Answer), lateHost(5*time.Millisecond, attacked.Resolve))
				opts.Rate = turnRate / 2
				attack(t, opts, names).check(t, len(names))
				ended(t, &n)
			})
		})
	}
}

// The same over sockets, as fast as it goes.
func TestResolverTurnsLoopback(t *testing.T) {
	if testing.Short() {
		t.Skip("takes several seconds")
	}
	names := attackNames(turnNames, attackTLDs...)
	for _, tr := range turns() {
		for how, caches := range map[string]bool{"": false, " behind a cache": true} {
			t.Run(tr.name+how, func(t *testing.T) {
				addr := serve(t, dnstest.Answer(tr.turncoat(caches, 1).Answer))
				attack(t, probe.Options{Servers: udpServers(addr)}, names).check(t, tr.least)
			})
		}
	}
	t.Run("beside an honest one", func(t *testing.T) {
		for _, tr := range turns() {
			t.Run(tr.name, func(t *testing.T) {
				// Which of the two is faster is not known: it turns early.
				liar := tr.turncoat(true, 4)
				opts := probe.Options{Servers: udpServers(
					serve(t, dnstest.Answer(liar.Answer)), serve(t, dnstest.Answer(attacked.Resolve)),
				)}
				attack(t, opts, names).check(t, len(names))
			})
		}
	})
}
