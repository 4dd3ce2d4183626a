package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"domprobe/internal/cmdline"
	"domprobe/internal/text"
	"domprobe/probe"
	"domprobe/probe/forsale"
	"domprobe/report"
)

// A verdictSet is the verdicts of --only or --expect; nil means all.
type verdictSet = map[probe.Verdict]bool

func verdicts(p *verdictSet, name, usage string) *cmdline.Option {
	return verdictsOrSale(p, nil, name, usage)
}

// forSale is the word of --only for names that their owners offer.
const forSale = "for-sale"

// verdictsOrSale is verdicts with one more word, if sale is not nil.
func verdictsOrSale(p *verdictSet, sale *bool, name, usage string) *cmdline.Option {
	known := text.Of(probe.Verdicts(), probe.Verdict.String)
	if sale != nil {
		known = append(known, forSale)
	}
	return cmdline.Choices(name, usage+": "+strings.Join(known, ", "), "verdict", known, func(word string) error {
		if word == forSale {
			*sale = true
			return nil
		}
		v, err := probe.ParseVerdict(word)
		if *p == nil {
			*p = make(verdictSet)
		}
		(*p)[v] = true
		return err
	})
}

func parsePrice(s string) (forsale.Price, error) {
	price, err := forsale.ParsePrice(s)
	if err != nil {
		err = cmdline.Usage("try EUR1000", "--max-price: %w", err)
	}
	return price, err
}

// picks reports whether only rows with some verdicts, or offers, go to standard
// output.
func (w *writing) picks() bool { return w.only != nil || w.onlySale || w.maxPrice != nil }

// chooses reports whether only some rows go to standard output.
func (w *writing) chooses() bool { return w.picks() || w.within != nil }

// wants reports whether a row goes to standard output.
func (w *writing) wants(r *probe.Result) bool {
	switch reg := r.Registration; {
	case w.within != nil && (reg == nil || reg.Expires.IsZero() || time.Until(reg.Expires) > *w.within):
		return false
	case !w.picks(), w.only[r.Verdict]:
		return !w.confirmed || free(r, true)
	case w.maxPrice != nil:
		return r.Sale.AtMost(*w.maxPrice)
	}
	return w.onlySale && r.Sale.Listed
}

// tableFormat is the option of a command that prints something else than rows.
func tableFormat(p *string, formats ...string) *cmdline.Option {
	*p = formats[0]
	return cmdline.OneOf(p, "format", "f", "print in this `FORMAT`", "format", formats...).Local().Common()
}

// A writing is the settings of the rows: formats, files, order, choice.
type writing struct {
	format          string
	outputs         []target
	only, expect    verdictSet
	onlySale        bool           // --only for-sale
	maxPrice        *forsale.Price // of what counts as for sale there
	within          *time.Duration // --expires-within
	sort            string         // empty for the order in which names settle
	ordered, resume bool
	confirmed       bool           // only names that a registry confirms go to standard output
	earlier         *recollection  // of --best and --resume
	best            int            // so many rows are a list on a terminal, best on top; 0 is none
	opts            report.Options // Columns, Zero, Score, ForSale, Parked and Dates
}

// A target is a report to write.
type target struct{ path, format string }

// options are those of every command that writes rows.
func (w *writing) options() []*cmdline.Option {
	w.format = report.Formats()[0]
	all := append(report.Columns(), report.ExtraColumns()...)
	columns := text.Of(all, func(c report.Column) string { return c.Name })
	return []*cmdline.Option{
		cmdline.OneOf(&w.format, "format", "f", "write rows to standard output in this `FORMAT`", "format", report.Formats()...).Common(),
		cmdline.Func("output", "o", "also write every row to this `FILE`, in the format of its ending", "", func(s string) error {
			switch s {
			case "":
				return cmdline.Usage("", "the file name of --output is empty")
			case "-":
				return cmdline.Usage("rows go to standard output anyway, in the format of -f", "--output - names no file")
			}
			format, err := report.FormatOf(s)
			w.outputs = append(w.outputs, target{s, format})
			return err
		}).Common(),
		cmdline.Choices("columns", "write only these `COLUMNS` of csv, tsv, json and jsonl, and a list of them in markdown and html: domain,verdict,reason",
			"column", columns, func(name string) error {
				if slices.Contains(w.opts.Columns, name) {
					return fmt.Errorf("--columns: %s is named twice", name)
				}
				w.opts.Columns = append(w.opts.Columns, name)
				return nil
			}),
		verdictsOrSale(&w.only, &w.onlySale, "only", "write only rows with this `VERDICT` to standard output").Common(),
		cmdline.Optional(&w.maxPrice, "max-price", "", "of what is for sale, write only rows with a `PRICE` in this currency "+
			"that is no higher to standard output, as EUR1000; implies --only for-sale", "", parsePrice),
		cmdline.OneOf(&w.sort, "sort", "", "write rows in this `ORDER`, holding them in memory until the end", "order", report.Orders()...),
		verdicts(&w.expect, "expect", "exit with 5 if a name has another verdict than this `VERDICT`, and print such names to standard error"),
	}
}

// runOptions are those of a run whose rows come one by one.
func (w *writing) runOptions() []*cmdline.Option {
	return []*cmdline.Option{
		cmdline.Switch(&w.ordered, "ordered", "", "write rows in the order of the input, as they come"),
		cmdline.Switch(&w.resume, "resume", "", "continue the csv, tsv or jsonl reports of an earlier run: skip names that are settled there, append the others").Common(),
	}
}

func (w *writing) withinOption() *cmdline.Option {
	return cmdline.Optional(&w.within, "expires-within", "", "write only rows of names that expire within this `TIME` to standard output: 90d, 12w; implies --dates",
		"", parseSpan)
}

// parseSpan reads a number of days or weeks, or else a duration of Go.
func parseSpan(s string) (time.Duration, error) {
	const day = 24 * time.Hour
	for unit, length := range map[string]time.Duration{"d": day, "w": 7 * day} {
		if number, ok := strings.CutSuffix(s, unit); ok {
			if n, err := strconv.ParseUint(number, 10, 15); err == nil {
				return time.Duration(n) * length, nil
			}
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, cmdline.Usage("try 90d", "--expires-within cannot be %q", s)
	}
	return d, nil
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
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	switch {
	case filepath.Clean(a) == filepath.Clean(b):
		return true
	case errX == nil && errY == nil:
		return x.Mode().IsRegular() && os.SameFile(x, y)
	case errX == nil || errY == nil || filepath.Base(a) != filepath.Base(b):
		return false
	}
	x, errX = os.Stat(filepath.Dir(a))
	y, errY = os.Stat(filepath.Dir(b))
	return errX == nil && errY == nil && os.SameFile(x, y)
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
