package dnstest

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/net/ipv4"
	"golang.org/x/time/rate"
)

// Many is a list of public resolvers as it is found: few of them are what they
// are taken for. Each has an address of its own on loopback, and the same port.
// The good and the slow ones answer as a [Fast] whose Share is 50.
type Many struct {
	Good      int
	Dead      int // never answer
	Refusing  int // answer REFUSED
	Rewriting int // answer an A record where a name does not exist
	Filtering int // deny every second name that exists
	Slow      int // answer after 1.5 s

	// QPS is how many queries a second each answers at most: more are
	// dropped. Zero means no limit.
	QPS int

	// Delay is the median of the time that an answer takes.
	Delay time.Duration

	// Loss is how many queries of a hundred are lost.
	Loss int
}

// kind is how one of the resolvers behaves.
type kind uint8

const (
	good kind = iota
	dead
	refusing
	rewriting
	filtering
	slow
)

const slowDelay = 1500 * time.Millisecond

// ManyServer is a running [Many].
type ManyServer struct {
	Addrs []string // of the resolvers, in random order

	many
	conn *ipv4.PacketConn
	held held
	done sync.WaitGroup
}

// many is what the resolvers are and have done. It is used by one goroutine at a
// time.
type many struct {
	conf           Many
	kinds          []kind
	limit          []*rate.Limiter
	maker          fastMaker
	asked, dropped [6]int // by kind
}

// Counts returns how many queries came to each kind of resolver, in the order of
// the fields of [Many], and how many of them were over the limit. It may be called
// after Close.
func (s *ManyServer) Counts() (asked, dropped [6]int) { return s.asked, s.dropped }

// Start starts the resolvers on a free port, which is the same for all.
func (m Many) Start() (*ManyServer, error) {
	lc := net.ListenConfig{}
	pc, err := lc.ListenPacket(context.Background(), "udp4", "0.0.0.0:0")
	if err != nil {
		return nil, fmt.Errorf("opening the socket of many resolvers: %w", err)
	}
	_ = pc.(*net.UDPConn).SetReadBuffer(16 << 20)
	_ = pc.(*net.UDPConn).SetWriteBuffer(16 << 20)
	s := &ManyServer{many: m.people(), conn: ipv4.NewPacketConn(pc)}
	if err := s.conn.SetControlMessage(ipv4.FlagDst, true); err != nil {
		return nil, errors.Join(fmt.Errorf("reading the addresses that queries are sent to: %w", err), pc.Close())
	}
	s.Addrs = s.addrs(pc.LocalAddr().(*net.UDPAddr).Port)
	s.held.wake = make(chan struct{}, 1)
	s.done.Go(s.read)
	s.done.Go(s.write)
	return s, nil
}

// people makes the resolvers.
func (m Many) people() many {
	s := many{conf: m}
	for k, n := range []int{m.Good, m.Dead, m.Refusing, m.Rewriting, m.Filtering, m.Slow} {
		s.kinds = append(s.kinds, slices.Repeat([]kind{kind(k)}, n)...)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	rng.Shuffle(len(s.kinds), func(i, j int) { s.kinds[i], s.kinds[j] = s.kinds[j], s.kinds[i] })
	limit := rate.Inf
	if m.QPS > 0 {
		limit = rate.Limit(m.QPS)
	}
	for range s.kinds {
		s.limit = append(s.limit, rate.NewLimiter(limit, max(m.QPS/5, 1)))
	}
	s.maker = fastMaker{Fast{Share: 50}, rng}
	return s
}

// addrs are the addresses of the resolvers.
func (s *many) addrs(port int) (list []string) {
	for i := range s.kinds {
		list = append(list, netip.AddrPortFrom(manyAddr(i), uint16(port)).String())
	}
	return list
}

// Join puts the resolvers on a network in memory, and returns their addresses and a
// function like [ManyServer.Counts].
func (m Many) Join(n *Net) (addrs []string, counts func() (asked, dropped [6]int)) {
	s := m.people()
	var mu sync.Mutex
	addrs = s.addrs(53)
	for at, addr := range addrs {
		n.Listen(addr, Host{UDP: func(q []byte, _ netip.AddrPort) []Reply {
			mu.Lock()
			defer mu.Unlock()
			if a := s.take(at, time.Now(), q); a != nil {
				return []Reply{{Delay: s.delay(at), Bytes: a}}
			}
			return nil
		}})
	}
	return addrs, func() (asked, dropped [6]int) {
		mu.Lock()
		defer mu.Unlock()
		return s.asked, s.dropped
	}
}

// Close stops the resolvers.
func (s *ManyServer) Close() error {
	err := s.conn.Close()
	s.held.close()
	s.done.Wait()
	return err
}

// manyAddr is the address of the resolver at an index, and manyIndex its inverse.
func manyAddr(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{127, 77, byte(i / 250), byte(i%250 + 1)})
}

func manyIndex(a net.IP) int {
	a = a.To4()
	return int(a[2])*250 + int(a[3]) - 1
}

func (s *ManyServer) read() {
	batch := newMessages(maxFastAnswer)
	for i := range batch {
		batch[i].OOB = ipv4.NewControlMessage(ipv4.FlagDst)
	}
	var cm ipv4.ControlMessage
	for {
		n, err := s.conn.ReadBatch(batch, 0)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		now := time.Now()
		for i := range batch[:max(n, 0)] {
			m := &batch[i]
			if cm.Parse(m.OOB[:m.NN]) != nil {
				continue
			}
			at := manyIndex(cm.Dst)
			if at < 0 || at >= len(s.kinds) {
				continue
			}
			if a := s.take(at, now, m.Buffers[0][:m.N]); a != nil {
				s.held.put(heldAnswer{due: now.Add(s.delay(at)), from: at, to: m.Addr, bytes: slices.Clone(a)})
			}
		}
	}
}

// take takes a query to a resolver, and returns its answer if it gives one.
func (s *many) take(at int, now time.Time, b []byte) []byte {
	s.asked[s.kinds[at]]++
	if !s.limit[at].AllowN(now, 1) {
		s.dropped[s.kinds[at]]++
		return nil
	}
	if s.maker.chance(s.conf.Loss) {
		return nil
	}
	return s.answer(at, b)
}

// delay is how long a resolver takes for an answer.
func (s *many) delay(at int) time.Duration {
	if s.kinds[at] == slow {
		return slowDelay
	}
	// A fixed part, and one that varies; ln 2 is the median of the latter.
	return time.Duration(float64(s.conf.Delay) * (0.8 + 0.2/0.693*s.maker.rng.ExpFloat64()))
}

// answer returns what a resolver answers, or nil.
func (s *many) answer(at int, b []byte) []byte {
	q, ok := parseFast(b)
	if !ok || q.n == 0 {
		return nil
	}
	honest := func() []byte { return s.maker.answer(b, false) }
	a := fastAnswer{b: b[:q.end], q: q}
	switch s.kinds[at] {
	case dead:
		return nil
	case refusing:
		a.rcode = dns.RcodeRefused
		return a.finish()
	case rewriting:
		if r := honest(); r == nil || r[3]&0xf != dns.RcodeNameError {
			return r
		}
		if q.qtype == dns.TypeA {
			a.record(12, dns.TypeA, 300, 4)
			a.b = append(a.b, 203, 0, 113, 1)
			a.an++
		} else {
			a.soa(q.labels[q.n-1])
			a.ns++
		}
		return a.finish()
	case filtering:
		if q.n < 2 {
			return honest()
		}
		second := q.labels[q.n-2]
		label := b[second+1 : second+1+int(b[second])]
		if !registered(label, 50) || registered(append([]byte{byte('a' + at%26)}, label...), 50) {
			return honest()
		}
		a.rcode = dns.RcodeNameError
		a.soa(q.labels[q.n-1])
		a.ns++
		return a.finish()
	}
	return honest()
}

// A heldAnswer waits until it is due.
type heldAnswer struct {
	due   time.Time
	from  int
	to    net.Addr
	bytes []byte
}

// held are answers by the time at which they are due.
type held struct {
	mu     sync.Mutex
	queue  answerHeap
	wake   chan struct{}
	closed bool
}

type answerHeap []heldAnswer

func (h answerHeap) Len() int { return len(h) }
func (h answerHeap) Less(i, j int) bool {
	return cmp.Compare(h[i].due.UnixNano(), h[j].due.UnixNano()) < 0
}
func (h answerHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *answerHeap) Push(x any)   { *h = append(*h, x.(heldAnswer)) }
func (h *answerHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

func (h *held) put(a heldAnswer) {
	h.mu.Lock()
	heap.Push(&h.queue, a)
	h.mu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

func (h *held) close() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// take waits for answers that are due and appends them; it reports false at the
// end.
func (h *held) take(out []heldAnswer) ([]heldAnswer, bool) {
	for {
		h.mu.Lock()
		now := time.Now()
		for len(h.queue) > 0 && !h.queue[0].due.After(now) && len(out) < fastBatch {
			out = append(out, heap.Pop(&h.queue).(heldAnswer))
		}
		closed := h.closed
		next := time.Hour
		if len(h.queue) > 0 {
			next = h.queue[0].due.Sub(now)
		}
		h.mu.Unlock()
		if closed || len(out) > 0 {
			return out, !closed
		}
		if next < time.Millisecond {
			next = time.Millisecond
		}
		t := time.NewTimer(next)
		select {
		case <-t.C:
		case <-h.wake:
		}
		t.Stop()
	}
}

func (s *ManyServer) write() {
	var waiting []heldAnswer
	batch := newMessages(0)
	for open := true; open; {
		waiting, open = s.held.take(waiting[:0])
		for i, a := range waiting {
			cm := ipv4.ControlMessage{Src: net.IP(manyAddr(a.from).AsSlice())}
			batch[i].OOB, batch[i].Buffers[0], batch[i].Addr = cm.Marshal(), a.bytes, a.to
		}
		for out := batch[:len(waiting)]; len(out) > 0; {
			n, err := s.conn.WriteBatch(out, 0)
			if err != nil {
				n = max(n, 0) + 1 // the client has gone
			}
			out = out[min(n, len(out)):]
		}
	}
}
