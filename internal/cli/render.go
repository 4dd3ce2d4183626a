package cli

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"domprobe/internal/cmdline"
	"domprobe/probe"
	"domprobe/report"
)

func renderCommand() *command {
	w := new(writing)
	return &command{Command: cmdline.Command{
		Name:     "render",
		Summary:  "print saved reports in another format, several as one",
		Synopsis: "render [flags] FILE...",
		Examples: `  domprobe render report.csv -f grid
  domprobe render part-*.csv -o all.html -f none    # the newest verdict wins
  domprobe render report.csv --only not-found -f names --sort length
  zcat report.jsonl.gz | domprobe render - -f markdown
`,
		Options: append(w.options(), cmdline.Switch(&w.opts.Zero, "null", "0", "the rows of the format names end in NUL, not in a newline").Local()),
		Exits:   rowExits,
	}, run: w.render}
}

func (w *writing) render(ctx context.Context, inv *invocation) error {
	if len(inv.Words) == 0 {
		return cmdline.Usage("try: domprobe render report.csv -f grid", "render needs a report")
	}
	m, err := await(ctx, func() (*merged, error) { return w.openMerged(inv) })
	if err != nil {
		return err
	}
	defer m.stop()
	out, err := w.open(ctx, inv, 0, 0)
	if err != nil {
		return err
	}
	var t tally
	for m.more && err == nil {
		var rows []probe.Result
		rows, err = m.batch()
		written := out.forReports(out.write(t.add(rows))) // close tells it again
		err = cmp.Or(err, written, ctx.Err())
	}
	if err == nil {
		err = out.close()
	}
	out.abort()
	if err != nil {
		return err
	}
	out.explain()
	return out.end(&t)
}

// A merged is the rows of saved reports, each of which has been read to its end.
type merged struct {
	row  probe.Result // the next one, if there are more
	more bool
	next func() (probe.Result, error, bool)
	stop func()
}

// renderBatch is how many rows are written at once.
const renderBatch = 256

// batch returns some of the rows, and the error of the one after them.
func (m *merged) batch() (rows []probe.Result, err error) {
	rows = make([]probe.Result, 0, renderBatch)
	for m.more && err == nil && len(rows) < renderBatch {
		rows = append(rows, m.row)
		m.row, err, m.more = m.next()
	}
	return rows, err
}

// openMerged opens the reports of the arguments, and reads them all before the
// first row comes out, so that one that cannot be read leaves nothing behind.
func (w *writing) openMerged(inv *invocation) (*merged, error) {
	reports, err := openReports(inv)
	if err = cmp.Or(err, w.check(inv.inputs())); err != nil {
		return nil, err
	}
	for i := range reports {
		reports[i] = w.noting(reports[i])
	}
	m := new(merged)
	m.next, m.stop = iter.Pull2(report.Merge(reports...))
	if m.row, err, m.more = m.next(); err != nil {
		m.stop()
		return nil, err
	}
	return m, nil
}

// openReports opens the saved reports that the arguments name.
func openReports(inv *invocation) (reports []iter.Seq2[probe.Result, error], err error) {
	for _, path := range inv.Words {
		format := ""
		if path != "-" {
			if format, err = savedFormat(path); err != nil {
				return nil, cmdline.Usage("", "%w", err)
			}
		}
		name, r, err := inv.open(path)
		if err != nil {
			return nil, err
		}
		reports = append(reports, named(name, readReport(r, format)))
	}
	return reports, nil
}

// savedFormat returns the format of a report by the name of its file, and an error if
// it cannot be read back.
func savedFormat(path string) (string, error) {
	format, err := report.FormatOf(path)
	if err == nil && !slices.Contains(report.Readable(), format) {
		err = fmt.Errorf("%s: the format %s cannot be read back: only %s can", path, format, strings.Join(report.Readable(), ", "))
	}
	return format, err
}

// noting adds the columns of what rows hold besides their verdicts to those that
// are written.
func (w *writing) noting(rows iter.Seq2[probe.Result, error]) iter.Seq2[probe.Result, error] {
	return func(yield func(probe.Result, error) bool) {
		for r, err := range rows {
			w.opts.ForSale = w.opts.ForSale || r.Sale.Listed
			w.opts.Parked = w.opts.Parked || r.Parked != ""
			w.opts.Dates = w.opts.Dates || r.Registration != nil
			if !yield(r, err) {
				return
			}
		}
	}
}

// readReport reads a report. An empty format is guessed from the first byte.
func readReport(r io.Reader, format string) iter.Seq2[probe.Result, error] {
	if format != "" {
		return report.Read(r, format)
	}
	return func(yield func(probe.Result, error) bool) {
		in := bufio.NewReader(r)
		first, _ := in.Peek(1) // an error comes again when it is read
		format := map[string]string{"{": "jsonl", "[": "json"}[string(first)]
		report.Read(in, cmp.Or(format, "csv"))(yield)
	}
}
