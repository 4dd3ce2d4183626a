package probe_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"domprobe/internal/dnstest"
	"domprobe/probe"
)

// A machine is this one, whose own network fails for a time.
type machine struct {
	dial     func(ctx context.Context, network, addr string) (net.Conn, error)
	from, to time.Duration // zero for to is for ever
	dialErr  error         // nil: sockets that were open before fail, and new ones do not
	writeErr error

	began    time.Time
	attempts atomic.Int64 // that failed
	asked    atomic.Int64 // queries that left
}

func (m *machine) down() bool {
	since := time.Since(m.began)
	return since >= m.from && (m.to == 0 || since < m.to)
}

func (m *machine) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if m.dialErr != nil && m.down() {
		m.attempts.Add(1)
		return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", m.dialErr)}
	}
	conn, err := m.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &machineConn{Conn: conn, of: m, old: time.Since(m.began) < m.from}, nil
}

// A machineConn is a connection of the machine.
type machineConn struct {
	net.Conn
	of  *machine
	old bool // opened before the network failed
}

func (c *machineConn) Write(b []byte) (int, error) {
	if c.of.down() && (c.of.dialErr != nil || c.old) {
		c.of.attempts.Add(1)
		return 0, &net.OpError{Op: "write", Net: "udp", Err: os.NewSyscallError("write", c.of.writeErr)}
	}
	c.of.asked.Add(1)
	return c.Conn.Write(b)
}

// outages are the ways in which a machine loses its network.
var outages = []machine{
	{from: 3 * time.Second, to: 63 * time.Second, dialErr: syscall.ENETUNREACH, writeErr: syscall.ENETUNREACH},
	{from: 3 * time.Second, to: 590 * time.Second, dialErr: syscall.ENETUNREACH, writeErr: syscall.ENETUNREACH},
	{from: 3 * time.Second, to: 63 * time.Second, dialErr: syscall.EADDRNOTAVAIL, writeErr: syscall.EINVAL},
	{from: 3 * time.Second, to: 63 * time.Second, dialErr: syscall.ENETDOWN, writeErr: syscall.ENETDOWN},
	{from: 0, to: 20 * time.Second, dialErr: syscall.ENETUNREACH, writeErr: syscall.ENETUNREACH},
	// The address changed: what was open has lost its own.
	{from: 3 * time.Second, writeErr: syscall.EINVAL},
}

// This machine's own network fails: the run waits, asks nearly nothing, says so,
// and goes on. No name is lost.
func TestMachineOutage(t *testing.T) {
	const rate = 1000
	names := attackNames(10*rate, attackTLDs...)
	for i := range outages {
		m := &outages[i]
		for how, options := range map[string]func(n *dnstest.Net) probe.Options{
			"a resolver": func(n *dnstest.Net) probe.Options {
				return hosts(n, lateHost(10*time.Millisecond, attacked.Resolve))
			},
			"two resolvers": func(n *dnstest.Net) probe.Options {
				return hosts(n, lateHost(10*time.Millisecond, attacked.Resolve), lateHost(20*time.Millisecond, attacked.Resolve))
			},
			"TCP": func(n *dnstest.Net) probe.Options {
				return overTCP(hosts(n, lateHost(10*time.Millisecond, attacked.Resolve)))
			},
			"registries": func(n *dnstest.Net) probe.Options {
				n.Listen("192.0.2.1:53", lateHost(10*time.Millisecond, attacked.Delegate))
				n.Listen("192.0.2.2:53", lateHost(10*time.Millisecond, attacked.Delegate))
				return directOptions(n, directoryOf("192.0.2.1", "192.0.2.2").resolve)
			},
		} {
			t.Run(m.String()+"/"+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var n dnstest.Net
					m := &machine{from: m.from, to: m.to, dialErr: m.dialErr, writeErr: m.writeErr, began: time.Now(), dial: n.Dial}
					logged := newNotes()
					opts := options(&n)
					opts.Dial, opts.Rate, opts.Log = m.Dial, rate, slog.New(logged)
					attack(t, opts, names).check(t, len(names))
					t.Logf("%v, %d queries, %d attempts failed", time.Since(m.began), m.asked.Load(), m.attempts.Load())
					// One look a second, and what was in flight at each of four servers.
					if most := 2000 + 10*int64(m.to/time.Second); m.attempts.Load() > most {
						t.Errorf("%d attempts without a network, want at most %d", m.attempts.Load(), most)
					}
					if m.dialErr != nil && logged.count("no network") == 0 {
						t.Errorf("logged %q, nothing about the network", logged.seen)
					}
					ended(t, &n)
				})
			})
		}
	}
}

func (m *machine) String() string {
	if m.dialErr == nil {
		return "old sockets fail"
	}
	return strings.Join([]string{m.dialErr.Error(), "from", m.from.String(), "to", m.to.String()}, " ")
}

// A name waits for the network as long as the options say.
func TestMachineOutageMost(t *testing.T) {
	for most, want := range map[time.Duration][2]time.Duration{
		0: {10 * time.Minute, 11 * time.Minute}, time.Minute: {time.Minute, 70 * time.Second}, -1: {0, 30 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			var n dnstest.Net
			m := &machine{dialErr: syscall.ENETUNREACH, writeErr: syscall.ENETUNREACH, began: time.Now(), to: 24 * time.Hour, dial: n.Dial}
			opts := hosts(&n, lateHost(10*time.Millisecond, attacked.Resolve))
			opts.Dial, opts.Outage = m.Dial, most
			got := probeAll(t, opts, "go.dev")
			if took := time.Since(m.began); got["go.dev"].Reason != probe.Unreachable || took < want[0] || took > want[1] {
				t.Errorf("%v: %s after %v", most, got["go.dev"].Reason, took)
			}
			ended(t, &n)
		})
	}
}

// A context ends a run that waits for the network.
func TestMachineOutageEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n dnstest.Net
		m := &machine{from: time.Second, dialErr: syscall.ENETUNREACH, writeErr: syscall.ENETUNREACH, began: time.Now(), dial: n.Dial}
		opts := hosts(&n, lateHost(10*time.Millisecond, attacked.Resolve))
		opts.Dial = m.Dial
		p, err := probe.New(opts)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		var last error
		for r, err := range p.Probe(ctx, endless) {
			if last = err; err == nil && r.Verdict == probe.Unknown {
				t.Fatalf("%s is unknown (%s) after %v", r.Name, r.Reason, time.Since(m.began))
			}
		}
		if took := time.Since(m.began); !errors.Is(last, context.DeadlineExceeded) || took != 30*time.Second {
			t.Errorf("the run ended after %v with %v", took, last)
		}
		ended(t, &n)
	})
}
