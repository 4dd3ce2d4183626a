package transport

import (
	"errors"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"time"
)

// A tcpConn is one connection. The engine's lock is its lock.
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

	pending map[uint16]*asked
	order   []*asked // by time of sending
	asked   int      // queries sent
	answers int
	newest  uint64    // the query sent last of those answered
	heard   time.Time // the last message
	good    time.Time // the last response
	garbage time.Time // the first message since then that was no response; zero is none
	culprit *asked    // the query whose response broke the connection
	err     error     // why the connection is of no use any more
}

// asked is a query that was sent over a connection. It is under way while it is
// pending there.
type asked struct {
	q      Query
	id     uint16
	mix    uint64
	n      uint64 // it was sent as the n-th to this server
	sent   time.Time
	failed Rule
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
func (c *tcpConn) converse() {
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
			return
		}
		next, alive := c.expire()
		if !alive {
			return
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
			return
		case <-c.e.ctx.Done():
			return
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
	as, wait, err := c.take(now)
	if len(as) == 0 {
		return wait, err
	}
	var buf []byte
	for _, a := range as {
		buf = c.pack(buf, a)
		c.e.cfg.traceSent(&a.q)
	}
	c.conn.SetWriteDeadline(now.Add(c.e.cfg.Timeout))
	_, err = c.conn.Write(buf)
	return wait, err
}

// take puts what is to be sent now under way.
func (c *tcpConn) take(now time.Time) (as []*asked, wait time.Duration, err error) {
	e := c.e
	e.mu.Lock()
	defer e.mu.Unlock()
	under := len(c.pending)
	if under == 0 {
		c.garbage = time.Time{} // what comes then is late, or comes twice
	}
	left := e.quota.left(c.asked)
	if under == 0 && c.over(now, left) {
		return nil, 0, errDone
	}
	want := max(min(perConn-under, left, e.queue.len()), 0)
	if !c.garbage.IsZero() || c.isWanted() && c.asked > 0 {
		want = 0
	}
	share := (e.window.size + e.open - 1) / e.open
	n := max(min(want, share-under, e.window.size-e.flying), 0)
	if n < want {
		e.window.full = true
	}
	n, wait = e.cfg.Limit.take(now, n)
	for _, q := range e.queue.pop(nil, n) {
		as = append(as, c.add(q, now))
	}
	if n > 0 {
		c.rested = time.Time{}
		c.lease.busy()
		if e.queue.len() > 0 {
			signal(e.wake)
		}
	}
	return as, wait, nil
}

// over reports whether a connection with nothing under way is to end: the server
// answers no more on it, or it is idle and another engine needs the socket or its
// time is over. The caller holds the lock.
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

// add puts a query under way. The caller holds the lock.
func (c *tcpConn) add(q Query, now time.Time) *asked {
	e := c.e
	e.stats.sent(&q)
	e.flying++
	e.window.sent++
	c.asked++
	a := &asked{q: q, n: e.window.sent, sent: now}
	for a.id = uint16(rand.Uint32()); c.pending[a.id] != nil; {
		a.id = uint16(rand.Uint32())
	}
	if q.Flags&MixCase != 0 {
		a.mix = rand.Uint64()
	}
	c.pending[a.id] = a
	c.order = append(c.order, a)
	return a
}

// pack appends the message of a query to buf, with its length before it.
func (c *tcpConn) pack(buf []byte, a *asked) []byte {
	start := len(buf)
	block := 0
	if c.e.tls != nil {
		block = padBlock
	}
	buf = appendQuery(append(buf, 0, 0), &a.q, a.id, a.mix, nil, block)
	putLen(buf, start)
	return buf
}

// drop takes a query from those under way. The caller holds the lock.
func (c *tcpConn) drop(a *asked) {
	delete(c.pending, a.id)
	c.e.flying--
}
