package candidate_test

import (
	"slices"
	"testing"

	"domprobe/candidate"
)

// A name can be traced to its keyword, and to what was glued to it.
func TestProvenance(t *testing.T) {
	var origin candidate.Origin
	g, err := candidate.New(candidate.Options{
		Keywords: candidate.Concat(candidate.Stream("go", "a.dev"), origin.Tag("pattern", candidate.Stream("xa", "xb")), candidate.Stream("zig")),
		TLDs:     []string{"dev"}, Prefixes: []string{"my"}, Suffixes: []string{"lang"}, Origin: &origin,
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for c, err := range g.All() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, c.Name+"="+c.Prefix+"+"+c.Keyword+"+"+c.Suffix+" "+c.Generator)
	}
	for _, want := range []string{"mygolang.dev=my+go+lang ", "go.dev=+go+ ", "a.dev=+a.dev+ ", "myxa.dev=my+xa+ pattern", "xblang.dev=+xb+lang pattern", "zig.dev=+zig+ "} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
}
