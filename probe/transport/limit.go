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
	tokens float64
	last   time.Time

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
	burst := max(rate/10, 1)
	return &Limit{rate: rate, burst: burst, tokens: burst}
}

// take grants up to n queries now. If it grants fewer, wait is how long it
// is until the next. A nil Limit grants all.
func (l *Limit) take(now time.Time, n int) (granted int, wait time.Duration) {
	if l == nil {
		return n, 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last.IsZero() {
		l.last = now
	}
	// Callers do not come in the order of their clocks.
	if passed := now.Sub(l.last); passed > 0 {
		l.tokens = min(l.burst, l.tokens+passed.Seconds()*l.rate)
		l.last = now
	}
	granted = int(min(float64(n), l.tokens))
	l.tokens -= float64(granted)
	if granted < n {
		wait = time.Duration((1-l.tokens)/l.rate*float64(time.Second)) + 1 // never nothing
	}
	return granted, max(wait, 0)
}
