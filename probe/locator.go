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

	"domprobe/probe/internal/trust"
	"domprobe/probe/transport"
)

// How many resolvers locate a registry, and how long those that have answered
// wait for the others: long enough to compare them, not for the time-outs of one
// that is dead.
const (
	maxLocators  = 3
	locatorGrace = 400 * time.Millisecond
)

// A poll is one query to several resolvers, whose responses are compared. It
// ends when all of them are there, or some time after the first good one.
type poll struct {
	good []response // in the order of the resolvers' answers
	last response   // of those that are not
	left int
	over bool
	done func(*poll)
}

// poll asks resolvers, from number k on, the same; good tells which responses
// are. If none is good, the next resolvers are asked.
func (r *registries) poll(k int, name string, qtype uint16, good func(response) bool, done func(*poll)) {
	from := r.locators[k:min(k+maxLocators, len(r.locators))]
	p := &poll{left: len(from)}
	p.done = func(p *poll) {
		if next := k + len(from); len(p.good) == 0 && next < len(r.locators) {
			r.poll(next, name, qtype, good, done)
			return
		}
		done(p)
	}
	for _, s := range from {
		flags := transport.RD | transport.EDNS | transport.Whole
		r.queries.control(s, name, qtype, flags, func(d response) {
			if p.left--; good(d) {
				p.good = append(p.good, d)
			} else {
				p.last = d
			}
			switch {
			case p.left == 0:
				p.end()
			case len(p.good) == 1:
				r.queries.after(locatorGrace, p.end)
			}
		})
	}
}

func (p *poll) end() {
	if !p.over && (len(p.good) > 0 || p.left == 0) {
		p.over = true
		p.done(p)
	}
}

// locateZone asks the resolvers which zone a TLD is in.
func (r *registries) locateZone(reg *registry) {
	name := reg.tld.name
	tld := depth(name)
	zoneOf := func(d response) (zone transport.Depth, ok bool) {
		if reason, _ := d.trouble(); reason != "" || d.Reply.Rcode != dns.RcodeSuccess {
			return 0, false
		}
		if d.Reply.Answer&transport.AnswerSOA != 0 {
			return tld, true
		}
		return d.Reply.SOA, d.Reply.Answer == 0 && d.Reply.SOA > 0 && d.Reply.SOA < tld
	}
	denies := func(d response) bool {
		reason, _ := d.trouble()
		return reason == "" && trust.DenialOfTLD(&d.Reply, tld)
	}
	good := func(d response) bool { _, ok := zoneOf(d); return ok || denies(d) }
	r.poll(0, name, dns.TypeSOA, good, func(p *poll) {
		var denials []response
		best := transport.Absent
		for _, d := range p.good {
			zone, ok := zoneOf(d)
			if !ok {
				denials = append(denials, d)
				continue
			}
			// Where they disagree, the servers of the largest zone know: they
			// refer to a zone below it, if there is one.
			if best == transport.Absent || zone < best {
				best = zone
			}
		}
		switch {
		case best != transport.Absent:
			r.arrive(reg, r.zone(lastLabels(name, int(best))))
		case len(denials) > 0:
			r.denied(reg, denials)
		default:
			reason, err := p.last.trouble()
			if reason == "" {
				reason, err = Filtered, fmt.Errorf("%s does not say which zone %s is in", p.last.from.name, name)
			}
			r.giveUp(reg, reason, err)
		}
	})
}

// locateServers asks the resolvers for the servers of a registry zone. Of
// several resolvers, a server that only one names is not asked.
func (r *registries) locateServers(reg *registry) {
	name := reg.zone.name
	good := func(d response) bool { return len(hostsOf(d.Msg, name)) > 0 }
	r.poll(0, name, dns.TypeNS, good, func(p *poll) {
		if len(p.good) == 0 {
			reason, err := p.last.trouble()
			if reason == "" {
				reason, err = Lame, fmt.Errorf("%s names no servers of %s", p.last.from.name, name)
			}
			r.giveUp(reg, reason, err)
			return
		}
		var by []*server
		var sets [][]string
		for _, d := range p.good {
			by = append(by, d.from)
			sets = append(sets, hostsOf(d.Msg, name))
		}
		r.locateAddresses(reg, by, agreed(sets))
	})
}

// agreed returns the members that at least two of several sets share; no set
// has a member twice. With one set, or without a shared member, each set stands for itself.
func agreed[T comparable](sets [][]T) [][]T {
	count := map[T]int{}
	for _, set := range sets {
		for _, x := range set {
			count[x]++
		}
	}
	var shared []T
	for _, x := range sets[0] {
		if count[x] > 1 && !slices.Contains(shared, x) {
			shared = append(shared, x)
		}
	}
	for _, set := range sets[1:] {
		for _, x := range set {
			if count[x] > 1 && !slices.Contains(shared, x) {
				shared = append(shared, x)
			}
		}
	}
	if len(sets) < 2 || len(shared) == 0 {
		return sets
	}
	return [][]T{shared}
}

// maxHosts bounds the names of servers that are looked up: the largest TLDs
// have 13. maxAddresses bounds the addresses that one resolver gives for them.
const (
	maxHosts     = 16
	maxAddresses = 8 * maxHosts
)

// An addressSearch collects the addresses that each of some resolvers gives.
type addressSearch struct {
	reg    *registry
	hosts  [][]string
	others []*server      // resolvers that are asked if these give none
	sets   [][]netip.Addr // by resolver
	left   []int          // queries under way, by resolver
	reason Reason
	err    error
	over   bool
}

// locateAddresses asks resolvers for the addresses of servers: two of them for
// all if they agree about the servers, and then the others if these know none, else
// each for its own.
func (r *registries) locateAddresses(reg *registry, by []*server, hosts [][]string) {
	var others []*server
	if n := min(len(by), 2); len(hosts) == 1 {
		by, others = by[:n], by[n:]
	}
	a := &addressSearch{
		reg: reg, hosts: hosts, others: others, sets: make([][]netip.Addr, len(by)), left: make([]int, len(by)),
	}
	a.reason, a.err = Lame, fmt.Errorf("%s knows no address of the servers of %s", by[0].name, reg.zone.name)
	for k := range by {
		own := hosts[min(k, len(hosts)-1)]
		own = own[:min(len(own), maxHosts)]
		a.left[k] = 2 * len(own)
	}
	for k, s := range by {
		own := hosts[min(k, len(hosts)-1)]
		for _, host := range own[:min(len(own), maxHosts)] {
			for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
				r.queries.control(s, host, qtype, transport.RD|transport.EDNS|transport.Whole, func(d response) {
					r.addressesCame(a, k, d)
				})
			}
		}
	}
}

func (r *registries) addressesCame(a *addressSearch, k int, d response) {
	a.left[k]--
	for _, addr := range addressesOf(d.Msg) {
		if len(a.sets[k]) < maxAddresses && r.canBeServer(addr) && !slices.Contains(a.sets[k], addr) {
			a.sets[k] = append(a.sets[k], addr)
		}
	}
	if reason, err := d.trouble(); reason != "" {
		a.reason, a.err = reason, err
	}
	switch {
	case a.over:
	case slices.Max(a.left) == 0:
		r.settleAddresses(a)
	case a.left[k] == 0 && len(a.sets[k]) > 0:
		r.queries.after(locatorGrace, func() { r.settleAddresses(a) })
	}
}

// settleAddresses ends a search for addresses.
func (r *registries) settleAddresses(a *addressSearch) {
	if a.over {
		return
	}
	a.over = true
	sets := slices.DeleteFunc(a.sets, func(set []netip.Addr) bool { return len(set) == 0 })
	switch {
	case len(sets) == 0 && len(a.others) > 0:
		r.locateAddresses(a.reg, a.others, a.hosts)
		return
	case len(sets) == 0:
		r.giveUp(a.reg, a.reason, a.err)
		return
	}
	sets = agreed(sets)
	a.reg.settled = r.now
	a.reg.zone.disputed = len(sets) > 1
	if len(sets) == 1 {
		a.reg.addresses = sets[0]
		r.use(a.reg, sets[0])
		return
	}
	// The resolvers contradict one another: a server of each has to agree.
	var one []netip.Addr
	for _, set := range sets {
		one = append(one, set[rand.IntN(len(set))])
	}
	a.reg.addresses = nil // not to be kept for later loops
	r.use(a.reg, one)
}

// canBeServer reports whether an address can be that of a public server, or is
// on a network like that of the run's own resolvers.
func (r *registries) canBeServer(a netip.Addr) bool {
	special := func(a netip.Addr) bool { return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() }
	switch {
	case a.IsUnspecified(), a.IsMulticast(), a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return false
	case a.Is4() && a.As4()[0] >= 240, a.IsLinkLocalUnicast():
		return false
	case !special(a):
		return true
	}
	return slices.ContainsFunc(r.locators, func(s *server) bool {
		ap, err := netip.ParseAddrPort(s.spec.Addr)
		own := ap.Addr().Unmap()
		return err == nil && (a.IsLoopback() && own.IsLoopback() || a.IsPrivate() && (own.IsPrivate() || own.IsLoopback()))
	})
}

// hostsOf lists the name servers of a zone that a response names.
func hostsOf(m *dns.Msg, zone string) []string {
	if m == nil || m.Rcode != dns.RcodeSuccess {
		return nil
	}
	return hostsAmong(m.Answer, zone)
}

// hostsAmong lists the name servers of a zone that records name.
func hostsAmong(records []dns.RR, zone string) (hosts []string) {
	for _, rr := range records {
		ns, ok := rr.(*dns.NS)
		if !ok || !strings.EqualFold(ns.Hdr.Name, dns.Fqdn(zone)) || strings.ContainsRune(ns.Ns, '\\') {
			continue
		}
		host := strings.ToLower(strings.TrimSuffix(ns.Ns, "."))
		if !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// addressesOf lists the addresses in an answer.
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
		if a, ok := netip.AddrFromSlice(ip); ok {
			found = append(found, a.Unmap())
		}
	}
	return found
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
