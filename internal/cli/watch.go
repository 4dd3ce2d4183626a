package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"domprobe/internal/cmdline"
	"domprobe/internal/text"
	"domprobe/probe"
	"domprobe/watch"
)

// A watching is the settings of the command watch.
type watching struct {
	watch      watch.Watcher // Interval and Once
	state      string
	inputs     []string
	remove     []string
	list       bool
	format     string
	exec       string
	webhook    string
	secretFile string
	ask        asking
	registry   confirming
}

func watchCommand() *command {
	s := new(watching)
	return &command{Command: cmdline.Command{
		Name:     "watch",
		Summary:  "look at names again as their life asks, and tell what changes",
		Synopsis: "watch [flags] [NAME...]",
		Examples: `  domprobe watch go.dev qxvzkwj.dev       # until Ctrl-C
  domprobe watch -i report.jsonl --exec 'mail -s "$DOMPROBE_NAME" me'
  domprobe watch --webhook https://example.com/hook go.dev
  domprobe watch --once go.dev            # from cron: all that are due
  domprobe watch --list
`,
		Notes: "Names stay watched from one run to the next. A name that is not found is looked at every hour; a found one every day, " +
			"every week while it expires in more than 90 days, every hour in the redemption period, and every 5 minutes while it waits to be deleted. " +
			"A row is an event: found, not-found, for-sale, price, withdrawn, status, expires, or drops, which is the day before anybody can have the name. " +
			"An event is delivered to standard output, the command and the webhook until each has taken it.",
		Options: slices.Concat([]*cmdline.Option{
			cmdline.Repeated(&s.inputs, "input", "i", "watch the names of this `FILE`, a line each, or of a report; - is standard input").Local().Common(),
			tableFormat(&s.format, "columns", "csv", "jsonl"),
			cmdline.Switch(&s.watch.Once, "once", "", "look at the names that are due, and end").Local().Common(),
			cmdline.Parsed(&s.watch.Interval, "interval", "", "look at each name every `TIME`, whatever its state: 30m, 6h", "", parseInterval),
			cmdline.Text(&s.exec, "exec", "", "run this shell `COMMAND` for each event, with DOMPROBE_NAME, DOMPROBE_EVENT, DOMPROBE_OLD and DOMPROBE_NEW").Common(),
			cmdline.Text(&s.webhook, "webhook", "", "post each event as JSON to this `URL`").Secret().Common(),
			cmdline.Text(&s.secretFile, "webhook-secret-file", "", "sign what is posted with the secret in this `FILE`; without it with that in "+
				watch.SecretVariable+", if any"),
			cmdline.Text(&s.state, "state", "", "keep what is known of the names in this `FILE` (domprobe/watch.db in the user's state folder)"),
			cmdline.Switch(&s.list, "list", "", "print the names, what is known of them, and when they are looked at next").Local().Common(),
			cmdline.List(&s.remove, "remove", "", "watch these `NAMES` no longer").Local().Common(),
			s.registry.refusal(),
		}, s.ask.options(), s.registry.registryOptions()),
		Exits: map[int]string{
			codeOK:          "ended by a signal; with --once, all names that were due are looked at, and all events are delivered",
			codeUnknown:     "with --once, some look ended unknown or invalid",
			codeInterrupted: "interrupted with --once, or before the first look",
		},
	}, run: s.run}
}

const maxInterval = 366 * 24 * time.Hour

func parseInterval(s string) (time.Duration, error) {
	const try = "try 30m or 6h"
	d, err := parseTime("interval", s, try)
	switch {
	case err != nil:
		return 0, err
	case d <= 0:
		return 0, cmdline.Usage(try, "--interval %q is not above zero", s)
	case d > maxInterval:
		return 0, cmdline.Usage(try, "--interval %q is longer than a year", s)
	}
	return d, nil
}

func (s *watching) run(ctx context.Context, inv *invocation) error {
	file, err := s.file()
	switch {
	case err != nil:
		return err
	case s.list:
		return s.print(ctx, inv, file)
	case len(s.remove) > 0:
		return s.forget(ctx, inv, file)
	}
	states, err := await(ctx, func() ([]watch.State, error) { return s.names(inv) })
	if err != nil {
		return err
	}
	w := s.watch
	w.File, w.Note = file, inv.console.Note
	if w.Sinks, err = s.sinks(inv); err != nil {
		return err
	}
	asked, err := s.prober(ctx, inv)
	if err != nil {
		return err
	}
	w.Prober = asked
	return cmp.Or(s.begin(ctx, inv, &w, states), asked.close())
}

// file returns the state file, whose default folder it makes.
func (s *watching) file() (*watch.File, error) {
	if s.state != "" {
		return watch.NewFile(s.state), nil
	}
	folder := os.Getenv("XDG_STATE_HOME")
	if folder == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, cmdline.Usage("name a file with --state", "no folder for the state: %w", err)
		}
		folder = filepath.Join(home, ".local", "state")
	}
	path := filepath.Join(folder, "domprobe", "watch.db")
	return watch.NewFile(path), os.MkdirAll(filepath.Dir(path), 0o700)
}

// prober returns a prober that asks the registries about every name, unless they
// must not be asked.
func (s *watching) prober(ctx context.Context, inv *invocation) (*prober, error) {
	opts, err := await(ctx, s.ask.check)
	if err != nil {
		return nil, err
	}
	s.ask.probe.ForSale = !opts.Offline
	if !s.registry.mayAsk(opts.Servers) {
		return newProber(ctx, inv, &s.ask, nil, tracer(inv.console))
	}
	s.registry.how, s.registry.dates = []string{"rdap", "whois"}, true
	return newProber(ctx, inv, &s.ask, &s.registry, tracer(inv.console))
}

// sinks returns where events go.
func (s *watching) sinks(inv *invocation) ([]watch.Sink, error) {
	sinks := []watch.Sink{s.rows(inv)}
	if s.exec != "" {
		sink, err := watch.Command(s.exec)
		if err != nil {
			return nil, cmdline.Usage("", "--exec: %w", err)
		}
		sinks = append(sinks, sink)
	}
	if s.webhook == "" {
		if s.secretFile != "" {
			return nil, cmdline.Usage("", "--webhook-secret-file is for --webhook only")
		}
		return sinks, nil
	}
	secret := []byte(os.Getenv(watch.SecretVariable))
	if s.secretFile != "" {
		text, err := os.ReadFile(s.secretFile)
		if err != nil {
			return nil, err
		}
		if secret = bytes.TrimSpace(text); len(secret) == 0 {
			return nil, cmdline.Usage("", "--webhook-secret-file %s is empty", s.secretFile)
		}
	}
	sink, err := watch.Webhook(s.webhook, secret, userAgent())
	if err != nil {
		return nil, cmdline.Usage("", "--webhook: %w", err)
	}
	return append(sinks, sink), nil
}

// rows returns the sink of standard output.
func (s *watching) rows(inv *invocation) watch.Sink {
	var rows *listing
	return watch.Sink{Name: "rows", Vital: true, Deliver: func(ctx context.Context, e watch.Event) error {
		_, err := await(ctx, func() (struct{}, error) {
			if rows == nil {
				rows = newListing(inv.std.Out, s.format, []int{len(time.RFC3339) - 5, 30, 9, 20, 0}, "at", "domain", "event", "old", "new")
			}
			err := rows.add(text.Time(e.At, time.RFC3339), e.Name, string(e.Kind), e.Old, e.New)
			return struct{}{}, cmp.Or(err, rows.close())
		})
		return err
	}}
}

// begin adds the names to those that are watched, and watches until ctx is done.
func (s *watching) begin(ctx context.Context, inv *invocation, w *watch.Watcher, states []watch.State) error {
	added, err := w.File.Add(states...)
	if err != nil {
		return err
	}
	watched, err := w.File.List()
	if err != nil {
		return err
	}
	if len(watched) == 0 {
		return cmdline.Usage("try: domprobe watch go.dev", "no name is watched")
	}
	text := "watching " + plural(len(watched), "name")
	if added > 0 {
		text += fmt.Sprintf(", %d of them new", added)
	}
	inv.console.Note("%s", text)
	var unknown atomic.Int64
	w.Settled = func(results []probe.Result) {
		for _, r := range results {
			switch r.Verdict {
			case probe.Unknown:
				unknown.Add(1)
				inv.console.Detail("%s is unknown: %s", r.Name, r.Reason)
			case probe.Invalid: // its TLD may come yet
				unknown.Add(1)
				inv.console.Note("%s is invalid: %s", r.Name, r.Reason)
			}
		}
	}
	err = w.Run(ctx)
	return s.end(ctx, inv, err, added, w.Once && unknown.Load() > 0)
}

// end returns the error or the exit code of a run.
func (s *watching) end(ctx context.Context, inv *invocation, err error, added int, unknown bool) error {
	switch {
	case errors.Is(err, watch.ErrRunning) && added > 0 && !s.watch.Once:
		inv.console.Note("%v, which watches the new names now", err)
		return nil
	case errors.Is(err, errClosed), err == nil && ctx.Err() == nil && !unknown:
		return err
	case err != nil:
		return &exitError{code: codeFailed, err: err} // also after a signal
	case ctx.Err() != nil && s.watch.Once:
		return ctx.Err()
	case ctx.Err() != nil:
		inv.console.Note("stopped")
		return nil
	}
	return exit(codeUnknown)
}
