package watch

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"domprobe/candidate"
	"domprobe/internal/text"
	"domprobe/probe"
)

// A Prober looks at names: a [*probe.Prober] is one. For the whole life of a name it
// asks the registries, about names that are found as well.
type Prober interface {
	Batches(context.Context, iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]probe.Result, error]
}

// A Watcher looks at the names of a file when they are due, and has events
// delivered. It is used once.
type Watcher struct {
	File   *File
	Prober Prober

	// Interval is the time between two looks at a name. Zero means what its
	// state asks for.
	Interval time.Duration

	// Once looks at the names that are due, and ends when the events are
	// delivered.
	Once bool

	// Sinks get every event.
	Sinks []Sink

	// Note, if not nil, is told what the user should know, in one line. It must be
	// safe for concurrent use, and so must Settled.
	Note func(format string, args ...any)

	// Settled, if not nil, is called with the results of looks.
	Settled func([]probe.Result)

	wake  time.Duration // the longest sleep; zero means a minute
	most  int           // events that may wait for a sink; zero means maxWaiting
	rings []chan struct{}
}

// A Watcher wakes after a minute at the latest: the clock may be set, the machine
// may have slept, and another process may have added names.
const wake = time.Minute

// The most names that are looked at at a time at one pace, and the number of waiting
// events of a sink at which no name is looked at any more.
const (
	maxRound   = 10_000
	maxWaiting = 10_000
)

// Run looks at names until ctx is done, which is no error, or with Once until
// none is due. It returns [ErrRunning], wrapped, if another Watcher runs on the file.
func (w *Watcher) Run(ctx context.Context) (err error) {
	for i, sink := range w.Sinks {
		if sink.Name == "" || slices.ContainsFunc(w.Sinks[:i], func(s Sink) bool { return s.Name == sink.Name }) {
			return fmt.Errorf("the name %q of a sink is empty or another's", sink.Name)
		}
	}
	unlock, err := w.File.lock()
	if err != nil {
		return err
	}
	defer unlock()
	w.wake, w.most = cmp.Or(w.wake, wake), cmp.Or(w.most, maxWaiting)
	over := make(chan struct{})
	g, ctx := errgroup.WithContext(ctx)
	for _, sink := range w.Sinks {
		d := &delivery{w, sink, make(chan struct{}, 1), over}
		w.rings = append(w.rings, d.rung)
		g.Go(func() error { return d.run(ctx) })
	}
	g.Go(func() error {
		defer close(over)
		return w.looks(ctx)
	})
	return g.Wait()
}

func (w *Watcher) note(format string, args ...any) {
	if w.Note != nil {
		w.Note(format, args...)
	}
}

// looks starts a round of looks whenever names are due. Each pace has one at a time,
// so that those which are looked at often do not wait for the others.
func (w *Watcher) looks(ctx context.Context) error {
	rounds, ctx := errgroup.WithContext(ctx)
	ended := make(chan pace, len(every))
	running := [len(every)]bool{}
	full := false
	start := time.Now()
	for ctx.Err() == nil {
		now := time.Now()
		by := now
		if w.Once { // else names with a short interval would be due for ever
			by = start
		}
		c, err := w.File.schedule(now, by, maxRound)
		if err != nil {
			return cmp.Or(err, rounds.Wait())
		}
		if !c.back.IsZero() {
			w.note("the clock has been set back by %v; names are looked at anew", c.back.Sub(now).Round(time.Minute))
		}
		was := full
		if full, err = w.full(); err != nil {
			return cmp.Or(err, rounds.Wait())
		}
		if full && !was {
			w.note("more than %d events wait to be delivered; no name is looked at until they are fewer", w.most)
		}
		for p, due := range c.due {
			if len(due) > 0 && !running[p] && !full {
				running[p] = true
				rounds.Go(func() error {
					defer func() { ended <- pace(p) }()
					return w.round(ctx, due)
				})
			}
		}
		if w.Once && !slices.Contains(running[:], true) {
			break
		}
		select {
		case p := <-ended:
			running[p] = false
		case <-time.After(w.untilNext(c.next, now)):
		case <-ctx.Done():
		}
	}
	return rounds.Wait()
}

func (w *Watcher) untilNext(next, now time.Time) time.Duration {
	if next.IsZero() {
		return w.wake
	}
	return min(next.Sub(now), w.wake)
}

// full reports whether too many events wait.
func (w *Watcher) full() (bool, error) {
	counts, err := w.File.Waiting()
	for _, sink := range w.Sinks {
		if counts[sink.Name] >= w.most {
			return true, err
		}
	}
	return false, err
}

// round looks at names. Those without a result, because the look failed as a whole,
// are unknown, so that they are planned anew as well.
func (w *Watcher) round(ctx context.Context, due []string) error {
	open := make(map[string]bool, len(due))
	for _, name := range due {
		open[name] = true
	}
	var failed error
	for results, err := range w.Prober.Batches(ctx, candidate.Names(due...)) {
		for _, r := range results {
			delete(open, r.Name)
		}
		if err := w.settle(results); err != nil {
			return err
		}
		failed = err
	}
	if ctx.Err() != nil {
		return nil
	}
	if failed != nil {
		w.note("%d names could not be looked at: %v", len(open), failed)
	}
	var unknown []probe.Result
	for name := range open {
		r := probe.Result{Candidate: candidate.Parse(name), At: time.Now()}
		r.Name = name
		unknown = append(unknown, r)
	}
	return w.settle(unknown)
}

// settle takes in results, and wakes those who deliver.
func (w *Watcher) settle(results []probe.Result) error {
	if len(results) == 0 {
		return nil
	}
	sinks := text.Of(w.Sinks, func(s Sink) string { return s.Name })
	events, err := w.File.settle(results, sinks, time.Now(), w.Interval)
	if err != nil {
		return err
	}
	if w.Settled != nil {
		w.Settled(results)
	}
	if events == 0 {
		return nil
	}
	for _, rung := range w.rings {
		select {
		case rung <- struct{}{}:
		default: // it is awake already
		}
	}
	return nil
}
