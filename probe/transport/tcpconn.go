package transport

import (
	"errors"
	"math"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A tcpConn is one connection.
type tcpConn struct {
	e      *tcp
	conn   net.Conn
	lease  *lease
	wanted <-chan struct{} // closed when another engine waits for the socket
	done   chan struct{}   // closed when the reader has ended
	room   chan struct{}   // signalled when a response has come
	cuts   int             // of the quota, when it began
	rested time.Time       // since when there has been nothing to do; zero is never
	hung   bool            // given up, because it was silent

	read    atomic.Int64 // when octets came last, in Unix nanoseconds
	partial atomic.Bool  // the rest of a message has not come yet

	mu      sync.Mutex
	pending map[uint16]*asked
	order   []*asked // by time of sending
	asked   int      // queries sent
	answers int
	newest  uint64        // the query sent last of those answered
	heard   time.Time     // the last message
	good    time.Time     // the last response
	garbage time.Time     // the first message since then that was no response; zero is none
	rest    time.Duration // how long an answer may be missing before garbage tells
	culprit *asked        // the query whose response broke the connection
	err     error         // of the reader
}

// asked is a query under way on a connection.
type asked struct {
	q      Query
	id     uint16
	mix    uint64
	n      uint64 // it was sent as the n-th to this server
	sent   time.Time
	tries  tries
	failed Rule
	gone   bool // settled
}

func newTCPConn(e *tcp, conn net.Conn, lease *lease, wanted <-chan struct{}) *tcpConn {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.open++
	e.failed = 0
	return &tcpConn{
		e: e, conn: conn, lease: lease, wanted: wanted, pending: map[uint16]*asked{},
		done: make(chan struct{}), room: make(chan struct{}, 1), cuts: e.quota.cuts,
	}
}

// converse sends queries over the connection until it ends.
func (c *tcpConn) converse() bool {
	go c.readAll()
	defer func() {
		c.conn.Close()
		<-c.done
		c.giveBack()
	}()
	timer := time.NewTimer(c.e.cfg.Timeout)
	defer timer.Stop()
	wanted := c.wanted
	for {
		wait, err := c.send()
		if err != nil {
			c.hung = isTimeout(err) // nothing is read any more
			c.hearOut(err)
			return true
		}
		next, alive := c.expire()
		if !alive {
			return true
		}
		if wait > 0 {
			next = min(next, wait)
		}
		timer.Reset(next)
		select {
		case <-c.e.wake:
		case <-c.room:
		case <-timer.C:
		case <-wanted:
			wanted = nil // send sees to it
		case <-c.done:
			return true
		case <-c.e.ctx.Done():
			return true
		}
	}
}

// errDone ends a connection over which nothing more is to be asked.
var errDone = errors.New("connection no longer needed")

// hearOut lets the reader read what the server said before it closed the
// connection under a write.
func (c *tcpConn) hearOut(err error) {
	if err == errDone || isTimeout(err) {
		return
	}
	c.conn.SetReadDeadline(time.Now().Add(c.e.cfg.Timeout))
	select {
	case <-c.done:
	case <-c.e.ctx.Done():
	}
}

// send sends what waits, as far as there is room and the limit allows.
func (c *tcpConn) send() (wait time.Duration, err error) {
	now := time.Now()
	c.mu.Lock()
	under := len(c.pending)
	if under == 0 {
		c.garbage = time.Time{} // what comes then is late, or comes twice
	}
	garbled := !c.garbage.IsZero()
	c.mu.Unlock()
	e := c.e
	e.mu.Lock()
	left := e.quota.left(c.asked)
	if under == 0 && c.over(now, left) {
		e.mu.Unlock()
		return 0, errDone
	}
	want := max(min(perConn-under, left, e.queue.len()), 0)
	if garbled || c.isWanted() && c.asked > 0 {
		want = 0
	}
	share := (e.window.size + e.open - 1) / e.open
	n := max(min(want, share-under, e.window.size-e.flying), 0)
	if n < want {
		e.window.full = true
	}
	n, wait = e.cfg.Limit.take(now, n)
	qs := e.queue.pop(nil, n)
	as := c.count(qs, now)
	more := e.queue.len() > 0
	c.rest = patience(e.stats.SRTT)
	e.mu.Unlock()
	if more && n > 0 {
		e.signal()
	}
	if len(qs) == 0 {
		return wait, nil
	}
	c.rested = time.Time{}
	c.lease.busy()
	var buf []byte
	c.mu.Lock()
	for _, a := range as {
		buf = c.add(buf, a)
	}
	c.asked += len(qs)
	c.mu.Unlock()
	c.conn.SetWriteDeadline(now.Add(e.cfg.Timeout))
	_, err = c.conn.Write(buf)
	return wait, err
}

// over reports whether a connection with nothing under way is to end: the server
// answers no more on it, or it is idle and another engine needs the socket or its
// time is over. The caller holds the engine's lock.
func (c *tcpConn) over(now time.Time, left int) bool {
	e := c.e
	if e.queue.len() > 0 {
		return left == 0 || c.isWanted() && c.asked > 0
	}
	if c.rested.IsZero() {
		c.rested = now
		c.lease.rest(now)
	}
	return c.isWanted() || e.cfg.Idle > 0 && now.Sub(c.rested) >= e.cfg.Idle
}

func (c *tcpConn) isWanted() bool {
	select {
	case <-c.wanted:
		return true
	default:
		return false
	}
}

// count takes queries into the window. The caller holds the engine's lock.
func (c *tcpConn) count(qs []Query, now time.Time) []*asked {
	e := c.e
	as := make([]*asked, len(qs))
	for i, q := range qs {
		t := e.tries[q.Token]
		delete(e.tries, q.Token)
		if e.stats.Queries++; t.sent > 0 {
			e.stats.Retries++
		}
		if t.sent < math.MaxUint8 {
			t.sent++
		}
		e.window.sent++
		as[i] = &asked{q: q, n: e.window.sent, sent: now, tries: t}
	}
	e.flying += len(qs)
	return as
}

// add puts a query under way and appends its message to buf. The caller holds the
// lock.
func (c *tcpConn) add(buf []byte, a *asked) []byte {
	for {
		a.id = uint16(rand.Uint32())
		if c.pending[a.id] == nil {
			break
		}
	}
	q := &a.q
	if q.Flags&MixCase != 0 {
		a.mix = rand.Uint64()
	}
	c.pending[a.id] = a
	c.order = append(c.order, a)
	start := len(buf)
	buf = append(buf, 0, 0)
	pad := -1
	if c.e.tls != nil && q.Flags&EDNS != 0 {
		plain := len(appendQuery(nil, q, a.id, a.mix, nil, 0))
		pad = (padBlock - plain%padBlock) % padBlock
	}
	buf = appendQuery(buf, q, a.id, a.mix, nil, pad)
	n := len(buf) - start - 2
	buf[start], buf[start+1] = byte(n>>8), byte(n)
	c.e.cfg.traceSent(q)
	return buf
}

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
	var out []Outcome
	var late uint64
	c.mu.Lock()
	alive, next = true, c.e.cfg.Timeout
	for len(c.order) > 0 {
		a := c.order[0]
		if !a.gone {
			if next = c.deadline(a).Sub(now); next > 0 {
				if now.Sub(a.sent) >= c.e.cfg.Timeout {
					late = a.n
				}
				break
			}
			if !c.heard.After(a.sent) {
				alive, c.hung = false, true
			}
			out = append(out, c.drop(a))
		}
		c.order = c.order[1:]
		next = c.e.cfg.Timeout
	}
	if len(c.pending) > 0 {
		if alive && c.garbled(now) {
			alive, c.err = false, errGarbled
		}
		next = min(next, c.rest)
	} else if idle := c.e.cfg.Idle; idle > 0 && !c.rested.IsZero() {
		next = min(next, max(c.rested.Add(idle).Sub(now), 1))
	}
	c.mu.Unlock()
	if late > 0 || len(out) > 0 {
		e := c.e
		e.mu.Lock()
		e.flying -= len(out)
		e.stats.Timeouts += uint64(len(out))
		e.window.halve(late)
		e.mu.Unlock()
	}
	c.e.deliver(out)
	return next, alive
}

// patience is how long a connection with garbage on it gets to bring a response.
func patience(srtt time.Duration) time.Duration { return max(4*srtt, firstRTO) }

// errGarbled is the error of a connection whose messages cannot be told apart any
// more: a length before one was wrong.
var errGarbled = errors.New("connection brings garbage")

// garbled reports whether a connection has brought no response for a while, but
// garbage, or the beginning of a message. The caller holds the lock.
func (c *tcpConn) garbled(now time.Time) bool {
	if !c.garbage.IsZero() && now.Sub(c.garbage) >= c.rest {
		return true
	}
	return c.partial.Load() && now.Sub(time.Unix(0, c.read.Load())) >= c.rest
}

// drop settles a query without response. The caller holds the lock.
func (c *tcpConn) drop(a *asked) Outcome {
	a.gone = true
	delete(c.pending, a.id)
	out := Outcome{Token: a.q.Token, Tries: a.tries.sent, Failure: Timeout}
	if a.failed != Passed {
		out.Failure, out.Err = BadResponse, ruleError(a.failed)
	}
	return out
}
