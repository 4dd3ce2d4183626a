package probe_test

import (
	"context"
	"fmt"
	"hash/fnv"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"domprobe/candidate"
	"domprobe/internal/dnstest"
	"domprobe/probe"
)

// attacked is the truth of the attacks: directly under every TLD half of the
// labels are registered, by their hash, if they are as short as those that people
// register, and nic and a few others always.
var attacked = dnstest.Truth{Registered: func(name string) bool {
	label, tld, _ := strings.Cut(name, ".")
	return tld != "" && !strings.Contains(tld, ".") && len(label) < 9 && dnstest.Registered(label, 50)
}}

// attackTLDs are those that most attacks are about.
var attackTLDs = []string{"dev", "io", "org", "de"}

// attackNames are n names that look like candidates, spread over TLDs.
func attackNames(n int, tlds ...string) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = attackLabel(i/len(tlds)) + "." + tlds[i%len(tlds)]
	}
	return names
}

// attackLabel is one of all labels of five letters, in no order that shows.
func attackLabel(i int) string {
	const all = 26 * 26 * 26 * 26 * 26
	rest := uint64(i) * 7654321 % all // which has no divisor in common with all
	var label [5]byte
	for k := range label {
		label[k] = 'a' + byte(rest%26)
		rest /= 26
	}
	return string(label[:])
}

// halves are n registered and n free names under dev.
func halves(n int) (names []string) {
	left := map[bool]int{true: n, false: n}
	for i := 0; left[true]+left[false] > 0; i++ {
		name := attackLabel(i) + ".dev"
		if registered := attacked.Registered(name); left[registered] > 0 {
			left[registered]--
			names = append(names, name)
		}
	}
	return names
}

// chance decides by a name: it is so for so many of a hundred.
func chance(name string, percent uint32) bool {
	h := fnv.New32a()
	fmt.Fprint(h, "chance of ", name)
	return h.Sum32()>>8%100 < percent
}

// The lies of servers are truths of other worlds.
var (
	none = func(string) bool { return false }

	findsAll  = dnstest.Truth{Registered: func(string) bool { return true }}
	deniesAll = dnstest.Truth{Registered: none, NIC: none}

	deniesDev = dnstest.Truth{
		Registered: func(name string) bool { return !strings.HasSuffix(name, ".dev") && attacked.Registered(name) },
		NIC:        func(zone string) bool { return zone != "dev" },
	}

	// It spares the names that the controls of an earlier version made up.
	findsShort = dnstest.Truth{Registered: func(name string) bool {
		label, _, _ := strings.Cut(name, ".")
		return len(label) != 24 || attacked.Registered(name)
	}}

	invertsSome = dnstest.Truth{Registered: func(name string) bool { return attacked.Registered(name) != chance(name, 5) }}

	invertsAll = dnstest.Truth{Registered: func(name string) bool {
		label, _, _ := strings.Cut(name, ".")
		return len(label) < 20 && !attacked.Registered(name)
	}, NIC: none}
)

// barely answers like a truth, but has no records for any type: what exists, is
// signed off by the registry zone.
func barely(truth dnstest.Truth) func(q *dns.Msg) *dns.Msg {
	return func(q *dns.Msg) *dns.Msg {
		r := truth.Resolve(q)
		if name := normal(q); strings.Contains(name, ".") && r.Rcode == dns.RcodeSuccess {
			return dnstest.NoData(q, name[strings.LastIndex(name, ".")+1:])
		}
		return r
	}
}

// A tally is how many rows of a run were right.
type tally struct {
	right, wrong, unknown int
	missing               int                  // when the context ended
	reasons               map[probe.Reason]int // of the unknown
	examples              []string             // of the wrong
}

func (c tally) String() string {
	return fmt.Sprintf("%d right, %d wrong, %d unknown %v, %d missing %s", c.right, c.wrong, c.unknown, c.reasons, c.missing, strings.Join(c.examples, ", "))
}

// add counts a row.
func (c *tally) add(r *probe.Result) {
	switch registered := attacked.Registered(r.Name); {
	case r.Verdict == probe.Unknown:
		c.unknown++
		if c.reasons == nil {
			c.reasons = map[probe.Reason]int{}
		}
		c.reasons[r.Reason]++
	case r.Verdict == probe.Found && registered, r.Verdict == probe.NotFound && !registered:
		c.right++
	default:
		c.wrong++
		if len(c.examples) < 3 {
			c.examples = append(c.examples, fmt.Sprintf("%s is %v (%s) by %s", r.Name, r.Verdict, r.Reason, r.Server))
		}
	}
}

// attack decides about names of the attacked world, each of which gets one row.
func attack(t testing.TB, opts probe.Options, names []string) tally {
	t.Helper()
	return attackUntil(context.Background(), t, opts, names)
}

// attackUntil is attack with a context, which may end it.
func attackUntil(ctx context.Context, t testing.TB, opts probe.Options, names []string) (c tally) {
	t.Helper()
	p, err := probe.New(opts)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	defer p.Close()
	seen := make(map[string]bool, len(names))
	source := func(yield func(candidate.Candidate, error) bool) {
		for _, name := range names {
			if !yield(candidate.Parse(name), nil) {
				return
			}
		}
	}
	for r, err := range p.Probe(ctx, source) {
		if err != nil && ctx.Err() != nil {
			break
		}
		if err != nil {
			t.Fatalf("Probe: %v", err)
		}
		if seen[r.Name] {
			t.Errorf("%s has two rows", r.Name)
		}
		seen[r.Name] = true
		c.add(&r)
	}
	c.missing = len(names) - len(seen)
	if c.missing != 0 && ctx.Err() == nil {
		t.Errorf("%d names have %d rows", len(names), len(seen))
	}
	return c
}

// check fails a test whose run has wrong rows, or fewer right ones than at
// least there should be.
func (c tally) check(t testing.TB, least int) {
	t.Helper()
	switch {
	case c.wrong > 0:
		t.Errorf("wrong verdicts: %v", c)
	case c.right < least:
		t.Errorf("%v; at least %d should be right", c, least)
	default:
		t.Log(c)
	}
}

// lateHost is a host that answers after a delay, over UDP and TCP.
func lateHost(delay time.Duration, f func(q *dns.Msg) *dns.Msg) dnstest.Host {
	slow := later(func() time.Duration { return delay }, f)
	return dnstest.Host{UDP: slow, TCP: dnstest.Stream(slow)}
}

// later delays the responses that f makes.
func later(delay func() time.Duration, f func(q *dns.Msg) *dns.Msg) dnstest.PacketHandler {
	answer := dnstest.Wire(f)
	return func(b []byte, from netip.AddrPort) []dnstest.Reply {
		replies := answer(b, from)
		for i := range replies {
			replies[i].Delay = delay()
		}
		return replies
	}
}
