package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"domprobe/internal/text"
	"domprobe/probe"
)

// A ranking gives the number by which an order sorts before it sorts by name. It
// is nil for the order of arrival.
type ranking struct {
	order string
	rank  func(*probe.Result) int
}

var ranks = []ranking{
	{"input", nil},
	{"name", func(*probe.Result) int { return 0 }},
	{"length", labelLength},
	{"verdict", func(r *probe.Result) int { return rank(r.Verdict) }},
	{"score", func(r *probe.Result) int { return -scoreOf(r) }},
}

// Orders returns the orders that [Sorted] knows.
func Orders() []string { return text.Of(ranks, func(r ranking) string { return r.order }) }

// An OrderError says that an order is not known.
type OrderError struct{ Order string }

func (e *OrderError) Error() string {
	return fmt.Sprintf("unknown order %q (known: %s)", e.Order, strings.Join(Orders(), ", "))
}

// Sorted returns a Writer that keeps all rows in memory until it is closed, and
// then writes them to w in an order:
//
//	input    as they came
//	name     by name, byte by byte
//	length   by the length of the name without its TLD in characters, then by name
//	verdict  found, not found, unknown, invalid; then by name
//	score    by the score of the first label, the best first; then by name
//
// Equal rows stay as they came. Closing it closes w. Its method Flush() error
// writes the rows that there are and leaves w open, for a run that fails. The
// error is an [*OrderError].
func Sorted(order string, w Writer) (Writer, error) {
	for _, r := range ranks {
		if r.order == order {
			return &sorted{w: w, rank: r.rank}, nil
		}
	}
	return nil, &OrderError{order}
}

type sorted struct {
	w    Writer
	rank func(*probe.Result) int // nil for the order of arrival
	rows []probe.Result
}

func (s *sorted) Write(rows []probe.Result) error {
	s.rows = append(s.rows, rows...)
	return nil
}

// A sortKey is sorted in the place of a row, which is ten times its size.
type sortKey struct {
	rank, row int
	name      string
}

// Flush writes the rows that came since the last time.
func (s *sorted) Flush() error {
	rows := s.rows
	s.rows = nil
	if s.rank == nil {
		return s.w.Write(rows)
	}
	keys := make([]sortKey, len(rows))
	for i := range rows {
		keys[i] = sortKey{s.rank(&rows[i]), i, rows[i].Name}
	}
	slices.SortFunc(keys, func(a, b sortKey) int {
		if a.rank != b.rank {
			return a.rank - b.rank
		}
		return cmp.Or(strings.Compare(a.name, b.name), a.row-b.row)
	})
	var batch []probe.Result
	for chunk := range slices.Chunk(keys, 256) {
		batch = batch[:0]
		for _, k := range chunk {
			batch = append(batch, rows[k.row])
		}
		if err := s.w.Write(batch); err != nil {
			return err
		}
	}
	return nil
}

func (s *sorted) Close() error {
	err := s.Flush()
	return cmp.Or(err, s.w.Close())
}

// labelLength counts the characters that people would type before the TLD.
func labelLength(r *probe.Result) int {
	label, _ := split(&r.Candidate)
	if u := unicodeLabel(label, r); u != "" {
		label = u
	}
	return utf8.RuneCountInString(label)
}

// rank is the place of a verdict in verdictOrder.
func rank(v probe.Verdict) int { return slices.Index(verdictOrder[:], v) }
