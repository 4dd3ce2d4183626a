package probe

import (
	"github.com/miekg/dns"

	"domprobe/probe/internal/trust"
	"domprobe/probe/transport"
)

// begin sends the controls of a server.
func (e *evidence) begin(b *bench) {
	z := b.zone
	b.finding = trust.Finding{}
	b.controls = trust.Controls{
		Server: b.server.name, Zone: z.name, Depth: z.labels, Registry: z.registry, Qtype: b.qtype,
	}
	e.retryCase(b)
	c := &b.controls
	extra := transport.Flags(0)
	if z.registry {
		extra = transport.Whole // for the serial
	}
	e.control(b, z.name, dns.TypeSOA, extra, func(d response) {
		c.Exists = d.trust()
		b.noteExists(d)
	})
	if !z.registry {
		e.control(b, nowhere(z.name), dns.TypeA, 0, func(d response) { c.Long = d.trust() })
	}
	e.askFresh(b, 2, 0)
	e.askKnown(b, 1)
}

// control sends one control, whose response set takes.
func (e *evidence) control(b *bench, name string, qtype uint16, extra transport.Flags, set func(response)) {
	e.controlBy(e.queries.control, b, name, qtype, extra, set)
}

func (e *evidence) controlBy(send sender, b *bench, name string, qtype uint16, extra transport.Flags, set func(response)) {
	b.left++
	_, flags := b.query()
	send(b.server, name, qtype, flags|extra, func(d response) {
		set(d)
		if b.left--; b.left == 0 {
			e.conclude(b)
		}
	})
}

// noteExists keeps the response to the first control of a server.
func (b *bench) noteExists(d response) {
	b.exists = &delivery{Outcome: d.Outcome, from: d.from, tcp: d.tcp}
	if d.Msg == nil {
		return
	}
	for _, rr := range d.Msg.Answer {
		if soa, ok := rr.(*dns.SOA); ok {
			b.controls.Serial = soa.Serial
		}
	}
	b.exists.Msg = nil
}

func (e *evidence) askFresh(b *bench, n int, extra transport.Flags) {
	for range n {
		k := len(b.controls.Fresh)
		b.controls.Fresh = append(b.controls.Fresh, trust.Response{})
		e.control(b, e.sample.fresh(b.zone.name), b.qtype, extra, func(d response) { b.controls.Fresh[k] = d.trust() })
	}
}

// maxKnown is how many known names are asked about in all.
const maxKnown = 6

// askKnown asks about known names, each in the form of a candidate. Of a
// resolver one is asked in another form as well, which no cache holds.
func (e *evidence) askKnown(b *bench, n int) {
	c := &b.controls
	for range n {
		k := len(c.Known)
		name, ok := b.zone.names.takeKnown(b, k)
		if !ok {
			break
		}
		c.Known = append(c.Known, trust.Response{})
		e.control(b, name, b.qtype, 0, func(d response) { c.Known[k] = d.trust() })
		if k > 0 || b.server.registry {
			continue
		}
		if name, other, _ := b.zone.names.take(b, true); name != "" {
			c.Other = []trust.Response{{}}
			e.controlBy(e.queries.once, b, name, other, 0, func(d response) { c.Other[0] = d.trust() })
		}
	}
	c.MoreKnown = len(c.Known) < min(maxKnown, len(b.zone.names.known))
}

// conclude makes a finding of the controls, once none of them is under way.
func (e *evidence) conclude(b *bench) {
	c := &b.controls
	c.Heard = b.heardFound()
	f := c.Finding()
	if f.Standing == trust.Pending {
		e.askMore(b, f.Ask)
		return
	}
	b.set(f)
	b.ready = true
	b.zone.answered = append(b.zone.answered[:0], b)
	e.proceed(b.zone)
}

// askMore sends the further controls that a finding needs.
func (e *evidence) askMore(b *bench, a trust.Ask) {
	c := &b.controls
	switch a {
	case trust.AskFresh:
		e.askFresh(b, min(len(c.Fresh), trust.MaxFresh-len(c.Fresh)), 0)
	case trust.AskNS:
		c.Retyped, c.Qtype, b.qtype = true, dns.TypeNS, dns.TypeNS
		c.Fresh = nil
		e.askFresh(b, 1, 0)
	case trust.AskSigned:
		c.Signed = true
		c.Fresh = nil
		e.askFresh(b, 1, transport.DO|transport.EDNS)
	case trust.AskKnown:
		e.askKnown(b, maxKnown)
	}
}

// heardFound reports whether a response waits that says found.
func (b *bench) heardFound() bool {
	for i := range b.waiting {
		p := &b.waiting[i]
		if p.d.Reply.Rcode == dns.RcodeSuccess && (p.d.Reply.NS > b.zone.labels || p.d.Reply.Answer != 0 || p.d.Reply.SOA >= b.zone.labels) {
			return true
		}
	}
	return false
}

// retryCase asks a server that did not repeat the case of queries once more
// whether it does.
func (e *evidence) retryCase(b *bench) {
	s := b.server
	if s.mixes || s.lost == 0 {
		return
	}
	_, flags := b.query()
	e.queries.once(s, e.sample.fresh(b.zone.name), b.qtype, flags|transport.MixCase, func(response) {})
}
