package cli

import (
	"context"
	"slices"

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
  domprobe diff yesterday.csv today.csv --only not-found -f names    # names that are now not found
  domprobe diff old.jsonl new.jsonl -f jsonl
`,
		flags: slices.Concat([]cli.Flag{
			tableFlag(report.ChangeFormats()...),
			local(list("only", "", "print only names whose new verdict is this `VERDICT`: found, not-found, unknown, invalid")),
			local(toggle("absent", "", "print names, too, that only one report has")),
			local(toggle("unknown", "", "print changes, too, from and to unknown and invalid")),
		}, consoleFlags()),
		exits: map[int]string{
			codeOK:          "the reports could be compared, whether or not a verdict has changed",
			codeInterrupted: "interrupted",
		},
		run: interruptible(runDiff),
	}
}

func runDiff(_ context.Context, inv *invocation) error {
	format, err := parseTable(inv.flags, report.ChangeFormats()...)
	if err != nil {
		return err
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
	changes := report.Diff(reports[0], reports[1], report.Differences{
		Absent: inv.flags.Bool("absent"), Unknown: inv.flags.Bool("unknown"), Only: only,
	})
	return readError(report.WriteChanges(inv.std.Out, format, changes))
}
