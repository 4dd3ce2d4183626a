package transport

import (
	"context"
	crand "crypto/rand"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// An engine starts with one worker, the scout, which is small: runs may have
// thousands of servers and ask each of them little. Whoever forges a response
// without seeing the query has to hit its port and its ID, some 2^32 together
// (RFC 5452 section 9.2). One port is enough for that while few queries give him
// a chance each, and while he has had little time to find the port out. After that
// there are more.
const (
	scoutWindow = 64   // queries under way
	scoutAsked  = 4096 // queries asked in all
)

// How many source ports one engine asks from then. Each has a worker, and with
// many queries in flight more workers only take turns on the processors. But
// where the system grants small buffers, more are needed to have as many in
// flight as was asked for.
const (
	fewSockets  = 2
	someSockets = 4 // for up to smallWindow queries in flight
	maxSockets  = 16
	smallWindow = 512
)

// udp is the engine over UDP. Its workers take queries from one queue, as
// far as the control and the limit admit them.
type udp struct {
	cfg   Config
	began time.Time
	wg    sync.WaitGroup
	stop  context.CancelFunc
	ctx   context.Context

	mu      sync.Mutex
	queue   queue
	control control
	workers []*udpWorker
	asleep  []*udpWorker
	scout   *udpWorker // nil when it has left
	asked   int        // queries, since the scout began
	grown   bool       // the scout is to be replaced
	retry   int        // how many must be asked before that is tried again
	granted int        // queries that the workers after it can have in flight
	closed  bool
	cookie  cookieJar
	stats   Stats // the counts
}

// NewUDP returns an engine that asks over UDP. It opens its sockets with the
// first query. A response with TC=1 is an outcome, [Truncated] or [Slipped]:
// the caller has to ask over TCP.
func NewUDP(cfg Config) Engine {
	now := time.Now()
	e := &udp{cfg: cfg, began: now, control: newControl(cfg.Window, now)}
	e.ctx, e.stop = context.WithCancel(context.Background())
	e.queue.waiting = cfg.Waiting
	e.cookie.init()
	return e
}

func (e *udp) Ask(qs []Query) {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		fail(&e.cfg, qs, Closed, net.ErrClosed)
		return
	}
	e.queue.push(qs)
	if len(e.workers) == 0 {
		e.start()
	}
	e.asked += len(qs)
	e.growIfBusy()
	e.wake(1 + len(qs)/16)
	e.mu.Unlock()
}

// start starts the scout. The caller holds the lock.
func (e *udp) start() {
	e.grown, e.granted, e.asked, e.retry = false, 0, 0, 0
	e.scout = newUDPWorker(e, min(e.cfg.Window, scoutWindow))
	e.scout.small = true
	e.startWorker(e.scout)
}

// growIfBusy replaces the scout when there is too much for it. The caller holds the
// lock.
func (e *udp) growIfBusy() {
	if !e.grown && e.asked >= e.retry && (e.control.flying+e.queue.len() > scoutWindow || e.asked > scoutAsked) {
		e.replaceScout()
	}
}

// replaceScout starts the other workers. The scout works until one of them has a
// socket. The caller holds the lock.
func (e *udp) replaceScout() {
	e.grown = true
	n := fewSockets
	if e.cfg.Window <= smallWindow {
		n = min(someSockets, e.cfg.Window)
	}
	for range n {
		e.startWorker(newUDPWorker(e, (e.cfg.Window+n-1)/n))
	}
}

func (e *udp) startWorker(w *udpWorker) {
	e.workers = append(e.workers, w)
	e.wg.Go(w.run)
}

// grow notes how many queries a worker can have in flight, of the window it
// was to have, and starts another for what it cannot. The scout takes no more.
func (e *udp) grow(granted, wanted int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.granted += granted
	if granted < wanted && e.granted < e.cfg.Window && len(e.workers) < maxSockets && !e.closed {
		e.startWorker(newUDPWorker(e, wanted))
	}
	if e.scout != nil && !e.scout.leaving {
		e.scout.leaving = true
		e.rouse(e.scout)
	}
}

// wake wakes up to n sleeping workers, any of them. The caller holds the lock.
func (e *udp) wake(n int) {
	for ; n > 0 && len(e.asleep) > 0; n-- {
		e.rouse(e.asleep[rand.IntN(len(e.asleep))])
	}
}

// rouse wakes a worker if it sleeps. The caller holds the lock.
func (e *udp) rouse(w *udpWorker) {
	if w.sleeping {
		e.risen(w)
		w.conn.SetReadDeadline(longAgo)
	}
}

// risen notes that a worker does not sleep any more. The caller holds the lock.
func (e *udp) risen(w *udpWorker) {
	w.sleeping = false
	e.asleep = slices.DeleteFunc(e.asleep, func(other *udpWorker) bool { return other == w })
}

// longAgo as a deadline ends a read at once.
var longAgo = time.Unix(1, 0)

func (e *udp) Stats() Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.stats
	s.InFlight, s.SRTT, s.Pace = e.control.flying, e.control.srtt, e.control.pace
	s.Window = min(int(e.control.window), e.control.max)
	return s
}

func (e *udp) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	e.stop()
	for _, w := range e.workers {
		e.rouse(w)
	}
	e.mu.Unlock()
	e.wg.Wait()
	fail(&e.cfg, e.queue.drain(), Closed, net.ErrClosed)
	return nil
}

// retire removes a worker. If it was the last and something waits, another takes its
// place, unless it got no socket for the reason err: then what waits fails.
func (e *udp) retire(w *udpWorker, err error) {
	e.mu.Lock()
	w.report(time.Now())
	e.workers = slices.DeleteFunc(e.workers, func(other *udpWorker) bool { return other == w })
	if e.scout == w {
		e.scout = nil
	}
	var waiting []Query
	again := err == nil || w.taken > 0 || isAny(err, shortErrors)
	switch {
	case e.closed:
	case len(e.workers) == 0 && e.queue.len() > 0 && again:
		e.start()
		e.growIfBusy()
	case len(e.workers) == 0:
		waiting = e.queue.drain()
	case e.scout != nil && len(e.workers) == 1:
		e.grown, e.retry = false, 2*e.asked
	}
	e.mu.Unlock()
	fail(&e.cfg, waiting, e.cfg.blame(e.ctx, "udp", err), err)
}

// fail settles queries that were never sent.
func fail(cfg *Config, qs []Query, f Failure, err error) {
	if len(qs) == 0 {
		return
	}
	out := make([]Outcome, len(qs))
	for i, q := range qs {
		out[i] = Outcome{Token: q.Token, Failure: f, Err: err}
	}
	cfg.Deliver(out)
}

// A queue holds queries that wait, the urgent ones in front.
type queue struct {
	urgent, rest []Query
	next         int           // of rest
	waiting      *atomic.Int64 // of rest; see [Config.Waiting]
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

func (q *queue) drain() []Query { return q.pop(nil, q.len()) }

// newRand returns an unpredictable source for IDs.
func newRand() *rand.ChaCha8 {
	var seed [32]byte
	crand.Read(seed[:])
	return rand.NewChaCha8(seed)
}
