package herd

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"iter"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"domprobe/candidate"
	"domprobe/probe"
)

// A Shared is a prober that shares its verdicts with those of other processes, so
// that together they ask about a name once. Without the server it asks alone. It is
// safe for concurrent use: all loops are one loop of the prober, so that this tests
// its servers once for all.
type Shared struct {
	conn   *Conn
	prober Prober
	keep   Keep
	rules  string // the start of every key: only those with the same rules share
	store  store

	mu    sync.Mutex
	loops int
	asks  *asks // nil without loops
}

// Share returns a prober that shares verdicts of the same settings, for as long as
// keep says.
func (c *Conn) Share(p Prober, s Settings, keep Keep) (*Shared, error) {
	text, err := json.Marshal(record{Version: c.opts.Version, Settings: s})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	return &Shared{conn: c, prober: p, keep: keep, rules: hex.EncodeToString(sum[:8]), store: store{conn: c, clock: time.Now}}, nil
}

const (
	maxLooks  = 256  // calls of one loop to the server that are under way
	maxShared = 4096 // names of one loop that are under way, or whose rows are unread
)

// A sharing is one loop over names.
type sharing struct {
	*asks
	wake  chan struct{} // told of rows, and of the end of the names
	slots chan struct{} // one element for each name whose row has not been taken

	mu   sync.Mutex
	rows []probe.Result // not taken yet
	over bool           // no more names come
	err  error
}

// Batches decides about every name, by what others have found out as far as that
// is known.
func (s *Shared) Batches(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]probe.Result, error] {
	return func(yield func([]probe.Result, error) bool) {
		l := &sharing{asks: s.enter(), wake: make(chan struct{}, 1), slots: make(chan struct{}, maxShared)}
		defer s.leave()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		go l.look(ctx, names) // a blocked read is not waited for
		for {
			rows, over, err := l.take()
			if len(rows) > 0 && !yield(rows, nil) {
				return
			}
			if over {
				if err != nil {
					yield(nil, err)
				}
				return
			}
			select {
			case <-l.wake:
			case <-l.ended:
				yield(nil, l.failed)
				return
			case <-ctx.Done():
				yield(nil, &probe.Unfinished{Err: context.Cause(ctx)})
				return
			}
		}
	}
}

// look parts the names into those that others know and those to ask about.
func (l *sharing) look(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) {
	var failed error
	var looks errgroup.Group
	looks.SetLimit(maxLooks)
	for c, err := range names {
		if failed = err; err != nil {
			break
		}
		select {
		case l.slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		looks.Go(func() error {
			l.settle(ctx, c)
			return nil
		})
	}
	_ = looks.Wait() // none fails
	l.end(failed)
}

// settle has a row come for a name.
func (l *sharing) settle(ctx context.Context, c candidate.Candidate) {
	var revision uint64
	if c.Err == nil {
		r, at, known := l.find(ctx, c)
		if known {
			l.give(r)
			return
		}
		revision = at
	}
	l.ask(ctx, l, c, revision)
}

func (l *sharing) give(r probe.Result) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows = append(l.rows, r)
	tell(l.wake)
}

func (l *sharing) end(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over, l.err = true, err
	tell(l.wake)
}

// take returns the rows that have come, and whether they are the last.
func (l *sharing) take() (rows []probe.Result, over bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	rows, l.rows = l.rows, nil
	for range rows {
		<-l.slots
	}
	return rows, l.over && len(l.slots) == 0, l.err
}
