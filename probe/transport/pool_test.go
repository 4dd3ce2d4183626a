package transport

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
)

func TestPool(t *testing.T) {
	var mu sync.Mutex
	active, most := 0, 0
	make := func(outcome func(q *Query) Outcome) func(cfg Config) Engine {
		return func(cfg Config) Engine {
			cfg.Window = 7
			active, most = 0, 0
			return newPool(cfg, func(ctx context.Context, q *Query) Outcome {
				mu.Lock()
				active++
				most = max(most, active)
				mu.Unlock()
				timer := time.NewTimer(10 * time.Millisecond)
				defer timer.Stop()
				select {
				case <-timer.C:
				case <-ctx.Done():
				}
				mu.Lock()
				active--
				mu.Unlock()
				return outcome(q)
			})
		}
	}
	inBubble(t, "window", dnstest.Host{}, make(func(q *Query) Outcome { return Outcome{} }), func(t *testing.T, e Engine, b *box) {
		began := time.Now()
		e.Ask(ask(70, 1))
		for token, out := range b.wait(t, 70) {
			if out.Failure != None || out.Tries != 1 || out.RTT != 10*time.Millisecond {
				t.Errorf("token %d: %+v", token, out)
			}
		}
		if took := time.Since(began); most != 7 || took != 100*time.Millisecond {
			t.Errorf("%d at once, %v in all", most, took)
		}
	})
	inBubble(t, "tries", dnstest.Host{}, make(func(q *Query) Outcome { return Outcome{Failure: Timeout} }), func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(5, 3))
		for token, out := range b.wait(t, 5) {
			if out.Failure != Timeout || out.Tries != 3 {
				t.Errorf("token %d: %+v", token, out)
			}
		}
	})
	inBubble(t, "closed under way", dnstest.Host{}, make(func(q *Query) Outcome { return Outcome{Failure: Timeout} }), func(t *testing.T, e Engine, b *box) {
		e.Ask(ask(50, 3))
		synctest.Wait()
		e.Close()
		for token, out := range b.wait(t, 50) {
			if out.Failure != Closed {
				t.Errorf("token %d: %+v", token, out)
			}
		}
	})
}

// TestExchange checks what somebody else's function brings.
func TestExchange(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(m *dns.Msg) *dns.Msg
		err    error
		want   Failure
	}{
		{"good", func(m *dns.Msg) *dns.Msg { return m }, nil, None},
		{"nothing", func(m *dns.Msg) *dns.Msg { return nil }, nil, BadResponse},
		{"QR", func(m *dns.Msg) *dns.Msg { m.Response = false; return m }, nil, BadResponse},
		{"opcode", func(m *dns.Msg) *dns.Msg { m.Opcode = dns.OpcodeNotify; return m }, nil, BadResponse},
		{"ID", func(m *dns.Msg) *dns.Msg { m.Id++; return m }, nil, BadResponse},
		{"no question", func(m *dns.Msg) *dns.Msg { m.Question = nil; return m }, nil, BadResponse},
		{"name", func(m *dns.Msg) *dns.Msg { m.Question[0].Name = "x."; return m }, nil, BadResponse},
		{"type", func(m *dns.Msg) *dns.Msg { m.Question[0].Qtype++; return m }, nil, BadResponse},
		{"class", func(m *dns.Msg) *dns.Msg { m.Question[0].Qclass++; return m }, nil, BadResponse},
		{"nil record in the answer", func(m *dns.Msg) *dns.Msg { m.Answer = append(m.Answer, nil); return m }, nil, BadResponse},
		{"nil record in the authority section", func(m *dns.Msg) *dns.Msg { m.Ns = append(m.Ns, nil); return m }, nil, BadResponse},
		{"nil record", func(m *dns.Msg) *dns.Msg { m.Extra = append(m.Extra, nil); return m }, nil, BadResponse},
		{"TC", func(m *dns.Msg) *dns.Msg { m.Truncated = true; return m }, nil, Truncated},
		{"error", nil, errors.New("no network"), Unreachable},
		{"time-out", nil, context.DeadlineExceeded, Timeout},
		{"wrapped time-out", nil, fmt.Errorf("asking: %w", os.ErrDeadlineExceeded), Timeout},
	} {
		b := newBox()
		e := NewExchange(Config{Deliver: b.deliver, Window: 1, Timeout: time.Minute}, func(_ context.Context, m *dns.Msg, addr string) (*dns.Msg, time.Duration, error) {
			if test.err != nil {
				return nil, 0, test.err
			}
			return test.change(truth.Resolve(m)), time.Millisecond, nil
		})
		e.Ask(ask(1, 1))
		if out := b.wait(t, 1)[0]; out.Failure != test.want || (out.Failure == None) != (out.Reply.SOA == 1) {
			t.Errorf("%s: %v (%v)", test.name, out.Failure, out.Err)
		}
		e.Close()
	}
}
