package rdap

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	maxControls = 4         // known names that are asked about at most
	controlLife = time.Hour // of what a control has shown
)

// A control shows whether the server at a base URL knows the names that it is
// said to know. A gateway in its place, or an empty database, does not, and its
// 404 says nothing about any name.
type control struct {
	turn *semaphore.Weighted // held by who asks

	mu     sync.Mutex
	passed time.Time            // until when it is believed
	failed map[string]time.Time // until when it is not, by suffix
}

// control returns the control of a base URL, the same one for everybody.
func (c *Client) control(base string) *control {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.controls[base]
	if k == nil {
		k = &control{turn: semaphore.NewWeighted(1), failed: make(map[string]time.Time)}
		c.controls[base] = k
	}
	return k
}

// pass notes that the server knew a name.
func (k *control) pass() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.passed = time.Now().Add(controlLife)
}

// state says what is known about the server.
func (k *control) state(suffix string) (passed, failed bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	return now.Before(k.passed), now.Before(k.failed[suffix])
}

// vouch returns nil if the server at base may be believed when it says that a
// name is not registered: when it knows a name below the suffix that must exist,
// or if no such name is known. One name is asked about, and others only if the
// server does not know it.
func (c *Client) vouch(ctx context.Context, base string, r route) *Error {
	names := c.opts.Known(r.suffix)
	if len(names) == 0 {
		return nil
	}
	k := c.control(base)
	if k.turn.Acquire(ctx, 1) != nil {
		return canceled(ctx)
	}
	defer k.turn.Release(1)
	passed, failed := k.state(r.suffix)
	if passed {
		return nil
	}
	names = names[:min(len(names), maxControls)]
	for i := 0; i < len(names) && !failed; i++ {
		a, _ := c.query(ctx, base, names[i], r)
		if a.Status == Registered || a.Status == Reserved {
			k.pass()
			return nil
		}
		if e, ok := a.Err.(*Error); ok && (e.failed || e.Reason == RateLimited || e.Reason == CircuitOpen || e.Reason == Canceled) {
			return e // of the host or the caller, and not of the name
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if !failed {
		k.failed[r.suffix] = time.Now().Add(controlLife)
	}
	return &Error{Reason: DeniesKnown, Err: fmt.Errorf("does not know %s either, which is registered", names[0])}
}
