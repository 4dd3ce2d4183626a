package transport

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"
)

const (
	maxConns  = 4   // connections to one server
	perConn   = 256 // questions under way on one connection
	connSpare = 64  // questions waiting that are worth one more connection

	// connHold is how long no further connection is tried after one was
	// refused while others are open.
	connHold = 10 * time.Second

	// padBlock is what encrypted questions are padded to a multiple of
	// (RFC 8467 section 4.1).
	padBlock = 128
)

// stream is the engine over TCP and TLS: connections that stay open, with
// several questions under way on each, and answers in any order (RFC 7766
// sections 6.2.1 and 7).
type stream struct {
	cfg  Config
	tls  *tls.Config // nil for plain TCP
	ctx  context.Context
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu     sync.Mutex
	queue  queue
	tries  map[uint32]tries // by token, of questions that wait again
	active int              // sessions
	idle   int              // sessions that wait for a question
	hold   time.Time        // when further sessions may start
	quota  quota
	closed bool
	wake   chan struct{}
}

// tries is how often a question was sent, and how often that counts.
type tries struct{ sent, charged uint8 }

// NewStream returns an engine that asks over TCP, or over TLS if conf is not
// nil. A connection that the server closes or resets is opened again, and its
// questions are asked again, as often as their Tries allow; a question without
// response in time is not. A connection that ends after some answers is not
// counted as a try of the others: servers bound how many they give on one.
func NewStream(cfg Config, conf *tls.Config) Engine {
	e := &stream{cfg: cfg, tls: conf, tries: map[uint32]tries{}, wake: make(chan struct{}, 1)}
	e.ctx, e.stop = context.WithCancel(context.Background())
	return e
}

func (e *stream) Ask(qs []Question) {
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

func (e *stream) signal() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

func (e *stream) Close() error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.stop()
	e.wg.Wait()
	fail(&e.cfg, e.queue.drain(), Closed, net.ErrClosed)
	return nil
}

// session opens a connection whenever there are questions, and asks them.
func (e *stream) session() {
	for e.await() {
		conn, err := e.connect()
		if err != nil {
			if e.refused(err) {
				return
			}
			continue
		}
		newStreamConn(e, conn).converse()
	}
}

// refused ends a session that gets no connection if there are others, because a
// server may bound how many a client has. If there is none, what waits fails.
func (e *stream) refused(err error) (last bool) {
	e.mu.Lock()
	if e.active > 1 && !e.closed {
		e.active--
		e.hold = time.Now().Add(connHold)
		e.mu.Unlock()
		e.signal()
		return true
	}
	waiting := e.queue.drain()
	clear(e.tries)
	e.mu.Unlock()
	f := Unreachable
	if e.ctx.Err() != nil {
		f = Closed
	}
	fail(&e.cfg, waiting, f, err)
	return false
}

// await waits until there are questions, and reports false when the engine is
// closed.
func (e *stream) await() bool {
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

func (e *stream) connect() (net.Conn, error) {
	ctx, cancel := context.WithTimeout(e.ctx, e.cfg.Timeout)
	defer cancel()
	conn, err := e.cfg.dial(ctx, "tcp")
	if err != nil || e.tls == nil {
		return conn, err
	}
	secure := tls.Client(conn, e.tls)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}

func (e *stream) Stats() Stats { return Stats{} }
