package cli

import (
	"domprobe/internal/cmdline"
	"domprobe/report"
)

func diffCommand() *command {
	var d report.Differences
	var format string
	return &command{Command: cmdline.Command{
		Name:     "diff",
		Summary:  "print the names that are found in one of two reports and not found in the other",
		Synopsis: "diff [flags] OLD NEW",
		Examples: `  domprobe diff yesterday.csv today.csv
  domprobe diff yesterday.csv today.csv --only not-found -f names
  domprobe diff yesterday.csv today.csv --absent -f jsonl
`,
		Notes: "Of two reports made with --for-sale it also prints the names whose offer comes, changes its price or goes. " +
			"An offer that is not there may be one whose servers did not answer.",
		Options: []*cmdline.Option{
			tableFormat(&format, report.ChangeFormats()...),
			verdicts(&d.Only, "only", "print only names whose new verdict is this `VERDICT`").Local().Common(),
			cmdline.Switch(&d.Absent, "absent", "", "also print names that only one report has").Local().Common(),
			cmdline.Switch(&d.Unknown, "unknown", "", "also print changes from and to unknown and invalid").Local().Common(),
		},
		Exits: map[int]string{codeOK: "the reports could be compared, whether or not a verdict has changed"},
	}, run: interruptible(func(inv *invocation) error { return diff(inv, format, d) })}
}

func diff(inv *invocation, format string, d report.Differences) error {
	if len(inv.Words) != 2 {
		return cmdline.Usage("try: domprobe diff yesterday.csv today.csv", "diff takes two reports, not %d", len(inv.Words))
	}
	reports, err := openReports(inv)
	if err != nil {
		return err
	}
	return report.WriteChanges(inv.std.Out, format, report.Diff(reports[0], reports[1], d))
}
