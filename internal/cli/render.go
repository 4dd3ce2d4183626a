package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"

	"domprobe/internal/cmdline"
	"domprobe/probe"
	"domprobe/report"
)

// renderCommand turns saved reports into other formats.
func renderCommand() *command {
	w := new(writing)
	return &command{
		Command: cmdline.Command{
			Name:     "render",
			Summary:  "print saved reports in another format, several as one",
			Synopsis: "render [flags] FILE...",
			Examples: `  domprobe render report.csv -f grid
  domprobe render part-*.csv -o all.html -f none    # the newest verdict wins
  domprobe render report.csv --only not-found -f names --sort length
  zcat report.jsonl.gz | domprobe render - -f markdown
`,
			Options: append(w.options(), cmdline.Switch(&w.null, "null", "0", "the rows of the format names end in NUL, not in a newline").Local()),
			Exits:   rowExits,
		},
		run: w.render,
	}
}

func (w *writing) render(ctx context.Context, inv *invocation) error {
	if len(inv.Words) == 0 {
		return cmdline.Usage("try: domprobe render report.csv -f grid", "render needs a report")
	}
	m, err := await(ctx, func() (*merged, error) { return w.openMerged(inv) })
	if err != nil {
		return err
	}
	defer m.close()
	out, err := w.open(ctx, inv, 0, 0)
	if err != nil {
		return err
	}
	var t tally
	for m.more && err == nil {
		var rows []probe.Result
		rows, err = m.batch()
		e := out.write(t.add(rows))
		if errors.Is(e, errClosed) && len(out.reports) > 0 {
			e = nil // the reports are to be whole; close tells it again
		}
		if err == nil {
			err = e
		}
		if err == nil {
			err = ctx.Err()
		}
	}
	if err == nil {
		err = out.close()
	}
	out.abort()
	if err == nil {
		out.explain()
	}
	if err != nil {
		return err
	}
	return exit(append(t.codes(), out.codes()...)...)
}

// A merged is the rows of saved reports, each of which has been read to its end.
type merged struct {
	files []*os.File
	row   probe.Result // the next one, if there are more
	more  bool
	next  func() (probe.Result, error, bool)
	stop  func()
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
	reports, files, err := openReports(inv, inv.Words)
	if err == nil {
		err = w.check(inv.inputs(files))
	}
	if err != nil {
		closeAll(files)
		return nil, err
	}
	m := &merged{files: files}
	m.next, m.stop = iter.Pull2(report.Merge(reports...))
	if m.row, err, m.more = m.next(); err != nil {
		m.close()
		return nil, readError(err)
	}
	return m, nil
}

func (m *merged) close() {
	m.stop()
	closeAll(m.files)
}

// openReports opens saved reports. The files are to be closed by the caller,
// also after an error.
func openReports(inv *invocation, paths []string) (reports []iter.Seq2[probe.Result, error], files []*os.File, err error) {
	stdin := false
	for _, path := range paths {
		if path == "-" {
			if stdin {
				return nil, files, cmdline.Usage("", "standard input is named twice")
			}
			stdin = true
			reports = append(reports, readNamed("standard input", inv.std.In, ""))
			continue
		}
		format, err := report.FormatOf(path)
		if err == nil && !slices.Contains(report.Readable(), format) {
			err = fmt.Errorf("%s: the format %s cannot be read back: only %s can", path, format, strings.Join(report.Readable(), ", "))
		}
		if err != nil {
			return nil, files, cmdline.Usage("", "%w", err)
		}
		f, err := os.Open(path)
		if err != nil {
			return nil, files, err
		}
		files = append(files, f)
		reports = append(reports, readNamed(path, f, format))
	}
	return reports, files, nil
}

// readNamed reads a report and puts its name before an error. An empty format
// is guessed from the first byte.
func readNamed(name string, r io.Reader, format string) iter.Seq2[probe.Result, error] {
	return func(yield func(probe.Result, error) bool) {
		if format == "" {
			in := bufio.NewReader(r)
			first, _ := in.Peek(1) // an error comes again when it is read
			switch string(first) {
			case "{":
				format = "jsonl"
			case "[":
				format = "json"
			default:
				format = "csv"
			}
			r = in
		}
		for row, err := range report.Read(r, format) {
			if err != nil {
				err = fmt.Errorf("%s: %w", name, err)
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// readError makes a usage error of a file that is no report.
func readError(err error) error {
	var row *report.RowError
	if errors.As(err, &row) {
		return cmdline.Usage("", "%w", err)
	}
	return err
}
