package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"domprobe/internal/cmdline"
	"domprobe/probe"
	"domprobe/report"
)

// A verdictSet is the verdicts of --only or --expect; nil means all.
type verdictSet map[probe.Verdict]bool

func verdicts(p *verdictSet, name, usage string) *cmdline.Option {
	var known []string
	for _, v := range probe.Verdicts() {
		known = append(known, v.String())
	}
	return cmdline.Items(name, "", usage+": "+strings.Join(known, ", "), func(word string) error {
		v, err := probe.ParseVerdict(word)
		if err != nil {
			return cmdline.Unknown("verdict", word, known)
		}
		if *p == nil {
			*p = make(verdictSet)
		}
		(*p)[v] = true
		return nil
	}).Offer(known...)
}

// tableFormat is the option of a command that prints something else than rows.
func tableFormat(p *string, formats ...string) *cmdline.Option {
	return cmdline.OneOf(p, "format", "f", "print in this `FORMAT`", "format", formats...).Local().Common()
}

// A writing is the settings of the rows: formats, files, order, choice.
type writing struct {
	format          string
	outputs         []target
	only, expect    verdictSet
	sort            string // empty for the order in which names settle
	ordered, resume bool
	null            bool
	score           bool     // names were chosen by their score
	columns         []string // nil for all
}

// A target is a report to write.
type target struct{ path, format string }

// options are those of every command that writes rows.
func (w *writing) options() []*cmdline.Option {
	order := cmdline.Func("sort", "", "write rows in this `ORDER`, holding them in memory until the end: "+strings.Join(report.Orders(), ", "), "",
		func(s string) error {
			if w.sort = s; !slices.Contains(report.Orders(), s) {
				return cmdline.Unknown("order", s, report.Orders())
			}
			return nil
		})
	return []*cmdline.Option{
		cmdline.OneOf(&w.format, "format", "f", "write rows to standard output in this `FORMAT`", "format", report.Formats()...).Common(),
		cmdline.Func("output", "o", "also write every row to this `FILE`, in the format of its ending", "", func(s string) error {
			format, err := report.FormatOf(s)
			if err != nil {
				return cmdline.Usage("", "%w", err)
			}
			w.outputs = append(w.outputs, target{s, format})
			return nil
		}).Common(),
		w.columnsOption(),
		verdicts(&w.only, "only", "write only rows with this `VERDICT` to standard output").Common(),
		order.Offer(report.Orders()...),
		verdicts(&w.expect, "expect", "exit with 5 if a name has another verdict than this `VERDICT`, and print such names to standard error"),
	}
}

func (w *writing) columnsOption() *cmdline.Option {
	var known []string
	for _, c := range append(report.Columns(), report.ExtraColumns()...) {
		known = append(known, c.Name)
	}
	return cmdline.Items("columns", "", "write only these `COLUMNS` of csv, tsv, json and jsonl, and a list of them in markdown and html: domain,verdict,reason",
		func(name string) error {
			switch {
			case !slices.Contains(known, name):
				return cmdline.Unknown("column", name, known)
			case slices.Contains(w.columns, name):
				return cmdline.Usage("", "--columns: %s is named twice", name)
			}
			w.columns = append(w.columns, name)
			return nil
		}).Offer(known...)
}

// runOptions are those of a run whose rows come one by one.
func (w *writing) runOptions() []*cmdline.Option {
	return []*cmdline.Option{
		cmdline.Switch(&w.ordered, "ordered", "", "write rows in the order of the input, as they come"),
		cmdline.Switch(&w.resume, "resume", "", "continue the csv, tsv or jsonl reports of an earlier run: skip names that are settled there, append the others").Common(),
	}
}

// check finds mistakes in the settings without opening anything. The inputs
// must not be overwritten.
func (w *writing) check(inputs []*os.File) error {
	switch {
	case w.sort != "" && w.ordered:
		return cmdline.Usage("", "--sort and --ordered exclude each other")
	case w.sort != "" && w.resume:
		return cmdline.Usage("sort afterwards: domprobe render --sort", "--sort and --resume exclude each other")
	case w.resume && len(w.outputs) == 0:
		return cmdline.Usage("name it with --output", "--resume needs a report")
	}
	for i, out := range w.outputs {
		var err error
		if w.resume {
			err = report.CheckResume(out.path, out.format)
		}
		switch {
		case err != nil:
			return cmdline.Usage("", "%w", err)
		case slices.ContainsFunc(w.outputs[:i], func(other target) bool { return sameFile(out.path, other.path) }):
			return cmdline.Usage("", "--output %s is named twice", out.path)
		case isOneOf(out.path, inputs):
			return cmdline.Usage("", "--output %s would overwrite the input", out.path)
		}
	}
	return nil
}

// resumable reports whether --resume can continue every report.
func (w *writing) resumable() bool {
	return len(w.outputs) > 0 && !slices.ContainsFunc(w.outputs, func(out target) bool {
		return report.CheckResume(out.path, out.format) != nil
	})
}

// sameFile reports whether two paths name one regular file, or would if it
// existed.
func sameFile(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	if errX == nil || errY == nil {
		return errX == nil && errY == nil && x.Mode().IsRegular() && os.SameFile(x, y)
	}
	x, errX = os.Stat(filepath.Dir(a))
	y, errY = os.Stat(filepath.Dir(b))
	return errX == nil && errY == nil && os.SameFile(x, y) && filepath.Base(a) == filepath.Base(b)
}

// isOneOf reports whether path is the name of one of the open files.
func isOneOf(path string, files []*os.File) bool {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	return slices.ContainsFunc(files, func(f *os.File) bool {
		other, err := f.Stat()
		return err == nil && os.SameFile(info, other)
	})
}

// sorts reports whether rows are held until the end and sorted by themselves.
// The order of the input is restored by the run.
func (w *writing) sorts() bool { return w.sort != "" && w.sort != "input" }

// layout returns the layout of tables, if any are written: the order of the
// input, unless rows are sorted.
func (w *writing) layout() *report.Layout {
	isTable := func(out target) bool { return out.format == "grid" || out.format == "markdown" || out.format == "html" }
	if isTable(target{format: w.format}) || slices.ContainsFunc(w.outputs, isTable) {
		return &report.Layout{ColumnsOnly: w.sorts()}
	}
	return nil
}
