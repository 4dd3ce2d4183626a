package trust

import (
	"slices"

	"github.com/miekg/dns"

	"domprobe/probe/transport"
)

// A Mark is what the response to one canary shows.
type Mark uint8

const (
	Unclear Mark = iota // nothing: another canary has to tell
	Truth
	Lie
)

// NegativeCanary marks a response about a fresh label: the server must not
// find it. A single one may be registered by chance; see [MaxFresh].
func NegativeCanary(q *Query, d *Response) Mark {
	if reason, _ := d.Trouble(); reason != "" {
		return Unclear
	}
	switch ru := Judge(q, &d.Reply); {
	case ru.Verdict == Found:
		return Lie
	case ru.Verdict == NotFound, ru.Reason == Stale:
		return Truth
	case q.Wildcard, q.Rewrites:
		return Truth // not found, and not believed to be free
	case ru.Reason == InZone:
		return Lie
	}
	return Unclear
}

// PositiveCanary marks a response about a name that exists, asked like every
// name: the server must not deny it.
func PositiveCanary(q *Query, d *Response) Mark {
	if reason, _ := d.Trouble(); reason != "" {
		return Unclear
	}
	switch ru := Judge(q, &d.Reply); {
	case ru.Verdict == Found, ru.Reason == InZone:
		return Truth
	case ru.Verdict == NotFound, ru.Reason == Stale:
		return Lie
	}
	return Unclear
}

// OtherCanary marks a response about a name that exists, asked of a resolver
// with a type that the run has not asked before, so that no cache answers.
// The servers of the name answer it, well or badly, but NXDOMAIN with the SOA
// of the registry zone is a lie whatever the type (RFC 2308 section 5).
func OtherCanary(q *Query, d *Response) Mark {
	if reason, _ := d.Trouble(); reason != "" || ByPolicy(&d.Reply) {
		return Unclear
	}
	r := &d.Reply
	switch {
	case r.Rcode == dns.RcodeSuccess:
		return Truth
	case r.SOA == q.Zone && r.Answer == 0:
		return Lie
	case r.SOA > q.Zone || r.SOA == transport.Below:
		return Truth
	}
	return Unclear
}

// RecheckCanary marks another response about a fresh label that the server has found.
// A resolver is asked with another type then, as a cache may keep the lie.
func RecheckCanary(q *Query, d *Response) Mark {
	if !q.Registry {
		return OtherCanary(q, d)
	}
	switch NegativeCanary(q, d) {
	case Truth:
		return Lie
	case Lie:
		return Truth
	}
	return Unclear
}

// A Canary is the kind of one canary.
type Canary uint8

const (
	Fresh   Canary = iota // [NegativeCanary]
	Same                  // [PositiveCanary]
	Other                 // [OtherCanary]
	Recheck               // [RecheckCanary]
)

// A Look gathers the canaries of one look at a server that has been believed.
type Look struct {
	Founds    bool // verdicts found wait for it: the server must deny fresh labels
	NotFounds bool // verdicts not-found wait: the server must not deny names that exist
	Sames     int  // names at hand that can be asked like every name
	Others    int  // names at hand that can be asked with another type
	Both      bool // ask in both ways from the start
	Need      int  // how many names that exist the server must not deny; 0 is 1
	Fresh     int  // how many fresh labels it must deny, but for those that are registered; less than 1 is 1

	marks [4]struct{ truth, lie, unclear int } // by Canary
	why   Reason                               // of the last unclear response

	clear, unclear int // fresh labels before this round
}

// Note takes in the mark of a canary; why is the reason of an unclear one.
func (l *Look) Note(c Canary, m Mark, why Reason) {
	n := &l.marks[c]
	switch m {
	case Truth:
		n.truth++
	case Lie:
		n.lie++
	default:
		n.unclear++
		if why != "" {
			l.why = why
		}
	}
}

// Proven is how many names that exist the server has not denied.
func (l *Look) Proven() int { return l.marks[Same].truth + l.marks[Other].truth }

// maxUnclear is how many canaries of one kind may stay unclear.
const maxUnclear = 3

// Next returns the canaries to be sent once each of those before has its mark.
// Without any the look is over: reason is empty if it passed.
func (l *Look) Next() (ask []Canary, reason Reason) {
	if l.marks[Same].lie+l.marks[Other].lie > 0 {
		return nil, DeniesKnown
	}
	if l.marks[Recheck].lie > 0 {
		return nil, Hijacked
	}
	if l.Founds {
		more, reason := l.negative()
		if reason != "" {
			return nil, reason
		}
		ask = append(ask, more...)
	}
	if l.NotFounds {
		more, reason := l.positive()
		if reason != "" {
			return nil, reason
		}
		ask = append(ask, more...)
	}
	return ask, ""
}

// maxRound is how many fresh labels are asked about at a time: a resolver with a cold cache
// does not take many.
const maxRound = 4

// negative asks about fresh labels until one is denied, and about as many as Fresh says. If
// others were found, the last of them is asked about again then: it may exist by chance, but
// if it is denied now, the server has lied.
func (l *Look) negative() (ask []Canary, reason Reason) {
	n, again := &l.marks[Fresh], &l.marks[Recheck]
	switch {
	case n.truth > 0 && n.lie > 0 && again.truth == 0 && again.unclear < maxUnclear:
		return []Canary{Recheck}, ""
	case n.truth > 0 && n.truth+n.lie == l.clear && n.unclear >= l.unclear+maxUnclear:
		return nil, l.trouble() // it has ceased to respond meanwhile
	case n.truth > 0:
		l.clear, l.unclear = n.truth+n.lie, n.unclear
		return repeat(Fresh, min(l.Fresh-n.truth-n.lie-n.unclear, maxRound)), ""
	case n.lie >= MaxFresh:
		return nil, Hijacked
	case n.unclear >= maxUnclear+n.lie:
		return nil, l.trouble()
	case n.lie > 0: // by chance, so far
		return repeat(Fresh, min(max(n.lie, 2), MaxFresh-n.lie)), ""
	}
	return repeat(Fresh, min(max(l.Fresh-n.unclear, 1), maxRound)), ""
}

// repeat returns n canaries of a kind.
func repeat(c Canary, n int) []Canary { return slices.Repeat([]Canary{c}, max(n, 0)) }

// positive asks for a name that exists until one is truth: first with another
// type, which no cache can answer, and like every name if that stays unclear or
// if Both is set. Then it asks about as many more as Need says.
func (l *Look) positive() (ask []Canary, reason Reason) {
	same, other := &l.marks[Same], &l.marks[Other]
	if truths := same.truth + other.truth; truths > 0 {
		ask = repeat(Same, min(l.Need-truths, l.Sames-truths-same.unclear))
		if len(ask) > 0 && same.unclear > maxUnclear {
			return nil, l.trouble()
		}
		return ask, ""
	}
	first := same.unclear+other.unclear == 0
	if other.unclear < min(maxUnclear, l.Others) {
		ask = append(ask, Other)
	}
	if same.unclear < min(maxUnclear, l.Sames) && (!first || l.Both || l.Others == 0) {
		ask = append(ask, Same)
	}
	if len(ask) == 0 && !first {
		return nil, l.trouble()
	}
	return ask, ""
}

// trouble is the reason of a look that no canary made clear.
func (l *Look) trouble() Reason {
	if l.why == "" {
		return BadResponse
	}
	return l.why
}
