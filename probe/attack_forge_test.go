package probe_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
	"domprobe/probe"
)

// notes keeps what is logged, from some level up.
type notes struct {
	slog.Handler
	level slog.Level
	mu    sync.Mutex
	seen  []string
}

func newNotes() *notes { return &notes{Handler: slog.DiscardHandler, level: slog.LevelInfo} }

func newWarnings() *notes { return &notes{Handler: slog.DiscardHandler, level: slog.LevelWarn} }

func (n *notes) Enabled(_ context.Context, level slog.Level) bool { return level >= n.level }

func (n *notes) Handle(_ context.Context, r slog.Record) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.seen = append(n.seen, r.Message)
	return nil
}

// count is how many notes contain a text.
func (n *notes) count(text string) (k int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.seen {
		if strings.Contains(s, text) {
			k++
		}
	}
	return k
}

// An attacker guesses the IDs of all queries, and sends the opposite of the
// truth before it: nobody is deceived, and the user is told once.
func TestForger(t *testing.T) {
	if testing.Short() {
		t.Skip("takes several seconds")
	}
	names := attackNames(3000, attackTLDs...)
	opposite := dnstest.Truth{Registered: func(name string) bool { return !attacked.Registered(name) }}
	for how, answer := range map[string]func(q *dns.Msg) *dns.Msg{
		"a server that repeats case": attacked.Resolve,
		"a server that lowers case":  lowered(attacked.Resolve),
	} {
		for _, concurrency := range []int{100, 3000} {
			t.Run(fmt.Sprintf("%s/%d", how, concurrency), func(t *testing.T) {
				s, err := dnstest.Host{
					UDP: dnstest.Forged(answer, opposite.Resolve, 400), TCP: dnstest.Stream(dnstest.Wire(answer)),
				}.Start()
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				logged := newWarnings()
				opts := probe.Options{Servers: udpServers(s.Addr()), Concurrency: concurrency, Log: slog.New(logged)}
				// Without an end, one that loses most responses would take minutes.
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
				defer cancel()
				attackUntil(ctx, t, opts, names).check(t, len(names))
				if logged.count("spoof") != 1 {
					t.Errorf("warnings %q, want one about spoofing", logged.seen)
				}
			})
		}
	}
}

// What an ordinary network does to responses is not taken for spoofing: a few
// that come too late, twice, or to another query.
func TestNoForger(t *testing.T) {
	names := attackNames(3000, attackTLDs...)
	var count int
	answer := dnstest.Wire(attacked.Resolve)
	s, err := dnstest.Host{UDP: func(b []byte, from netip.AddrPort) []dnstest.Reply {
		replies := answer(b, from)
		if count += len(replies); count%100 == 0 {
			replies = append(replies, replies...) // twice
		}
		return replies
	}, TCP: dnstest.Stream(answer)}.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	logged := newWarnings()
	opts := probe.Options{Servers: udpServers(s.Addr()), Log: slog.New(logged)}
	attack(t, opts, names).check(t, len(names))
	if len(logged.seen) > 0 {
		t.Errorf("warnings %q", logged.seen)
	}
}
