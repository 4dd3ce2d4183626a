package transport

import "time"

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
	epochMost  = 500 * time.Millisecond // longest to wait for epochLeast responses
	trialLen   = 100 * time.Millisecond // shortest time to judge a pace by
	trialMost  = 500 * time.Millisecond // how long a pace has to show that it ends losses, at least
	trialLeast = 2                      // epochs that it has for that
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
	bucket bucket

	epoch     tally
	goodput   float64 // of the best epoch so far in this phase
	filled    bool    // the window was what held queries back then
	flat      int     // epochs since the window last raised goodput
	since     time.Time
	before    float64 // share of losses before the trial
	judged    int     // epochs of the trial
	loss      float64 // share of losses at the accepted pace
	nextTrial time.Time
	nextProbe time.Time
	probing   bool
	tight     time.Time // when the pace last held queries back
	lastGood  time.Time
	losing    bool    // the last epoch had more losses than are nobody's fault
	lately    float64 // share of losses in the last epochs with responses
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
	counts
	start time.Time
	full  bool // the window, and not the pace, held queries back
}

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
	room := c.room()
	n, wait = c.spend(now, max(min(want, room), 0))
	if room < want && wait == 0 {
		c.epoch.full = true
	}
	c.flying += n
	return n, wait
}

// room is how many more queries may be under way.
func (c *control) room() int { return min(int(c.window), c.max) - c.flying }

// readmit says how many of n queries, which are in the window, may go out again.
func (c *control) readmit(now time.Time, n int) (granted int, wait time.Duration) {
	c.turn(now)
	return c.spend(now, n)
}

// add counts responses and losses. rtt is one of the round trips, and zero if all
// responses may be to any of several tries (Karn's rule, RFC 6298 section 3).
func (c *control) add(now time.Time, n counts, rtt time.Duration) {
	c.epoch.add(n)
	if n.good == 0 {
		return
	}
	c.lastGood = now
	switch {
	case rtt <= 0:
	case c.srtt == 0:
		c.srtt, c.rttvar = rtt, rtt/2
	default:
		c.rttvar += ((rtt - c.srtt).Abs() - c.rttvar) / 4
		c.srtt = smooth(c.srtt, rtt)
	}
}

// limited reports whether silence is a limit's doing, and no fault of the
// name's: the server answers, but not all that it is asked.
func (c *control) limited(now time.Time) bool {
	return c.phase >= trial && c.losing && now.Sub(c.lastGood) < max(c.rto(), epochLen)
}

// lossy reports whether so much is lost that a query without response has more
// likely been lost with each of its tries than met a server that takes long.
func (c *control) lossy() bool { return c.lately > lossyShare }

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
	if e.good >= epochLeast {                 // an outage is another matter
		c.lately += (loss - c.lately) / 4
	}
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
	calm := loss <= lossBound
	if rate > 1.1*c.goodput || e.full && !c.filled {
		c.goodput, c.filled, c.flat = max(rate, c.goodput), e.full, 0
		c.widen(e)
		return
	}
	if calm && !e.full {
		return // what a larger window would give is not known
	}
	if c.flat++; loss < cutLoss && (c.flat < 2 || c.flat < 3 && calm) {
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
