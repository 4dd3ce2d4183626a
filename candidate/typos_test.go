package candidate

import (
	"slices"
	"strings"
	"testing"

	"domprobe/internal/text"
)

// looksAlike returns the texts in ASCII that look like word.
func looksAlike(word string) map[string]bool {
	texts := make(map[string]bool)
	for _, pair := range homoglyphs() {
		if classify(pair[1]) != plain {
			continue
		}
		for i := range len(word) {
			if strings.HasPrefix(word[i:], pair[0]) {
				texts[word[:i]+pair[1]+word[i+len(pair[0]):]] = true
			}
		}
		texts[strings.ReplaceAll(word, pair[0], pair[1])] = true
	}
	return texts
}

// isTypo says by its definition whether s is one slip away from word, other than
// one of the eye.
func isTypo(word, s string) bool {
	longer := len(s) - len(word)
	if s == word || longer < -1 || longer > 1 {
		return false
	}
	switch longer {
	case -1: // omission
		for i := range word {
			if word[:i]+word[i+1:] == s {
				return true
			}
		}
	case 0:
		var differs []int
		for i := range word {
			if word[i] != s[i] {
				differs = append(differs, i)
			}
		}
		i := differs[0]
		if len(differs) == 2 { // transposition
			return differs[1] == i+1 && word[i] == s[i+1] && word[i+1] == s[i]
		}
		bits := word[i] ^ s[i]
		return len(differs) == 1 && (bits&(bits-1) == 0 || beside(word[i], s[i]) || vowel(word[i]) && vowel(s[i]))
	case 1:
		for i := range s {
			if s[:i]+s[i+1:] != word {
				continue
			}
			c := s[i]
			switch {
			case c == '-' && i > 0 && i < len(word) && word[i-1] != '-' && word[i] != '-',
				i == len(word) && c != '-',
				i > 0 && (beside(word[i-1], c) || word[i-1] == c && c >= 'a'),
				i < len(word) && (beside(word[i], c) || word[i] == c && c >= 'a'):
				return true
			}
		}
	}
	return false
}

// beside has the pairs of neighbouring keys as dnstwist lists them.
func beside(a, b byte) bool {
	return strings.IndexByte(map[byte]string{
		'1': "2q", '2': "3wq1", '3': "4ew2", '4': "5re3", '5': "6tr4", '6': "7yt5", '7': "8uy6", '8': "9iu7", '9': "0oi8", '0': "po9",
		'q': "12wa", 'w': "3esaq2", 'e': "4rdsw3", 'r': "5tfde4", 't': "6ygfr5", 'y': "7uhgt6", 'u': "8ijhy7", 'i': "9okju8", 'o': "0plki9", 'p': "lo0",
		'a': "qwsz", 's': "edxzaw", 'd': "rfcxse", 'f': "tgvcdr", 'g': "yhbvft", 'h': "ujnbgy", 'j': "ikmnhu", 'k': "olmji", 'l': "kop",
		'z': "asx", 'x': "zsdc", 'c': "xdfv", 'v': "cfgb", 'b': "vghn", 'n': "bhjm", 'm': "njk",
	}[a], b) >= 0
}

// The typos of ASCII words in ASCII are exactly those that a test of every text
// finds.
func TestTyposAgainstReference(t *testing.T) {
	const (
		alphabet = lettersDigits + "-"
		longest  = 3
	)
	var texts []string
	last := []string{""}
	for range longest {
		var longer []string
		for _, s := range last {
			for _, c := range alphabet {
				longer = append(longer, s+string(c))
			}
		}
		texts, last = append(texts, longer...), longer
	}
	for _, word := range []string{"ca", "oo", "m7", "cat", "m-d", "aab"} {
		var want []string
		alike := looksAlike(word)
		for _, s := range texts {
			if (isTypo(word, s) || alike[s] && s != word) && checkName(s) == nil {
				want = append(want, s)
			}
		}
		got := slices.DeleteFunc(Typos(word), func(s string) bool { return classify(s)&high != 0 || len(s) > longest })
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			missing := slices.DeleteFunc(slices.Clone(want), func(s string) bool { return slices.Contains(got, s) })
			extra := slices.DeleteFunc(slices.Clone(got), func(s string) bool { return slices.Contains(want, s) })
			t.Errorf("Typos(%s): missing %q, extra %q", word, missing, extra)
		}
	}
}

func TestTypos(t *testing.T) {
	tests := []struct{ keyword, has, not string }{
		{"Google", "gogle goggle googel googlee g-oogle g00gle g0ogle googl foogle googke gooogle", "google -google google-"},
		{"example.com", "exmaple.com example1.com exampie.com еxample.com", "example.com example"},
		{"example.co.uk", "exmaple.co.uk", "example.com.uk"},
		{"bücher", "bücer bücherr übcher", "bücher"},
		{"xn--bcher-kva.de", "bücer.de", ""},
		{"rn", "m", ""},
		{"a", "c ab á", ""},
	}
	for _, tt := range tests {
		got := Typos(tt.keyword)
		for _, want := range strings.Fields(tt.has) {
			if !slices.Contains(got, want) {
				t.Errorf("Typos(%q) has no %s", tt.keyword, want)
			}
		}
		for _, bad := range strings.Fields(tt.not) {
			if slices.Contains(got, bad) {
				t.Errorf("Typos(%q) has %s", tt.keyword, bad)
			}
		}
		if len(text.Distinct(got)) != len(got) {
			t.Errorf("Typos(%q) has repeats", tt.keyword)
		}
	}
	for _, keyword := range []string{"", "a b", "foo.bar.com", "com.", "-a", strings.Repeat("x", 64)} {
		if got := Typos(keyword); got != nil {
			t.Errorf("Typos(%q) = %q", keyword, got)
		}
	}
}

// Every look-alike is a character that names have, and none is another one in
// disguise.
func TestHomoglyphs(t *testing.T) {
	known := make(map[string]bool)
	for _, pair := range homoglyphs() {
		name, unicode, err := normalize(pair[1])
		switch isASCII := classify(pair[1]) == plain; {
		case err != nil, isASCII && name != pair[1], !isASCII && unicode != pair[1]:
			t.Errorf("%q for %s: %q, %q, %v", pair[1], pair[0], name, unicode, err)
		case known[pair[0]+" "+pair[1]]:
			t.Errorf("%q twice for %s", pair[1], pair[0])
		}
		known[pair[0]+" "+pair[1]] = true
	}
}
