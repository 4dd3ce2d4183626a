package pattern

import (
	"slices"
	"strings"
	"testing"
)

// slowSyllables puts the parts of all syllables together, with a map for what has
// come.
func slowSyllables(n int) map[string]bool {
	names := map[string]bool{"": true}
	for i := range n {
		longer := make(map[string]bool)
		for name := range names {
			for _, onset := range append([]string{""}, onsets...) {
				for _, nucleus := range nuclei {
					for _, coda := range append([]string{""}, codas...) {
						inner := i < n-1
						switch {
						case i > 0 && onset == "", inner && coda != "" && !slices.Contains(innerCodas, coda):
							continue
						}
						if end := name[len(name)-min(1, len(name)):]; end != "" && !strings.Contains("aeiou", end) && !slices.Contains(innerOnsets, onset) {
							continue
						}
						longer[name+onset+nucleus+coda] = true
					}
				}
			}
		}
		names = longer
	}
	return names
}

func TestSyllables(t *testing.T) {
	for n := 1; n <= 2; n++ {
		p, err := Syllables(n)
		if err != nil {
			t.Fatal(err)
		}
		want := slowSyllables(n)
		got := make(map[string]bool)
		for name := range p.All() {
			if got[name] || !want[name] {
				t.Fatalf("%d syllables: %s, repeated %v, wanted %v", n, name, got[name], want[name])
			}
			got[name] = true
		}
		if len(got) != len(want) || p.Count().Int64() != int64(len(want)) || !p.Unique() {
			t.Errorf("%d syllables: %d names, counted %d, want %d", n, len(got), p.Count(), len(want))
		}
		if n > 1 {
			continue
		}
		shuffled := 0
		for name, err := range p.Shuffled(7) {
			if shuffled++; err != nil || !got[name] {
				t.Fatalf("shuffled: %s, %v", name, err)
			}
		}
		if shuffled != len(got) {
			t.Errorf("%d names shuffled, want %d", shuffled, len(got))
		}
	}
	most, err := Syllables(MaxSyllables)
	if err != nil || !most.CanShuffle() {
		t.Errorf("%d syllables cannot be shuffled, %v", MaxSyllables, err)
	}
	for _, n := range []int{-1, 0, MaxSyllables + 1} {
		if _, err := Syllables(n); err == nil {
			t.Errorf("%d syllables", n)
		}
	}
}
