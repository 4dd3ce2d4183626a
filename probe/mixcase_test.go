package probe_test

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
	"domprobe/probe"
)

// spelled remembers how the names of queries were spelt.
type spelled struct {
	mu    sync.Mutex
	mixed map[string]bool // by name in lower case
}

func (s *spelled) note(q *dns.Msg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mixed == nil {
		s.mixed = map[string]bool{}
	}
	name := q.Question[0].Name
	s.mixed[normal(q)] = s.mixed[normal(q)] || name != strings.ToLower(name)
}

// lowered answers like f, and writes the question in lower case.
func lowered(f func(q *dns.Msg) *dns.Msg) func(q *dns.Msg) *dns.Msg {
	return func(q *dns.Msg) *dns.Msg {
		m := f(q)
		for i := range m.Question {
			m.Question[i].Name = strings.ToLower(m.Question[i].Name)
		}
		return m
	}
}

// twoRounds decides about go.dev and then, in the same loop, about many names.
func twoRounds(t *testing.T, opts probe.Options) map[string]probe.Result {
	t.Helper()
	names := []string{"go.dev"}
	for i := range 50 {
		names = append(names, fmt.Sprintf("go-abcdefgh%d.dev", i), fmt.Sprintf("abcdefgh%d.dev", i))
	}
	opts.Concurrency = 8
	return probeAll(t, opts, names...)
}

// Names are asked in mixed case of a server that repeats it. Of one that does
// not, the first names are asked again, and no later one is lost or late.
func TestMixedCase(t *testing.T) {
	for _, tc := range []struct {
		name  string
		wrap  func(f func(q *dns.Msg) *dns.Msg) func(q *dns.Msg) *dns.Msg
		mixed bool
		most  time.Duration
		tries int
	}{
		{"echoed", func(f func(q *dns.Msg) *dns.Msg) func(q *dns.Msg) *dns.Msg { return f }, true, 100 * time.Millisecond, 1},
		{"lowered", lowered, false, 900 * time.Millisecond, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var n dnstest.Net
				defer n.Close()
				var asked spelled
				answer := tc.wrap(world.Resolve)
				start := time.Now()
				got := twoRounds(t, hosts(&n, hostOf(func(q *dns.Msg) *dns.Msg {
					asked.note(q)
					return answer(q)
				})))
				if took := time.Since(start); took > tc.most {
					t.Errorf("took %v", took)
				}
				mixed := 0
				for name, r := range got {
					want := probe.NotFound
					if world.Registered(name) {
						want = probe.Found
					}
					if r.Verdict != want || r.Tries > tc.tries {
						t.Errorf("%s: %v (%s) after %d tries", name, r.Verdict, r.Reason, r.Tries)
					}
					if asked.mixed[name] {
						mixed++
					}
				}
				if tc.mixed && mixed < 80 || !tc.mixed && mixed > 8 {
					t.Errorf("%d of %d names were asked in mixed case", mixed, len(got))
				}
			})
		})
	}
}

// A server that stops repeating case, as one of several behind an address may,
// loses no name and no controls.
func TestMixedCaseLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		defer n.Close()
		var asked spelled
		var count atomic.Int32
		low := lowered(world.Resolve)
		opts := hosts(&n, dnstest.Host{UDP: dnstest.Wire(func(q *dns.Msg) *dns.Msg {
			asked.note(q)
			if count.Add(1) > 60 {
				return low(q)
			}
			return world.Resolve(q)
		})})
		got := twoRounds(t, opts)
		again := 0
		for name, r := range got {
			want := probe.NotFound
			if world.Registered(name) {
				want = probe.Found
			}
			if r.Verdict != want {
				t.Errorf("%s: %v (%s) after %d tries", name, r.Verdict, r.Reason, r.Tries)
			}
			if r.Tries > 1 {
				again++
			}
		}
		if again < 1 || again > 8 {
			t.Errorf("%d names were asked again, want those only that were under way", again)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		defer n.Close()
		low := lowered(world.Resolve)
		opts := hosts(&n, dnstest.Host{UDP: dnstest.Wire(func(q *dns.Msg) *dns.Msg {
			if strings.HasSuffix(normal(q), ".com") || normal(q) == "com" {
				return low(q)
			}
			return world.Resolve(q)
		})})
		opts.Concurrency = 1
		got := probeAll(t, opts, "go.dev", "free.dev", "go.com", "free.com", "also-free.com")
		expect(t, got, "go.com", "found exists")
		expect(t, got, "free.com", "not-found nxdomain")
		expect(t, got, "also-free.com", "not-found nxdomain")
	})
}

// Forged responses in another case are ignored and the wait goes on.
func TestMixedCaseForged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		defer n.Close()
		low, right := dnstest.Wire(lowered(func(q *dns.Msg) *dns.Msg { return dnstest.NXDomain(q, "dev") })), dnstest.Wire(world.Resolve)
		got := twoRounds(t, hosts(&n, dnstest.Host{UDP: func(b []byte, from netip.AddrPort) []dnstest.Reply {
			replies := right(b, from)
			replies[0].Delay = 5 * time.Millisecond
			var q dns.Msg
			if q.Unpack(b) == nil && q.Question[0].Name != strings.ToLower(q.Question[0].Name) {
				replies = append(low(b, from), replies...)
			}
			return replies
		}}))
		for name, r := range got {
			if want := world.Registered(name); want != (r.Verdict == probe.Found) || r.Tries != 1 {
				t.Errorf("%s: %v (%s) after %d tries", name, r.Verdict, r.Reason, r.Tries)
			}
		}
	})
}
