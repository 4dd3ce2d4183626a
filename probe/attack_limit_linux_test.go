package probe_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/miekg/dns"

	"domprobe/candidate"
	"domprobe/internal/dnstest"
	"domprobe/probe"
	"domprobe/probe/resolver"
)

// roleOf is what a process that a test of this name has started is to do, and
// empty in any other.
func roleOf(t *testing.T) string {
	test, role, _ := strings.Cut(os.Getenv("DOMPROBE_ATTACK"), " ")
	if test != t.Name() {
		return ""
	}
	return role
}

// inRole returns the command that runs the test in another process.
func inRole(ctx context.Context, t *testing.T, role string, env ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(append(os.Environ(), "DOMPROBE_ATTACK="+t.Name()+" "+role), env...)
	return cmd
}

// 500 TLDs with four servers each are asked by a process that may have 256
// descriptors: their shortage is no server's fault.
func TestFewDescriptors(t *testing.T) {
	if roleOf(t) != "" {
		withFewDescriptors(t)
		return
	}
	if testing.Short() {
		t.Skip("takes several seconds")
	}
	finder, registry := serve(t, dnstest.Answer(ownServers)), serve(t, dnstest.Answer(attacked.Delegate))
	out, err := inRole(t.Context(), t, "client", "FINDER="+finder, "REGISTRY="+registry).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func withFewDescriptors(t *testing.T) {
	few := syscall.Rlimit{Cur: 256, Max: 256}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	const finder = "10.0.0.53:53"
	var d net.Dialer
	opts := probe.Options{
		Servers: append(udpServers(finder), resolver.Server{Transport: resolver.Direct}),
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if addr == finder {
				return d.DialContext(ctx, network, os.Getenv("FINDER"))
			}
			return d.DialContext(ctx, network, os.Getenv("REGISTRY"))
		},
	}
	var c tally
	for _, r := range probeThese(t, opts, underMany(500, 10)) {
		c.add(&r)
	}
	c.check(t, 5000)
}

// underMany are candidates under many TLDs.
func underMany(tlds, each int) (cs []candidate.Candidate) {
	for i := range tlds {
		for k := range each {
			tld := fmt.Sprintf("zone%d", i)
			cs = append(cs, candidate.Candidate{Name: attackLabel(k) + "." + tld, TLD: tld})
		}
	}
	return cs
}

// ownServers answers as a resolver to whom each TLD has four servers of its own.
func ownServers(q *dns.Msg) *dns.Msg {
	const each = 4
	name, qtype := normal(q), q.Question[0].Qtype
	var k, tld int
	switch {
	case strings.HasSuffix(name, ".registry.com"):
		if _, err := fmt.Sscanf(name, "ns%d.zone%d.registry.com", &k, &tld); err != nil || qtype != dns.TypeA {
			return dnstest.NoData(q, "com")
		}
		return dnstest.Address(q, fmt.Sprintf("10.1%d.%d.%d", tld/200, tld%200, k+1))
	case qtype == dns.TypeNS && strings.HasPrefix(name, "zone") && !strings.Contains(name, "."):
		r := dnstest.NS(q)
		r.Answer = nil
		for k := range each {
			r.Answer = append(r.Answer, rr(fmt.Sprintf("%s. 3600 IN NS ns%d.%s.registry.com.", name, k, name)))
		}
		return r
	}
	return attacked.Resolve(q)
}
