package daemon

import (
	"slices"
	"testing"
)

// The labels are different, in order, and the same each time.
func TestWords(t *testing.T) {
	w := Words(t, 2500)
	if len(w) != 2500 || !slices.IsSorted(w) || len(slices.Compact(slices.Clone(w))) != len(w) {
		t.Errorf("%d words, sorted %t, with repeats", len(w), slices.IsSorted(w))
	}
	if w[0][0] != 'a' || w[len(w)-1][0] != 'z' {
		t.Errorf("from %s to %s, want all of the alphabet", w[0], w[len(w)-1])
	}
	if !slices.Equal(w, Words(t, 2500)) {
		t.Error("other words the second time")
	}
	for _, word := range []string{"a", "nic", "it's", "Go", "éclair", "x1", ""} {
		if isWord(word) {
			t.Errorf("%q is taken for a word", word)
		}
	}
}
