package transport

import "net"

// giveBack sees to the queries of a connection that has ended: they are asked
// again, or settled.
func (c *tcpConn) giveBack() {
	e := c.e
	var left []*asked
	for _, a := range c.order {
		if !a.gone {
			left = append(left, a)
		}
	}
	e.mu.Lock()
	e.open--
	e.flying -= len(left)
	var out []Outcome
	switch {
	case e.closed:
		for _, a := range left {
			out = append(out, Outcome{Token: a.q.Token, Tries: a.tries.sent, Failure: Closed, Err: net.ErrClosed})
		}
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
	e.deliver(out)
	if again {
		pause(e.ctx, rest)
	}
}

// silence asks again what was under way on a connection over which nothing came. But
// when that happens again, the server is silent to all that waits. The caller holds
// the engine's lock.
func (c *tcpConn) silence(left []*asked) (out []Outcome) {
	e := c.e
	if c.answers == 0 {
		e.silent++
	}
	for _, a := range left {
		e.tries[a.q.Token] = a.tries
	}
	e.queue.pushFront(tcpQueries(left))
	if e.silent < silentConns {
		return nil
	}
	for _, q := range e.queue.drain() {
		out = append(out, Outcome{Token: q.Token, Tries: e.tries[q.Token].sent, Failure: Timeout})
	}
	clear(e.tries)
	return out
}

// broken asks again what was under way on a connection that the server has ended, or
// made unreadable. The query that broke it goes behind all others. The caller
// holds the engine's lock.
func (c *tcpConn) broken(left []*asked) (out []Outcome) {
	if len(left) == 0 {
		return nil
	}
	e := c.e
	e.window.halve(e.window.sent)
	if c.answers == 0 {
		e.barren++
	}
	culprit := c.culprit
	if culprit == nil {
		culprit = left[0]
	}
	var again, last []*asked
	for _, a := range left {
		switch {
		case e.barren >= barrenConns:
			a.tries.charged += forDial
		case a == culprit:
			a.tries.charged += forBreak
		}
		switch {
		case a.tries.spent(&a.q):
			o := Outcome{Token: a.q.Token, Tries: a.tries.sent, Failure: Unreachable, Err: c.err}
			switch {
			case a.failed != Passed:
				o.Failure, o.Err = BadResponse, ruleError(a.failed)
			case c.err == errGarbled:
				o.Failure = Timeout // among all that came, it had no response
			}
			out = append(out, o)
			continue
		case a == culprit:
			last = append(last, a)
		default:
			again = append(again, a)
		}
		e.tries[a.q.Token] = a.tries
	}
	e.queue.pushFront(tcpQueries(again))
	e.queue.push(tcpQueries(last))
	return out
}

func tcpQueries(as []*asked) []Query {
	qs := make([]Query, len(as))
	for i, a := range as {
		qs[i] = a.q
	}
	return qs
}
