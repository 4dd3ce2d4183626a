// Package text has operations on strings that several packages share.
package text

import (
	"slices"
	"strings"
	"time"
)

// ByteOrderMark begins text that some editors write.
const ByteOrderMark = "\ufeff"

// slabSize is the size of an allocation. A string that is kept keeps that much
// memory.
const slabSize = 4 << 10

// A Slab builds strings that share their memory, which saves allocations.
type Slab struct{ text strings.Builder }

// Join returns head and tail as one string.
func (s *Slab) Join(head []byte, tail string) string {
	n := len(head) + len(tail)
	if s.text.Cap()-s.text.Len() < n {
		s.text = strings.Builder{}
		s.text.Grow(max(n, slabSize))
	}
	start := s.text.Len()
	s.text.Write(head)
	s.text.WriteString(tail)
	return s.text.String()[start:]
}

// Distinct returns the strings without repeats, in order.
func Distinct(list []string) []string {
	known := make(map[string]bool, len(list))
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool {
		repeat := known[s]
		known[s] = true
		return repeat
	})
}

// Time returns a time in UTC in a layout of package time, and nothing for the zero time.
func Time(t time.Time, layout string) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(layout)
}

// Of returns a string for each element of a list.
func Of[T any](list []T, text func(T) string) []string {
	all := make([]string, len(list))
	for i, element := range list {
		all[i] = text(element)
	}
	return all
}

// Lower changes the capitals of ASCII to small letters. Other octets stay, whatever
// they mean.
func Lower(b []byte) {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
}

// Slips is how many slips turn a into b: a letter too many, too few, or
// wrong, or two neighbours exchanged (optimal string alignment).
func Slips(a, b string) int {
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			wrong := 0
			if a[i-1] != b[j-1] {
				wrong = 1
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+wrong)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
