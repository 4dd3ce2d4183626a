package watch

import (
	"context"
	"fmt"
	"time"
)

// A Sink takes events, one after the other.
type Sink struct {
	// Name is the name of the queue in the file, from one run to the next. Each sink of a
	// Watcher has its own.
	Name string

	// Deliver takes an event. After an error, and after the end of ctx, it is
	// called again with the same event.
	Deliver func(ctx context.Context, e Event) error

	// Vital says that an error ends the run.
	Vital bool
}

const (
	deliverLimit = time.Minute            // of one delivery
	grace        = 5 * time.Second        // of a delivery under way when the run ends
	firstPause   = 100 * time.Millisecond // after a delivery that failed; then twice as long each time
	longestPause = 5 * time.Minute
	onceTries    = 7 // with Once
)

// pause returns how long to wait after so many failures.
func pause(failures int) time.Duration { return min(firstPause<<min(failures-1, 20), longestPause) }

// A delivery brings the events that wait for a sink to it.
type delivery struct {
	*Watcher
	sink Sink
	rung chan struct{}   // has something when events have come
	over <-chan struct{} // closed when no more will come
}

// run delivers events until ctx is done, or no more will come. With Once it fails
// after some tries: the events wait for the next run.
func (d *delivery) run(ctx context.Context) error {
	failures := 0
	for ctx.Err() == nil {
		key, e, err := d.File.first(d.sink.Name)
		if err != nil {
			return err
		}
		if key == nil {
			if !d.more(ctx) {
				return nil
			}
			continue
		}
		if err = d.try(ctx, e); err == nil {
			if failures > 0 {
				d.note("%s works again", d.sink.Name)
			}
			failures = 0
			if err := d.File.delivered(d.sink.Name, key); err != nil {
				return err
			}
			continue
		}
		failures++
		if err := d.fail(ctx, e, failures, err); err != nil {
			return err
		}
	}
	return nil
}

// more waits until events have come, and reports whether they have.
func (d *delivery) more(ctx context.Context) bool {
	select {
	case <-d.rung:
		return true
	case <-d.over:
		return len(d.rung) > 0 // the last may have come with the end
	case <-ctx.Done():
		return false
	}
}

// try delivers an event once. When the run ends meanwhile, it has a grace: else the
// event would come again for nothing.
func (d *delivery) try(ctx context.Context, e Event) error {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), deliverLimit)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	defer stop()
	return d.sink.Deliver(limited, e)
}

// fail tells of the first failure in a row, and waits before the next try.
func (d *delivery) fail(ctx context.Context, e Event, failures int, err error) error {
	switch {
	case ctx.Err() != nil:
		return nil
	case d.sink.Vital:
		return err
	case d.Once && failures == onceTries:
		return fmt.Errorf("%s: %w; its events wait for the next run", d.sink.Name, err)
	case failures == 1:
		d.note("%s: %v; the event %s of %s is delivered again until it works", d.sink.Name, err, e.Kind, e.Name)
	}
	select {
	case <-time.After(pause(failures)):
	case <-ctx.Done():
	}
	return nil
}
