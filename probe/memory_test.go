package probe_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
	"domprobe/probe"
	"domprobe/probe/resolver"
)

// queries lists the queries that a host is asked.
type queries struct {
	mu   sync.Mutex
	list []string
}

func (l *queries) of(f func(q *dns.Msg) *dns.Msg) dnstest.Host {
	return hostOf(func(q *dns.Msg) *dns.Msg {
		l.mu.Lock()
		l.list = append(l.list, dns.TypeToString[q.Question[0].Qtype]+" "+normal(q))
		l.mu.Unlock()
		return f(q)
	})
}

// take returns the queries since the last time.
func (l *queries) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := strings.Join(l.list, ", ")
	l.list = nil
	return s
}

// lookedBeside reports whether only one name was asked about, and beside it a
// look at the server: a fresh label and a name that exists, and no control.
func lookedBeside(asked, name string) bool {
	_, tld, _ := strings.Cut(name, ".")
	return strings.Contains(asked+",", name+",") && !strings.Contains(asked+",", "SOA "+tld+",") && strings.Count(asked, ",") < 4
}

// Later loops do not ask the controls again until they are old.
func TestMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		defer n.Close()
		var asked queries
		p, err := probe.New(hosts(&n, asked.of(world.Resolve)))
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		one := func(name, verdict, want string) {
			t.Helper()
			if r, _ := p.One(t.Context(), name); r.Verdict.String() != verdict {
				t.Errorf("%s: %v (%s), want %s", name, r.Verdict, r.Reason, verdict)
			}
			if got := asked.take(); want != "" && !lookedBeside(got, want) {
				t.Errorf("%s: asked %q, want %q and a look", name, got, want)
			} else if want == "" && !strings.Contains(got, "SOA ") {
				t.Errorf("%s: asked %q, and no controls", name, got)
			}
		}
		one("go.dev", "found", "")
		one("zig.dev", "not-found", "DS zig.dev")
		one("go.co.jp", "found", "")
		one("zig.co.jp", "not-found", "DS zig.co.jp")
		time.Sleep(9 * time.Minute)
		one("free.dev", "not-found", "DS free.dev")
		time.Sleep(2 * time.Minute) // what was recalled is not kept for longer
		one("zig.dev", "not-found", "")
		one("zig.dev", "not-found", "DS zig.dev")

		one("go.qqqqqq", "invalid", "")
		if r, _ := p.One(t.Context(), "zig.qqqqqq"); r.Reason != probe.NoSuchTLD || r.Server == "" || asked.take() != "" {
			t.Errorf("asked again about a TLD that does not exist: %+v", r)
		}
		time.Sleep(61 * time.Second)
		one("go.qqqqqq", "invalid", "")

		// A plan is always made afresh.
		if plan, err := p.Plan(t.Context(), "dev"); err != nil || plan.Exists != probe.ExistsYes || !strings.Contains(asked.take(), "SOA dev") {
			t.Errorf("plan %+v, %v", plan, err)
		}
	})
}

// What a server failed is not remembered.
func TestMemoryOfFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		defer n.Close()
		var asked queries
		fails := true
		p, err := probe.New(hosts(&n, asked.of(func(q *dns.Msg) *dns.Msg {
			if fails {
				return dnstest.Rcode(q, dns.RcodeRefused)
			}
			return world.Resolve(q)
		})))
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		if r, _ := p.One(t.Context(), "go.dev"); r.Reason != probe.Refused {
			t.Errorf("%v (%s)", r.Verdict, r.Reason)
		}
		fails = false
		if r, _ := p.One(t.Context(), "go.dev"); r.Verdict != probe.Found {
			t.Errorf("%v (%s)", r.Verdict, r.Reason)
		}
	})
}

// The registry of a TLD and its controls are remembered as well.
func TestMemoryDirect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		defer n.Close()
		var found, asked queries
		n.Listen("192.0.2.53:53", found.of(finder))
		n.Listen("198.51.100.1:53", asked.of(world.Delegate))
		n.Listen("198.51.100.2:53", asked.of(world.Delegate))
		p, err := probe.New(probe.Options{
			Servers: append(udpServers("192.0.2.53:53"), resolver.Server{Transport: resolver.Direct}), Dial: n.Dial,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		for i := range 40 { // both servers have been asked by then, whoever is chosen
			r, _ := p.One(t.Context(), "zig.co.jp")
			if r.Verdict != probe.NotFound {
				t.Fatalf("%v (%s, %v)", r.Verdict, r.Reason, r.Err)
			}
			if got := found.take(); (got == "") != (i > 0) {
				t.Errorf("round %d asked %q to find the registry", i, got)
			}
			if got := asked.take(); i == 39 && !lookedBeside(got, "NS zig.co.jp") {
				t.Errorf("the last round asked %q", got)
			}
		}
		if r, _ := p.One(t.Context(), "go.com"); r.Verdict != probe.Found || found.take() == "" {
			t.Errorf("%v (%s) without finding the registry", r.Verdict, r.Reason)
		}
	})
}
