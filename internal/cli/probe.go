package cli

import (
	"context"
	"errors"
	"iter"
	"os"
	"runtime/debug"
	"slices"

	"github.com/urfave/cli/v2"

	"domprobe/candidate"
	"domprobe/probe"
)

// probeCommand is the main command: names in, rows out.
func probeCommand() *command {
	return &command{
		summary:  "say which domains are registered",
		synopsis: "[flags] KEYWORD...",
		examples: `  domprobe -t dev,io,com.br go rust    # three TLDs, two keywords
  domprobe go.dev example.co.uk        # a keyword with a dot is a whole domain
  cat words.txt | domprobe -t com -    # - is standard input: a line each, # comments
  domprobe -t dev                      # no keyword: the Go keywords of at most 4 letters
  domprobe -t com -i words.txt -f csv -o report.jsonl --only not-found
  domprobe --tld-preset tech --affixes -f grid go
  domprobe -t com --pattern '\c\v\c\v' --shuffle 1 --stop-after 10 --only not-found -f names
  domprobe --resolver demo -t dev go rust zig gopher qxvzkwj    # built in, offline
`,
		flags: slices.Concat(generateFlags(), moreGenerateFlags(), dryRunFlags(), askFlags(), confirmFlags(), outputFlags(), renderFlags(), resumeFlags(), consoleFlags()),
		exits: map[int]string{
			codeOK:          "every name settled",
			codeUnknown:     "some name is unknown",
			codeNoMatch:     "--only matched no row",
			codeUnexpected:  "some name is not what --expect says",
			codeInterrupted: "interrupted; what was settled has been written",
		},
		run: runProbe,
	}
}

// gcPercent lets the heap grow by a quarter between collections. Most of it is
// the filter for repeats, which holds no pointers and costs nothing to collect;
// doubling it, as is the default, would double the memory.
const gcPercent = 25

func runProbe(ctx context.Context, inv *invocation) error {
	if os.Getenv("GOGC") == "" { // else the user knows better
		debug.SetGCPercent(gcPercent)
	}
	names, err := await(ctx, func() (*selection, error) { return openSelection(inv) })
	if err != nil {
		return err
	}
	defer names.in.close()
	t, err := newTally(inv.flags)
	if err != nil {
		return err
	}
	if inv.flags.Bool("dry-run") {
		return interruptible(names.dryRun)(ctx, inv)
	}
	prober, stop, err := newProber(ctx, inv, tracer(inv.console))
	if err != nil {
		return interrupted(ctx, err)
	}
	out, err := openOutput(ctx, inv, names.rows())
	if err == nil {
		names.settled = out.settled
		out.recall()
		t.before = out.before(t.freeBefore)
		endProgress := startProgress(inv, names, t)
		s := stages{prober: prober, order: orderOf(inv.flags)}
		err = stream(ctx, s, names, out, t)
		endProgress()
		err = t.end(ctx, err, names, out)
	}
	if e := stop(); err == nil {
		err = e
	}
	return err
}

// stages are what names go through until they are rows.
type stages struct {
	prober *probe.Prober
	order  *order // nil for the order in which names settle
}

// orderOf maps --ordered and --sort input.
func orderOf(flags *cli.Context) *order {
	switch {
	case flags.Bool("ordered"):
		return newOrder(max(minWindow, 2*flags.Int("concurrency")))
	case flags.String("sort") == "input":
		return newOrder(0)
	}
	return nil
}

// batches returns the rows of the names, in the order of the run.
func (s stages) batches(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]probe.Result, error] {
	if s.order == nil {
		return s.prober.Batches(ctx, names)
	}
	return s.order.results(s.prober.Batches(ctx, s.order.candidates(names)))
}

// stream writes a row for each name as it settles, and ends the output whatever
// happened. A closed pipe ends the run as an interrupt does.
func stream(ctx context.Context, s stages, names *selection, out *output, t *tally) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer out.abort() // which leaves alone what is closed
	var failed error
	for rows, err := range s.batches(ctx, out.laidOut(t.counted(names.all()))) {
		if len(rows) > 0 {
			switch err := out.write(t.add(rows)); {
			case errors.Is(err, errClosed):
				cancel() // the reports get what has settled by now
			case err != nil:
				return err
			}
		}
		failed = err
		if t.stopped {
			break
		}
	}
	end := out.close
	if failed != nil && ctx.Err() == nil {
		end = out.release
	}
	if err := end(); err != nil && (failed == nil || errors.Is(failed, ctx.Err())) {
		return err
	}
	return failed
}
