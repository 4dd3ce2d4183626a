package transport

import (
	"math"
	"net"
	"time"
)

// maxQuery is room for the largest query: a header, a name of 255
// octets, and an OPT record with a full cookie.
const maxQuery = 384

// deliverLen is how many outcomes are delivered at once while there are more
// responses to read.
const deliverLen = 256

// A udpWorker owns one socket and the queries under way on it.
type udpWorker struct {
	engine *udp
	window int // queries that may be under way here
	flying int // that are
	small  bool
	conn   batchConn
	slots  *slots

	sleeping bool // waits for a packet; under engine.mu
	leaving  bool // takes no more queries, and ends; under engine.mu
	wanted   bool // another engine waits for the socket; under engine.mu

	lease  *lease
	taken  int       // queries, in all
	mute   int       // time-outs since the last response
	rested time.Time // since when there has been nothing to do; zero is never
	broken error     // why the socket is of no use any more

	in   inbox
	out  []Outcome
	take []Query
	bufs [][maxQuery]byte
	pack [][]byte

	// What has happened since the control was last told.
	goods, losses, cuts, slips, dones int
	rtt                               time.Duration
	dropped                           uint32
	count                             Stats

	forged uint64 // messages, since the last outcome

	unsent error // why a packet did not leave, if no response has come since

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
func (w *udpWorker) open() error {
	e := w.engine
	if w.small {
		var err error
		if w.lease, err = e.cfg.Sockets.take(e.ctx, w.want); err != nil {
			return err
		}
		conn, err := e.cfg.patiently(e.ctx, func() (net.Conn, error) { return e.cfg.dial(e.ctx, "udp") })
		if err == nil {
			w.equip(plainConn{conn}, smallBatch)
		}
		return err
	}
	var ok bool
	if w.lease, ok = e.cfg.Sockets.takeMore(batchDescriptors, w.want); !ok {
		return errNoMore
	}
	conn, err := e.cfg.dial(e.ctx, "udp")
	if err != nil {
		return err
	}
	c, granted := newBatchConn(conn, w.window)
	wanted := w.window
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

// errNoMore is the error of a worker beside the scout for which no socket is left.
var errNoMore = shortErrors[0]

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
	if err := w.open(); err != nil {
		w.lease.release()
		w.engine.retire(w, err)
		return
	}
	defer w.close()
	for {
		now := time.Now()
		w.expire(now)
		wait, open := w.send(now)
		if !open {
			return
		}
		err := w.conn.poll(&w.in)
		// One delivery wakes the goroutine that waits for it, which costs
		// more than handling a response: they go out many at a time.
		if len(w.out) >= deliverLen || w.in.n == 0 {
			w.deliver()
		}
		if err == nil && w.in.n == 0 && w.pause() {
			err = w.conn.poll(&w.in)
		}
		if err == nil && w.in.n == 0 {
			if !w.sleep(now, wait) {
				return
			}
			err = w.conn.read(&w.in)
			w.awake()
		}
		if w.receive(err); w.broken != nil {
			return
		}
	}
}

// pauseFlying is how many queries must be under way for a pause to pay.
const pauseFlying = 256

// pause lets responses gather for an eighth of a round trip while there are
// many to come, and reports whether it did. A read that waits is woken by the
// first of them, and would go on to chase the server's packets one by one.
func (w *udpWorker) pause() bool {
	if w.flying < pauseFlying || w.srtt == 0 {
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
	deadline = earlier(deadline, idle)
	if wait == 0 && e.queue.len() > 0 && w.room() > 0 && e.control.flying < min(int(e.control.window), e.control.max) {
		deadline = longAgo
	} else {
		w.sleeping = true
		if !w.full() {
			e.asleep = append(e.asleep, w)
		}
	}
	w.conn.SetReadDeadline(deadline)
	return true
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
	if w.sleeping {
		e.risen(w)
	}
}

// report tells the control what has happened. The caller holds the lock.
func (w *udpWorker) report(now time.Time) {
	c := &w.engine.control
	for range w.goods {
		c.good(now, w.rtt)
		w.rtt = 0
	}
	for range w.losses {
		c.lost()
	}
	for range w.cuts {
		c.cut(now, w.rtt)
		w.rtt = 0
	}
	for range w.slips {
		c.slip()
	}
	c.flying -= w.dones
	if w.losses > 0 {
		if n := w.conn.overflows(); n != w.dropped {
			w.dropped = n
			c.overflowed(now)
		}
	}
	w.goods, w.losses, w.cuts, w.slips, w.dones = 0, 0, 0, 0, 0
	w.engine.stats.count(&w.count)
	w.count = Stats{}
	w.rto, w.srtt, w.limited, w.lossy = c.rto(), c.srtt, c.limited(now), c.lossy()
}

// send sends again what was lost, and then new queries, as far as the
// control admits them. wait is how long it is until more may go out. It reports
// false when the engine is closed.
func (w *udpWorker) send(now time.Time) (wait time.Duration, open bool) {
	e := w.engine
	for {
		batch := len(w.bufs)
		again := w.slots.count(queueList, batch)
		e.mu.Lock()
		if e.closed {
			e.mu.Unlock()
			return 0, false
		}
		w.report(now)
		again, wait = e.spend(now, again)
		w.take = w.take[:0]
		if wait == 0 {
			var n int
			n, wait = e.admit(now, min(batch-again, w.room(), e.queue.len()))
			w.take = e.queue.pop(w.take, n)
			w.taken += n
		}
		w.cookie = e.cookie.forServer()
		e.mu.Unlock()

		for range again {
			w.packSlot(w.slots.lists[queueList].head, now)
		}
		if len(w.take) > 0 {
			w.flying += len(w.take)
			w.rested = time.Time{}
			w.lease.busy()
		}
		for i := range w.take {
			w.packSlot(w.slots.take(&w.take[i]), now)
		}
		if len(w.pack) == 0 {
			return wait, true
		}
		full := len(w.pack) == batch
		err := w.conn.write(w.pack)
		w.pack = w.pack[:0]
		switch {
		case err == nil:
		case isLoss(err):
			w.unsent = err
		default:
			w.unwritten(err)
		}
		if w.broken != nil {
			return 0, false
		}
		if !full {
			return wait, true
		}
		// Responses must not pile up while there is more to send.
		if err := w.conn.poll(&w.in); err != nil || w.in.n > 0 {
			if w.receive(err); w.broken != nil {
				return 0, false
			}
		}
	}
}

// admit asks the control and the limit for n new queries. The caller holds
// the lock.
func (e *udp) admit(now time.Time, n int) (granted int, wait time.Duration) {
	if n <= 0 {
		return 0, 0
	}
	n, wait = e.control.admit(now, n)
	granted, more := e.cfg.Limit.take(now, n)
	e.control.flying -= n - granted
	return granted, max(wait, more)
}

// spend asks for n queries that are already in the window.
func (e *udp) spend(now time.Time, n int) (granted int, wait time.Duration) {
	n, wait = e.control.readmit(now, n)
	granted, more := e.cfg.Limit.take(now, n)
	return granted, max(wait, more)
}

// room says how many more queries the worker can take. The caller holds the
// lock.
func (w *udpWorker) room() int {
	if w.full() {
		return 0
	}
	return min(w.window-w.flying, w.slots.room())
}

// settle puts an outcome aside to be delivered.
func (w *udpWorker) settle(out Outcome) {
	if w.forged > 0 {
		out.Forged = uint16(min(w.forged, math.MaxUint16))
		w.count.Forged += w.forged
		w.forged = 0
	}
	w.out = append(w.out, out)
	w.dones++
	w.flying--
}

func (w *udpWorker) deliver() {
	if len(w.out) == 0 {
		return
	}
	w.engine.cfg.Deliver(w.out)
	clear(w.out)
	w.out = w.out[:0]
}
