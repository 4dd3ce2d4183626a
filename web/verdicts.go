package web

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"sync"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
)

// maxUnread is how many rows of one search the client may leave unread. Then no
// more names are asked about for it.
const maxUnread = 256

// verdicts are shared by all searches: the verdicts that are known, and which
// search is asking about which name.
//
// Package singleflight would need a goroutine for each name, and would drop the
// names of a client that leaves although others wait for them.
type verdicts struct {
	prober Prober
	places chan struct{} // one element for each name that is being asked about
	meter  *meter        // nil if nothing is counted

	mu     sync.Mutex // guards the fields below, and those of the searches
	known  cache
	claims map[candidate.Key][]waiter // of the names that a search owns
}

// A waiter is a search that waits for a name, as its own candidate.
type waiter struct {
	search *search
	name   candidate.Candidate
}

// newVerdicts returns verdicts that come from a prober, which is asked about
// atOnce names at a time, and of which keep are kept.
func newVerdicts(p Prober, atOnce, keep int) *verdicts {
	return &verdicts{
		prober: p, places: make(chan struct{}, atOnce),
		known: cache{size: keep}, claims: map[candidate.Key][]waiter{},
	}
}

// A search is one loop over names.
type search struct {
	verdicts *verdicts
	names    iter.Seq2[candidate.Candidate, error]
	wake     chan struct{} // told of new rows, and of the end
	more     chan struct{} // told of changes of rows, waits and handed

	// Guarded by the mutex of the verdicts.
	rows   []probe.Result         // not taken yet
	owns   map[candidate.Key]bool // its claims; true once the prober has the name
	waits  map[candidate.Key]bool
	handed []candidate.Candidate // inherited from searches that have ended
	ended  bool                  // makes no more claims
	err    error
}

// batches decides about every name and yields the rows in the order in which
// they settle. An error of the search itself comes once and last. Leaving the
// loop early, or the end of ctx, stops the work. The names must be different. A
// loop body that takes its time holds the search up, and no other one.
func (v *verdicts) batches(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]probe.Result, error] {
	return func(yield func([]probe.Result, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		s := &search{
			verdicts: v, names: names, wake: make(chan struct{}, 1), more: make(chan struct{}, 1),
			owns: map[candidate.Key]bool{}, waits: map[candidate.Key]bool{},
		}
		var asking sync.WaitGroup
		asking.Go(func() { s.ask(ctx) })
		defer asking.Wait()
		defer cancel()
		for range s.wake {
			rows, ended, err := s.take()
			if v.meter != nil {
				v.meter.told(rows)
			}
			if len(rows) > 0 && !yield(rows, nil) {
				return
			}
			if ended {
				if err != nil {
					yield(nil, err)
				}
				return
			}
		}
	}
}

// take returns the rows that have come since the last call.
func (s *search) take() (rows []probe.Result, ended bool, err error) {
	s.verdicts.mu.Lock()
	defer s.verdicts.mu.Unlock()
	rows, s.rows = s.rows, nil
	tell(s.more)
	return rows, s.ended, s.err
}

// ask runs the prober over the names that this search owns.
func (s *search) ask(ctx context.Context) {
	var failed error
	for rows, err := range s.verdicts.prober.Batches(ctx, s.source(ctx)) {
		s.verdicts.settle(s, rows)
		if err != nil {
			failed = err
		}
	}
	s.verdicts.abandon(s, failed)
}

// source streams the names that no other search asks about, and those that are
// handed to this search. It ends when there is nothing left to wait for.
func (s *search) source(ctx context.Context) iter.Seq2[candidate.Candidate, error] {
	return func(yield func(candidate.Candidate, error) bool) {
		pass := func(c candidate.Candidate) bool {
			return (c.Err != nil || s.begin(ctx, c)) && yield(c, nil)
		}
		// Others wait for the names that are handed over, so these do not
		// wait for the client of this search.
		inherit := func(until func(unread, waiting int) bool) bool {
			for {
				handed, unread, waiting := s.look()
				for _, c := range handed {
					if !pass(c) {
						return false
					}
				}
				switch {
				case len(handed) > 0:
					continue // much may have changed meanwhile
				case until(unread, waiting):
					return true
				}
				select {
				case <-s.more:
				case <-ctx.Done():
					return false
				}
			}
		}
		for c, err := range s.names {
			if err != nil {
				yield(c, err)
				return
			}
			if !inherit(func(unread, _ int) bool { return unread < maxUnread }) || s.verdicts.claim(s, c) && !pass(c) {
				return
			}
		}
		inherit(func(_, waiting int) bool { return waiting == 0 })
	}
}

// look takes the names that were handed over, and returns the number of unread
// rows and of names that other searches ask about.
func (s *search) look() (handed []candidate.Candidate, unread, waiting int) {
	s.verdicts.mu.Lock()
	defer s.verdicts.mu.Unlock()
	handed, s.handed = s.handed, nil
	return handed, len(s.rows), len(s.waits)
}

// begin waits for a place to ask about a name, and reports false when ctx has
// ended. One search has all places to itself; many share them in turn.
func (s *search) begin(ctx context.Context, c candidate.Candidate) bool {
	v := s.verdicts
	select {
	case v.places <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if s.ended {
		<-v.places
		return false
	}
	s.owns[c.Key()] = true
	return true
}

// release ends the claim of an owner. The caller holds the mutex.
func (v *verdicts) release(s *search, k candidate.Key) {
	if s.owns[k] {
		<-v.places
	}
	delete(s.owns, k)
}

// claim reports whether the search has to ask about the name itself. Otherwise
// the row is known or will come from another search.
func (v *verdicts) claim(s *search, c candidate.Candidate) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if s.ended {
		return false
	}
	if c.Err != nil {
		return true // the prober makes its row without a query
	}
	r, ok := v.known.get(c, time.Now())
	if v.meter != nil {
		v.meter.cached.WithLabelValues(strconv.FormatBool(ok)).Inc()
	}
	if ok {
		s.give(r)
		return false
	}
	k := c.Key()
	if waiting, asked := v.claims[k]; asked {
		v.claims[k] = append(waiting, waiter{s, c})
		s.waits[k] = true
		return false
	}
	v.claims[k] = nil
	s.owns[k] = false
	return true
}

// settle gives rows to their search and to the searches that wait for the names.
func (v *verdicts) settle(s *search, rows []probe.Result) {
	if v.meter != nil {
		v.meter.settled(rows)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, r := range rows {
		s.give(r)
		k := r.Key()
		if _, owned := s.owns[k]; !owned {
			continue // an invalid name
		}
		v.known.put(r)
		for _, w := range v.claims[k] {
			r.Candidate = w.name
			w.search.give(r)
			delete(w.search.waits, k)
		}
		delete(v.claims, k)
		v.release(s, k)
	}
}

// abandon ends a search. The first search that waits for a name of its inherits
// the name.
func (v *verdicts) abandon(s *search, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s.ended, s.err = true, err
	for k := range s.waits {
		v.claims[k] = slices.DeleteFunc(v.claims[k], func(w waiter) bool { return w.search == s })
	}
	for k := range s.owns {
		v.release(s, k)
		waiting := v.claims[k]
		if len(waiting) == 0 {
			delete(v.claims, k)
			continue
		}
		heir := waiting[0]
		v.claims[k] = waiting[1:]
		delete(heir.search.waits, k)
		heir.search.owns[k] = false
		heir.search.handed = append(heir.search.handed, heir.name)
		tell(heir.search.more)
	}
	tell(s.wake)
}

// kept returns how many verdicts are kept.
func (v *verdicts) kept() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.known.order.Len()
}

// replace puts a better verdict in place of the known one.
func (v *verdicts) replace(r probe.Result) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.known.put(r)
}

// give adds a row. The caller holds the mutex.
func (s *search) give(r probe.Result) {
	s.rows = append(s.rows, r)
	tell(s.wake)
}

// tell wakes the receiver of a channel with room for one element.
func tell(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
