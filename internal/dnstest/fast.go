package dnstest

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/time/rate"

	"domprobe/internal/dnsserver"
)

// Fast is a responder for benchmarks. It plays the server of every TLD, and a
// resolver to those who set RD: NAME.TLD is registered where [Registered]
// says so of NAME, and everything below it with it. The zero value knows only
// the names that are registered everywhere, and responds to everything.
type Fast struct {
	// Addr is the address to listen on. Empty means a free port of 127.0.0.1.
	Addr string

	// Share is how many of a hundred labels are registered.
	Share int

	// Threads is how many goroutines respond over UDP. Zero means 1.
	Threads int

	// Drop, ServFail and Truncate are percentages of responses: not sent, sent
	// as SERVFAIL, sent as empty with TC set. Drop and Truncate concern UDP
	// only.
	Drop, ServFail, Truncate int

	// QPS is how many responses a second UDP sends to one address at most. Zero
	// means no limit.
	QPS int

	// Delay holds up each response.
	Delay time.Duration
}

// FastCounts is how many queries and responses a [Fast] server has had.
type FastCounts struct {
	Queries, Answers, Dropped uint64 // of UDP
	TCP                       uint64 // queries over TCP
}

// A FastServer is a running [Fast].
type FastServer struct {
	*Server
	fast Fast

	mu     sync.Mutex
	counts FastCounts
	limits map[netip.Addr]*rate.Limiter // by who asks
}

// Counts returns what the server has done so far.
func (s *FastServer) Counts() FastCounts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts
}

// Start starts the server.
func (f Fast) Start() (*FastServer, error) {
	conn, l, err := dnsserver.Listen(f.Addr)
	if err != nil {
		return nil, err
	}
	// Without the right to a larger buffer there is a smaller one.
	_ = conn.SetReadBuffer(16 << 20)
	s := &FastServer{fast: f, limits: map[netip.Addr]*rate.Limiter{}}
	var running sync.WaitGroup
	for range max(1, f.Threads) {
		running.Go(func() { s.serve(newBatchConn(conn)) })
	}
	stop := serveTCP(l, Stream(s.overTCP))
	s.Server = dnsserver.NewServer(l.Addr().String(), func() error {
		err := errors.Join(conn.Close(), stop())
		running.Wait()
		return err
	})
	return s, nil
}

// fastBatch is how many datagrams one system call reads or writes.
const fastBatch = 64

// serve responds to the datagrams of a socket.
func (s *FastServer) serve(pc batchConn) {
	delayed := newLater()
	defer delayed.stop()
	messages := make([]ipv4.Message, fastBatch)
	for i := range messages {
		messages[i].Buffers = [][]byte{make([]byte, maxFastAnswer)}
	}
	for {
		for _, m := range messages {
			m.Buffers[0] = m.Buffers[0][:maxFastAnswer]
		}
		n, err := pc.ReadBatch(messages, 0)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an ICMP message about an earlier response
		}
		responses := messages[:s.respond(messages[:n])]
		if s.fast.Delay <= 0 {
			writeAll(pc, responses)
			continue
		}
		held := cloneMessages(responses)
		delayed.do(s.fast.Delay, func() { writeAll(pc, held) })
	}
}

// respond turns queries into responses, moves these to the front, and returns
// how many there are.
func (s *FastServer) respond(queries []ipv4.Message) (n int) {
	for i := range queries {
		q := &queries[i]
		if chance(s.fast.Drop) || !s.allows(q.Addr) {
			continue
		}
		if r := s.fast.answer(q.Buffers[0][:q.N], false); r != nil {
			q.Buffers[0] = r
			queries[n], queries[i] = queries[i], queries[n]
			n++
		}
	}
	s.count(FastCounts{Queries: uint64(len(queries)), Answers: uint64(n), Dropped: uint64(len(queries) - n)})
	return n
}

// allows reports whether an address may have one more response.
func (s *FastServer) allows(a net.Addr) bool {
	if s.fast.QPS <= 0 {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ip := addrPort(a).Addr()
	if s.limits[ip] == nil {
		s.limits[ip] = rate.NewLimiter(rate.Limit(s.fast.QPS), max(1, s.fast.QPS/50)) // 20 ms of it
	}
	return s.limits[ip].Allow()
}

// overTCP responds to a query over TCP.
func (s *FastServer) overTCP(q []byte, _ netip.AddrPort) []Reply {
	s.count(FastCounts{TCP: 1})
	r := s.fast.answer(slices.Grow(q, maxFastAnswer), true)
	return []Reply{{Delay: s.fast.Delay, Bytes: r, Refused: r == nil}}
}

func (s *FastServer) count(more FastCounts) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts.Queries += more.Queries
	s.counts.Answers += more.Answers
	s.counts.Dropped += more.Dropped
	s.counts.TCP += more.TCP
}

func cloneMessages(ms []ipv4.Message) []ipv4.Message {
	ms = slices.Clone(ms)
	for i := range ms {
		ms[i].Buffers = [][]byte{slices.Clone(ms[i].Buffers[0])}
	}
	return ms
}
