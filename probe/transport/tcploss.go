package transport

import "time"

// deadline is when the time of a query is over. While the server is at work on
// those before it, its own has not begun, up to a point. The caller holds the lock.
func (c *tcpConn) deadline(a *asked) time.Time {
	timeout := c.e.cfg.Timeout
	at := a.sent.Add(timeout)
	if a.n > c.newest && c.good.After(a.sent) {
		at = earlier(c.good.Add(timeout), at.Add(3*timeout))
	}
	return at
}

// expire settles the queries whose time is over. next is how long it is until
// something is to be done again. A connection over which nothing has come since the
// oldest of them was sent is not alive, and neither is one that brings garbage.
func (c *tcpConn) expire() (next time.Duration, alive bool) {
	now := time.Now()
	e := c.e
	var out []Outcome
	e.mu.Lock()
	alive, next = true, e.cfg.Timeout
	for ; len(c.order) > 0; c.order = c.order[1:] {
		a := c.order[0]
		if c.pending[a.id] != a {
			continue
		}
		if left := c.deadline(a).Sub(now); left > 0 {
			if next = left; now.Sub(a.sent) >= e.cfg.Timeout {
				e.window.halve(a.n)
			}
			break
		}
		if !c.heard.After(a.sent) {
			alive, c.hung = false, true
		}
		c.drop(a)
		e.stats.Timeouts++
		out = append(out, a.unanswered(Timeout, nil))
	}
	if len(c.pending) > 0 {
		rest := patience(e.stats.SRTT)
		if alive && c.garbled(now, rest) {
			alive, c.err = false, errGarbled
		}
		next = min(next, rest)
	} else if idle := e.cfg.Idle; idle > 0 && !c.rested.IsZero() && e.queue.len() == 0 { // see over
		next = min(next, max(c.rested.Add(idle).Sub(now), 1))
	}
	e.mu.Unlock()
	e.cfg.deliver(out)
	return next, alive
}

// unanswered is the outcome of a query without a response, for the reason f unless
// a message for it failed a check.
func (a *asked) unanswered(f Failure, err error) Outcome {
	if a.failed != Passed {
		f, err = BadResponse, ruleError(a.failed)
	}
	return a.q.outcome(f, err)
}

// giveBack sees to the queries of a connection that has ended: they are asked
// again, or settled.
func (c *tcpConn) giveBack() {
	e := c.e
	e.mu.Lock()
	e.open--
	var left []*asked
	for _, a := range c.order {
		if c.pending[a.id] == a {
			left = append(left, a)
			c.drop(a)
		}
	}
	var out []Outcome
	switch {
	case e.closed:
		e.queue.pushFront(queries(left)) // for Close
	case c.hung:
		e.quota.ended(c.cuts, c.asked, c.answers, false)
		out = c.silence(left)
	default:
		e.quota.ended(c.cuts, c.asked, c.answers, len(left) > 0 && c.answers > 0 && c.err != errGarbled)
		out = c.broken(left)
	}
	rest := restAfter(max(e.barren-barrenConns, 1))
	again := e.barren >= barrenConns && e.queue.len() > 0
	e.mu.Unlock()
	e.cfg.deliver(out)
	if again {
		pause(e.ctx, rest)
	}
}

// silence asks again what was under way on a connection over which nothing came. But
// when that happens again, the server is silent to all that waits. The caller holds
// the lock.
func (c *tcpConn) silence(left []*asked) []Outcome {
	e := c.e
	if c.answers == 0 {
		e.silent++
	}
	e.queue.pushFront(queries(left))
	if e.silent < silentConns {
		return nil
	}
	return outcomes(e.queue.drain(), Timeout, nil)
}

func queries(as []*asked) (qs []Query) {
	for _, a := range as {
		qs = append(qs, a.q)
	}
	return qs
}

// broken asks again what was under way on a connection that the server has ended, or
// made unreadable. The query that broke it goes behind all others, and is charged for
// it, but not for garbage after good responses, which may be any query's doing. The
// caller holds the lock.
func (c *tcpConn) broken(left []*asked) (out []Outcome) {
	if len(left) == 0 {
		return nil
	}
	e := c.e
	e.window.halve(e.window.sent)
	if c.answers == 0 {
		e.barren++
	}
	if c.culprit == nil {
		c.culprit = left[0]
	}
	f := Unreachable
	if c.err == errGarbled {
		f = Timeout // among all that came, it had no response
	}
	var again, last []Query
	for _, a := range left {
		var halves uint16
		switch {
		case e.barren >= barrenConns:
			halves = aTry
		case a == c.culprit && (c.err != errGarbled || c.answers == 0):
			halves = halfTry
		}
		switch {
		case a.q.charge(halves):
			out = append(out, a.unanswered(f, c.err))
		case a == c.culprit:
			last = append(last, a.q)
		default:
			again = append(again, a.q)
		}
	}
	e.queue.pushFront(again)
	e.queue.push(last)
	return out
}
