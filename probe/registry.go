package probe

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"domprobe/probe/internal/trust"
)

// registries are the registry zones with the authoritative servers that a run
// has located.
type registries struct {
	*env
	queries  *queries
	servers  *servers
	evidence *evidence
	locators []*server // resolvers that locate registries
	byZone   map[string]*registry
	arrived  []arrival // lookups that can go on
}

// An arrival is a lookup that has waited for a registry, with the registry at
// which it goes on: nil if there is none.
type arrival struct {
	i, seq uint32
	at     *registry
}

// A registry is a zone with its authoritative servers.
type registry struct {
	zone    zone
	tld     *tld // whose zone has still to be located; nil once it is
	state   registryState
	reason  Reason // why it could not be located
	err     error
	again   time.Time // when it is located again, if that failed or all servers have
	fails   int       // how often that was
	waiting []arrival

	addresses []netip.Addr // of the servers
	reserve   []netip.Addr // of those that are not asked yet
	settled   time.Time    // when they were located, in this loop
}

type registryState uint8

const (
	locating registryState = iota
	ready
	missing
)

// How many addresses of a zone are asked at first, and how many more when
// all of these have failed. Many networks have no IPv6, and some have nothing else.
const (
	maxRegistryServers  = 12
	leftForIPv6         = 4 // at most
	moreRegistryServers = 6
)

// viaRegistry goes on with a name at the authoritative servers of a registry.
func (l *lookups) viaRegistry(i uint32, reg *registry) {
	q := l.queries.at(i)
	l.work(q)
	switch {
	case q.tld.nosuch:
		l.landNoSuchTLD(i)
	case reg == nil:
		l.landUnknown(i)
	case reg.state == locating:
		reg.waiting = append(reg.waiting, arrival{i: i, seq: q.seq})
	case reg.state == missing && !l.now.Before(reg.again):
		reg.waiting = append(reg.waiting, arrival{i: i, seq: q.seq})
		l.registries.locate(reg)
	case reg.state == missing:
		l.withoutRegistry(i, reg)
	default:
		q.zone = &reg.zone
		l.advance(i)
	}
}

// withoutRegistry goes on with a name whose registry cannot be located.
func (l *lookups) withoutRegistry(i uint32, reg *registry) {
	q := l.queries.at(i)
	q.fail(reg.reason, -1, reg.err)
	if l.direct && l.waitForNetworkOf(i, l.registries.locators) {
		reg.again = time.Time{}
		return
	}
	if q.untried() && q.parks == 0 && passes(reg.reason) && reg.fails < maxLooks {
		l.park(i, reg.again)
		return
	}
	l.landUnknown(i)
}

// of returns the registry of a TLD, which begins to be located if it is not
// known.
func (r *registries) of(t *tld) *registry {
	if t.registry != nil || t.nosuch {
		return t.registry
	}
	if zone, ok := r.recallZone(t.name); ok {
		t.registry = r.zone(zone)
		return t.registry
	}
	if trusted := t.zone.trusted; len(trusted) > 0 {
		// As in locateZone, the servers of the largest zone know.
		best := slices.MinFunc(trusted, func(a, b *bench) int { return cmp.Compare(a.finding.Zone, b.finding.Zone) })
		t.registry = r.zone(lastLabels(t.name, int(best.finding.Zone)))
		return t.registry
	}
	reg := &registry{tld: t}
	t.registry = reg
	r.locate(reg)
	return reg
}

// zone returns the registry of a registry zone.
func (r *registries) zone(name string) *registry {
	if reg := r.byZone[name]; reg != nil {
		return reg
	}
	reg := &registry{zone: newZone(name, nil)}
	reg.zone.registry = true
	r.byZone[name] = reg
	if known := r.recallServers(name); len(known) > 0 {
		r.use(reg, known)
		return reg
	}
	r.locate(reg)
	return reg
}

// locate begins to locate a registry.
func (r *registries) locate(reg *registry) {
	reg.state, reg.reason, reg.err = locating, "", nil
	if reg.tld != nil {
		r.locateZone(reg)
	} else {
		r.locateServers(reg)
	}
}

// use takes the addresses of a registry's servers into use.
func (r *registries) use(reg *registry, found []netip.Addr) {
	v4, v6 := families(found)
	n4 := min(len(v4), maxRegistryServers-min(len(v6), leftForIPv6))
	n6 := min(len(v6), maxRegistryServers-n4)
	reg.zone.servers = nil
	r.add(reg, v4[:n4])
	r.add(reg, v6[:n6])
	reg.reserve = append(append([]netip.Addr(nil), v4[n4:]...), v6[n6:]...)
	reg.state = ready
	r.depart(reg, reg)
}

func (r *registries) add(reg *registry, addrs []netip.Addr) {
	for _, a := range addrs {
		reg.zone.servers = append(reg.zone.servers, r.servers.address(a))
	}
}

// refresh finds further servers of a registry when none of those in use can be
// asked about a name: among the addresses that have not been asked, or by
// locating the registry again if all of them failed to answer. It reports whether there are some, or may be soon.
func (r *registries) refresh(z *zone, failed bool) bool {
	reg := r.byZone[z.name]
	if n := min(len(reg.reserve), moreRegistryServers); n > 0 {
		r.add(reg, reg.reserve[:n])
		reg.reserve = reg.reserve[n:]
		return true
	}
	if reg.state == locating {
		return true
	}
	if !failed && !z.lost() || r.now.Before(reg.again) || reg.fails >= maxLooks {
		return false
	}
	reg.fails++
	reg.again = r.now.Add(lookAfter(reg.fails, transient))
	r.locate(reg)
	return true
}

// lost reports whether no server of a zone is left that answers and is believed.
func (z *zone) lost() bool {
	for _, s := range z.servers {
		if b := z.benches[s]; !s.down() && (b == nil || b.finding.Standing != trust.Failed) {
			return false
		}
	}
	return true
}

// arrive ends the search for the zone of a TLD: lookups that waited go on there.
func (r *registries) arrive(reg *registry, at *registry) {
	reg.state = missing
	if at != nil {
		reg.tld.registry = at
	}
	r.depart(reg, at)
}

// giveUp ends a search that has failed.
func (r *registries) giveUp(reg *registry, reason Reason, err error) {
	reg.state, reg.reason, reg.err = missing, reason, err
	if reason == "" {
		reg.reason = Unreachable
	}
	reg.fails++
	reg.again = r.now.Add(lookAfter(reg.fails, transient))
	r.depart(reg, reg)
}

// depart lets the lookups that waited at one registry go on at another.
func (r *registries) depart(from, to *registry) {
	for _, a := range from.waiting {
		a.at = to
		r.arrived = append(r.arrived, a)
	}
	from.waiting = nil
}

// contested is how many servers of a disputed zone must agree: one of each
// resolver that located it, as long as it has not been found to lie. Servers that
// the zone had before it was located anew do not count.
func (z *zone) contested() (n int) {
	for _, s := range z.servers {
		if b := z.benches[s]; b == nil || b.finding.Standing != trust.Failed {
			n++
		}
	}
	return max(n, 1)
}

// denied ends the search for a TLD that does not exist, or returns the reason
// why the resolvers that said so are not believed: the list of delegated TLDs
// may be out of date, but one resolver alone may as well be wrong.
func (r *registries) denied(reg *registry, said []response) {
	t := reg.tld
	opinions := make([]trust.Opinion, len(said))
	for k, d := range said {
		opinions[k] = trust.Opinion{
			Finding: trust.Finding{Standing: trust.DeniesTLD, ByRoot: d.Reply.SOA == 0}, Server: d.from.name,
		}
	}
	decisions, _ := trust.Compare(trust.Scene{Zone: t.name, Listed: t.listed()}, opinions)
	if d := decisions[0]; d.Do == trust.Distrust {
		r.giveUp(reg, d.Finding.Reason, d.Finding.Err)
		return
	}
	r.evidence.denyTLD(t, said[0].from.name)
	r.arrive(reg, nil)
}
