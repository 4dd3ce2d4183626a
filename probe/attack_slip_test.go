package probe_test

import (
	"math/rand/v2"
	"net"
	"net/netip"
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

// overTCP asks the servers of the options over TCP alone.
func overTCP(opts probe.Options) probe.Options {
	var servers []resolver.Server
	for _, s := range opts.Servers {
		s.Transport = resolver.TCP
		servers = append(servers, s)
	}
	opts.Servers = servers
	return opts
}

// A response may come over UDP as a slip, to make the asker come over TCP.
var slips = map[string]func(q, right *dns.Msg) *dns.Msg{
	"empty": func(q, right *dns.Msg) *dns.Msg { return dnstest.Truncate(q) },
	// Too many records for a datagram: some are there, the rest is not.
	"large": func(q, right *dns.Msg) *dns.Msg {
		r := enlarged(right)
		r.Truncate(dns.MinMsgSize)
		return r
	},
}

// enlarged adds records to a response, which do not change what it says.
func enlarged(right *dns.Msg) *dns.Msg {
	r := right.Copy()
	for range 12 {
		r.Extra = append(r.Extra, rr(`extra.registry.com. 60 IN TXT "`+strings.Repeat("x", 200)+`"`))
	}
	return r
}

// A server that answers nothing over UDP but what sends the asker to TCP takes
// at most three times as long as over TCP.
func TestSlips(t *testing.T) {
	names := attackNames(20000, attackTLDs...)
	for how, slip := range slips {
		t.Run(how, func(t *testing.T) {
			took := map[string]time.Duration{}
			for _, transport := range []string{"tcp", "udp"} {
				synctest.Test(t, func(t *testing.T) {
					var n dnstest.Net
					whole := attacked.Resolve
					if how == "large" {
						whole = func(q *dns.Msg) *dns.Msg { return enlarged(attacked.Resolve(q)) }
					}
					opts := hosts(&n, dnstest.Host{
						UDP: lateHost(10*time.Millisecond, func(q *dns.Msg) *dns.Msg { return slip(q, attacked.Resolve(q)) }).UDP,
						TCP: lateHost(10*time.Millisecond, whole).TCP,
					})
					opts.Rate = -1
					if transport == "tcp" {
						opts = overTCP(opts)
					}
					began := time.Now()
					attack(t, opts, names).check(t, len(names))
					took[transport] = time.Since(began)
					ended(t, &n)
				})
			}
			t.Logf("%v over TCP, %v with a slip first", took["tcp"], took["udp"])
			if took["udp"] > 3*took["tcp"] {
				t.Errorf("%v is more than three times %v", took["udp"], took["tcp"])
			}
		})
	}
}

// A server that answers over TCP one query at a time, whatever the connections,
// is not asked more than it can answer.
func TestSerialTCP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turn := make(chan struct{}, 1) // not a mutex, which does not let fake time pass
		var n dnstest.Net
		n.Listen("192.0.2.53:53", dnstest.Host{TCP: func(conn net.Conn) {
			for {
				b, err := dnstest.ReadFrame(conn)
				if err != nil {
					return
				}
				turn <- struct{}{}
				time.Sleep(20 * time.Millisecond)
				<-turn
				for _, r := range dnstest.Wire(attacked.Resolve)(b, netip.AddrPort{}) {
					if _, err := conn.Write(dnstest.Frame(r.Bytes)); err != nil {
						return
					}
				}
			}
		}})
		opts := overTCP(probe.Options{Servers: udpServers("192.0.2.53:53"), Dial: n.Dial})
		opts.Concurrency, opts.Timeout, opts.Rate = 2000, 2*time.Second, -1
		names := attackNames(3000, attackTLDs...)
		attack(t, opts, names).check(t, len(names))
		n.Close() // some handlers still wait for their turn
	})
}

// A server that resets the connection in place of one answer in ten, but no more
// than twice for one name: what else was asked over it has lost nothing.
func TestTCPResets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		rng := rand.New(rand.NewPCG(1, 2))
		resets := map[string]int{}
		answer := lateHost(10*time.Millisecond, attacked.Resolve).UDP
		var n dnstest.Net
		n.Listen("192.0.2.53:53", dnstest.Host{TCP: dnstest.Stream(func(b []byte, from netip.AddrPort) []dnstest.Reply {
			mu.Lock()
			defer mu.Unlock()
			q := new(dns.Msg)
			if err := q.Unpack(b); err != nil {
				t.Error(err)
			}
			if name := normal(q); rng.IntN(10) == 0 && resets[name] < 2 {
				resets[name]++
				return []dnstest.Reply{{Refused: true, Delay: 10 * time.Millisecond}}
			}
			return answer(b, from)
		})})
		opts := overTCP(probe.Options{Servers: udpServers("192.0.2.53:53"), Dial: n.Dial})
		opts.Rate = -1
		names := attackNames(6000, attackTLDs...)
		attack(t, opts, names).check(t, len(names))
		ended(t, &n)
	})
}

// What slips cost over sockets, as a multiple of the time over TCP.
func BenchmarkSlips(b *testing.B) {
	names := attackNames(2000, attackTLDs...)
	s, err := dnstest.Fast{Share: 50, Truncate: 100}.Start()
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	opts := probe.Options{Servers: udpServers(s.Addr())}
	var tcp, slips time.Duration
	for b.Loop() {
		began := time.Now()
		overTCP := attack(b, overTCP(opts), names)
		between := time.Now()
		if c := attack(b, opts, names); c.right != len(names) || overTCP.right != len(names) {
			b.Fatal(overTCP, c)
		}
		tcp += between.Sub(began)
		slips += time.Since(between)
	}
	b.ReportMetric(slips.Seconds()/tcp.Seconds(), "times-TCP")
	b.ReportMetric(float64(b.N*len(names))/slips.Seconds(), "names/s")
}
