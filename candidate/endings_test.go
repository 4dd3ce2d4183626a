package candidate

import (
	"slices"
	"strings"
	"testing"
)

func TestEndings(t *testing.T) {
	tests := []struct{ keyword, has, not string }{
		{"Shop", "shoply shopify shopio shopa shopora shopist shopable shopp shoop", "shop Shopify"},
		{"bit", "bitly bitt", "bit"},
		{"flicker", "flickr", "flicker flckr"},
		{"tumbler", "tumblr", ""},
		{"dig", "digg", "diig"},
		{"gogle", "google", "goglee"},
		{"reel", "reely", "reelly"},
		{"create", "creatify creatable", "createify"},
		{"happy", "happify", "happyify"},
		{"pay", "payable", "paable"},
		{"data", "datable datio dataly", "data dataable"},
		{"go", "goly gist", "g goo"},
		{"web2", "web2ly", "web22"},
		{"a-b", "a-bly", ""},
		{"ab-", "ab-ly", "ab--"},
	}
	for _, tt := range tests {
		got := Endings(tt.keyword)
		for _, want := range strings.Fields(tt.has) {
			if !slices.Contains(got, want) {
				t.Errorf("Endings(%q) = %q has no %s", tt.keyword, got, want)
			}
		}
		for _, bad := range strings.Fields(tt.not) {
			if slices.Contains(got, bad) {
				t.Errorf("Endings(%q) has %s", tt.keyword, bad)
			}
		}
		if len(got) > len(endings)+3 {
			t.Errorf("Endings(%q) has %d keywords", tt.keyword, len(got))
		}
	}
	for _, keyword := range []string{"", "x", "go.dev", "bücher", "a b", strings.Repeat("x", 64)} {
		if got := Endings(keyword); got != nil {
			t.Errorf("Endings(%q) = %q", keyword, got)
		}
	}
	if got := Endings(strings.Repeat("x", 63)); len(got) != 0 {
		t.Errorf("a label of 63 octets gives %q", got)
	}
}

// Every ending makes the keyword longer by at most itself, and none comes twice.
func TestEndingsAreDistinct(t *testing.T) {
	for _, word := range textsOf(3) {
		got := Endings(word)
		if sorted := slices.Compact(slices.Sorted(slices.Values(got))); len(sorted) != len(got) || slices.Contains(got, word) {
			t.Fatalf("Endings(%q) = %q", word, got)
		}
		for _, made := range got {
			if made[:1] != word[:1] || len(made) > len(word)+len("ette") || checkName(made) != nil {
				t.Fatalf("Endings(%q) has %q", word, made)
			}
		}
	}
}

// textsOf returns all texts of n characters of a small alphabet.
func textsOf(n int) []string {
	list := []string{""}
	for range n {
		var longer []string
		for _, s := range list {
			for _, c := range "abeloty2" {
				longer = append(longer, s+string(c))
			}
		}
		list = longer
	}
	return list
}
