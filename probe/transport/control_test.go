package transport

import (
	"math/rand/v2"
	"testing"
	"time"
)

// A link is a network and a server for a control to find its way through, in
// steps of a millisecond of fake time.
type link struct {
	rtt   time.Duration
	loss  float64 // at any rate
	limit float64 // responses a second; more are dropped; zero is none
	slip  bool    // what the limit drops is slipped instead
	asked *Limit  // the user's
	again bool    // what is lost is sent again, ahead of what is new
	rng   *rand.Rand

	now    time.Time
	tokens float64
	due    []arrival // in the order of sending
	sent   []time.Time
	good   []time.Time
	lost   int
	late   int // to be sent again
}

type arrival struct {
	sent time.Time
	kind byte // 'g'ood, 'l'ost, 's'lip
}

func newLink(l link) *link {
	l.now, l.rng = time.Unix(1000, 0), rand.New(rand.NewPCG(1, 2))
	return &l
}

// run keeps an endless queue in front of a control for some time.
func (l *link) run(c *control, d time.Duration) {
	const step = time.Millisecond
	for end := l.now.Add(d); l.now.Before(end); l.now = l.now.Add(step) {
		l.settle(c)
		n, wait := c.readmit(l.now, l.late)
		l.late -= n
		for range n {
			l.send()
		}
		if n = 0; wait == 0 {
			n, _ = c.admit(l.now, 1000)
		}
		granted, _ := l.asked.take(l.now, n)
		c.flying -= n - granted
		for range granted {
			l.send()
		}
		l.tokens = min(l.tokens+l.limit*step.Seconds(), max(l.limit/10, 1))
	}
}

func (l *link) send() {
	a := arrival{l.now, 'g'}
	if l.limit > 0 {
		if l.tokens < 1 {
			if a.kind = 'l'; l.slip {
				a.kind = 's'
			}
		} else {
			l.tokens--
		}
	}
	if l.rng.Float64() < l.loss {
		a.kind = 'l'
	}
	l.due = append(l.due, a)
	l.sent = append(l.sent, l.now)
}

// settle tells the control what has become of what was sent.
func (l *link) settle(c *control) {
	rest := l.due[:0]
	for _, a := range l.due {
		switch age := l.now.Sub(a.sent); {
		case a.kind == 'g' && age >= l.rtt:
			c.add(l.now, counts{good: 1}, age)
			l.good = append(l.good, l.now)
		case a.kind == 's' && age >= l.rtt:
			c.add(l.now, counts{slips: 1}, 0)
		case a.kind == 'l' && age >= c.rto():
			c.add(l.now, counts{lost: 1}, 0)
			if l.lost++; l.again {
				l.late++
				continue
			}
		default:
			rest = append(rest, a)
			continue
		}
		c.flying--
	}
	l.due = rest
}

// rate is how many of the times lie in the last while, a second.
func (l *link) rate(times []time.Time, last time.Duration) float64 {
	n := 0
	for i := len(times) - 1; i >= 0 && l.now.Sub(times[i]) <= last; i-- {
		n++
	}
	return float64(n) / last.Seconds()
}

// On a good network the window opens to the ceiling.
func TestControlOpens(t *testing.T) {
	l := newLink(link{rtt: 20 * time.Millisecond})
	c := newControl(2000, l.now)
	l.run(&c, 3*time.Second)
	if c.window < 1000 || c.pace != 0 {
		t.Errorf("window %v, pace %v after 3 s of no loss", c.window, c.pace)
	}
	if got := l.rate(l.good, time.Second); got < 50000 {
		t.Errorf("%v responses a second of 100,000", got)
	}
}

// The ceiling is the caller's.
func TestControlCeiling(t *testing.T) {
	for _, ceiling := range []int{1, 3, 10, 100} {
		l := newLink(link{rtt: 20 * time.Millisecond})
		c := newControl(ceiling, l.now)
		for range 100 {
			l.run(&c, 10*time.Millisecond)
			if c.flying > ceiling || c.flying < 0 {
				t.Fatalf("%d in flight, at most %d", c.flying, ceiling)
			}
		}
		if want := float64(ceiling) / 0.021; l.rate(l.good, 500*time.Millisecond) < 0.9*want {
			t.Errorf("ceiling %d: %v responses a second, want %v", ceiling, l.rate(l.good, 500*time.Millisecond), want)
		}
	}
}

// A network that loses at every rate is not asked more slowly.
func TestControlLossy(t *testing.T) {
	for _, loss := range []float64{0.01, 0.1, 0.3} {
		l := newLink(link{rtt: 20 * time.Millisecond, loss: loss})
		c := newControl(200, l.now)
		l.run(&c, 20*time.Second)
		// A lost query keeps its place in the window for a time-out.
		mean := (1-loss)*l.rtt.Seconds() + loss*c.rto().Seconds()
		want := 200 / mean * (1 - loss)
		if got := l.rate(l.good, 10*time.Second); got < want/2 {
			t.Errorf("%v %% loss: %v responses a second, of %v without any pace (phase %d, window %v, pace %v)",
				100*loss, got, want, c.phase, c.window, c.pace)
		}
	}
}

// A server with a limit is asked about as fast as it answers, and loses little.
func TestControlLimited(t *testing.T) {
	for _, limit := range []float64{200, 1000} {
		l := newLink(link{rtt: 20 * time.Millisecond, limit: limit})
		c := newControl(1000, l.now)
		l.run(&c, 30*time.Second)
		good, sent := l.rate(l.good, 10*time.Second), l.rate(l.sent, 10*time.Second)
		t.Logf("limit %v: %v responses and %v queries a second", limit, good, sent)
		if good < 0.6*limit {
			t.Errorf("limit %v: %v responses a second (phase %d, pace %v)", limit, good, c.phase, c.pace)
		}
		if sent > 1.5*limit {
			t.Errorf("limit %v: %v queries a second (phase %d, pace %v)", limit, sent, c.phase, c.pace)
		}
	}
}

// A flood of what is lost, sent again, does not hide that a pace ends the losses;
// nor does a network that loses some packets at any rate, and those of a low limit
// are too few to be even.
func TestControlFlooded(t *testing.T) {
	for _, x := range []struct{ limit, loss, most float64 }{
		{1000, 0, 1.3}, {1000, 0.1, 1.3}, {100, 0.1, 1.5}, {50, 0.1, 1.5}, {200, 0.3, 1.5}, {50, 0.3, 1.5},
	} {
		for _, rtt := range []time.Duration{time.Millisecond, 20 * time.Millisecond, 100 * time.Millisecond} {
			l := newLink(link{rtt: rtt, loss: x.loss, limit: x.limit, again: true})
			c := newControl(2000, l.now)
			l.run(&c, 5*time.Second)
			l.within(t, &c, x.most)
		}
	}
}

// A low limit is found within seconds, from few responses.
func TestControlFew(t *testing.T) {
	for seed := range uint64(20) {
		l := newLink(link{rtt: 25 * time.Millisecond, loss: 0.01, limit: 50})
		l.rng = rand.New(rand.NewPCG(seed, 1))
		c := newControl(8, l.now) // a share of the names in flight at many servers
		l.run(&c, 5*time.Second)
		good, sent := l.rate(l.good, 3*time.Second), l.rate(l.sent, 3*time.Second)
		if good < 0.85*l.limit || sent > 1.3*l.limit {
			t.Errorf("seed %d: %v responses and %v queries a second, of 50 (phase %d, pace %v)", seed, good, sent, c.phase, c.pace)
		}
	}
}

// A limit that is lowered, and a network that begins to lose, are found out.
func TestControlWorse(t *testing.T) {
	for _, x := range []struct{ limit, loss, then, thenLoss float64 }{
		{2000, 0, 500, 0}, {2000, 0.1, 500, 0.1}, {400, 0.3, 100, 0.3}, {1000, 0, 1000, 0.3}, {200, 0, 200, 0.3},
	} {
		l := newLink(link{rtt: 20 * time.Millisecond, loss: x.loss, limit: x.limit, again: true})
		c := newControl(1000, l.now)
		l.run(&c, 20*time.Second)
		l.limit, l.loss = x.then, x.thenLoss
		l.run(&c, 20*time.Second)
		l.within(t, &c, 1.5)
	}
}

// within checks for 20 s that a link gives four fifths of the responses that it
// could, and is asked at most that many times as often as its limit allows.
func (l *link) within(t *testing.T, c *control, most float64) {
	t.Helper()
	l.run(c, 20*time.Second)
	good, sent := l.rate(l.good, 20*time.Second), l.rate(l.sent, 20*time.Second)
	t.Logf("round trip %v, loss %v, limit %v: %v responses and %v queries a second", l.rtt, l.loss, l.limit, good, sent)
	if good < 0.8*l.limit*(1-l.loss) || sent > most*l.limit {
		t.Errorf("of %v and %v (phase %d, pace %v)", l.limit*(1-l.loss), l.limit, c.phase, c.pace)
	}
}

// A limit that slips says so, and is kept at once.
func TestControlSlips(t *testing.T) {
	l := newLink(link{rtt: 20 * time.Millisecond, limit: 200, slip: true})
	c := newControl(1000, l.now)
	l.run(&c, time.Second)
	if c.pace == 0 {
		t.Errorf("no pace after a second of slips")
	}
	l.run(&c, 20*time.Second)
	if good, sent := l.rate(l.good, 10*time.Second), l.rate(l.sent, 10*time.Second); good < 100 || sent > 400 {
		t.Errorf("%v responses and %v queries a second, of 200 (pace %v, window %v)", good, sent, c.pace, c.window)
	}
}

// A second of slips does not hold a server back for the rest of a run: the
// window and the pace grow again.
func TestControlSlipsPass(t *testing.T) {
	for _, rtt := range []time.Duration{5 * time.Millisecond, 30 * time.Millisecond, 150 * time.Millisecond} {
		l := newLink(link{rtt: rtt})
		c := newControl(200, l.now)
		l.run(&c, 10*time.Second)
		before := l.rate(l.good, 2*time.Second)
		l.limit, l.slip = 1, true
		l.run(&c, time.Second)
		l.limit = 0
		l.run(&c, 20*time.Second)
		if after := l.rate(l.good, 2*time.Second); after < 0.9*before {
			t.Errorf("round trip %v: %v responses a second 20 s after slips, %v before (phase %d, pace %v, window %v)",
				rtt, after, before, c.phase, c.pace, c.window)
		}
	}
}

// A pace does not rise while something else holds the queries back, and goes
// when that has lasted.
func TestControlPaceOvertaken(t *testing.T) {
	for name, ceiling := range map[string]int{"limit": 100, "window": 8} {
		l := newLink(link{rtt: 20 * time.Millisecond, asked: NewLimit(1000)})
		c := newControl(ceiling, l.now)
		l.run(&c, 5*time.Second)
		l.limit, l.slip = 1, true
		l.run(&c, 500*time.Millisecond)
		l.limit = 0
		most := 0.0
		for range 60 {
			l.run(&c, time.Second)
			most = max(most, c.pace)
		}
		if c.pace != 0 || most > 5000 {
			t.Errorf("%s: a minute after slips the pace is %v, and was %v", name, c.pace, most)
		}
		if got, want := l.rate(l.good, 10*time.Second), min(1000, float64(ceiling)/0.021); got < 0.9*want {
			t.Errorf("%s: %v responses a second, want %v", name, got, want)
		}
	}
}

// However large a pace or a limit is, what it grants is what was wanted.
func TestControlHugePace(t *testing.T) {
	now := time.Unix(1000, 0)
	c, l := newControl(100, now), NewLimit(1e300)
	c.setPace(now, 1e300)
	for range 3 {
		now = now.Add(time.Second)
		if n, _ := c.spend(now, 7); n != 7 {
			t.Errorf("a pace of 1e300 grants %d of 7", n)
		}
		if n, _ := l.take(now, 7); n != 7 {
			t.Errorf("a limit of 1e300 grants %d of 7", n)
		}
	}
}

// A limit that goes away is noticed.
func TestControlRecovers(t *testing.T) {
	l := newLink(link{rtt: 20 * time.Millisecond, limit: 200})
	c := newControl(1000, l.now)
	l.run(&c, 20*time.Second)
	before := l.rate(l.good, 5*time.Second)
	l.limit = 0
	l.run(&c, 60*time.Second)
	if after := l.rate(l.good, 5*time.Second); after < 5*before {
		t.Errorf("%v responses a second with a limit, %v a minute after it went (phase %d, pace %v)", before, after, c.phase, c.pace)
	}
}

// A server that says nothing at all is still tried.
func TestControlDead(t *testing.T) {
	l := newLink(link{rtt: 20 * time.Millisecond, loss: 1})
	c := newControl(100, l.now)
	l.run(&c, 30*time.Second)
	if got := l.rate(l.sent, 10*time.Second); got < minPace/2 {
		t.Errorf("%v queries a second to a silent server (phase %d, pace %v, window %v)", got, c.phase, c.pace, c.window)
	}
	l.loss = 0
	l.run(&c, 30*time.Second)
	if got := l.rate(l.good, 5*time.Second); got < 1000 {
		t.Errorf("%v responses a second 30 s after its return (phase %d, pace %v)", got, c.phase, c.pace)
	}
}

// Overflows of this machine's buffers shrink what may be in flight, and not for
// ever.
func TestControlOverflow(t *testing.T) {
	l := newLink(link{rtt: 20 * time.Millisecond})
	c := newControl(200, l.now)
	for range 50 {
		c.overflowed(l.now)
	}
	if c.max != minWindow || c.window > minWindow {
		t.Errorf("room for %d, window %v after overflows", c.max, c.window)
	}
	l.run(&c, time.Minute)
	if c.max != 200 || c.window < 100 {
		t.Errorf("room for %d, window %v a minute later", c.max, c.window)
	}
	c = newControl(3, l.now)
	if c.overflowed(l.now); c.max != 3 {
		t.Errorf("an overflow raises a ceiling of 3 to %d", c.max)
	}
}

// The wait for a response follows RFC 6298.
func TestControlRTO(t *testing.T) {
	c := newControl(100, time.Unix(1000, 0))
	now := time.Unix(1000, 0)
	if got := c.rto(); got != firstRTO {
		t.Errorf("before any response the wait is %v", got)
	}
	c.add(now, counts{good: 1}, 0)
	if got := c.rto(); got != firstRTO {
		t.Errorf("a response without a round trip makes it %v", got)
	}
	c.add(now, counts{good: 1}, 100*time.Millisecond)
	if got := c.rto(); got != 300*time.Millisecond {
		t.Errorf("after one of 100 ms it is %v, want 300 ms", got)
	}
	if c.add(now, counts{good: 1}, 0); c.rto() != 300*time.Millisecond {
		t.Errorf("one without a round trip then makes it %v", c.rto())
	}
	for range 100 {
		c.add(now, counts{good: 1}, 100*time.Millisecond)
	}
	if got := c.rto(); got < 100*time.Millisecond || got > 120*time.Millisecond {
		t.Errorf("after many of 100 ms it is %v", got)
	}
	for range 100 {
		c.add(now, counts{good: 1}, time.Millisecond)
	}
	if got := c.rto(); got != minRTO {
		t.Errorf("after many of 1 ms it is %v, want the least, %v", got, minRTO)
	}
}

// A pace that holds something back always says for how long.
func TestControlWait(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for range 2000 {
		now := time.Unix(1000, rng.Int64N(1e9))
		c := newControl(100, now)
		c.setPace(now, 20+rng.Float64()*10000)
		for range 20 {
			n, wait := c.spend(now, 100000)
			if n < 100000 && wait <= 0 {
				t.Fatalf("pace %v: %d of 100000, wait %v", c.pace, n, wait)
			}
			now = now.Add(wait)
			if n, _ := c.spend(now, 1); n != 1 {
				t.Fatalf("pace %v: nothing after a wait of %v", c.pace, wait)
			}
		}
	}
}

// Responses that are truncated to nothing ask for TCP, and not for a pace; but a
// limit that drops some and slips others is one.
func TestControlCuts(t *testing.T) {
	for _, loss := range []float64{0, 0.5} {
		now := time.Unix(1000, 0)
		c := newControl(2000, now)
		rng := rand.New(rand.NewPCG(9, 9))
		for range 2000 {
			now = now.Add(time.Millisecond)
			for n, _ := c.admit(now, 50); n > 0; n-- {
				if c.flying--; rng.Float64() < loss {
					c.add(now, counts{lost: 1}, 0)
				} else {
					c.add(now, counts{good: 1, cuts: 1}, 20*time.Millisecond)
				}
			}
		}
		if slow := c.pace != 0; slow != (loss > 0) {
			t.Errorf("loss %v: pace %v, window %v", loss, c.pace, c.window)
		}
	}
}
