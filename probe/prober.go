package probe

import (
	"context"
	"errors"
	"iter"

	"domprobe/candidate"
)

// A Prober decides about names. It is safe for concurrent use.
type Prober struct {
	opts Options
}

// New checks the options and returns a Prober. It opens no connection.
func New(opts Options) (*Prober, error) { return &Prober{opts: opts}, nil }

// Probe decides about every candidate and yields the results in the order in
// which they settle. A candidate that fails is a result; the error of the
// stream itself, of names or of ctx, comes once and last.
//
// Leaving the loop early stops the work. When the loop has ended, no goroutine
// and no socket of it is left, except that a source blocked in a read is
// waited for by nobody.
func (p *Prober) Probe(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		for batch, err := range p.Batches(ctx, names) {
			for _, r := range batch {
				if !yield(r, nil) {
					return
				}
			}
			if err != nil {
				yield(Result{}, err)
				return
			}
		}
	}
}

// Batches is like [Prober.Probe], and yields the results that have settled
// since the last ones. The slice is valid until the loop body returns.
func (p *Prober) Batches(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]Result, error] {
	return func(yield func([]Result, error) bool) { yield(nil, errors.New("not built yet")) }
}

// One decides about one name, which may be a whole domain in any form.
func (p *Prober) One(ctx context.Context, name string) Result {
	return Result{}
}

// Close releases what the Prober keeps between loops.
func (p *Prober) Close() error { return nil }
