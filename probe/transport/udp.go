package transport

import (
	crand "crypto/rand"
	"math/rand/v2"
	"slices"
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
	engine
	began   time.Time
	control control
	workers []*udpWorker
	scout   *udpWorker // nil when it has left
	asked   int        // queries, since the scout began
	grown   bool       // the scout is to be replaced
	retry   int        // how many must be asked before that is tried again
	granted int        // queries that the workers after it can have in flight
	writing int        // workers that have taken queries which have not left yet
	cookie  cookieJar
}

// NewUDP returns an engine that asks over UDP. It opens its sockets with the
// first query. A response with TC=1 is an outcome, [Truncated] or [Slipped]:
// the caller has to ask over TCP.
func NewUDP(cfg Config) Engine {
	now := time.Now()
	e := &udp{engine: newEngine(cfg), began: now, control: newControl(cfg.Window, now)}
	e.launch = e.begin
	e.cookie.init()
	return e
}

// begin has workers send n more queries. The caller holds the lock.
func (e *udp) begin(n int) {
	if len(e.workers) == 0 {
		e.start()
	}
	e.asked += n
	e.growIfBusy()
	if !e.lend() {
		e.wake(1 + n/16)
	}
}

// lend sends the few queries that wait from the caller's goroutine, in place of a scout
// that sleeps, and reports whether the scout may sleep on. To wake it would cost more than
// the query, which counts where thousands of servers are asked little each. Beside other
// workers the scout is not lent: a query with Behind could pass those that they are about
// to send. The caller holds the lock.
func (e *udp) lend() bool {
	w, n := e.scout, e.queue.len()
	if w == nil || !w.sleeping || !w.socket || w.full() || e.grown || n > len(w.bufs) || e.cfg.Trace != nil {
		return false
	}
	now := time.Now()
	wait := w.takeNew(now, min(n, w.room()))
	if wait > 0 {
		w.wakeBy(now.Add(wait), now)
	}
	if len(w.take) == 0 {
		return wait > 0
	}
	w.cookie = e.cookie.forServer()
	w.fill(0, now)
	if w.lent = w.put(); w.lent != nil {
		e.rouse(w)
		return true
	}
	w.wakeBy(w.nextTimeout(), now)
	return wait > 0 || e.queue.len() == 0
}

// start starts the scout. The caller holds the lock.
func (e *udp) start() {
	e.grown, e.granted, e.asked, e.retry = false, 0, 0, 0
	e.scout = newUDPWorker(e, min(e.cfg.Window, scoutWindow))
	e.scout.small = true
	e.startWorker(e.scout)
}

// growIfBusy starts the other workers when there is too much for the scout, which
// works until one of them has a socket. The caller holds the lock.
func (e *udp) growIfBusy() {
	busy := e.control.flying+e.queue.len() > scoutWindow || e.asked > scoutAsked
	if e.grown || e.asked < e.retry || !busy {
		return
	}
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

// wake wakes up to n sleeping workers that can take queries, any of them. The caller
// holds the lock.
func (e *udp) wake(n int) {
	first := rand.IntN(max(len(e.workers), 1))
	for i := range e.workers {
		if w := e.workers[(first+i)%len(e.workers)]; n > 0 && w.sleeping && w.room() > 0 {
			e.rouse(w)
			n--
		}
	}
}

// wakeForRoom wakes a worker for queries that wait, if the control has room for them:
// the worker that made the room may take none. The caller holds the lock.
func (e *udp) wakeForRoom() {
	if e.queue.len() > 0 && e.control.room() > 0 && e.takable(1) > 0 {
		e.wake(1)
	}
}

// takable is how many of the first n queries that wait can be taken now: one with Behind
// must not leave on another socket while those before it are being written. The caller
// holds the lock.
func (e *udp) takable(n int) int {
	if e.writing > 0 {
		return e.queue.unordered(n)
	}
	return n
}

// written notes that the queries which a worker had taken have left.
func (e *udp) written() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.writing--; e.writing == 0 && e.queue.unordered(1) == 0 {
		e.wakeForRoom()
	}
}

// rouse wakes a worker if it sleeps. The caller holds the lock.
func (e *udp) rouse(w *udpWorker) {
	if w.sleeping {
		w.sleeping = false
		w.conn.SetReadDeadline(longAgo)
		w.waking = longAgo
	}
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
	e.closed = true
	for _, w := range e.workers {
		e.rouse(w)
	}
	e.mu.Unlock()
	return e.engine.Close()
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
	e.wakeForRoom()
	e.mu.Unlock()
	e.cfg.deliver(outcomes(waiting, e.cfg.blame(e.ctx, "udp", err), err))
}

// newRand returns an unpredictable source for IDs.
func newRand() *rand.ChaCha8 {
	var seed [32]byte
	crand.Read(seed[:])
	return rand.NewChaCha8(seed)
}
