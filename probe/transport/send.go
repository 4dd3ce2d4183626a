package transport

import (
	"math"
	"slices"
	"time"
)

// maxQuery is room for the largest query: a header, a name of 255
// octets, and an OPT record with a full cookie.
const maxQuery = 384

// send sends again what was lost, and then new queries, as far as the
// control admits them. wait is how long it is until more may go out. It reports
// false when the engine is closed.
func (w *udpWorker) send(now time.Time) (wait time.Duration, open bool) {
	for {
		again, wait, open := w.granted(now)
		if !open {
			return 0, false
		}
		w.fill(again, now)
		if len(w.pack) == 0 {
			return wait, true
		}
		full := len(w.pack) == len(w.bufs)
		if w.write(); w.broken != nil {
			return 0, false
		}
		if !full {
			return wait, true
		}
		// Responses must not pile up while there is more to send.
		if err := w.conn.read(&w.in, false); err != nil || w.in.n > 0 {
			if w.receive(err); w.broken != nil {
				return 0, false
			}
		}
	}
}

// granted takes the new queries that may go out now, and says how many may that were
// lost.
func (w *udpWorker) granted(now time.Time) (again int, wait time.Duration, open bool) {
	e := w.engine
	batch := len(w.bufs)
	again = w.slots.count(queueList, batch)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return 0, 0, false
	}
	w.report(now)
	again, wait = e.spend(now, again)
	w.take = w.take[:0]
	if wait == 0 {
		wait = w.takeNew(now, e.takable(min(batch-again, w.room(), e.queue.len())))
		e.writing += min(len(w.take), 1)
	}
	w.cookie = e.cookie.forServer()
	return again, wait, true
}

// takeNew takes up to n queries that wait, as far as they may go out now. The caller
// holds the lock.
func (w *udpWorker) takeNew(now time.Time, n int) (wait time.Duration) {
	e := w.engine
	n, wait = e.admit(now, n)
	w.take = e.queue.pop(w.take[:0], n)
	w.taken += n
	return wait
}

// fill packs what goes out.
func (w *udpWorker) fill(again int, now time.Time) {
	for range again {
		w.packSlot(w.slots.lists[queueList].head, now)
	}
	if len(w.take) > 0 {
		w.flying += len(w.take)
		w.rested = time.Time{}
		w.lease.busy()
	}
	if w.conn.batch() > 1 {
		w.byLength(w.take)
	}
	for i := range w.take {
		w.packSlot(w.slots.take(&w.take[i]), now)
	}
}

// byLength puts queries of the same length next to each other, as these go through the
// network stack together. A few stay in their order, and none passes one with Behind.
func (w *udpWorker) byLength(qs []Query) {
	for len(qs) > smallBatch {
		n := slices.IndexFunc(qs, func(q Query) bool { return q.Flags&Behind != 0 })
		if n < 0 {
			n = len(qs)
		}
		w.spare = append(w.spare[:0], qs[:n]...)
		var place [math.MaxUint8 + 1]int // of the next query of a length
		for i := range w.spare {
			place[uint8(len(w.spare[i].Name))]++
		}
		before := 0
		for i, n := range place {
			place[i], before = before, before+n
		}
		for i := range w.spare {
			at := &place[uint8(len(w.spare[i].Name))]
			qs[*at] = w.spare[i]
			*at++
		}
		qs = qs[min(n+1, len(qs)):]
	}
}

// write sends what is packed.
func (w *udpWorker) write() {
	err := w.put()
	if len(w.take) > 0 {
		w.engine.written()
	}
	if err != nil {
		w.unwritten(err)
	}
}

// put gives what is packed to the socket. A packet that this machine does not let out is
// lost; any other error is returned.
func (w *udpWorker) put() error {
	err := w.conn.write(w.pack)
	w.pack = w.pack[:0]
	if isLoss(err) {
		w.unsent = err
		return nil
	}
	return err
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

// packSlot packs a slot's query and starts its clock.
func (w *udpWorker) packSlot(i int32, now time.Time) {
	sl := &w.slots.all[i]
	sl.sent = int64(now.Sub(w.engine.began))
	w.count.sent(&sl.q)
	charged := int(sl.q.charged) / aTry
	switch last := charged+1 >= int(sl.q.Tries) || sl.q.sent >= mostTries(&sl.q); {
	case last && sl.q.Flags&Patient != 0:
		w.slots.move(i, lastList)
	default:
		w.slots.move(i, uint8(min(charged+int(sl.q.Backoff), lastList-1)))
	}
	buf := w.bufs[len(w.pack)][:0]
	w.pack = append(w.pack, appendQuery(buf, &sl.q, sl.id, sl.mix, w.cookie, 0))
	w.engine.cfg.traceSent(&sl.q)
}
