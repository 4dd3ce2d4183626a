package web

import (
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// guessCost is what trying a token costs of a client's allowance, in names.
const guessCost = 100

// maxClients bounds how many clients are remembered.
const maxClients = 4096

// clients holds an allowance for each client that was here lately.
type clients struct {
	rate  rate.Limit
	burst int

	mu    sync.Mutex
	known map[netip.Prefix]*rate.Limiter
}

// newClients returns allowances of perSecond names, saved up to burst. A
// negative rate is no limit.
func newClients(perSecond float64, burst int) *clients {
	c := &clients{rate: rate.Limit(perSecond), burst: max(burst, guessCost), known: map[netip.Prefix]*rate.Limiter{}}
	if perSecond < 0 {
		c.rate = rate.Inf
	}
	return c
}

// take takes n names of a client's allowance, or reports that it has not that
// many.
func (c *clients) take(client netip.Addr, n int) bool {
	prefix, _ := network(client) // of what is no address it is the zero Prefix, which all of them share
	c.mu.Lock()
	limiter, ok := c.known[prefix]
	if !ok {
		if len(c.known) >= maxClients {
			c.forget()
		}
		limiter = rate.NewLimiter(c.rate, c.burst)
		c.known[prefix] = limiter
	}
	c.mu.Unlock()
	return limiter.AllowN(time.Now(), n)
}

// forget makes room: clients with a full allowance lose nothing. If there are
// none, an arbitrary one gets a new allowance.
func (c *clients) forget() {
	for prefix, limiter := range c.known {
		if limiter.Tokens() >= float64(c.burst) {
			delete(c.known, prefix)
		}
	}
	for prefix := range c.known {
		if len(c.known) < maxClients {
			return
		}
		delete(c.known, prefix)
	}
}

// network returns what counts as one client.
func network(a netip.Addr) (netip.Prefix, error) {
	if a = a.Unmap(); a.Is6() {
		return a.WithZone("").Prefix(64)
	}
	return a.Prefix(32)
}

// clientOf returns the address that a request comes from. Headers in which
// proxies name another one are not believed, for anybody can write them.
func clientOf(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}

// admit takes a search's names of the client's allowance, and one of the places
// for searches; the function gives that back.
func (s *Server) admit(r *http.Request, names int) (done func(), p *problem) {
	if !s.clients.take(clientOf(r), max(names, 1)) {
		return nil, problemf(http.StatusTooManyRequests, "too many names in a short time")
	}
	select {
	case s.slots <- struct{}{}:
		return func() { <-s.slots }, nil
	default:
		return nil, problemf(http.StatusTooManyRequests, "%d searches are under way already", cap(s.slots))
	}
}
