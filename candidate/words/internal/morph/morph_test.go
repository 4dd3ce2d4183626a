package morph

import (
	"slices"
	"testing"
)

func TestRegular(t *testing.T) {
	for _, c := range []struct {
		word  string
		class Class
		want  string
	}{
		{"birds", Noun, "bird"}, {"boxes", Noun, "box"}, {"churches", Noun, "church"}, {"cities", Noun, "city"}, {"women", Noun, "woman"},
		{"flies", Verb, "fly"}, {"running", Verb, "runn"}, {"baking", Verb, "bake"}, {"hoped", Verb, "hope"}, {"walked", Verb, "walk"},
		{"faster", Adjective, "fast"}, {"finest", Adjective, "fine"},
	} {
		if got := Regular(c.word, c.class); !slices.Contains(got, c.want) {
			t.Errorf("%s %s: %q, want %q among them", c.class, c.word, got, c.want)
		}
	}
	for _, word := range []string{"glass", "fast", "s", "es", ""} {
		if got := Regular(word, Noun); len(got) > 0 {
			t.Errorf("%q: %q", word, got)
		}
	}
}
