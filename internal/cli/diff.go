package cli

import (
	"context"
	"slices"

	"domprobe/report"
)

// diffCommand tells what has changed between two reports.
func diffCommand() *command {
	var only verdictSet
	var format string
	return &command{
		name:     "diff",
		summary:  "print the names whose verdict differs between two reports",
		synopsis: "diff [flags] OLD NEW",
		examples: `  domprobe diff yesterday.csv today.csv
  domprobe diff yesterday.csv today.csv --only not-found -f names
  domprobe diff old.jsonl new.jsonl -f jsonl
`,
		options: []*option{
			tableFormat(&format, report.ChangeFormats()...).inShort(),
			verdicts(&only, "only", "print only names whose new verdict is this `VERDICT`").local().inShort(),
		},
		exits: map[int]string{
			codeOK:          "the reports could be compared, whether or not a verdict has changed",
			codeInterrupted: "interrupted",
		},
		run: interruptible(func(_ context.Context, inv *invocation) error { return diff(inv, format, only) }),
	}
}

func diff(inv *invocation, format string, only verdictSet) error {
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
