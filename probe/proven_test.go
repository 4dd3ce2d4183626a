package probe_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
	"domprobe/probe"
)

// While the controls of a server are unanswered, names go to one that is known
// to be good.
func TestSilentServersCostOneName(t *testing.T) {
	good := serve(t, dnstest.Answer(world.Resolve))
	servers := []string{good}
	for range 3 {
		servers = append(servers, serve(t, func(dns.ResponseWriter, *dns.Msg, string) {}))
	}
	var names []string
	for i := range 50 {
		names = append(names, fmt.Sprintf("go-%d.dev", i), fmt.Sprintf("free-%d.dev", i))
	}
	opts := probe.Options{Servers: udpServers(servers...), Concurrency: 1, Timeout: 100 * time.Millisecond}
	late := 0
	for _, r := range probeAll(t, opts, names...) {
		if r.Verdict == probe.Unknown {
			t.Errorf("%s: %s", r.Name, r.Reason)
		}
		if r.Tries > 1 {
			late++
		}
	}
	if late > 1 {
		t.Errorf("%d names were asked more than once", late)
	}
}

// A reply over a server's stream is held against the controls of that server,
// not of the one that was asked last. Here one server makes up that every name
// exists, and says so about the name over TCP only; the other is well and says
// nothing about it.
func TestStreamHasItsOwnControls(t *testing.T) {
	isName := func(q *dns.Msg) bool { return normal(q) == "free.dev" }
	liar := serve(t, func(w dns.ResponseWriter, q *dns.Msg, network string) {
		r := world.Resolve(q)
		if r.Rcode == dns.RcodeNameError {
			r = dnstest.NoData(q, "dev")
		}
		if !isName(q) || network == "tcp" {
			w.WriteMsg(r)
		}
	})
	good := serve(t, func(w dns.ResponseWriter, q *dns.Msg, network string) {
		if !isName(q) {
			w.WriteMsg(world.Resolve(q))
		}
	})
	for range 5 { // which server is asked first is left to chance
		opts := probe.Options{Servers: udpServers(liar, good), Timeout: 60 * time.Millisecond}
		got := probeAll(t, opts, "free.dev", "go.dev")
		if r := got["free.dev"]; r.Verdict != probe.Unknown {
			t.Errorf("free.dev: %s %s from %s", r.Verdict, r.Reason, r.Server)
		}
		expect(t, got, "go.dev", goRight)
	}
}
