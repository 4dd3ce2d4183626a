package cli

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"domprobe/herd"
	"domprobe/internal/cmdline"
)

// A connecting is the settings of the connection to NATS.
type connecting struct{ nats herd.Options }

// options are those of a command that can use, or needs, a server; usage says what
// for.
func (c *connecting) options(usage string) []*cmdline.Option {
	return []*cmdline.Option{
		cmdline.Text(&c.nats.URL, "nats", "", usage+" by way of this NATS server: `URL` is nats://host:4222, or tls://, with user:password@ or token@ if need be"),
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
		return nil, cmdline.Usage("try --nats nats://127.0.0.1:4222", "--nats is missing: which NATS server has the jobs?")
	case (c.nats.Cert == "") != (c.nats.Key == ""):
		return nil, cmdline.Usage("", "--nats-cert and --nats-key go together")
	}
	c.nats.Log, c.nats.Version = inv.console.Logger(), build()
	if c.nats.Name == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "worker"
		}
		c.nats.Name = fmt.Sprintf("%s-%d", host, os.Getpid())
	}
	return await(ctx, func() (*herd.Conn, error) { return herd.Connect(ctx, c.nats) })
}

// settings are what travels with a job.
func (a *asking) settings(c *confirming, demo bool) herd.Settings {
	s := herd.Settings{Quorum: a.probe.Quorum, Tries: a.probe.Tries, Timeout: a.probe.Timeout, Escalate: a.escalate, Confirm: c.how, Demo: demo}
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
		if s.Escalate != nil {
			mine.escalate, mine.noEscalate = s.Escalate, false
		}
		confirm.how = s.Confirm
		p, err := newProber(ctx, inv, &mine, &confirm, tracer(inv.console))
		if err != nil {
			return nil, nil, err
		}
		return p.Prober, p.close, nil
	}
}

// hold is how many names a worker holds at most.
func (a *asking) hold() int { return max(2048, 2*a.probe.Concurrency) }

// namesDemo reports whether the resolver is the demo.
func (a *asking) namesDemo() bool { return slices.Contains(a.resolvers, demoOrigin) }

// work is a worker of the herd, until ctx is done.
func (a *asking) work(ctx context.Context, inv *invocation, conn *herd.Conn, c *confirming) error {
	return conn.Work(ctx, herd.WorkOptions{Open: a.openFor(inv, c), Hold: a.hold(), Demo: a.namesDemo()})
}

// A working is the settings of the command work.
type working struct {
	connecting
	ask     asking
	confirm confirming
}

func workCommand() *command {
	w := new(working)
	asking := slices.DeleteFunc(w.ask.options(), func(o *cmdline.Option) bool { return travels[o.Name] })
	return &command{Command: cmdline.Command{
		Name:     "work",
		Summary:  "decide names for runs on other machines",
		Synopsis: "work --nats URL [flags]",
		Examples: `  domprobe work --nats nats://192.0.2.7:4222
  domprobe work --nats tls://nats.example:4222 --nats-creds worker.creds -r 127.0.0.1
  domprobe --nats nats://192.0.2.7:4222 -t com -i words.txt -o all.csv    # a run for the workers
`,
		Options: slices.Concat(w.options("take names of runs"), []*cmdline.Option{
			cmdline.Text(&w.nats.Name, "name", "", "the `NAME` of this worker, unlike all others; by default the machine's and a number").Local(),
		}, asking, w.confirm.registryOptions()),
		Exits: map[int]string{
			codeOK:          "ended by a signal",
			codeInterrupted: "interrupted before it was connected",
		},
	}, run: w.run}
}

// travels has the options that come with a job.
var travels = map[string]bool{"timeout": true, "tries": true, "quorum": true}

func (w *working) run(ctx context.Context, inv *invocation) error {
	if len(inv.Words) > 0 {
		return cmdline.Usage("names come from runs with --nats", "work takes no arguments, but got %s", inv.Words[0])
	}
	if _, err := await(ctx, w.ask.check); err != nil {
		return err
	}
	conn, err := w.connect(ctx, inv)
	if err != nil {
		return err
	}
	defer conn.Close()
	inv.console.Note("worker %s waits for jobs", conn.Name())
	if err := w.ask.work(ctx, inv, conn, &w.confirm); err != nil {
		return err
	}
	inv.console.Note("stopped")
	return nil
}

// A herding is the settings of the command herd.
type herding struct {
	connecting
	format string
}

func herdCommand() *command {
	h := new(herding)
	return &command{Command: cmdline.Command{
		Name:     "herd",
		Summary:  "show the runs on many machines, and their workers",
		Synopsis: "herd --nats URL [flags] [purge JOB...]",
		Examples: `  domprobe herd --nats nats://192.0.2.7:4222
  domprobe herd --nats nats://192.0.2.7:4222 purge tQ0hsyXlTdK8VJ7hGiWYzJ
`,
		Options: append(h.options("show what is done"), tableFormat(&h.format, "table", "json")),
	}, run: h.run}
}

// rollTime is how long workers have to answer.
const rollTime = time.Second

func (h *herding) run(ctx context.Context, inv *invocation) error {
	purge := len(inv.Words) > 0
	switch {
	case purge && inv.Words[0] != "purge":
		return cmdline.Usage("", "herd knows purge, and not %s", inv.Words[0])
	case purge && len(inv.Words) == 1:
		return cmdline.Usage("domprobe herd lists the jobs", "herd purge: which job?")
	}
	conn, err := h.connect(ctx, inv)
	if err != nil {
		return err
	}
	defer conn.Close()
	if purge {
		for _, job := range inv.Words[1:] {
			if err := conn.Purge(ctx, job); err != nil {
				return err
			}
			inv.console.Note("job %s is purged", job)
		}
		return nil
	}
	jobs, err := conn.Jobs(ctx)
	if err != nil {
		return err
	}
	members, err := conn.Herd(ctx, rollTime)
	if err != nil {
		return err
	}
	if h.format == "json" {
		return writeJSON(inv.std.Out, map[string]any{"jobs": append([]herd.JobInfo{}, jobs...), "members": append([]herd.Status{}, members...)})
	}
	return writeHerd(inv, jobs, members)
}

func writeHerd(inv *invocation, jobs []herd.JobInfo, members []herd.Status) error {
	by := map[string]herd.Status{}
	workers := [][]string{{"WORKER", "NAMES/S", "NAMES", "HELD", "JOB", "STATE"}}
	for _, m := range members {
		if m.Kind == "coordinator" {
			by[m.Job] = m
			continue
		}
		state := "works"
		switch {
		case m.Doubt != "":
			state = m.Doubt
		case m.Job == "":
			state = "waits"
		}
		workers = append(workers, []string{m.Name, fmt.Sprintf("%.0f", m.Rate), fmt.Sprint(m.Names), fmt.Sprint(m.Held), dash(m.Job), state})
	}
	lines := [][]string{{"JOB", "AGE", "BACKLOG", "OUT", "UNREAD", "BYTES", "NAMES/S", "NAMES", "COORDINATOR"}}
	for _, j := range jobs {
		c, there := by[j.ID]
		speed, names, name := "-", "-", "does not answer"
		if there {
			speed, names, name = fmt.Sprintf("%.0f", c.Rate), fmt.Sprint(c.Names), c.Name
		}
		lines = append(lines, []string{j.ID, time.Since(j.Started).Truncate(time.Second).String(), fmt.Sprint(j.Backlog), fmt.Sprint(j.Out),
			fmt.Sprint(j.Unread), fmt.Sprint(j.Bytes), speed, names, name})
	}
	if err := writeTable(inv.std.Out, lines); err != nil {
		return err
	}
	if err := inv.print("\n"); err != nil {
		return err
	}
	return writeTable(inv.std.Out, workers)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return strings.TrimSpace(s)
}
