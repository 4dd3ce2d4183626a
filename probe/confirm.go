package probe

import (
	"context"
	"iter"
	"slices"
	"sync"
	"time"

	"domprobe/candidate"
	"domprobe/probe/rdap"
)

// A Confirmer asks the registry of a name, which is in its A-label form,
// whether it is registered. A [rdap.Client] is one. Confirm is called from
// many goroutines at once, one for each name that waits, and does the pacing;
// it has to return soon after ctx has ended.
type Confirmer interface {
	Confirm(ctx context.Context, name string) rdap.Answer
}

// maxWaiting bounds the names that wait for their registries. It is far above
// what any registry answers at a time, because a name that waits for a slow
// one holds its place, and the others are to find theirs.
const maxWaiting = 1024

// A stage confirms the not-found results of one loop. Like a run it has no
// lock: it happens on the goroutine of the loop, the names ask on theirs, and
// the loop over the first stage runs beside it.
type stage struct {
	who     Confirmer
	answers chan Result // with room for every name that waits
	waiting int
	backlog []Result // of the last batch: not asked about yet
	out     []Result
	asking  sync.WaitGroup
}

// A batch is what one turn of the first stage's loop gave.
type batch struct {
	results []Result
	err     error
}

// confirmed is [Prober.Batches] with a second stage behind it, for a Prober
// with a Confirmer. Everything but a not-found passes at once. While too many
// names wait for their registries, nothing is taken from the first stage,
// which then takes nothing from names.
func (p *Prober) confirmed(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]Result, error] {
	return func(yield func([]Result, error) bool) {
		s := &stage{who: p.opts.Confirm, answers: make(chan Result, maxWaiting)}
		ctx, cancel := context.WithCancel(ctx)
		stop := make(chan struct{})
		batches := make(chan batch)
		s.asking.Go(func() { pump(p.decided(ctx, names), batches, stop) })
		defer s.asking.Wait()
		defer close(stop)
		defer cancel()
		s.loop(ctx, batches, yield)
	}
}

// pump hands over the batches of the first stage until it has ended or stop is
// closed. It is not the end of a context that stops it: what has settled by
// then is still to come.
func pump(first iter.Seq2[[]Result, error], batches chan<- batch, stop <-chan struct{}) {
	defer close(batches)
	for results, err := range first {
		select {
		case batches <- batch{slices.Clone(results), err}: // valid for this turn only
		case <-stop:
			return
		}
	}
}

// loop runs until the first stage has ended and no name waits. The first
// stage's error comes last, as it does without a second one.
func (s *stage) loop(ctx context.Context, batches <-chan batch, yield func([]Result, error) bool) {
	var failed error
	for batches != nil || s.waiting > 0 {
		in := batches
		if len(s.backlog) > 0 {
			in = nil
		}
		select {
		case b, ok := <-in:
			if !ok {
				batches = nil
				break
			}
			s.sort(b.results)
			if b.err != nil {
				failed = b.err
			}
		case r := <-s.answers:
			s.settled(r)
		}
		s.collect()
		s.ask(ctx)
		if len(s.out) > 0 && !yield(s.out, nil) {
			return
		}
		clear(s.out)
		s.out = s.out[:0]
	}
	if failed == nil && ctx.Err() != nil { // after the first stage had ended
		failed = context.Cause(ctx)
	}
	if failed != nil {
		yield(nil, failed)
	}
}

// sort tells the results that are to be confirmed from those that are not.
func (s *stage) sort(results []Result) {
	s.backlog = s.backlog[:0]
	for _, r := range results {
		if r.Verdict == NotFound {
			s.backlog = append(s.backlog, r)
		} else {
			s.out = append(s.out, r)
		}
	}
}

// collect takes the answers that are there.
func (s *stage) collect() {
	for {
		select {
		case r := <-s.answers:
			s.settled(r)
		default:
			return
		}
	}
}

func (s *stage) settled(r Result) {
	s.waiting--
	s.out = append(s.out, r)
}

// ask lets names of the backlog wait for their registries, as many as may.
func (s *stage) ask(ctx context.Context) {
	for len(s.backlog) > 0 && s.waiting < maxWaiting {
		r := s.backlog[0]
		s.backlog = s.backlog[1:]
		s.waiting++
		s.asking.Go(func() {
			r.hear(s.who.Confirm(ctx, r.Name))
			s.answers <- r // never blocks: there is room for all that wait
		})
	}
}

// hear takes a registry's word into a not-found result. Without one the result
// stays what the DNS made of it.
func (r *Result) hear(a rdap.Answer) {
	r.At = time.Now()
	switch a.Status {
	case rdap.Registered:
		r.Verdict, r.Reason, r.TTL = Found, RDAPRegistered, 0
	case rdap.Reserved:
		r.Verdict, r.Reason, r.TTL = Found, RDAPReserved, 0
	case rdap.NotRegistered:
		r.Reason = RDAPNotRegistered
	default:
		r.Reason, r.Err = unconfirmed(a.Reason), a.Err
		return
	}
	r.Source = "dns+" + a.Source
}

// unconfirmed is the short form of why a registry's word could not be had; the
// result's Err has the long one.
func unconfirmed(why rdap.Reason) Reason {
	switch why {
	case rdap.NoRDAP, rdap.NoBootstrap, rdap.BadName:
		return RDAPNone
	case rdap.RateLimited:
		return RDAPLimited
	case rdap.CircuitOpen:
		return RDAPPaused
	case rdap.NotAuthoritative, rdap.Unrecognized, rdap.BadReply:
		return RDAPUnsure
	case rdap.Canceled:
		return RDAPCanceled
	}
	return RDAPFailed
}
