package probe_test

import (
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"domprobe/internal/dnstest"
	"domprobe/probe"
)

// A packetFault happens to one packet of a run: to a query on its way or to a
// response.
type packetFault struct {
	hit   int  // the packet, counted from 0
	twice bool // rather than not at all

	mu   sync.Mutex
	seen int
}

// copies is how often the next packet arrives.
func (f *packetFault) copies() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen++
	switch {
	case f.seen-1 != f.hit:
		return 1
	case f.twice:
		return 2
	}
	return 0
}

// on puts the fault between a host and those who ask it over UDP.
func (f *packetFault) on(h dnstest.Host) dnstest.Host {
	return dnstest.Host{TCP: h.TCP, UDP: func(b []byte, from netip.AddrPort) (replies []dnstest.Reply) {
		for range f.copies() {
			for _, r := range h.UDP(b, from) {
				for k := range f.copies() {
					r.Delay += time.Duration(k) * time.Millisecond
					replies = append(replies, r)
				}
			}
		}
		return replies
	}}
}

// Each packet of a short run is lost in turn, and comes twice in turn.
func TestEachPacket(t *testing.T) {
	names := attackNames(35, "dev")
	resolve, delegate := lateHost(10*time.Millisecond, attacked.Resolve), lateHost(10*time.Millisecond, attacked.Delegate)
	find := lateHost(10*time.Millisecond, directoryOf("192.0.2.11", "192.0.2.12").resolve)
	for how, run := range map[string]func(n *dnstest.Net, f *packetFault) probe.Options{
		"a resolver":    func(n *dnstest.Net, f *packetFault) probe.Options { return hosts(n, f.on(resolve)) },
		"two resolvers": func(n *dnstest.Net, f *packetFault) probe.Options { return hosts(n, f.on(resolve), f.on(resolve)) },
		"a registry": func(n *dnstest.Net, f *packetFault) probe.Options {
			opts := directOptions(n, attacked.Resolve)
			n.Listen("192.0.2.53:53", f.on(find))
			n.Listen("192.0.2.11:53", f.on(delegate))
			n.Listen("192.0.2.12:53", f.on(delegate))
			return opts
		},
	} {
		t.Run(how, func(t *testing.T) {
			// with returns how many packets there were.
			with := func(f *packetFault) (packets int) {
				synctest.Test(t, func(t *testing.T) {
					var n dnstest.Net
					if c := attack(t, run(&n, f), names); c.right != len(names) {
						t.Errorf("packet %d (twice: %t): %v", f.hit, f.twice, c)
					}
					ended(t, &n)
				})
				return f.seen
			}
			packets := with(&packetFault{hit: -1})
			for i := range packets {
				with(&packetFault{hit: i})
				with(&packetFault{hit: i, twice: true})
			}
			t.Logf("%d packets", packets)
		})
	}
}
