package probe

import (
	"fmt"

	"github.com/miekg/dns"

	"domprobe/probe/transport"
)

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
		return
	}
	switch {
	case good:
		r.hijacks(suspects[0]) // and compares the others again
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

// compareDeniers settles what servers say to whom the TLD does not exist. The
// failure of one compares the others again.
func (r *run) compareDeniers(sc *scope, deniers []*controls, exists bool) {
	one := deniers[0]
	if exists {
		r.fail(one, Disagreement, fmt.Errorf("%s denies %s, which others know", one.server.name, sc.name))
		return
	}
	var said []delivery
	for _, c := range deniers {
		said = append(said, c.exists)
	}
	if err := r.deny(sc.plan, said); err != nil {
		r.fail(one, Disagreement, err)
		return
	}
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
	outcome := "controls passed"
	if as == wildcard {
		outcome = "controls show a wildcard: the TLD answers for every name"
	}
	r.traceControls(c, outcome)
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
	outcome := "controls failed: " + string(reason)
	if err != nil {
		outcome += ": " + err.Error()
	}
	r.traceControls(c, outcome)
	switch reason {
	case Timeout, ServFail, Refused, Unreachable, BadResponse, Truncated:
		c.again = r.now.Add(lookAfter(c.looks))
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
