package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
)

const tldHint = "try: domprobe -t dev go rust"

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
  domprobe --resolver demo -t dev go rust zig gopher qxvzkwj    # built in, offline
`,
		flags: slices.Concat(generateFlags(), askFlags(), outputFlags(), consoleFlags()),
		run:   runProbe,
	}
}

func runProbe(ctx context.Context, inv *invocation) error {
	in, err := openInput(inv)
	if err != nil {
		return err
	}
	defer in.close()
	names, err := newGenerator(inv, in)
	if err != nil {
		return err
	}
	if err := checkOutput(inv, in); err != nil {
		return err
	}
	var trace func(probe.Event)
	if inv.console.verbosity > 1 {
		trace = func(e probe.Event) { inv.console.note("%s", traceLine(e)) }
	}
	prober, stop, err := newProber(ctx, inv, trace)
	if err != nil {
		return interrupted(ctx, err)
	}
	out, err := openOutput(inv)
	if err == nil {
		err = stream(ctx, prober, names, out, inv.console)
	}
	if e := stop(); err == nil {
		err = e
	}
	return err
}

// newGenerator maps the flags of generateFlags.
func newGenerator(inv *invocation, in *input) (*candidate.Generator, error) {
	tlds := values(inv.flags, "tld")
	if len(tlds) == 0 && in.bare {
		return nil, usageError(tldHint, "%w", candidate.ErrNoTLD)
	}
	names, err := candidate.New(candidate.Options{
		Keywords: in.keywords(),
		TLDs:     tlds,
		Prefixes: values(inv.flags, "prefix"),
		Suffixes: values(inv.flags, "suffix"),
		MinLen:   inv.flags.Int("min-len"),
		MaxLen:   inv.flags.Int("max-len"),
	})
	if err != nil {
		return nil, usageError("", "%w", err)
	}
	return names, nil
}

// stream probes the names, writes a row for each as it settles, and ends the
// output and the summary whatever happened.
func stream(ctx context.Context, p *probe.Prober, names *candidate.Generator, out *output, console *console) error {
	t := tally{start: time.Now()}
	err := probeAll(ctx, p, t.counted(names.All()), out, &t)
	t.repeated = names.Repeated()
	whole := err == nil || ctx.Err() != nil && errors.Is(err, ctx.Err())
	if whole {
		if e := out.close(); e != nil {
			err, whole = e, false
		}
	}
	if !whole {
		out.abort()
	}
	if errors.Is(err, errClosed) {
		return err
	}
	if err == nil {
		err = t.check()
	}
	console.note("%s", t.summary())
	if n := names.Skipped(); n > 0 {
		console.detail("%d more left out for their length", n)
	}
	return t.exit(ctx, err, out)
}

func probeAll(ctx context.Context, p *probe.Prober, names iter.Seq2[candidate.Candidate, error], out *output, t *tally) error {
	for rows, err := range p.Batches(ctx, names) {
		if len(rows) > 0 {
			t.add(rows)
			if err := out.write(rows); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// A tally counts names and rows.
type tally struct {
	start    time.Time
	names    atomic.Int64 // that were taken from the generator
	rows     [4]int64     // by verdict
	repeated int64
}

// counted counts the names that go through, which the prober may take from any
// goroutine.
func (t *tally) counted(names iter.Seq2[candidate.Candidate, error]) iter.Seq2[candidate.Candidate, error] {
	return func(yield func(candidate.Candidate, error) bool) {
		for c, err := range names {
			if err == nil {
				t.names.Add(1)
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

func (t *tally) add(rows []probe.Result) {
	for i := range rows {
		t.rows[rows[i].Verdict]++
	}
}

func (t *tally) total() int64 {
	return t.rows[probe.Found] + t.rows[probe.NotFound] + t.rows[probe.Unknown] + t.rows[probe.Invalid]
}

// check finds out whether every name has its row. It is for a run that went to
// its end.
func (t *tally) check() error {
	if names, rows := t.names.Load(), t.total(); names != rows {
		return fmt.Errorf("%d names gave %d rows: this is a mistake in domprobe, and the rows cannot be relied on", names, rows)
	}
	return nil
}

func (t *tally) summary() string {
	names := "names"
	if t.total() == 1 {
		names = "name"
	}
	s := fmt.Sprintf("%d %s in %.2fs: %d found, %d not found, %d unknown, %d invalid", t.total(), names,
		time.Since(t.start).Seconds(), t.rows[probe.Found], t.rows[probe.NotFound], t.rows[probe.Unknown], t.rows[probe.Invalid])
	if t.repeated > 0 {
		s += fmt.Sprintf(", %d repeated", t.repeated)
	}
	return s
}

// exit returns what the run ends with.
func (t *tally) exit(ctx context.Context, err error, out *output) error {
	switch {
	case err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return exit(codeInterrupted)
	case errors.Is(err, candidate.ErrNoTLD):
		return usageError(tldHint, "%w", err)
	case err != nil:
		return err
	}
	var codes []int
	if t.rows[probe.Unknown] > 0 {
		codes = append(codes, codeUnknown)
	}
	if out.only != nil && !out.matched {
		codes = append(codes, codeNoMatch)
	}
	return exit(codes...)
}

// interrupted returns the error of a run that could not begin.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return exit(codeInterrupted)
	}
	return err
}
