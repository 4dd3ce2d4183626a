package transport

import (
	"math"
	"time"
)

// packSlot packs a slot's query and starts its clock.
func (w *udpWorker) packSlot(i int32, now time.Time) {
	sl := &w.slots.all[i]
	sl.sent = int64(now.Sub(w.engine.began))
	if w.count.Queries++; sl.tries > 0 {
		w.count.Retries++
	}
	if sl.tries++; sl.tries == 0 {
		sl.tries--
	}
	switch last := int(sl.charged)+1 >= int(sl.q.Tries) || sl.tries >= mostTries(&sl.q); {
	case last && sl.q.Flags&Patient != 0:
		w.slots.move(i, lastList)
	default:
		w.slots.move(i, uint8(min(int(sl.charged)+int(sl.q.Backoff), lastList-1)))
	}
	buf := w.bufs[len(w.pack)][:0]
	w.pack = append(w.pack, appendQuery(buf, &sl.q, sl.id, sl.mix, w.cookie, -1))
	w.engine.cfg.traceSent(&sl.q)
}

// expire looks at the heads of the lists for queries whose time is over.
func (w *udpWorker) expire(now time.Time) {
	t := int64(now.Sub(w.engine.began))
	for list := range uint8(restList) {
		wait := int64(w.wait(list))
		for {
			i := w.slots.lists[list].head
			if i < 0 || w.slots.all[i].sent+wait > t {
				break
			}
			w.timeout(i)
		}
	}
	for {
		i := w.slots.lists[restList].head
		if i < 0 || w.slots.all[i].sent+int64(w.engine.cfg.Timeout) > t && w.slots.room() > 0 {
			break
		}
		w.slots.release(i)
	}
}

// wait is how long a query in a list waits for its response.
func (w *udpWorker) wait(list uint8) time.Duration {
	switch {
	case list == lastList && !w.lossy:
		return w.engine.cfg.Timeout
	case list == lastList:
		list = lossyList
	}
	return min(w.rto<<list, w.engine.cfg.Timeout)
}

// mostTries bounds how often a query is sent when some of its tries are not
// charged to it.
func mostTries(q *Query) uint8 { return uint8(min(2*max(int(q.Tries), 1), math.MaxUint8)) }

func (w *udpWorker) timeout(i int32) {
	sl := &w.slots.all[i]
	if sl.failed == WrongCase {
		w.goods++ // the server has answered
	} else {
		w.losses++
	}
	w.count.Timeouts++
	w.mute++
	if !w.limited {
		sl.charged++
	}
	// A server that does not keep case answers no other try better. But not the
	// first wrong response ends the wait: it may be forged.
	if sl.failed != WrongCase && sl.charged < sl.q.Tries && sl.tries < mostTries(&sl.q) {
		w.slots.move(i, queueList)
		return
	}
	f := Timeout
	var err error
	switch {
	case sl.failed != Passed:
		f, err = BadResponse, ruleError(sl.failed)
	case w.unsent != nil:
		f, err = Unreachable, w.unsent
	}
	w.settle(Outcome{Token: sl.q.Token, Tries: sl.tries, Failure: f, Err: err})
	w.slots.move(i, restList)
}

// nextTimeout is when the first of the queries under way runs out of time,
// and zero if none is under way.
func (w *udpWorker) nextTimeout() (t time.Time) {
	var first int64
	for list := range uint8(restList) {
		if i := w.slots.lists[list].head; i >= 0 {
			if at := w.slots.all[i].sent + int64(w.wait(list)); first == 0 || at < first {
				first = at
			}
		}
	}
	if first == 0 {
		return t
	}
	return w.engine.began.Add(time.Duration(first))
}
