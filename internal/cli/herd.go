package cli

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"domprobe/herd"
	"domprobe/internal/cmdline"
)

// herdWindow is how many names may wait for their turn with --ordered.
const herdWindow = 1 << 16

// herdRun has the names decided by workers. With resolvers, this process is one of
// them.
func (p *probing) herdRun(ctx context.Context, inv *invocation, names *selection) (err error) {
	if len(p.ask.zones) > 0 {
		return cmdline.Usage("without --nats, --zone leaves few names to ask about", "--zone and --nats exclude each other")
	}
	if p.choose.budget > 0 {
		return cmdline.Usage("", "--budget counts the queries of this process, so it excludes --nats")
	}
	asked, err := await(ctx, p.ask.check)
	if err = cmp.Or(err, p.confirm.check(asked.Servers)); err != nil {
		return err
	}
	if len(p.ask.resolvers) > 0 { // a mistake in what this worker has is told before anybody works
		own, err := newProber(ctx, inv, &p.ask, &p.confirm, nil)
		if err == nil {
			err = own.close()
		}
		if err != nil {
			return err
		}
	}
	conn, err := p.herd.connect(ctx, inv)
	if err != nil {
		return err
	}
	defer conn.Close()
	p.out.opts.Via = true
	co := conn.Coordinator(p.ask.settings(&p.confirm))
	if len(p.ask.resolvers) > 0 {
		ctx, cancel := context.WithCancel(ctx)
		var working sync.WaitGroup
		defer working.Wait()
		defer cancel()
		working.Go(func() {
			if err := p.ask.work(ctx, inv, conn, &p.confirm); err != nil {
				inv.console.Print(err.Error())
			}
		})
	}
	return p.probe(ctx, inv, names, co, func() string {
		workers, out := co.State()
		return fmt.Sprintf(", %s, %d out", plural(int64(workers), "worker"), out)
	})
}

// A herdShowing is the settings of the command herd.
type herdShowing struct {
	connecting
	format string
}

func herdCommand() *command {
	h := new(herdShowing)
	return &command{Command: cmdline.Command{
		Name:     "herd",
		Summary:  "show the runs on many machines, and their workers",
		Synopsis: "herd --nats URL [flags] [purge JOB...]",
		Examples: `  domprobe herd --nats nats://192.0.2.7
  domprobe herd --nats nats://192.0.2.7 purge tQ0hsyXlTdK8VJ7hGiWYzJ
`,
		Options: append(h.options(), tableFormat(&h.format, "table", "json")),
		Exits:   map[int]string{codeOK: "the herd is shown, or the jobs are purged"},
	}, run: h.run}
}

// rollTime is how long workers have to answer.
const rollTime = time.Second

func (h *herdShowing) run(ctx context.Context, inv *invocation) error {
	purge := len(inv.Words) > 0
	switch {
	case purge && inv.Words[0] != "purge":
		return cmdline.Usage("", "herd knows purge, and not %s", inv.Words[0])
	case purge && len(inv.Words) == 1:
		return cmdline.Usage("domprobe herd lists the jobs", "herd purge needs a job")
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
		workers = append(workers, []string{m.Name, fmt.Sprintf("%.0f", m.Rate), fmt.Sprint(m.Names), fmt.Sprint(m.Held), cmp.Or(m.Job, "-"), state})
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
