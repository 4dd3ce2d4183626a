package report

import (
	"fmt"

	"domprobe/probe"
)

// A Legend explains the reasons that the formats columns and marks show in
// parentheses. The zero value is an empty one.
type Legend struct{ counts map[probe.Reason]int64 }

// Add counts the reasons that are shown of rows.
func (l *Legend) Add(rows []probe.Result) {
	for i := range rows {
		if r := &rows[i]; showsReason(r) && known[r.Reason] != nil {
			if l.counts == nil {
				l.counts = make(map[probe.Reason]int64)
			}
			l.counts[r.Reason]++
		}
	}
}

// Lines returns a line for each reason that was counted, such as "wildcard: the
// TLD answers for every name (4)", in the order of [probe.Reasons].
func (l *Legend) Lines() (lines []string) {
	for _, doc := range reasons {
		if n := l.counts[doc.Reason]; n > 0 {
			lines = append(lines, fmt.Sprintf("%s: %s (%d)", doc.Reason, doc.Text, n))
		}
	}
	return lines
}

// The reasons that this version knows, in order and by name.
var (
	reasons = probe.Reasons()
	known   = func() map[probe.Reason]*probe.ReasonDoc {
		known := make(map[probe.Reason]*probe.ReasonDoc)
		for i := range reasons {
			known[reasons[i].Reason] = &reasons[i]
		}
		return known
	}()
)
