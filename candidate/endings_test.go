package candidate

import (
	"regexp"
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

var vowelEnd = regexp.MustCompile(`([aeiou]|[^aeiou]y)$`)

// endingRules are the changes of a word other than an ending.
var endingRules = []struct {
	from *regexp.Regexp
	to   string
}{
	{regexp.MustCompile("^(.*[aeiou].*)[aeiou]([^aeiou]*)$"), "${1}${2}"},
	{regexp.MustCompile("^(.*[aeiou])([b-df-hj-np-tv-z])$"), "${1}${2}${2}"},
	{regexp.MustCompile("^([^aeiou]+)([eo])([^aeiou].*)$"), "${1}${2}${2}${3}"},
}

// slowEndings says by regular expressions how a word ends.
func slowEndings(word string) (list []string) {
	for _, ending := range strings.Fields("ly ify io a ora ist able er ia o eo y ie ity ster ium ette") {
		stem := word
		if word[len(word)-1] == ending[0] || vowelEnd.MatchString(word) && strings.Contains("aeiou", ending[:1]) {
			stem = word[:len(word)-1]
		}
		list = append(list, stem+ending)
	}
	for i, rule := range endingRules {
		if rule.from.MatchString(word) && (i > 0 || len(word) > 3) {
			list = append(list, rule.from.ReplaceAllString(word, rule.to))
		}
	}
	return list
}

func TestEndingsAgainstReference(t *testing.T) {
	words := append(textsOf(2), append(textsOf(3), textsOf(4)...)...)
	for _, word := range words {
		want := slices.DeleteFunc(slowEndings(word), func(s string) bool { return s == word })
		want = slices.Compact(slices.Sorted(slices.Values(want)))
		got := Endings(word)
		if sorted := slices.Sorted(slices.Values(got)); !slices.Equal(sorted, want) {
			t.Fatalf("Endings(%q) = %q, want %q", word, sorted, want)
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
