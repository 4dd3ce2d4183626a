package herd

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"iter"
	"sync"

	"golang.org/x/sync/errgroup"

	"domprobe/candidate"
	"domprobe/probe"
)

// A Shared is a prober that shares its verdicts with those of other processes, so
// that together they ask about a name once. Without the server it asks alone.
type Shared struct {
	conn   *Conn
	prober Prober
	keep   Keep
	rules  string // the start of every key: only those with the same rules share
	store  store
}

// Share returns a prober that shares verdicts of the same settings, for as long as
// keep says.
func (c *Conn) Share(p Prober, s Settings, keep Keep) (*Shared, error) {
	text, err := json.Marshal(record{Version: c.opts.Version, Settings: s})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	return &Shared{conn: c, prober: p, keep: keep, rules: hex.EncodeToString(sum[:8]), store: store{conn: c}}, nil
}

// maxLooks bounds the calls of one loop to the server that are under way.
const maxLooks = 64

// A sharing is one loop over names.
type sharing struct {
	*Shared
	mine    chan candidate.Candidate // nobody else asks about them
	settled chan []probe.Result

	mu     sync.Mutex
	claims map[candidate.Key]uint64 // with the revision of the entry
	failed error
}

// Batches decides about every name, by what others have found out as far as that
// is known.
func (s *Shared) Batches(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]probe.Result, error] {
	return func(yield func([]probe.Result, error) bool) {
		loop := &sharing{
			Shared: s, mine: make(chan candidate.Candidate), settled: make(chan []probe.Result), claims: map[candidate.Key]uint64{},
		}
		ctx, cancel := context.WithCancel(ctx)
		var running sync.WaitGroup
		running.Go(func() { loop.look(ctx, names) })
		running.Go(func() { loop.ask(ctx) })
		go func() {
			running.Wait()
			close(loop.settled)
		}()
		defer func() {
			cancel()
			for range loop.settled {
			}
			loop.release()
		}()
		for rows := range loop.settled {
			if !yield(rows, nil) {
				return
			}
		}
		if loop.failed != nil {
			yield(nil, loop.failed)
		}
	}
}

// look parts the names into those that others know and those to ask about.
func (s *sharing) look(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) {
	defer close(s.mine)
	var looks errgroup.Group
	looks.SetLimit(maxLooks)
	for c, err := range names {
		if err != nil {
			s.fail(err)
			break
		}
		if ctx.Err() != nil {
			break
		}
		looks.Go(func() error {
			if c.Err == nil {
				if r, known := s.find(ctx, c); known {
					s.give(ctx, []probe.Result{r})
					return nil
				}
			}
			select {
			case s.mine <- c:
			case <-ctx.Done():
			}
			return nil
		})
	}
	_ = looks.Wait() // none fails
}

func (s *sharing) give(ctx context.Context, rows []probe.Result) {
	select {
	case s.settled <- rows:
	case <-ctx.Done():
	}
}

// ask asks about the names that nobody else asks about.
func (s *sharing) ask(ctx context.Context) {
	source := func(yield func(candidate.Candidate, error) bool) {
		for c := range s.mine {
			if !yield(c, nil) {
				break
			}
		}
	}
	var puts errgroup.Group
	puts.SetLimit(maxLooks)
	for rows, err := range s.prober.Batches(ctx, source) {
		if err != nil {
			s.fail(err)
		}
		own := make([]probe.Result, len(rows))
		copy(own, rows)
		for _, r := range own {
			if revision, claimed := s.claimed(r.Key()); claimed {
				puts.Go(func() error {
					s.tell(r, revision)
					return nil
				})
			}
		}
		if len(own) > 0 {
			s.give(ctx, own)
		}
	}
	_ = puts.Wait()    // none fails
	for range s.mine { // a prober that has ended early leaves some
	}
}

func (s *sharing) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = err
	}
}

// claim notes that this loop asks about a name.
func (s *sharing) claim(k candidate.Key, revision uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claims[k] = revision
}

// claimed ends a claim.
func (s *sharing) claimed(k candidate.Key) (revision uint64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	revision, ok = s.claims[k]
	delete(s.claims, k)
	return revision, ok
}

// release gives up the claims of a loop that was left early.
func (s *sharing) release() {
	var frees errgroup.Group
	frees.SetLimit(maxLooks)
	for k, revision := range s.claims {
		frees.Go(func() error {
			s.store.free(s.key(k), revision)
			return nil
		})
	}
	_ = frees.Wait() // none fails
}
