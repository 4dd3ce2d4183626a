package probe_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
	"domprobe/probe"
)

// While the controls of a server are unanswered, names go to one that is known
// to be good.
func TestSilentServersCostOneName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		defer n.Close()
		silent := hostOf(func(*dns.Msg) *dns.Msg { return nil })
		opts := hosts(&n, hostOf(world.Resolve), silent, silent, silent)
		opts.Concurrency = 1
		var names []string
		for i := range 50 {
			names = append(names, fmt.Sprintf("go-%d.dev", i), fmt.Sprintf("free-%d.dev", i))
		}
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
	})
}

// A reply over a server's TCP is held against the controls of that server,
// not of the one that was asked last. Here one server makes up that every name
// exists, and says so about the name over TCP only; the other is well and says
// nothing about it.
func TestTCPHasItsOwnControls(t *testing.T) {
	isName := func(q *dns.Msg) bool { return normal(q) == "free.dev" }
	nothing := func(q, right *dns.Msg) *dns.Msg { return nil }
	lies := changing(world.Resolve, always, func(q, right *dns.Msg) *dns.Msg {
		if right.Rcode == dns.RcodeNameError {
			return dnstest.NoData(q, "dev")
		}
		return right
	})
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		defer n.Close()
		liar := hostOf(lies)
		liar.UDP = dnstest.Wire(changing(lies, isName, nothing))
		opts := hosts(&n, liar, hostOf(changing(world.Resolve, isName, nothing)))
		for range 20 { // which server is asked first is left to chance
			got := probeAll(t, opts, "free.dev", "go.dev")
			if r := got["free.dev"]; r.Verdict != probe.Unknown {
				t.Errorf("free.dev: %s %s from %s", r.Verdict, r.Reason, r.Server)
			}
			expect(t, got, "go.dev", goRight)
		}
	})
}
