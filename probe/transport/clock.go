package transport

import (
	"math"
	"time"
)

// expire looks at the heads of the lists for queries whose time is over.
func (w *udpWorker) expire(now time.Time) {
	t := int64(now.Sub(w.engine.began))
	for list := range uint8(restList) {
		wait := int64(w.wait(list))
		for l := &w.slots.lists[list]; l.head >= 0 && w.slots.all[l.head].sent+wait <= t; {
			w.timeout(l.head)
		}
	}
	rest := int64(w.engine.cfg.Timeout)
	for l := &w.slots.lists[restList]; l.head >= 0 && (w.slots.all[l.head].sent+rest <= t || w.slots.room() == 0); {
		w.slots.release(l.head)
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

// again charges a query that was lost, and reports whether it is to be sent again.
func (q *Query) again(halves uint16) bool { return !q.charge(halves) && q.sent < mostTries(q) }

func (w *udpWorker) timeout(i int32) {
	sl := &w.slots.all[i]
	if sl.failed == WrongCase {
		w.seen.good++ // the server has answered
	} else {
		w.seen.lost++
	}
	w.count.Timeouts++
	w.mute++
	var halves uint16
	if !w.limited {
		halves = aTry
	}
	// A server that does not keep case answers no other try better. But not the
	// first wrong response ends the wait: it may be forged.
	if sl.q.again(halves) && sl.failed != WrongCase {
		w.slots.move(i, queueList)
		return
	}
	f, err := Timeout, w.unsent
	switch {
	case sl.failed != Passed:
		f, err = BadResponse, ruleError(sl.failed)
	case err != nil:
		f = Unreachable
	}
	w.settle(sl.q.outcome(f, err))
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
