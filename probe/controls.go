package probe

import (
	"fmt"
	"math/rand/v2"

	"github.com/miekg/dns"

	"domprobe/probe/transport"
)

// controlsOf returns the controls of a server, started if there are none.
func (r *run) controlsOf(sc *scope, s *server) *controls {
	c := sc.of(s)
	if c != nil && (c.status != failed || sc.unusable(s, r.now)) {
		return c
	}
	looks := 1
	if c != nil {
		looks += c.looks
	}
	c = &controls{scope: sc, server: s, qtype: dns.TypeDS, looks: looks}
	sc.controls[s], sc.recent = c, c
	if r.recall(c) {
		return c
	}
	r.tryCase(c)
	if sc.registry {
		c.qtype = dns.TypeNS
		c.zone = depth(sc.name)
		r.control(c, &c.exists, sc.name, dns.TypeSOA, 0)
		r.control(c, &c.denial, nowhere(sc.name), dns.TypeNS, 0)
		return c
	}
	r.control(c, &c.exists, sc.name, dns.TypeSOA, 0)
	r.control(c, &c.denial, nowhere(sc.name), dns.TypeDS, 0)
	r.control(c, &c.address, nowhere(sc.name), dns.TypeA, 0)
	return c
}

// nowhere makes up a name under a zone that nobody has registered.
func nowhere(zone string) string {
	var label [24]byte
	for i := range label {
		label[i] = 'a' + byte(rand.IntN(26))
	}
	if zone == "" {
		return string(label[:])
	}
	return string(label[:]) + "." + zone
}

// control asks one control question and leaves what came of it in to.
func (r *run) control(c *controls, to *delivery, name string, qtype uint16, extra transport.Flags) {
	c.left++
	_, flags := c.question()
	q := transport.Question{Name: name, Type: qtype, Flags: flags | extra}
	r.inquire(c.server, q, func(d delivery) {
		*to = d
		if c.left--; c.left == 0 {
			r.examine(c)
		}
	})
}

// examine decides what controls show, once none of them is under way.
func (r *run) examine(c *controls) {
	if c.scope.registry {
		r.examineRegistry(c)
	} else {
		r.examineResolver(c)
	}
}

func (r *run) examineResolver(c *controls) {
	if reason, err := c.exists.trouble(); reason != "" {
		r.fail(c, reason, err)
		return
	}
	e := &c.exists.Reply
	tld := depth(c.scope.name)
	switch {
	case byPolicy(e):
		r.fail(c, Filtered, fmt.Errorf("%s answers SOA of %s by a policy of its own", c.server.name, c.scope.name))
	case e.Answer&transport.AnswerAddress != 0:
		r.hijacks(c)
	case e.Answer&transport.AnswerAlias != 0:
		r.fail(c, BadResponse, fmt.Errorf("%s answers that %s is an alias, which tells no zone", c.server.name, c.scope.name))
	case deniesTLD(e, tld):
		c.status = denies
		r.compare(c.scope)
	case e.Rcode == dns.RcodeNameError:
		r.fail(c, Filtered, fmt.Errorf("%s denies %s without the SOA that a denial has", c.server.name, c.scope.name))
	case e.Answer&transport.AnswerSOA != 0:
		c.zone = tld
		r.examineDenial(c)
	case e.Answer == 0 && e.SOA > 0 && e.SOA < tld:
		c.zone = e.SOA
		r.examineDenial(c)
	default:
		r.fail(c, BadResponse, fmt.Errorf("%s does not say which zone %s is in", c.server.name, c.scope.name))
	}
}

// examineDenial looks at what a resolver says about names that cannot exist.
func (r *run) examineDenial(c *controls) {
	if reason, err := c.denial.trouble(); reason != "" {
		if !c.retyped {
			// Some resolvers cannot do DS. From them NS has to do.
			c.retyped, c.qtype = true, dns.TypeNS
			r.control(c, &c.denial, nowhere(c.scope.name), dns.TypeNS, 0)
			return
		}
		r.fail(c, reason, err)
		return
	}
	if reason, err := c.address.trouble(); reason != "" {
		r.fail(c, reason, err)
		return
	}
	d, a := &c.denial.Reply, &c.address.Reply
	switch {
	case a.Rcode == dns.RcodeNameError && d.Rcode == dns.RcodeNameError:
		r.examineDenials(c, d, a)
	case d.Rcode == dns.RcodeNameError:
		r.hijacks(c) // addresses are made up, while DS is denied
	case d.Answer == 0 && d.Rcode == dns.RcodeSuccess && !c.resigned:
		// A zone with compact denials says NOERROR for every name, and
		// the truth only when asked with DO=1 (RFC 9824 section 3.1).
		c.resigned = true
		r.control(c, &c.denial, nowhere(c.scope.name), c.qtype, transport.DO|transport.EDNS)
	case d.Bits&transport.NXName != 0 && d.SOA == c.zone:
		c.signed = true
		r.pass(c, passed)
	default:
		c.status = suspect
		r.compare(c.scope)
	}
}

// examineDenials looks at two denials of names that cannot exist.
func (r *run) examineDenials(c *controls, d, a *transport.Reply) {
	policy := func(p *transport.Reply) bool { return byPolicy(p) || p.SOA == transport.Absent }
	switch {
	case policy(d) || policy(a):
		r.fail(c, Filtered, fmt.Errorf("%s denies names under %s without the registry's word", c.server.name, c.scope.name))
	case d.Answer|a.Answer != 0 || d.SOA != c.zone || a.SOA != c.zone:
		r.fail(c, BadResponse, fmt.Errorf("%s denies names under %s with the SOA of another zone", c.server.name, c.scope.name))
	default:
		r.pass(c, passed)
	}
}

func (r *run) examineRegistry(c *controls) {
	if reason, err := c.exists.trouble(); reason != "" {
		r.fail(c, reason, err)
		return
	}
	if reason, err := c.denial.trouble(); reason != "" {
		r.fail(c, reason, err)
		return
	}
	e, d := &c.exists.Reply, &c.denial.Reply
	authoritative := d.Bits&transport.AA != 0 && d.Answer == 0 && d.SOA == c.zone
	switch {
	case e.Bits&transport.AA == 0 || e.Answer&transport.AnswerSOA == 0:
		r.fail(c, Lame, fmt.Errorf("%s does not serve %s", c.server.name, c.scope.name))
	case authoritative && d.Rcode == dns.RcodeNameError:
		c.recurses = d.Bits&transport.RA != 0
		r.pass(c, passed)
	case !authoritative || d.Rcode != dns.RcodeSuccess:
		r.fail(c, BadResponse, fmt.Errorf("%s does not deny what cannot exist under %s", c.server.name, c.scope.name))
	case d.Bits&transport.NXName != 0:
		c.signed = true
		r.pass(c, passed)
	case !c.resigned:
		c.resigned = true
		r.control(c, &c.denial, nowhere(c.scope.name), dns.TypeNS, transport.DO|transport.EDNS)
	default:
		c.status = suspect
		r.compare(c.scope)
	}
}
