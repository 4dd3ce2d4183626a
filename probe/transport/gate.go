package transport

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	firstPause = time.Second // of a server that does not say how long; doubles with each
	maxPause   = time.Minute // a longer one counts as this
)

// A gate holds the queries to a server back while that asks to be left alone.
// Its zero value is open. It is safe for concurrent use.
type gate struct {
	mu    sync.Mutex
	opens time.Time
	shuts time.Time     // when it was shut last
	pause time.Duration // the last that the server did not give
	busy  error         // what the server said
}

// wait waits until the gate may be open, and reports whether it was shut. It is an
// error if that is later than end.
func (g *gate) wait(ctx context.Context, end time.Time) (waited bool, err error) {
	g.mu.Lock()
	opens, busy := g.opens, g.busy
	g.mu.Unlock()
	if opens.IsZero() {
		return false, nil
	}
	left := time.Until(opens)
	switch {
	case left <= 0:
		return false, nil
	case opens.After(end):
		return false, fmt.Errorf("%w, and asks to be left alone for another %v", busy, left.Round(time.Millisecond))
	case !pause(ctx, left):
		return true, context.Cause(ctx)
	}
	return true, nil
}

// shut notes that a query, sent at that time, was refused. Many may be on their
// way when the first is refused; they make one pause, not each a longer one.
func (g *gate) shut(sent time.Time, e *BusyError) {
	g.mu.Lock()
	defer g.mu.Unlock()
	pause := min(e.After, maxPause)
	if pause <= 0 {
		if g.opens.After(sent) {
			return
		}
		g.pause = min(max(2*g.pause, firstPause), maxPause)
		pause = g.pause
	}
	now := time.Now()
	if opens := now.Add(pause); opens.After(g.opens) {
		g.opens, g.busy = opens, e
	}
	g.shuts = now
}

// passed notes that a query, sent at that time, was answered.
func (g *gate) passed(sent time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if sent.After(g.shuts) {
		g.pause = 0
	}
}
