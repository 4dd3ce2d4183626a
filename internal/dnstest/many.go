package dnstest

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/time/rate"
)

// Many is a list of resolvers as bulk users find it: few of them are what they
// are taken for. Each has an address of its own. The good and the slow ones
// respond as a [Fast] whose Share is 50.
type Many struct {
	Good      int
	Dead      int // never respond
	Refusing  int // respond with REFUSED
	Rewriting int // respond with an A record where a name does not exist
	Filtering int // deny every second name that exists, once FilterAfter is over
	Slow      int // respond after 1.5 s

	// QPS is how many queries a second each takes at most: more are dropped.
	// Zero means no limit.
	QPS int

	// FilterAfter is how long the filtering ones are good.
	FilterAfter time.Duration

	// Delay is the median of the time that a response takes.
	Delay time.Duration

	// Loss is how many queries of a hundred are lost.
	Loss int
}

// ManyOf is a list of so many resolvers, of which six in ten are good and take 50
// queries a second.
func ManyOf(n int) Many {
	return Many{
		Good: n * 60 / 100, Dead: n * 15 / 100, Refusing: n * 10 / 100,
		Rewriting: n * 8 / 100, Filtering: n * 4 / 100, Slow: n * 3 / 100,
		QPS: 50, Delay: 25 * time.Millisecond, Loss: 1,
	}
}

// Join puts the resolvers on a network in memory, and returns their addresses.
func (m Many) Join(n *Net) (addrs []string) {
	for at, r := range m.resolvers() {
		addr := netip.AddrPortFrom(manyAddr(at), 53).String()
		n.Listen(addr, Host{UDP: func(q []byte, _ netip.AddrPort) []Reply {
			if a := r.respond(slices.Grow(q, maxFastAnswer)); a != nil {
				return []Reply{{Delay: r.delay(), Bytes: a}}
			}
			return nil
		}})
		addrs = append(addrs, addr)
	}
	return addrs
}

// manyAddr is the address of the resolver at an index, and manyIndex its inverse.
func manyAddr(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{127, 77, byte(i / 250), byte(i%250 + 1)})
}

func manyIndex(a [4]byte) int { return int(a[2])*250 + int(a[3]) - 1 }

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

// A manyResolver is one of the resolvers.
type manyResolver struct {
	many   Many
	kind   kind
	since  time.Time
	letter byte // decides which names a filtering one denies
	limit  *rate.Limiter
}

// resolvers makes the resolvers, in an order that is random and always the same.
func (m Many) resolvers() (list []*manyResolver) {
	limit := rate.Inf
	if m.QPS > 0 {
		limit = rate.Limit(m.QPS)
	}
	for k, n := range []int{m.Good, m.Dead, m.Refusing, m.Rewriting, m.Filtering, m.Slow} {
		for i := range n {
			list = append(list, &manyResolver{
				many: m, kind: kind(k), since: time.Now(), letter: byte('a' + i%26), limit: rate.NewLimiter(limit, max(m.QPS/5, 1)),
			})
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// delay is how long a response takes.
func (r *manyResolver) delay() time.Duration {
	if r.kind == slow {
		return slowDelay
	}
	// A fixed part, and one that varies; ln 2 is the median of the latter.
	return time.Duration(float64(r.many.Delay) * (0.8 + 0.2/0.693*rand.ExpFloat64()))
}

// respond overwrites a query, which must have room for maxFastAnswer octets, with
// the response to it, and returns that or nil.
func (r *manyResolver) respond(b []byte) []byte {
	q, ok := parseFast(b)
	if !r.limit.Allow() || !ok || q.labels == 0 || r.kind == dead || chance(r.many.Loss) {
		return nil
	}
	honest := Fast{Share: 50}
	label := string(q.b[q.second+1 : q.second+1+int(q.b[q.second])])
	switch {
	case r.kind == refusing:
		q.rcode = dns.RcodeRefused
	case r.kind == rewriting && q.labels > 1 && !Registered(label, honest.Share):
		if q.qtype == dns.TypeA {
			q.address(300, 203, 0, 113, 1)
		} else {
			q.soa(&q.ns)
		}
	case r.kind == filtering && q.labels > 1 && time.Since(r.since) >= r.many.FilterAfter && !Registered(string(r.letter)+label, honest.Share):
		q.rcode = dns.RcodeNameError
		q.soa(&q.ns)
	default:
		return honest.answer(b, false)
	}
	return q.finish()
}
