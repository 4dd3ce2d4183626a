package cli

import (
	"sync/atomic"
	"testing"

	"domprobe/candidate"
)

// The count of names is right for the first of them, hardly late for the others, and right
// when they end, however they do.
func TestCounting(t *testing.T) {
	for _, most := range []int64{1, countExact - 1, countExact + 10, 5*countExact + 1} {
		var n atomic.Int64
		names := counting(func(yield func(candidate.Candidate, error) bool) {
			for yield(candidate.Candidate{}, nil) {
			}
		}, &n)
		taken := int64(0)
		for range names {
			taken++
			if late := taken - n.Load(); late < 0 || late >= countStep || late > 0 && taken <= countExact {
				t.Fatalf("%d names, and %d are counted", taken, n.Load())
			}
			if taken == most {
				break
			}
		}
		if n.Load() != most {
			t.Errorf("%d of %d names are counted at the end", n.Load(), most)
		}
	}
}
