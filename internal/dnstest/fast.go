package dnstest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/time/rate"

	"domprobe/internal/dnsserver"
)

// Fast is a responder for benchmarks. It plays the server of every TLD, and a
// resolver to those who set RD: NAME.TLD is registered where [Registered]
// says so of NAME, and everything below it with it. The zero value knows only
// the names that are registered everywhere, and answers everything.
type Fast struct {
	// Addr is the address to listen on. Empty means a free port of 127.0.0.1.
	Addr string

	// Share is how many of a hundred labels are registered.
	Share int

	// Threads is how many sockets share the load on Linux. Zero means 1,
	// which is what there is elsewhere.
	Threads int

	// Drop, ServFail and Truncate are percentages of answers: not given, given
	// as SERVFAIL, given as empty with TC set. Drop and Truncate concern
	// UDP only.
	Drop, ServFail, Truncate int

	// QPS is how many answers a second UDP gives at most. Zero means no limit.
	QPS int

	// Delay holds up each answer.
	Delay time.Duration
}

// FastCounts is what a [Fast] server has done so far.
type FastCounts struct {
	Queries, Answers, Dropped uint64 // of UDP
	TCP                       uint64 // questions over TCP
}

// A FastServer is a running [Fast].
type FastServer struct {
	*Server
	run *fastRun
}

// Counts returns what the server has done so far.
func (s *FastServer) Counts() FastCounts {
	c := &s.run.counts
	return FastCounts{
		Queries: c.queries.Load(), Answers: c.answers.Load(),
		Dropped: c.dropped.Load(), TCP: c.tcp.Load(),
	}
}

// Start starts the server.
func (f Fast) Start() (*FastServer, error) {
	r := &fastRun{Fast: f, stopped: make(chan struct{})}
	if f.QPS > 0 {
		r.limit = rate.NewLimiter(rate.Limit(f.QPS), max(1, f.QPS/50)) // 20 ms of it
	}
	conns, l, err := listenShared(f.Addr, max(1, f.Threads))
	if err != nil {
		return nil, err
	}
	for _, conn := range conns {
		// Without the right to a larger buffer there is a smaller one.
		_ = conn.SetReadBuffer(16 << 20)
		r.serve(conn)
	}
	streams := newAcceptor(l, Stream(r.stream))
	closeAll := func() error {
		close(r.stopped)
		var err error
		for _, conn := range conns {
			err = errors.Join(err, conn.Close())
		}
		err = errors.Join(err, streams.close())
		r.running.Wait()
		return err
	}
	return &FastServer{dnsserver.NewServer(l.Addr().String(), closeAll), r}, nil
}

// listenShared opens n UDP sockets and a listener, all on the same address.
func listenShared(addr string, n int) ([]*net.UDPConn, *net.TCPListener, error) {
	if n == 1 || reusePort == nil {
		pc, l, err := dnsserver.Listen(net.ListenConfig{}, addr)
		return []*net.UDPConn{pc}, l, err
	}
	lc := net.ListenConfig{Control: reusePort}
	pc, l, err := dnsserver.Listen(lc, addr)
	if err != nil {
		return nil, nil, err
	}
	conns := []*net.UDPConn{pc}
	for len(conns) < n {
		pc, err := lc.ListenPacket(context.Background(), "udp", l.Addr().String())
		if err != nil {
			for _, conn := range conns {
				conn.Close()
			}
			l.Close()
			return nil, nil, fmt.Errorf("sharing %s: %w", l.Addr(), err)
		}
		conns = append(conns, pc.(*net.UDPConn))
	}
	return conns, l, nil
}

// fastRun is a running Fast.
type fastRun struct {
	Fast
	limit   *rate.Limiter
	stopped chan struct{}
	running sync.WaitGroup
	counts  struct{ queries, answers, dropped, tcp atomic.Uint64 }
}

// fastBatch is how many datagrams one system call reads or writes.
const fastBatch = 64

// serve reads and answers the datagrams of a socket.
func (r *fastRun) serve(conn *net.UDPConn) {
	pc := newBatchConn(conn)
	send := func(answers []ipv4.Message) { writeAll(pc, answers) }
	if r.Delay > 0 {
		send = r.holdUp(pc)
	}
	r.running.Go(func() {
		m := &fastMaker{r.Fast, rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))}
		questions, answers := newMessages(maxFastAnswer), newMessages(0)
		for {
			n, err := pc.ReadBatch(questions, 0)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				continue // an ICMP message about an earlier answer
			}
			k := r.answer(m, questions[:n], answers)
			r.counts.queries.Add(uint64(n))
			r.counts.answers.Add(uint64(k))
			r.counts.dropped.Add(uint64(n - k))
			send(answers[:k])
		}
	})
}

func newMessages(size int) []ipv4.Message {
	m := make([]ipv4.Message, fastBatch)
	for i := range m {
		m[i].Buffers = [][]byte{make([]byte, size)}
	}
	return m
}

// answer fills in the answers to the questions and returns how many there are.
func (r *fastRun) answer(m *fastMaker, questions, answers []ipv4.Message) int {
	k := 0
	for i := range questions {
		q := &questions[i]
		if m.chance(m.Drop) || r.limit != nil && !r.limit.Allow() {
			continue
		}
		if a := m.answer(q.Buffers[0][:q.N], false); a != nil {
			answers[k].Buffers[0], answers[k].Addr = a, q.Addr
			k++
		}
	}
	return k
}

// stream answers a question that came over TCP.
func (r *fastRun) stream(q []byte, _ netip.AddrPort) []Reply {
	r.counts.tcp.Add(1)
	m := fastMaker{r.Fast, rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))}
	a := m.answer(slices.Grow(q, maxFastAnswer), true)
	if a == nil {
		return []Reply{{Refused: true}}
	}
	return []Reply{{Delay: r.Delay, Bytes: a}}
}

// maxHeld is how many batches Delay may hold up at once; more are lost.
const maxHeld = 1 << 14

// holdUp returns a function that sends answers when Delay has passed.
func (r *fastRun) holdUp(pc batchConn) func(answers []ipv4.Message) {
	slots := make(chan struct{}, maxHeld)
	return func(answers []ipv4.Message) {
		held := slices.Clone(answers)
		for i := range held {
			held[i].Buffers = [][]byte{slices.Clone(held[i].Buffers[0])}
		}
		select {
		case slots <- struct{}{}:
		default:
			return
		}
		r.running.Go(func() {
			defer func() { <-slots }()
			select {
			case <-time.After(r.Delay):
				writeAll(pc, held)
			case <-r.stopped:
			}
		})
	}
}
