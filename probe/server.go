package probe

import (
	"crypto/tls"
	"net"
	"net/netip"
	"sync"
	"time"

	"domprobe/probe/resolver"
	"domprobe/probe/transport"
)

// A server is one resolver, or one authoritative server of a registry, as a
// run sees it.
type server struct {
	spec     resolver.Server
	name     string // as results name it
	voter    string // see voterOf
	registry bool   // asked with RD=0

	main  transport.Engine
	tcp   transport.Engine // TCP, for what does not fit a datagram; nil if main is one
	limit *transport.Limit

	noEDNS  bool     // does not understand OPT
	benches []*bench // the evidence about it, by TLD
	looks   []*look  // under way, in the order of sending
	stuck   int      // its part of evidence.stuck
	stalled bool     // looks are given out when a while has passed
	behind  int      // queries about names since the last of them
	health
	letterCase
	forged  int  // packets that looked forged, less a share of the responses
	answers int  // outcomes of queries
	spoofed bool // so many that it is asked over TCP only
	slips   int  // truncated responses over UDP, less those that were whole
	overUDP int  // queries since then, to try UDP now and then

	ask, askTCP []transport.Query // collected in this round
}

// The default rates (queries a second) where the user gives none.
const (
	publicRate   = 1000 // Google Public DNS bears 1,500 from one address
	registryRate = 100
)

// registryIdle is how long a socket to an authoritative server stays open
// while nothing is asked: a run over many TLDs has thousands of such servers.
const registryIdle = 5 * time.Second

// rateTo returns the ceiling on queries a second to a server, and zero for
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
	from *server
	tcp  bool // it came over the server's engine over TCP
}

// A mailbox collects what the engines deliver until the run takes it. It is
// bounded by how many queries are under way.
type mailbox struct {
	mu      sync.Mutex
	waiting []delivery
	spare   []delivery
	wake    chan<- struct{}
}

// sink returns the function that an engine of a server delivers to.
func (m *mailbox) sink(s *server, tcp bool) func([]transport.Outcome) {
	return func(out []transport.Outcome) {
		m.mu.Lock()
		for i := range out {
			m.waiting = append(m.waiting, delivery{out[i], s, tcp})
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

// servers are all the servers of a run, with what carries queries to them.
type servers struct {
	*env
	mail    mailbox
	all     []*server // to be closed
	crew    transport.Crew
	shared  *transport.Shared      // nil unless there are many servers
	touched []*server              // that have queries of this round
	at      map[netip.Addr]*server // authoritative servers of registries
}

// newServer makes a server and its engines, which open nothing yet.
func (r *servers) newServer(spec resolver.Server, registry bool) *server {
	s := &server{spec: spec, name: spec.String(), voter: voterOf(spec), registry: registry}
	s.mixes = spec.Transport == resolver.UDP && r.opts.Exchanger == nil
	r.all = append(r.all, s)
	if rate := r.opts.rateTo(spec, registry); rate > 0 {
		s.limit = r.p.limits.to(s.name, rate)
	}
	idle := time.Duration(0)
	if registry {
		idle = registryIdle
	}
	conf := func(tcp bool) transport.Config {
		return transport.Config{
			Addr: spec.Addr, Dial: r.opts.Dial, Deliver: r.mail.sink(s, tcp),
			Window: r.opts.window(), Waiting: &r.flight.waiting, Timeout: r.opts.Timeout, Limit: s.limit,
			Sockets: r.p.sockets, Shared: r.shared, Crew: &r.crew, Idle: idle, Trace: r.trace.from(s, tcp),
		}
	}
	switch {
	case r.opts.Exchanger != nil:
		s.main = transport.NewExchange(conf(false), r.opts.Exchanger.ExchangeContext)
	case spec.Transport == resolver.TCP:
		s.main = transport.NewTCP(conf(false), nil)
	case spec.Transport == resolver.TLS:
		s.main = transport.NewTCP(conf(false), r.tlsConfig(spec, "dot"))
	case spec.Transport == resolver.HTTPS:
		s.main = transport.NewHTTPS(conf(false), spec.URL, r.tlsConfig(spec))
	default:
		s.main = transport.NewUDP(conf(false))
		s.tcp = transport.NewTCP(conf(true), nil)
	}
	r.p.stats.begun(s)
	return s
}

func (r *servers) tlsConfig(spec resolver.Server, protos ...string) *tls.Config {
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

// address returns the authoritative server at an address. All zones share it,
// its health and its rate.
func (r *servers) address(a netip.Addr) *server {
	if s := r.at[a]; s != nil {
		return s
	}
	addr := net.JoinHostPort(a.String(), "53")
	s := r.newServer(resolver.Server{Transport: resolver.UDP, Addr: addr, Origin: "direct"}, true)
	r.at[a] = s
	return s
}

// send queues a query for the end of the round.
func (r *servers) send(s *server, q transport.Query, tcp bool) {
	s.flying++
	r.flight.out++
	if tcp && s.tcp != nil {
		q.Flags &^= transport.MixCase
		s.askTCP = append(s.askTCP, q)
	} else {
		s.ask = append(s.ask, q)
	}
	if len(s.ask)+len(s.askTCP) == 1 {
		r.touched = append(r.touched, s)
	}
}

// flush hands the queries of a round to the engines.
func (r *servers) flush() {
	for _, s := range r.touched {
		s.flush()
	}
	r.shared.Flush()
	r.touched = r.touched[:0]
}

// close closes the servers side by side, as each takes a moment.
func (r *servers) close() {
	var closing sync.WaitGroup
	for _, s := range r.all {
		closing.Go(s.close)
	}
	closing.Wait()
	for _, s := range r.all {
		r.p.stats.over(s)
	}
	r.crew.Wait()
}

// engines are what carries queries to the server.
func (s *server) engines() []transport.Engine {
	if s.tcp == nil {
		return []transport.Engine{s.main}
	}
	return []transport.Engine{s.main, s.tcp}
}

func (s *server) close() {
	for _, e := range s.engines() {
		e.Close()
	}
}

// flush hands the queries of a round to the engines.
func (s *server) flush() {
	if len(s.ask) > 0 {
		s.main.Ask(s.ask)
		clear(s.ask)
		s.ask = s.ask[:0]
	}
	if len(s.askTCP) > 0 {
		s.tcp.Ask(s.askTCP)
		clear(s.askTCP)
		s.askTCP = s.askTCP[:0]
	}
}
