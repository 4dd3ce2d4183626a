package herd

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"domprobe/candidate"
	"domprobe/probe"
)

// A Coordinator has names decided by the workers of the herd. It is safe for
// concurrent use.
type Coordinator struct {
	conn     *Conn
	settings Settings
	roll     *roll

	mu   sync.Mutex
	jobs map[string]*job // under way
}

// Coordinator returns a coordinator of jobs with these settings.
func (c *Conn) Coordinator(s Settings) *Coordinator {
	return &Coordinator{conn: c, settings: s, roll: newRoll(c, s.Demo), jobs: map[string]*job{}}
}

// State tells how many workers take part, and how many names are out.
func (co *Coordinator) State() (workers, out int) {
	co.mu.Lock()
	defer co.mu.Unlock()
	for _, j := range co.jobs {
		out += j.out.count()
	}
	return len(co.roll.fit()), out
}

// A job is one loop over names.
type job struct {
	*Coordinator
	id      string
	out     *out
	read    chan candidate.Candidate // from the source; closed at its end
	arrived chan arrival
	failed  chan error
	settled atomic.Int64
	sent    chan struct{} // closed when the sender has ended
}

// An arrival is a message of rows.
type arrival struct {
	msg  jetstream.Msg
	rows rows
}

// Batches decides about every name, as [probe.Prober.Batches] does: each loop is a
// job. It waits for workers, and for a server that is away, as long as it takes.
func (co *Coordinator) Batches(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]probe.Result, error] {
	return func(yield func([]probe.Result, error) bool) {
		j := &job{
			Coordinator: co, id: nuid.Next(), out: newOut(co.roll),
			read: make(chan candidate.Candidate, maxNames), arrived: make(chan arrival, 4), failed: make(chan error, 2),
			sent: make(chan struct{}),
		}
		err := co.conn.create(ctx, j.id, record{
			Version: co.conn.opts.Version, Coordinator: co.conn.opts.Name, Started: j.out.began.UTC(), Settings: co.settings,
		})
		if err != nil {
			yield(nil, err)
			return
		}
		defer j.remove()
		ctx, cancel := context.WithCancel(ctx)
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()
		go j.source(ctx, names) // a blocked read is not waited for
		running.Go(func() {
			defer close(j.sent)
			j.send(ctx)
		})
		running.Go(func() { j.receive(ctx) })
		running.Go(func() { co.roll.keep(ctx, j.id, j.out) })
		running.Go(func() { co.conn.answer(ctx, j.status) })
		j.enter()
		j.loop(ctx, yield)
	}
}

func (j *job) enter() {
	j.mu.Lock()
	j.jobs[j.id] = j
	j.mu.Unlock()
}

// remove takes the job off the server. If the server is away, another process
// removes it later, and nobody waits for it.
func (j *job) remove() {
	j.mu.Lock()
	delete(j.jobs, j.id)
	j.mu.Unlock()
	if j.conn.lost.Load() {
		return
	}
	if err := j.conn.Purge(context.Background(), j.id); err != nil {
		j.conn.opts.Log.Debug("NATS: " + err.Error())
	}
}

// source reads the names.
func (j *job) source(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) {
	var failed error
	for c, err := range names {
		if failed = err; err != nil {
			break
		}
		j.out.add()
		select {
		case j.read <- c:
		case <-ctx.Done():
			j.out.keep(c)
			return
		}
	}
	j.out.end(failed)
	close(j.read)
}

// receive takes rows as they come.
func (j *job) receive(ctx context.Context) {
	for {
		err := j.conn.fetch(ctx, j.id, rowsConsumer, maxFetch, callWait, func(m jetstream.Msg) {
			a := arrival{msg: m}
			if err := decode(m.Data(), &a.rows); err != nil {
				j.conn.opts.Note(err.Error())
				_ = m.Term() // it comes again otherwise, and is dropped again
				return
			}
			select {
			case j.arrived <- a:
			case <-ctx.Done():
			}
		})
		if err != nil {
			j.fail(ctx, err)
			return
		}
	}
}

// fail ends the loop, unless it has ended.
func (j *job) fail(ctx context.Context, err error) {
	if ctx.Err() == nil {
		j.failed <- err
	}
}

// loop gives the rows to the caller, and takes a message off the server once it
// has them.
func (j *job) loop(ctx context.Context, yield func([]probe.Result, error) bool) {
	for {
		if over, err := j.out.over(); over {
			if err != nil {
				yield(nil, err)
			}
			return
		}
		var done jetstream.Msg
		var settled []probe.Result
		select {
		case a := <-j.arrived:
			done, settled = a.msg, j.out.settle(&a.rows)
		case <-j.out.wake:
			settled = j.out.takeRows()
		case err := <-j.failed:
			yield(nil, err)
			return
		case <-ctx.Done():
			<-j.sent
			yield(nil, &probe.Unfinished{Names: j.out.left(), Err: context.Cause(ctx)})
			return
		}
		j.settled.Add(int64(len(settled)))
		if len(settled) > 0 && !yield(settled, nil) {
			return
		}
		if done != nil {
			_ = done.Ack() // a lost one brings rows again, which are folded
		}
	}
}
