package probe

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/miekg/dns"

	"domprobe/candidate"
	"domprobe/probe/transport"
)

// A plan is what a run knows about one TLD. It is made when the first name
// under the TLD arrives, and its questions travel beside that name's.
type plan struct {
	tld      string
	scope              // the given resolvers
	found    *registry // whose own servers can be asked; nil until needed
	nosuch   bool      // the TLD does not exist
	deniedBy string    // the server that said so
	settled  time.Time // when it did, in this loop
}

// A scope is a set of servers that can decide about the names of one TLD, with
// the controls of those that were asked.
type scope struct {
	name     string // the TLD, or for a registry its zone
	registry bool   // the servers are the registry's own
	plan     *plan  // nil for a registry
	servers  []*server
	controls map[*server]*controls
	recent   *controls // that were looked up last
}

// controls are the questions that show whether a server can be believed about
// one TLD, and what came of them. Its word on a name is held until they have
// settled.
type controls struct {
	scope  *scope
	server *server
	status status
	reason Reason // if failed
	err    error
	again  time.Time // when failed controls may be tried again; zero is never

	settled time.Time // when they passed, in this loop

	zone     transport.Depth // of the registry zone
	qtype    uint16          // the question that decides
	signed   bool            // which needs DO=1, because denials show in NSEC only
	recurses bool            // a registry's server that sets RA

	left     int      // questions under way
	exists   delivery // SOA of the TLD
	denial   delivery // DS, or of a registry NS, of a name that cannot exist
	address  delivery // A of a name that cannot exist
	held     []uint32 // flights that wait
	retyped  bool     // NS was tried in place of DS
	resigned bool     // DO was tried
}

// A status is how far controls have come.
type status uint8

const (
	pending  status = iota
	suspect         // the negative control failed: to be compared with other servers
	denies          // says that the TLD does not exist: to be compared as well
	passed          // can be believed
	wildcard        // the TLD answers for every name
	failed          // cannot be believed, or not reached
)

// transient is how long failed controls are not tried again, if the failure
// may pass (RFC 9520 section 3.2 allows 1 s to 5 min).
const transient = 5 * time.Second

// of returns the controls of a server, and nil if it has none.
func (s *scope) of(srv *server) *controls {
	if s.recent == nil || s.recent.server != srv {
		s.recent = s.controls[srv]
	}
	return s.recent
}

func (s *scope) unusable(srv *server, now time.Time) bool {
	c := s.of(srv)
	return c != nil && c.status == failed && (c.again.IsZero() || now.Before(c.again))
}

// question is what to ask about a name.
func (c *controls) question() (qtype uint16, flags transport.Flags) {
	if c.server.registry {
		flags = transport.Cookie
	} else {
		flags = transport.RD
	}
	if !c.server.noEDNS {
		flags |= transport.EDNS
	}
	if c.signed {
		flags |= transport.DO | transport.EDNS
	}
	if c.server.mixCase {
		flags |= transport.MixCase
	}
	return c.qtype, flags
}

func (r *run) planOf(tld string) *plan {
	if r.lastPlan != nil && r.lastPlan.tld == tld {
		return r.lastPlan
	}
	p := r.plans[tld]
	if p == nil {
		p = &plan{tld: tld}
		p.scope = scope{name: tld, plan: p, servers: r.servers, controls: map[*server]*controls{}}
		r.plans[tld] = p
		r.recallPlan(p)
	}
	r.lastPlan = p
	return p
}

// controlsOf returns the controls of a server, started if there are none.
func (r *run) controlsOf(sc *scope, s *server) *controls {
	c := sc.of(s)
	if c != nil && (c.status != failed || sc.unusable(s, r.now)) {
		return c
	}
	c = &controls{scope: sc, server: s, qtype: dns.TypeDS}
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
	case e.Bits&transport.AA != 0 || e.Bits&transport.RA == 0 || e.Bits&transport.FakeSOA != 0 || e.EDE&edePolicy != 0:
		r.fail(c, Filtered, fmt.Errorf("%s answers SOA of %s by a policy of its own", c.server.name, c.scope.name))
	case e.Answer&(transport.AnswerAddress|transport.AnswerAlias) != 0:
		r.hijacks(c)
	case e.Rcode == dns.RcodeNameError && e.SOA >= 0 && e.SOA < tld:
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
	policy := func(p *transport.Reply) bool {
		return p.Bits&transport.AA != 0 || p.Bits&transport.RA == 0 || p.EDE&edePolicy != 0 ||
			p.Bits&transport.FakeSOA != 0 || p.SOA == transport.Absent
	}
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

// compare settles suspicions, once no other controls are under way that could
// tell a lying server from a TLD that is like that.
func (r *run) compare(sc *scope) {
	var suspects, deniers []*controls
	waiting, good := false, false
	for _, c := range sc.controls {
		switch c.status {
		case pending:
			waiting = true
		case suspect:
			suspects = append(suspects, c)
		case denies:
			deniers = append(deniers, c)
		case passed:
			good = true
		}
	}
	if len(suspects)+len(deniers) == 0 || r.moreOpinions(sc) || waiting {
		return
	}
	if len(deniers) > 0 {
		r.compareDeniers(sc, deniers, good || len(suspects) > 0)
	}
	switch {
	case good:
		for _, c := range suspects {
			r.hijacks(c)
		}
	case len(suspects) > 1 || sc.registry:
		for _, c := range suspects {
			r.isWildcard(c)
		}
	case len(suspects) == 1:
		r.checkRoot(suspects[0])
	}
}

// moreOpinions starts the controls of further servers, and reports whether it
// did.
func (r *run) moreOpinions(sc *scope) (started bool) {
	const opinions = 3
	for _, s := range sc.servers {
		if len(sc.controls) >= opinions {
			break
		}
		if sc.controls[s] == nil {
			r.controlsOf(sc, s)
			started = true
		}
	}
	return started
}

func (r *run) compareDeniers(sc *scope, deniers []*controls, exists bool) {
	if exists {
		for _, c := range deniers {
			r.fail(c, Disagreement, fmt.Errorf("%s denies %s, which others know", c.server.name, sc.name))
		}
		return
	}
	r.deny(sc.plan, deniers[0].server.name)
	for _, c := range sc.controls {
		r.release(c)
	}
}

// checkRoot asks a single resolver about a TLD that cannot exist: one that
// makes up answers does it there as well.
func (r *run) checkRoot(c *controls) {
	c.status = pending
	q := transport.Question{Name: nowhere(""), Type: dns.TypeA, Flags: transport.RD | transport.EDNS}
	r.inquire(c.server, q, func(d delivery) {
		if d.Failure == transport.None && d.Reply.Answer != 0 {
			r.hijacks(c)
		} else {
			r.isWildcard(c)
		}
	})
}

// isWildcard goes on with a TLD that answers for every name: only NS records
// tell there, unless there are NS records for every name too.
func (r *run) isWildcard(c *controls) {
	c.status, c.qtype = pending, dns.TypeNS
	_, flags := c.question()
	q := transport.Question{Name: nowhere(c.scope.name), Type: dns.TypeNS, Flags: flags}
	r.inquire(c.server, q, func(d delivery) {
		r.warnOnce("wildcard "+c.scope.name, fmt.Sprintf("%s answers for every name: what is not delegated there is unknown", c.scope.name))
		// The SOA has to be the registry's. One of the name itself would make
		// every name look like a zone.
		soa := d.Reply.SOA
		registrys := soa > 0 && soa <= depth(c.scope.name)
		if d.Failure != transport.None || d.Reply.Answer != 0 || d.Reply.NS != transport.Absent ||
			!registrys && soa != transport.Absent {
			r.fail(c, Wildcard, nil)
			return
		}
		if registrys {
			c.zone = soa
		}
		r.pass(c, wildcard)
	})
}

func (r *run) hijacks(c *controls) {
	r.warnOnce("hijack "+c.server.name, fmt.Sprintf("%s makes up answers for names that do not exist; it is not believed", c.server.name))
	r.fail(c, Hijacked, fmt.Errorf("%s makes up answers", c.server.name))
}

// pass settles controls well.
func (r *run) pass(c *controls, as status) {
	c.status, c.settled = as, r.now
	r.checkZones(c.scope)
	r.release(c)
	r.compare(c.scope)
}

// checkZones drops servers that name another registry zone than most.
func (r *run) checkZones(sc *scope) {
	zones := map[transport.Depth]int{}
	total := 0
	for _, c := range sc.controls {
		if c.status == passed {
			zones[c.zone]++
			total++
		}
	}
	if len(zones) < 2 {
		return
	}
	for _, c := range sc.controls {
		if c.status == passed && zones[c.zone]*2 <= total {
			r.fail(c, Disagreement, fmt.Errorf("%s and others disagree about the zone of %s", c.server.name, sc.name))
		}
	}
}

// fail settles controls badly.
func (r *run) fail(c *controls, reason Reason, err error) {
	c.status, c.reason, c.err = failed, reason, err
	switch reason {
	case Timeout, ServFail, Refused, Unreachable, BadResponse, Truncated:
		c.again = r.now.Add(transient)
	case Filtered:
		r.warnOnce("filter "+c.server.name, err.Error())
	}
	r.opts.Log.Debug("controls failed", "server", c.server.name, "zone", c.scope.name, "reason", string(reason))
	r.release(c)
	r.compare(c.scope)
}

// release judges what waited for controls.
func (r *run) release(c *controls) {
	held := c.held
	c.held = nil
	for _, i := range held {
		d := r.flights[i].held
		r.flights[i].held = delivery{}
		r.judge(i, &d)
	}
}

// trouble is why a control question has no usable answer, and empty if it has.
func (d *delivery) trouble() (Reason, error) {
	switch d.Failure {
	case transport.None:
	case transport.Timeout:
		return Timeout, d.Err
	case transport.BadResponse:
		return BadResponse, d.Err
	case transport.Truncated, transport.Slipped:
		return Truncated, d.Err
	default:
		return Unreachable, d.Err
	}
	switch d.Reply.Rcode {
	case dns.RcodeSuccess, dns.RcodeNameError:
		return "", nil
	case dns.RcodeServerFailure:
		return ServFail, nil
	case dns.RcodeRefused:
		return Refused, nil
	}
	return BadResponse, nil
}

// deny notes that a TLD does not exist, and who said so.
func (r *run) deny(p *plan, by string) {
	p.nosuch, p.deniedBy, p.settled = true, by, r.now
	if near := candidate.Closest(p.tld); near != "" {
		r.p.hintOnce("tld "+p.tld, fmt.Sprintf("did you mean the TLD %s in place of %s?", near, p.tld))
	}
}

// noSuchTLD is the detail of a name under a TLD that does not exist.
func noSuchTLD(tld string) error {
	detail := fmt.Sprintf("the TLD %s does not exist", tld)
	if near := candidate.Closest(tld); near != "" {
		detail += "; did you mean " + near + "?"
	}
	return &candidate.Error{Reason: NoSuchTLD, Detail: detail}
}
