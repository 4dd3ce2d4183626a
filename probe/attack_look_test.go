package probe_test

import (
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

// A resolver turns between two runs of one Prober, soon after the first or when
// nobody has asked it for long, and later turns back: nothing is wrong, and the
// runs before and after have every row.
func TestResolverTurnsBetweenRuns(t *testing.T) {
	for lie, truth := range map[string]dnstest.Truth{"finds all": findsAll, "denies all": deniesAll} {
		for how, caches := range map[string]bool{"": false, " behind a cache": true} {
			for _, pause := range []time.Duration{0, 5 * time.Second, time.Hour} {
				t.Run(lie+how+" after "+pause.String(), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						var n dnstest.Net
						var liar atomic.Bool
						turncoat := dnstest.Turncoat{
							Honest: attacked.Resolve, Lie: truth.Resolve, Caches: caches,
							Lies: func(int, time.Duration) bool { return liar.Load() },
						}
						p, err := probe.New(hosts(&n, lateHost(5*time.Millisecond, turncoat.Answer)))
						if err != nil {
							t.Fatal(err)
						}
						names := attackNames(1600, "dev")
						for i, phase := range []bool{false, true, false} {
							liar.Store(phase)
							var c tally
							for r, err := range p.Probe(t.Context(), candidate.Names(names[500*i:500*i+500]...)) {
								if err != nil {
									t.Fatal(err)
								}
								c.add(&r)
							}
							for _, name := range names[1500+30*i : 1500+30*i+30] {
								c.add(aloneOf(t, p, name))
								time.Sleep(pause / 30)
							}
							least := 0
							if i == 0 || !phase && !caches && pause == time.Hour {
								least = 530
							}
							c.check(t, least)
							time.Sleep(pause)
						}
						ended(t, &n)
					})
				})
			}
		}
	}
}

// aloneOf is the result of a run for one name.
func aloneOf(t *testing.T, p *probe.Prober, name string) *probe.Result {
	t.Helper()
	for r, err := range p.Probe(t.Context(), candidate.Names(name)) {
		if err != nil {
			t.Fatal(err)
		}
		return &r
	}
	t.Fatalf("%s has no row", name)
	return nil
}

// A single name after a pause takes one round trip: what is looked at again is
// looked at beside it.
func TestOneAfterPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rtt = 20 * time.Millisecond
		var n dnstest.Net
		p, err := probe.New(hosts(&n, lateHost(rtt, attacked.Resolve)))
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range attackNames(20, "dev") {
			began := time.Now()
			if r := aloneOf(t, p, name); r.Verdict == probe.Unknown || (r.Verdict == probe.Found) != attacked.Registered(name) {
				t.Errorf("%s is %v (%s)", name, r.Verdict, r.Reason)
			}
			if took := time.Since(began); took > rtt*12/10 {
				t.Errorf("%s took %v", name, took)
			}
			time.Sleep(time.Duration(i*i) * time.Second)
		}
		ended(t, &n)
	})
}

// At a server that never lies, looks cost less than one query of a hundred, and
// hold no row longer than a second.
func TestLooksAreCheap(t *testing.T) {
	for _, rate := range []float64{4000, 200} {
		synctest.Test(t, func(t *testing.T) {
			var n dnstest.Net
			var mu sync.Mutex
			answered := map[string]time.Time{}
			asked := 0
			const rtt = 5 * time.Millisecond
			opts := hosts(&n, lateHost(rtt, func(q *dns.Msg) *dns.Msg {
				mu.Lock()
				defer mu.Unlock()
				asked++
				answered[normal(q)] = time.Now().Add(rtt)
				return attacked.Resolve(q)
			}))
			opts.Rate = rate
			p, err := probe.New(opts)
			if err != nil {
				t.Fatal(err)
			}
			names := attackNames(int(10*rate), "dev")
			var c tally
			var longest time.Duration
			for r, err := range p.Probe(t.Context(), candidate.Names(names...)) {
				if err != nil {
					t.Fatal(err)
				}
				c.add(&r)
				mu.Lock()
				longest = max(longest, time.Since(answered[r.Name]))
				mu.Unlock()
			}
			c.check(t, len(names))
			most := len(names) + len(names)/100
			if rate < 1000 {
				most = len(names) + 8*10 // a look a second, and the controls
			}
			t.Logf("%d queries for %d names, a row waited for %v", asked, len(names), longest)
			if asked > most {
				t.Errorf("%d queries for %d names, want at most %d", asked, len(names), most)
			}
			if longest > 1200*time.Millisecond {
				t.Errorf("a row waited for %v", longest)
			}
			ended(t, &n)
		})
	}
}
