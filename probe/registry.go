package probe

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"domprobe/probe/resolver"
	"domprobe/probe/transport"
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
		if len(f.asked) == 0 && !f.parked && passes(reg.reason) && reg.looks < maxLooks {
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

// findZone asks the finders, from number k on, which zone a TLD is in.
func (r *run) findZone(reg *registry, k int) {
	p := reg.plan
	if k == len(r.finders) {
		r.noZone(reg)
		return
	}
	q := transport.Question{Name: p.tld, Type: dns.TypeSOA, Flags: transport.RD | transport.EDNS}
	r.inquire(r.finders[k], q, func(d delivery) {
		tld := depth(p.tld)
		reason, err := d.trouble()
		e := &d.Reply
		switch {
		case reason != "":
			reg.reason, reg.err = reason, err
			r.findZone(reg, k+1)
		case deniesTLD(e, tld):
			reg.denials = append(reg.denials, d)
			r.findZone(reg, k+1)
		case e.Rcode == dns.RcodeSuccess && e.Answer&transport.AnswerSOA != 0:
			r.arrive(reg, r.registryOf(p.tld))
		case e.Rcode == dns.RcodeSuccess && e.Answer == 0 && e.SOA > 0 && e.SOA < tld:
			r.arrive(reg, r.registryOf(lastLabels(p.tld, int(e.SOA))))
		default:
			reg.reason, reg.err = Filtered, fmt.Errorf("%s does not say which zone %s is in", d.from.name, p.tld)
			r.findZone(reg, k+1)
		}
	})
}

// noZone ends a search in which no finder knew the zone of a TLD.
func (r *run) noZone(reg *registry) {
	if len(reg.denials) == 0 {
		r.giveUp(reg)
		return
	}
	if err := r.deny(reg.plan, reg.denials); err != nil {
		reg.reason, reg.err = Disagreement, err
		r.giveUp(reg)
		return
	}
	r.arrive(reg, nil)
}

// findServers asks the finders, from number k on, for the servers of a zone.
func (r *run) findServers(reg *registry, k int) {
	if k == len(r.finders) {
		r.giveUp(reg)
		return
	}
	from := r.finders[k]
	q := transport.Question{Name: reg.name, Type: dns.TypeNS, Flags: transport.RD | transport.EDNS | transport.Whole}
	r.inquire(from, q, func(d delivery) {
		hosts := hostsOf(d.Msg, reg.name)
		if len(hosts) == 0 {
			reason, err := d.trouble()
			if reason == "" {
				reason, err = Lame, fmt.Errorf("%s names no servers of %s", from.name, reg.name)
			}
			reg.reason, reg.err = reason, err
			r.findServers(reg, k+1)
			return
		}
		r.findAddresses(reg, k, hosts)
	})
}

// findAddresses asks finder number k for the addresses of a zone's servers.
func (r *run) findAddresses(reg *registry, k int, hosts []string) {
	var found []netip.Addr
	reg.reason, reg.err = Lame, fmt.Errorf("%s knows no address of the servers of %s", r.finders[k].name, reg.name)
	for _, host := range hosts {
		for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
			reg.left++
			q := transport.Question{Name: host, Type: qtype, Flags: transport.RD | transport.EDNS | transport.Whole}
			r.inquire(r.finders[k], q, func(d delivery) {
				found = append(found, addressesOf(d.Msg)...)
				if reason, err := d.trouble(); reason != "" {
					reg.reason, reg.err = reason, err
				}
				if reg.left--; reg.left > 0 {
					return
				}
				if len(found) == 0 {
					r.findServers(reg, k+1)
					return
				}
				reg.addresses, reg.settled = found, r.now
				r.settleRegistry(reg, found)
			})
		}
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

// families returns each address of either IP version once, in random order.
func families(found []netip.Addr) (v4, v6 []netip.Addr) {
	for _, i := range rand.Perm(len(found)) {
		switch a := found[i]; {
		case slices.Contains(v4, a) || slices.Contains(v6, a):
		case a.Is4():
			v4 = append(v4, a)
		default:
			v6 = append(v6, a)
		}
	}
	return v4, v6
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

// hostsOf lists the name servers of a zone that a response names.
func hostsOf(m *dns.Msg, zone string) (hosts []string) {
	if m == nil || m.Rcode != dns.RcodeSuccess {
		return nil
	}
	for _, rr := range m.Answer {
		ns, ok := rr.(*dns.NS)
		if !ok || !strings.EqualFold(ns.Hdr.Name, dns.Fqdn(zone)) || strings.ContainsRune(ns.Ns, '\\') {
			continue
		}
		hosts = append(hosts, strings.ToLower(strings.TrimSuffix(ns.Ns, ".")))
	}
	return hosts
}

// addressesOf lists the addresses in an answer that can be a server's.
func addressesOf(m *dns.Msg) (found []netip.Addr) {
	if m == nil {
		return nil
	}
	for _, rr := range m.Answer {
		var ip net.IP
		switch rr := rr.(type) {
		case *dns.A:
			ip = rr.A
		case *dns.AAAA:
			ip = rr.AAAA
		}
		if a, ok := netip.AddrFromSlice(ip); ok && !a.IsUnspecified() && !a.IsMulticast() {
			found = append(found, a.Unmap())
		}
	}
	return found
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
