package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"domprobe/probe"
)

// Orders returns the orders that [Sorted] knows.
func Orders() []string { return []string{"input", "name", "length", "verdict"} }

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
//
// Rows that are equal in that stay as they came. Closing it closes w. Its method
// Flush() error does not, and is for a run that fails: it writes the rows that
// there are. The error is an [*OrderError].
func Sorted(order string, w Writer) (Writer, error) {
	s := &sorted{w: w}
	switch order {
	case "input":
	case "name":
		s.compare = byName
	case "length":
		s.compare = byLength
	case "verdict":
		s.compare = byVerdict
	default:
		return nil, &OrderError{order}
	}
	return s, nil
}

type sorted struct {
	w       Writer
	compare func(a, b *probe.Result) int // nil for the order of arrival
	rows    []probe.Result
}

func (s *sorted) Write(rows []probe.Result) error {
	s.rows = append(s.rows, rows...)
	return nil
}

// Flush writes the rows that came since the last time.
func (s *sorted) Flush() error {
	if s.compare != nil {
		slices.SortStableFunc(s.rows, func(a, b probe.Result) int { return s.compare(&a, &b) })
	}
	err := s.w.Write(s.rows)
	s.rows = nil
	return err
}

func (s *sorted) Close() error {
	err := s.Flush()
	if e := s.w.Close(); err == nil {
		err = e
	}
	return err
}

func byName(a, b *probe.Result) int { return strings.Compare(a.Name, b.Name) }

func byLength(a, b *probe.Result) int {
	return cmp.Or(cmp.Compare(labelLength(a), labelLength(b)), byName(a, b))
}

// labelLength counts the characters that people would type before the TLD.
func labelLength(r *probe.Result) int {
	label, _ := split(&r.Candidate)
	if u := unicodeLabel(label, r); u != "" {
		label = u
	}
	return utf8.RuneCountInString(label)
}

func byVerdict(a, b *probe.Result) int {
	return cmp.Or(cmp.Compare(rank(a.Verdict), rank(b.Verdict)), byName(a, b))
}

// rank is the place of a verdict in verdictOrder.
func rank(v probe.Verdict) int { return slices.Index(verdictOrder[:], v) }
