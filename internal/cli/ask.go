package cli

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"domprobe/internal/cmdline"
	"domprobe/internal/term"
	"domprobe/probe"
	"domprobe/probe/resolver"
)

// An asking is the settings of whom to ask about names, and how.
type asking struct {
	resolvers  []string
	zones      []string      // files
	probe      probe.Options // Concurrency, Rate, Timeout, Outage, Tries and Quorum
	escalate   *bool         // nil for the default
	noEscalate bool
}

// resolverWords are the words that --resolver knows.
var resolverWords = []string{"system", "cloudflare", "google", "quad9", "direct", "demo", noResolver}

func (a *asking) options() []*cmdline.Option {
	a.probe.Tries, a.probe.Quorum = probe.MaxTries, 1
	a.probe.Timeout = probe.DefaultTimeout
	return []*cmdline.Option{
		cmdline.Repeated(&a.resolvers, "resolver", "r", "ask this `RESOLVER`: system (default), 1.1.1.1, 9.9.9.9:53, udp://, tcp://, tls:// or "+
			"https:// and a host, cloudflare, google, quad9, @FILE, direct (the registries' own servers), demo (built in, offline), none (nobody: see --zone)").
			Offer(resolverWords...).Common(),
		cmdline.Parsed(&a.probe.Concurrency, "concurrency", "c", "have at most `N` names in flight, 1 to 65536; auto is as many as the servers take",
			"auto", parseConcurrency).Offer("auto").Common(),
		cmdline.Parsed(&a.probe.Rate, "rate", "", "send at most `N` queries a second to one server; 0 is no limit, auto is 1000 to a public resolver, "+
			"100 to a registry's server, no limit on this machine and private networks", "auto", parseRate),
		cmdline.Parsed(&a.probe.Timeout, "timeout", "", "wait at most this `TIME` for one response: 500ms, 2s", a.probe.Timeout.String(), parseTimeout),
		cmdline.Parsed(&a.probe.Outage, "outage", "", "wait at most this `TIME` while this machine has no network: 30s; 0s does not wait, auto is 10m, and 5s for explain",
			"auto", parseOutage).Offer("auto"),
		cmdline.Number(&a.probe.Tries, "tries", "", "query each server at most `N` times about a name, 1 to 3", 1, probe.MaxTries),
		cmdline.Number(&a.probe.Quorum, "quorum", "", "believe a verdict when `N` different servers agree", 1, probe.MaxQuorum),
		cmdline.OptionalSwitch(&a.escalate, "escalate", "", "ask the registries' own servers about names that the resolvers leave open; "+
			"the default for the system's and public resolvers").Instead("no-escalate"),
		cmdline.Switch(&a.noEscalate, "no-escalate", "", "never ask the registries' own servers").Instead("escalate"),
	}
}

// parseTime parses the duration of a flag; try is the hint for one that is none.
func parseTime(flag, s, try string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, cmdline.Usage(try, "--%s %q is not a time", flag, s)
	}
	return d, nil
}

func parseTimeout(s string) (time.Duration, error) {
	d, err := parseTime("timeout", s, "try 500ms or 2s")
	if err != nil {
		return 0, err
	}
	if d <= 0 {
		return 0, fmt.Errorf("--timeout %s is not more than 0", s)
	}
	return d, nil
}

// parseOutage returns the time in the terms of [probe.Options].
func parseOutage(s string) (time.Duration, error) {
	if s == "auto" {
		return 0, nil
	}
	const try = "try 30s or auto"
	d, err := parseTime("outage", s, try)
	switch {
	case err != nil:
		return 0, err
	case d < 0:
		return 0, cmdline.Usage(try, "--outage %s is less than 0", s)
	case d == 0:
		return -1, nil
	}
	return d, nil
}

// parseConcurrency returns the number in the terms of [probe.Options].
func parseConcurrency(s string) (int, error) {
	if s == "auto" {
		return 0, nil
	}
	return cmdline.ParseNumber("concurrency", s, 1, probe.MaxConcurrency)
}

// parseRate returns the rate in the terms of [probe.Options].
func parseRate(s string) (float64, error) {
	if s == "auto" {
		return 0, nil
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || n < 0 || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0, cmdline.Usage("try auto, 50 or 0", "--rate %q is not a number of queries a second", s)
	}
	if n == 0 {
		return -1, nil
	}
	return n, nil
}

// check returns the options of a prober as far as the settings tell. It asks
// nothing of the network.
func (a *asking) check() (probe.Options, error) {
	opts := a.probe
	if a.noEscalate && a.escalate != nil && *a.escalate {
		return opts, cmdline.Usage("", "--escalate and --no-escalate contradict each other")
	}
	var err error
	if opts.Servers, err = parseServers(a.resolvers); err != nil {
		return opts, err
	}
	if opts.Offline = len(opts.Servers) == 0; opts.Offline && (opts.ForSale || opts.Parked) {
		return opts, cmdline.Usage("name one besides --zone", "--for-sale and --parked ask a resolver, and -r none names none")
	}
	opts.Escalate = !opts.Offline && a.escalates(opts.Servers)
	return opts, nil
}

// escalates reports whether the registries may be asked about names that the
// servers leave open. By default they are not where the user has named the
// servers and one of them is on this machine or its network: names asked there
// may be private.
func (a *asking) escalates(servers []resolver.Server) bool {
	switch {
	case a.noEscalate:
		return false
	case a.escalate != nil:
		return *a.escalate
	}
	return !slices.ContainsFunc(servers, func(s resolver.Server) bool {
		return isDirect(s) || s.Local() && s.Origin != "system"
	})
}

// A prober asks about names for a command.
type prober struct {
	*probe.Prober
	opts       probe.Options
	registries *confirmer // nil without --confirm and --dates
	stop       func() error
	closeZones func() error
}

// newProber returns a prober for the settings. c may be nil.
func newProber(ctx context.Context, inv *invocation, a *asking, c *confirming, trace func(probe.Event)) (*prober, error) {
	p := new(prober)
	var err error
	if p.opts, err = await(ctx, a.check); err != nil {
		return nil, err
	}
	if c != nil && c.flags() != "" {
		if err := c.check(p.opts.Servers); err != nil {
			return nil, err
		}
		client, err := openRegistries(ctx, c.rdap(inv))
		if err != nil {
			return nil, err
		}
		p.registries = &confirmer{client: client, console: inv.console}
		if c.on() {
			p.opts.Confirm = p.registries
		}
		if c.dates {
			p.opts.Dates = dating{p.registries}
		}
	}
	if p.opts.ZoneFiles, p.closeZones, err = a.openZones(ctx, inv); err != nil {
		return nil, err
	}
	p.opts.Log, p.opts.Trace = inv.console.Logger(), trace
	if p.opts.Servers, p.stop, err = openServers(ctx, p.opts.Servers, inv.console); err != nil {
		p.closeZones()
		return nil, err
	}
	if p.Prober, err = probe.New(p.opts); err != nil {
		p.stop()
		p.closeZones()
		return nil, cmdline.Usage("", "%w", err)
	}
	return p, nil
}

// close ends the prober and what was started for it.
func (p *prober) close() error {
	err := p.Close()
	if p.registries != nil {
		p.registries.close()
	}
	return cmp.Or(err, p.stop(), p.closeZones())
}

// tracer returns a function that prints every query and response, and nil if
// they are not wanted.
func tracer(console *term.Console) func(probe.Event) {
	if console.Verbosity < 2 {
		return nil
	}
	return func(e probe.Event) {
		line := e.Server + " " + e.Transport + ": " + queryOf(e)
		switch {
		case e.Type == 0:
			line = "= " + e.Server + " about " + e.Name + ": " + e.Rule
		case !e.Response:
			line = "> " + line
		case e.Message == "":
			line = "< " + line + ": " + e.Rule
		default:
			line = "< " + line + ": " + e.Rule + ": " + e.Message
		}
		console.Note("%s", line)
	}
}
