package transport

import (
	"math"
	"time"
)

// Round trips and retransmission (RFC 6298, with the first wait of Unbound).
const (
	firstRTO = 376 * time.Millisecond
	minRTO   = 50 * time.Millisecond
)

const (
	firstWindow = 256 // queries in flight before anything is known
	minWindow   = 8
	minPace     = 20.0 // queries a second: even a throttled server is tried again

	epochLen   = 20 * time.Millisecond  // shortest time over which goodput is measured
	epochMost  = 500 * time.Millisecond // longest to wait for epochLeast outcomes
	trialLen   = 100 * time.Millisecond // shortest time to judge a pace by
	trialMost  = 500 * time.Millisecond // how long a pace has to show that it ends losses
	probeEvery = time.Second            // how often a pace is tried to be exceeded
	retrial    = 5 * time.Second        // how long a loss is held for the network's own
	liftAfter  = 5 * time.Second        // how long a pace must hold nothing back to be lifted

	trialShare = 0.95 // of the goodput, as a pace that is tried
	lossBound  = 0.02 // a share of losses that is nobody's fault
	lossyShare = 0.05 // a share of losses at which no query is waited for patiently
	cutLoss    = 0.25 // a share of losses beside slips that a limit is to blame for
	epochLeast = 16   // responses to say how many there are a second
)

// A control decides how many queries may be in flight at one server, and how
// fast they go out. It follows goodput, the good responses a second: it doubles
// the window while that raises goodput. Losses alone do not shrink anything,
// because a network that loses one packet in ten loses it at every rate. When
// losses come with a goodput that no longer rises, the control tries a pace just
// below the goodput. If the losses then go away, they were a limit, and the pace
// stays, with a look above it every second; if they stay, it is lifted.
//
// What was shrunk grows again with time: a pace and a window while little is lost and
// they are what holds queries back, and the room that this machine has. A pace that no
// longer holds anything back is lifted.
//
// It has no lock and no clock: the engine gives both.
type control struct {
	ceiling int       // the caller's
	max     int       // what of it this machine has room for
	shrunk  time.Time // when max last changed
	window  float64
	flying  int

	srtt, rttvar time.Duration

	phase  phase
	pace   float64 // queries a second; zero is none
	tokens float64
	filled time.Time // when tokens were last added

	epoch     tally
	goodput   float64 // of the best epoch so far in this phase
	flat      int     // epochs since the window last raised goodput
	since     time.Time
	before    float64 // share of losses before the trial
	loss      float64 // share of losses at the accepted pace
	nextTrial time.Time
	nextProbe time.Time
	probing   bool
	tight     time.Time // when the pace last held queries back
	lastGood  time.Time
	losing    bool    // the last epoch had more losses than are nobody's fault
	lately    float64 // share of losses in the last epochs
}

type phase uint8

const (
	opening phase = iota // the window doubles while goodput rises
	steady               // the window has found its size
	trial                // a pace is tried
	paced                // the server, or something before it, has a limit
)

// A tally counts what happened in one epoch.
type tally struct {
	start             time.Time
	good, lost, slips int
	cuts              int  // of the good
	full              bool // the window, and not the pace, held queries back
}

func (t tally) outcomes() int { return t.good + t.lost + t.slips }

func newControl(ceiling int, now time.Time) control {
	return control{
		ceiling: ceiling,
		max:     ceiling,
		window:  float64(min(ceiling, firstWindow)),
		epoch:   tally{start: now},
	}
}

// admit says how many of want new queries may go out now. If the pace holds
// some back, wait is how long it is until the next.
func (c *control) admit(now time.Time, want int) (n int, wait time.Duration) {
	c.turn(now)
	room := min(int(c.window), c.max) - c.flying
	n, wait = c.spend(now, max(min(want, room), 0))
	if room < want && wait == 0 {
		c.epoch.full = true
	}
	c.flying += n
	return n, wait
}

// readmit says how many of n queries, which are in the window, may go out again.
func (c *control) readmit(now time.Time, n int) (granted int, wait time.Duration) {
	c.turn(now)
	return c.spend(now, n)
}

// spend takes up to n tokens of the pace.
func (c *control) spend(now time.Time, n int) (granted int, wait time.Duration) {
	if c.pace == 0 || n == 0 {
		return n, 0
	}
	burst := max(c.pace/100, 1)
	// Workers do not come in the order of their clocks.
	if passed := now.Sub(c.filled); passed > 0 {
		c.tokens = min(burst, c.tokens+passed.Seconds()*c.pace)
		c.filled = now
	}
	granted = int(min(float64(n), c.tokens))
	c.tokens -= float64(granted)
	if granted < n {
		wait = time.Duration((1-c.tokens)/c.pace*float64(time.Second)) + 1 // never nothing
	}
	return granted, wait
}

// good counts a response. rtt is zero if it may be to any of several tries
// (Karn's rule, RFC 6298 section 3).
func (c *control) good(now time.Time, rtt time.Duration) {
	c.epoch.good++
	c.lastGood = now
	if rtt <= 0 {
		return
	}
	if c.srtt == 0 {
		c.srtt, c.rttvar = rtt, rtt/2
		return
	}
	c.rttvar += ((rtt - c.srtt).Abs() - c.rttvar) / 4
	c.srtt += (rtt - c.srtt) / 8
}

// lost counts a try without response.
func (c *control) lost() { c.epoch.lost++ }

// limited reports whether silence is a limit's doing, and no fault of the
// name's: the server answers, but not all that it is asked.
func (c *control) limited(now time.Time) bool {
	return c.phase >= trial && c.losing && now.Sub(c.lastGood) < max(c.rto(), epochLen)
}

// lossy reports whether so much is lost that a query without response has more
// likely been lost with each of its tries than met a server that takes long.
func (c *control) lossy() bool { return c.lately > lossyShare }

// cut counts a response that is truncated to nothing. The query goes to TCP, and
// the others need not wait for that: some servers answer so as long as they are
// asked. But where many are lost as well, a limit drops some and slips others.
func (c *control) cut(now time.Time, rtt time.Duration) {
	c.good(now, rtt)
	c.epoch.cuts++
}

// slip counts a response that asks to slow down: BADCOOKIE, REFUSED after good ones.
func (c *control) slip() { c.epoch.slips++ }

// overflowed shrinks what may be in flight: this machine, not the network, dropped.
func (c *control) overflowed(now time.Time) {
	c.max = min(max(c.max*7/10, minWindow), c.ceiling)
	c.window = min(c.window, float64(c.max))
	c.shrunk = now
}

// regrow gives back a tenth of what is left after overflows, every second
// without one.
func (c *control) regrow(now time.Time) {
	if c.max < c.ceiling && now.Sub(c.shrunk) > probeEvery {
		c.max = min(c.max+c.max/10+1, c.ceiling)
		c.shrunk = now
	}
}

func (c *control) rto() time.Duration {
	if c.srtt == 0 {
		return firstRTO
	}
	return max(c.srtt+4*c.rttvar, minRTO)
}

// turn ends the epoch if it is time.
func (c *control) turn(now time.Time) {
	length := max(epochLen, c.srtt)
	if c.phase >= trial {
		length = max(length, c.srtt*3/2, trialLen)
	}
	took := now.Sub(c.epoch.start)
	if took < length || took < epochMost && c.epoch.good < epochLeast {
		return
	}
	c.regrow(now)
	e := c.epoch
	c.epoch = tally{start: now}
	if e.outcomes() == 0 {
		return
	}
	rate := float64(e.good) / took.Seconds()
	loss := float64(e.lost) / float64(e.good+e.lost+1)
	c.losing = loss > lossBound && e.lost > 1 // a single name may be the reason itself
	c.lately += (loss - c.lately) / 4
	if loss > cutLoss {
		e.slips += e.cuts
	}
	if e.slips >= 3 && e.slips*20 > e.good {
		c.slowDown(now, rate, loss)
		return
	}
	switch c.phase {
	case opening:
		c.open(now, e, rate, loss)
	case steady:
		if loss > max(lossBound, 1.5*c.loss) && now.After(c.nextTrial) {
			c.try(now, rate, loss)
		} else if e.full && now.Sub(c.since) > probeEvery {
			c.enter(opening, now)
		}
	case trial:
		c.judge(now, e, rate, loss)
	case paced:
		c.follow(now, e, rate, loss)
	}
}

func (c *control) enter(p phase, now time.Time) {
	c.phase, c.since, c.flat, c.probing = p, now, 0, false
	if p == opening {
		c.goodput = 0
	}
}

// open doubles the window while that raises goodput.
func (c *control) open(now time.Time, e tally, rate, loss float64) {
	if rate > 1.1*c.goodput {
		c.goodput, c.flat = rate, 0
		c.widen(e)
		return
	}
	if c.flat++; loss < cutLoss && (c.flat < 2 || c.flat < 3 && loss <= lossBound) {
		return // one epoch may have nothing but the time-outs of the first flood
	}
	if loss > max(lossBound, 1.5*c.loss) && now.After(c.nextTrial) {
		c.try(now, rate, loss)
		return
	}
	c.enter(steady, now)
}

// widen doubles the window if it was what held queries back.
func (c *control) widen(e tally) {
	if e.full {
		c.window = min(2*c.window, float64(c.max))
	}
}

// try starts a pace just below the goodput, to see whether losses end. An epoch
// may have been short of responses by chance.
func (c *control) try(now time.Time, rate, loss float64) {
	rate = max(rate, 0.5*c.goodput)
	c.enter(trial, now)
	c.before, c.goodput = loss, rate
	c.setPace(now, trialShare*rate)
}

func (c *control) setPace(now time.Time, pace float64) {
	if c.pace == 0 {
		c.filled = now
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
	over := now.Sub(c.since) >= c.rto()+trialMost
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
