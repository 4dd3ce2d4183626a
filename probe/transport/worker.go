package transport

import (
	"net"
	"time"
)

// A udpWorker owns one socket and the queries under way on it.
type udpWorker struct {
	engine *udp
	window int // queries that may be under way here
	flying int // that are
	small  bool
	socket bool // the connection is a socket of the system, on which no write waits for the server
	conn   batchConn
	slots  *slots

	// Under engine.mu. While the worker sleeps, the lock covers all of the worker but its
	// inbox: see udp.lend.
	sleeping bool      // waits for a packet
	waking   time.Time // when the wait ends; zero is never
	leaving  bool      // takes no more queries, and ends
	wanted   bool      // another engine waits for the socket

	lease  *lease
	taken  int       // queries, in all
	mute   int       // time-outs since the last response
	rested time.Time // since when there has been nothing to do; zero is never
	broken error     // why the socket is of no use any more

	in          inbox
	out         []Outcome
	take, spare []Query
	bufs        [][maxQuery]byte
	pack        [][]byte

	// What has happened since the control was last told.
	seen    counts
	dones   int           // settled
	rtt     time.Duration // the longest, of queries that were sent once
	dropped uint32
	count   Stats

	forged uint64 // messages, since the last outcome

	unsent error // why a packet did not leave, if no response has come since
	lent   error // why the socket could not be written to while the worker was lent

	// What the control said when it was last asked.
	rto     time.Duration
	srtt    time.Duration
	limited bool
	lossy   bool
	cookie  []byte
}

// smallBatch is how many packets a small worker packs at once.
const smallBatch = 8

func newUDPWorker(e *udp, window int) *udpWorker {
	return &udpWorker{engine: e, window: window, rto: firstRTO}
}

// open opens the worker's socket. A small one has no need of batches, nor of the
// second descriptor that they take.
func (w *udpWorker) open() (err error) {
	e := w.engine
	if w.small {
		if w.lease, err = e.cfg.Sockets.take(e.ctx, w.want); err != nil {
			return err
		}
		conn, err := e.cfg.patiently(e.ctx, func() (net.Conn, error) { return e.cfg.dial(e.ctx, "udp") })
		if err == nil {
			_, w.socket = conn.(*net.UDPConn)
			w.equip(newScoutConn(conn), smallBatch)
		}
		return err
	}
	if w.lease, err = e.cfg.Sockets.takeMore(batchDescriptors, w.want); err != nil {
		return err
	}
	conn, err := e.cfg.dial(e.ctx, "udp")
	if err != nil {
		return err
	}
	wanted := w.window
	c, granted := newBatchConn(conn, wanted)
	w.window = granted
	w.equip(c, min(batchLen, wanted))
	e.grow(granted, wanted)
	return nil
}

// equip makes what the worker needs to have its window under way on a connection.
func (w *udpWorker) equip(conn batchConn, batch int) {
	w.conn = conn
	w.in = newInbox(min(batch, conn.batch()))
	w.bufs = make([][maxQuery]byte, batch)
	w.slots = newSlots(w.window, newRand())
}

// want asks for the worker's socket when it has had a turn.
func (w *udpWorker) want() {
	e := w.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	w.wanted = true
	e.rouse(w)
}

// full reports that the worker takes no more queries. One whose socket is wanted
// has taken some first. The caller holds the lock.
func (w *udpWorker) full() bool { return w.leaving || w.wanted && w.taken > 0 }

func (w *udpWorker) run() {
	if w.small && w.engine.cfg.Shared.join(w) {
		return // the socket gives it its turns
	}
	if err := w.open(); err != nil {
		w.lease.release()
		w.engine.retire(w, err)
		return
	}
	defer w.close()
	var err error
	for w.turn(err) {
		err = w.conn.read(&w.in, true)
	}
}

// turn does what there is to do, first of all with the packets, or the error, of the read
// that the worker has waited for. It reports whether the worker sleeps now, which else ends.
func (w *udpWorker) turn(err error) (sleeps bool) {
	w.awake()
	for {
		w.receive(err)
		if err := w.lent; err != nil && w.broken == nil {
			w.lent = nil
			w.unwritten(err)
		}
		if w.broken != nil {
			return false
		}
		now := time.Now()
		w.expire(now)
		wait, open := w.send(now)
		if !open {
			return false
		}
		err = w.conn.read(&w.in, false)
		// One delivery wakes the goroutine that waits for it, which costs
		// more than handling a response: they go out many at a time.
		if len(w.out) >= deliverLen || w.in.n == 0 {
			w.deliver()
		}
		if err == nil && w.in.n == 0 && w.pause() {
			err = w.conn.read(&w.in, false)
		}
		if err == nil && w.in.n == 0 {
			return w.sleep(now, wait)
		}
	}
}

// pauseFlying is how many queries must be under way for a pause to pay.
const pauseFlying = 256

// pause lets responses gather for an eighth of a round trip while there are
// many to come, and reports whether it did. A read that waits is woken by the
// first of them, and would go on to chase the server's packets one by one.
func (w *udpWorker) pause() bool {
	if w.flying < pauseFlying || w.srtt == 0 || w.conn.batch() == 1 {
		return false
	}
	time.Sleep(min(w.srtt/8, time.Millisecond))
	return true
}

// close settles what is under way and closes the socket.
func (w *udpWorker) close() {
	w.settleAll(Closed, net.ErrClosed)
	w.deliver()
	w.conn.Close()
	w.lease.release()
	w.engine.retire(w, w.broken)
}

// muteBound is how many time-outs in a row make a socket without a response one to
// be replaced: a network that has changed may have left it behind without an error.
const muteBound = 8

// done reports whether the worker has nothing to do and is to end. deadline is when
// it should be asked again, and zero for never. The caller holds the lock.
func (w *udpWorker) done(now time.Time) (deadline time.Time, done bool) {
	e := w.engine
	if w.flying > 0 || e.queue.len() > 0 && !w.full() {
		return deadline, false
	}
	if w.rested.IsZero() {
		w.rested = now
		w.lease.rest(now)
	}
	if e.cfg.Idle > 0 {
		deadline = w.rested.Add(e.cfg.Idle)
	}
	return deadline, w.leaving || w.wanted || w.mute >= muteBound || !deadline.IsZero() && !now.Before(deadline)
}

// sleep prepares to wait for a packet, until the next time-out, for at most
// wait if that is not zero, or until there are queries to send. It reports
// false when the engine is closed, or the worker ends.
func (w *udpWorker) sleep(now time.Time, wait time.Duration) bool {
	deadline := w.nextTimeout()
	if wait > 0 {
		deadline = earlier(deadline, now.Add(wait))
	}
	e := w.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	w.report(now)
	idle, done := w.done(now)
	if e.closed || done {
		return false
	}
	w.wakeBy(earlier(deadline, idle), now)
	w.sleeping = true
	if wait == 0 {
		e.wakeForRoom()
	}
	return true
}

// wakeSlack is how much later than asked a wait may end.
const wakeSlack = 100 * time.Microsecond

// wakeBy sees to it that a wait for a packet ends at a deadline. To wake in vain, by an
// earlier one, costs less than to move it with each response. The caller holds the lock.
func (w *udpWorker) wakeBy(deadline, now time.Time) {
	if !w.waking.After(now) || earlier(deadline, w.waking).Before(w.waking.Add(-wakeSlack)) {
		w.conn.SetReadDeadline(deadline)
		w.waking = deadline
	}
}

// earlier is the earlier of two times, of which zero is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func (w *udpWorker) awake() {
	e := w.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	w.sleeping = false
}

// report tells the control what has happened. The caller holds the lock.
func (w *udpWorker) report(now time.Time) {
	c := &w.engine.control
	c.add(now, w.seen, w.rtt)
	c.flying -= w.dones
	if w.seen.lost > 0 {
		if n := w.conn.overflows(); n != w.dropped {
			w.dropped = n
			c.overflowed(now)
		}
	}
	w.seen, w.dones, w.rtt = counts{}, 0, 0
	w.engine.stats.count(&w.count)
	w.count = Stats{}
	w.rto, w.srtt, w.limited, w.lossy = c.rto(), c.srtt, c.limited(now), c.lossy()
}
