package trust

import (
	"fmt"

	"github.com/miekg/dns"

	"domprobe/probe/transport"
)

// A Response is the outcome of one control.
type Response struct {
	Failure transport.Failure
	Err     error // the detail of a failure
	Reply   transport.Reply
}

// Trouble is the reason why a control has no usable response, and empty if it
// has one.
func (d *Response) Trouble() (Reason, error) {
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

// MaxFresh is how many fresh labels a server must call registered, one after
// the other, before it is held for one that does so with every name. Under a
// TLD where half of such labels are registered, chance does it once in a million
// looks.
const MaxFresh = 20

// Controls are the controls of one server for one TLD with their outcomes so
// far.
type Controls struct {
	Server   string          // names the server in errors
	Zone     string          // the TLD; of an authoritative server, the registry zone
	Depth    transport.Depth // labels of Zone
	Registry bool            // an authoritative server of the registry

	Qtype  uint16     // of the queries about names: DS, or NS
	Exists Response   // SOA of Zone
	Fresh  []Response // Qtype of fresh labels that look like the candidates'
	Long   Response   // A of a label too long to be registered; resolvers only
	Known  []Response // Qtype of names that are known to exist
	Other  []Response // the first of them in another form, which no cache holds; resolvers only
	Serial uint32     // in Exists

	Retyped   bool // NS has taken the place of DS
	Signed    bool // the last of Fresh was asked with DO=1
	MoreKnown bool // there are more known names to ask about
	Heard     bool // a response that waits says found
}

// A Standing is how far a server can be believed about a TLD.
type Standing uint8

const (
	Pending   Standing = iota // controls are to be answered; Finding.Ask says which are to be sent
	Suspect                   // does not deny names that cannot exist: to be compared with other servers
	DeniesTLD                 // says that the TLD does not exist: to be compared as well
	Passed                    // can be believed
	Rewriter                  // makes up answers: believed only as far as it cannot make up a response
	Failed                    // cannot be believed, or not reached
)

// An Ask is a further control that a finding needs.
type Ask uint8

const (
	AskNothing Ask = iota
	AskFresh       // more fresh labels
	AskNS          // a fresh label with type NS in place of DS
	AskSigned      // a fresh label with DO=1 (RFC 9824 section 3.1)
	AskKnown       // the other known names
)

// A Finding is what controls show.
type Finding struct {
	Standing Standing
	Ask      Ask    // if Pending
	Reason   Reason // if Failed
	Err      error  // the detail of Reason
	ByRoot   bool   // if DeniesTLD: the root denies it
	Signed   bool   // queries need DO=1, because only NSEC tells that a name does not exist
	Belief
}

func failed(reason Reason, err error) Finding {
	return Finding{Standing: Failed, Reason: reason, Err: err}
}

func (c *Controls) failed(reason Reason, format string) Finding {
	return failed(reason, fmt.Errorf(format, c.Server, c.Zone))
}

// Finding decides what the controls show, once each of them has an outcome.
func (c *Controls) Finding() Finding {
	if reason, err := c.Exists.Trouble(); reason != "" {
		return failed(reason, err)
	}
	var f Finding
	if c.Registry {
		f = c.ofRegistry()
	} else {
		f = c.ofResolver()
	}
	if f.Standing == Passed {
		f = c.knows(f)
	}
	return f
}

func (c *Controls) ofResolver() Finding {
	e := &c.Exists.Reply
	zone := c.Depth
	switch {
	case ByPolicy(e):
		return c.failed(Filtered, "%s answers SOA of %s by a policy of its own")
	case e.Answer&transport.AnswerAddress != 0:
		return c.failed(Hijacked, "%s makes up an address for %s")
	case e.Answer&transport.AnswerAlias != 0:
		return c.failed(BadResponse, "%s answers with an alias for %s, which tells no zone")
	case DenialOfTLD(e, c.Depth):
		return Finding{Standing: DeniesTLD, ByRoot: e.SOA == 0}
	case e.Rcode == dns.RcodeNameError:
		return c.failed(Filtered, "%s denies %s without the SOA that belongs to a negative response")
	case e.Answer&transport.AnswerSOA != 0:
	case e.Answer == 0 && e.SOA > 0 && e.SOA < c.Depth:
		zone = e.SOA
	default:
		return c.failed(BadResponse, "%s does not say which zone %s is in")
	}
	f := c.denies(zone)
	f.Zone = zone
	return f
}

// denied is the response about a fresh label that says most: a negative one,
// else the last that is usable, else any.
func (c *Controls) denied(zone transport.Depth) *Response {
	best := &c.Fresh[len(c.Fresh)-1]
	for i := range c.Fresh {
		d := &c.Fresh[i]
		if reason, _ := d.Trouble(); reason != "" {
			continue
		}
		if d.Reply.Rcode == dns.RcodeNameError && d.Reply.SOA == zone {
			return d
		}
		if reason, _ := best.Trouble(); reason != "" {
			best = d
		}
	}
	return best
}

// denies decides about names that do not exist, at a resolver.
func (c *Controls) denies(zone transport.Depth) Finding {
	fresh := c.denied(zone)
	if reason, err := fresh.Trouble(); reason != "" {
		if !c.Retyped {
			return Finding{Ask: AskNS} // some resolvers cannot do DS
		}
		return failed(reason, err)
	}
	if reason, err := c.Long.Trouble(); reason != "" {
		return failed(reason, err)
	}
	d, a := &fresh.Reply, &c.Long.Reply
	switch {
	case a.Rcode == dns.RcodeNameError && d.Rcode == dns.RcodeNameError:
		return c.deniesBoth(zone, d, a)
	case d.Rcode == dns.RcodeNameError:
		return c.rewriter(d) // addresses are made up, while DS is denied
	case a.Rcode == dns.RcodeNameError && len(c.Fresh) < MaxFresh:
		return Finding{Ask: AskFresh} // these labels may be registered
	case d.Answer == 0 && d.SOA != zone && d.SOA != transport.Absent && a.Answer&transport.AnswerAddress != 0:
		return c.rewriter(d) // no wildcard of the registry's answers like this
	case d.Answer == 0 && !c.Signed:
		return Finding{Ask: AskSigned}
	case d.Bits&transport.NXName != 0 && d.Answer == 0 && d.SOA == zone && !ByPolicy(d):
		return Finding{Standing: Passed, Signed: true}
	}
	return c.suspect(d)
}

func (c *Controls) deniesBoth(zone transport.Depth, d, a *transport.Reply) Finding {
	policy := func(p *transport.Reply) bool { return ByPolicy(p) || p.SOA == transport.Absent }
	switch {
	case policy(d) || policy(a):
		return c.failed(Filtered, "%s denies names under %s without the registry's SOA")
	case d.Answer|a.Answer != 0 || d.SOA != zone || a.SOA != zone:
		return c.failed(BadResponse, "%s denies names under %s with the SOA of another zone")
	}
	return Finding{Standing: Passed}
}

// suspect is the finding about a server that answers for every name, as a
// rewriting resolver does and every server of a wildcard TLD.
func (c *Controls) suspect(d *transport.Reply) Finding {
	f := c.rewriter(d)
	f.Standing = Suspect
	return f
}

func (c *Controls) rewriter(d *transport.Reply) Finding {
	return Finding{
		Standing: Rewriter, Reason: Hijacked, Err: fmt.Errorf("%s makes up answers", c.Server),
		Belief: Belief{Rewrites: true, MakesUp: *d},
	}
}

func (c *Controls) ofRegistry() Finding {
	e := &c.Exists.Reply
	if e.Bits&transport.AA == 0 || e.Answer&transport.AnswerSOA == 0 {
		return c.failed(Lame, "%s does not serve %s")
	}
	fresh := c.denied(c.Depth)
	if reason, err := fresh.Trouble(); reason != "" {
		return failed(reason, err)
	}
	d := &fresh.Reply
	authoritative := d.Bits&transport.AA != 0 && d.Answer == 0 && d.SOA == c.Depth
	f := Finding{Standing: Passed, Belief: Belief{Zone: c.Depth, Recurses: d.Bits&transport.RA != 0}}
	switch {
	case authoritative && d.Rcode == dns.RcodeNameError:
		return f
	case d.Rcode == dns.RcodeSuccess && d.NS == c.Depth+1 && len(c.Fresh) < MaxFresh:
		f.Standing, f.Ask = Pending, AskFresh
		return f
	case !authoritative || d.Rcode != dns.RcodeSuccess:
		return c.failed(BadResponse, "%s does not deny names that cannot exist under %s")
	case d.Bits&transport.NXName != 0:
		f.Signed = true
		return f
	case !c.Signed:
		f.Standing, f.Ask = Pending, AskSigned
		return f
	}
	f = c.suspect(d)
	f.Zone = c.Depth
	return f
}

// knows completes the finding of a server that denies names that do not exist:
// it must not deny those that do.
func (c *Controls) knows(f Finding) Finding {
	q := c.query(&f)
	truths, lies := 0, 0
	for i := range c.Known {
		switch PositiveCanary(&q, &c.Known[i]) {
		case Truth:
			truths++
		case Lie:
			lies++
		}
	}
	for i := range c.Other {
		if PositiveCanary(&q, &c.Known[0]) == Truth && OtherCanary(&q, &c.Other[i]) == Lie {
			return c.failed(DeniesKnown, "%s denies names under %s that exist, and that it knew before")
		}
	}
	switch {
	case lies == 0 || truths > 0:
		return f
	case c.MoreKnown:
		f.Standing, f.Ask = Pending, AskKnown
		return f
	case c.Heard && lies < 2: // the list may be out of date
		return f
	}
	return c.failed(DeniesKnown, "%s denies every name under %s that is known to exist")
}

// query is the query about a known name.
func (c *Controls) query(f *Finding) Query {
	// With DO=1 the rules do not ask for the type bitmap besides.
	return Query{Name: c.Depth + 1, Qtype: c.Qtype, Flags: transport.DO, Registry: c.Registry, Belief: f.Belief}
}

// Knows returns the numbers of the known names that the server says exist.
func (c *Controls) Knows(f *Finding) (numbers []int) {
	q := c.query(f)
	for k := range c.Known {
		if PositiveCanary(&q, &c.Known[k]) == Truth {
			numbers = append(numbers, k)
		}
	}
	return numbers
}

// WildcardFinding completes a suspicion once it is clear that the TLD answers
// for every name: NS of a label that cannot exist tells whether NS records
// show the names that are registered.
func (c *Controls) WildcardFinding(ns *Response, f Finding) Finding {
	d := &ns.Reply
	// The SOA of the name itself would make every name look like a zone.
	ofRegistry := d.SOA > 0 && d.SOA <= c.Depth
	if ns.Failure != transport.None || d.Answer != 0 || d.NS != transport.Absent ||
		!ofRegistry && d.SOA != transport.Absent {
		return failed(Wildcard, nil)
	}
	f = Finding{Standing: Passed, Belief: Belief{Zone: f.Zone, Wildcard: true, Recurses: f.Recurses}}
	if ofRegistry {
		f.Zone = d.SOA
	}
	return f
}
