package probe

import (
	"errors"
	"time"

	"github.com/miekg/dns"

	"domprobe/candidate"
	"domprobe/probe/internal/trust"
	"domprobe/probe/transport"
)

// A query is one query under way, with all of its repetitions: about a
// candidate, or a control, which is a query of the run's own to one server. Thousands
// wait at once, so the fields that each response needs come first.
type query struct {
	server  *server        // that is being asked, or was last
	then    func(response) // takes the last outcome of a control
	tried   []attempt
	qtype   uint16
	flags   transport.Flags
	sent    int32 // packets sent
	granted uint8 // tries of the packet under way
	tcp     bool  // over the server's TCP
	out     bool  // a packet is under way

	// Of a control.
	once  bool // not repeated after silence or a failure
	calm  bool // not ahead of what waits
	aside bool // about a name that is found; a time-out says nothing about the server
	brief bool // its last try waits no longer than the others

	one [1]attempt // where the first of tried is

	lookup // of a candidate

	outcome *delivery // the last one of a control
}

// A lookup is the part of a query that a candidate's has. A control has the Name.
type lookup struct {
	seq     uint32 // of the query's place, to tell an earlier lookup there
	landed  bool   // it has its result, and waits for its last outcome only
	working bool   // something of it is under way, and not only looks
	tld     *tld
	zone    *zone // whose servers are asked
	bench   *bench
	cover   *look // left behind the query; nil if none did

	held   int32 // votes that wait for a look
	votes  trust.Votes
	voters []string  // see voterOf; of those that have voted, if more than one has to
	best   *vote     // one that counts, while more are needed
	since  time.Time // when it began to wait for the network
	parks  int       // times that it waited for servers in trouble

	// The most telling failure so far.
	rcode  int // of the response of failed; negative is none
	reason Reason
	err    error
	failed *server

	candidate.Candidate
}

// An attempt is what one query has had from one server.
type attempt struct {
	server  *server
	times   int  // over its main transport
	silent  bool // no usable response came, so that TCP may help
	cut     bool // a response came truncated, so that TCP is next
	over    bool // it has nothing more to say
	unheard bool // a response was dropped, because the server is not believed
	lied    bool // it was dropped because the server lied: a cache may hold the lie
	tcp     bool // its TCP was asked, too
	paused  bool // it failed in a way that passes: not to be asked again at once
	extra   int  // queries repeated in another form
}

// at returns the attempt at a server.
func (q *query) at(s *server) *attempt {
	for i := range q.tried {
		if q.tried[i].server == s {
			return &q.tried[i]
		}
	}
	if q.tried == nil {
		q.tried = q.one[:0]
	}
	q.tried = append(q.tried, attempt{server: s})
	return &q.tried[len(q.tried)-1]
}

// A doing is what is done next with a query.
type doing uint8

const (
	giveUp doing = iota // no server is left
	ask                 // over the main transport of the server
	askTCP              // over its TCP
	pause               // and ask the server then
)

// A step is what is done next with a query, and with which server.
type step struct {
	do     doing
	server *server
}

// next says what is done next with a query, be it a candidate's or a control,
// when best is the best server that may still be asked over its main transport,
// and nil if there is none: first what came truncated is asked again over TCP,
// then each server over its main transport as often as it may be asked, then the
// TCP of those that were silent.
func (q *query) next(best *server) step {
	for i := range q.tried {
		if a := &q.tried[i]; a.cut && a.mayTCP() {
			return step{askTCP, a.server}
		}
	}
	if best != nil {
		for i := range q.tried {
			if a := &q.tried[i]; a.server == best && a.paused {
				return step{pause, best}
			}
		}
		return step{ask, best}
	}
	for i := range q.tried {
		if a := &q.tried[i]; a.silent && a.mayTCP() {
			return step{askTCP, a.server}
		}
	}
	return step{do: giveUp}
}

// mayTCP reports whether the server can be asked over TCP besides.
func (a *attempt) mayTCP() bool {
	return !a.over && !a.tcp && a.server.tcp != nil
}

// mayAsk reports whether the server may be asked over its main transport.
func (a *attempt) mayAsk(tries int) bool { return !a.over && a.times < tries }

// note takes in the outcome of a packet, and reports whether a response came
// that is to be read.
func (q *query) note(d *delivery, tries int) (heard bool) {
	q.sent += int32(d.Tries)
	a := q.at(q.server)
	a.paused, a.unheard = false, false
	if !q.tcp && d.Failure != transport.Offline {
		// More packets than were granted are sent while a limit drops some.
		a.times += min(max(int(d.Tries), 1), int(q.granted))
	}
	switch d.Failure {
	case transport.None:
		return true
	case transport.Truncated, transport.Slipped:
		a.silent, a.cut = true, true
		if a.tcp || q.server.tcp == nil {
			a.over = q.server.tcp == nil || a.times >= tries
		}
	case transport.Unreachable:
		a.silent = true
		a.mayPass(q.tcp, tries)
	case transport.Offline: // over TCP it is not tried again before the name has waited for the network
	default:
		a.silent = true
		if q.tcp {
			a.over = a.times >= tries
		}
	}
	return false
}

// renew lets all servers be asked again.
func (q *query) renew() {
	for i := range q.tried {
		a := &q.tried[i]
		*a = attempt{server: a.server, lied: a.lied, unheard: true}
	}
}

// mayPass notes a failure that may pass: the server can be asked again after
// a pause.
func (a *attempt) mayPass(tcp bool, tries int) {
	if a.times >= tries || tcp {
		a.over = a.times >= tries && (tcp || !a.silent)
		return
	}
	a.paused = true
}

// A response is the last outcome of a control.
type response struct{ *delivery }

// trust is the response as the rules of evidence take it.
func (d response) trust() trust.Response {
	return trust.Response{Failure: d.Failure, Err: d.Err, Reply: d.Reply}
}

func (d response) trouble() (Reason, error) {
	t := d.trust()
	return t.Trouble()
}

// wrongCase reports whether a query came to nothing because the server did not
// repeat the case of its letters.
func wrongCase(q *query, d *delivery) bool {
	return q.flags&transport.MixCase != 0 && d.Failure == transport.BadResponse && errors.Is(d.Err, transport.ErrWrongCase)
}

// failureReason is the reason of a packet without response.
func failureReason(f transport.Failure) Reason {
	switch f {
	case transport.Timeout:
		return Timeout
	case transport.BadResponse:
		return BadResponse
	case transport.Truncated, transport.Slipped:
		return Truncated
	}
	return Unreachable
}

// retry reports whether a response to a control asks for the same control once
// more, which it prepares: without OPT, or after a pause.
func (q *query) retry(d *delivery, tries int) bool {
	a := q.at(q.server)
	switch d.Reply.Rcode {
	case dns.RcodeFormatError, dns.RcodeNotImplemented, dns.RcodeBadVers:
		if q.flags&transport.EDNS == 0 {
			return false
		}
		q.flags &^= transport.EDNS | transport.DO | transport.Cookie
		a.times--
		return true
	case dns.RcodeServerFailure, dns.RcodeRefused:
		if q.once {
			return false
		}
		a.mayPass(q.tcp, tries)
		return a.paused
	}
	return false
}
