package probe

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"domprobe/candidate"
)

// A Confirmer asks the registry of a name, which is in its A-label form,
// whether it is registered. The Client of package rdap is one. Confirm is
// called from many goroutines at once, some for each TLD, and does the pacing;
// it has to return soon after ctx has ended. It runs on goroutines of the Prober, so
// that a panic in it ends the program.
type Confirmer interface {
	Confirm(ctx context.Context, name string) Confirmation
}

// A Confirmation is a registry's word about one name, or why there is none.
type Confirmation struct {
	// Reason is one of the reasons rdap-...: [RDAPRegistered],
	// [RDAPReserved] and [RDAPNotRegistered] are the registry's word, the
	// others say why it could not be had. Any other value counts as
	// [RDAPFailed].
	Reason Reason

	// Registration is what the registry publishes about a registered name. It
	// may be nil.
	Registration *Registration

	// Source is how the registry was asked, "rdap" or "whois".
	Source string

	// Note restricts the registry's word, for people to read. It is empty
	// where there is nothing to add.
	Note string

	// Err is the detail behind a Reason that is not the registry's word.
	Err error
}

// Settled reports whether c is the registry's word.
func (c *Confirmation) Settled() bool {
	return c.Reason == RDAPRegistered || c.Reason == RDAPReserved || c.Reason == RDAPNotRegistered
}

// The bounds of what is between the stages.
const (
	// maxAsking bounds the names of one TLD that ask at the same time, which
	// are more than any registry answers at a time. The others are parked,
	// and no registry's names are in the way of another's.
	maxAsking = 16

	// maxHeld bounds the names whose registries have not answered: so far
	// the DNS is ahead of a registry that takes one a second.
	maxHeld = 1 << 14
)

// A stage confirms the not-found results of one loop, and finds the dates of the
// found ones. Like a run it has no lock: it happens on the goroutine of the loop,
// the names ask on theirs, and the loop over the first stage runs beside it.
type stage struct {
	confirm Confirmer // or nil
	dates   Confirmer // or nil
	maxHeld int
	stop    chan struct{} // closed when nobody takes batches and answers any more
	answers chan Result
	tlds    map[string]*queue // by last label
	held    int               // in all queues
	out     []Result
	asking  sync.WaitGroup
}

// A queue holds the names of one TLD whose registry has not answered.
type queue struct {
	asking int
	parked []Result // not asked about yet
}

// A batch is what one turn of the first stage's loop gave.
type batch struct {
	results []Result
	err     error
	escape  escape // of the names
}

// confirmed is [Prober.Batches] with a second stage behind it, for a Prober
// with a Confirmer. What it is not asked about passes at once. While too many
// names are held for their registries, nothing is taken from the first stage,
// which then takes nothing from names.
func (p *Prober) confirmed(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]Result, error] {
	return func(yield func([]Result, error) bool) {
		s := newStage(p.opts.Confirm, p.opts.Dates)
		ctx, cancel := context.WithCancel(ctx)
		batches := make(chan batch)
		s.asking.Go(func() { pump(p.decided(ctx, names), batches, s.stop) })
		defer s.asking.Wait()
		defer close(s.stop)
		defer cancel()
		s.loop(ctx, batches, yield)
	}
}

func newStage(confirm, dates Confirmer) *stage {
	return &stage{confirm: confirm, dates: dates, maxHeld: maxHeld, stop: make(chan struct{}), answers: make(chan Result), tlds: map[string]*queue{}}
}

// pump hands over the batches of the first stage until it has ended or stop is
// closed. It is not the end of a context that stops it: what has settled by
// then is still to come.
func pump(first iter.Seq2[[]Result, error], batches chan<- batch, stop <-chan struct{}) {
	defer close(batches)
	send := func(b batch) bool {
		select {
		case batches <- b:
			return true
		case <-stop:
			return false
		}
	}
	carry(func() {
		for results, err := range first {
			if !send(batch{results: slices.Clone(results), err: err}) { // valid for this turn only
				return
			}
		}
	}, func(e escape) { send(batch{escape: e}) })
}

// loop runs until the first stage has ended and no name is held. The first
// stage's error comes last, as it does without a second one.
func (s *stage) loop(ctx context.Context, batches <-chan batch, yield func([]Result, error) bool) {
	var failed error
	for batches != nil || s.held > 0 {
		in := batches
		if s.held >= s.maxHeld {
			in = nil
		}
		select {
		case b, ok := <-in:
			if !ok {
				batches = nil
				break
			}
			b.escape.rethrow()
			s.sort(ctx, b.results)
			if b.err != nil {
				failed = b.err
			}
		case r := <-s.answers:
			s.settled(ctx, r)
		}
		s.collect(ctx)
		if len(s.out) > 0 && !yield(s.out, nil) {
			return
		}
		clear(s.out)
		s.out = s.out[:0]
	}
	if failed == nil && ctx.Err() != nil { // after the first stage had ended
		failed = &Unfinished{Err: context.Cause(ctx)}
	}
	if failed != nil {
		yield(nil, failed)
	}
}

// who returns who is to be asked about a result, or nil.
func (s *stage) who(r *Result) Confirmer {
	switch r.Verdict {
	case NotFound:
		return s.confirm
	case Found:
		return s.dates
	}
	return nil
}

// sort tells the results that are to be asked about from those that are not.
func (s *stage) sort(ctx context.Context, results []Result) {
	for _, r := range results {
		if s.who(&r) == nil {
			s.out = append(s.out, r)
			continue
		}
		s.held++
		q := s.queue(r.Name)
		q.parked = append(q.parked, r)
		s.ask(ctx, q)
	}
}

// queue returns the queue of a name.
func (s *stage) queue(name string) *queue {
	tld := name[strings.LastIndexByte(name, '.')+1:]
	q := s.tlds[tld]
	if q == nil {
		q = new(queue)
		s.tlds[tld] = q
	}
	return q
}

// collect takes the answers that are there, as many as make a batch.
func (s *stage) collect(ctx context.Context) {
	for len(s.out) < maxBatch {
		select {
		case r := <-s.answers:
			s.settled(ctx, r)
		default:
			return
		}
	}
}

func (s *stage) settled(ctx context.Context, r Result) {
	s.held--
	s.out = append(s.out, r)
	q := s.queue(r.Name)
	q.asking--
	s.ask(ctx, q)
}

// ask lets names of a queue ask their registry, as many as may. Once ctx has
// ended the others have their results without.
func (s *stage) ask(ctx context.Context, q *queue) {
	for len(q.parked) > 0 && q.asking < maxAsking && ctx.Err() == nil {
		r := q.parked[0]
		q.parked[0] = Result{} // its strings can go
		q.parked = q.parked[1:]
		q.asking++
		s.asking.Go(func() {
			s.hear(&r, s.who(&r).Confirm(ctx, r.Name))
			select {
			case s.answers <- r:
			case <-s.stop:
			}
		})
	}
	if ctx.Err() == nil {
		return
	}
	for _, r := range q.parked {
		s.hear(&r, Confirmation{Reason: RDAPCanceled, Err: context.Cause(ctx)})
		s.out = append(s.out, r)
	}
	s.held -= len(q.parked)
	q.parked = nil
}

// hear takes a registry's word into a result.
func (s *stage) hear(r *Result, c Confirmation) {
	asked := r.Verdict
	if asked == NotFound {
		r.hear(c)
	}
	if r.Verdict != Found || s.dates == nil {
		return
	}
	if r.Registration = c.Registration; r.Registration == nil && asked == Found {
		r.Err = c.Err
		if c.Settled() && c.Reason != RDAPRegistered {
			r.Err = errNoRegistration
		}
	}
}

var errNoRegistration = errors.New("the registry publishes no registration of the name")

// hear takes a registry's word into a not-found result. Without one the result
// stays what the DNS made of it.
func (r *Result) hear(c Confirmation) {
	r.At, r.Reason = time.Now(), c.Reason
	switch c.Reason {
	case RDAPRegistered, RDAPReserved:
		r.Verdict, r.TTL = Found, 0
	case RDAPNotRegistered:
	case RDAPNone, RDAPLimited, RDAPPaused, RDAPUnsure, RDAPFailed, RDAPCanceled:
		r.Err = c.Err
		return
	default:
		r.Reason, r.Err = RDAPFailed, c.Err
		return
	}
	r.Source += "+" + c.Source
}
