package probe

import (
	"container/heap"
	"errors"
	"math/rand/v2"
	"time"

	"domprobe/probe/transport"
)

// queries are the queries under way. A query has its place, which is the token
// of its packets, until its last outcome has been dealt with.
type queries struct {
	*env
	servers  *servers
	blocks   []*[blockLen]query
	free     []uint32
	controls int // under way
	timers   timers
	warmth   uint32 // keeps the compiler from leaving out the reads of warm
}

func (qs *queries) add() uint32 {
	if n := len(qs.free); n > 0 {
		i := qs.free[n-1]
		qs.free = qs.free[:n-1]
		return i
	}
	first := uint32(len(qs.blocks) * blockLen)
	block := new([blockLen]query)
	qs.blocks = append(qs.blocks, block)
	for k := uint32(blockLen) - 1; k > 0; k-- {
		qs.free = append(qs.free, first+k)
	}
	return first
}

// warmLen is how many queries are warmed at a time.
const warmLen = 16

// warm reads a query that is needed soon. Thousands of them do not fit into the
// processor's cache: read one by one when they are needed, each would be waited for.
func (qs *queries) warm(i uint32) {
	q := qs.at(i)
	qs.warmth += q.seq + uint32(q.qtype) + uint32(len(q.Name)) + uint32(len(q.TLD)) + uint32(q.rcode)
}

// blockLen is how many queries have their places in one block: they do not
// move when there are more.
const blockLen = 64

// at returns the query at a place.
func (qs *queries) at(i uint32) *query { return &qs.blocks[i/blockLen][i%blockLen] }

// remove frees the place of a query.
func (qs *queries) remove(i uint32) {
	q := qs.at(i)
	*q = query{lookup: lookup{seq: q.seq + 1}}
	qs.free = append(qs.free, i)
}

// A sender sends a control, and calls then with its last outcome.
type sender func(s *server, name string, qtype uint16, flags transport.Flags, then func(response))

// control sends a control with every transport and repetition that it takes.
// Controls go ahead of what waits.
func (qs *queries) control(s *server, name string, qtype uint16, flags transport.Flags, then func(response)) {
	qs.begin(name, query{server: s, qtype: qtype, flags: flags, then: then})
}

// canary sends a control that goes behind all queries that wait.
func (qs *queries) canary(s *server, name string, qtype uint16, flags transport.Flags, then func(response)) {
	qs.begin(name, query{server: s, qtype: qtype, flags: flags, then: then, calm: true})
}

// brief sends a control that does not wait longer for a response than the server
// usually takes.
func (qs *queries) brief(s *server, name string, qtype uint16, flags transport.Flags, then func(response)) {
	qs.begin(name, query{server: s, qtype: qtype, flags: flags, then: then, brief: true})
}

// once sends a control that can do without a response: it is not repeated
// after silence or a failure.
func (qs *queries) once(s *server, name string, qtype uint16, flags transport.Flags, then func(response)) {
	qs.begin(name, query{server: s, qtype: qtype, flags: flags, then: then, once: true})
}

// calmOnce is once for a control that goes behind all queries that wait.
func (qs *queries) calmOnce(s *server, name string, qtype uint16, flags transport.Flags, then func(response)) {
	qs.begin(name, query{server: s, qtype: qtype, flags: flags, then: then, once: true, calm: true})
}

// aside asks about a name that is found, with all tries. It is not repeated after
// a failure, because a time-out may be the fault of the servers of the name.
func (qs *queries) aside(s *server, name string, qtype uint16, flags transport.Flags, then func(response)) {
	qs.begin(name, query{server: s, qtype: qtype, flags: flags, then: then, once: true, calm: true, aside: true})
}

// onceOverTCP is once over the TCP of a server.
func (qs *queries) onceOverTCP(s *server, name string, qtype uint16, flags transport.Flags, then func(response)) {
	qs.begin(name, query{server: s, qtype: qtype, flags: flags, then: then, once: true, tcp: true})
}

func (qs *queries) begin(name string, q query) uint32 {
	i := qs.add()
	place := qs.at(i)
	q.Name, q.seq = name, place.seq
	*place = q
	place.at(q.server)
	qs.controls++
	qs.advance(i)
	return i
}

// advance does what is next with a control.
func (qs *queries) advance(i uint32) {
	q := qs.at(i)
	a := &q.tried[0]
	tries := qs.opts.Tries
	var best *server
	if a.mayAsk(tries) && !(q.server.spoofed && q.server.tcp != nil) {
		best = q.server
	}
	if q.server.overTCP() || q.once && q.tcp {
		a.cut = true
	}
	flags := q.flags
	switch {
	case !q.calm:
		flags |= transport.Urgent
	case !q.aside:
		flags |= transport.Behind
	}
	st := q.next(best)
	switch {
	case st.do == giveUp:
		qs.finish(i, q.outcome)
	case st.do == pause:
		a.paused = false
		qs.later(i, max(a.times, 1))
	case st.do == askTCP:
		a.tcp = true
		qs.send(i, q.server, true, transport.Query{Tries: 2, Flags: flags})
	case q.aside:
		qs.send(i, q.server, false, transport.Query{Tries: uint8(tries), Flags: flags | transport.Patient})
	case q.once:
		qs.send(i, q.server, false, transport.Query{Tries: 1, Flags: flags})
	default:
		if !q.brief {
			flags |= transport.Patient
		}
		qs.send(i, q.server, false, transport.Query{Tries: uint8(tries - a.times), Flags: flags})
	}
}

// finish ends a control.
func (qs *queries) finish(i uint32, d *delivery) {
	q := qs.at(i)
	if d.Failure != transport.None && d.Failure != transport.Closed && q.tried[0].cut && q.tried[0].silent {
		d.Failure = transport.Truncated // which tells more than how TCP failed
	}
	then, last := q.then, *d
	qs.controls--
	qs.remove(i)
	then(response{&last})
}

// send sends a query to a server.
func (qs *queries) send(i uint32, s *server, tcp bool, q transport.Query) {
	f := qs.at(i)
	f.server, f.tcp, f.out = s, tcp && s.tcp != nil, true
	f.granted = q.Tries
	q.Token, q.Name, q.Type = i, f.Name, f.qtype
	qs.servers.send(s, q, tcp)
}

// arrived takes the outcome of a control's packet.
func (qs *queries) arrived(i uint32, d *delivery) {
	q := qs.at(i)
	s := q.server
	s.letterCase.heard(q, d)
	tries := qs.opts.Tries
	heard := q.note(d, tries)
	qs.trace.control(q, d)
	switch {
	case heard && q.retry(d, tries):
	case heard, q.once && silent(d), d.Failure == transport.Closed, d.Failure == transport.Offline:
		if q.flags&transport.EDNS == 0 && heard {
			s.noEDNS = true
		}
		qs.finish(i, d)
		return
	case wrongCase(q, d):
		q.again(s)
	case d.Failure == transport.Unreachable:
		qs.servers.unreachable(s, d.Err)
	}
	one := *d
	q.outcome = &one
	qs.advance(i)
}

// silent reports whether nothing that is a response came of a packet.
func silent(d *delivery) bool {
	return d.Failure == transport.Timeout || d.Failure == transport.Unreachable ||
		d.Failure == transport.BadResponse && !errors.Is(d.Err, transport.ErrWrongCase)
}

// again prepares to send a query once more whose case was not repeated: in
// lower case if mixing has been given up, else over TCP if there is one.
func (q *query) again(s *server) {
	a := q.at(s)
	a.silent = false
	if a.extra++; a.extra > maxExtra {
		a.over = true
		return
	}
	switch {
	case !s.mixes:
		q.flags &^= transport.MixCase
		a.times = 0
	case s.tcp != nil && !a.tcp:
		a.silent, a.cut = true, true
	default:
		a.times = 0
	}
}

// maxExtra bounds how often one server is asked in yet another form: another
// type, with other flags, in other letters.
const maxExtra = 6

// A timer is a query that waits to be repeated, or something else that is to
// be done then.
type timer struct {
	at     time.Time
	i, seq uint32 // a query
	do     func() // in place of a query
}

type timers []timer

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].at.Before(t[j].at) }
func (t timers) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *timers) Push(x any)        { *t = append(*t, x.(timer)) }
func (t *timers) Pop() any {
	old := *t
	last := old[len(old)-1]
	old[len(old)-1] = timer{}
	*t = old[:len(old)-1]
	return last
}

// firstPause is how long a server that failed is left in peace before it is
// asked the same again; each further pause is twice as long, give or take half.
const firstPause = 100 * time.Millisecond

func pauseAfter(failures int) time.Duration {
	pause := firstPause << min(max(failures-1, 0), 4)
	return pause/2 + rand.N(pause)
}

// later goes on with a query after a pause.
func (qs *queries) later(i uint32, failures int) {
	qs.wait(i, qs.now.Add(pauseAfter(failures)))
}

// wait goes on with a query at a time.
func (qs *queries) wait(i uint32, till time.Time) {
	heap.Push(&qs.timers, timer{at: till, i: i, seq: qs.at(i).seq})
}

// after does something after a while.
func (qs *queries) after(d time.Duration, do func()) {
	heap.Push(&qs.timers, timer{at: qs.now.Add(d), do: do})
}

// expired returns the next timer whose time has come.
func (qs *queries) expired() (t timer, ok bool) {
	if len(qs.timers) == 0 || qs.timers[0].at.After(qs.now) {
		return t, false
	}
	return heap.Pop(&qs.timers).(timer), true
}
