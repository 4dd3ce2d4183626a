package probe

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sync/errgroup"

	"domprobe/probe/resolver"
	"domprobe/probe/transport"
)

// Surveyed is what a survey found out about one resolver.
type Surveyed struct {
	// Server names the resolver as [resolver.Parse] takes it.
	Server string `json:"server"`

	// Good means that the resolver can be believed: its controls passed,
	// and it answered at least four of five queries.
	Good bool `json:"good"`

	// Reason and Detail say why it is not.
	Reason Reason `json:"reason,omitempty"`
	Detail string `json:"detail,omitempty"`

	// Transports are those over which it answered: "udp" and "tcp" of a
	// resolver that was given as an address, else the one that was given.
	Transports []string `json:"transports"`

	// MedianMS and P95MS are round trips, in milliseconds, of queries
	// about names that it cannot have known. They are zero without any.
	MedianMS float64 `json:"median_ms"`
	P95MS    float64 `json:"p95_ms"`

	// Asked and Answered count these queries.
	Asked    int `json:"asked"`
	Answered int `json:"answered"`

	DS      bool `json:"ds"`      // answers DS, the question that decides
	Case    bool `json:"case"`    // repeats the case of a question (0x20); UDP only
	EDNS    bool `json:"edns"`    // RFC 6891
	Cookies bool `json:"cookies"` // RFC 7873; UDP only

	// Rewrites are what it makes up for a name that does not exist:
	// addresses and aliases. A resolver that makes up nothing has none.
	Rewrites []string `json:"rewrites"`
}

// SurveyOptions are what a survey has beside [Options].
type SurveyOptions struct {
	// TLD is one that exists, has no wildcard, and that the resolvers are
	// asked about. Empty means com.
	TLD string

	// Queries is how many round trips are measured. Zero means 10.
	Queries int

	// Parallel is how many resolvers are tested at a time. Zero means 64.
	Parallel int
}

// Survey tests each of opts.Servers by itself and yields what it found out, in
// the order of finding. The options say how: timeout, tries, rate, TLS, Dial and
// Trace. An error comes once and last, and is about the options or the context's.
func Survey(ctx context.Context, opts Options, so SurveyOptions) iter.Seq2[Surveyed, error] {
	return func(yield func(Surveyed, error) bool) {
		opts.Quorum, opts.Escalate, opts.Log = 1, false, nil
		opts.Concurrency = surveyWindow
		if err := so.complete(&opts); err != nil {
			yield(Surveyed{}, err)
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		found := make(chan Surveyed)
		go surveyAll(ctx, opts, so, found)
		defer func() {
			cancel()
			for range found { // until the last has ended
			}
		}()
		for s := range found {
			if !yield(s, nil) {
				return
			}
		}
		if ctx.Err() != nil {
			yield(Surveyed{}, context.Cause(ctx))
		}
	}
}

// surveyWindow is how many queries one resolver is asked at a time.
const surveyWindow = 8

func (so *SurveyOptions) complete(opts *Options) error {
	so.TLD = cmp.Or(so.TLD, "com")
	so.Queries = cmp.Or(so.Queries, 10)
	so.Parallel = cmp.Or(so.Parallel, 64)
	if so.Queries < 1 || so.Parallel < 1 {
		return fmt.Errorf("a survey of %d queries, %d resolvers at a time, makes no sense", so.Queries, so.Parallel)
	}
	names, err := underEach([]string{so.TLD})
	if err != nil {
		return err
	}
	if names[0].Err != nil {
		return names[0].Err
	}
	so.TLD = names[0].TLD
	if err := opts.complete(); err != nil {
		return err
	}
	for _, s := range opts.Servers {
		if s.Transport == resolver.Direct || s.Transport == resolver.Demo {
			return fmt.Errorf("%s is not a resolver that can be tested", s)
		}
	}
	return nil
}

// surveyAll sends what it finds out to found, and closes it when nothing of it
// is left.
func surveyAll(ctx context.Context, opts Options, so SurveyOptions, found chan<- Surveyed) {
	defer close(found)
	var g errgroup.Group
	g.SetLimit(so.Parallel)
	for _, spec := range opts.Servers {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error {
			one := opts
			one.Servers = []resolver.Server{spec}
			s, err := surveyOne(ctx, one, so)
			if err != nil {
				return err
			}
			select {
			case found <- s:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}
	// Only the context ends a survey, and its error is the caller's to tell.
	_ = g.Wait()
}

func surveyOne(ctx context.Context, opts Options, so SurveyOptions) (Surveyed, error) {
	p := newProber(opts)
	r, err := p.newRun()
	if err != nil {
		return Surveyed{}, err
	}
	r.feed = startFeed(nothing, r.wake)
	defer r.close()
	return r.survey(ctx, so)
}

// survey tests the only server of a run.
func (r *run) survey(ctx context.Context, so SurveyOptions) (Surveyed, error) {
	s := r.evidence.given[0]
	out := Surveyed{Server: resolverString(s.spec), Transports: []string{}, Rewrites: []string{}}
	t := r.evidence.tldOf(so.TLD)
	b := r.evidence.benchOf(&t.zone, s)
	r.askFeatures(s, so.TLD, &out)
	if err := r.settle(ctx); err != nil {
		return out, err
	}
	out.Case = s.mixes && s.letterCase.kept > 0
	out.DS = b.qtype == dns.TypeDS && b.believed()
	out.Reason, out.Detail = b.finding.Reason, detailOf(b.finding.Err)
	if t.nosuch {
		out.Reason, out.Detail = NoSuchTLD, fmt.Sprintf("denies that %s exists", so.TLD)
	}
	if len(out.Transports) == 0 {
		return out, nil
	}
	if err := r.measure(ctx, s, so, &out); err != nil {
		return out, err
	}
	out.Good = b.believed() && 5*out.Answered >= 4*out.Asked
	if out.Reason == "" && !out.Good {
		out.Reason, out.Detail = Timeout, fmt.Sprintf("answered %d of %d queries", out.Answered, out.Asked)
	}
	return out, nil
}

// askFeatures asks what shows the features of a server.
func (r *run) askFeatures(s *server, tld string, out *Surveyed) {
	flags := transport.RD | transport.EDNS
	r.queries.control(s, tld, dns.TypeSOA, flags|transport.Cookie, func(d response) {
		if d.Failure != transport.None {
			return
		}
		out.EDNS = d.Reply.Bits&transport.HasOPT != 0
		out.Cookies = d.Reply.Bits&transport.HasCookie != 0
		if !d.tcp {
			out.Transports = append([]string{string(s.spec.Transport)}, out.Transports...)
		}
	})
	r.queries.control(s, nowhere(tld), dns.TypeA, flags|transport.Whole, func(d response) { out.Rewrites = rewritesOf(d.Msg) })
	if s.tcp == nil {
		return
	}
	r.queries.onceOverTCP(s, tld, dns.TypeSOA, flags, func(d response) {
		if d.Failure == transport.None {
			out.Transports = append(out.Transports, string(resolver.TCP))
		}
	})
}

// measure asks about names that nobody has asked about, one after the other.
func (r *run) measure(ctx context.Context, s *server, so SurveyOptions, out *Surveyed) error {
	var rtts []time.Duration
	for range so.Queries {
		flags := transport.RD | transport.Patient
		if !s.noEDNS {
			flags |= transport.EDNS
		}
		out.Asked++
		r.queries.once(s, nowhere(so.TLD), dns.TypeDS, flags, func(d response) {
			if d.Failure == transport.None {
				rtts = append(rtts, d.RTT)
			}
		})
		if err := r.settle(ctx); err != nil {
			return err
		}
	}
	out.Answered = len(rtts)
	out.MedianMS, out.P95MS = millis(percentile(rtts, 50)), millis(percentile(rtts, 95))
	return nil
}

// percentile is the nearest-rank percentile of durations, which it sorts.
func percentile(d []time.Duration, p int) time.Duration {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return d[max((len(d)*p+99)/100-1, 0)]
}

// rewritesOf lists what a response says of a name that does not exist.
func rewritesOf(m *dns.Msg) []string {
	list := []string{}
	if m == nil {
		return list
	}
	for _, a := range addressesOf(m) {
		list = append(list, a.String())
	}
	for _, rr := range m.Answer {
		if alias, ok := rr.(*dns.CNAME); ok {
			list = append(list, strings.TrimSuffix(alias.Target, "."))
		}
	}
	return list
}

// resolverString names a server as [resolver.Parse] takes it. Unlike its name in
// results it keeps the host name that a certificate must carry.
func resolverString(s resolver.Server) string {
	if s.Transport == resolver.TLS && s.Host != "" {
		_, port, _ := net.SplitHostPort(s.Addr)
		return "tls://" + net.JoinHostPort(s.Host, port)
	}
	return s.String()
}

// Rank sorts the resolvers of a survey: the good ones first, among them those
// that lose less, then the faster.
func Rank(list []Surveyed) {
	slices.SortFunc(list, func(a, b Surveyed) int {
		if a.Good != b.Good {
			if a.Good {
				return -1
			}
			return 1
		}
		return cmp.Or(
			-cmp.Compare(a.Answered*b.Asked, b.Answered*a.Asked),
			-cmp.Compare(a.Answered, b.Answered),
			cmp.Compare(a.MedianMS, b.MedianMS), cmp.Compare(a.P95MS, b.P95MS), strings.Compare(a.Server, b.Server),
		)
	})
}
