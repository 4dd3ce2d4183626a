package herd

import (
	"context"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"domprobe/candidate"
	"domprobe/probe"
)

// A hold is the batches that a worker has of a job, and their rows until these are
// stored.
type hold struct {
	w     *worker
	id    string        // unique, for the ids of messages
	freed chan struct{} // told of room
	wake  chan struct{} // told of rows

	mu      sync.Mutex
	batches map[uint64]*held
	places  map[candidate.Key][]place // of the names without a row
	rows    []row
	names   int // in the batches
	queued  int // batches that the prober has not begun
	ended   bool
}

// held is a batch.
type held struct {
	id    uint64
	names []name
	left  int // names whose row is not stored
	msg   jetstream.Msg
}

// A place is that of a name in a batch.
type place struct {
	batch uint64
	at    int
}

func newHold(w *worker) *hold {
	return &hold{
		w: w, id: nuid.Next(), freed: make(chan struct{}, 1), wake: make(chan struct{}, 1),
		batches: map[uint64]*held{}, places: map[candidate.Key][]place{},
	}
}

// add takes a batch in, and returns nil if it is here already: then it was not
// renewed in time.
func (h *hold) add(b *batch, m jetstream.Msg) *held {
	h.mu.Lock()
	defer h.mu.Unlock()
	if old := h.batches[b.ID]; old != nil {
		old.msg = m
		return nil
	}
	one := &held{id: b.ID, names: b.Names, left: len(b.Names), msg: m}
	h.batches[b.ID] = one
	for i, n := range b.Names {
		key := candidate.Key{Name: n.Name, TLD: n.TLD}
		h.places[key] = append(h.places[key], place{b.ID, i})
	}
	h.count(len(b.Names))
	h.queued++
	return one
}

// begun says that the prober has begun a batch.
func (h *hold) begun() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.queued--
	tell(h.freed)
}

func (h *hold) count(n int) {
	h.names += n
	h.w.held.Add(int64(n))
}

// ahead is the time whose names wait for the prober: they come from far away.
const ahead = 200 * time.Millisecond

// room returns how many more batches there is room for. The prober takes what its
// servers bear, and little more waits here, where no other worker can have it.
func (h *hold) room(rate float64) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	free := h.w.opts.Hold - h.names
	if free <= 0 {
		return 0
	}
	wanted := 2 + int(rate*ahead.Seconds()/maxNames) - h.queued
	return max(0, min(wanted, max(1, free/maxNames)))
}

// settle makes rows of results.
func (h *hold) settle(results []probe.Result) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range results {
		r := &results[i]
		key := r.Key()
		at := h.places[key]
		if len(at) == 0 {
			continue
		}
		if len(at) == 1 {
			delete(h.places, key)
		} else {
			h.places[key] = at[1:]
		}
		h.rows = append(h.rows, newRow(at[0].batch, at[0].at, r))
	}
	if len(results) > 0 {
		tell(h.wake)
	}
}

// end says that no more rows come.
func (h *hold) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	tell(h.wake)
}

// gather is how long rows wait for others to be stored with.
const gather = 20 * time.Millisecond

// takeRows returns rows to store, and none at the end or when ctx is done.
func (h *hold) takeRows(ctx context.Context) []row {
	for ctx.Err() == nil {
		h.mu.Lock()
		n, ended := len(h.rows), h.ended
		h.mu.Unlock()
		switch {
		case n == 0 && ended:
			return nil
		case n == 0:
			select {
			case <-h.wake:
			case <-ctx.Done():
			}
			continue
		case n < maxNames && !ended:
			pause(ctx, gather)
		}
		h.mu.Lock()
		n = min(len(h.rows), maxNames)
		list := h.rows[:n:n]
		h.rows = h.rows[n:]
		h.mu.Unlock()
		return list
	}
	return nil
}

// stored acknowledges the batches whose last rows have been stored.
func (h *hold) stored(list []row) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range list {
		b := h.batches[list[i].Batch]
		if b == nil {
			continue
		}
		if b.left--; b.left == 0 {
			_ = b.msg.Ack() // a lost one brings the batch again, whose rows are folded
			delete(h.batches, b.id)
			h.count(-len(b.names))
			tell(h.freed)
		}
	}
}

// renew tells the server again and again that the batches are being worked on.
func (h *hold) renew(ctx context.Context) {
	for pause(ctx, ackWait/3) {
		h.mu.Lock()
		for _, b := range h.batches {
			_ = b.msg.InProgress() // the next one follows in time
		}
		h.mu.Unlock()
	}
}

// giveBack gives all batches to other workers.
func (h *hold) giveBack() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, b := range h.batches {
		_ = b.msg.Nak() // a lost one: the batch comes to others when nobody renews it
		delete(h.batches, id)
		h.count(-len(b.names))
	}
}
