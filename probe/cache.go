package probe

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"domprobe/probe/internal/trust"
	"domprobe/probe/resolver"
)

// What a Prober keeps from one loop to the next, so that a name alone does not
// cost the controls of its TLD every time. That a server can be believed is
// never kept, only how it is to be asked: each loop looks at it anew, beside
// its first names.
const (
	cacheLen   = 4096 // entries
	keepPassed = 10 * time.Minute
	keepDenied = time.Minute // that a TLD does not exist
)

// A cache is safe for concurrent use.
type cache struct {
	mu      sync.Mutex
	kept    map[cacheKey]cached
	network string // what this machine's network was like
	seen    time.Time
}

// A cacheKey says what an entry is about: a server and a zone or TLD, or without
// a server the zone or TLD itself.
type cacheKey struct {
	zone     string
	registry bool // a registry zone, not a TLD
	server   resolver.Server
}

// A cached is what is kept.
type cached struct {
	until time.Time // by the wall clock: this machine may sleep

	// Of a server.
	finding trust.Finding
	qtype   uint16
	noEDNS  bool
	letters letterCase
	seen    []int // numbers of the known names that it says exist

	// Of a TLD that does not exist.
	deniedBy string

	// Of a registry.
	zone    string       // of a TLD: which zone it is in
	servers []netip.Addr // of a zone
}

// networkChange empties the cache if this machine's network may be another one
// than when it was last used: its addresses have changed, or it has slept.
func (c *cache) networkChange(now time.Time) {
	network := interfaces()
	c.mu.Lock()
	defer c.mu.Unlock()
	slept := !c.seen.IsZero() && (now.Round(0).Sub(c.seen.Round(0))-now.Sub(c.seen)).Abs() > 5*time.Second
	if network != c.network || slept {
		clear(c.kept)
	}
	c.network, c.seen = network, now
}

// interfaces describes this machine's addresses.
func interfaces() string {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return err.Error()
	}
	list := make([]string, len(addrs))
	for i, a := range addrs {
		list[i] = a.String()
	}
	slices.Sort(list)
	return fmt.Sprint(strings.Join(list, " "))
}

func (c *cache) recall(key cacheKey, now time.Time) (cached, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept, ok := c.kept[key]
	return kept, ok && now.Round(0).Before(kept.until)
}

func (c *cache) keep(key cacheKey, entry cached, now time.Time) {
	entry.until = entry.until.Round(0)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil {
		c.kept = map[cacheKey]cached{}
	}
	if _, ok := c.kept[key]; !ok && len(c.kept) >= cacheLen {
		c.makeRoom(now)
	}
	c.kept[key] = entry
}

// makeRoom forgets what is too old, and anything until a quarter is free, so
// that it is seldom called.
func (c *cache) makeRoom(now time.Time) {
	for key, entry := range c.kept {
		if !now.Round(0).Before(entry.until) {
			delete(c.kept, key)
		}
	}
	for key := range c.kept {
		if len(c.kept) <= cacheLen*3/4 {
			return
		}
		delete(c.kept, key)
	}
}

// keyOf is the key of a server.
func keyOf(b *bench) cacheKey {
	spec := b.server.spec
	spec.Origin = ""
	return cacheKey{zone: b.zone.name, registry: b.zone.registry, server: spec}
}

// recall takes over how an earlier loop has found that a server is to be asked.
func (e *evidence) recall(b *bench) bool {
	if e.fresh {
		return false
	}
	kept, ok := e.p.cache.recall(keyOf(b), e.now)
	if !ok {
		return false
	}
	b.finding, b.qtype = kept.finding, kept.qtype
	s := b.server
	if s.kept+s.lost == 0 {
		s.letterCase = kept.letters
	}
	s.noEDNS = s.noEDNS || kept.noEDNS
	b.zone.names.load()
	for _, k := range kept.seen {
		b.zone.names.saw(k)
	}
	return true
}

// recallDenied returns the server that said, in an earlier loop, that a TLD does
// not exist.
func (e *env) recallDenied(tld string) (denied bool, by string) {
	if e.fresh {
		return false, ""
	}
	kept, ok := e.p.cache.recall(cacheKey{zone: tld}, e.now)
	return ok && kept.deniedBy != "", kept.deniedBy
}

// recallZone returns the registry zone of a TLD.
func (e *env) recallZone(tld string) (zone string, ok bool) {
	if e.fresh {
		return "", false
	}
	kept, ok := e.p.cache.recall(cacheKey{zone: tld}, e.now)
	return kept.zone, ok && kept.zone != ""
}

// recallServers returns the addresses of a registry's servers.
func (e *env) recallServers(zone string) []netip.Addr {
	if e.fresh {
		return nil
	}
	kept, _ := e.p.cache.recall(cacheKey{zone: zone, registry: true}, e.now)
	return kept.servers
}

// keep keeps what this loop has found out.
func (r *run) keep() {
	c, now := &r.p.cache, time.Now()
	for _, t := range r.evidence.tlds {
		r.evidence.keepTLD(t)
	}
	for zone, reg := range r.registries.byZone {
		if reg.state == ready && !reg.settled.IsZero() && len(reg.addresses) > 0 && reg.zone.failed < len(reg.zone.servers) {
			c.keep(cacheKey{zone: zone, registry: true}, cached{until: reg.settled.Add(keepPassed), servers: reg.addresses}, now)
		}
		r.evidence.keepZone(&reg.zone)
	}
}

func (e *evidence) keepTLD(t *tld) {
	c, now := &e.p.cache, time.Now()
	switch {
	case t.nosuch && !t.settled.IsZero():
		c.keep(cacheKey{zone: t.name}, cached{until: t.settled.Add(keepDenied), deniedBy: t.deniedBy}, now)
	case !t.nosuch && t.registry != nil && t.registry.state == ready && !t.registry.settled.IsZero():
		c.keep(cacheKey{zone: t.name}, cached{until: t.registry.settled.Add(keepPassed), zone: t.registry.zone.name}, now)
	}
	e.keepZone(&t.zone)
}

// keepZone keeps how the servers of a zone are to be asked.
func (e *evidence) keepZone(z *zone) {
	now := time.Now()
	for s, b := range z.benches {
		if b.settled.IsZero() || !b.believed() {
			continue
		}
		e.p.cache.keep(keyOf(b), cached{
			until: b.settled.Add(keepPassed), finding: b.finding, qtype: b.qtype, noEDNS: s.noEDNS,
			letters: s.letterCase, seen: b.controls.Knows(&b.finding),
		}, now)
	}
}
