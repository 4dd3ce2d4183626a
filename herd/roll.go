package herd

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

// callRoll is the subject that asks everybody how they are. A call carries the job of
// its coordinator: so workers know which jobs have one.
const callRoll = "domprobe.herd"

// A Status is how a worker or a coordinator is.
type Status struct {
	Name    string  `json:"name"`
	Kind    string  `json:"kind"` // worker or coordinator
	Version string  `json:"version"`
	Job     string  `json:"job"`
	Rate    float64 `json:"names_a_second"` // over the last seconds
	Names   int64   `json:"names"`          // settled so far
	Held    int     `json:"held"`           // names under way
	Wants   int     `json:"wants"`          // names that a worker would hold
	Demo    bool    `json:"demo,omitempty"`
	Doubt   string  `json:"doubt,omitempty"` // why a worker has given its batches back
}

// answer answers the calls of the roll until ctx is done.
func (c *Conn) answer(ctx context.Context, status func(job string) Status) {
	sub, err := c.nc.Subscribe(callRoll, func(m *nats.Msg) {
		if p, err := json.Marshal(status(string(m.Data))); err == nil {
			_ = m.Respond(p) // the next call follows soon
		}
	})
	if err != nil { // the connection is closed
		return
	}
	<-ctx.Done()
	_ = sub.Unsubscribe()
}

// Herd returns who answers within a time, sorted by kind and name.
func (c *Conn) Herd(ctx context.Context, wait time.Duration) ([]Status, error) {
	return c.call(ctx, "", wait)
}

// call calls the roll for a job.
func (c *Conn) call(ctx context.Context, job string, wait time.Duration) ([]Status, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	inbox := c.nc.NewInbox()
	sub, err := c.nc.SubscribeSync(inbox)
	if err == nil {
		defer func() { _ = sub.Unsubscribe() }()
		err = c.nc.PublishRequest(callRoll, inbox, []byte(job))
	}
	if err != nil {
		return nil, fmt.Errorf("call the roll of the herd: %w", err)
	}
	var all []Status
	for len(all) < maxRoll {
		m, err := sub.NextMsgWithContext(ctx)
		if err != nil { // nobody, or nobody more
			break
		}
		var s Status
		if json.Unmarshal(m.Data, &s) == nil {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b Status) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name)) })
	return all, nil
}

const (
	rollEvery = 2 * time.Second
	rollWait  = 500 * time.Millisecond

	// absent is after how long without an answer a worker is not there any more.
	absent = 10 * time.Second

	// deserted is after how long without a call of its coordinator a job is left. The
	// server may have been away.
	deserted = 2 * time.Minute

	maxRoll = 10_000 // workers that are known
)

// A roll is the workers that a coordinator knows.
type roll struct {
	conn  *Conn
	demo  bool         // of the jobs
	wants atomic.Int64 // names that the workers would hold

	called atomic.Bool // it is known who is there

	mu    sync.Mutex
	seen  map[string]time.Time // fit workers
	told  map[string]bool      // workers that the user has been told about
	alone bool                 // the user has been told that there is no worker
}

func newRoll(c *Conn, demo bool) *roll {
	return &roll{conn: c, demo: demo, seen: map[string]time.Time{}, told: map[string]bool{}}
}

// fit lists the workers that take part.
func (r *roll) fit() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.seen))
}

// keep calls the roll again and again, and tells the sender.
func (r *roll) keep(ctx context.Context, job string, o *out) {
	for ctx.Err() == nil {
		all, err := r.conn.call(ctx, job, rollWait)
		if err == nil && ctx.Err() == nil && !r.conn.lost.Load() {
			r.take(all, time.Now())
			r.called.Store(true)
			tell(o.room)
		}
		pause(ctx, rollEvery-rollWait)
	}
}

// take takes in the answers of a roll call.
func (r *roll) take(all []Status, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	wants := 0
	for _, s := range all {
		switch {
		case s.Kind != "worker" || s.Demo != r.demo:
		case s.Version != r.conn.opts.Version:
			r.tell("worker "+s.Name+" is refused: it is "+s.Version+", and this is "+r.conn.opts.Version, s.Name)
		case s.Doubt != "":
			delete(r.seen, s.Name)
			r.tell("worker "+s.Name+" has given its batches back: "+s.Doubt, s.Name+" "+s.Doubt)
		case len(r.seen) < maxRoll:
			r.seen[s.Name] = now
			wants += s.Wants
		}
	}
	maps.DeleteFunc(r.seen, func(_ string, at time.Time) bool { return now.Sub(at) > absent })
	r.wants.Store(int64(wants))
	switch {
	case len(r.seen) > 0 && r.alone:
		r.conn.opts.Note("workers have come: " + fmt.Sprint(len(r.seen)))
		r.alone = false
	case len(r.seen) == 0 && !r.alone:
		r.conn.opts.Note("no worker takes part; waiting for one: domprobe work --nats URL")
		r.alone = true
	}
}

// tell tells the user something once.
func (r *roll) tell(text, key string) {
	if !r.told[key] && len(r.told) < maxRoll {
		r.told[key] = true
		r.conn.opts.Note(text)
	}
}

// status is how a coordinator is.
func (j *job) status(string) Status {
	settled := j.settled.Load()
	return Status{
		Name: j.conn.opts.Name, Kind: "coordinator", Version: j.conn.opts.Version, Job: j.id,
		Rate: float64(settled) / time.Since(j.out.began).Seconds(), Names: settled, Held: j.out.count(),
	}
}
