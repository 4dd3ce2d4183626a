package probe

import (
	"net/netip"
	"sync"
	"time"

	"domprobe/probe/resolver"
)

// What a prober keeps from one loop to the next, so that a name alone does not
// cost the controls of its TLD every time. Only what was settled well is kept,
// for as long as a resolver might as well have cached it.
const (
	memoryLen  = 4096 // entries
	keepPassed = 10 * time.Minute
	keepDenied = time.Minute // that a TLD does not exist
)

// A memory is safe for concurrent use.
type memory struct {
	mu   sync.Mutex
	kept map[memoryKey]memento
}

// A memoryKey says what a memento is about: the controls of a server for a zone
// or TLD, or without a server the zone or TLD itself.
type memoryKey struct {
	zone     string
	registry bool // the zone of a registry, not a TLD
	server   resolver.Server
}

// A memento is what is kept.
type memento struct {
	until time.Time

	// Of a server's controls.
	controls controls // only what they have settled
	noEDNS   bool
	mixCase  bool

	// Of a TLD that does not exist.
	deniedBy string

	// Of a registry.
	zone    string       // of a TLD: which zone it is in
	servers []netip.Addr // of a zone
}

func (m *memory) recall(key memoryKey, now time.Time) (memento, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept, ok := m.kept[key]
	return kept, ok && now.Before(kept.until)
}

func (m *memory) keep(key memoryKey, what memento, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept == nil {
		m.kept = map[memoryKey]memento{}
	}
	if _, ok := m.kept[key]; !ok && len(m.kept) >= memoryLen {
		m.makeRoom(now)
	}
	m.kept[key] = what
}

// makeRoom forgets what is too old, and anything until a quarter is free, so
// that it is seldom called.
func (m *memory) makeRoom(now time.Time) {
	for key, what := range m.kept {
		if !now.Before(what.until) {
			delete(m.kept, key)
		}
	}
	for key := range m.kept {
		if len(m.kept) <= memoryLen*3/4 {
			return
		}
		delete(m.kept, key)
	}
}

// keyOf is the key of a server's controls.
func keyOf(c *controls) memoryKey {
	spec := c.server.spec
	spec.Origin = ""
	return memoryKey{zone: c.scope.name, registry: c.scope.registry, server: spec}
}

// recall settles controls by what an earlier loop found out, if it did.
func (r *run) recall(c *controls) bool {
	if r.fresh {
		return false
	}
	kept, ok := r.p.memory.recall(keyOf(c), r.now)
	if !ok {
		return false
	}
	was := &kept.controls
	c.status, c.zone, c.qtype, c.signed, c.recurses = was.status, was.zone, was.qtype, was.signed, was.recurses
	s := c.server
	if !s.caseTry {
		s.caseTry, s.mixCase = true, kept.mixCase
	}
	s.noEDNS = s.noEDNS || kept.noEDNS
	return true
}

// recallPlan notes that a TLD does not exist if an earlier loop found that out.
func (r *run) recallPlan(p *plan) {
	if r.fresh {
		return
	}
	if kept, ok := r.p.memory.recall(memoryKey{zone: p.tld}, r.now); ok && kept.deniedBy != "" {
		p.nosuch, p.deniedBy = true, kept.deniedBy
	}
}

// recallZone returns the registry zone of a TLD.
func (r *run) recallZone(tld string) (zone string, ok bool) {
	if r.fresh {
		return "", false
	}
	kept, ok := r.p.memory.recall(memoryKey{zone: tld}, r.now)
	return kept.zone, ok && kept.deniedBy == ""
}

// recallServers returns the addresses of a registry's servers.
func (r *run) recallServers(zone string) []netip.Addr {
	if r.fresh {
		return nil
	}
	kept, ok := r.p.memory.recall(memoryKey{zone: zone, registry: true}, r.now)
	if !ok {
		return nil
	}
	return kept.servers
}

// remember keeps what this loop has found out.
func (r *run) remember() {
	m, now := &r.p.memory, time.Now()
	for tld, p := range r.plans {
		switch {
		case p.nosuch && !p.settled.IsZero():
			m.keep(memoryKey{zone: tld}, memento{until: p.settled.Add(keepDenied), deniedBy: p.deniedBy}, now)
		case !p.nosuch && p.found != nil && p.found.state == ready && !p.found.settled.IsZero():
			m.keep(memoryKey{zone: tld}, memento{until: p.found.settled.Add(keepPassed), zone: p.found.name}, now)
		}
		p.remember(m, now)
	}
	for zone, reg := range r.registries {
		if reg.state == ready && !reg.settled.IsZero() {
			m.keep(memoryKey{zone: zone, registry: true},
				memento{until: reg.settled.Add(keepPassed), servers: reg.addresses}, now)
		}
		reg.remember(m, now)
	}
}

// remember keeps the controls of a scope that this loop has settled.
func (sc *scope) remember(m *memory, now time.Time) {
	for s, c := range sc.controls {
		if c.settled.IsZero() || c.status != passed && c.status != wildcard {
			continue
		}
		m.keep(keyOf(c), memento{
			until: c.settled.Add(keepPassed),
			controls: controls{
				status: c.status, zone: c.zone, qtype: c.qtype, signed: c.signed, recurses: c.recurses,
			},
			noEDNS: s.noEDNS, mixCase: s.mixCase,
		}, now)
	}
}
