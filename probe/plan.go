package probe

import (
	"fmt"
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
	looks  int       // how often they were asked, this time included

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

// deny notes that a TLD does not exist, as those said that were asked, or
// returns why they are not believed: the list of delegated TLDs may be out of
// date, but one server alone may as well be wrong.
func (r *run) deny(p *plan, said []delivery) error {
	by := said[0].from.name
	if len(said) == 1 && p.doubts(&said[0]) {
		return fmt.Errorf("%s alone denies the TLD %s, which is on the list of delegated ones", by, lastLabels(p.tld, 1))
	}
	p.nosuch, p.deniedBy, p.settled = true, by, r.now
	if near := candidate.Closest(p.tld); near != "" {
		r.p.hintOnce("tld "+p.tld, fmt.Sprintf("did you mean the TLD %s in place of %s?", near, p.tld))
	}
	return nil
}

// doubts reports whether a denial of the TLD contradicts the list of delegated
// ones.
func (p *plan) doubts(d *delivery) bool {
	return d.Reply.SOA == 0 && candidate.IsTLD(lastLabels(p.tld, 1))
}

// noSuchTLD is the detail of a name under a TLD that does not exist.
func noSuchTLD(tld string) error {
	detail := fmt.Sprintf("the TLD %s does not exist", tld)
	if near := candidate.Closest(tld); near != "" {
		detail += "; did you mean " + near + "?"
	}
	return &candidate.Error{Reason: NoSuchTLD, Detail: detail}
}
