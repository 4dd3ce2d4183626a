package probe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"domprobe/candidate"
	"domprobe/probe/resolver"
	"domprobe/probe/transport"
)

// The limits and defaults of [Options].
const (
	MaxConcurrency     = 65536
	DefaultConcurrency = 100 // at first: see [Options.Concurrency]
	MaxTries           = 3
	DefaultTimeout     = 2 * time.Second
	MaxQuorum          = 16
)

// A Prober decides about names. It is safe for concurrent use.
type Prober struct {
	opts  Options
	zones map[string]ZoneFile // by TLD

	mu      sync.Mutex
	warned  map[string]bool
	closed  bool
	loops   sync.WaitGroup
	cache   cache
	limits  limits
	sockets *transport.Sockets
	stats   stats
}

// New checks the options and returns a Prober. It opens no connection.
func New(opts Options) (*Prober, error) {
	if err := opts.complete(); err != nil {
		return nil, err
	}
	zones, err := zonesOf(opts.ZoneFiles)
	if err != nil {
		return nil, err
	}
	p := newProber(opts)
	p.zones = zones
	return p, nil
}

func newProber(opts Options) *Prober {
	return &Prober{opts: opts, warned: map[string]bool{}, sockets: transport.NewSockets(0)}
}

// complete checks the options and puts defaults in place of zeros.
func (o *Options) complete() error {
	o.setDefaults()
	switch {
	case o.Concurrency < 0 || o.Concurrency > MaxConcurrency:
		return fmt.Errorf("concurrency %d is not between 1 and %d", o.Concurrency, MaxConcurrency)
	case o.Tries < 1 || o.Tries > MaxTries:
		return fmt.Errorf("%d tries are not between 1 and %d (RFC 9520 section 3.1)", o.Tries, MaxTries)
	case o.Timeout < 0:
		return fmt.Errorf("timeout %v is negative", o.Timeout)
	case math.IsNaN(o.Rate):
		return errors.New("the rate is no number")
	case o.Quorum < 1 || o.Quorum > MaxQuorum:
		return fmt.Errorf("quorum %d is not between 1 and %d", o.Quorum, MaxQuorum)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Offline {
		o.Servers = nil
		return nil
	}
	if len(o.Servers) == 0 {
		system, err := resolver.System()
		if err != nil {
			return err
		}
		o.Servers = system
	}
	for _, s := range o.Servers {
		if err := o.checkServer(s); err != nil {
			return fmt.Errorf("resolver %q: %w", s.String(), err)
		}
	}
	if i := slices.IndexFunc(o.Servers, overHTTPS); i >= 0 && o.Exchanger == nil && transport.NewHTTPS == nil {
		return fmt.Errorf("resolver %s: asking over HTTPS needs the package domprobe/probe/doh to be imported", o.Servers[i])
	}
	o.Servers = distinct(o.Servers)
	if asked := independent(o.Servers); o.Quorum > 1 && asked > 0 && o.Quorum > asked {
		given := "1 is"
		if asked > 1 {
			given = fmt.Sprintf("%d are", asked)
		}
		return fmt.Errorf("a quorum of %d needs %d resolvers; %s given", o.Quorum, o.Quorum, given)
	}
	return nil
}

// checkServer finds mistakes that would look like a network that is away.
func (o *Options) checkServer(s resolver.Server) error {
	switch s.Transport {
	case resolver.Direct:
		return nil
	case resolver.UDP, resolver.TCP, resolver.TLS, resolver.HTTPS:
	case resolver.Demo:
		return errors.New("only the command brings it")
	default:
		return fmt.Errorf("unknown transport %q", s.Transport)
	}
	if o.Exchanger != nil {
		return nil // the address is its own affair
	}
	host, port, err := net.SplitHostPort(s.Addr)
	if n, bad := strconv.ParseUint(port, 10, 16); cmp.Or(err, bad) != nil || host == "" || n == 0 {
		return fmt.Errorf("the address %q is not host:port", s.Addr)
	}
	return nil
}

func overHTTPS(s resolver.Server) bool { return s.Transport == resolver.HTTPS }

func (o *Options) setDefaults() {
	o.Tries = cmp.Or(o.Tries, MaxTries)
	o.Timeout = cmp.Or(o.Timeout, DefaultTimeout)
	o.Outage = cmp.Or(o.Outage, 10*time.Minute)
	o.Quorum = cmp.Or(o.Quorum, 1)
}

// distinct returns the servers without those that are given twice.
func distinct(servers []resolver.Server) (list []resolver.Server) {
	seen := map[resolver.Server]bool{}
	for _, s := range servers {
		key := s
		key.Origin = ""
		if !seen[key] {
			list = append(list, s)
		}
		seen[key] = true
	}
	return list
}

// independent counts the servers that have a vote of their own among those that
// are asked about names: one address is one server, over whatever transport.
func independent(servers []resolver.Server) int {
	seen := map[string]bool{}
	for _, s := range servers {
		if s.Transport == resolver.Direct {
			return 0
		}
		seen[voterOf(s)] = true
	}
	return len(seen)
}

// voterOf is what servers share that have one vote: the IP address, or on
// loopback, where there are many servers, address and port.
func voterOf(s resolver.Server) string {
	if ap, err := netip.ParseAddrPort(s.Addr); err == nil && !ap.Addr().IsLoopback() {
		return ap.Addr().Unmap().String()
	}
	return s.Addr
}

// Probe decides about every candidate and yields the results in the order in
// which they settle. A candidate that fails is a result; the error of the
// stream itself, of names or of ctx, comes once and last.
//
// Leaving the loop early stops the work. When the loop has ended, no goroutine
// and no socket of it is left, except that a source which is in its own code is not
// waited for: it may be blocked in a read. It ends when it yields again.
func (p *Prober) Probe(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		for batch, err := range p.Batches(ctx, names) {
			for i := range batch {
				if !yield(batch[i], nil) {
					return
				}
			}
			if err != nil {
				yield(Result{}, err)
			}
		}
	}
}

// ErrClosed is the error of a loop that begins after [Prober.Close].
var ErrClosed = errors.New("prober is closed")

// Batches is like [Prober.Probe], and yields together what has settled since
// the last time. The slice is valid until the loop body ends.
func (p *Prober) Batches(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]Result, error] {
	return func(yield func([]Result, error) bool) {
		if !p.enter() {
			yield(nil, ErrClosed)
			return
		}
		defer p.loops.Done()
		stages := p.decided
		if p.opts.Confirm != nil || p.opts.Dates != nil {
			stages = p.confirmed
		}
		stages(ctx, names)(yield)
	}
}

// decided is what the DNS says: the first stage.
func (p *Prober) decided(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]Result, error] {
	return func(yield func([]Result, error) bool) {
		r, err := p.newRun()
		if err != nil {
			yield(nil, err)
			return
		}
		r.loop(ctx, names, yield)
	}
}

func (p *Prober) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.loops.Add(1)
	}
	return !p.closed
}

// One decides about one whole domain, in any form that [candidate.Parse]
// takes. The error is the context's, [ErrClosed], or that of a system without
// resolvers; the result is then unknown.
func (p *Prober) One(ctx context.Context, name string) (Result, error) {
	c := candidate.Parse(name)
	if c.Err != nil {
		return invalid(&c, time.Now()), nil
	}
	one := func(yield func(candidate.Candidate, error) bool) { yield(c, nil) }
	for r, err := range p.Probe(ctx, one) {
		if err == nil {
			return r, nil
		}
		if u := new(Unfinished); errors.As(err, &u) {
			err = u.Err
		}
		reason := Unreachable
		if ctx.Err() != nil {
			reason = Timeout
		}
		return Result{Candidate: c, Reason: reason, Rcode: -1, At: time.Now(), Err: err}, err
	}
	return Result{Candidate: c, Reason: Unreachable, Rcode: -1, At: time.Now(), Err: ErrClosed}, ErrClosed
}

// invalid returns the result of a candidate that needs no question.
func invalid(c *candidate.Candidate, now time.Time) Result {
	return Result{Candidate: *c, Verdict: Invalid, Reason: c.Err.Reason, Rcode: -1, At: now, Err: c.Err}
}

// Close waits for the loops under way and refuses new ones. It must not be called in
// the body of a loop.
func (p *Prober) Close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.loops.Wait()
	return nil
}

// warnOnce logs a warning, the first time that its key is seen.
func (p *Prober) warnOnce(key, text string) { p.logOnce(slog.LevelWarn, key, text) }

// hintOnce is warnOnce for what may help, and is no fault.
func (p *Prober) hintOnce(key, text string) { p.logOnce(slog.LevelInfo, key, text) }

func (p *Prober) logOnce(level slog.Level, key, text string) {
	p.mu.Lock()
	seen := p.warned[key]
	p.warned[key] = true
	p.mu.Unlock()
	if !seen {
		kind, _, _ := strings.Cut(key, " ")
		p.opts.Log.Log(context.Background(), level, text, "kind", kind)
	}
}
