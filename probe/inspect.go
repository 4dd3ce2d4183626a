package probe

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"domprobe/candidate"
	"domprobe/probe/internal/trust"
	"domprobe/probe/transport"
)

// A Plan is what a run finds out about a TLD before it believes anybody about
// the names under it. It is made of the same queries as a run's own.
type Plan struct {
	// TLD is in its A-label form: "dev", "co.uk".
	TLD string `json:"tld"`

	// Exists tells whether the TLD does.
	Exists Existence `json:"exists"`

	// Zone is the registry zone: where names under the TLD are delegated. It
	// is the TLD, or a zone above it, and empty when nobody told.
	Zone string `json:"zone"`

	// Question is the type that decides about names: "DS" of a resolver,
	// "NS" of a registry's own server or under a wildcard, "none" when
	// nobody can be believed or nothing is to be asked.
	Question string `json:"question"`

	// Wildcard means that the TLD answers for every name, so that a name
	// without a delegation is unknown.
	Wildcard bool `json:"wildcard"`

	// DidYouMean is a delegated TLD one slip away from one that does not
	// exist, if there is one.
	DidYouMean string `json:"did_you_mean,omitempty"`

	// ZoneFile is the date of the zone file that decides about the names in
	// it; the others are asked about. It is nil if there is none.
	ZoneFile *time.Time `json:"zone_file,omitempty"`

	// Reason and Detail say why the TLD does not exist, or why nobody is
	// asked about it. They are empty for a TLD that names can be probed in.
	Reason Reason `json:"reason,omitempty"`
	Detail string `json:"detail,omitempty"`

	// Servers are those that would be asked, each with what its controls
	// showed, in the order of the options.
	Servers []PlanServer `json:"servers"`
}

// A PlanServer is one server of a [Plan].
type PlanServer struct {
	Server   string  `json:"server"`
	Registry bool    `json:"registry"` // one of the registry's own
	Passed   bool    `json:"passed"`   // can be believed
	Question string  `json:"question"` // that decides here: "DS", "NS", "none"
	Reason   Reason  `json:"reason,omitempty"`
	Detail   string  `json:"detail,omitempty"`
	Millis   float64 `json:"rtt_ms"` // round trip of the first control, and zero if it had no response
}

// Existence is what is known about whether something exists.
type Existence string

// The zero value of Existence is not used.
const (
	ExistsYes     Existence = "yes"
	ExistsNo      Existence = "no"
	ExistsUnknown Existence = "unknown" // nobody who can be believed has said
)

// noQuestion stands for a question where none is asked.
const noQuestion = "none"

// Plan makes the plan of one TLD, in any form that [candidate.Options] takes. An error is
// about the TLD's form, or the context's.
func (p *Prober) Plan(ctx context.Context, tld string) (Plan, error) {
	for plan, err := range p.Plans(ctx, tld) {
		return plan, err
	}
	return Plan{}, ErrClosed
}

// Plans makes the plans of several TLDs and yields them in the order given,
// folding repeats. At most [Options.Concurrency] of them are made at a time. An
// error comes once and last.
func (p *Prober) Plans(ctx context.Context, tlds ...string) iter.Seq2[Plan, error] {
	return func(yield func(Plan, error) bool) {
		names, err := underEach(tlds)
		if err != nil {
			yield(Plan{}, err)
			return
		}
		if !p.enter() {
			yield(Plan{}, ErrClosed)
			return
		}
		defer p.loops.Done()
		r, err := p.newRun()
		if err != nil {
			yield(Plan{}, err)
			return
		}
		r.fresh = true
		r.feed = startFeed(nothing, r.wake)
		defer r.close()
		for some := range slices.Chunk(names, p.opts.inFlight()) {
			if err := r.prepare(ctx, some); err != nil {
				yield(Plan{}, err)
				return
			}
			for _, c := range some {
				if !yield(r.inspect(c), nil) {
					return
				}
			}
		}
	}
}

// nothing is a source without candidates.
func nothing(func(candidate.Candidate, error) bool) {}

// underEach returns one name under each of the TLDs, which are checked by it.
func underEach(tlds []string) ([]candidate.Candidate, error) {
	if len(tlds) == 0 {
		return nil, candidate.ErrNoTLD
	}
	g, err := candidate.New(candidate.Options{Keywords: candidate.Stream(nowhere("")), TLDs: tlds})
	if err != nil {
		return nil, err
	}
	var names []candidate.Candidate
	for c, err := range g.All() {
		if err != nil {
			return nil, err
		}
		names = append(names, c)
	}
	return names, nil
}

// prepare sends the controls of every server for the TLDs of the names, and
// returns when they have settled.
func (r *run) prepare(ctx context.Context, names []candidate.Candidate) error {
	for _, c := range names {
		if c.Err != nil {
			continue
		}
		t := r.evidence.tldOf(c.TLD)
		if r.lookups.direct {
			r.registries.of(t)
			continue
		}
		r.lookAtAll(&t.zone)
	}
	if err := r.settle(ctx); err != nil || !r.lookups.direct {
		return err
	}
	for _, c := range names {
		if c.Err != nil {
			continue
		}
		if reg := r.evidence.tldOf(c.TLD).registry; reg != nil && reg.state == ready {
			r.lookAtAll(&reg.zone)
		}
	}
	return r.settle(ctx)
}

func (r *run) lookAtAll(z *zone) {
	for _, s := range z.servers {
		r.evidence.benchOf(z, s)
	}
}

// settle returns when no control is under way.
func (r *run) settle(ctx context.Context) error {
	for {
		if _, err := r.turn(); err != nil {
			return err
		}
		if r.queries.controls == 0 {
			return nil
		}
		r.wait(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

// inspect tells what is known about the TLD of a name.
func (r *run) inspect(c candidate.Candidate) Plan {
	out := Plan{TLD: c.TLD, Exists: ExistsUnknown, Question: noQuestion, Servers: []PlanServer{}}
	if c.Err != nil {
		out.Reason, out.Detail = c.Err.Reason, c.Err.Detail
		if out.TLD == "" {
			_, out.TLD, _ = strings.Cut(c.Name, ".")
		}
		return out
	}
	if z := r.p.zones[c.TLD]; z != nil {
		date := z.Date()
		out.ZoneFile, out.Exists = &date, ExistsYes
	}
	if r.opts.Offline {
		if out.ZoneFile == nil {
			out.Reason = NoResolver
		}
		return out
	}
	t := r.evidence.tldOf(c.TLD)
	if t.nosuch {
		out.Exists = ExistsNo
		out.Reason, out.Detail = NoSuchTLD, fmt.Sprintf("the TLD %s does not exist", t.name)
		out.DidYouMean = candidate.Closest(t.name)
	}
	z := &t.zone
	if r.lookups.direct && !t.nosuch {
		if t.registry.state != ready {
			out.Reason, out.Detail = t.registry.reason, detailOf(t.registry.err)
			return out
		}
		z = &t.registry.zone
	}
	for _, s := range z.servers {
		if b := z.benches[s]; b != nil {
			out.add(b, t.nosuch)
		}
	}
	out.explain()
	return out
}

// explain gives the most telling reason of a server, if none can be believed.
func (out *Plan) explain() {
	if out.Question != noQuestion || out.Reason != "" {
		return
	}
	for _, s := range out.Servers {
		if trust.Telling[s.Reason] > trust.Telling[out.Reason] {
			out.Reason, out.Detail = s.Reason, s.Detail
		}
	}
}

// add adds a server to the plan of a TLD.
func (out *Plan) add(b *bench, nosuch bool) {
	f := &b.finding
	s := PlanServer{
		Server: b.server.name, Registry: b.server.registry, Question: noQuestion,
		Passed: f.Standing == trust.Passed, Reason: f.Reason, Detail: detailOf(f.Err),
	}
	if b.exists != nil && b.exists.Failure == transport.None {
		s.Millis = millis(b.exists.RTT)
	}
	switch {
	case nosuch && f.Standing == trust.DeniesTLD:
		s.Passed, s.Reason = true, NoSuchTLD
	case s.Passed:
		s.Question = dns.TypeToString[b.qtype]
		out.Exists = ExistsYes
		out.Zone, out.Question = lastLabels(b.zone.name, int(f.Zone)), s.Question
		out.Wildcard = out.Wildcard || f.Wildcard
	case f.Reason == Wildcard:
		out.Exists, out.Wildcard = ExistsYes, true
	}
	out.Servers = append(out.Servers, s)
}

// millis is a duration in milliseconds, to the microsecond.
func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func detailOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
