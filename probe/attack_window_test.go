package probe_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
	"domprobe/probe"
)

// A resolver that is asked thousands of names at a time lies for a while, which
// is shorter than the queries under way: nothing is wrong.
func TestResolverTurnsManyFlying(t *testing.T) {
	const flying, lies = 20000, 1000
	if testing.Short() {
		t.Skip("takes several seconds")
	}
	for _, tlds := range [][]string{attackTLDs[:1], attackTLDs} {
		names := attackNames(turnNames, tlds...)
		for lie, answer := range map[string]func(*dns.Msg) *dns.Msg{"finds all": barely(findsAll), "denies all": deniesAll.Resolve} {
			for _, from := range []int{3000, 9000, 22000} {
				t.Run(fmt.Sprintf("%s from %d, %d TLDs", lie, from, len(tlds)), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						var n dnstest.Net
						liar := dnstest.Turncoat{Honest: attacked.Resolve, Lie: answer, Lies: dnstest.LiesBetween(from, from+lies)}
						opts := hosts(&n, lateHost(5*time.Millisecond, liar.Answer))
						opts.Concurrency = flying
						attack(t, opts, names).check(t, 0)
						ended(t, &n)
					})
				})
			}
		}
	}
}

// The same over sockets, as fast as it goes, where the lie is over before anything
// that it has made suspicious can be asked again.
func TestResolverTurnsManyFlyingLoopback(t *testing.T) {
	if testing.Short() {
		t.Skip("takes several seconds")
	}
	names := attackNames(turnNames, attackTLDs...)
	for lie, truth := range map[string]dnstest.Truth{"finds all": findsAll, "denies all": deniesAll} {
		t.Run(lie, func(t *testing.T) {
			liar := dnstest.Turncoat{Honest: attacked.Resolve, Lie: truth.Resolve, Lies: dnstest.LiesBetween(12000, 14000)}
			addr := serve(t, dnstest.Answer(liar.Answer))
			attack(t, probe.Options{Servers: udpServers(addr), Concurrency: 20000}, names).check(t, 0)
		})
	}
}
