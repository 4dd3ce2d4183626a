package transport

import (
	"bufio"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// A streamConn is one connection.
type streamConn struct {
	e    *stream
	conn net.Conn
	done chan struct{} // closed when the reader has ended
	room chan struct{} // signalled when a response has come
	cuts int           // of the quota, when it began

	mu      sync.Mutex
	pending map[uint16]*asked
	order   []*asked // by time of sending
	asked   int      // questions sent
	answers int
	heard   time.Time
	err     error // of the reader
}

// asked is a question under way on a connection.
type asked struct {
	q      Question
	id     uint16
	mix    uint64
	sent   time.Time
	tries  tries
	failed Rule
	gone   bool // settled
}

func newStreamConn(e *stream, conn net.Conn) *streamConn {
	e.mu.Lock()
	defer e.mu.Unlock()
	return &streamConn{
		e: e, conn: conn, pending: map[uint16]*asked{},
		done: make(chan struct{}), room: make(chan struct{}, 1), cuts: e.quota.cuts,
	}
}

// converse asks questions over the connection until it ends.
func (c *streamConn) converse() {
	go c.readAll()
	defer func() {
		c.conn.Close()
		<-c.done
		c.giveBack()
	}()
	timer := time.NewTimer(c.e.cfg.Timeout)
	defer timer.Stop()
	for {
		wait, err := c.send()
		if err != nil {
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
		case <-c.done:
			return
		case <-c.e.ctx.Done():
			return
		}
	}
}

// errSpent ends a connection that has given as many answers as can be hoped for.
var errSpent = errors.New("as many questions as the server answers on one connection")

// hearOut lets the reader read what the server said before it closed the
// connection under a write.
func (c *streamConn) hearOut(err error) {
	if err == errSpent || isTimeout(err) {
		return
	}
	c.conn.SetReadDeadline(time.Now().Add(c.e.cfg.Timeout))
	select {
	case <-c.done:
	case <-c.e.ctx.Done():
	}
}

// send sends what waits, as far as there is room and the limit allows.
func (c *streamConn) send() (wait time.Duration, err error) {
	now := time.Now()
	c.mu.Lock()
	under := len(c.pending)
	c.mu.Unlock()
	e := c.e
	e.mu.Lock()
	left := e.quota.left(c.asked)
	if left == 0 && under == 0 && e.queue.len() > 0 {
		e.mu.Unlock()
		return 0, errSpent
	}
	n, wait := e.cfg.Limit.take(now, min(perConn-under, left, e.queue.len()))
	qs := e.queue.pop(nil, n)
	before := make([]tries, len(qs))
	for i := range qs {
		before[i] = e.tries[qs[i].Token]
		delete(e.tries, qs[i].Token)
	}
	more := e.queue.len() > 0
	e.mu.Unlock()
	if more && n > 0 {
		e.signal()
	}
	if len(qs) == 0 {
		return wait, nil
	}
	var buf []byte
	c.mu.Lock()
	for i := range qs {
		buf = c.add(buf, &qs[i], before[i], now)
	}
	c.asked += len(qs)
	c.mu.Unlock()
	c.conn.SetWriteDeadline(now.Add(e.cfg.Timeout))
	_, err = c.conn.Write(buf)
	return wait, err
}

// add puts a question under way, with the tries before this one, and appends its
// message to buf. The caller holds the lock.
func (c *streamConn) add(buf []byte, q *Question, before tries, now time.Time) []byte {
	a := &asked{q: *q, sent: now, tries: before}
	a.tries.sent++
	for {
		a.id = uint16(rand.Uint32())
		if c.pending[a.id] == nil {
			break
		}
	}
	if q.Flags&MixCase != 0 {
		a.mix = rand.Uint64()
	}
	c.pending[a.id] = a
	c.order = append(c.order, a)
	start := len(buf)
	buf = append(buf, 0, 0)
	pad := -1
	if c.e.tls != nil && q.Flags&EDNS != 0 {
		plain := len(appendQuestion(nil, q, a.id, a.mix, nil, 0))
		pad = (padBlock - plain%padBlock) % padBlock
	}
	buf = appendQuestion(buf, q, a.id, a.mix, nil, pad)
	n := len(buf) - start - 2
	buf[start], buf[start+1] = byte(n>>8), byte(n)
	c.e.cfg.traceSent(q)
	return buf
}

// expire settles the questions whose time is over. next is how long it is until
// the next one's is. A connection over which nothing has come since the oldest
// of them was sent is not alive.
func (c *streamConn) expire() (next time.Duration, alive bool) {
	now := time.Now()
	var out []Outcome
	c.mu.Lock()
	alive, next = true, c.e.cfg.Timeout
	for len(c.order) > 0 {
		a := c.order[0]
		if !a.gone {
			if next = a.sent.Add(c.e.cfg.Timeout).Sub(now); next > 0 {
				break
			}
			alive = alive && c.heard.After(a.sent)
			out = append(out, c.drop(a))
		}
		c.order = c.order[1:]
		next = c.e.cfg.Timeout
	}
	c.mu.Unlock()
	if len(out) > 0 {
		c.e.cfg.Deliver(out)
	}
	return next, alive
}

// drop settles a question without response. The caller holds the lock.
func (c *streamConn) drop(a *asked) Outcome {
	a.gone = true
	delete(c.pending, a.id)
	out := Outcome{Token: a.q.Token, Tries: a.tries.sent, Failure: Timeout}
	if a.failed != Passed {
		out.Failure, out.Err = BadResponse, ruleError(a.failed)
	}
	return out
}

// giveBack queues the questions of a connection that has ended again, or
// settles them.
func (c *streamConn) giveBack() {
	e := c.e
	var again []Question
	var out []Outcome
	e.mu.Lock()
	bounded := c.answers > 0 && !errors.Is(c.err, net.ErrClosed)
	e.quota.ended(c.cuts, c.asked, c.answers, bounded && len(c.pending) > 0)
	for _, a := range c.order {
		if !a.gone && !bounded {
			a.tries.charged++
		}
		o := Outcome{Token: a.q.Token, Tries: a.tries.sent}
		switch {
		case a.gone:
			continue
		case e.closed:
			o.Failure, o.Err = Closed, net.ErrClosed
		case a.failed != Passed:
			o.Failure, o.Err = BadResponse, ruleError(a.failed)
		case a.tries.charged < max(a.q.Tries, 1) && a.tries.sent < mostTries(&a.q):
			again = append(again, a.q)
			e.tries[a.q.Token] = a.tries
			continue
		case errors.Is(c.err, net.ErrClosed): // given up, because it was silent
			o.Failure = Timeout
		default:
			o.Failure, o.Err = Unreachable, c.err
		}
		out = append(out, o)
	}
	e.queue.push(again)
	e.mu.Unlock()
	if len(out) > 0 {
		e.cfg.Deliver(out)
	}
}

// errHung is the error of a connection that ended without a word.
var errHung = errors.New("connection closed by the server")

// readAll reads responses until the connection ends.
func (c *streamConn) readAll() {
	defer close(c.done)
	r := bufio.NewReader(c.conn)
	var head [2]byte
	var buf []byte
	for {
		if _, err := io.ReadFull(r, head[:]); err != nil {
			c.ended(err)
			return
		}
		n := int(be16(head[:], 0))
		if cap(buf) < n {
			buf = make([]byte, n)
		}
		buf = buf[:n]
		if _, err := io.ReadFull(r, buf); err != nil {
			c.ended(err)
			return
		}
		c.handle(buf)
	}
}

func (c *streamConn) ended(err error) {
	if errors.Is(err, io.EOF) {
		err = errHung
	}
	c.mu.Lock()
	c.err = err
	c.mu.Unlock()
}

// handle handles one message.
func (c *streamConn) handle(packet []byte) {
	cfg := &c.e.cfg
	now := time.Now()
	if len(packet) < headerLen {
		cfg.traceIgnored(nil, ShortHeader, packet)
		return
	}
	c.mu.Lock()
	c.heard = now
	a := c.pending[be16(packet, 0)]
	if a == nil {
		c.mu.Unlock()
		cfg.traceIgnored(nil, WrongID, packet)
		return
	}
	var m *dns.Msg
	if a.q.Flags&Whole != 0 || cfg.Trace != nil {
		m = new(dns.Msg)
	}
	reply, state, rule := read(m, packet, &a.q, a.id, a.mix)
	if rule == Passed && state != Complete {
		rule = CutShort // over a stream nothing may be cut
	}
	if rule != Passed {
		a.failed = rule
		c.mu.Unlock()
		cfg.traceIgnored(&a.q, rule, packet)
		return
	}
	a.gone = true
	c.answers++
	delete(c.pending, a.id)
	c.mu.Unlock()
	cfg.Deliver([]Outcome{{Token: a.q.Token, Tries: a.tries.sent, Reply: reply, RTT: now.Sub(a.sent), Msg: m}})
	select {
	case c.room <- struct{}{}:
	default:
	}
}
