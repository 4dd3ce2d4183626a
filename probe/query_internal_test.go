package probe

import (
	"testing"

	"github.com/miekg/dns"

	"domprobe/probe/transport"
)

// an engine that does nothing.
type noEngine struct{ transport.Engine }

// What is done next with a query.
func TestNext(t *testing.T) {
	udp, other := &server{name: "udp", tcp: noEngine{}}, &server{name: "other", tcp: noEngine{}}
	https := &server{name: "https"}
	for _, test := range []struct {
		name  string
		tried []attempt
		best  *server
		want  step
	}{
		{"nothing tried, nobody left", nil, nil, step{do: giveUp}},
		{"nothing tried", nil, udp, step{ask, udp}},
		{"truncated: TCP before any other server", []attempt{{server: udp, cut: true, silent: true}}, other, step{askTCP, udp}},
		{"truncated, TCP asked", []attempt{{server: udp, cut: true, silent: true, tcp: true}}, other, step{ask, other}},
		{"truncated, no TCP", []attempt{{server: https, cut: true, silent: true}}, other, step{ask, other}},
		{"truncated, and over", []attempt{{server: udp, cut: true, over: true}}, other, step{ask, other}},
		{"silent: the other server before TCP", []attempt{{server: udp, silent: true}}, other, step{ask, other}},
		{"silent: once more before TCP", []attempt{{server: udp, silent: true}}, udp, step{ask, udp}},
		{"all silent: TCP of the first", []attempt{{server: udp, silent: true}, {server: other, silent: true}}, nil, step{askTCP, udp}},
		{"all silent, TCP of the first asked", []attempt{{server: udp, silent: true, tcp: true}, {server: other, silent: true}}, nil, step{askTCP, other}},
		{"answered without a verdict: TCP says no more", []attempt{{server: udp}}, nil, step{do: giveUp}},
		{"silent and over", []attempt{{server: udp, silent: true, over: true}}, nil, step{do: giveUp}},
		{"silent, no TCP", []attempt{{server: https, silent: true}}, nil, step{do: giveUp}},
		{"failed, to be asked after a pause", []attempt{{server: udp, paused: true}}, udp, step{pause, udp}},
		{"failed, another is left", []attempt{{server: udp, paused: true}}, other, step{ask, other}},
	} {
		q := query{tried: test.tried}
		if got := q.next(test.best); got != test.want {
			t.Errorf("%s: %d of %v, want %d of %v", test.name, got.do, got.server, test.want.do, test.want.server)
		}
	}
}

// What a query remembers of the outcome of a packet.
func TestNote(t *testing.T) {
	const tries = 3
	for _, test := range []struct {
		name    string
		failure transport.Failure
		tcp     bool // asked over TCP
		hasTCP  bool
		before  attempt
		want    attempt
		heard   bool
	}{
		{"a response", transport.None, false, true, attempt{paused: true, unheard: true}, attempt{times: 1}, true},
		{"a response over TCP", transport.None, true, true, attempt{times: 2, tcp: true}, attempt{times: 2, tcp: true}, true},
		{"truncated", transport.Truncated, false, true, attempt{}, attempt{times: 1, silent: true, cut: true}, false},
		{"a slip", transport.Slipped, false, true, attempt{}, attempt{times: 1, silent: true, cut: true}, false},
		{"truncated without TCP", transport.Truncated, false, false, attempt{}, attempt{times: 1, silent: true, cut: true, over: true}, false},
		{"truncated, TCP has failed", transport.Slipped, false, true, attempt{tcp: true}, attempt{times: 1, silent: true, cut: true, tcp: true}, false},
		{"truncated for the last time, TCP has failed", transport.Slipped, false, true, attempt{times: 2, tcp: true}, attempt{times: 3, silent: true, cut: true, tcp: true, over: true}, false},
		{"silence", transport.Timeout, false, true, attempt{}, attempt{times: 1, silent: true}, false},
		{"garbage", transport.BadResponse, false, true, attempt{}, attempt{times: 1, silent: true}, false},
		{"silence over TCP, UDP may be asked again", transport.Timeout, true, true, attempt{times: 1, tcp: true}, attempt{times: 1, silent: true, tcp: true}, false},
		{"silence over TCP at last", transport.Timeout, true, true, attempt{times: 3, tcp: true}, attempt{times: 3, silent: true, tcp: true, over: true}, false},
		{"no way to it: after a pause", transport.Unreachable, false, true, attempt{}, attempt{times: 1, silent: true, paused: true}, false},
		{"no way to it at last: TCP", transport.Unreachable, false, true, attempt{times: 2}, attempt{times: 3, silent: true}, false},
		{"no way to it over TCP either", transport.Unreachable, true, true, attempt{times: 3, tcp: true}, attempt{times: 3, silent: true, tcp: true, over: true}, false},
		{"no network costs no try", transport.Offline, false, true, attempt{times: 2}, attempt{times: 2}, false},
		{"no network for TCP: not before the name has waited for it", transport.Offline, true, true, attempt{times: 2, tcp: true}, attempt{times: 2, tcp: true}, false},
	} {
		s := &server{}
		if test.hasTCP {
			s.tcp = noEngine{}
		}
		test.before.server, test.want.server = s, s
		q := query{server: s, tcp: test.tcp, granted: 1, tried: []attempt{test.before}}
		heard := q.note(&delivery{Outcome: transport.Outcome{Failure: test.failure, Tries: 1}}, tries)
		if heard != test.heard || q.tried[0] != test.want || q.sent != 1 {
			t.Errorf("%s: %t %+v, want %t %+v", test.name, heard, q.tried[0], test.heard, test.want)
		}
	}
	// A limit repeats packets that it drops: these are no tries of the query.
	s := &server{}
	q := query{server: s, granted: 2, tried: []attempt{{server: s}}}
	q.note(&delivery{Outcome: transport.Outcome{Failure: transport.Timeout, Tries: 9}}, tries)
	if q.tried[0].times != 2 || q.sent != 9 {
		t.Errorf("%d tries, %d packets", q.tried[0].times, q.sent)
	}
}

// A control is asked once more without OPT, and after a failure that may pass.
func TestRetry(t *testing.T) {
	const edns = transport.EDNS | transport.DO | transport.Cookie
	for _, test := range []struct {
		name   string
		rcode  uint16
		flags  transport.Flags
		once   bool
		times  int
		want   bool
		paused bool
		left   transport.Flags
		after  int
	}{
		{"an answer", dns.RcodeSuccess, edns, false, 1, false, false, edns, 1},
		{"denied", dns.RcodeNameError, edns, false, 1, false, false, edns, 1},
		{"FORMERR to OPT", dns.RcodeFormatError, edns | transport.RD, false, 1, true, false, transport.RD, 0},
		{"NOTIMP to OPT", dns.RcodeNotImplemented, edns, true, 1, true, false, 0, 0},
		{"BADVERS to OPT", dns.RcodeBadVers, edns, false, 1, true, false, 0, 0},
		{"FORMERR without OPT", dns.RcodeFormatError, transport.RD, false, 1, false, false, transport.RD, 1},
		{"SERVFAIL", dns.RcodeServerFailure, edns, false, 1, true, true, edns, 1},
		{"REFUSED", dns.RcodeRefused, edns, false, 1, true, true, edns, 1},
		{"SERVFAIL at last", dns.RcodeServerFailure, edns, false, 3, false, false, edns, 3},
		{"SERVFAIL to a control that can do without", dns.RcodeServerFailure, edns, true, 1, false, false, edns, 1},
	} {
		s := &server{}
		q := query{server: s, flags: test.flags, once: test.once, tried: []attempt{{server: s, times: test.times}}}
		d := &delivery{}
		d.Reply.Rcode = test.rcode
		got := q.retry(d, 3)
		if a := q.tried[0]; got != test.want || a.paused != test.paused || q.flags != test.left || a.times != test.after {
			t.Errorf("%s: %t, flags %x, %+v", test.name, got, q.flags, a)
		}
	}
}

// A query whose case was not repeated goes over TCP, and in lower case once
// mixing has been given up, but not for ever.
func TestAgain(t *testing.T) {
	mixing := &server{tcp: noEngine{}, letterCase: letterCase{mixes: true}}
	bare := &server{letterCase: letterCase{mixes: true}}
	plain := &server{tcp: noEngine{}}
	for _, test := range []struct {
		name   string
		s      *server
		before attempt
		want   attempt
		mixed  bool
	}{
		{"over TCP", mixing, attempt{times: 2, silent: true}, attempt{times: 2, extra: 1, silent: true, cut: true}, true},
		{"TCP was asked", mixing, attempt{times: 2, tcp: true}, attempt{extra: 1, tcp: true}, true},
		{"there is no TCP", bare, attempt{times: 2}, attempt{extra: 1}, true},
		{"mixing has been given up", plain, attempt{times: 2, silent: true}, attempt{extra: 1}, false},
		{"too often", plain, attempt{times: 2, extra: maxExtra}, attempt{times: 2, extra: maxExtra + 1, over: true}, true},
	} {
		test.before.server, test.want.server = test.s, test.s
		q := query{flags: transport.MixCase, tried: []attempt{test.before}}
		q.again(test.s)
		if q.tried[0] != test.want || q.flags&transport.MixCase != 0 != test.mixed {
			t.Errorf("%s: %+v, want %+v; flags %x", test.name, q.tried[0], test.want, q.flags)
		}
	}
}

// A query that is renewed may ask every server again, and remembers who lied.
func TestRenew(t *testing.T) {
	s := &server{}
	q := query{tried: []attempt{{server: s, times: 3, silent: true, cut: true, over: true, lied: true, tcp: true, paused: true, extra: 6}}}
	q.renew()
	if want := (attempt{server: s, lied: true, unheard: true}); q.tried[0] != want {
		t.Errorf("%+v, want %+v", q.tried[0], want)
	}
}
