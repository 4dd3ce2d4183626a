package herd

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"domprobe/candidate"
	"domprobe/probe"
)

// A visit is the turn of a job at a worker: one loop of the prober.
type visit struct {
	*worker
	info    JobInfo
	prober  Prober
	hold    *hold
	batches chan *held
	streak  int    // of names that are unknown
	doubt   string // why the visit was broken off
}

// doubtAfter is how many names in a row may be unknown before the resolvers are
// tested, and trustFor how many are not counted after they have passed.
const (
	doubtAfter = 64
	trustFor   = 10_000
)

func newVisit(w *worker, info JobInfo, p Prober) *visit {
	return &visit{worker: w, info: info, prober: p, hold: newHold(w), batches: make(chan *held, w.opts.Hold/maxNames+1)}
}

// run decides names until the job has no more or another one has its turn, and
// then until their rows are stored.
func (v *visit) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() {
		defer close(v.batches)
		if err := v.pull(ctx); err != nil {
			cancel()
		}
	})
	running.Go(func() { v.hold.renew(ctx) })
	stored := make(chan struct{})
	go func() {
		defer close(stored)
		if err := v.store(ctx); err != nil {
			if ctx.Err() == nil && !errors.Is(err, errPurged) {
				v.conn.opts.Note(err.Error())
			}
			cancel()
		}
	}()
	for rows, err := range v.prober.Batches(ctx, v.names()) {
		if err != nil && ctx.Err() == nil {
			v.refuse(v.info, err.Error())
		}
		v.hold.settle(rows)
		if v.doubt = v.doubts(ctx, rows); v.doubt != "" {
			break
		}
	}
	if v.doubt != "" {
		cancel()
	}
	v.hold.end()
	<-stored
	cancel()
	running.Wait()
	v.hold.giveBack()
	// What is given back should be on its way before the process ends.
	_ = v.conn.nc.FlushTimeout(time.Second)
}

// pull takes batches as there is room for them.
func (v *visit) pull(ctx context.Context) error {
	began := time.Now()
	for ctx.Err() == nil {
		alone, there := v.alone(v.info.ID)
		if !there || !alone && time.Since(began) > turn {
			return nil
		}
		room := v.hold.room(v.speed())
		if room == 0 {
			select {
			case <-v.hold.freed:
			case <-time.After(time.Second):
			case <-ctx.Done():
			}
			continue
		}
		wait := time.Second
		if !alone {
			wait = 100 * time.Millisecond
		}
		got := 0
		err := v.conn.fetch(ctx, v.info.ID, workersConsumer, room, wait, func(m jetstream.Msg) {
			got++
			v.accept(ctx, m)
		})
		if err != nil {
			return err
		}
		if got == 0 && !alone {
			return nil
		}
	}
	return nil
}

// maxGivenBack is how often a worker gives a batch back that another one should
// do. When it still comes, there is no other.
const maxGivenBack = 20

// accept takes a batch, unless it is for others.
func (v *visit) accept(ctx context.Context, m jetstream.Msg) {
	var b batch
	err := decode(m.Data(), &b)
	if err == nil {
		err = b.check()
	}
	if err != nil {
		v.conn.opts.Note("job " + v.info.ID + ": " + err.Error())
		_ = m.Term() // nobody else can read it
		return
	}
	meta, err := m.Metadata()
	if err == nil && meta.NumDelivered <= maxGivenBack && slices.Contains(b.Not, v.conn.opts.Name) {
		_ = m.NakWithDelay(500 * time.Millisecond) // else it comes when nobody renews it
		return
	}
	if h := v.hold.add(&b, m); h != nil {
		select {
		case v.batches <- h:
		case <-ctx.Done():
		}
	}
}

// names streams the names of the batches.
func (v *visit) names() iter.Seq2[candidate.Candidate, error] {
	return func(yield func(candidate.Candidate, error) bool) {
		for h := range v.batches {
			v.hold.begun()
			for _, n := range h.names {
				if !yield(candidate.Candidate{Name: n.Name, TLD: n.TLD}, nil) {
					return
				}
			}
		}
	}
}

// store stores rows until there are no more to come.
func (v *visit) store(ctx context.Context) error {
	for n := 0; ; n++ {
		list := v.hold.takeRows(ctx)
		if len(list) == 0 {
			return context.Cause(ctx)
		}
		if err := v.storeRows(ctx, list, strconv.Itoa(n)); err != nil {
			return err
		}
		v.settled.Add(int64(len(list)))
		v.hold.stored(list)
	}
}

// maxHeader is room for the id of a message.
const maxHeader = 1 << 10

// storeRows stores rows in one message, or in several if they are too long.
func (v *visit) storeRows(ctx context.Context, list []row, id string) error {
	p, err := encode(&rows{Worker: v.conn.opts.Name, Rows: list})
	switch {
	case err != nil:
		return err
	case int64(len(p)) > v.conn.nc.MaxPayload()-maxHeader && len(list) > 1:
		half := len(list) / 2
		if err := v.storeRows(ctx, list[:half], id+"a"); err != nil {
			return err
		}
		return v.storeRows(ctx, list[half:], id+"b")
	}
	return v.conn.put(ctx, v.info.ID, rowsOf(v.info.ID), v.hold.id+"."+id, p)
}

// doubts tells why the resolvers cannot be believed, after many names in a row
// that are unknown, and is empty if they can.
func (v *visit) doubts(ctx context.Context, rows []probe.Result) string {
	var last *probe.Result
	for i := range rows {
		r := &rows[i]
		if r.Verdict != probe.Unknown {
			v.streak = min(v.streak, 0)
			continue
		}
		v.streak++
		last = r
	}
	if v.streak < doubtAfter || ctx.Err() != nil {
		return ""
	}
	if believable(ctx, v.prober) || ctx.Err() != nil {
		v.streak = -trustFor
		return ""
	}
	return fmt.Sprintf("the resolvers of this worker cannot be believed: %d names in a row are unknown (%s)", v.streak, last.Reason)
}
