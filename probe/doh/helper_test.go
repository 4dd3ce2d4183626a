package doh

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"domprobe/internal/dnstest"
	"domprobe/probe/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const serverAddr = "192.0.2.53:53"

var truth = dnstest.Truth{Registered: func(name string) bool { return strings.HasPrefix(name, "go") }}

// A box collects what an engine delivers.
type box struct {
	mu   sync.Mutex
	outs map[uint32]transport.Outcome
	more chan struct{}
}

func newBox() *box {
	return &box{outs: map[uint32]transport.Outcome{}, more: make(chan struct{}, 1<<16)}
}

func (b *box) deliver(outs []transport.Outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, out := range outs {
		b.outs[out.Token] = out
		b.more <- struct{}{}
	}
}

// wait waits until n outcomes have come, since the last call.
func (b *box) wait(t *testing.T, n int) map[uint32]transport.Outcome {
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
	return b.outs
}

// ask makes n queries, about registered names and free ones by turns.
func ask(n int, tries uint8) (qs []transport.Query) {
	for i := range n {
		name := fmt.Sprintf("%s-%d.dev", []string{"go", "free"}[i%2], i)
		qs = append(qs, transport.Query{
			Token: uint32(i), Name: name, Type: dns.TypeDS, Flags: transport.RD | transport.EDNS, Tries: tries,
		})
	}
	return qs
}

// right reports the outcomes that are not the answers to ask.
func right(t *testing.T, outs map[uint32]transport.Outcome, n int) {
	t.Helper()
	if len(outs) != n {
		t.Errorf("%d outcomes for %d queries", len(outs), n)
	}
	for token, out := range outs {
		want := []uint16{dns.RcodeSuccess, dns.RcodeNameError}[token%2]
		if out.Failure != transport.None || out.Reply.Rcode != want || out.Reply.SOA != 1 {
			t.Errorf("token %d: %v, %+v (%v)", token, out.Failure, out.Reply, out.Err)
		}
	}
}

func mustPack(t testing.TB, m *dns.Msg) []byte {
	t.Helper()
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type countedConn struct {
	net.Conn
	closed func()
}

func (c *countedConn) Close() error {
	defer c.closed()
	return c.Conn.Close()
}
