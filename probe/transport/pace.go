package transport

import (
	"math"
	"time"
)

// paceBurst is the least number of tokens that the bucket of a pace has room for. With one,
// a turn that comes late would lose a part of the pace.
const paceBurst = 2

// spend takes up to n tokens of the pace.
func (c *control) spend(now time.Time, n int) (granted int, wait time.Duration) {
	if c.pace == 0 || n == 0 {
		return n, 0
	}
	return c.bucket.take(now, n, c.pace, max(c.pace/100, paceBurst))
}

// try starts a pace just below the goodput, to see whether losses end. An epoch
// may have been short of responses by chance.
func (c *control) try(now time.Time, rate, loss float64) {
	rate = max(rate, 0.5*c.goodput)
	c.enter(trial, now)
	c.before, c.goodput, c.judged = loss, rate, 0
	c.setPace(now, trialShare*rate)
}

func (c *control) setPace(now time.Time, pace float64) {
	if c.pace == 0 {
		c.bucket.filled = now
	}
	c.pace = max(pace, minPace)
}

// judge ends a trial when the losses have gone, or have had the time to. Losses of
// what was sent before it are not counted.
func (c *control) judge(now time.Time, e tally, rate, loss float64) {
	if e.start.Sub(c.since) < c.rto() {
		return
	}
	c.loss = loss
	c.judged++
	over := c.judged >= trialLeast && now.Sub(c.since) >= c.rto()+trialMost
	if loss < c.before/2 && (over || loss <= lossBound+byChance(lossBound, e)) {
		c.keep(now, rate)
		c.setPace(now, c.pace/trialShare)
		return
	}
	if !over {
		c.setPace(now, min(trialShare*rate, c.pace)) // it may still be above a limit
		return
	}
	c.pace = 0
	c.nextTrial = now.Add(retrial)
	c.enter(steady, now)
}

// keep keeps the pace, at which the goodput is rate.
func (c *control) keep(now time.Time, rate float64) {
	c.enter(paced, now)
	c.goodput = rate
	c.tight = now
	c.nextProbe = now.Add(probeEvery)
}

// follow keeps the pace at the goodput, and looks above it now and then. A pace
// above what is asked for says nothing about the server: it does not rise.
//
// The usual share of losses is learned from epochs of many losses too: from those of
// few alone it would sink until every other epoch looked like a limit's.
func (c *control) follow(now time.Time, e tally, rate, loss float64) {
	usual := max(lossBound, c.loss)
	asked := float64(e.outcomes()) / now.Sub(e.start).Seconds()
	if !c.probing {
		c.loss += (loss - c.loss) / 4
	}
	if loss > usual+byChance(usual, e) {
		c.probing = false
		if c.goodput = max(rate, 0.5*c.goodput); asked < c.pace/2 {
			c.goodput = max(c.goodput, (1-loss)*c.pace) // the rate says how few were asked for
		}
		c.setPace(now, min(0.97*c.goodput/(1-min(usual, 0.9)), c.pace))
		return
	}
	c.widen(e)
	if asked >= c.pace/2 {
		c.tight = now
	}
	switch {
	case now.Sub(c.tight) > liftAfter:
		c.pace = 0
		c.enter(opening, now)
	case c.tight != now:
	case c.probing && rate > 1.05*c.goodput:
		c.goodput = rate
		c.setPace(now, 1.25*c.pace)
	case now.After(c.nextProbe):
		c.probing = true
		c.goodput = max(rate, 0.5*c.goodput)
		c.nextProbe = now.Add(probeEvery)
		c.setPace(now, 1.1*c.pace)
	}
}

// byChance is how far above the usual share of losses an epoch may be by chance.
func byChance(usual float64, e tally) float64 {
	return 2 * math.Sqrt(usual/float64(e.good+e.lost+1))
}

// slowDown halves, because the server asked for it.
func (c *control) slowDown(now time.Time, rate, loss float64) {
	c.window = max(c.window/2, minWindow)
	if c.pace != 0 {
		rate = min(rate, c.pace)
	}
	c.setPace(now, rate/2)
	c.loss = loss
	c.keep(now, rate/2)
}
