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
