package transport

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
)

// An engine is what every Engine consists of.
type engine struct {
	cfg  Config
	ctx  context.Context // ends with Close
	stop context.CancelFunc
	wg   sync.WaitGroup

	launch func(n int) // sees to it that n more queries of the queue are sent; with the lock

	mu     sync.Mutex
	queue  queue
	closed bool
	stats  Stats // the counts, and the round trip
}

func newEngine(cfg Config) engine {
	ctx, stop := context.WithCancel(context.Background())
	return engine{cfg: cfg, ctx: ctx, stop: stop, queue: queue{waiting: cfg.Waiting}}
}

// Ask puts queries into the queue.
func (e *engine) Ask(qs []Query) {
	e.mu.Lock()
	closed := e.closed
	if !closed {
		e.queue.push(qs)
		e.launch(len(qs))
	}
	e.mu.Unlock()
	if closed {
		e.cfg.deliver(outcomes(qs, Closed, net.ErrClosed))
	}
}

// Close ends the goroutines of the engine, and settles what waits.
func (e *engine) Close() error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.stop()
	e.wg.Wait()
	e.cfg.deliver(outcomes(e.queue.drain(), Closed, net.ErrClosed))
	return nil
}

// outcome is that of a query without a response.
func (q *Query) outcome(f Failure, err error) Outcome {
	return Outcome{Token: q.Token, Tries: q.sent, Failure: f, Err: err}
}

// outcomes returns those of queries without a response.
func outcomes(qs []Query, f Failure, err error) []Outcome {
	out := make([]Outcome, len(qs))
	for i := range qs {
		out[i] = qs[i].outcome(f, err)
	}
	return out
}

// A queue holds queries that wait, the urgent ones in front.
type queue struct {
	urgent, rest []Query
	next         int           // of rest
	waiting      *atomic.Int64 // counts rest; see [Config.Waiting]
}

func (q *queue) count(n int) {
	if q.waiting != nil {
		q.waiting.Add(int64(n))
	}
}

func (q *queue) push(qs []Query) {
	had := len(q.rest)
	for i := range qs {
		if qs[i].Flags&Urgent != 0 {
			q.urgent = append(q.urgent, qs[i])
		} else {
			q.rest = append(q.rest, qs[i])
		}
	}
	q.count(len(q.rest) - had)
}

// pushFront puts queries before all that wait.
func (q *queue) pushFront(qs []Query) {
	var first queue
	first.push(qs)
	q.count(len(first.rest))
	q.urgent = append(first.urgent, q.urgent...)
	if n := len(first.rest); n <= q.next {
		q.next -= n
		copy(q.rest[q.next:], first.rest)
	} else {
		q.rest, q.next = append(first.rest, q.rest[q.next:]...), 0
	}
}

func (q *queue) len() int { return len(q.urgent) + len(q.rest) - q.next }

// pop moves up to n queries to dst.
func (q *queue) pop(dst []Query, n int) []Query {
	k := min(n, len(q.urgent))
	dst = append(dst, q.urgent[:k]...)
	q.urgent = q.urgent[:copy(q.urgent, q.urgent[k:])]
	k = min(n-k, len(q.rest)-q.next)
	dst = append(dst, q.rest[q.next:q.next+k]...)
	q.next += k
	q.count(-k)
	if q.next == len(q.rest) {
		q.rest, q.next = q.rest[:0], 0
	} else if q.next > 1024 && q.next > len(q.rest)/2 {
		q.rest, q.next = q.rest[:copy(q.rest, q.rest[q.next:])], 0
	}
	return dst
}

// unordered is how many of the first n queries are before one with Behind.
func (q *queue) unordered(n int) int {
	k := len(q.urgent)
	for i := q.next; k < n && i < len(q.rest) && q.rest[i].Flags&Behind == 0; i++ {
		k++
	}
	return min(k, n)
}

func (q *queue) drain() []Query { return q.pop(nil, q.len()) }
