package probe

import (
	"strings"
	"time"

	"github.com/miekg/dns"

	"domprobe/probe/resolver"
	"domprobe/probe/transport"
)

// traceFrom returns what an engine of a server calls with its events.
func (r *run) traceFrom(s *server, stream bool) func(transport.Event) {
	if r.opts.Trace == nil {
		return nil
	}
	via := string(s.spec.Transport)
	if stream {
		via = string(resolver.TCP)
	}
	return func(ev transport.Event) {
		r.emit(s.name, via, ev.Name, ev.Type, ev.Rule != "", "ignored: "+ev.Rule, ev.Msg)
	}
}

// traceReply tells which rule decided about a reply on a name.
func (r *run) traceReply(f *flight, d *delivery, ru ruling) {
	if r.opts.Trace == nil {
		return
	}
	rule := ru.rule
	if ru.action == settle {
		rule = ru.verdict.String() + ": " + rule
	} else {
		rule = "no verdict: " + rule
	}
	r.emit(f.server.name, via(d), f.Name, f.qtype, true, rule, d.Msg)
}

// traceControls tells the outcome of a server's controls.
func (r *run) traceControls(c *controls, outcome string) {
	if r.opts.Trace != nil {
		r.emit(c.server.name, string(c.server.spec.Transport), c.scope.name, 0, true, outcome, nil)
	}
}

// traceInquiry tells what became of a question of the run's own. A control is
// judged with the others of its server: see traceControls.
func (r *run) traceInquiry(in *inquiry, d delivery) {
	if r.opts.Trace == nil {
		return
	}
	rule := "control"
	if d.Failure != transport.None {
		rule += ": " + d.Failure.String()
	}
	r.emit(in.server.name, via(&d), in.q.Name, in.q.Type, true, rule, d.Msg)
}

// traceFailure tells that a question about a name has no reply.
func (r *run) traceFailure(f *flight, d *delivery) {
	if r.opts.Trace == nil {
		return
	}
	rule := "no reply: " + d.Failure.String()
	if d.Err != nil {
		rule += ": " + d.Err.Error()
	}
	r.emit(f.server.name, via(d), f.Name, f.qtype, true, rule, d.Msg)
}

func via(d *delivery) string {
	if d.stream {
		return string(resolver.TCP)
	}
	return string(d.from.spec.Transport)
}

func (r *run) emit(server, via, name string, qtype uint16, response bool, rule string, m *dns.Msg) {
	ev := Event{
		At: time.Now(), Server: server, Transport: via, Name: name, Type: qtype, Response: response,
	}
	if response {
		ev.Rule, ev.Message = rule, oneLine(m)
	}
	r.opts.Trace(ev)
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
