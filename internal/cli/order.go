package cli

import (
	"iter"
	"slices"
	"sync"

	"domprobe/candidate"
	"domprobe/probe"
)

// An order puts results back into the order of their candidates. It sees the
// candidates on their way to the prober, and the results on their way back.
type order struct {
	window int           // candidates that may wait for their turn; 0 is no limit
	stop   chan struct{} // closed when no result is to come

	mu    sync.Mutex
	room  chan struct{} // told that there may be room for a candidate
	queue []turn        // in the order of the candidates
	first int           // the place of queue[0] among all
	last  map[candidate.Key]int

	ready []probe.Result
}

// A turn is the place of a candidate whose result has not been given out.
type turn struct {
	result  probe.Result
	settled bool
	same    int // the place of an earlier turn of the same name, or -1
}

// minWindow keeps one slow name from holding up the others, in a run with few
// names in flight.
const minWindow = 4096

func newOrder(window int) *order {
	return &order{window: window, stop: make(chan struct{}), room: make(chan struct{}, 1), last: make(map[candidate.Key]int)}
}

// candidates passes names on, as long as there is room for their results.
func (o *order) candidates(names iter.Seq2[candidate.Candidate, error]) iter.Seq2[candidate.Candidate, error] {
	return func(yield func(candidate.Candidate, error) bool) {
		for c, err := range names {
			if err == nil && !o.enter(c.Key()) {
				return
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

// enter takes a place for a name. It reports false when nobody waits for its
// result any more.
func (o *order) enter(name candidate.Key) bool {
	for {
		o.mu.Lock()
		if o.window == 0 || len(o.queue) < o.window {
			place := o.first + len(o.queue)
			same, known := o.last[name]
			if !known {
				same = -1
			}
			o.last[name] = place
			o.queue = append(o.queue, turn{same: same})
			o.mu.Unlock()
			return true
		}
		o.mu.Unlock()
		select {
		case <-o.room:
		case <-o.stop:
			return false
		}
	}
}

// results yields the results of batches in order. When batches has ended
// before every candidate had its result, the others come without the gaps.
func (o *order) results(batches iter.Seq2[[]probe.Result, error]) iter.Seq2[[]probe.Result, error] {
	return func(yield func([]probe.Result, error) bool) {
		defer close(o.stop)
		var failed error
		for rows, err := range batches {
			if failed = err; err != nil {
				break
			}
			if ready := o.settle(rows); len(ready) > 0 && !yield(ready, nil) {
				return
			}
		}
		o.mu.Lock()
		o.queue = slices.DeleteFunc(o.queue, func(t turn) bool { return !t.settled })
		o.mu.Unlock()
		if rest := o.settle(nil); len(rest) > 0 && !yield(rest, nil) {
			return
		}
		if failed != nil {
			yield(nil, failed)
		}
	}
}

// settle takes results in and returns those whose turn it is.
func (o *order) settle(rows []probe.Result) []probe.Result {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range rows {
		name := r.Key()
		place, known := o.last[name]
		if !known { // a name that never came in has no place to wait for
			o.queue = append(o.queue, turn{result: r, settled: true, same: -1})
			continue
		}
		t := &o.queue[place-o.first]
		t.result, t.settled = r, true
		if t.same < 0 {
			delete(o.last, name)
		} else {
			o.last[name] = t.same
		}
	}
	o.ready = o.ready[:0]
	n := 0
	for n < len(o.queue) && o.queue[n].settled {
		o.ready = append(o.ready, o.queue[n].result)
		n++
	}
	clear(o.queue[:n])
	o.queue = o.queue[n:]
	o.first += n
	if n > 0 {
		select {
		case o.room <- struct{}{}:
		default:
		}
	}
	return o.ready
}
