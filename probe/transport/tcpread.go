package transport

import (
	"bufio"
	"errors"
	"io"
	"time"

	"github.com/miekg/dns"
)

// errHung is the error of a connection that ended without a word.
var errHung = errors.New("connection closed by the server")

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
		c.partial.Store(r.Buffered() < n)
		if _, err := io.ReadFull(r, buf); err != nil {
			c.ended(err)
			return
		}
		c.partial.Store(false)
		if err := c.handle(buf); err != nil {
			c.ended(err)
			return
		}
	}
}

func (c *tcpConn) ended(err error) {
	if errors.Is(err, io.EOF) {
		err = errHung
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
}

// handle handles one message. It returns an error if the length before it was wrong.
func (c *tcpConn) handle(packet []byte) error {
	cfg := &c.e.cfg
	now := time.Now()
	c.mu.Lock()
	c.heard = now
	a, rule := c.find(packet)
	if a == nil {
		c.ignore(now)
		c.mu.Unlock()
		cfg.traceIgnored(nil, rule, packet)
		return nil
	}
	var m *dns.Msg
	if a.q.Flags&Whole != 0 || cfg.Trace != nil {
		m = new(dns.Msg)
	}
	reply, state, rule := read(m, packet, &a.q, a.id, a.mix)
	out := Outcome{Token: a.q.Token, Tries: a.tries.sent, Reply: reply, RTT: now.Sub(a.sent), Msg: m}
	if rule == Passed && state != Complete {
		rule = CutShort // over TCP nothing may be cut
		out = Outcome{Token: a.q.Token, Tries: a.tries.sent, Failure: BadResponse, Err: ruleError(rule)}
	} else if rule != Passed {
		defer cfg.traceIgnored(&a.q, rule, packet)
		defer c.mu.Unlock()
		a.failed = rule
		if rule == CutShort || rule == Malformed {
			c.culprit = a
			return errGarbled
		}
		c.ignore(now)
		return nil
	}
	a.gone = true
	c.answers++
	c.newest = max(c.newest, a.n)
	c.good, c.garbage = now, time.Time{}
	delete(c.pending, a.id)
	c.mu.Unlock()
	if rule != Passed {
		cfg.traceIgnored(&a.q, rule, packet)
	}
	c.e.answered(a, &out)
	cfg.Deliver([]Outcome{out})
	select {
	case c.room <- struct{}{}:
	default:
	}
	if !whole(packet) {
		return errGarbled
	}
	return nil
}

// find returns the query under way that a message is for. The caller holds the
// lock.
func (c *tcpConn) find(packet []byte) (*asked, Rule) {
	if len(packet) < headerLen {
		return nil, ShortHeader
	}
	return c.pending[be16(packet, 0)], WrongID
}

// ignore notes a message that is no response. The caller holds the lock.
func (c *tcpConn) ignore(now time.Time) {
	if c.garbage.IsZero() {
		c.garbage = now
	}
}

// answered counts a response.
func (e *tcp) answered(a *asked, out *Outcome) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.flying--
	e.silent, e.barren = 0, 0
	if out.Failure == None {
		e.stats.Responses++
		e.stats.SRTT = smooth(e.stats.SRTT, out.RTT)
		e.window.good(a.n, out.RTT)
	}
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
