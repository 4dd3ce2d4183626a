package candidate

import (
	"errors"
	"slices"
	"testing"
)

func TestExclude(t *testing.T) {
	text := slices.Clone(textsOf(3))
	e, err := NewExclusion([]string{"abe", " LOT ", "*t2", "b?b", "toy.dev", "*el.i?", "bücher", "*ß*"})
	if err != nil {
		t.Fatal(err)
	}
	g, err := New(Options{Keywords: Stream(append(text, "abe", "aba", "Bücher", "xn--bcher-kva", "straße", "x.dev")...),
		TLDs: []string{"dev", "io"}, MinLen: 3, Exclude: e, Prefixes: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for c, err := range g.All() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, c.Name)
	}
	for _, name := range []string{"abe.dev", "lot.io", "at2.dev", "aat2.io", "beb.dev", "toy.dev", "tel.io", "xn--bcher-kva.dev", "xn--strae-oqa.io"} {
		if slices.Contains(got, name) {
			t.Errorf("%s is not excluded", name)
		}
	}
	for _, name := range []string{"toy.io", "tel.dev", "aabe.dev", "abeb.dev", Parse("abücher.dev").Name} {
		if !slices.Contains(got, name) {
			t.Errorf("%s is excluded", name)
		}
	}
	// Every name is a candidate, a repeat, of the wrong length, or excluded.
	names := (len(text)+5)*g.PerKeyword() + 1
	if sum := len(got) + int(g.Repeated()+g.Skipped()+g.Excluded()); sum != names || g.Excluded() == 0 || g.Skipped() == 0 || g.Repeated() == 0 {
		t.Errorf("%d candidates, %d repeats, %d skipped, %d excluded of %d names", len(got), g.Repeated(), g.Skipped(), g.Excluded(), names)
	}
}

func TestExcludeErrors(t *testing.T) {
	for _, word := range []string{"", " ", "a b", "[a-c]*", "a/b*", `a\*`, "-a", "a..b"} {
		var bad *OptionError
		if _, err := NewExclusion([]string{"go", word}); !errors.As(err, &bad) || bad.Value != word {
			t.Errorf("NewExclusion(%q): %v", word, err)
		}
	}
}
