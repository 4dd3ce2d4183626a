package cli

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"

	"domprobe/herd"
	"domprobe/internal/cmdline"
	"domprobe/probe"
	"domprobe/web"
)

// A connecting is the settings of the connection to NATS.
type connecting struct{ nats herd.Options }

func (c *connecting) options() []*cmdline.Option {
	return []*cmdline.Option{
		cmdline.Text(&c.nats.URL, "nats", "", "share the work with other machines by way of this NATS server: `URL` is nats://host:4222, or tls://, "+
			"with user:password@ or token@ if need be").Secret(),
		cmdline.Text(&c.nats.Creds, "nats-creds", "", "connect to NATS with the credentials in this `FILE`"),
		cmdline.Text(&c.nats.NKey, "nats-nkey", "", "connect to NATS with the nkey seed in this `FILE`"),
		cmdline.Text(&c.nats.CA, "nats-ca", "", "believe NATS servers whose certificates are signed by those in this `FILE`"),
		cmdline.Text(&c.nats.Cert, "nats-cert", "", "show NATS the certificate in this `FILE`, with --nats-key"),
		cmdline.Text(&c.nats.Key, "nats-key", "", "the `FILE` with the private key of --nats-cert"),
	}
}

func (c *connecting) on() bool { return c.nats.URL != "" }

// connect connects to the server. A process is named by its machine and a number,
// unless it has a name.
func (c *connecting) connect(ctx context.Context, inv *invocation) (*herd.Conn, error) {
	switch {
	case !c.on():
		return nil, cmdline.Usage("try --nats nats://127.0.0.1:4222", "--nats is missing, which names the NATS server of the jobs")
	case (c.nats.Cert == "") != (c.nats.Key == ""):
		return nil, cmdline.Usage("", "--nats-cert and --nats-key go together")
	}
	c.nats.Log, c.nats.Version = inv.console.Logger(), buildText(buildInfo())
	c.nats.Note = func(line string) { inv.console.Note("%s", line) }
	if c.nats.Name == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "worker"
		}
		c.nats.Name = fmt.Sprintf("%s-%d", host, os.Getpid())
	}
	return await(ctx, func() (*herd.Conn, error) { return herd.Connect(ctx, c.nats) })
}

// share returns a prober that shares its verdicts with other instances.
func (c *connecting) share(ctx context.Context, inv *invocation, a *asking, p *prober) (*herd.Shared, *herd.Conn, error) {
	c.nats.Patient = true
	conn, err := c.connect(ctx, inv)
	if err != nil {
		return nil, nil, err
	}
	settings := a.settings(new(confirming))
	settings.Escalate = &p.opts.Escalate
	shared, err := conn.Share(p.Prober, settings, web.Age)
	if err != nil {
		conn.Close()
	}
	return shared, conn, err
}

// settings are what travels with a job.
func (a *asking) settings(c *confirming) herd.Settings {
	s := herd.Settings{
		Quorum: a.probe.Quorum, Tries: a.probe.Tries, Timeout: a.probe.Timeout, Escalate: a.escalate,
		ForSale: a.probe.ForSale, Parked: a.probe.Parked, Confirm: c.how, Dates: c.dates, Demo: a.namesDemo(),
	}
	if a.noEscalate {
		s.Escalate = new(bool)
	}
	return s
}

// openFor returns a function that opens a prober for the settings of a job, with
// the resolvers of this machine.
func (a *asking) openFor(inv *invocation, c *confirming) func(context.Context, herd.Settings) (herd.Prober, func() error, error) {
	return func(ctx context.Context, s herd.Settings) (herd.Prober, func() error, error) {
		mine, confirm := *a, *c
		mine.probe.Quorum, mine.probe.Tries, mine.probe.Timeout = s.Quorum, s.Tries, s.Timeout
		mine.probe.ForSale, mine.probe.Parked = s.ForSale, s.Parked
		if s.Escalate != nil {
			mine.escalate, mine.noEscalate = s.Escalate, false
		}
		confirm.how, confirm.dates = s.Confirm, s.Dates
		p, err := newProber(ctx, inv, &mine, &confirm, tracer(inv.console))
		if err != nil {
			return nil, nil, err
		}
		return p.Prober, p.close, nil
	}
}

// hold is how many names a worker holds at most.
func (a *asking) hold() int { return max(2048, 2*cmp.Or(a.probe.Concurrency, probe.MaxConcurrency/8)) }

// namesDemo reports whether the resolver is the demo.
func (a *asking) namesDemo() bool { return slices.Contains(a.resolvers, demoOrigin) }

// work is a worker of the herd, until ctx is done.
func (a *asking) work(ctx context.Context, inv *invocation, conn *herd.Conn, c *confirming) error {
	return conn.Work(ctx, herd.WorkOptions{Open: a.openFor(inv, c), Hold: a.hold(), Demo: a.namesDemo()})
}
