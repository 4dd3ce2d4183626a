package probe

import (
	"testing"
	"testing/synctest"

	"domprobe/candidate"
)

// A feed that is closed while its goroutine is on its way back into the source
// does not wait for a source that blocks there.
func TestFeedClosedBeforeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		idle := make(chan struct{})
		f := startFeed(func(yield func(candidate.Candidate, error) bool) {
			for range feedLen {
				if !yield(candidate.Candidate{}, nil) {
					return
				}
			}
			<-idle
		}, make(chan struct{}, 1))
		synctest.Wait() // it waits for room
		f.refill()
		f.close() // a deadlock here fails the test
		close(idle)
		<-f.done
	})
}

// What has been yielded is left over, and what is yielded after that is refused.
func TestFeedLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		more, late := make(chan struct{}), true
		f := startFeed(func(yield func(candidate.Candidate, error) bool) {
			for range 5 {
				yield(candidate.Candidate{}, nil)
			}
			<-more
			late = yield(candidate.Candidate{}, nil)
		}, make(chan struct{}, 1))
		synctest.Wait()
		f.next()
		if left := f.left(); len(left) != 4 {
			t.Errorf("%d are left, want 4", len(left))
		}
		close(more)
		<-f.done
		if late {
			t.Error("a name was taken after the end")
		}
	})
}
