package probe

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"runtime"
	"slices"
	"time"

	"domprobe/candidate"
	"domprobe/probe/internal/trust"
	"domprobe/probe/resolver"
	"domprobe/probe/transport"
)

// env is what all parts of a run share.
type env struct {
	p       *Prober
	opts    *Options
	now     time.Time
	fresh   bool // nothing of earlier loops is used
	trace   *tracer
	scratch []*server
	flight  inflight
	bulk    bool // more candidates have come without a pause than may be in flight
}

// A run is one loop over a stream of candidates. It has no lock: everything in
// it happens on the goroutine of the loop, in turn with the loop's body. The
// engines and the feed run beside it and hand their results over through
// mailboxes. Calls run one way, from the lookups to the evidence and the
// registries, from these to the queries, and from the queries to the servers; what
// comes back is taken by the run.
type run struct {
	*env
	wake       chan struct{}
	feed       *feed
	empty      time.Time // since when no candidate has come
	launched   int       // candidates since there was a pause
	servers    servers
	queries    queries
	evidence   evidence
	registries registries
	lookups    lookups
}

// sharing is the least number of servers that share sockets. Of fewer servers few packets
// come at the same time, and a socket for each takes less processor time.
const sharing = 100

func (p *Prober) newRun() (*run, error) {
	e := &env{p: p, opts: &p.opts, now: time.Now()}
	e.trace = &tracer{p.opts.Trace}
	e.flight.init(&p.opts)
	p.cache.networkChange(e.now)
	r := &run{env: e, wake: make(chan struct{}, 1)}
	r.servers = servers{env: e, at: map[netip.Addr]*server{}}
	if len(e.opts.Servers) >= sharing {
		r.servers.shared = new(transport.Shared)
	}
	r.servers.mail.wake = r.wake
	r.queries = queries{env: e, servers: &r.servers}
	r.evidence = evidence{env: e, queries: &r.queries, tlds: map[string]*tld{}}
	r.registries = registries{
		env: e, queries: &r.queries, servers: &r.servers, evidence: &r.evidence, byZone: map[string]*registry{},
	}
	r.lookups = lookups{
		env: e, queries: &r.queries, evidence: &r.evidence, registries: &r.registries, servers: &r.servers,
		details: map[*detailed]struct{}{},
	}
	for _, spec := range p.opts.Servers {
		if spec.Transport == resolver.Direct {
			r.lookups.direct = true
			continue
		}
		r.evidence.given = append(r.evidence.given, r.servers.newServer(spec, false))
	}
	r.registries.locators = r.evidence.given
	if len(r.evidence.given) == 0 && !p.opts.Offline {
		system, err := resolver.System()
		if err != nil {
			return nil, fmt.Errorf("finding resolvers that locate the registries: %w", err)
		}
		for _, spec := range system {
			r.registries.locators = append(r.registries.locators, r.servers.newServer(spec, false))
		}
	}
	return r, nil
}

// loop runs until every candidate has its result.
func (r *run) loop(ctx context.Context, names iter.Seq2[candidate.Candidate, error], yield func([]Result, error) bool) {
	r.feed = startFeed(names, r.wake)
	defer r.close()
	l := &r.lookups
	for {
		ended, err := r.turn()
		if len(l.results) > 0 && !yield(l.results, nil) {
			return
		}
		clear(l.results)
		l.results = l.results[:0]
		if ctx.Err() != nil {
			yield(nil, &Unfinished{Names: append(l.left(), r.feed.left()...), Err: context.Cause(ctx)})
			return
		}
		if ended && l.flying == 0 && r.evidence.held == 0 {
			if err != nil {
				yield(nil, err)
			}
			return
		}
		r.wait(ctx)
	}
}

// The bounds of one turn and of what waits.
const (
	maxBatch = 4096    // results of one turn, so that they are given out early
	maxVotes = 1 << 16 // verdicts that wait for looks
)

// turn does all that there is to do. ended tells that no candidate is to come.
func (r *run) turn() (ended bool, err error) {
	r.now = time.Now()
	mail := r.servers.mail.take()
	r.flight.came = len(mail)
	for some := range slices.Chunk(mail, warmLen) {
		for i := range some {
			r.queries.warm(some[i].Token)
		}
		for i := range some {
			r.deliver(&some[i])
		}
	}
	r.fire()
	r.takeBack()
	r.launch()
	if ended, err = r.feed.over(); ended || r.paused() {
		r.launched, r.bulk = 0, false
	}
	r.evidence.push(ended || r.quiet())
	r.takeBack()
	r.evidence.sendEarly()
	r.servers.flush()
	if !ended && len(r.lookups.results) >= maxBatch {
		signal(r.wake)
	}
	return ended, err
}

// launch begins as many lookups as there is room for.
func (r *run) launch() {
	l := &r.lookups
	r.flight.full = false
	for l.flying < r.flight.n && r.evidence.room() && len(l.results) < maxBatch && len(l.stranded) == 0 {
		c := r.feed.next()
		if c == nil {
			if r.empty.IsZero() {
				r.empty = r.now
			}
			return
		}
		r.empty = time.Time{}
		r.launched++
		r.bulk = r.launched >= r.flight.n
		l.launch(c)
	}
	r.flight.full = l.flying >= r.flight.n
}

// quietAfter is how long no candidate comes before verdicts that wait for a look
// get one, as nothing else will push them on.
const quietAfter = 10 * time.Millisecond

// paused reports whether no candidate has come for a while.
func (r *run) paused() bool { return !r.empty.IsZero() && r.now.Sub(r.empty) >= quietAfter }

// quiet reports whether no candidate has come for a while, or too many verdicts
// wait for more to come.
func (r *run) quiet() bool { return r.evidence.held >= maxVotes || r.paused() }

// deliver hands an outcome to the query that it is of.
func (r *run) deliver(d *delivery) {
	wasOffline := d.from.offline
	if r.servers.heard(d, r.queries.at(d.Token).aside) {
		r.evidence.lose(d.from, BadResponse, fmt.Errorf("responses of %s are forged", d.from.name))
	}
	if d.from.offline && !wasOffline {
		r.evidence.lose(d.from, Unreachable, fmt.Errorf("no network to reach %s: %w", d.from.name, errors.Join(d.Err)))
	}
	if q := r.queries.at(d.Token); q.then != nil {
		r.queries.arrived(d.Token, d)
	} else {
		r.lookups.arrived(d.Token, d)
	}
	r.takeBack()
}

// takeBack takes what has come back from the evidence and the registries to the
// lookups, until nothing more does.
func (r *run) takeBack() {
	e, l := &r.evidence, &r.lookups
	for len(e.released)+len(e.returned)+len(e.woken)+len(e.resumed)+len(r.registries.arrived) > 0 {
		released := e.released
		e.released, e.spare = e.spare[:0], nil
		for some := range slices.Chunk(released, warmLen) {
			for k := range some {
				r.queries.warm(some[k].i)
			}
			for k := range some {
				l.count(&some[k])
			}
		}
		e.spare = released[:0]
		returned, woken, resumed, arrived := e.returned, e.woken, e.resumed, r.registries.arrived
		e.returned, e.woken, e.resumed, r.registries.arrived = nil, nil, nil, nil
		e.held -= len(returned)
		for k := range returned {
			l.giveBack(&returned[k])
		}
		for k := range woken {
			if p := &woken[k]; r.queries.at(p.i).seq == p.seq {
				l.judge(p.i, &p.d)
			}
		}
		for _, p := range resumed {
			if r.queries.at(p.i).seq == p.seq {
				l.advance(p.i)
			}
		}
		for _, a := range arrived {
			if r.queries.at(a.i).seq == a.seq {
				l.viaRegistry(a.i, a.at)
			}
		}
	}
}

// fire goes on with what has waited long enough.
func (r *run) fire() {
	for {
		t, ok := r.queries.expired()
		if !ok {
			return
		}
		switch {
		case t.do != nil:
			t.do()
		case r.queries.at(t.i).seq != t.seq:
		case r.queries.at(t.i).then != nil:
			r.queries.advance(t.i)
		default:
			r.lookups.start(t.i)
		}
		r.takeBack()
	}
}

// wait waits until there is something to do.
func (r *run) wait(ctx context.Context) {
	var due <-chan time.Time
	at := r.evidence.due()
	if ts := r.queries.timers; len(ts) > 0 && (at.IsZero() || ts[0].at.Before(at)) {
		at = ts[0].at
	}
	if quiet := r.empty.Add(quietAfter); len(r.evidence.unsent) > 0 && !r.empty.IsZero() && quiet.After(r.now) && (at.IsZero() || quiet.Before(at)) {
		at = quiet
	}
	if !at.IsZero() {
		d := time.Until(at)
		if d <= 0 { // a timer that has fired crashes the race detector in fake time: golang/go#78156
			return
		}
		t := time.NewTimer(d)
		defer t.Stop()
		due = t.C
	}
	select {
	case <-r.wake:
		runtime.Gosched() // who has more responses delivers them first: one turn for many costs less
	case <-due:
	case <-ctx.Done():
	}
}

func (r *run) close() {
	r.keep()
	r.feed.close()
	r.servers.close()
}

// An Unfinished is the error of a loop whose context has ended.
type Unfinished struct {
	// Names are those that the stream has yielded and that have no result, some of them
	// read ahead.
	Names []candidate.Candidate

	Err error // the cause of the context's end
}

func (u *Unfinished) Error() string {
	if len(u.Names) == 0 {
		return u.Err.Error()
	}
	return fmt.Sprintf("%v; %d names are without a verdict", u.Err, len(u.Names))
}

func (u *Unfinished) Unwrap() error { return u.Err }

// left lists the candidates that have no result yet.
func (l *lookups) left() (names []candidate.Candidate) {
	for _, block := range l.queries.blocks {
		for k := range block {
			if q := &block[k]; q.tld != nil && !q.landed {
				names = append(names, q.Candidate)
			}
		}
	}
	for r := range l.details {
		names = append(names, r.Candidate)
	}
	return names
}

// lose drops what a server has said and is not yet released, and all that is
// known about whether it can be believed: the server may be another one now.
func (e *evidence) lose(s *server, reason Reason, err error) {
	for _, b := range s.benches {
		if b.finding.Standing == trust.Failed || b.undecided() {
			continue // controls that are under way fail by themselves
		}
		e.fail(b, reason, err)
		b.again, b.fails = e.now, 0
	}
}

// renew lets servers that could not be reached be looked at again at once.
func (e *evidence) renew(z *zone) {
	for _, b := range z.benches {
		if f := &b.finding; f.Standing == trust.Failed && passes(f.Reason) {
			b.again, b.fails = e.now, 0
		}
	}
}
