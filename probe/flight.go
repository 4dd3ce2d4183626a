package probe

import (
	"container/heap"
	"slices"
	"strings"
	"time"

	"domprobe/candidate"
	"domprobe/probe/transport"
)

// A flight is one candidate under way.
type flight struct {
	candidate.Candidate
	plan     *plan
	scope    *scope    // whose servers are asked
	server   *server   // that is being asked, or was last
	controls *controls // of that server
	qtype    uint16
	flags    transport.Flags
	stream   bool // asked over the server's stream
	asked    []asked
	granted  int  // tries of the question under way
	tries    int  // questions sent
	parked   bool // has waited for servers in trouble

	held delivery // a reply that waits for the controls to settle

	// The most telling failure so far.
	reason Reason
	rcode  int // of failed's response; negative is none
	err    error
	failed *server // that was being asked

	denials int // servers that denied the name, short of a quorum
}

// asked is what one flight has had from one server.
type asked struct {
	server  *server
	times   int  // over its main transport
	silent  bool // no usable response came, so that the stream may help
	over    bool // it has nothing to say about the name
	unheard bool // what it said was dropped, because its controls have failed
	stream  bool // its stream was asked, too
	extra   int  // questions repeated in another form
}

func (f *flight) at(s *server) *asked {
	for i := range f.asked {
		if f.asked[i].server == s {
			return &f.asked[i]
		}
	}
	f.asked = append(f.asked, asked{server: s})
	return &f.asked[len(f.asked)-1]
}

// untried reports whether the name is as good as not asked about.
func (f *flight) untried() bool {
	return !slices.ContainsFunc(f.asked, func(a asked) bool { return !a.unheard })
}

// depth is how many labels the name has.
func depth(name string) transport.Depth {
	if name == "" {
		return 0
	}
	return transport.Depth(strings.Count(name, ".") + 1)
}

// launch begins the work on a candidate.
func (r *run) launch(c candidate.Candidate) {
	if c.Err != nil {
		r.results = append(r.results, invalid(c, r.now))
		return
	}
	i := r.newFlight()
	f := &r.flights[i]
	f.Candidate, f.plan, f.rcode = c, r.planOf(c.TLD), -1
	f.scope = &f.plan.scope
	if r.direct {
		r.viaRegistry(i, r.registryFor(f.plan))
		return
	}
	r.next(i)
}

func (r *run) newFlight() uint32 {
	r.flying++
	if n := len(r.free); n > 0 {
		i := r.free[n-1]
		r.free = r.free[:n-1]
		return i
	}
	r.flights = append(r.flights, flight{})
	return uint32(len(r.flights) - 1)
}

// land frees the place of a flight and returns its result, to be completed
// before anything else is done.
func (r *run) land(i uint32) *Result {
	f := &r.flights[i]
	r.results = append(r.results, Result{})
	res := &r.results[len(r.results)-1]
	res.Candidate, res.Tries, res.At, res.Source = f.Candidate, f.tries, r.now, "dns"
	asked := f.asked
	clear(asked)
	*f = flight{asked: asked[:0]}
	r.free = append(r.free, i)
	r.flying--
	return res
}

// next asks the next server about a name: each one over its main transport as
// often as it may be asked, then the streams of those that were silent, then the
// registry; then the name is unknown.
func (r *run) next(i uint32) {
	f := &r.flights[i]
	if f.plan.nosuch {
		r.landNoSuchTLD(i)
		return
	}
	list := r.eligible(f)
	// What the registry says about a name that it holds without a delegation
	// is not worth the time-outs of a server that is down.
	settled := f.reason == InZone
	if settled {
		list = slices.DeleteFunc(list, (*server).down)
	}
	if n := len(list); n > 0 {
		r.ask(i, choose(r.now, r.proven(f.scope, list)), n)
		return
	}
	for k := range f.asked {
		if a := &f.asked[k]; a.silent && !a.over && !a.stream && a.server.stream != nil && a.server.registry == f.scope.registry && !(settled && a.server.down()) {
			r.askStream(i, a)
			return
		}
	}
	again := f.troubled()
	if !f.scope.registry && r.opts.Escalate && f.denials == 0 {
		r.viaRegistry(i, r.registryFor(f.plan))
		return
	}
	if !again.IsZero() {
		r.park(i, again)
		return
	}
	r.landUnknown(i)
}

// maxLooks is how often the controls of servers may fail before names are no
// longer kept waiting for the next look at them.
const maxLooks = 3

// lookAfter is how long servers in trouble are left alone before they are looked
// at again: twice as long after each failure (RFC 9520 section 3.2).
func lookAfter(looks int) time.Duration {
	return min(transient<<min(looks-1, 10), longestDown)
}

// troubled notes why no server could be asked about a name, if that is so, and
// returns when it is worth trying again, and zero if it is not.
func (f *flight) troubled() (again time.Time) {
	if !f.untried() {
		return again
	}
	for _, s := range f.scope.servers {
		c := f.scope.of(s)
		if c == nil || c.status != failed {
			continue
		}
		f.note(c.reason, -1, c.err)
		if !f.parked && passes(c.reason) && c.looks < maxLooks && (again.IsZero() || c.again.Before(again)) {
			again = c.again
		}
	}
	return again
}

// passes reports whether a failure is of the kind that a network or a server in
// trouble recovers from within seconds.
func passes(reason Reason) bool { return reason == Timeout || reason == ServFail }

// park keeps an untried name for later, which happens once.
func (r *run) park(i uint32, till time.Time) {
	f := &r.flights[i]
	f.parked, f.asked = true, f.asked[:0]
	heap.Push(&r.timers, timer{till, i})
}

// resume goes on with a name after a pause.
func (r *run) resume(i uint32) {
	if f := &r.flights[i]; r.direct && !f.scope.registry {
		r.viaRegistry(i, r.registryFor(f.plan))
		return
	}
	r.next(i)
}

// eligible lists the servers that may still be asked: of those that were asked
// least. It is valid until the next call.
func (r *run) eligible(f *flight) []*server {
	list := r.leastAsked(f, true)
	if len(list) == 0 {
		list = r.leastAsked(f, false)
	}
	return list
}

// leastAsked lists those servers, all of them or the ready ones: what waits for
// one that is down waits long.
func (r *run) leastAsked(f *flight, onlyReady bool) []*server {
	least := r.opts.Tries - 1
	list := r.scratch[:0]
	for _, s := range f.scope.servers {
		if onlyReady && !s.ready(r.now) {
			continue
		}
		times := 0
		for k := range f.asked {
			if a := &f.asked[k]; a.server == s {
				times = a.times
				if a.over {
					times = r.opts.Tries
				}
			}
		}
		if times > least || f.scope.unusable(s, r.now) {
			continue
		}
		if times < least {
			least, list = times, list[:0]
		}
		list = append(list, s)
	}
	r.scratch = list
	return list
}

// proven leaves of eligible servers those that can be believed, if any of them
// is also well: the word of another would be held until its controls have
// settled. Those of one other begin.
func (r *run) proven(sc *scope, list []*server) []*server {
	good := func(s *server) bool {
		c := sc.controls[s]
		return c != nil && (c.status == passed || c.status == wildcard)
	}
	well := func(s *server) bool { return good(s) && s.ready(r.now) }
	if len(list) < 2 || !slices.ContainsFunc(list, well) {
		return list
	}
	begun := false
	return slices.DeleteFunc(list, func(s *server) bool {
		if c := sc.controls[s]; !begun && (c == nil || c.status == failed) {
			r.controlsOf(sc, s)
			begun = true
		}
		return !good(s)
	})
}

// ask asks a server, one of several that are eligible.
func (r *run) ask(i uint32, s *server, eligible int) {
	f := &r.flights[i]
	f.server, f.stream = s, false
	f.controls = r.controlsOf(f.scope, s)
	f.qtype, f.flags = f.controls.question()
	a := f.at(s)
	q := transport.Question{Tries: 1, Backoff: uint8(a.times)}
	if eligible == 1 && len(f.asked) == 1 {
		q.Tries, q.Backoff = uint8(r.opts.Tries-a.times), 0
	}
	q.Flags = f.flags
	if a.times+int(q.Tries) >= r.opts.Tries {
		q.Flags |= transport.Patient
	}
	r.send(i, q)
}

// askStream asks a server that was silent once more, over its stream.
func (r *run) askStream(i uint32, a *asked) {
	f := &r.flights[i]
	a.stream = true
	if f.server != a.server {
		f.controls = r.controlsOf(f.scope, a.server)
		f.qtype, f.flags = f.controls.question()
	}
	f.server, f.stream = a.server, true
	r.send(i, transport.Question{Tries: 2, Flags: f.flags})
}

// maxExtra bounds how often one server is asked in yet another form: another
// type, and with other flags.
const maxExtra = 4

// askAgain repeats the question to the same server in another form.
func (r *run) askAgain(i uint32) {
	f := &r.flights[i]
	a := f.at(f.server)
	if a.extra++; a.extra > maxExtra {
		a.over = true
		r.next(i)
		return
	}
	r.send(i, transport.Question{Tries: uint8(r.opts.Tries), Flags: f.flags | transport.Patient})
}

func (r *run) send(i uint32, q transport.Question) {
	f := &r.flights[i]
	q.Token, q.Name, q.Type = i, f.Name, f.qtype
	f.granted = int(q.Tries)
	if f.stream {
		q.Flags &^= transport.MixCase
	}
	f.server.send(q, f.stream)
	r.touch(f.server)
}

// arrived takes the outcome of a flight's question.
func (r *run) arrived(i uint32, d *delivery) {
	f := &r.flights[i]
	f.tries += int(d.Tries)
	a := f.at(f.server)
	if !f.stream {
		// What the engine sent beyond that, a limit was to blame for.
		a.times += min(max(int(d.Tries), 1), f.granted)
	}
	if d.Failure != transport.None {
		r.traceFailure(f, d)
	}
	if f.server.losesCase(f.flags, &d.Outcome) {
		f.flags &^= transport.MixCase
		r.askAgain(i)
		return
	}
	switch d.Failure {
	case transport.None:
		if f.controls.status < passed && !f.plan.nosuch {
			f.held = *d
			f.controls.held = append(f.controls.held, i)
			return
		}
		r.judge(i, d)
		return
	case transport.Closed:
		f.note(Unreachable, -1, d.Err)
		r.landUnknown(i)
		return
	case transport.Truncated, transport.Slipped:
		f.note(Truncated, -1, d.Err)
		a.silent = true
		if !a.stream && f.server.stream != nil {
			r.askStream(i, a)
			return
		}
		a.over = f.server.stream == nil || a.times >= r.opts.Tries
	case transport.Unreachable, transport.Offline:
		r.unreachable(f.server, d.Err)
		f.note(Unreachable, -1, d.Err)
		a.silent = true
		r.failedOnce(i, a)
		return
	case transport.Timeout:
		f.note(Timeout, -1, d.Err)
		a.silent = true
	case transport.BadResponse:
		f.note(BadResponse, -1, d.Err)
		a.silent = true
	}
	if f.stream {
		a.over = a.times >= r.opts.Tries
	}
	r.next(i)
}

// note keeps the most telling failure.
func (f *flight) note(reason Reason, rcode int, err error) {
	if telling[reason] >= telling[f.reason] {
		f.reason, f.rcode, f.err, f.failed = reason, rcode, err, f.server
	}
}
