package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"domprobe/candidate"
	"domprobe/probe"
	"domprobe/report"
)

// renderFlags say in what order rows come, and what is made of them.
func renderFlags() []cli.Flag {
	return []cli.Flag{
		text("sort", "", "write rows in this `ORDER`, holding them in memory until the end: "+strings.Join(report.Orders(), ", "), ""),
		list("expect", "", "exit with 5 if a name has another verdict than this `VERDICT`, and print such names to standard error"),
	}
}

// resumeFlags are what only a run has that comes by its rows itself.
func resumeFlags() []cli.Flag {
	return []cli.Flag{
		toggle("ordered", "", "write rows in the order of the input, as they come"),
		toggle("resume", "", "go on with the csv or jsonl reports of an earlier run: skip names that are settled there, append the others"),
	}
}

// An output is where rows go: standard output, and reports.
type output struct {
	console    *console
	stdout     report.Writer
	only       map[probe.Verdict]bool // rows for stdout; nil means all
	matched    bool                   // a row was for stdout
	expect     map[probe.Verdict]bool // nil means any
	unexpected bool                   // a row was not of those
	reports    []savedReport
	options    report.Options // of every report
	buf        []probe.Result
}

// openOutput opens the reports, so that one that cannot be written is known
// before anything is asked. A total of 0 rows is one that nobody knows, and -1
// one that is held in memory anyway.
func openOutput(ctx context.Context, inv *invocation, total int) (*output, error) {
	out := &output{console: inv.console}
	var err error
	if out.only, err = parseVerdicts(inv.flags, "only"); err != nil {
		return nil, err
	}
	if out.expect, err = parseVerdicts(inv.flags, "expect"); err != nil {
		return nil, err
	}
	if order := inv.flags.String("sort"); order != "" && order != "input" && total >= 0 {
		inv.console.note("rows come at the end, sorted by %s; until then they are held in memory", order)
	}
	out.options = report.Options{Zero: inv.flags.Bool("null"), Layout: newLayout(inv.flags)}
	if out.stdout, err = out.openStdout(inv, total); err != nil {
		return nil, err
	}
	for _, path := range inv.flags.StringSlice("output") {
		if err := out.addReport(ctx, path, inv.flags); err != nil {
			out.abort()
			return nil, err
		}
	}
	for _, f := range out.reports { // once all are open
		if err := f.Begin(); err != nil {
			out.abort()
			return nil, err
		}
	}
	return out, nil
}

// laidOut has the layout of the output remember the names that go through.
func (o *output) laidOut(names iter.Seq2[candidate.Candidate, error]) iter.Seq2[candidate.Candidate, error] {
	if o.options.Layout == nil {
		return names
	}
	return func(yield func(candidate.Candidate, error) bool) {
		for c, err := range names {
			if err == nil {
				o.options.Layout.Add(&c)
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

func (o *output) openStdout(inv *invocation, total int) (report.Writer, error) {
	opts := o.options
	opts.Color, opts.Total, opts.Screen = useColor(inv), max(total, 0), newScreen(inv)
	w := inv.std.Out
	if inv.terminal {
		w = inv.console.above(w)
	}
	stdout, err := report.New(inv.flags.String("format"), w, opts)
	if err != nil {
		return nil, err
	}
	return sorted(inv.flags, stdout)
}

// sorted puts the order that --sort names before w. That of the input is the
// business of the run.
func sorted(flags *cli.Context, w report.Writer) (report.Writer, error) {
	if order := flags.String("sort"); order != "" && order != "input" {
		return report.Sorted(order, w)
	}
	return w, nil
}

// settled reports whether a name has its row in every report.
func (o *output) settled(name, tld string) bool {
	for _, f := range o.reports {
		if f.settled == nil || !f.settled.Has(name, tld) {
			return false
		}
	}
	return len(o.reports) > 0
}

// before returns how many names of an earlier run every report has, by a count
// of what one has.
func (o *output) before(count func(*report.Settled) int) (n int64) {
	for i, f := range o.reports {
		if f.settled == nil {
			return 0
		}
		if c := int64(count(f.settled)); i == 0 || c < n {
			n = c
		}
	}
	return n
}

// recall takes the names of an earlier run into account, which get no row in
// this one.
func (o *output) recall() {
	for v := range probe.Invalid + 1 {
		n := o.before(func(s *report.Settled) int { return s.Count(v) })
		if n == 0 {
			continue
		}
		o.matched = o.matched || o.only[v]
		if o.expect != nil && !o.expect[v] {
			o.unexpected = true
			o.console.print(fmt.Sprintf("%s settled before: %s is not expected", plural(n, "name"), v))
		}
	}
}

// useColor reports whether rows for standard output get colours
// (https://no-color.org).
func useColor(inv *invocation) bool {
	return inv.terminal && !inv.flags.Bool("no-color") && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// errClosed says that whoever read standard output has seen enough.
var errClosed = errors.New("standard output is closed")

// A rowWriter is standard output, with an error of its own for a closed pipe.
type rowWriter struct{ io.Writer }

func (w rowWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		err = errClosed
	}
	return n, err
}

// isTerminal reports whether a person reads what is written to w.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// write writes rows to the reports and to standard output.
func (o *output) write(rows []probe.Result) error {
	for _, f := range o.reports {
		if err := f.Write(o.without(rows, f.settled)); err != nil {
			return err
		}
	}
	if o.expect != nil {
		o.compare(rows)
	}
	if o.only != nil {
		rows = o.filter(rows, func(r *probe.Result) bool { return o.only[r.Verdict] })
	}
	if len(rows) == 0 {
		return nil
	}
	o.matched = true
	return o.stdout.Write(rows)
}

// without returns the rows of names that a resumed report has not got.
func (o *output) without(rows []probe.Result, settled *report.Settled) []probe.Result {
	if settled == nil || settled.Len() == 0 || len(o.reports) == 1 { // which has been asked before
		return rows
	}
	return o.filter(rows, func(r *probe.Result) bool { return !settled.Has(r.Name, r.TLD) })
}

// filter returns some of the rows, until the next call.
func (o *output) filter(rows []probe.Result, keep func(*probe.Result) bool) []probe.Result {
	o.buf = o.buf[:0]
	for i := range rows {
		if keep(&rows[i]) {
			o.buf = append(o.buf, rows[i])
		}
	}
	return o.buf
}

// compare tells of the rows that --expect does not allow.
func (o *output) compare(rows []probe.Result) {
	for i := range rows {
		r := &rows[i]
		if o.expect[r.Verdict] {
			continue
		}
		o.unexpected = true
		line := r.Name + ": " + r.Verdict.String()
		if r.Reason != "" {
			line += " (" + string(r.Reason) + ")"
		}
		o.console.print(line + " is not expected")
	}
}

// close ends rows and reports that are whole. That standard output is closed
// does not hide what is wrong with a report.
func (o *output) close() error {
	err := o.stdout.Close()
	for _, f := range o.reports {
		if e := f.Close(); err == nil || e != nil && errors.Is(err, errClosed) {
			err = e
		}
	}
	return err
}

// release writes the rows that --sort has kept, of a run whose names failed.
func (o *output) release() error {
	writers := []report.Writer{o.stdout}
	for _, f := range o.reports {
		writers = append(writers, f.Writer)
	}
	var err error
	for _, w := range writers {
		if w, ok := w.(interface{ Flush() error }); ok {
			if e := w.Flush(); err == nil {
				err = e
			}
		}
	}
	return err
}

// abort ends the reports of a run that failed.
func (o *output) abort() {
	o.console.setScreen(nil)
	for _, f := range o.reports {
		// The run has an error to report already, which is why it ends.
		_ = f.Abort()
	}
}
