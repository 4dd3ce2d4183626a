package transport

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
)

const serverAddr = "192.0.2.53:53"

var truth = dnstest.Truth{Registered: func(name string) bool { return strings.HasPrefix(name, "go") }}

// A box collects what an engine delivers.
type box struct {
	mu   sync.Mutex
	outs map[uint32]Outcome
	more chan struct{}
	bad  []string
}

func newBox() *box { return &box{outs: map[uint32]Outcome{}, more: make(chan struct{}, 1<<16)} }

func (b *box) deliver(outs []Outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, out := range outs {
		if _, twice := b.outs[out.Token]; twice {
			b.bad = append(b.bad, fmt.Sprintf("token %d has two outcomes", out.Token))
		}
		b.outs[out.Token] = out
		b.more <- struct{}{}
	}
}

// wait waits until n outcomes have come, since the last call.
func (b *box) wait(t *testing.T, n int) map[uint32]Outcome {
	t.Helper()
	for range n {
		select {
		case <-b.more:
		case <-time.After(time.Hour):
			t.Fatalf("only %d of %d outcomes came", len(b.outs), n)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, bad := range b.bad {
		t.Error(bad)
	}
	return b.outs
}

// ask makes n queries, about registered names and free ones by turns.
func ask(n int, tries uint8) (qs []Query) {
	for i := range n {
		prefix := "go"
		if i%2 == 1 {
			prefix = "free"
		}
		qs = append(qs, Query{
			Token: uint32(i), Name: fmt.Sprintf("%s-%d.dev", prefix, i), Type: dns.TypeDS, Flags: RD | EDNS, Tries: tries,
		})
	}
	return qs
}

// right reports the outcomes that are not the answers to ask.
func right(t *testing.T, outs map[uint32]Outcome, n int) {
	t.Helper()
	if len(outs) != n {
		t.Errorf("%d outcomes for %d queries", len(outs), n)
	}
	for token, out := range outs {
		want := uint16(dns.RcodeSuccess)
		if token%2 == 1 {
			want = dns.RcodeNameError
		}
		if out.Failure != None || out.Reply.Rcode != want || out.Reply.SOA != 1 {
			t.Errorf("token %d: %v, %+v (%v)", token, out.Failure, out.Reply, out.Err)
		}
	}
}

// inBubble runs a test of an engine on a network in memory, and checks that
// nothing is left of it.
func inBubble(t *testing.T, name string, host dnstest.Host, make func(cfg Config) Engine, f func(t *testing.T, e Engine, b *box)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n := new(dnstest.Net)
			n.Listen(serverAddr, host)
			b := newBox()
			e := make(Config{Addr: serverAddr, Dial: n.Dial, Deliver: b.deliver, Window: 100, Timeout: 2 * time.Second})
			f(t, e, b)
			if err := e.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
			synctest.Wait()
			if open := n.Open(); open != 0 {
				t.Errorf("%d connections are open after Close", open)
			}
			had := len(b.outs)
			e.Ask(ask(had+1, 1)[had:])
			synctest.Wait()
			if out := b.outs[uint32(had)]; out.Failure != Closed {
				t.Errorf("a query after Close: %v", out.Failure)
			}
			if err := e.Close(); err != nil {
				t.Errorf("Close, again: %v", err)
			}
			n.Close()
		})
	})
}

func newTCP(cfg Config) Engine { return NewTCP(cfg, nil) }

// late delays every reply.
func late(h dnstest.PacketHandler, delay func(i int) time.Duration) dnstest.PacketHandler {
	var mu sync.Mutex
	n := 0
	return func(b []byte, from netip.AddrPort) []dnstest.Reply {
		replies := h(b, from)
		mu.Lock()
		defer mu.Unlock()
		for i := range replies {
			replies[i].Delay = delay(n)
			n++
		}
		return replies
	}
}

var honest = dnstest.Wire(truth.Resolve)

// What waits in the queues of engines is counted, but for urgent queries, until it
// is sent or the engine is closed.
func TestWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := new(dnstest.Net)
		n.Listen(serverAddr, dnstest.Host{UDP: dnstest.Wire(truth.Resolve)})
		b := newBox()
		var waiting atomic.Int64
		e := NewUDP(Config{Addr: serverAddr, Dial: n.Dial, Deliver: b.deliver, Window: 100, Timeout: time.Second, Limit: NewLimit(100), Waiting: &waiting})
		qs := ask(60, 1)
		for i := range qs[:10] {
			qs[i].Flags |= Urgent
		}
		e.Ask(qs)
		if got := waiting.Load(); got != 50 {
			t.Errorf("%d wait, want 50", got)
		}
		b.wait(t, 30)
		synctest.Wait()
		if sent := int64(len(b.outs)); waiting.Load() != 60-sent {
			t.Errorf("%d wait when %d of 60 were sent", waiting.Load(), sent)
		}
		e.Close()
		if got := waiting.Load(); got != 0 {
			t.Errorf("%d wait in a closed engine", got)
		}
	})
}

// A connection that moves one packet at a time loses no time for each of them.
func TestUDPOneByOne(t *testing.T) {
	host := dnstest.Host{UDP: late(dnstest.Wire(truth.Resolve), func(int) time.Duration { return 20 * time.Millisecond })}
	synctest.Test(t, func(t *testing.T) {
		n := new(dnstest.Net)
		n.Listen(serverAddr, host)
		b := newBox()
		e := NewUDP(Config{Addr: serverAddr, Dial: n.Dial, Deliver: b.deliver, Window: 2000, Timeout: 2 * time.Second})
		began := time.Now()
		e.Ask(ask(20000, 3))
		right(t, b.wait(t, 20000), 20000)
		if took := time.Since(began); took > time.Second {
			t.Errorf("20,000 queries, 2,000 at a time, took %v", took)
		}
		e.Close()
	})
}
