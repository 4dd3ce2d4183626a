package cli

import (
	"context"
	"slices"

	"domprobe/internal/cmdline"
)

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
		Examples: `  domprobe work --nats nats://192.0.2.7
  domprobe work --nats tls://nats.example --nats-creds worker.creds
  domprobe --nats nats://192.0.2.7 -t com -i words.txt -o all.csv
`,
		Options: slices.Concat(w.options(), []*cmdline.Option{
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
	if err := inv.noArguments("work", "names come from runs with --nats"); err != nil {
		return err
	}
	if _, err := await(ctx, w.ask.check); err != nil {
		return err
	}
	conn, err := w.connect(ctx, inv)
	if err != nil {
		return err
	}
	defer conn.Close()
	inv.console.Note("worker %s waits for jobs", w.nats.Name)
	if err := w.ask.work(ctx, inv, conn, &w.confirm); err != nil {
		return err
	}
	inv.console.Note("stopped")
	return nil
}
