package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"golang.org/x/term"

	"domprobe/probe"
	"domprobe/report"
)

// An output is where rows go: standard output, and reports.
type output struct {
	stdout  report.Writer
	only    map[probe.Verdict]bool // rows for stdout; nil means all
	matched bool                   // a row was for stdout
	reports []*report.File
	buf     []probe.Result
}

// checkOutput finds what is wrong with the flags of an output, without opening
// anything.
func checkOutput(inv *invocation, in *input) error {
	if format := inv.flags.String("format"); !slices.Contains(report.Formats(), format) {
		return usageError("", "%w", &report.FormatError{Format: format})
	}
	if _, err := parseOnly(inv.flags); err != nil {
		return err
	}
	seen := make(map[string]bool)
	for _, path := range inv.flags.StringSlice("output") {
		if _, err := report.FormatOf(path); err != nil {
			return usageError("", "%w", err)
		}
		if clean := filepath.Clean(path); seen[clean] {
			return usageError("", "--output %s is named twice", path)
		} else {
			seen[clean] = true
		}
		if in.has(path) {
			return usageError("", "--output %s would overwrite the input", path)
		}
	}
	return nil
}

// openOutput opens the reports, so that one that cannot be written is known
// before anything is asked.
func openOutput(inv *invocation) (*output, error) {
	only, err := parseOnly(inv.flags)
	if err != nil {
		return nil, err
	}
	opts := report.Options{Color: useColor(inv)}
	stdout, err := report.New(inv.flags.String("format"), inv.std.Out, opts)
	if err != nil {
		return nil, err
	}
	out := &output{stdout: stdout, only: only}
	for _, path := range inv.flags.StringSlice("output") {
		format, err := report.FormatOf(path)
		if err != nil {
			out.abort()
			return nil, err
		}
		f, err := report.Create(path, format, report.Options{})
		if err != nil {
			out.abort()
			return nil, err
		}
		out.reports = append(out.reports, f)
	}
	return out, nil
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
		if err := f.Write(rows); err != nil {
			return err
		}
	}
	if o.only != nil {
		o.buf = o.buf[:0]
		for _, r := range rows {
			if o.only[r.Verdict] {
				o.buf = append(o.buf, r)
			}
		}
		rows = o.buf
	}
	if len(rows) == 0 {
		return nil
	}
	o.matched = true
	return o.stdout.Write(rows)
}

// close ends rows and reports that are whole.
func (o *output) close() error {
	err := o.stdout.Close()
	for _, f := range o.reports {
		if e := f.Close(); err == nil {
			err = e
		}
	}
	return err
}

// abort ends the reports of a run that failed.
func (o *output) abort() {
	for _, f := range o.reports {
		// The run has an error to report already, which is why it ends.
		_ = f.Abort()
	}
}
