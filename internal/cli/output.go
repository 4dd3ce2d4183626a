package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"domprobe/candidate"
	"domprobe/internal/term"
	"domprobe/probe"
	"domprobe/report"
)

// An output is where rows go: standard output and reports.
type output struct {
	*writing
	console    *term.Console
	stdout     report.Writer
	list       *bestList // stdout, if it is a list of the best names
	matched    bool      // a row was for stdout
	unexpected bool      // a row has another verdict than --expect says
	reports    []savedReport
	parts      []string      // files with what an interrupted run has settled
	priced     bool          // a row on stdout has a price
	legend     report.Legend // of the rows on stdout
	buf        []probe.Result
}

// A savedReport is a report in a file, with the names that it had at the start
// if it is resumed.
type savedReport struct {
	*report.File
	settled *report.Settled
}

// open opens the reports, so that one that cannot be written is known before
// anybody is asked. Of the rows, total is how many come, and longest the length
// of the longest name; 0 is unknown.
func (w *writing) open(ctx context.Context, inv *invocation, total, longest int) (*output, error) {
	w.opts.Layout = w.layout()
	w.opts.Score = w.opts.Score || w.sort == "score"
	out := &output{writing: w, console: inv.console}
	opts, rows := w.opts, inv.std.Out
	opts.Color, opts.Total, opts.Longest = inv.color, total, longest
	if inv.terminal {
		opts.Width, _ = term.Size(inv.stdout)
	}
	if s := term.NewScreen(inv.console, inv.stdout, inv.std.Out); s != nil {
		opts.Screen = s
	}
	if inv.terminal {
		rows = inv.console.Above(rows)
	}
	var err error
	if w.best > 0 && w.format == "columns" && !w.sorts() && opts.Screen != nil {
		out.list = &bestList{screen: opts.Screen, w: rows, most: w.best, confirming: w.confirmed, rank: byScore()}
		out.stdout = out.list
	} else if out.stdout, err = out.writer(report.New(w.format, rows, opts)); err != nil {
		return nil, err
	}
	for _, t := range w.outputs {
		if err = out.addReport(ctx, t); err != nil {
			break
		}
	}
	for _, f := range out.reports { // once all are open
		if err == nil {
			err = f.Begin()
		}
	}
	if err != nil {
		out.abort()
		return nil, err
	}
	return out, nil
}

// writer puts the order of --sort before w.
func (o *output) writer(w report.Writer, err error) (report.Writer, error) {
	if err != nil || !o.sorts() {
		return w, err
	}
	return report.Sorted(o.sort, w)
}

// addReport opens a report and changes nothing in it yet.
func (o *output) addReport(ctx context.Context, t target) error {
	var r savedReport
	var err error
	if o.resume {
		opts := o.opts
		if o.earlier != nil && len(o.reports) == 0 {
			opts.Resumed = o.earlier.keep
		}
		r.File, r.settled, err = report.Resume(t.path, t.format, opts)
	} else {
		r.File, err = await(ctx, func() (*report.File, error) { return report.Create(t.path, t.format, o.opts) })
	}
	if err != nil {
		return err
	}
	if r.settled != nil && len(r.settled.Lacks()) > 0 {
		o.console.Note("warning: %s has no columns for %s; its new rows are without them", t.path, strings.Join(r.settled.Lacks(), ", "))
	}
	o.reports = append(o.reports, r)
	r.Writer, err = o.writer(r.Writer, nil)
	return err
}

// laidOut has the layout of tables remember the names that pass.
func (o *output) laidOut(names candidates) candidates {
	if o.opts.Layout == nil {
		return names
	}
	return candidate.Filter(names, func(c candidate.Candidate) bool {
		o.opts.Layout.Add(&c)
		return true
	})
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
// of one report.
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

// recall counts the names of an earlier run for the exit code.
func (o *output) recall() {
	o.matched = o.onlySale && o.before((*report.Settled).ForSale) > 0
	for v := range probe.Invalid + 1 {
		n := o.before(func(s *report.Settled) int { return s.Count(v) })
		if n == 0 {
			continue
		}
		o.matched = o.matched || o.only[v]
		if o.expect != nil && !o.expect[v] {
			o.unexpected = true
			o.console.Print(fmt.Sprintf("%s settled before: %s is not expected", plural(n, "name"), v))
		}
	}
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
	if o.chooses() {
		rows = o.filter(rows, o.wants)
	}
	if len(rows) == 0 {
		return nil
	}
	o.matched = true
	o.legend.Add(rows)
	for i := range rows {
		o.priced = o.priced || report.HasPrice(&rows[i])
	}
	return o.stdout.Write(rows)
}

// without returns the rows of names that a resumed report does not have.
func (o *output) without(rows []probe.Result, settled *report.Settled) []probe.Result {
	leftOut := len(o.reports) == 1 && o.earlier == nil // by settled
	if settled == nil || settled.Len() == 0 || leftOut {
		return rows
	}
	return o.filter(rows, func(r *probe.Result) bool { return !settled.Has(r.Name, r.TLD) })
}

// filter returns some of the rows, valid until the next call.
func (o *output) filter(rows []probe.Result, keep func(*probe.Result) bool) []probe.Result {
	o.buf = o.buf[:0]
	for i := range rows {
		if keep(&rows[i]) {
			o.buf = append(o.buf, rows[i])
		}
	}
	return o.buf
}

// compare prints the rows that --expect does not allow.
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
		o.console.Print(line + " is not expected")
	}
}

// forReports returns an error of writing, but nil for a closed standard output if there
// are reports: these are to be whole.
func (o *output) forReports(err error) error {
	if errors.Is(err, errClosed) && len(o.reports) > 0 {
		return nil
	}
	return err
}

// close completes rows and reports. A closed standard output does not hide the
// error of a report.
func (o *output) close() error { return o.complete((*report.File).Close) }

// interrupt is close for a run that was interrupted.
func (o *output) interrupt() error {
	return o.complete(func(f *report.File) error {
		part, err := f.Interrupt()
		if part != "" && err == nil {
			o.parts = append(o.parts, part)
		}
		return err
	})
}

func (o *output) complete(end func(*report.File) error) error {
	err := o.stdout.Close()
	for _, f := range o.reports {
		if e := end(f.File); err == nil || e != nil && errors.Is(err, errClosed) {
			err = e
		}
	}
	return err
}

// explain prints a line for each reason that standard output shows, under the
// rows of the formats for people, and a warning about prices.
func (o *output) explain() {
	if o.priced {
		o.console.Note("%s", report.PriceNote)
	}
	if o.format == "columns" || o.format == "marks" {
		for _, line := range o.legend.Lines() {
			o.console.Note("%s", line)
		}
	}
}

// release writes the rows that --sort holds, of a run whose names failed.
func (o *output) release() error {
	flush := func(w report.Writer) error {
		if w, ok := w.(interface{ Flush() error }); ok {
			return w.Flush()
		}
		return nil
	}
	err := flush(o.stdout)
	for _, f := range o.reports {
		err = cmp.Or(err, flush(f.Writer))
	}
	return err
}

// abort ends the reports of a run that failed. It leaves closed ones alone.
func (o *output) abort() {
	o.console.LeaveScreen()
	for _, f := range o.reports {
		// The run ends with an error of its own.
		_ = f.Abort()
	}
}

// end returns the exit code that the rows call for.
func (o *output) end(t *tally) error {
	codes := t.codes()
	if o.unexpected {
		codes = append(codes, codeUnexpected)
	}
	if o.chooses() && !o.matched {
		codes = append(codes, codeNoMatch)
	}
	return exit(codes...)
}
