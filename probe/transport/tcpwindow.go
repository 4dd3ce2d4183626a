package transport

import (
	"slices"
	"time"
)

const (
	firstTCPWindow = 64 // queries in flight before anything is known
	minTCPWindow   = 2
)

// A tcpWindow is how many queries may be in flight at one server over all its
// connections. What a server has not read yet waits in them, and its time runs, so the
// window follows the delay: it doubles in every round trip while the responses come as
// fast as those of an idle server, and shrinks when they come later by an eighth of
// the time-out. The delay is that of the fastest quarter of a window of responses: all
// of those that wait in a queue are late, while a resolver that has to ask around is
// late with some.
//
// It has no lock and no clock.
type tcpWindow struct {
	size, most int
	bound      time.Duration   // the delay that is borne
	base       time.Duration   // round trip without a queue
	sent       uint64          // queries
	mark       uint64          // the query whose response ends this round
	cut        uint64          // queries sent when the window was last halved
	full       bool            // the window held queries back in this round
	trips      []time.Duration // of this round
}

func newTCPWindow(most int, timeout time.Duration) tcpWindow {
	most = min(most, maxConns*perConn)
	size := min(most, firstTCPWindow)
	return tcpWindow{size: size, most: most, bound: timeout / 8, mark: uint64(size)}
}

// good counts the response to the query that was sent as the n-th.
func (w *tcpWindow) good(n uint64, trip time.Duration) {
	if w.base == 0 || trip < w.base {
		w.base = trip
	}
	if w.trips = append(w.trips, trip); n >= w.mark && len(w.trips) > w.size/4 {
		w.turn()
	}
}

// turn ends a round.
func (w *tcpWindow) turn() {
	slices.Sort(w.trips)
	trip := w.trips[max(len(w.trips), w.size)/4]
	switch delay := trip - w.base; {
	case delay > w.bound && w.size <= minTCPWindow:
		w.base = trip // it was not a queue
	case delay > w.bound:
		w.size = max(int(float64(w.size)*float64(w.base+w.bound*3/4)/float64(trip)), min(minTCPWindow, w.most))
	case delay < w.bound/2 && w.full:
		w.size = min(2*w.size, w.most)
	}
	w.full, w.trips, w.mark = false, w.trips[:0], w.sent+1
}

// halve makes room for a server that is in trouble, once for all that is in flight.
// The query is the n-th.
func (w *tcpWindow) halve(n uint64) {
	if n <= w.cut {
		return
	}
	w.size = max(w.size/2, min(minTCPWindow, w.most))
	w.cut, w.mark, w.full, w.trips = w.sent, w.sent+1, false, w.trips[:0]
}
