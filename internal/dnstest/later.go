package dnstest

import (
	"time"

	"golang.org/x/sync/errgroup"
)

// maxLater is how many things may be waiting to be done; more are lost.
const maxLater = 1 << 14

// A later does things after their delays, until it is stopped.
type later struct {
	waiting errgroup.Group
	stopped chan struct{}
}

func newLater() *later {
	l := &later{stopped: make(chan struct{})}
	l.waiting.SetLimit(maxLater)
	return l
}

// do calls a function after a delay, and at once if there is none.
func (l *later) do(delay time.Duration, f func()) {
	if delay <= 0 {
		f()
		return
	}
	l.waiting.TryGo(func() error {
		select {
		case <-time.After(delay):
			f()
		case <-l.stopped:
		}
		return nil
	})
}

// stop drops what is still to be done.
func (l *later) stop() {
	close(l.stopped)
	l.waiting.Wait()
}
