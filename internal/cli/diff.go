package cli

import (
	"context"

	"domprobe/report"
)

// diffCommand tells what has changed between two reports.
func diffCommand() *command {
	var only verdictSet
	var all bool
	var format string
	return &command{
		name:     "diff",
		summary:  "print the names that are found in one of two reports and not found in the other",
		synopsis: "diff [flags] OLD NEW",
		examples: `  domprobe diff yesterday.csv today.csv
  domprobe diff yesterday.csv today.csv --only not-found -f names
  domprobe diff yesterday.csv today.csv --all -f jsonl
`,
		options: []*option{
			tableFormat(&format, report.ChangeFormats()...).inShort(),
			verdicts(&only, "only", "print only names whose new verdict is this `VERDICT`").local().inShort(),
			toggle(&all, "all", "a", "also print names that only one report has, and changes from or to unknown and invalid").inShort(),
		},
		exits: map[int]string{
			codeOK:          "the reports could be compared, whether or not a verdict has changed",
			codeInterrupted: "interrupted",
		},
		run: interruptible(func(_ context.Context, inv *invocation) error {
			return diff(inv, format, report.Differences{Absent: all, Unknown: all, Only: only})
		}),
	}
}

func diff(inv *invocation, format string, d report.Differences) error {
	if len(inv.args) != 2 {
		return usageError("try: domprobe diff yesterday.csv today.csv", "diff takes two reports, not %d", len(inv.args))
	}
	reports, files, err := openReports(inv, inv.args)
	defer closeAll(files)
	if err != nil {
		return err
	}
	return readError(report.WriteChanges(inv.std.Out, format, report.Diff(reports[0], reports[1], d)))
}
