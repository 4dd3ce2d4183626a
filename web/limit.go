package web

import (
	"context"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// guessCost is how many names a client is charged for trying a token.
	guessCost = 100

	// maxClients bounds the clients whose allowance is kept.
	maxClients = 4096
)

// clients holds the allowance of each recent client.
type clients struct {
	rate  rate.Limit
	burst int

	mu    sync.Mutex
	known map[netip.Prefix]*rate.Limiter
}

// newClients returns allowances that grow by perSecond names, up to burst. A
// negative rate means no limit.
func newClients(perSecond float64, burst int) *clients {
	c := &clients{rate: rate.Limit(perSecond), burst: max(burst, guessCost), known: map[netip.Prefix]*rate.Limiter{}}
	if perSecond < 0 {
		c.rate = rate.Inf
	}
	return c
}

// take charges a client n names, or reports that its allowance is too small.
func (c *clients) take(client netip.Addr, n int) bool {
	return c.of(client).AllowN(time.Now(), n)
}

// delay returns after which time the allowance of a client will be n names, and 0 if
// it never will.
func (c *clients) delay(client netip.Addr, n int) time.Duration {
	l := c.of(client)
	if n > l.Burst() {
		return 0
	}
	wait := time.Duration(max(0, float64(n)-l.Tokens()) / float64(l.Limit()) * float64(time.Second))
	return max(wait, time.Nanosecond)
}

// wait waits until the allowance of a client is n names, and charges it.
func (c *clients) wait(ctx context.Context, client netip.Addr, n int) error {
	return c.of(client).WaitN(ctx, n)
}

// of returns the allowance of a client. All clients without an IP address share
// one.
func (c *clients) of(client netip.Addr) *rate.Limiter {
	prefix := network(client)
	c.mu.Lock()
	defer c.mu.Unlock()
	limiter, ok := c.known[prefix]
	if !ok {
		if len(c.known) >= maxClients {
			c.forget()
		}
		limiter = rate.NewLimiter(c.rate, c.burst)
		c.known[prefix] = limiter
	}
	return limiter
}

// forget makes room. Clients with a full allowance lose nothing; if there are
// none, an arbitrary client gets a new allowance.
func (c *clients) forget() {
	maps.DeleteFunc(c.known, func(_ netip.Prefix, l *rate.Limiter) bool { return l.Tokens() >= float64(c.burst) })
	for prefix := range c.known {
		if len(c.known) < maxClients {
			return
		}
		delete(c.known, prefix)
	}
}

// network returns the addresses that count as one client: an IPv4 address, or 64
// bits of an IPv6 address. For the zero address it is the zero prefix.
func network(a netip.Addr) netip.Prefix {
	bits := 32
	if a = a.Unmap().WithZone(""); a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}

// addressOf returns the IP address of an end of a connection, or the zero
// address if it has none.
func addressOf(end string) netip.Addr {
	ap, _ := netip.ParseAddrPort(end)
	return ap.Addr().Unmap()
}

// clientOf returns the address that a request comes from. Headers in which
// proxies name another one are not believed: anybody can write them.
func clientOf(r *http.Request) netip.Addr { return addressOf(r.RemoteAddr) }

// charge charges the client for names.
func (s *Server) charge(r *http.Request, names int) *problem {
	return s.chargeFor(r, names, "too many names in a short time")
}

func (s *Server) chargeFor(r *http.Request, names int, why string) *problem {
	names = max(names, 1)
	if s.clients.take(clientOf(r), names) {
		return nil
	}
	p := problemf(http.StatusTooManyRequests, "%s", why)
	p.retry = s.clients.delay(clientOf(r), names)
	return p
}

// admit charges the client for a search and takes one of the places for
// searches, which done gives back.
func (s *Server) admit(r *http.Request, names int) (done func(), p *problem) {
	if p := s.charge(r, names); p != nil {
		return nil, p
	}
	select {
	case s.slots <- struct{}{}:
		s.meter.searches.Inc()
		return func() { <-s.slots }, nil
	default:
		return nil, problemf(http.StatusTooManyRequests, "%d searches are running already", cap(s.slots))
	}
}

// setLimits tells a client of the API its allowance, in the words of
// draft-ietf-httpapi-ratelimit-headers: names at once, and the seconds until it is
// whole; and what is left of it.
func (s *Server) setLimits(h http.Header, r *http.Request) {
	c := s.clients
	if c.rate == rate.Inf || !isAPI(r.URL.Path) {
		return
	}
	left := max(0, int(c.of(clientOf(r)).Tokens()))
	seconds := func(names int) int { return int(math.Ceil(float64(names) / float64(c.rate))) }
	h.Set("RateLimit-Policy", fmt.Sprintf(`"names";q=%d;w=%d`, c.burst, seconds(c.burst)))
	h.Set("RateLimit", fmt.Sprintf(`"names";r=%d;t=%d`, left, seconds(c.burst-left)))
}
