package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/big"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"domprobe/candidate"
	"domprobe/internal/cmdline"
	"domprobe/probe"
	"domprobe/report"
)

// A probing is the settings of the main command.
type probing struct {
	gen       generating
	ask       asking
	confirm   confirming
	herd      connecting
	choose    choosing
	out       writing
	dryRun    bool
	yes       bool
	stopAfter int
}

// probeCommand is the main command: names in, rows out.
func probeCommand() *command { return new(probing).command() }

func (p *probing) command() *command {
	return &command{Command: cmdline.Command{
		Summary:  "say which domains are registered",
		Synopsis: "[flags] KEYWORD...",
		Examples: `  domprobe -t dev,io,com.br go rust    # three TLDs, two keywords
  domprobe go.dev example.co.uk        # a keyword with a dot is a whole domain
  cat words.txt | domprobe -t com -    # - is standard input, a keyword a line
  domprobe -t dev                      # Go's keywords of at most 4 letters
  domprobe -t com -i words.txt -f csv -o report.jsonl --only not-found
  domprobe --tld-preset tech --affixes -f grid go
  domprobe -t com --pattern '\c\v\c\v' --shuffle 1 --stop-after 10
  domprobe -t com --about 'fast bird' --blend --best 10    # the best names
  domprobe --resolver demo -t dev go rust zig gopher qxvzkwj    # offline
`,
		Options: slices.Concat(p.gen.options(), p.choose.options(), []*cmdline.Option{
			cmdline.Number(&p.stopAfter, "stop-after", "", "stop when `N` names are not found; with --confirm, when as many are confirmed", 1, math.MaxInt),
			cmdline.Switch(&p.dryRun, "dry-run", "", "ask nobody: print the names, and to standard error how long a run takes and how many queries").Common(),
			cmdline.Switch(&p.yes, "yes", "y", "begin with more than 10000 names at a public resolver without a question"),
		}, p.ask.options(), p.ask.zoneOption(), p.detailOptions(), p.confirm.options(),
			[]*cmdline.Option{p.confirm.datesOption(), p.out.withinOption()}, p.herd.options(), p.out.options(), p.out.runOptions()),
		Exits: rowExits,
	}, run: p.run}
}

// gcPercent lets the heap grow by a quarter between collections. Most of it is
// the filter for repeats, which holds no pointers and costs nothing to collect;
// to let it double, as is the default, would double the memory.
const gcPercent = 25

func (p *probing) run(ctx context.Context, inv *invocation) error {
	if os.Getenv("GOGC") == "" { // else the user knows better
		debug.SetGCPercent(gcPercent)
	}
	names, err := await(ctx, func() (*selection, error) { return p.open(inv) })
	if err != nil {
		return err
	}
	if p.dryRun {
		return interruptible(func(inv *invocation) error { return p.plan(ctx, inv, names) })(ctx, inv)
	}
	if p.herd.on() {
		return p.herdRun(ctx, inv, names)
	}
	prober, err := newProber(ctx, inv, &p.ask, &p.confirm, tracer(inv.console))
	if err != nil {
		return err
	}
	if err = p.agree(ctx, inv, names, prober.opts); err == nil {
		err = p.probe(ctx, inv, names, prober, func() string { return "" })
	}
	return cmp.Or(err, prober.close())
}

// open opens the names and checks every setting before anybody is asked.
func (p *probing) open(inv *invocation) (*selection, error) {
	p.confirm.dates = p.confirm.dates || p.out.within != nil
	p.out.opts.Zero, p.out.opts.Score, p.out.opts.Dates = p.gen.null, p.gen.minScore > 0, p.confirm.dates
	p.detail()
	if err := p.choose.apply(p); err != nil {
		return nil, err
	}
	p.gen.stops = p.stopAfter > 0
	names, err := p.gen.open(inv, p.counted(inv))
	if err != nil {
		return nil, err
	}
	return names, p.out.check(inv.inputs())
}

// detailOptions are what is asked about names that are found.
func (p *probing) detailOptions() []*cmdline.Option {
	return []*cmdline.Option{
		cmdline.Switch(&p.ask.probe.ForSale, "for-sale", "", "ask whether the owner of each name that is found offers it (RFC 10023): "+
			"for_sale, price, sale_uri, sale_text").Common(),
		cmdline.Switch(&p.ask.probe.Parked, "parked", "", "tell of each name that is found at which service it seems to be parked, "+
			"by its name servers"),
	}
}

// detail asks what the choice of rows and columns needs, and writes what is asked.
func (p *probing) detail() {
	names := func(columns []string) bool {
		return slices.ContainsFunc(columns, func(column string) bool { return slices.Contains(p.out.opts.Columns, column) })
	}
	opts := &p.ask.probe
	opts.ForSale = opts.ForSale || p.out.onlySale || p.out.maxPrice != nil || names(report.SaleColumns())
	opts.Parked = opts.Parked || names(report.ParkedColumns())
	p.out.opts.ForSale, p.out.opts.Parked = opts.ForSale, opts.Parked
}

// counted reports whether somebody wants to know how many names there are.
func (p *probing) counted(inv *invocation) bool {
	return !p.choose.on() && (inv.console.ShowsProgress() || inv.terminal && p.out.format == "grid" || inv.person)
}

// A decider decides about names: a prober, or the herd.
type decider interface {
	Batches(context.Context, candidates) iter.Seq2[[]probe.Result, error]
}

// probe probes the names and writes their rows. state adds to the progress.
func (p *probing) probe(ctx context.Context, inv *invocation, names *selection, d decider, state func() string) error {
	if p.out.sorts() {
		inv.console.Note("rows come at the end, sorted by %s; until then they are held in memory", p.out.sort)
	}
	longest := 0
	if inv.terminal && p.out.format == "columns" {
		longest = names.longest()
	}
	out, err := p.out.open(ctx, inv, names.rows(), longest)
	if err != nil {
		return err
	}
	t := &tally{start: time.Now(), stopAfter: int64(p.stopAfter), confirming: p.confirm.on()}
	if prober, ok := d.(*prober); ok && p.choose.budget > 0 && !prober.opts.Offline {
		if t.budget, err = newBudget(p.choose.budget, prober); err != nil {
			out.abort()
			return err
		}
	}
	names.settled = out.settled
	out.recall()
	if names.recall = p.out.earlier; names.recall != nil {
		names.recall.names = &t.names
	} else if t.before = out.before(t.freeBefore); t.enough() {
		out.console.Note("the report has %s not found already, and --stop-after is %d", plural(t.before, "name"), p.stopAfter)
	}
	endProgress := inv.console.StartProgress("names", int64(names.known()), func() (int64, string) {
		switch {
		case !names.ranked:
			return names.done(t.names.Load() - t.total()), t.counts() + state()
		case t.names.Load() == 0:
			return names.done(0), "names to choose from"
		}
		return t.total(), t.counts() + state()
	})
	err = p.stream(ctx, d, names, out, t)
	endProgress()
	return p.end(ctx, err, names, out, t)
}

// stream writes a row for each name as it settles, and ends the output whatever
// happened. A closed pipe ends a run without reports as an interrupt does.
func (p *probing) stream(ctx context.Context, d decider, names *selection, out *output, t *tally) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer out.abort()
	var failed error
	for rows, err := range names.recall.among(p.batches(ctx, d, out.laidOut(t.counted(names.all())), out, t)) {
		if len(rows) > 0 {
			switch err := out.forReports(out.write(t.add(rows))); {
			case errors.Is(err, errClosed):
				cancel()
			case err != nil:
				return err
			}
		}
		failed = err
		if t.total() >= hintAfter {
			p.hintNobody(out, t)
		}
		if t.exhausted() {
			break
		}
	}
	end := out.close
	switch {
	case failed != nil && ctx.Err() == nil:
		end = out.release
	case failed != nil:
		end = out.interrupt
	}
	if err := out.forReports(end()); err != nil && (failed == nil || errors.Is(failed, ctx.Err())) {
		return err
	}
	return failed
}

// end prints the summary of a run and returns its error or exit code. It was
// interrupted if ctx is done by now, even when the names came to their end: a
// signal goes to a whole pipeline, and the names may have ended because of it.
func (p *probing) end(ctx context.Context, err error, names *selection, out *output, t *tally) error {
	cut := ctx.Err() != nil && !t.stopped
	switch {
	case errors.Is(err, errClosed) && cut:
		return exit(codeInterrupted)
	case errors.Is(err, errClosed):
		return nil
	case err == nil:
		t.exhausted()
		err = t.check()
	}
	if names.byRank != nil {
		t.repeated = names.byRank.Repeated()
	}
	t.repeated += names.gen.Repeated()
	t.skipped = names.skipped.Load()
	t.leftOut, t.excluded, t.poor = names.gen.Skipped(), names.gen.Excluded(), names.poor.Load()
	out.console.Finish()
	out.explain()
	if cut {
		out.console.Note("%s", p.interruption(names, out, t))
	}
	out.console.Note("%s", t.summary())
	if t.budget != nil {
		out.console.Note("%d of at most %s sent", t.budget.sent(), pluralOf(t.budget.most, "query", "queries"))
	}
	if cut {
		if errors.Is(err, ctx.Err()) {
			err = nil
		}
		return &exitError{code: codeInterrupted, err: err}
	}
	if errors.Is(err, candidate.ErrNoTLD) {
		return cmdline.Usage(tldHint, "%w", err)
	}
	if err != nil {
		if ctx.Err() != nil { // the signal came after --stop-after was met
			err = &exitError{code: codeFailed, err: err}
		}
		return err
	}
	p.hintNobody(out, t)
	return out.end(t)
}

// hintAfter is how many names without a verdict are enough for a hint in mid-run.
const hintAfter = 50

// hintNobody says once what may help where no response led to a verdict.
func (p *probing) hintNobody(out *output, t *tally) {
	if t.hinted || !t.noneBelieved() || p.ask.namesDemo() || slices.Contains(p.ask.resolvers, noResolver) {
		return
	}
	t.hinted = true
	out.console.Note("hint: no response could be believed; another resolver may do (-r 9.9.9.10), "+
		"domprobe explain %s tells why, and -r demo needs no network", t.open)
}

// interruption tells how far an interrupted run has come, and how to go on.
func (p *probing) interruption(names *selection, out *output, t *tally) string {
	text := "interrupted after " + plural(t.total(), "name")
	if n := names.rows(); n > 0 {
		text = fmt.Sprintf("interrupted: %d of %d names", t.total(), n)
	}
	if len(out.parts) > 0 {
		text += "; the rows so far are in " + strings.Join(out.parts, " and ")
	}
	if p.out.resumable() {
		text += "; --resume goes on"
	}
	return text
}

// manyNames is how many names a person may send to a public resolver without a
// question.
const manyNames = 10_000

// agree asks a person before many names go to a public resolver.
func (p *probing) agree(ctx context.Context, inv *invocation, names *selection, opts probe.Options) error {
	if p.yes || p.stopAfter > 0 || p.choose.on() || names.total == nil || !inv.person || inv.stdin ||
		!slices.ContainsFunc(opts.Servers, isPublic) {
		return nil
	}
	n := new(big.Int).Div(names.total, big.NewInt(int64(names.shards)))
	if n.Cmp(big.NewInt(manyNames)) <= 0 {
		return nil
	}
	took := ""
	if n.IsInt64() && n.Int64() < 1<<40 {
		took = fmt.Sprintf(", in about %v", roughly(opts.Expected(int(n.Int64()), 1)))
	}
	question := fmt.Sprintf("%s names%s, to %s: begin? [y/N]", shortNumber(n), took, describe(opts.Servers))
	answer, err := await(ctx, func() (string, error) { return inv.ask(question) })
	if err != nil {
		return err
	}
	if a := strings.ToLower(strings.TrimSpace(answer)); a != "y" && a != "yes" {
		return cmdline.Usage("-y begins without the question", "not begun")
	}
	return nil
}
