package transport

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"domprobe/internal/dnstest"
)

// A speller is a server that notes how names were spelt: bit i of each stands for a
// capital at place i.
type speller struct {
	mu    sync.Mutex
	spelt []uint64
}

func (s *speller) answer(b []byte, from netip.AddrPort) []dnstest.Reply {
	var bits uint64
	for i := range 64 {
		if c := b[headerLen+1+i]; 'A' <= c && c <= 'Z' {
			bits |= 1 << i
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spelt = append(s.spelt, bits)
	return honest(b, from)
}

// Over each engine the case of a letter, up to the 64th, is a toss of its own: who
// forges a response learns nothing about one letter from another.
func TestMixCaseSent(t *testing.T) {
	const n, letters = 400, 63 // a dot follows
	name := "go" + strings.Repeat("a", letters-2) + ".example.dev"
	s := new(speller)
	for engine, make := range map[string]func(cfg Config) Engine{
		"UDP": NewUDP,
		"TCP": newTCP,
		"carrier": func(cfg Config) Engine {
			return NewCarrier(cfg, func(_ context.Context, query []byte) ([]byte, error) {
				return s.answer(query, netip.AddrPort{})[0].Bytes, nil
			})
		},
	} {
		s.spelt = nil
		inBubble(t, engine, dnstest.Host{UDP: s.answer, TCP: dnstest.Stream(s.answer)}, make, func(t *testing.T, e Engine, b *box) {
			qs := ask(n, 1)
			for i := range qs {
				qs[i].Name, qs[i].Flags = name, RD|MixCase
			}
			e.Ask(qs)
			for token, out := range b.wait(t, n) {
				if out.Failure != None {
					t.Errorf("token %d: %v (%v)", token, out.Failure, out.Err)
				}
			}
			share := func(one func(bits uint64) bool) float64 {
				k := 0
				for _, bits := range s.spelt {
					if one(bits) {
						k++
					}
				}
				return float64(k) / float64(len(s.spelt))
			}
			for i := range letters {
				if p := share(func(bits uint64) bool { return bits>>i&1 != 0 }); p < 0.25 || p > 0.75 {
					t.Errorf("letter %d is a capital with a share of %v", i, p)
				}
				for j := range i {
					if p := share(func(bits uint64) bool { return (bits>>i^bits>>j)&1 != 0 }); p < 0.25 || p > 0.75 {
						t.Errorf("letters %d and %d differ with a share of %v", j, i, p)
					}
				}
			}
		})
	}
}
