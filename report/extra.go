package report

import (
	"strconv"
	"strings"

	"domprobe/candidate/score"
	"domprobe/probe"
)

// ExtraColumns returns the columns that [Options] can add to those of every report.
func ExtraColumns() []Column { return columnsOf(fields[everyReport:]) }

// extraNames returns the names of the columns that the options add.
func (o *Options) extraNames() (names []string) {
	for i := range fields[everyReport:] {
		if f := &fields[everyReport+i]; f.with(o) {
			names = append(names, f.name)
		}
	}
	return names
}

// scoreField is derived from the name.
var scoreField = field{
	name: "score", doc: "how good the first label is as a name, from 0 to 100; only with --min-score, --sort score or --columns",
	with: func(o *Options) bool { return o.Score },
	append: func(dst []byte, r *probe.Result, _ *clock) []byte {
		return strconv.AppendInt(dst, int64(scoreOf(r)), 10)
	},
}

// scoreOf returns the score of the first label of a name.
func scoreOf(r *probe.Result) int {
	label, _, _ := strings.Cut(r.Name, ".")
	return score.Of(label).Total
}
