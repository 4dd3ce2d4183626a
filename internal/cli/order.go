package cli

import (
	"cmp"
	"context"
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
	most   int           // what the window grows to, as a share of the results; 0 if it does not
	stop   chan struct{} // closed when no result is to come

	// may, if not nil, says whether one more candidate may come in while so
	// many have no result. If not even the only one may, none will.
	may func(name candidate.Key, open int) bool

	mu    sync.Mutex
	open  int           // candidates without a result
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

// batches returns the rows of the names in the order of --ordered and --sort.
func (p *probing) batches(ctx context.Context, d decider, names candidates, out *output, t *tally) iter.Seq2[[]probe.Result, error] {
	window := max(minWindow, 2*cmp.Or(p.ask.probe.Concurrency, probe.MaxConcurrency/2))
	if p.herd.on() {
		window = herdWindow
	}
	var o *order
	switch {
	case p.choose.on():
		o = p.choose.order(window, t.budget)
	case p.out.ordered:
		o = newOrder(window)
	case p.out.sort == "input":
		o = newOrder(0)
	default:
		return d.Batches(ctx, names)
	}
	batches := d.Batches(ctx, o.candidates(names))
	if out.list != nil {
		batches = out.list.looked(batches)
	}
	return o.results(batches)
}

// candidates passes names on, as long as there is room for their results.
func (o *order) candidates(names candidates) candidates {
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

// enter takes a place for a name. It reports false when the name may not come in, or
// nobody waits for its result any more.
func (o *order) enter(name candidate.Key) bool {
	for {
		if entered, over := o.tryEnter(name); entered || over {
			return entered
		}
		select {
		case <-o.room:
		case <-o.stop:
			return false
		}
	}
}

// tryEnter takes a place for a name if there is room. over tells that there will be
// none.
func (o *order) tryEnter(name candidate.Key) (entered, over bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.window > 0 && len(o.queue) >= o.window:
		return false, false
	case o.may != nil && !o.may(name, o.open):
		return false, o.open == 0
	}
	place := o.first + len(o.queue)
	same, known := o.last[name]
	if !known {
		same = -1
	}
	o.last[name] = place
	o.queue = append(o.queue, turn{same: same})
	o.open++
	return true, false
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
		o.open--
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
	if o.most > 0 {
		o.window = max(o.window, min(o.first/aheadOfAll, o.most))
	}
	if len(rows) > 0 {
		select {
		case o.room <- struct{}{}:
		default:
		}
	}
	return o.ready
}
