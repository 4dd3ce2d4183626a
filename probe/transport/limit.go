package transport

import (
	"sync"
	"time"
)

// A Limit bounds the queries a second to one server, over all the engines
// that share it. It is safe for concurrent use.
type Limit struct {
	mu     sync.Mutex
	rate   float64 // a second
	burst  float64
	bucket bucket

	gate gate // of a server that can say when it refuses
}

// minRate is the least rate of a [Limit]. Below it a wait would not fit a
// [time.Duration].
const minRate = 1e-6

// NewLimit returns a limit of rate queries a second, of which a tenth of a
// second's worth, and at least one, may go out at once. A rate below 0.000001 is
// taken for that.
func NewLimit(rate float64) *Limit {
	if !(rate >= minRate) { // holds for NaN
		rate = minRate
	}
	return &Limit{rate: rate, burst: max(rate/10, 1)}
}

// take grants up to n queries now. If it grants fewer, wait is how long it
// is until the next. A nil Limit grants all.
func (l *Limit) take(now time.Time, n int) (granted int, wait time.Duration) {
	if l == nil {
		return n, 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bucket.take(now, n, l.rate, l.burst)
}

// A bucket holds tokens, which come at a rate.
type bucket struct {
	tokens float64
	filled time.Time // when tokens were last added; zero is long ago
}

// take takes up to n tokens of at most burst. If it takes fewer, wait is how long it
// is until the next.
func (b *bucket) take(now time.Time, n int, rate, burst float64) (taken int, wait time.Duration) {
	// Callers do not come in the order of their clocks.
	if passed := now.Sub(b.filled); passed > 0 {
		b.tokens = min(burst, b.tokens+passed.Seconds()*rate)
		b.filled = now
	}
	taken = int(min(float64(n), b.tokens))
	b.tokens -= float64(taken)
	if taken < n {
		wait = time.Duration((1-b.tokens)/rate*float64(time.Second)) + 1 // never nothing
	}
	return taken, max(wait, 0)
}
