package web

import (
	"context"
	"iter"
	"slices"
	"sync"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
)

// verdicts are what all searches share: the verdicts that are known, and which
// search is asking about which name.
//
// Package singleflight would need a goroutine for each name, and would drop the
// names of a client that leaves although others wait for them.
type verdicts struct {
	prober Prober
	places chan struct{} // one element for each name that is being asked about

	mu     sync.Mutex // guards what follows, and the searches
	known  cache
	claims map[candidate.Key]*claim
}

// A claim says who asks about a name, and who waits for the verdict.
type claim struct {
	owner   *search
	waiting []waiter
}

// A waiter is a search with the candidate that it waits for.
type waiter struct {
	search *search
	name   candidate.Candidate
}

// newVerdicts returns verdicts that the prober reaches, about so many names at
// once.
func newVerdicts(p Prober, atOnce int) *verdicts {
	return &verdicts{
		prober: p, places: make(chan struct{}, atOnce),
		known: cache{size: cacheSize}, claims: map[candidate.Key]*claim{},
	}
}

// A search is one loop over names.
type search struct {
	verdicts *verdicts
	names    []candidate.Candidate
	wake     chan struct{} // told that there are rows, or the end
	more     chan struct{} // told that waits or handed has changed

	// Guarded by the mutex of the verdicts.
	rows   []probe.Result
	owns   map[candidate.Key]bool // its claims; true where the prober has the name
	waits  map[candidate.Key]bool
	handed []candidate.Candidate // that others were asking about, and left
	over   bool                  // takes no more claims
	ended  bool
	err    error
}

// batches decides about every name and yields the rows in the order in which
// they settle; the error of the search itself comes once and last. Leaving the
// loop early, or the end of ctx, stops the work. The names must be different.
func (v *verdicts) batches(ctx context.Context, names []candidate.Candidate) iter.Seq2[[]probe.Result, error] {
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

// take returns the rows that have come since the last time.
func (s *search) take() (rows []probe.Result, ended bool, err error) {
	s.verdicts.mu.Lock()
	defer s.verdicts.mu.Unlock()
	rows, s.rows = s.rows, nil
	return rows, s.ended, s.err
}

// ask runs the prober over the names that this search has to ask about itself.
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

// source streams the names that nobody else asks about, and then those that
// somebody else has left to this search. It ends when there is nothing to wait
// for.
func (s *search) source(ctx context.Context) iter.Seq2[candidate.Candidate, error] {
	return func(yield func(candidate.Candidate, error) bool) {
		pass := func(c candidate.Candidate) bool {
			return (c.Err != nil || s.begin(ctx, c)) && yield(c, nil)
		}
		for _, c := range s.names {
			if s.verdicts.claim(s, c) && !pass(c) {
				return
			}
		}
		for {
			handed, waiting := s.takeHanded()
			for _, c := range handed {
				if !pass(c) {
					return
				}
			}
			switch {
			case len(handed) > 0:
				continue // what is waited for may have come meanwhile
			case !waiting:
				return
			}
			select {
			case <-s.more:
			case <-ctx.Done():
				return
			}
		}
	}
}

// begin waits until the prober may have a name, and reports false when ctx has
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
	if s.over {
		<-v.places
		return false
	}
	s.owns[c.Key()] = true
	return true
}

// release takes a claim from its owner. The caller holds the mutex.
func (v *verdicts) release(s *search, k candidate.Key) {
	if s.owns[k] {
		<-v.places
	}
	delete(s.owns, k)
}

func (s *search) takeHanded() (handed []candidate.Candidate, waiting bool) {
	s.verdicts.mu.Lock()
	defer s.verdicts.mu.Unlock()
	handed, s.handed = s.handed, nil
	return handed, len(s.waits) > 0
}

// claim reports whether the search has to ask about the name itself. Otherwise
// its row is there or will come.
func (v *verdicts) claim(s *search, c candidate.Candidate) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if s.over {
		return false
	}
	if c.Err != nil {
		return true // the prober has a row for it, without asking anybody
	}
	if r, ok := v.known.get(c, time.Now()); ok {
		s.give(r)
		return false
	}
	k := c.Key()
	if asked := v.claims[k]; asked != nil {
		asked.waiting = append(asked.waiting, waiter{s, c})
		s.waits[k] = true
		return false
	}
	v.claims[k] = &claim{owner: s}
	s.owns[k] = false
	return true
}

// settle gives rows to their search and to those that wait for the same names.
func (v *verdicts) settle(s *search, rows []probe.Result) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, r := range rows {
		s.give(r)
		k := r.Key()
		if _, owned := s.owns[k]; !owned {
			continue // an invalid name
		}
		v.known.put(r)
		for _, w := range v.claims[k].waiting {
			r.Candidate = w.name
			w.search.give(r)
			delete(w.search.waits, k)
			tell(w.search.more)
		}
		delete(v.claims, k)
		v.release(s, k)
	}
}

// abandon ends a search. What it was still asking about is handed over to those
// that wait for it.
func (v *verdicts) abandon(s *search, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s.over = true
	for k := range s.waits {
		c := v.claims[k]
		c.waiting = slices.DeleteFunc(c.waiting, func(w waiter) bool { return w.search == s })
	}
	for k := range s.owns {
		v.release(s, k)
		c := v.claims[k]
		if len(c.waiting) == 0 {
			delete(v.claims, k)
			continue
		}
		heir := c.waiting[0]
		c.owner, c.waiting = heir.search, c.waiting[1:]
		delete(heir.search.waits, k)
		heir.search.owns[k] = false
		heir.search.handed = append(heir.search.handed, heir.name)
		tell(heir.search.more)
	}
	s.ended, s.err = true, err
	tell(s.wake)
}

// replace puts a better verdict in place of the one that is known.
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

// tell wakes, once, who waits for the channel.
func tell(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
