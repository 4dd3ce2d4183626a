package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"domprobe/report"
)

// diffCommand tells what has changed between two reports.
func diffCommand() *command {
	return &command{
		name:     "diff",
		summary:  "print the names whose verdict differs between two reports",
		synopsis: "diff [flags] OLD NEW",
		examples: `  domprobe diff yesterday.csv today.csv
  domprobe diff yesterday.csv today.csv --only not-found -f names    # names that have come free
  domprobe diff old.jsonl new.jsonl -f jsonl
`,
		flags: slices.Concat([]cli.Flag{
			text("format", "f", "print changes in this `FORMAT`: "+strings.Join(report.ChangeFormats(), ", "), report.ChangeFormats()[0]),
			list("only", "", "only names whose new verdict is this `VERDICT`: found, not-found, unknown, invalid"),
		}, consoleFlags()),
		run: runDiff,
	}
}

func runDiff(_ context.Context, inv *invocation) error {
	format := inv.flags.String("format")
	if !slices.Contains(report.ChangeFormats(), format) {
		return usageError("", "unknown format %q (known: %s)", format, strings.Join(report.ChangeFormats(), ", "))
	}
	only, err := parseVerdicts(inv.flags, "only")
	if err != nil {
		return err
	}
	if len(inv.args) != 2 {
		return usageError("try: domprobe diff yesterday.csv today.csv", "diff takes two reports, not %d", len(inv.args))
	}
	reports, files, err := openReports(inv, inv.args)
	defer closeAll(files)
	if err != nil {
		return err
	}
	changes, err := report.Diff(reports[0], reports[1])
	if err != nil {
		return readError(err)
	}
	if only != nil {
		changes = slices.DeleteFunc(changes, func(c report.Change) bool { return c.New == nil || !only[c.New.Verdict] })
	}
	return report.WriteChanges(inv.std.Out, format, changes)
}
