package herd

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"domprobe/candidate"
	"domprobe/probe"
)

// asks is the loop of the prober of a [Shared], about names that nobody else asks
// about. It lasts as long as there are loops.
type asks struct {
	*Shared
	names  chan candidate.Candidate
	stop   context.CancelFunc
	ended  chan struct{}
	failed error // once it has ended

	lock    sync.Mutex
	waiting map[candidate.Key][]question
}

// A question is a name that the prober has.
type question struct {
	loop     *sharing
	name     candidate.Candidate
	revision uint64 // of the claim; 0 is none
}

// enter returns the loop of the prober, begun if need be.
func (s *Shared) enter() *asks {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loops++
	if s.asks != nil {
		select {
		case <-s.asks.ended: // with an error
		default:
			return s.asks
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.asks = &asks{
		Shared: s, names: make(chan candidate.Candidate), stop: cancel, ended: make(chan struct{}), waiting: map[candidate.Key][]question{},
	}
	go s.asks.run(ctx)
	return s.asks
}

// leave ends the loop of the prober with the last loop.
func (s *Shared) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loops--; s.loops == 0 {
		s.asks.stop()
		<-s.asks.ended
		s.asks = nil
	}
}

var errEnded = errors.New("the prober has ended early")

// run asks until there are no loops any more.
func (a *asks) run(ctx context.Context) {
	defer close(a.ended)
	a.failed = errEnded
	var puts errgroup.Group
	puts.SetLimit(maxLooks)
	for rows, err := range a.prober.Batches(ctx, a.source(ctx)) {
		if err != nil {
			a.failed = err
		}
		for _, r := range rows {
			q, ok := a.answered(r.Key())
			if !ok {
				continue
			}
			r.Candidate = q.name
			if q.revision > 0 {
				puts.Go(func() error {
					a.tell(r, q.revision)
					return nil
				})
			}
			q.loop.give(r)
		}
	}
	for key, list := range a.unanswered() { // nobody waits for them
		for _, q := range list {
			if q.revision > 0 {
				puts.Go(func() error {
					a.store.free(a.key(key), q.revision)
					return nil
				})
			}
		}
	}
	_ = puts.Wait() // none fails
}

// While several loops are under way, names go to the prober together: a name waits
// for a moment, and for longer after the last flock. Names that come one by one
// would make the prober test its servers again and again.
const (
	firstFlock = 20 * time.Millisecond
	nextFlock  = 500 * time.Millisecond
)

// source streams the names as they come, or those of a moment together.
func (a *asks) source(ctx context.Context) iter.Seq2[candidate.Candidate, error] {
	return func(yield func(candidate.Candidate, error) bool) {
		var list []candidate.Candidate
		var gathered <-chan time.Time
		var last time.Time
		for {
			select {
			case c := <-a.names:
				if list = append(list, c); len(list) == 1 && a.several() {
					gathered = time.After(max(firstFlock, nextFlock-time.Since(last)))
				}
			case <-gathered:
				gathered = nil
			case <-ctx.Done():
				return
			}
			if gathered != nil && len(list) < maxNames {
				continue
			}
			for _, c := range list {
				if !yield(c, nil) {
					return
				}
			}
			list, gathered, last = list[:0], nil, time.Now()
		}
	}
}

func (a *asks) several() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.loops > 1
}

// ask hands a name to the prober, for a loop.
func (a *asks) ask(ctx context.Context, l *sharing, c candidate.Candidate, revision uint64) {
	key := c.Key()
	a.lock.Lock()
	a.waiting[key] = append(a.waiting[key], question{l, c, revision})
	a.lock.Unlock()
	select {
	case a.names <- c:
		return
	case <-a.ended:
	case <-ctx.Done():
	}
	a.lock.Lock()
	if a.waiting[key] = slices.DeleteFunc(a.waiting[key], func(q question) bool { return q.loop == l }); len(a.waiting[key]) == 0 {
		delete(a.waiting, key)
	}
	a.lock.Unlock()
	if revision > 0 {
		a.store.free(a.key(key), revision)
	}
}

// unanswered returns and forgets the questions that are left.
func (a *asks) unanswered() map[candidate.Key][]question {
	a.lock.Lock()
	defer a.lock.Unlock()
	left := a.waiting
	a.waiting = map[candidate.Key][]question{}
	return left
}

// answered returns who has asked about a name first.
func (a *asks) answered(k candidate.Key) (q question, ok bool) {
	a.lock.Lock()
	defer a.lock.Unlock()
	list := a.waiting[k]
	if len(list) == 0 {
		return q, false
	}
	if len(list) == 1 {
		delete(a.waiting, k)
	} else {
		a.waiting[k] = list[1:]
	}
	return list[0], true
}

// tell shares a verdict, or gives up the claim if it is none to share.
func (a *asks) tell(r probe.Result, revision uint64) {
	age := a.keep(&r)
	if age <= 0 {
		a.store.free(a.key(r.Key()), revision)
		return
	}
	w := newRow(0, 0, &r)
	a.store.put(a.key(r.Key()), entry{min(age, maxKept) - a.store.clock().Sub(r.At), &w}, revision)
}
