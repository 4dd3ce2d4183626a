package probe

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"domprobe/probe/transport"
)

// findZone asks the finders, from number k on, which zone a TLD is in.
func (r *run) findZone(reg *registry, k int) {
	p := reg.plan
	if k == len(r.finders) {
		r.noZone(reg)
		return
	}
	q := transport.Question{Name: p.tld, Type: dns.TypeSOA, Flags: transport.RD | transport.EDNS}
	ask := r.inquire
	if len(reg.denials) > 0 && !p.doubts(&reg.denials[0]) {
		// The names need not wait for all the time-outs of one that is
		// dead, only to hear that there is no such TLD.
		ask = r.inquireOnce
	}
	ask(r.finders[k], q, func(d delivery) {
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
