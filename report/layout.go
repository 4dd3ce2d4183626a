package report

import (
	"sync"

	"domprobe/candidate"
)

// A Layout remembers the order of the names of a run. Tables have that order,
// whatever the order of their rows, so that two reports of one search can be
// compared. It is safe for concurrent use.
type Layout struct {
	// ColumnsOnly leaves the keywords in the order of the rows.
	ColumnsOnly bool

	mu           sync.Mutex
	labels, tlds map[string]int
}

// maxRemembered bounds the keywords and the TLDs whose order is remembered. The
// others come after them, in the order of the rows.
const maxRemembered = 1 << 20

// Add appends a name. It must be called before the name is written to a report.
func (l *Layout) Add(c *candidate.Candidate) {
	label, tld := gridPlace(c)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tlds == nil {
		l.labels, l.tlds = make(map[string]int), make(map[string]int)
	}
	remember(l.tlds, tld)
	if !l.ColumnsOnly {
		remember(l.labels, label)
	}
}

func remember(places map[string]int, key string) {
	if _, known := places[key]; !known && len(places) < maxRemembered {
		places[key] = len(places)
	}
}

// places returns the places of a label and a TLD. Those that were not added
// come last.
func (l *Layout) places(label, tld string) (row, column int) {
	row, column = maxRemembered, maxRemembered
	if l == nil {
		return row, column
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if n, known := l.labels[label]; known {
		row = n
	}
	if n, known := l.tlds[tld]; known {
		column = n
	}
	return row, column
}
