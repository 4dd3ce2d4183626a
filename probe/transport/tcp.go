package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"time"
)

const (
	maxConns  = 4   // connections to one server
	perConn   = 256 // queries under way on one connection
	connSpare = 64  // queries waiting that are worth one more connection

	// connHold is how long no further connection is tried after one was
	// refused while others are open.
	connHold = 10 * time.Second

	// padBlock is what encrypted queries are padded to a multiple of
	// (RFC 8467 section 4.1).
	padBlock = 128

	// silentConns is how many connections in a row must pass in silence until
	// what waits is settled like what was sent.
	silentConns = 2

	// barrenConns is how many connections in a row must break without a response
	// until that is charged to all that was sent over them.
	barrenConns = 8
)

// tcp is the engine over TCP and TLS: connections that stay open, with
// several queries under way on each, and answers in any order (RFC 7766
// sections 6.2.1 and 7).
type tcp struct {
	cfg  Config
	tls  *tls.Config // nil for plain TCP
	ctx  context.Context
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu     sync.Mutex
	queue  queue
	tries  map[uint32]tries // by token, of queries that wait again
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
	closed bool
	stats  Stats // the counts, and the round trip
	wake   chan struct{}
}

// tries is how often a query was sent, and how much it is charged.
type tries struct {
	sent    uint8
	charged uint16 // in halves of a try
}

// What a query is charged. That a connection breaks may be another's doing.
const (
	forBreak = 1
	forDial  = 2
)

// spent reports whether a query has had its tries.
func (t tries) spent(q *Query) bool { return int(t.charged) >= 2*max(int(q.Tries), 1) }

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
		cfg: cfg, tls: conf, tries: map[uint32]tries{}, wake: make(chan struct{}, 1),
		window: newTCPWindow(cfg.Window, cfg.Timeout),
	}
	e.queue.waiting = cfg.Waiting
	e.ctx, e.stop = context.WithCancel(context.Background())
	return e
}

func (e *tcp) Ask(qs []Query) {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		fail(&e.cfg, qs, Closed, net.ErrClosed)
		return
	}
	e.queue.push(qs)
	if e.active == 0 || e.active < maxConns && e.idle == 0 && e.queue.len() > connSpare && time.Now().After(e.hold) {
		e.active++
		e.wg.Go(e.session)
	}
	e.mu.Unlock()
	e.signal()
}

func (e *tcp) signal() {
	select {
	case e.wake <- struct{}{}:
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

func (e *tcp) Close() error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.stop()
	e.wg.Wait()
	fail(&e.cfg, e.queue.drain(), Closed, net.ErrClosed)
	return nil
}

// session opens a connection whenever there are queries, and sends them.
func (e *tcp) session() {
	for e.await() {
		if !e.converse() {
			return
		}
	}
}

// converse opens a connection and sends queries over it until it ends. It reports
// false if the session ends as well.
func (e *tcp) converse() (more bool) {
	wanted := make(chan struct{})
	lease, release, err := e.lease(sync.OnceFunc(func() { close(wanted) }))
	if err != nil {
		return !e.resign()
	}
	defer release()
	conn, err := e.connect()
	if err != nil {
		return !e.refused(err)
	}
	return newTCPConn(e, conn, lease, wanted).converse()
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
		var ok bool
		if l, ok = e.cfg.Sockets.takeMore(1, leave); !ok {
			err = errNoMore
		}
	}
	if err != nil {
		release()
	}
	return l, release, err
}

// resign ends a session without a connection if there are others.
func (e *tcp) resign() (last bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.active == 1 || e.closed {
		return false
	}
	e.active--
	e.hold = time.Now().Add(connHold)
	e.signal()
	return true
}

// refused ends a session that gets no connection if there are others, because a
// server may bound how many a client has. If there is none, what would have been
// sent is charged a try, and more of it each time.
func (e *tcp) refused(err error) (last bool) {
	if e.resign() {
		return true
	}
	f := e.cfg.blame(e.ctx, "tcp", err)
	var out []Outcome
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
	for _, q := range e.queue.pop(nil, n) {
		t := e.tries[q.Token]
		if t.charged += forDial; f == Offline || t.spent(&q) {
			delete(e.tries, q.Token)
			out = append(out, Outcome{Token: q.Token, Tries: t.sent, Failure: f, Err: err})
			continue
		}
		e.tries[q.Token] = t
		e.queue.push([]Query{q})
	}
	rest := restAfter(e.failed)
	more := e.queue.len() > 0
	e.mu.Unlock()
	e.deliver(out)
	if more {
		pause(e.ctx, rest)
	}
	return false
}

// restAfter is how long to wait after so many failures in a row.
func restAfter(failures int) time.Duration {
	return min(firstRest<<min(failures-1, 16), mostRest)
}

func (e *tcp) deliver(out []Outcome) {
	if len(out) > 0 {
		e.cfg.Deliver(out)
	}
}

// await waits until there are queries, and reports false when the engine is
// closed.
func (e *tcp) await() bool {
	e.mu.Lock()
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
	open := !e.closed
	more := e.queue.len() > 0
	e.mu.Unlock()
	if more {
		e.signal()
	}
	return open
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
