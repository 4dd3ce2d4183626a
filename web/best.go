package web

import (
	"context"
	"iter"
	"net/netip"
	"slices"

	"domprobe/candidate"
	"domprobe/probe"
)

// minAhead is how many names at least are asked about at a time in a search for
// the best: those behind the last one that is wanted are asked about in vain.
const minAhead = 64

// maxRankings bounds the searches for the best names at once: each holds many names
// in memory, and makes the processor work.
const maxRankings = 4

// A pick is a search for the best names.
type pick struct {
	choosing
	ask    asker
	places chan struct{} // one element for each search that runs

	// confirmed says that a name is wanted only if its registry says that it is
	// not registered.
	confirmed bool

	// admit waits until so many names may be asked about.
	admit func(ctx context.Context, names int) error
}

// pick returns a search for the best names of a query, of which it asks about so many
// at most.
func (s *Server) pick(q *query, v *verdicts, client netip.Addr, most int) *pick {
	p := &pick{choosing: q.choosing, ask: v.batches, places: s.rankings, confirmed: q.Confirm}
	p.Budget = q.most(maxRanked, most)
	p.admit = func(ctx context.Context, n int) error { return s.clients.wait(ctx, client, n) }
	return p
}

// batches asks about names in their order and yields the rows in that order. It ends
// with the last of the names that are wanted, or with the budget.
func (p *pick) batches(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]probe.Result, error] {
	return func(yield func([]probe.Result, error) bool) {
		select {
		case p.places <- struct{}{}:
			defer func() { <-p.places }()
		case <-ctx.Done():
			yield(nil, context.Cause(ctx))
			return
		}
		next, stop := iter.Pull2(names)
		defer stop()
		missing := p.Best
		for left := p.Budget; left > 0 && (p.Best == 0 || missing > 0); {
			some, failed := take(next, min(max(minAhead, 2*missing), left))
			if left -= len(some); len(some) == 0 && failed == nil {
				return
			}
			if failed == nil {
				failed = p.admit(ctx, len(some))
			}
			var rows []probe.Result
			if failed == nil {
				rows, failed = p.settle(ctx, some)
			}
			rows, missing = p.wanted(rows, missing)
			if len(rows) > 0 && !yield(rows, nil) {
				return
			}
			if failed != nil {
				yield(nil, failed)
				return
			}
		}
	}
}

func take(next func() (candidate.Candidate, error, bool), most int) (some []candidate.Candidate, err error) {
	for len(some) < most {
		c, err, ok := next()
		if err != nil || !ok {
			return some, err
		}
		some = append(some, c)
	}
	return some, nil
}

// settle returns the rows of some names, in their order.
func (p *pick) settle(ctx context.Context, some []candidate.Candidate) (rows []probe.Result, failed error) {
	for batch, err := range p.ask(ctx, candidate.Stream(some...)) {
		rows = append(rows, batch...)
		failed = err
	}
	inOrder(rows, some)
	return rows, failed
}

// inOrder sorts rows in the order of their names.
func inOrder(rows []probe.Result, names []candidate.Candidate) {
	at := make(map[candidate.Key]int, len(names))
	for i, c := range names {
		at[c.Key()] = i
	}
	slices.SortFunc(rows, func(a, b probe.Result) int { return at[a.Key()] - at[b.Key()] })
}

// wanted returns the rows up to the last of the names that are wanted, and how
// many are still missing.
func (p *pick) wanted(rows []probe.Result, missing int) ([]probe.Result, int) {
	for i, r := range rows {
		if p.Best > 0 && r.Verdict == probe.NotFound && (!p.confirmed || r.Reason == probe.RDAPNotRegistered) {
			if missing--; missing == 0 {
				return rows[:i+1], 0
			}
		}
	}
	return rows, missing
}
