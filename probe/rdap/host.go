package rdap

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"
)

const (
	maxStrikes    = 5               // refusals and failures in a row that open the circuit
	firstBackOff  = 5 * time.Second // after a refusal without Retry-After; doubles with each
	firstCooldown = 2 * time.Minute // of an open circuit; doubles each time it opens again
	maxBackOff    = time.Hour       // a longer Retry-After counts as this
)

// A host is where requests to one server wait for their turn.
type host struct {
	name    string
	limit   *rate.Limiter
	slots   *semaphore.Weighted // a place for each request under way
	maxWait time.Duration
	log     *slog.Logger

	mu       sync.Mutex
	strikes  int
	ready    time.Time // the host asked not to be asked before
	open     time.Time // the circuit is open until then
	cooldown time.Duration
}

// host returns the host of that name, the same one for everybody.
func (c *Client) host(name string) *host {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.hosts[name]
	if h == nil {
		limit := rate.Limit(c.opts.Rate)
		if c.opts.Rate < 0 {
			limit = rate.Inf
		}
		h = &host{
			name:     name,
			limit:    rate.NewLimiter(limit, 1),
			slots:    semaphore.NewWeighted(int64(c.opts.InFlight)),
			maxWait:  c.opts.MaxWait,
			log:      c.opts.Log,
			cooldown: firstCooldown,
		}
		c.hosts[name] = h
	}
	return h
}

// do runs one request when it is its turn, and learns from how it ends.
func (h *host) do(ctx context.Context, request func() *Error) *Error {
	if h.slots.Acquire(ctx, 1) != nil {
		return canceled(ctx)
	}
	defer h.slots.Release(1)
	if err := h.await(ctx); err != nil {
		return err
	}
	err := request()
	h.learn(err)
	return err
}

// await returns when the host may be asked: the back-off is over, the rate
// allows it, and nothing has changed while waiting for that.
func (h *host) await(ctx context.Context) *Error {
	for {
		wait, err := h.backOff()
		if err != nil {
			return err
		}
		if wait > 0 {
			if err := sleep(ctx, wait); err != nil {
				return err
			}
			continue
		}
		if err := h.limit.Wait(ctx); err != nil {
			return canceled(ctx)
		}
		if wait, err := h.backOff(); err != nil || wait == 0 {
			return err
		}
	}
}

// backOff says how long the host is to be left alone, or that its circuit is
// open, or that it wants to be left alone for longer than a name waits.
func (h *host) backOff() (time.Duration, *Error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if left := time.Until(h.open); left > 0 {
		return 0, &Error{Reason: CircuitOpen, RetryAfter: left,
			Err: fmt.Errorf("left alone for another %v after repeated refusals or failures", left.Round(time.Second))}
	}
	left := max(0, time.Until(h.ready))
	if left > h.maxWait {
		return 0, &Error{Reason: RateLimited, RetryAfter: left,
			Err: fmt.Errorf("wants to be left alone for another %v", left.Round(time.Second))}
	}
	return left, nil
}

// learn takes note of how a request ended. Once the circuit was open, a single
// failure opens it again.
func (h *host) learn(err *Error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case err == nil:
		h.strikes, h.cooldown = 0, firstCooldown
		return
	case err.Reason == RateLimited:
		h.strikes++
		if err.RetryAfter == 0 {
			err.RetryAfter = min(firstBackOff<<min(h.strikes-1, 8), h.maxWait)
		}
		if err.RetryAfter > h.maxWait && time.Until(h.ready) <= h.maxWait { // else it is known
			h.warn(err.RetryAfter, err.Reason)
		}
		h.ready = later(h.ready, time.Now().Add(err.RetryAfter))
	case err.failed:
		h.strikes++
	default:
		return
	}
	if h.strikes < maxStrikes || time.Until(h.open) > 0 { // opened by a request beside this one
		return
	}
	pause := max(h.cooldown, err.RetryAfter)
	h.open = time.Now().Add(pause)
	h.cooldown = min(2*h.cooldown, maxBackOff)
	h.warn(pause, err.Reason)
}

func (h *host) warn(pause time.Duration, why Reason) {
	h.log.Warn("registry server left alone", "host", h.name, "for", pause, "reason", string(why))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func sleep(ctx context.Context, d time.Duration) *Error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return canceled(ctx)
	}
}

// canceled is the error of a caller that did not want to wait any longer.
func canceled(ctx context.Context) *Error {
	err := context.Cause(ctx)
	if err == nil { // the limiter saw that the deadline is too close
		err = errors.New("the deadline ends before the host's turn comes")
	}
	return &Error{Reason: Canceled, Err: err}
}
