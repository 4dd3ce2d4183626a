package probe

import (
	"cmp"
	"crypto/tls"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"domprobe/probe/resolver"
	"domprobe/probe/transport"
)

// A server is one resolver, or one server of a registry, as a run sees it.
type server struct {
	spec     resolver.Server
	name     string // as results name it
	registry bool   // asked with RD=0

	main   transport.Engine
	stream transport.Engine // for what does not fit a datagram; nil if main is one
	limit  *transport.Limit

	noEDNS  bool // does not understand OPT
	mixCase bool // echoes the case of the question
	caseTry bool // was asked whether it does

	flying   int // questions under way
	silences int // time-outs since the last reply
	srtt     time.Duration
	downTill time.Time
	downFor  time.Duration

	ask, askStream []transport.Question // collected in this round
}

// The default rates (questions a second) where the user gives none.
const (
	publicRate   = 1000 // Google Public DNS bears 1,500 from one address
	registryRate = 100
)

// rateTo returns the ceiling on questions a second to a server, and zero for
// none: Rate, or what it means by default for a server of this kind.
func (o *Options) rateTo(s resolver.Server, registry bool) float64 {
	switch {
	case o.Rate < 0:
		return 0
	case o.Rate > 0:
		return o.Rate
	case registry:
		if isLoopback(s.Addr) {
			return 0
		}
		return registryRate
	case s.Local():
		return 0
	}
	return publicRate
}

// limits are the rates to the servers of a prober, which all its loops share.
type limits struct {
	mu sync.Mutex
	of map[limitKey]*transport.Limit
}

// A limitKey is a server's name and its rate, because one server can be both a
// resolver and a registry's.
type limitKey struct {
	name string
	rate float64
}

// maxLimits bounds how many of them are kept.
const maxLimits = 16384

// to returns the limit for a server.
func (l *limits) to(name string, rate float64) *transport.Limit {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := limitKey{name, rate}
	limit := l.of[key]
	if limit == nil {
		if l.of == nil || len(l.of) == maxLimits {
			// Loops that are under way keep the limits that they have.
			l.of = map[limitKey]*transport.Limit{}
		}
		limit = transport.NewLimit(rate)
		l.of[key] = limit
	}
	return limit
}

func isLoopback(addr string) bool {
	ap, err := netip.ParseAddrPort(addr)
	return err == nil && ap.Addr().IsLoopback()
}

// A delivery is an outcome with the server that it is from.
type delivery struct {
	transport.Outcome
	from   *server
	stream bool // it came over the server's stream engine
}

// A mailbox collects what the engines deliver until the run takes it. It is
// bounded by how many questions are under way.
type mailbox struct {
	mu      sync.Mutex
	waiting []delivery
	spare   []delivery
	wake    chan<- struct{}
}

// sink returns the function that an engine of a server delivers to.
func (m *mailbox) sink(s *server, stream bool) func([]transport.Outcome) {
	return func(out []transport.Outcome) {
		m.mu.Lock()
		for i := range out {
			m.waiting = append(m.waiting, delivery{out[i], s, stream})
		}
		m.mu.Unlock()
		signal(m.wake)
	}
}

// take returns what waits. The slice is valid until the next call.
func (m *mailbox) take() []delivery {
	m.mu.Lock()
	defer m.mu.Unlock()
	got := m.waiting
	clear(m.spare)
	m.waiting, m.spare = m.spare[:0], got
	return got
}

// newServer makes a server and its engines, which open nothing yet.
func (r *run) newServer(spec resolver.Server, registry bool) *server {
	s := &server{spec: spec, name: spec.String(), registry: registry}
	if rate := r.opts.rateTo(spec, registry); rate > 0 {
		s.limit = r.p.limits.to(s.name, rate)
	}
	conf := func(stream bool) transport.Config {
		return transport.Config{
			Addr: spec.Addr, Dial: r.opts.Dial, Deliver: r.mail.sink(s, stream),
			Window: r.opts.Concurrency, Timeout: r.opts.Timeout, Limit: s.limit,
			Trace: r.traceFrom(s, stream),
		}
	}
	switch {
	case r.opts.Exchanger != nil:
		s.main = transport.NewExchange(conf(false), r.opts.Exchanger.ExchangeContext)
	case spec.Transport == resolver.TCP:
		s.main = transport.NewStream(conf(false), nil)
	case spec.Transport == resolver.TLS:
		s.main = transport.NewStream(conf(false), r.tlsConfig(spec, "dot"))
	case spec.Transport == resolver.HTTPS:
		s.main = transport.NewHTTPS(conf(false), spec.URL, r.tlsConfig(spec))
	default:
		s.main = transport.NewUDP(conf(false))
		s.stream = transport.NewStream(conf(true), nil)
	}
	return s
}

func (r *run) tlsConfig(spec resolver.Server, protos ...string) *tls.Config {
	conf := &tls.Config{}
	if r.opts.TLSConfig != nil {
		conf = r.opts.TLSConfig.Clone()
	}
	conf.ServerName = spec.Host
	if conf.ServerName == "" {
		conf.ServerName, _, _ = net.SplitHostPort(spec.Addr)
	}
	conf.NextProtos = protos
	return conf
}

func (s *server) close() {
	s.main.Close()
	if s.stream != nil {
		s.stream.Close()
	}
}

// send queues a question for the end of the round.
func (s *server) send(q transport.Question, stream bool) {
	s.flying++
	if stream && s.stream != nil {
		s.askStream = append(s.askStream, q)
	} else {
		s.ask = append(s.ask, q)
	}
}

// flush hands the questions of a round to the engines.
func (s *server) flush() {
	if len(s.ask) > 0 {
		s.main.Ask(s.ask)
		clear(s.ask)
		s.ask = s.ask[:0]
	}
	if len(s.askStream) > 0 {
		s.stream.Ask(s.askStream)
		clear(s.askStream)
		s.askStream = s.askStream[:0]
	}
}

// The health of a server.
const (
	silentBound = 8               // time-outs in a row after which it counts as down
	firstDown   = time.Second     // how long it is left alone at first
	longestDown = 5 * time.Minute // and at most (RFC 9520 section 3.2)
)

// heard notes what became of a question.
func (s *server) heard(now time.Time, out *transport.Outcome, log *slog.Logger) {
	s.flying--
	switch out.Failure {
	case transport.None, transport.Truncated, transport.Slipped, transport.BadResponse:
		s.silences, s.downFor, s.downTill = 0, 0, time.Time{}
		if s.srtt == 0 {
			s.srtt = out.RTT
		}
		if out.RTT > 0 {
			s.srtt += (out.RTT - s.srtt) / 8
		}
	case transport.Timeout, transport.Unreachable, transport.Offline:
		s.silences++
		if s.silences < silentBound || now.Before(s.downTill) {
			return
		}
		s.downFor = min(max(2*s.downFor, firstDown), longestDown)
		s.downTill = now.Add(s.downFor)
		log.Debug("server is down", "server", s.name, "for", s.downFor)
	}
}

// down reports whether the server has not answered for a while.
func (s *server) down() bool { return s.silences >= silentBound }

// ready reports whether the server may be given more. One that was down gets
// a single question until it has answered.
func (s *server) ready(now time.Time) bool {
	if !s.down() {
		return true
	}
	return now.After(s.downTill) && s.flying == 0
}

// far is how much slower than the best a server may be to share its load.
const far = 400 * time.Millisecond

// choose picks one of the servers, of which there is at least one: the cheaper
// of two random ones among those that are ready and not far from the best.
func choose(now time.Time, from []*server) *server {
	if len(from) == 1 {
		return from[0]
	}
	best := slices.MinFunc(from, func(a, b *server) int { return cmp.Compare(a.srtt, b.srtt) })
	near := 0
	for _, s := range from {
		if s.near(now, best) {
			near++
		}
	}
	if near == 0 {
		return from[rand.IntN(len(from))]
	}
	i, j := rand.IntN(near), rand.IntN(near)
	var a, b *server
	for _, s := range from {
		if !s.near(now, best) {
			continue
		}
		if i == 0 {
			a = s
		}
		if j == 0 {
			b = s
		}
		i, j = i-1, j-1
	}
	if b.cost() < a.cost() {
		return b
	}
	return a
}

// near reports whether a server may share the load of the best one.
func (s *server) near(now time.Time, best *server) bool {
	return s.ready(now) && s.srtt <= best.srtt+far
}

// cost is how long a question to the server is likely to take.
func (s *server) cost() time.Duration {
	return time.Duration(s.flying+1) * (s.srtt + time.Millisecond)
}
