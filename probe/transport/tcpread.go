package transport

import (
	"bufio"
	"errors"
	"io"
	"time"
)

// errEnded is the error of a connection that the server has ended.
var errEnded = errors.New("connection closed by the server")

// errGarbled is the error of a connection whose messages cannot be told apart any
// more: a length before one was wrong.
var errGarbled = errors.New("connection brings garbage")

// Read reads from the connection and notes when.
func (c *tcpConn) Read(b []byte) (int, error) {
	n, err := c.conn.Read(b)
	c.read.Store(time.Now().UnixNano())
	return n, err
}

// readAll reads responses until the connection ends.
func (c *tcpConn) readAll() {
	defer close(c.done)
	r := bufio.NewReader(c)
	var buf []byte
	for {
		err := c.readMessage(r, &buf)
		if err == nil {
			err = c.handle(buf)
		}
		if err == nil {
			continue
		}
		if errors.Is(err, io.EOF) {
			err = errEnded
		}
		c.e.mu.Lock()
		if c.err == nil {
			c.err = err
		}
		c.e.mu.Unlock()
		return
	}
}

// readMessage reads a message and the length before it.
func (c *tcpConn) readMessage(r *bufio.Reader, buf *[]byte) error {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	n := int(be16(head[:], 0))
	if cap(*buf) < n {
		*buf = make([]byte, n)
	}
	*buf = (*buf)[:n]
	c.partial.Store(r.Buffered() < n)
	if _, err := io.ReadFull(r, *buf); err != nil {
		return err
	}
	c.partial.Store(false)
	return nil
}

// handle handles one message. It returns an error if the length before it was wrong.
func (c *tcpConn) handle(packet []byte) error {
	q, out, rule := c.match(packet)
	if rule != Passed {
		c.e.cfg.traceIgnored(q, rule, packet)
	}
	switch {
	case len(out) > 0:
		c.e.cfg.Deliver(out)
		signal(c.room)
		if !whole(packet) {
			return errGarbled
		}
	case rule == CutShort, rule == Malformed:
		return errGarbled
	}
	return nil
}

// match finds the query under way that a message is for, and settles it if the
// message is its response.
func (c *tcpConn) match(packet []byte) (q *Query, out []Outcome, rule Rule) {
	now := time.Now()
	e := c.e
	e.mu.Lock()
	defer e.mu.Unlock()
	c.heard = now
	if len(packet) < headerLen {
		c.ignore(now)
		return nil, nil, ShortHeader
	}
	a := c.pending[be16(packet, 0)]
	if a == nil {
		c.ignore(now)
		return nil, nil, WrongID
	}
	m := e.cfg.messageFor(&a.q, packet)
	reply, cut, rule := read(m, packet, &a.q, a.id, a.mix)
	if rule != Passed {
		if a.failed = rule; rule == CutShort || rule == Malformed {
			c.culprit = a
		} else {
			c.ignore(now)
		}
		return &a.q, nil, rule
	}
	c.drop(a)
	c.answers++
	c.newest = max(c.newest, a.n)
	c.good, c.garbage = now, time.Time{}
	e.silent, e.barren = 0, 0
	if cut != None { // over TCP nothing may be cut
		return &a.q, []Outcome{a.q.outcome(BadResponse, ruleError(CutShort))}, CutShort
	}
	rtt := now.Sub(a.sent)
	e.stats.Responses++
	e.stats.SRTT = smooth(e.stats.SRTT, rtt)
	e.window.good(a.n, rtt)
	return &a.q, []Outcome{{Token: a.q.Token, Tries: a.q.sent, Reply: reply, RTT: rtt, Msg: m}}, Passed
}

// ignore notes a message that is no response. The caller holds the lock.
func (c *tcpConn) ignore(now time.Time) {
	if c.garbage.IsZero() {
		c.garbage = now
	}
}

// patience is how long a connection with garbage on it gets to bring a response.
func patience(srtt time.Duration) time.Duration { return max(4*srtt, firstRTO) }

// garbled reports whether a connection has brought no response for a while, but
// garbage, or the beginning of a message. The caller holds the lock.
func (c *tcpConn) garbled(now time.Time, rest time.Duration) bool {
	if !c.garbage.IsZero() && now.Sub(c.garbage) >= rest {
		return true
	}
	return c.partial.Load() && now.Sub(time.Unix(0, c.read.Load())) >= rest
}

// whole reports whether a response ends where its last record does. One that goes on
// has swallowed the beginning of the next.
func whole(packet []byte) bool {
	off, ok := skipName(packet, headerLen)
	if off += 4; be16(packet, 2)&flagTC != 0 {
		return true
	}
	for range int(be16(packet, 6)) + int(be16(packet, 8)) + int(be16(packet, 10)) {
		if !ok {
			return true // package dns reads it, and some things more
		}
		_, off, ok = nextRecord(packet, off)
	}
	return !ok || off == len(packet)
}
