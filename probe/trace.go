package probe

import (
	"strings"
	"time"

	"github.com/miekg/dns"

	"domprobe/candidate"
	"domprobe/probe/internal/trust"
	"domprobe/probe/resolver"
	"domprobe/probe/transport"
)

// An Event is one query that was sent, or one response that came, with its
// effect.
type Event struct {
	At        time.Time
	Server    string
	Transport string // udp, tcp, tls, https
	Name      string // in the query
	Type      uint16 // in the query

	Response bool   // a response, or the end of the wait for one, rather than a query
	Control  bool   // a query of the run's own, or what the controls of a server show
	Ignored  bool   // a message that is no response to the query
	Failure  string // no response that counts: "no response in time", ...

	Candidate candidate.Candidate // whose query it is; zero for a control
	Verdict   Verdict             // that the response gives, as far as the server is believed
	Reason    Reason              // of the verdict, or why there is none
	RTT       time.Duration       // of a response

	Rule    string // for people: the rule that accepted or rejected the response
	Message string // for people: the sections of the response on one line
}

// A tracer tells what is sent and received. It does nothing without a function.
type tracer struct{ emit func(Event) }

// from returns the function that an engine of a server calls with its events.
func (t *tracer) from(s *server, tcp bool) func(transport.Event) {
	if t.emit == nil {
		return nil
	}
	via := string(s.spec.Transport)
	if tcp {
		via = string(resolver.TCP)
	}
	return func(ev transport.Event) {
		out := Event{At: time.Now(), Server: s.name, Transport: via, Name: ev.Name, Type: ev.Type}
		if ev.Rule != "" {
			out.Response, out.Ignored, out.Rule, out.Message = true, true, "ignored: "+ev.Rule, oneLine(ev.Msg)
		}
		t.emit(out)
	}
}

// response is the event of an outcome.
func (t *tracer) response(q *query, d *delivery) Event {
	ev := Event{
		At: time.Now(), Server: d.from.name, Transport: via(d), Name: q.Name, Type: q.qtype, Response: true,
		RTT: d.RTT, Message: oneLine(d.Msg), Candidate: q.Candidate,
	}
	if d.Failure != transport.None {
		ev.Failure, ev.Reason = d.Failure.String(), failureReason(d.Failure)
	}
	return ev
}

// ruling tells which rule decided about a response about a name.
func (t *tracer) ruling(q *query, d *delivery, ru trust.Ruling) {
	if t.emit == nil {
		return
	}
	ev := t.response(q, d)
	ev.Verdict, ev.Reason, ev.Rule = Verdict(ru.Verdict), ru.Reason, "no verdict: "+ru.Rule
	if ru.Action == trust.Settle {
		ev.Rule = ev.Verdict.String() + ": " + ru.Rule
	}
	t.emit(ev)
}

// control tells the outcome of a control.
func (t *tracer) control(q *query, d *delivery) {
	if t.emit == nil {
		return
	}
	ev := t.response(q, d)
	ev.Control, ev.Rule = true, "control"
	if d.Failure != transport.None {
		ev.Rule += ": " + ev.Failure
	}
	t.emit(ev)
}

// finding tells what the controls of a server show. The event has no Type, and
// its Name is the TLD or zone that the controls are about.
func (t *tracer) finding(b *bench) {
	if t.emit == nil {
		return
	}
	f := &b.finding
	ev := Event{
		At: time.Now(), Server: b.server.name, Transport: string(b.server.spec.Transport), Name: b.zone.name,
		Response: true, Control: true, Reason: f.Reason, Rule: "controls passed",
	}
	switch {
	case f.Standing == trust.Failed || f.Rewrites:
		ev.Rule = "controls failed: " + string(f.Reason)
		if f.Err != nil {
			ev.Rule += ": " + f.Err.Error()
		}
	case f.Wildcard:
		ev.Rule = "controls show a wildcard: the TLD answers for every name"
	}
	t.emit(ev)
}

// failure tells that a query about a name has no response.
func (t *tracer) failure(q *query, d *delivery) {
	if t.emit == nil {
		return
	}
	ev := t.response(q, d)
	ev.Rule = "no reply: " + ev.Failure
	if d.Err != nil {
		ev.Rule += ": " + d.Err.Error()
	}
	t.emit(ev)
}

func via(d *delivery) string {
	if d.tcp {
		return string(resolver.TCP)
	}
	return string(d.from.spec.Transport)
}

// oneLine is a message in short: RCODE, flags, and the records of its sections.
func oneLine(m *dns.Msg) string {
	if m == nil {
		return ""
	}
	var b strings.Builder
	b.WriteString(dns.RcodeToString[m.Rcode])
	for _, flag := range []struct {
		set  bool
		name string
	}{{m.Authoritative, " aa"}, {m.Truncated, " tc"}, {m.RecursionAvailable, " ra"}, {m.AuthenticatedData, " ad"}} {
		if flag.set {
			b.WriteString(flag.name)
		}
	}
	for _, section := range []struct {
		name string
		rrs  []dns.RR
	}{{"answer", m.Answer}, {"authority", m.Ns}, {"additional", m.Extra}} {
		sep := "; " + section.name + ": "
		for _, rr := range section.rrs {
			if _, ok := rr.(*dns.OPT); ok {
				continue
			}
			b.WriteString(sep + strings.Join(strings.Fields(rr.String()), " "))
			sep = ", "
		}
	}
	b.WriteString(options(m))
	return b.String()
}

// options tells what an OPT record says beyond its being there.
func options(m *dns.Msg) (text string) {
	opt := m.IsEdns0()
	if opt == nil {
		return ""
	}
	for _, o := range opt.Option {
		if ede, ok := o.(*dns.EDNS0_EDE); ok {
			text += "; EDE " + ede.String()
		}
	}
	return text
}
