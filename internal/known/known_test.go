package known

import (
	"slices"
	"strings"
	"testing"

	"domprobe/candidate"
)

// Every line of the list is a TLD with names directly under it, of which each
// is there once.
func TestList(t *testing.T) {
	lines := 0
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		lines++
		names := strings.Fields(line)
		tld := names[0]
		if len(names) < 2 || !slices.Equal(Names(tld), names[1:]) {
			t.Errorf("names under %s: %v, of the line %q", tld, Names(tld), line)
		}
		for i, name := range names[1:] {
			label, under, _ := strings.Cut(name, ".")
			if c := candidate.Parse(name); label == "" || under != tld || c.Name != name || c.TLD != tld {
				t.Errorf("%s is no name directly under %s: %+v", name, tld, c)
			}
			if slices.Contains(names[1:i+1], name) {
				t.Errorf("%s is there twice", name)
			}
		}
	}
	if lines < 800 || len(byTLD()) != lines {
		t.Errorf("%d lines, %d TLDs", lines, len(byTLD()))
	}
}

func TestHas(t *testing.T) {
	for name, want := range map[string]bool{
		"google.com": true, "go.dev": true, "nosuchname-of-anybody.com": false, "google.nosuchtld": false,
		"com": false, "": false, "www.google.com": false, "google.com.": false, "#": false, "TLD and": false,
	} {
		if Has(name) != want {
			t.Errorf("%q is known: %t", name, !want)
		}
	}
	if got := Names("nosuchtld"); len(got) > 0 {
		t.Errorf("names under nosuchtld: %v", got)
	}
	if got := Names("#"); len(got) > 0 {
		t.Errorf("names under the comment: %v", got)
	}
}
