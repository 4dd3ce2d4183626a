package candidate

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"domprobe/internal/text"
)

func TestTLDs(t *testing.T) {
	list := TLDs()
	if len(list) < 1400 || !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) {
		t.Fatalf("%d TLDs, not sorted or not distinct", len(list))
	}
	for _, tld := range list {
		if parsed, err := parseTLD(tld); err != nil || parsed.name != tld || strings.Contains(tld, ".") {
			t.Errorf("%s in the list: %v", tld, err)
		}
		if special(tld) != nil {
			t.Errorf("%s is of special use", tld)
		}
	}
	if !strings.Contains(tldText[:strings.Index(tldText, "\naaa\n")], fmt.Sprintf("%d,%03d", len(list)/1000, len(list)%1000)) {
		t.Errorf("the head of the list does not say that it has %d lines", len(list))
	}
	list[0] = "changed"
	if TLDs()[0] == "changed" {
		t.Error("a caller can change the list")
	}
	for tld, want := range map[string]bool{"dev": true, ".COM": true, "рф": true, "xn--p1ai": true, "devv": false, "co.uk": false, "": false, "\xff": false} {
		if IsTLD(tld) != want {
			t.Errorf("IsTLD(%q) = %v", tld, !want)
		}
	}
}

func TestClosest(t *testing.T) {
	for tld, want := range map[string]string{
		"devv": "dev", "con": "com", "cmo": "com", "comm": "com", "vom": "com", "orgg": "org", "ogr": "org",
		"nte": "net", ".DEVV": "dev", "co.ku": "co.uk", "oi": "io", "xzy": "xyz", "onlin": "online",
		"dev": "", "com": "", "co.uk": "", "qqqqqq": "", "": "", "a b": "", "gopherr": "", "photographi": "photography",
	} {
		if got := Closest(tld); got != want {
			t.Errorf("Closest(%q) = %q, want %q", tld, got, want)
		}
	}
}

func TestPresets(t *testing.T) {
	for _, name := range Presets() {
		tlds, err := Preset(name)
		if err != nil || len(tlds) < 5 {
			t.Errorf("Preset(%q) = %q, %v", name, tlds, err)
		}
		known := make(map[string]bool)
		for _, tld := range tlds {
			if known[tld] || !IsTLD(tld) {
				t.Errorf("%s of %s comes twice or is no TLD", tld, name)
			}
			known[tld] = true
			if name == "short" && len(tld) != 2 {
				t.Errorf("%s is not short", tld)
			}
		}
	}
	if all, _ := Preset("all"); !slices.Equal(all, TLDs()) {
		t.Error("all is not all")
	}
	if country, _ := Preset("country"); len(country) < 240 || !slices.Contains(country, "de") || slices.Contains(country, "com") {
		t.Errorf("country is %q", country)
	}
	for _, name := range []string{"popular", "startup", "tech", "country", "short", "all"} {
		if !slices.Contains(Presets(), name) {
			t.Errorf("no preset %s", name)
		}
	}
	_, err := Preset("nice")
	var bad *OptionError
	if !errors.As(err, &bad) || bad.Value != "nice" || !strings.Contains(err.Error(), "popular, ") {
		t.Errorf("Preset(nice): %v", err)
	}
}

func TestReadPresets(t *testing.T) {
	got, err := ReadPresets(strings.NewReader("\ufeff# mine\nmine: com .IO,dev\tio # three\r\n\n idn : рф co.uk\ncom\n.org COM,net\n"))
	want := map[string][]string{"": {"com", "org", "net"}, "mine": {"com", "io", "dev"}, "idn": {"xn--p1ai", "co.uk"}}
	if err != nil || !maps.EqualFunc(got, want, slices.Equal[[]string]) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	for text, line := range map[string]int{
		"com _io":                             1,
		"# x\n\nmi ne: com":                   3,
		"a: com\nb:\n":                        2,
		": com":                               1,
		"a b: com":                            1,
		"a: com\na: io":                       2,
		"a: com _":                            1,
		"a: com\n" + strings.Repeat("x", 1e5): 2,
	} {
		_, err := ReadPresets(strings.NewReader(text))
		var bad *LineError
		if !errors.As(err, &bad) || bad.Line != line {
			t.Errorf("%.20q: %v, want an error in line %d", text, err, line)
		}
	}
}

func TestHacks(t *testing.T) {
	tests := []struct{ keyword, want string }{
		{"delicious", "delicio.us"},
		{"Instagram", "instagr.am"},
		{"vivacouk", "vivaco.uk viva.co.uk"},
		{"telecom", "telec.om tele.com"},
		{"go", ""},
		{"us", ""},
		{"golang.org", ""},
		{"bücher", ""},
		{"qqqqq", ""},
		{"x-us", ""},
		{"xcouk", "xco.uk x.co.uk"},
		{"couk", ""},
		{"", ""},
		{"a_us", ""},
	}
	for _, tt := range tests {
		if got := strings.Join(Hacks(tt.keyword), " "); got != tt.want {
			t.Errorf("Hacks(%q) = %s, want %s", tt.keyword, got, tt.want)
		}
	}
}

// TestHacksBruteForce tries every pair of places for dots.
func TestHacksBruteForce(t *testing.T) {
	for _, word := range []string{"instagram", "delicious", "telecom", "bitcomau", "example", "gopherconf", "abcoid", "photography", "storenet"} {
		want := make(map[string]bool)
		try := func(name string) {
			if c := Parse(name); c.Err == nil && IsTLD(c.TLD[strings.LastIndexByte(c.TLD, '.')+1:]) {
				want[c.Name] = true
			}
		}
		for i := 1; i < len(word); i++ {
			try(word[:i] + "." + word[i:])
			for j := 1; j < i; j++ {
				try(word[:j] + "." + word[j:i] + "." + word[i:])
			}
		}
		got := make(map[string]bool)
		for _, h := range Hacks(word) {
			got[h] = true
			if strings.ReplaceAll(h, ".", "") != word {
				t.Errorf("%s does not spell %s", h, word)
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("Hacks(%s) = %v, want %v", word, got, want)
		}
	}
}

func TestCombine(t *testing.T) {
	tests := []struct {
		words []string
		n     int
		joins []string
		want  string
	}{
		{[]string{"go", "hub"}, 2, nil, "gohub hubgo"},
		{[]string{"go", "hub"}, 2, []string{"", "-"}, "gohub go-hub hubgo hub-go"},
		{[]string{"go", "hub", "Go", ""}, 2, []string{"-", "-"}, "go-hub hub-go"},
		{[]string{"a", "b", "c"}, 2, nil, "ab ac ba bc ca cb"},
		{[]string{"a", "b", "c"}, 3, []string{"-"}, "a-b-c a-c-b b-a-c b-c-a c-a-b c-b-a"},
		{[]string{"a", "b"}, 1, []string{"", "-"}, "a b"},
		{[]string{"a", "go.dev", "b", "GO.dev"}, 2, nil, "go.dev ab ba"},
	}
	for _, tt := range tests {
		got, err := gather(Combine(tt.words, tt.n, tt.joins))
		if err != nil || strings.Join(got, " ") != tt.want {
			t.Errorf("Combine(%q, %d, %q) = %q, %v, want %s", tt.words, tt.n, tt.joins, got, err, tt.want)
		}
		if n := CombineCount(tt.words, tt.n, tt.joins); n.Int64() != int64(len(got)) {
			t.Errorf("CombineCount(%q, %d, %q) = %v, want %d", tt.words, tt.n, tt.joins, n, len(got))
		}
	}
	for _, n := range []int{-1, 0, 3} {
		got, err := gather(Combine([]string{"a", "b", "a"}, n, nil))
		var bad *OptionError
		if len(got) != 0 || !errors.As(err, &bad) || CombineCount([]string{"a", "b", "a"}, n, nil).Sign() != 0 {
			t.Errorf("%d of two words: %q, %v", n, got, err)
		}
	}
	n := 0
	for range Combine([]string{"a", "b", "c"}, 2, []string{"", "-"}) {
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("the loop went on to %d", n)
	}
}

func TestCombineBruteForce(t *testing.T) {
	words := strings.Fields("a bb ccc dddd e")
	joins := []string{"", "-", "x"}
	want := make(map[string]int)
	for i, a := range words {
		for j, b := range words {
			for k, c := range words {
				if i != j && j != k && i != k {
					for _, join := range joins {
						want[a+join+b+join+c]++
					}
				}
			}
		}
	}
	got := make(map[string]int)
	for w := range Combine(words, 3, joins) {
		got[w]++
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %d different keywords, want %d", len(got), len(want))
	}
}

func TestAffixes(t *testing.T) {
	prefixes, suffixes := Affixes()
	if _, err := New(Options{Prefixes: prefixes, Suffixes: suffixes}); err != nil {
		t.Error(err)
	}
	for _, list := range [][]string{prefixes, suffixes} {
		if len(list) < 6 || len(text.Distinct(list)) != len(list) {
			t.Errorf("affixes %q", list)
		}
	}
	for _, want := range strings.Fields("get try my use go join") {
		if !slices.Contains(prefixes, want) {
			t.Errorf("no prefix %s", want)
		}
	}
	for _, want := range strings.Fields("app hq ly hub lab kit") {
		if !slices.Contains(suffixes, want) {
			t.Errorf("no suffix %s", want)
		}
	}
}

func TestShard(t *testing.T) {
	const total = 100_000
	source := func() *Generator {
		g, err := New(Options{Keywords: counted(total / 2), TLDs: []string{"com", "dev"}, Unique: true})
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	for _, n := range []int{1, 2, 7, 16} {
		seen := make(map[string]int, total)
		for i := 1; i <= n; i++ {
			size := 0
			for c, err := range Shard(source().All(), i, n) {
				if err != nil {
					t.Fatal(err)
				}
				size++
				seen[c.Name]++
			}
			if share := float64(size) * float64(n) / total; share < 0.95 || share > 1.05 {
				t.Errorf("part %d of %d has %d names", i, n, size)
			}
		}
		if len(seen) != total {
			t.Errorf("%d parts have %d names together, want %d", n, len(seen), total)
		}
		for name, times := range seen {
			if times != 1 {
				t.Fatalf("%s is in %d of %d parts", name, times, n)
			}
		}
	}
}

// TestShardHash holds the hash to its description: reports of old runs are
// merged with new ones.
func TestShardHash(t *testing.T) {
	for _, name := range []string{"", "go.dev", "xn--bcher-kva.de", "g_o.dev"} {
		h := fnv.New64a()
		io.WriteString(h, name)
		sum := h.Sum64()
		if got, want := shardOf(name, 1000), int((sum>>32^sum&0xffffffff)%1000)+1; got != want {
			t.Errorf("shardOf(%q, 1000) = %d, want %d", name, got, want)
		}
	}
	if got := shardOf("", 16); got != 2 {
		t.Errorf("shardOf of nothing = %d, want 2", got)
	}
}

func TestShardErrors(t *testing.T) {
	broken := errors.New("broken")
	failing := func(yield func(Candidate, error) bool) { yield(Candidate{}, broken) }
	for i := 1; i <= 3; i++ {
		if _, err := collect(t, Shard(failing, i, 3)); err != broken {
			t.Errorf("part %d: error %v", i, err)
		}
	}
	for _, bad := range [][2]int{{0, 3}, {4, 3}, {1, 0}, {-1, -1}} {
		_, err := collect(t, Shard(Names("go.dev"), bad[0], bad[1]))
		var wrong *OptionError
		if !errors.As(err, &wrong) {
			t.Errorf("part %d of %d: error %v", bad[0], bad[1], err)
		}
	}
	if i, n, err := ParseShard("3/16"); i != 3 || n != 16 || err != nil {
		t.Errorf("ParseShard(3/16) = %d, %d, %v", i, n, err)
	}
	for _, s := range []string{"", "3", "3/", "/16", "a/b", "0/3", "4/3", "1/0", "1/2/3", "1.5/2"} {
		if i, n, err := ParseShard(s); err == nil {
			t.Errorf("ParseShard(%q) = %d, %d", s, i, n)
		}
	}
}

func TestRecords(t *testing.T) {
	got, err := gather(Records(strings.NewReader("go\x00 # x\n\x00\x00rust")))
	if want := []string{"go", " # x\n", "rust"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}
