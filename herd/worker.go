package herd

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"domprobe/candidate"
	"domprobe/probe"
)

// WorkOptions configure a worker.
type WorkOptions struct {
	// Open returns a prober for the settings of a job, and what closes it. Its
	// error refuses the job.
	Open func(ctx context.Context, s Settings) (p Prober, stop func() error, err error)

	// Hold is how many names the worker holds at most: more than what its prober
	// has in flight.
	Hold int

	// Demo says that the names of the demo are decided, and no others.
	Demo bool
}

// Work decides names of the jobs there are, in turn, until ctx is done. Then it
// gives back what it holds. The error is nil unless the connection is closed.
func (c *Conn) Work(ctx context.Context, opts WorkOptions) error {
	w := &worker{
		conn: c, opts: opts, more: make(chan struct{}, 1), refused: map[string]bool{}, probers: map[string]opened{},
		heard: map[string]time.Time{},
	}
	w.opts.Hold = max(opts.Hold, maxNames)
	sub, err := c.nc.Subscribe(newJob, func(*nats.Msg) { tell(w.more) })
	if err != nil {
		return fmt.Errorf("wait for jobs: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	running.Go(func() { c.answer(ctx, w.status) })
	running.Go(func() { w.watch(ctx) })
	defer w.close()
	for ctx.Err() == nil {
		w.round(ctx)
	}
	return nil
}

// A worker decides the names of jobs.
type worker struct {
	conn    *Conn
	opts    WorkOptions
	more    chan struct{} // told that there may be a new job
	refused map[string]bool
	probers map[string]opened // by their settings
	settled atomic.Int64
	held    atomic.Int64

	mu    sync.Mutex
	heard map[string]time.Time // jobs, by the last call of their coordinators
	jobs  []JobInfo            // that are there
	job   string               // the one in turn
	rate  float64
	doubt string
}

type opened struct {
	Prober
	stop func() error
}

const (
	watchEvery = 2 * time.Second
	turn       = 5 * time.Second // of a job, while there are others
	maxOpened  = 8
)

// watch keeps the list of jobs.
func (w *worker) watch(ctx context.Context) {
	last, at := int64(0), time.Now()
	for ctx.Err() == nil {
		var list []JobInfo
		err := once(ctx, func(ctx context.Context) (err error) {
			list, err = w.conn.jobs(ctx)
			return err
		})
		w.mu.Lock()
		if err == nil {
			maps.DeleteFunc(w.heard, func(_ string, at time.Time) bool { return time.Since(at) > deserted })
			w.jobs = slices.DeleteFunc(list, w.dead)
		}
		if passed := time.Since(at); passed > time.Second {
			n := w.settled.Load()
			w.rate = float64(n-last) / passed.Seconds()
			last, at = n, time.Now()
		}
		w.mu.Unlock()
		select {
		case <-w.more:
		case <-time.After(watchEvery):
		case <-ctx.Done():
		}
	}
}

// dead reports whether nobody waits for the rows of a job. Its coordinator may
// never come back.
func (w *worker) dead(j JobInfo) bool {
	return w.heard[j.ID].IsZero() && j.Version == w.conn.opts.Version // others cannot be told from living ones
}

// fit returns the jobs that the worker may take part in.
func (w *worker) fit() (list []JobInfo) {
	w.mu.Lock()
	all := slices.Clone(w.jobs)
	w.mu.Unlock()
	there := map[string]bool{}
	for _, j := range all {
		there[j.ID] = true
		switch r := &j.record; {
		case w.refused[j.ID]:
		case r.Version != w.conn.opts.Version:
			w.refuse(j, "it is of "+r.Version+", and this is "+w.conn.opts.Version)
		case r.Settings.Demo && !w.opts.Demo:
			w.refuse(j, "it is about the names of the demo")
		case !r.Settings.Demo && w.opts.Demo:
			w.refuse(j, "this worker knows the names of the demo only")
		default:
			list = append(list, j)
		}
	}
	maps.DeleteFunc(w.refused, func(id string, _ bool) bool { return !there[id] })
	return list
}

func (w *worker) refuse(j JobInfo, why string) {
	w.refused[j.ID] = true
	w.conn.opts.Note("job " + j.ID + " of " + j.record.Coordinator + " is refused: " + why)
}

// round gives every job its turn.
func (w *worker) round(ctx context.Context) {
	list := w.fit()
	if len(list) == 0 {
		pause(ctx, 100*time.Millisecond)
	}
	for _, j := range list {
		p, err := w.prober(ctx, j.record.Settings)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			w.refuse(j, err.Error())
			continue
		}
		w.set(j.ID, "")
		v := newVisit(w, j, p)
		v.run(ctx)
		w.set("", v.doubt)
		if v.doubt != "" {
			w.recover(ctx, p, v.doubt)
		}
	}
}

// set notes the job in turn, and why the worker takes none.
func (w *worker) set(job, doubt string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.job, w.doubt = job, doubt
}

// alone reports whether a job is there, and no other.
func (w *worker) alone(job string) (alone, there bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	there = slices.ContainsFunc(w.jobs, func(j JobInfo) bool { return j.ID == job })
	return len(w.jobs) == 1, there
}

// speed is how many names a second have been settled lately.
func (w *worker) speed() float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rate
}

// prober returns a prober for the settings of a job.
func (w *worker) prober(ctx context.Context, s Settings) (Prober, error) {
	key, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	if p, ok := w.probers[string(key)]; ok {
		return p, nil
	}
	if len(w.probers) >= maxOpened {
		w.close()
	}
	p, stop, err := w.opts.Open(ctx, s)
	if err == nil {
		w.probers[string(key)] = opened{p, stop}
	}
	return p, err
}

func (w *worker) close() {
	for key, p := range w.probers {
		if err := p.stop(); err != nil {
			w.conn.opts.Note(err.Error())
		}
		delete(w.probers, key)
	}
}

// recover waits until the resolvers can be believed again.
func (w *worker) recover(ctx context.Context, p Prober, why string) {
	w.conn.opts.Note(why + "; batches are given back")
	for wait := 10 * time.Second; pause(ctx, wait); wait = min(2*wait, time.Minute) {
		if believable(ctx, p) {
			w.set("", "")
			w.conn.opts.Note("the resolvers can be believed again")
			return
		}
	}
}

// believable reports whether a prober gets an answer about a name that nobody has
// registered: it is unknown if the resolvers cannot be believed.
func believable(ctx context.Context, p Prober) bool {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	label := make([]byte, 20)
	for i := range label {
		label[i] = 'a' + byte(rand.IntN(26))
	}
	for rows, err := range p.Batches(ctx, candidate.Names(string(label)+".com")) {
		if err == nil && len(rows) > 0 && rows[0].Verdict != probe.Unknown {
			return true
		}
	}
	return false
}

func (w *worker) status(job string) Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	if job != "" && len(w.heard) < maxRoll {
		if w.heard[job].IsZero() {
			tell(w.more)
		}
		w.heard[job] = time.Now()
	}
	return Status{
		Name: w.conn.opts.Name, Kind: "worker", Version: w.conn.opts.Version, Job: w.job, Rate: w.rate, Names: w.settled.Load(),
		Held: int(w.held.Load()), Wants: w.opts.Hold, Demo: w.opts.Demo, Doubt: w.doubt,
	}
}
