package transport

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
)

// forged sums what outcomes and statistics say.
func forged(t *testing.T, e Engine, outs map[uint32]Outcome) (told, counted int) {
	t.Helper()
	synctest.Wait()
	for _, out := range outs {
		told += int(out.Forged)
	}
	return told, int(e.Stats().Forged)
}

// askInTurns asks n queries, some at a time.
func askInTurns(t *testing.T, e Engine, b *box, n, together int) map[uint32]Outcome {
	t.Helper()
	for qs := ask(n, 3); len(qs) > 0; qs = qs[together:] {
		e.Ask(qs[:together])
		b.wait(t, together)
	}
	return b.outs
}

// A response that comes twice, or late, is no forgery, but for one of thousands
// of which the place in the past was needed again.
func TestForgedGenuine(t *testing.T) {
	more := func(delays ...time.Duration) dnstest.PacketHandler {
		return func(b []byte, from netip.AddrPort) (replies []dnstest.Reply) {
			for _, delay := range delays {
				r := honest(b, from)[0]
				r.Delay = delay
				replies = append(replies, r)
			}
			return replies
		}
	}
	const ms = time.Millisecond
	for name, test := range map[string]struct {
		h    dnstest.PacketHandler
		n    int
		want Failure
	}{
		"twice":                    {more(5*ms, 5*ms), 5000, None},
		"twice, the second late":   {more(5*ms, 400*ms), 20000, None},
		"twice, the second later":  {more(5*ms, 1900*ms), 20000, None},
		"after its retransmission": {more(500 * ms), 100, None},
		"four times":               {more(400*ms, 800*ms, 1600*ms, 1700*ms), 100, None},
		"after its time":           {more(10 * time.Second), 100, Timeout},
	} {
		inBubble(t, name, dnstest.Host{UDP: test.h}, NewUDP, func(t *testing.T, e Engine, b *box) {
			for token, out := range askInTurns(t, e, b, test.n, 100) {
				if out.Failure != test.want {
					t.Fatalf("token %d: %v", token, out.Failure)
				}
			}
			time.Sleep(15 * time.Second)
			e.Ask(ask(test.n+1, 3)[test.n:]) // brings what was counted since the last outcome
			b.wait(t, 1)
			if told, counted := forged(t, e, b.outs); told > test.n/2000 || counted > test.n/2000 {
				t.Errorf("%d forged in outcomes, %d in the statistics", told, counted)
			}
		})
	}
}

// What a forger sends is counted.
func TestForgedCounted(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	change := func(times int, f func(m *dns.Msg)) dnstest.PacketHandler {
		return func(b []byte, from netip.AddrPort) (replies []dnstest.Reply) {
			for range times {
				replies = append(replies, dnstest.Wire(func(q *dns.Msg) *dns.Msg {
					r := truth.Resolve(q)
					f(r)
					return r
				})(b, from)...)
			}
			good := honest(b, from)[0]
			good.Delay = time.Millisecond
			return append(replies, good)
		}
	}
	for name, test := range map[string]struct {
		h         dnstest.PacketHandler
		each, off int // forgeries per query, and how many of all may be missed
	}{
		"ID":                    {change(400, func(m *dns.Msg) { m.Id = uint16(rng.Uint32()) }), 400, 800},
		"name":                  {change(1, func(m *dns.Msg) { m.Question[0].Name = "other.dev." }), 1, 5},
		"type":                  {change(2, func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeTXT }), 2, 10},
		"query":                 {change(1, func(m *dns.Msg) { m.Response = false }), 0, 0},
		"query with another ID": {change(1, func(m *dns.Msg) { m.Response, m.Id = false, m.Id^0x100 }), 0, 0},
		"section":               {change(1, func(m *dns.Msg) { m.Question = nil }), 0, 0},
	} {
		inBubble(t, name, dnstest.Host{UDP: test.h}, NewUDP, func(t *testing.T, e Engine, b *box) {
			const n = 200
			right(t, askInTurns(t, e, b, n, 5), n)
			told, counted := forged(t, e, b.outs)
			if want := test.each * n; told > want || told < want-test.off || counted > want || counted < want-test.off {
				t.Errorf("%d in outcomes, %d in the statistics, want %d", told, counted, want)
			}
		})
	}
}

// One outcome can hold so many forgeries.
func TestForgedMany(t *testing.T) {
	w := newUDPWorker(&udp{}, 8)
	w.forged = 1 << 20
	w.settle(Outcome{})
	w.settle(Outcome{})
	if w.out[0].Forged != 1<<16-1 || w.out[1].Forged != 0 || w.count.Forged != 1<<20 {
		t.Errorf("%d and %d, %d in all", w.out[0].Forged, w.out[1].Forged, w.count.Forged)
	}
}

// A server that does not keep the case of names costs one wait for a response and
// not three, but no forger ends a wait at once.
func TestWrongCaseTime(t *testing.T) {
	lowerCase := dnstest.Wire(func(q *dns.Msg) *dns.Msg {
		q.Question[0].Name = dns.CanonicalName(q.Question[0].Name)
		return truth.Resolve(q)
	})
	var keeps bool
	host := dnstest.Host{UDP: func(b []byte, from netip.AddrPort) []dnstest.Reply {
		replies := lowerCase(b, from)
		if keeps {
			good := honest(b, from)[0]
			good.Delay = 300 * time.Millisecond
			replies = append(replies, good)
		}
		return replies
	}}
	for _, keeps = range []bool{false, true} {
		inBubble(t, fmt.Sprint(keeps), host, NewUDP, func(t *testing.T, e Engine, b *box) {
			began := time.Now()
			qs := ask(1, 3)
			qs[0].Name, qs[0].Flags = "go-abcdefghijklmnopqrstuvwxyz.dev", qs[0].Flags|MixCase
			e.Ask(qs)
			out := b.wait(t, 1)[0]
			took, want := time.Since(began), firstRTO
			if keeps {
				want = 300 * time.Millisecond
			}
			if keeps != (out.Failure == None) || !keeps && out.Err != ErrWrongCase || out.Tries != 1 || took != want || out.Forged != 0 {
				t.Errorf("%v (%v) after %v and %d tries, %d forged", out.Failure, out.Err, took, out.Tries, out.Forged)
			}
			if !keeps && out.RTT != 0 {
				t.Errorf("without an accepted response the round trip is %v", out.RTT)
			}
		})
	}
}

// Of several messages that failed a check, the first is told; but one that the case of
// letters alone tells from a response may be the server's, and any other is told before.
func TestFirstFailureTold(t *testing.T) {
	spoil := map[Rule]func(m *dns.Msg){
		WrongCase: func(m *dns.Msg) { m.Question[0].Name = dns.CanonicalName(m.Question[0].Name) },
		WrongName: func(m *dns.Msg) { m.Question[0].Name = "other.dev." },
		WrongType: func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeTXT },
	}
	for _, test := range []struct {
		come []Rule
		want Rule
	}{
		{[]Rule{WrongCase}, WrongCase},
		{[]Rule{WrongType, WrongName}, WrongType},
		{[]Rule{WrongName, WrongType}, WrongName},
		{[]Rule{WrongCase, WrongType}, WrongType},
		{[]Rule{WrongType, WrongCase}, WrongType},
	} {
		host := dnstest.Host{UDP: func(b []byte, from netip.AddrPort) (replies []dnstest.Reply) {
			for _, rule := range test.come {
				replies = append(replies, dnstest.Wire(func(q *dns.Msg) *dns.Msg {
					m := truth.Resolve(q)
					spoil[rule](m)
					return m
				})(b, from)...)
			}
			return replies
		}}
		inBubble(t, fmt.Sprint(test.come), host, NewUDP, func(t *testing.T, e Engine, b *box) {
			qs := ask(1, 1)
			qs[0].Name, qs[0].Flags = "go-abcdefghijklmnopqrstuvwxyz.dev", qs[0].Flags|MixCase
			e.Ask(qs)
			if out := b.wait(t, 1)[0]; out.Err != ruleError(test.want) {
				t.Errorf("%v (%v), want %v", out.Failure, out.Err, test.want)
			}
		})
	}
}

// Whoever knows the question and not the ID is not taken for the server.
func TestPastGuesses(t *testing.T) {
	p := newPast()
	q := Query{Name: "go.dev", Type: dns.TypeDS}
	const id = 0x1234
	p.add(id, &q)
	known := 0
	for guess := range 1 << 16 {
		if p.has(appendQuery(nil, &q, uint16(guess), 0, nil, -1)) {
			known++
		}
	}
	if !p.has(appendQuery(nil, &q, id, 0, nil, -1)) || known > 1<<16/1000 {
		t.Errorf("%d of 65536 IDs are taken for that of the query", known)
	}
}

// The ID of a query that is settled without a response is not taken for that of
// one under way.
func TestSlotRestID(t *testing.T) {
	s := newSlots(8, newRand())
	i := s.take(&Query{Name: "go.dev"})
	s.move(i, 0)
	if s.find(s.all[i].id) != i {
		t.Error("a query under way is not found")
	}
	if s.move(i, restList); s.find(s.all[i].id) >= 0 {
		t.Error("a query whose ID rests is found")
	}
}

// A past knows nearly all that was asked last, whatever its size was then.
func TestPast(t *testing.T) {
	p := newPast()
	rng := rand.New(rand.NewPCG(8, 8))
	packet := func(id uint16, name string) []byte {
		return appendQuery(nil, &Query{Name: name, Type: dns.TypeDS}, id, rng.Uint64(), nil, -1)
	}
	const n = 100000
	forgotten := 0
	ids := make([]uint16, n)
	for i := range ids {
		ids[i] = uint16(rng.Uint32())
		p.add(ids[i], &Query{Name: fmt.Sprintf("name-%d.dev", i), Type: dns.TypeDS})
		old := rng.IntN(i + 1)
		if !p.has(packet(ids[old], fmt.Sprintf("name-%d.dev", old))) && i-old < 10000 {
			forgotten++
		}
	}
	if forgotten > n/1000 {
		t.Errorf("%d of %d queries that were asked not long before are forgotten (%d places)", forgotten, n, len(p.places))
	}
	known := 0
	for i := range n {
		if p.has(packet(uint16(rng.Uint32()), fmt.Sprintf("name-%d.dev", i))) {
			known++
		}
	}
	if known > n/20 {
		t.Errorf("%d of %d guesses are taken for genuine", known, n)
	}
	for cut := range packet(1, "go.dev") {
		p.has(append(make([]byte, 0, headerLen), packet(1, "go.dev")[:max(cut, headerLen)]...))
	}
}
