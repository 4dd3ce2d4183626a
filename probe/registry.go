package probe

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"domprobe/probe/resolver"
)

// A registry is a zone with the servers that are responsible for it.
type registry struct {
	scope
	plan    *plan // for which the zone has still to be found; nil once it is
	state   registryState
	reason  Reason // why it could not be found
	err     error
	again   time.Time // when it is looked for again, if it could not be found
	looks   int       // how often it could not be found
	waiting []uint32  // flights
	left    int       // questions under way

	denials []delivery // of finders, to whom the TLD does not exist

	addresses []netip.Addr // of the servers
	settled   time.Time    // when they were found, in this loop
}

type registryState uint8

const (
	finding registryState = iota
	ready
	missing
)

// How many addresses of a zone's servers are used. Many networks have no IPv6, and
// some have nothing else.
const (
	maxRegistryServers = 12
	leftForIPv6        = 4 // at most
)

// viaRegistry goes on with a name at a registry's own servers.
func (r *run) viaRegistry(i uint32, reg *registry) {
	f := &r.flights[i]
	switch {
	case f.plan.nosuch:
		r.landNoSuchTLD(i)
	case reg == nil:
		r.landUnknown(i)
	case reg.state == finding:
		reg.waiting = append(reg.waiting, i)
	case reg.state == missing && !r.now.Before(reg.again):
		reg.waiting = append(reg.waiting, i)
		r.find(reg)
	case reg.state == missing:
		f.note(reg.reason, -1, reg.err)
		if f.untried() && !f.parked && passes(reg.reason) && reg.looks < maxLooks {
			r.park(i, reg.again)
			return
		}
		r.landUnknown(i)
	default:
		f.scope = &reg.scope
		r.next(i)
	}
}

// registryFor returns the registry of a TLD, which begins to be found if it
// is not known.
func (r *run) registryFor(p *plan) *registry {
	if p.found != nil || p.nosuch {
		return p.found
	}
	if zone, ok := r.recallZone(p.tld); ok {
		p.found = r.registryOf(zone)
		return p.found
	}
	for _, c := range p.controls {
		if c.status == passed || c.status == wildcard {
			p.found = r.registryOf(lastLabels(p.tld, int(c.zone)))
			return p.found
		}
	}
	reg := &registry{plan: p}
	p.found = reg
	r.find(reg)
	return reg
}

// registryOf returns the registry of a zone.
func (r *run) registryOf(zone string) *registry {
	if reg := r.registries[zone]; reg != nil {
		return reg
	}
	reg := &registry{scope: scope{name: zone, registry: true, controls: map[*server]*controls{}}}
	r.registries[zone] = reg
	if known := r.recallServers(zone); len(known) > 0 {
		r.settleRegistry(reg, known)
		return reg
	}
	r.find(reg)
	return reg
}

// find begins to look for a registry, from the start.
func (r *run) find(reg *registry) {
	reg.state, reg.reason, reg.err, reg.denials = finding, "", nil, nil
	if reg.plan != nil {
		r.findZone(reg, 0)
	} else {
		r.findServers(reg, 0)
	}
}

// settleRegistry takes the addresses of a registry's servers into use.
func (r *run) settleRegistry(reg *registry, found []netip.Addr) {
	v4, v6 := families(found)
	v4 = v4[:min(len(v4), maxRegistryServers-min(len(v6), leftForIPv6))]
	v6 = v6[:min(len(v6), maxRegistryServers-len(v4))]
	for _, a := range slices.Concat(v4, v6) {
		reg.servers = append(reg.servers, r.serverAt(a))
	}
	reg.state = ready
	r.depart(reg, reg)
}

// serverAt returns the registry server with an address. All zones share it, its
// health and its rate.
func (r *run) serverAt(a netip.Addr) *server {
	if s := r.atAddress[a]; s != nil {
		return s
	}
	addr := net.JoinHostPort(a.String(), "53")
	s := r.newServer(resolver.Server{Transport: resolver.UDP, Addr: addr, Origin: "direct"}, true)
	r.atAddress[a] = s
	r.opened = append(r.opened, s)
	return s
}

// arrive ends the search for a TLD's zone: what waited goes on there.
func (r *run) arrive(reg *registry, at *registry) {
	reg.state = missing
	if at != nil {
		reg.plan.found = at
	}
	r.depart(reg, at)
}

func (r *run) giveUp(reg *registry) {
	reg.state = missing
	if reg.reason == "" {
		reg.reason = Unreachable
	}
	reg.looks++
	reg.again = r.now.Add(lookAfter(reg.looks))
	r.depart(reg, reg)
}

// depart lets the flights that waited at one registry go on at another.
func (r *run) depart(from, to *registry) {
	waiting := from.waiting
	from.waiting = nil
	for _, i := range waiting {
		r.viaRegistry(i, to)
	}
}

// lastLabels returns the last n labels of a name.
func lastLabels(name string, n int) string {
	if n <= 0 {
		return ""
	}
	i := len(name)
	for ; n > 0 && i > 0; n-- {
		i = strings.LastIndexByte(name[:i], '.')
	}
	return name[i+1:]
}
