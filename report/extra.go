package report

import (
	"slices"
	"strconv"
	"strings"

	"domprobe/candidate/score"
	"domprobe/probe"
)

// extras lists the columns that are written only if they are asked for. They come
// after the others, in this order.
var extras = [...]field{
	{name: "score", doc: "how good the first label is as a name, from 0 to 100; only with --min-score, --sort score or --columns",
		append: func(dst []byte, r *probe.Result, _ *clock) []byte {
			return strconv.AppendInt(dst, int64(scoreOf(r)), 10)
		},
		parse: func(*probe.Result, string) error { return nil }}, // it follows from the name
}

// ExtraColumns returns the columns that [Options] can add to those of every report.
func ExtraColumns() []Column { return append(columnsOf(extras[:]), columnsOf(fields[everyReport:])...) }

// extraNames returns the names of the columns that the options add.
func (o *Options) extraNames() (names []string) {
	if o.Score {
		names = append(names, "score")
	}
	for i := range fields[everyReport:] {
		if f := &fields[everyReport+i]; f.with(o) {
			names = append(names, f.name)
		}
	}
	return names
}

// extraOf returns the extra field with a name, or nil.
func extraOf(name string) *field {
	if i := slices.IndexFunc(extras[:], func(f field) bool { return f.name == name }); i >= 0 {
		return &extras[i]
	}
	return nil
}

// scoreOf returns the score of the first label of a name.
func scoreOf(r *probe.Result) int {
	label, _, _ := strings.Cut(r.Name, ".")
	return score.Of(label).Total
}
