package probe_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
	"domprobe/probe"
	"domprobe/probe/resolver"
)

// cells are all single faults, and all pairs of faults of different axes.
func cells() (cells [][]cellFault) {
	var all []cellFault
	for _, faults := range [][]cellFault{contentFaults(), codeFaults(), sizeFaults(), forgeryFaults(), deliveryFaults()} {
		all = append(all, faults...)
	}
	for i, a := range all {
		cells = append(cells, []cellFault{a})
		for _, b := range all[i+1:] {
			if a.axis != b.axis {
				cells = append(cells, []cellFault{a, b})
			}
		}
	}
	return cells
}

func describe(cell []cellFault) string {
	var names []string
	for _, f := range cell {
		names = append(names, f.name)
	}
	return strings.Join(names, " + ")
}

// An outcome of a cell must be the truth, or unknown; and the truth, if healthy.
func judgeCell(problems *[]string, where string, cell []cellFault, got map[string]probe.Result, healthy func(name string) bool) {
	for name, r := range got {
		truth := probe.NotFound
		if strings.HasPrefix(name, "go") {
			truth = probe.Found
		}
		switch {
		case r.Verdict == truth:
		case r.Verdict != probe.Unknown:
			*problems = append(*problems, fmt.Sprintf("%s, %s: %s is %v %s, the truth is %v", where, describe(cell), name, r.Verdict, r.Reason, truth))
		case healthy(name):
			*problems = append(*problems, fmt.Sprintf("%s, %s: %s is unknown %s (%v) though there is a healthy path", where, describe(cell), name, r.Reason, r.Err))
		}
	}
}

// alone says whether one server with the faults of a cell has to be enough.
func alone(cell []cellFault) func(name string) bool {
	always, once := false, false
	for _, f := range cell {
		always = always || f.always
		once = once || f.once
	}
	return func(name string) bool {
		switch {
		case strings.Contains(name, "-always"):
			return !always
		case strings.Contains(name, "-once"):
			return !once
		}
		return true
	}
}

func surely(string) bool { return true }

var matrixNames = []string{
	"go-always.dev", "free-always.dev", "go-once.dev", "free-once.dev", "go-plain.dev", "free-plain.dev",
}

// TestFaultMatrix tries every cell in three worlds: one resolver that has the
// faults for some names; a resolver that has them for everything beside a
// healthy one; and a registry with one such server of two.
func TestFaultMatrix(t *testing.T) {
	tried, began := 0, time.Now()
	var problems []string // a bubble that fails would end the test
	for i, cell := range cells() {
		synctest.Test(t, func(t *testing.T) {
			n := new(dnstest.Net)
			defer n.Close()
			n.Listen("192.0.2.53:53", newFaulty(cell, false, world.Resolve).host())
			got := probeAll(t, probe.Options{Servers: udpServers("192.0.2.53:53"), Dial: n.Dial}, matrixNames...)
			judgeCell(&problems, "one resolver", cell, got, alone(cell))
		})
		synctest.Test(t, func(t *testing.T) {
			n := new(dnstest.Net)
			defer n.Close()
			n.Listen("192.0.2.53:53", newFaulty(cell, true, world.Resolve).host())
			n.Listen("192.0.2.54:53", newFaulty(nil, false, world.Resolve).host())
			got := probeAll(t, probe.Options{Servers: udpServers("192.0.2.53:53", "192.0.2.54:53"), Dial: n.Dial}, matrixNames...)
			judgeCell(&problems, "two resolvers", cell, got, surely)
		})
		if tried++; i%7 != 0 && len(cell) > 1 && testing.Short() {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			n := new(dnstest.Net)
			defer n.Close()
			n.Listen("192.0.2.53:53", hostOf(registrar("192.0.2.1", "192.0.2.2")))
			n.Listen("192.0.2.1:53", newFaulty(cell, true, world.Delegate).host())
			n.Listen("192.0.2.2:53", newFaulty(nil, false, world.Delegate).host())
			got := probeAll(t, directly(n), matrixNames...)
			judgeCell(&problems, "a registry", cell, got, surely)
		})
	}
	for _, problem := range problems {
		t.Error(problem)
	}
	t.Logf("%d cells in %v", tried, time.Since(began).Round(time.Millisecond))
}

// registrar is a resolver that knows the addresses of every registry zone's
// servers.
func registrar(addrs ...string) func(q *dns.Msg) *dns.Msg {
	return func(q *dns.Msg) *dns.Msg {
		name, qtype := normal(q), q.Question[0].Qtype
		if strings.HasSuffix(name, ".registry.com") {
			for i, addr := range addrs {
				if name == fmt.Sprintf("ns%d.registry.com", i) && qtype == dns.TypeA {
					return dnstest.Address(q, addr)
				}
			}
			return dnstest.NoData(q, "com")
		}
		r := world.Resolve(q)
		if qtype == dns.TypeNS && len(r.Answer) == 1 {
			ns := r.Answer[0].(*dns.NS)
			r.Answer = nil
			for i := range addrs {
				one := *ns
				one.Ns = fmt.Sprintf("ns%d.registry.com.", i)
				r.Answer = append(r.Answer, &one)
			}
		}
		return r
	}
}

// directly asks the registries, found through 192.0.2.53.
func directly(n *dnstest.Net) probe.Options {
	servers := append(udpServers("192.0.2.53:53"), resolver.Server{Transport: resolver.Direct})
	return probe.Options{Servers: servers, Dial: n.Dial, Rate: -1}
}
