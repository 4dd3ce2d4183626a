package cli

import (
	"context"
	"slices"
	"time"

	"domprobe/internal/cmdline"
	"domprobe/probe"
	"domprobe/probe/rdap"
	"domprobe/web"
)

// A service is the settings of who answers the clients of serve and mcp.
type service struct {
	ask      asking
	registry confirming
}

func (s *service) options() []*cmdline.Option {
	return slices.Concat([]*cmdline.Option{s.registry.refusal()}, s.ask.options(), s.ask.zoneOption(), s.registry.registryOptions())
}

// registryWait is how long a name waits for a registry that refuses: a user of
// the page waits for it.
const registryWait = 5 * time.Second

// A backend is the probers of a service.
type backend struct {
	*prober
	registries *rdap.Client    // nil if they are not asked
	more       []*probe.Prober // that ask for more
}

// open puts the probers of the service into options.
func (s *service) open(ctx context.Context, inv *invocation, opts *web.Options) (*backend, error) {
	asked, err := newProber(ctx, inv, &s.ask, nil, tracer(inv.console))
	if err != nil {
		return nil, err
	}
	b := &backend{prober: asked}
	opts.Prober, opts.AtOnce = asked.Prober, asked.opts.Concurrency
	opts.Version = release()
	opts.Explain, opts.With = b.explain, b.with
	if !s.registry.mayAsk(asked.opts.Servers) {
		return b, nil
	}
	registryOpts := s.registry.rdap(inv)
	registryOpts.WHOIS, registryOpts.MaxWait = true, registryWait
	if b.registries, err = openRegistries(ctx, registryOpts); err != nil {
		b.close()
		return nil, err
	}
	opts.Registry = b.registries
	opts.Confirmer = b.with(web.More{Confirm: true})
	return b, nil
}

// with returns a prober that asks for more, and nil if nobody may be asked.
func (b *backend) with(more web.More) web.Prober {
	opts := b.opts
	if (more.Confirm || more.Dates) && b.registries == nil || (more.ForSale || more.Parked) && opts.Offline {
		return nil
	}
	opts.ForSale, opts.Parked = more.ForSale, more.Parked
	if more.Confirm {
		opts.Confirm = b.registries
	}
	if more.Dates {
		opts.Dates = b.registries
	}
	p, err := probe.New(opts)
	if err != nil {
		return nil // the same options have made one before
	}
	b.more = append(b.more, p)
	return p
}

// explain asks about a name with a prober of its own, whose events are kept.
func (b *backend) explain(ctx context.Context, name string) (r probe.Result, events []probe.Event, err error) {
	told := &story{start: time.Now(), trace: b.opts.Trace}
	opts := b.opts
	opts.Trace = told.event
	p, err := probe.New(opts)
	if err != nil {
		return r, nil, err
	}
	r, err = p.One(ctx, name)
	p.Close() // after which there are no events
	return r, told.events, err
}

func (b *backend) close() {
	for _, p := range b.more {
		p.Close()
	}
	if b.registries != nil {
		b.registries.Close()
	}
	b.prober.close()
}
