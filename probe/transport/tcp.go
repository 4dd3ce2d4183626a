package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"
)

const (
	maxConns  = 4   // connections to one server
	perConn   = 256 // queries under way on one connection
	connSpare = 64  // queries waiting that are worth one more connection

	// connHold is how long no further connection is tried after one was
	// refused while others are open.
	connHold = 10 * time.Second

	// silentConns is how many connections in a row must pass in silence until
	// what waits is settled like what was sent.
	silentConns = 2

	// barrenConns is how many connections in a row must break without a response
	// until that is charged to all that was sent over them.
	barrenConns = 8
)

// tcp is the engine over TCP and TLS: connections that stay open, with
// several queries under way on each, and answers in any order (RFC 7766
// sections 6.2.1 and 7). The lock is that of its connections, too.
type tcp struct {
	engine
	tls    *tls.Config // nil for plain TCP
	window tcpWindow
	flying int       // queries under way
	active int       // sessions
	idle   int       // sessions that wait for a query
	first  bool      // a session has a connection to which the engine has a right, or waits for it
	open   int       // connections
	hold   time.Time // when further sessions may start
	quota  quota
	barren int // connections in a row that broke without a response
	silent int // connections in a row that passed in silence
	failed int // dials in a row that failed
	wake   chan struct{}
}

// NewTCP returns an engine that asks over TCP, or over TLS if conf is not
// nil. How many queries are in flight follows the server (see tcpWindow).
//
// A connection that breaks is opened again, and its queries are asked again. The
// one that was next to be answered is taken to have broken it, and is charged half a
// try; when several connections in a row break without a response, all are charged a
// whole one. So is what would have been sent when no connection can be opened. A
// query without response in time is not asked again.
func NewTCP(cfg Config, conf *tls.Config) Engine {
	e := &tcp{
		engine: newEngine(cfg), tls: conf, wake: make(chan struct{}, 1),
		window: newTCPWindow(cfg.Window, cfg.Timeout),
	}
	e.launch = func(int) {
		if e.active == 0 || e.active < maxConns && e.idle == 0 && e.queue.len() > connSpare && time.Now().After(e.hold) {
			e.active++
			e.wg.Go(e.session)
		}
		signal(e.wake)
	}
	return e
}

// signal wakes who waits for the channel, which has room for one signal.
func signal(wake chan<- struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}

func (e *tcp) Stats() Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.stats
	s.InFlight, s.Window = e.flying, e.window.size
	return s
}

// session opens a connection whenever there are queries, and sends them.
func (e *tcp) session() {
	for e.await() && e.converse() {
	}
}

// await waits until there are queries, and reports false when the engine is
// closed.
func (e *tcp) await() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.idle++
	for e.queue.len() == 0 && !e.closed {
		e.mu.Unlock()
		select {
		case <-e.wake:
		case <-e.ctx.Done():
		}
		e.mu.Lock()
	}
	e.idle--
	if e.queue.len() > 0 {
		signal(e.wake)
	}
	return !e.closed
}

// converse opens a connection and sends queries over it until it ends. It reports
// false if the session ends as well.
func (e *tcp) converse() (more bool) {
	wanted := make(chan struct{})
	lease, release, err := e.lease(func() { close(wanted) })
	if err != nil {
		return !e.resign()
	}
	defer release()
	conn, err := e.connect()
	if err != nil {
		return !e.refused(err)
	}
	newTCPConn(e, conn, lease, wanted).converse()
	return true
}

// lease takes a socket. The engine has a right to one, and waits for it; others it
// has if there are enough.
func (e *tcp) lease(leave func()) (l *lease, release func(), err error) {
	e.mu.Lock()
	first := !e.first
	e.first = true
	e.mu.Unlock()
	release = func() {
		l.release()
		if first {
			e.mu.Lock()
			e.first = false
			e.mu.Unlock()
		}
	}
	if first {
		l, err = e.cfg.Sockets.take(e.ctx, leave)
	} else {
		l, err = e.cfg.Sockets.takeMore(1, leave)
	}
	if err != nil {
		release()
	}
	return l, release, err
}

func (e *tcp) connect() (net.Conn, error) {
	return e.cfg.patiently(e.ctx, func() (net.Conn, error) {
		ctx, cancel := context.WithTimeout(e.ctx, e.cfg.Timeout)
		defer cancel()
		conn, err := e.cfg.dial(ctx, "tcp")
		if err != nil || e.tls == nil {
			return conn, err
		}
		secure := tls.Client(conn, e.tls)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return secure, nil
	})
}

// resign ends a session without a connection if there are others.
func (e *tcp) resign() (resigned bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.active == 1 || e.closed {
		return false
	}
	e.active--
	e.hold = time.Now().Add(connHold)
	signal(e.wake)
	return true
}

// refused ends a session that gets no connection if there are others, because a
// server may bound how many a client has. If there is none, what would have been
// sent is charged a try, and more of it each time.
func (e *tcp) refused(err error) (resigned bool) {
	if e.resign() {
		return true
	}
	f := e.cfg.blame(e.ctx, "tcp", err)
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return false
	}
	n := e.queue.len()
	if f != Offline {
		n = min(n, perConn<<min(e.failed, 16))
	}
	e.failed++
	rest := restAfter(e.failed)
	var out []Outcome
	var again []Query
	for _, q := range e.queue.pop(nil, n) {
		if q.charge(aTry) || f == Offline {
			out = append(out, q.outcome(f, err))
		} else {
			again = append(again, q)
		}
	}
	e.queue.push(again)
	more := e.queue.len() > 0
	e.mu.Unlock()
	e.cfg.deliver(out)
	if more {
		pause(e.ctx, rest)
	}
	return false
}

// restAfter is how long to wait after so many failures in a row.
func restAfter(failures int) time.Duration {
	return min(firstRest<<min(failures-1, 16), mostRest)
}
