package report

import (
	"strconv"
	"strings"

	"domprobe/candidate/score"
	"domprobe/probe"
)

// extras lists the columns that are written only if they are asked for, in order.
var extras = [...]field{
	{name: "score", doc: "how good the first label is as a name, from 0 to 100; only with --min-score, --sort score or --columns",
		append: func(dst []byte, r *probe.Result, _ *clock) []byte {
			return strconv.AppendInt(dst, int64(scoreOf(r)), 10)
		},
		parse: func(*probe.Result, string) error { return nil }}, // it follows from the name
}

// scoreOf returns the score of the first label of a name.
func scoreOf(r *probe.Result) int {
	label, _, _ := strings.Cut(r.Name, ".")
	return score.Of(label).Total
}

// ExtraColumns returns the columns that [Options] add to them.
func ExtraColumns() []Column { return columnsOf(extras[:]) }
