package probe

import (
	"github.com/miekg/dns"

	"domprobe/probe/transport"
)

// isInquiry marks the token of a question that is not about a candidate.
const isInquiry = 1 << 31

// An inquiry is a question of the run's own: a control, or one that finds a
// registry's servers.
type inquiry struct {
	server *server
	q      transport.Question
	then   func(delivery)
	stream bool
	once   bool // not to be asked in another way
	failed int  // SERVFAIL, REFUSED and the like

	slipped bool // came truncated, so that the stream is not its last chance
}

// inquire asks a server, with every transport and repetition that it takes,
// and calls then with the last outcome. Inquiries go ahead of what waits.
func (r *run) inquire(s *server, q transport.Question, then func(delivery)) {
	q.Flags |= transport.Patient
	q.Tries = uint8(r.opts.Tries)
	r.begin(inquiry{server: s, q: q, then: then})
}

// inquireOnce is inquire for a question that can do without an answer: one
// packet, and whatever comes of it.
func (r *run) inquireOnce(s *server, q transport.Question, then func(delivery)) {
	r.begin(inquiry{server: s, q: q, then: then, once: true})
}

func (r *run) begin(in inquiry) {
	var i uint32
	if n := len(r.freeInquiries); n > 0 {
		i = r.freeInquiries[n-1]
		r.freeInquiries = r.freeInquiries[:n-1]
	} else {
		r.inquiries = append(r.inquiries, inquiry{})
		i = uint32(len(r.inquiries) - 1)
	}
	in.q.Flags |= transport.Urgent
	r.inquiries[i] = in
	r.sendInquiry(i)
}

func (r *run) sendInquiry(i uint32) {
	in := &r.inquiries[i]
	in.q.Token = isInquiry | i
	if in.stream {
		in.q.Flags &^= transport.MixCase
	}
	in.server.send(in.q, in.stream)
	r.touch(in.server)
}

// answered takes the outcome of an inquiry.
func (r *run) answered(i uint32, d delivery) {
	in := &r.inquiries[i]
	r.traceInquiry(in, d)
	if again, pause := r.retry(in, d); again {
		if pause {
			r.laterInquiry(i, in.failed)
		} else {
			r.sendInquiry(i)
		}
		return
	}
	if in.slipped && d.Failure != transport.None && d.Failure != transport.Closed {
		d.Failure = transport.Truncated // which tells more than how the stream failed
	}
	then := in.then
	*in = inquiry{}
	r.freeInquiries = append(r.freeInquiries, i)
	then(d)
}

// retry reports whether the question is worth asking in another way, which it
// prepares, and whether that should wait a little.
func (r *run) retry(in *inquiry, d delivery) (again, pause bool) {
	if in.once {
		return false, false
	}
	if in.server.losesCase(in.q.Flags, &d.Outcome) {
		in.q.Flags &^= transport.MixCase
		return true, false
	}
	switch d.Failure {
	case transport.None:
	case transport.Closed:
		return false, false
	case transport.Unreachable, transport.Offline:
		r.unreachable(in.server, d.Err)
		in.failed++
		if in.failed == r.opts.Tries && !in.slipped {
			return in.overStream(), false
		}
		in.stream = in.stream && !in.slipped
		return in.failed < r.opts.Tries, true
	default:
		in.slipped = in.slipped || d.Failure == transport.Slipped || d.Failure == transport.Truncated
		if in.stream && in.slipped {
			// What a limit slips over UDP comes through the next time.
			in.failed++
			in.stream = false
			return in.failed < r.opts.Tries, true
		}
		return in.overStream(), false
	}
	switch d.Reply.Rcode {
	case dns.RcodeSuccess, dns.RcodeNameError:
		if in.q.Flags&transport.EDNS == 0 {
			in.server.noEDNS = true
		}
		return false, false
	case dns.RcodeFormatError, dns.RcodeNotImplemented, dns.RcodeBadVers:
		again = in.q.Flags&transport.EDNS != 0
		in.q.Flags &^= transport.EDNS | transport.DO | transport.Cookie
		return again, false
	case dns.RcodeServerFailure, dns.RcodeRefused:
		in.failed++
		return in.failed < r.opts.Tries, true
	}
	return false, false
}

// overStream turns to the server's stream, and reports whether that is new.
func (in *inquiry) overStream() bool {
	again := !in.stream && in.server.stream != nil
	in.stream, in.q.Tries = true, 2
	return again
}
