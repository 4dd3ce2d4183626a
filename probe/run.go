package probe

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"net/netip"
	"time"

	"domprobe/candidate"
	"domprobe/probe/resolver"
)

// A run is one loop over a stream of candidates. It has no lock: everything in
// it happens on the goroutine of the loop, in turn with the loop's body. The
// engines and the feed run beside it and leave what they have in boxes.
type run struct {
	p    *Prober
	opts *Options
	now  time.Time

	wake chan struct{}
	mail mailbox
	feed *feed

	direct     bool
	fresh      bool      // nothing of earlier loops is used
	servers    []*server // that were given, but for direct
	finders    []*server // that find registries
	atAddress  map[netip.Addr]*server
	opened     []*server // every server, to be closed
	touched    []*server // that have questions of this round
	plans      map[string]*plan
	lastPlan   *plan
	registries map[string]*registry

	flights       []flight
	free          []uint32
	flying        int
	inquiries     []inquiry
	freeInquiries []uint32
	timers        timers

	results []Result
	scratch []*server
}

func (p *Prober) newRun() (*run, error) {
	r := &run{
		p: p, opts: &p.opts, now: time.Now(), wake: make(chan struct{}, 1),
		atAddress: map[netip.Addr]*server{}, plans: map[string]*plan{}, registries: map[string]*registry{},
	}
	r.mail.wake = r.wake
	for _, spec := range p.opts.Servers {
		if spec.Transport == resolver.Direct {
			r.direct = true
			continue
		}
		r.servers = append(r.servers, r.newServer(spec, false))
	}
	r.opened = append(r.opened, r.servers...)
	r.finders = r.servers
	if len(r.servers) == 0 {
		system, err := resolver.System()
		if err != nil {
			return nil, fmt.Errorf("finding resolvers that find the registries: %w", err)
		}
		for _, spec := range system {
			r.finders = append(r.finders, r.newServer(spec, false))
		}
		r.opened = append(r.opened, r.finders...)
	}
	return r, nil
}

// loop runs until every candidate has its result.
func (r *run) loop(ctx context.Context, names iter.Seq2[candidate.Candidate, error], yield func([]Result, error) bool) {
	r.feed = startFeed(names, r.wake)
	defer r.close()
	for {
		ended, err := r.turn()
		if len(r.results) > 0 && !yield(r.results, nil) {
			return
		}
		clear(r.results)
		r.results = r.results[:0]
		if ctx.Err() != nil {
			yield(nil, context.Cause(ctx))
			return
		}
		if ended && r.flying == 0 {
			if err != nil {
				yield(nil, err)
			}
			return
		}
		r.wait(ctx)
	}
}

// maxBatch bounds the results of one turn, so that they are given out early.
const maxBatch = 4096

// turn does all that there is to do. ended tells that no candidate is to come.
func (r *run) turn() (ended bool, err error) {
	r.now = time.Now()
	mail := r.mail.take()
	for i := range mail {
		r.deliver(&mail[i])
	}
	r.fire()
	var room int
	for room = r.opts.Concurrency - r.flying; room > 0 && len(r.results) < maxBatch; room = r.opts.Concurrency - r.flying {
		c, ok := r.feed.next()
		if !ok {
			break
		}
		r.launch(c)
	}
	for _, s := range r.touched {
		s.flush()
	}
	r.touched = r.touched[:0]
	ended, err = r.feed.over()
	if !ended && len(r.results) >= maxBatch {
		signal(r.wake)
	}
	return ended, err
}

func (r *run) deliver(d *delivery) {
	d.from.heard(r.now, &d.Outcome, r.opts.Log)
	if d.Token&isInquiry != 0 {
		r.answered(d.Token&^isInquiry, *d)
	} else {
		r.arrived(d.Token, d)
	}
}

// touch notes that a server has questions of this round.
func (r *run) touch(s *server) {
	if len(s.ask)+len(s.askStream) == 1 {
		r.touched = append(r.touched, s)
	}
}

// wait waits until there is something to do.
func (r *run) wait(ctx context.Context) {
	var due <-chan time.Time
	if len(r.timers) > 0 {
		t := time.NewTimer(time.Until(r.timers[0].at))
		defer t.Stop()
		due = t.C
	}
	select {
	case <-r.wake:
	case <-due:
	case <-ctx.Done():
	}
}

func (r *run) close() {
	r.remember()
	r.feed.close()
	for _, s := range r.opened {
		s.close()
	}
}

// unreachable warns about a server that cannot be reached. Those of registries
// are many, and of both IP versions: that one is not reached is no news.
func (r *run) unreachable(s *server, err error) {
	switch {
	case err == nil || errors.Is(err, context.Canceled):
	case s.registry:
		r.opts.Log.Debug("cannot ask a registry's server", "server", s.name, "err", err)
	default:
		r.warnOnce("unreachable "+s.name, fmt.Sprintf("cannot ask %s: %v", s.name, err))
	}
}

func (r *run) warnOnce(key, text string) { r.p.warnOnce(key, text) }

// A timer is a question that waits to be repeated.
type timer struct {
	at    time.Time
	token uint32 // of a flight or an inquiry
}

type timers []timer

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].at.Before(t[j].at) }
func (t timers) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *timers) Push(x any)        { *t = append(*t, x.(timer)) }
func (t *timers) Pop() any {
	old := *t
	last := old[len(old)-1]
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

// later repeats a flight's question after a pause.
func (r *run) later(i uint32, failures int) {
	heap.Push(&r.timers, timer{r.now.Add(pauseAfter(failures)), i})
}

func (r *run) laterInquiry(i uint32, failures int) {
	heap.Push(&r.timers, timer{r.now.Add(pauseAfter(failures)), i | isInquiry})
}

// fire repeats the questions whose pause is over.
func (r *run) fire() {
	for len(r.timers) > 0 && !r.timers[0].at.After(r.now) {
		t := heap.Pop(&r.timers).(timer)
		if t.token&isInquiry != 0 {
			r.sendInquiry(t.token &^ isInquiry)
		} else {
			r.resume(t.token)
		}
	}
}
