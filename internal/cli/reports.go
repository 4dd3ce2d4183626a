package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"

	"domprobe/report"
)

// A savedReport is a report in a file, with the names that it had from the
// start if it is resumed.
type savedReport struct {
	*report.File
	settled *report.Settled
}

// checkOutput finds what is wrong with the flags of an output, without opening
// anything. The inputs must not be overwritten.
func checkOutput(inv *invocation, inputs []*os.File) error {
	if format := inv.flags.String("format"); !slices.Contains(report.Formats(), format) {
		return usageError("", "%w", &report.FormatError{Format: format})
	}
	if _, err := parseVerdicts(inv.flags, "only"); err != nil {
		return err
	}
	if _, err := parseVerdicts(inv.flags, "expect"); err != nil {
		return err
	}
	if err := checkOrder(inv.flags); err != nil {
		return err
	}
	paths := inv.flags.StringSlice("output")
	if inv.flags.Bool("resume") && len(paths) == 0 {
		return usageError("name it with --output", "--resume needs a report")
	}
	if f, ok := inv.std.In.(*os.File); ok {
		inputs = append(slices.Clone(inputs), f)
	}
	for i, path := range paths {
		format, err := report.FormatOf(path)
		if err == nil && inv.flags.Bool("resume") {
			err = report.CheckResume(path, format)
		}
		switch {
		case err != nil:
			return usageError("", "%w", err)
		case slices.ContainsFunc(paths[:i], func(other string) bool { return sameFile(path, other) }):
			return usageError("", "--output %s is named twice", path)
		case isOneOf(path, inputs):
			return usageError("", "--output %s would overwrite the input", path)
		}
	}
	return nil
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

func checkOrder(flags *cli.Context) error {
	order := flags.String("sort")
	switch {
	case order == "":
	case !slices.Contains(report.Orders(), order):
		return usageError("", "--sort: %w", &report.OrderError{Order: order})
	case flags.Bool("ordered"):
		return usageError("", "--sort and --ordered exclude each other")
	case flags.Bool("resume"):
		return usageError("sort afterwards: domprobe render --sort", "--sort and --resume exclude each other")
	}
	return nil
}

// newLayout returns the layout of tables, if there are any: that of the input,
// but for rows that are sorted.
func newLayout(flags *cli.Context) *report.Layout {
	formats := []string{flags.String("format")}
	for _, path := range flags.StringSlice("output") {
		format, _ := report.FormatOf(path) // an error comes when it is opened
		formats = append(formats, format)
	}
	if !slices.ContainsFunc(formats, func(f string) bool { return f == "grid" || f == "markdown" || f == "html" }) {
		return nil
	}
	return &report.Layout{ColumnsOnly: flags.String("sort") != "" && flags.String("sort") != "input"}
}

// addReport opens a report, which nothing is done to yet.
func (o *output) addReport(ctx context.Context, path string, flags *cli.Context) error {
	format, err := report.FormatOf(path)
	if err != nil {
		return err
	}
	if flags.Bool("resume") {
		f, settled, err := report.Resume(path, format, o.options)
		var bad *report.ResumeError
		if errors.As(err, &bad) {
			return usageError("", "%w", err)
		}
		if err == nil {
			o.reports = append(o.reports, savedReport{f, settled})
		}
		return err
	}
	f, err := await(ctx, func() (*report.File, error) { return report.Create(path, format, o.options) })
	if err != nil {
		return err
	}
	o.reports = append(o.reports, savedReport{f, nil})
	f.Writer, err = sorted(flags, f.Writer)
	return err
}
