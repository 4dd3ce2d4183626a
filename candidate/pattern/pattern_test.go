package pattern

import (
	"errors"
	"fmt"
	"iter"
	"math/big"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func gather(seq iter.Seq2[string, error]) (got []string, err error) {
	for s, e := range seq {
		if e != nil {
			return got, e
		}
		got = append(got, s)
	}
	return got, nil
}

// brute lists the texts of a node by definition, without steps.
func (n node) brute() []string {
	once := n.set
	if once == nil {
		for _, row := range n.alternatives {
			texts := []string{""}
			for _, part := range row {
				texts = cross(texts, part.brute())
			}
			once = append(once, texts...)
		}
	}
	var all []string
	times := []string{""}
	for i := 0; i <= n.most; i++ {
		if i >= n.least {
			all = append(all, times...)
		}
		if i < n.most {
			times = cross(times, once)
		}
	}
	return all
}

func cross(heads, tails []string) []string {
	var all []string
	for _, h := range heads {
		for _, t := range tails {
			all = append(all, h+t)
		}
	}
	return all
}

func TestPattern(t *testing.T) {
	tests := []struct {
		pattern string
		count   int
		first   string // the first few, space-separated
		last    string
		unique  bool
	}{
		{"a", 1, "a", "a", true},
		{"Go-1", 1, "go-1", "go-1", true},
		{"[a-c]", 3, "a b c", "c", true},
		{"[C-Aa]", 0, "", "", false},
		{"[z05a-c]", 6, "z 0 5 a b c", "c", true},
		{"[aab-]", 3, "a b -", "-", true},
		{"[-a]", 2, "- a", "a", true},
		{`[a\-c]`, 3, "a - c", "c", true},
		{"[^a-y]", 11, "z 0 1", "9", true},
		{`\d`, 10, "0 1", "9", true},
		{`\w`, 36, "a b", "9", true},
		{`\c\v`, 21 * 5, "ba be bi bo bu ca", "zu", true},
		{"[[:c:]][[:v:]]", 21 * 5, "ba be", "zu", true},
		{`[\d[:v:]x]`, 16, "0 1", "x", true},
		{"[[:alnum:]]", 36, "a b", "9", true},
		{"[[:alpha:]][[:digit:]]", 260, "a0 a1", "z9", true},
		{"[a-z]{3}", 17576, "aaa aab aac", "zzz", true},
		{"[a-z]{2}hq", 676, "aahq abhq", "zzhq", true},
		{"[ab]{1,3}", 14, "a b aa ab ba bb aaa", "bbb", true},
		{"x[ab]?", 3, "x xa xb", "xb", true},
		{"[ab]{0,1}x", 3, "x ax bx", "bx", true},
		{"a{0}b", 1, "b", "b", true},
		{"(get|try)go", 2, "getgo trygo", "trygo", true},
		{"get|try", 2, "get try", "try", true},
		{"(get|)go", 2, "getgo go", "go", true},
		{"(a|b(c|d)){2}", 9, "aa abc abd bca", "bdbd", false},
		{"a?a?", 4, " a a aa", "aa", false},
		{"(a|a)", 2, "a a", "a", false},
		{"(a|[ab])", 3, "a a b", "b", false},
		{"(ab|[ab])c", 3, "abc ac bc", "bc", true},
		{"(a?){2}", 4, " a a aa", "aa", false},
		{"[ab]{1,2}[ab]{1,2}", 36, "aa ab", "bbbb", false},
		{"[ab]{1,2}-[ab]", 12, "a-a a-b", "bb-b", true},
		{"bü[cß]", 2, "büc büß", "büß", false},
		{`go\.(dev|io)`, 2, "go.dev go.io", "go.io", false},
		{"go.dev", 1, "go.dev", "go.dev", false},
		{"(|)a", 2, "a a", "a", false},
		{"((x))", 1, "x", "x", true},
	}
	for _, tt := range tests {
		t.Run(tt.pattern, func(t *testing.T) {
			p, err := Compile(tt.pattern)
			if tt.count == 0 {
				if err == nil {
					t.Fatal("no error")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := gather(p.All())
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != tt.count || p.Count().Cmp(big.NewInt(int64(tt.count))) != 0 {
				t.Fatalf("%d keywords, Count %v, want %d", len(got), p.Count(), tt.count)
			}
			first := strings.Split(tt.first, " ")
			if !slices.Equal(got[:len(first)], first) || got[len(got)-1] != tt.last {
				t.Errorf("got %q ... %q, want %q ... %q", got[:len(first)], got[len(got)-1], first, tt.last)
			}
			checkPattern(t, tt.pattern, p, got)
			if p.Unique() != tt.unique {
				t.Errorf("Unique() = %v", p.Unique())
			}
		})
	}
}

// checkPattern checks what a pattern yields against brute force, its numbers,
// and a shuffle of it.
func checkPattern(t *testing.T, src string, p *Pattern, got []string) {
	t.Helper()
	tree, err := parse(src)
	if err != nil {
		t.Fatal(err)
	}
	root := node{alternatives: tree, least: 1, most: 1}
	if want := root.brute(); !slices.Equal(got, want) {
		t.Errorf("%s: got %.200q, brute force %.200q", src, got, want)
	}
	for i, want := range got {
		if word := string(p.start.pick(nil, uint64(i))); word != want {
			t.Fatalf("%s: number %d is %q, want %q", src, i, word, want)
		}
	}
	sorted := slices.Sorted(slices.Values(got))
	if p.Unique() && len(slices.Compact(slices.Clone(sorted))) != len(sorted) {
		t.Errorf("%s: not unique", src)
	}
	shuffled, err := gather(p.Shuffled(7))
	if err != nil || !slices.Equal(slices.Sorted(slices.Values(shuffled)), sorted) {
		t.Errorf("%s: shuffled is %.200q, %v", src, shuffled, err)
	}
}

// TestPatternAgainstRegexp compares with the words over a small alphabet that
// package regexp matches.
func TestPatternAgainstRegexp(t *testing.T) {
	var all []string
	words := []string{""}
	for range 6 {
		words = cross(words, []string{"a", "b", "1"})
		all = append(all, words...)
	}
	all = append([]string{""}, all...)
	for _, src := range []string{"[ab]{1,3}1?", "(a|b1){2}", "a(b?1){0,2}b", `(\d|ab){1,3}`, "(a|b|(1|a)b?){1,2}", "[^b-z02-9]{3}"} {
		p, err := Compile(src)
		if err != nil {
			t.Fatal(err)
		}
		re := regexp.MustCompile("^(?:" + strings.ReplaceAll(src, "[^b-z02-9]", "[a1]") + ")$")
		want := make(map[string]bool)
		for _, w := range all {
			if re.MatchString(w) {
				want[w] = true
			}
		}
		got := make(map[string]bool)
		for w := range p.All() {
			if strings.Trim(w, "ab1") == "" {
				got[w] = true
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s: %d different words, regexp matches %d", src, len(got), len(want))
		}
		for w := range got {
			if !want[w] {
				t.Errorf("%s yields %q", src, w)
			}
		}
	}
}

func TestRandomPatterns(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 3))
	var make func(depth int) string
	make = func(depth int) string {
		var b strings.Builder
		for range 1 + r.IntN(3) {
			switch k := r.IntN(6); {
			case k < 2 || depth == 0:
				b.WriteString([]string{"a", "b", "c", "-"}[r.IntN(4)])
			case k < 4:
				b.WriteString([]string{"[ab]", "[b-d]", "[^c-z0-9]", "[a-]"}[r.IntN(4)])
			default:
				fmt.Fprintf(&b, "(%s|%s)", make(depth-1), make(depth-1))
			}
			b.WriteString([]string{"", "", "", "?", "{2}", "{1,2}", "{0,2}"}[r.IntN(7)])
		}
		return b.String()
	}
	small := big.NewInt(5000)
	checked := 0
	for checked < 300 {
		src := make(2)
		p, err := Compile(src)
		if err != nil {
			t.Fatal(err)
		}
		if p.Count().Cmp(small) > 0 {
			continue
		}
		checked++
		got, err := gather(p.All())
		if err != nil {
			t.Fatal(err)
		}
		checkPattern(t, src, p, got)
	}
}

func TestErrors(t *testing.T) {
	tests := []struct {
		pattern string
		pos     int
		problem string
	}{
		{"", 1, "nothing to generate"},
		{"()", 1, "nothing to generate"},
		{"a{0}", 1, "nothing to generate"},
		{"(|)", 1, "nothing to generate"},
		{"a*", 2, `unbounded '*'`},
		{"go[a-z]+", 8, `unbounded '+'`},
		{"a{2,}", 2, "unbounded {2,}"},
		{"*", 1, "nothing before '*'"},
		{"a|?", 3, "nothing before '?'"},
		{"({2})", 2, "nothing before '{'"},
		{"a??", 3, "a repetition of a repetition"},
		{"a{2}{3}", 5, "a repetition of a repetition"},
		{"a{", 2, "no {n}"},
		{"a{x}", 2, "no {n}"},
		{"a{2", 2, "no {n}"},
		{"a{,2}", 2, "no {n}"},
		{"a{3,2}", 2, "from 3 to 2"},
		{"a{254}", 2, "more than 253"},
		{"a{99999999999999999999}", 2, "more than 253"},
		{"[a-z", 1, "class without ]"},
		{"x[]", 2, "empty class"},
		{"x[^a-z0-9]", 2, "empty class"},
		{"[z-a]", 2, "no range"},
		{"[a-_]", 2, "no range"},
		{"[A-z]", 2, "which no name can hold"},
		{"[[:x:]]", 2, "no class of that name"},
		{"[[a]]", 2, "no class of that name"},
		{"[[:c:", 2, "no class of that name"},
		{"[[:", 2, "no class of that name"},
		{"[[", 2, "no class of that name"},
		{"[.]", 2, "which no name can hold"},
		{"[一-鿿㐀-䶿]", 1, ""},
		{"(a", 1, "group without )"},
		{"a(b(c)", 2, "group without )"},
		{"a)", 2, "no group"},
		{`a\`, 2, "backslash before nothing"},
		{`\x`, 1, `no class \x`},
		{`[\x]`, 2, `no class \x`},
		{"a b", 2, "which no name can hold"},
		{"a_b", 2, "which no name can hold"},
		{"^a$", 1, "which no name can hold"},
		{"a\u00adb", 2, "which no name can hold"},
		{"üa\xff", 3, "invalid UTF-8"},
		{strings.Repeat("a", 1025), 1025, "longer than 1024"},
		{"(a{200}){2}", 1, "longer than any name"},
		{"((((((((((a{253}){253}){253}){253}){253}){253}){253}){253}){253}){253})", 1, "longer than any name"},
		{strings.Repeat("(", 12) + "a?" + strings.Repeat("){200}", 12), 1, "longer than any name"},
		{"(((((|){253}){253}){253}){253}){253}a", 1, "more repetitions"},
		{"(" + strings.Repeat("ab|", 300) + "c){126}", 1, "more repetitions"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%.64q", tt.pattern), func(t *testing.T) {
			p, err := Compile(tt.pattern)
			if tt.problem == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var bad *Error
			if !errors.As(err, &bad) {
				t.Fatalf("Compile gives %v, %v, want a Error", p, err)
			}
			if bad.Pos != tt.pos || !strings.Contains(bad.Problem, tt.problem) || bad.Pattern != tt.pattern {
				t.Errorf("%v, want %q at %d", err, tt.problem, tt.pos)
			}
			if strings.Contains(err.Error(), "\n") || !utf8.ValidString(err.Error()) || len(err.Error()) > 400 {
				t.Errorf("message %q is not a line for the user", err)
			}
		})
	}
	_, err := Compile(`[a-z]\d+`)
	if want := `pattern "[a-z]\d+": unbounded '+' at character 8`; err.Error() != want {
		t.Errorf("message %s, want %s", err, want)
	}
}

func TestPatternTooLargeToList(t *testing.T) {
	p, err := Compile(`\w{63}`)
	if err != nil {
		t.Fatal(err)
	}
	want := new(big.Int).Exp(big.NewInt(36), big.NewInt(63), nil)
	if p.Count().Cmp(want) != 0 {
		t.Errorf("Count() = %v, want %v", p.Count(), want)
	}
	for w := range p.All() {
		if w != strings.Repeat("a", 63) {
			t.Errorf("first is %q", w)
		}
		break
	}
	if got, err := gather(p.Shuffled(1)); len(got) != 0 || err != ErrTooMany {
		t.Errorf("Shuffled yields %d keywords, %v", len(got), err)
	}
	p.Count().SetInt64(0)
	if p.Count().Cmp(want) != 0 {
		t.Error("a caller can change the count")
	}
}

func TestShuffled(t *testing.T) {
	p, err := Compile("[a-z]{3}")
	if err != nil {
		t.Fatal(err)
	}
	inOrder, _ := gather(p.All())
	one, _ := gather(p.Shuffled(1))
	again, _ := gather(p.Shuffled(1))
	two, _ := gather(p.Shuffled(2))
	if !slices.Equal(one, again) {
		t.Error("the same seed gives another order")
	}
	if slices.Equal(one, two) || slices.Equal(one, inOrder) {
		t.Error("the seed makes no difference")
	}
	// In a random order a keyword is rarely near its place: the mean distance
	// of two random numbers below n is n/3.
	sum := 0
	for i, w := range one {
		at, _ := slices.BinarySearch(inOrder, w)
		sum += max(i-at, at-i)
	}
	if mean := float64(sum) / float64(len(one)) / float64(len(one)); mean < 0.32 || mean > 0.35 {
		t.Errorf("keywords are %.3f n from their place on average, want 1/3", mean)
	}
}

// The order of a seed never changes: users go on with a shuffle by --resume.
func TestShuffledOrder(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		seed    uint64
		want    string // the first of them
	}{
		{"[a-z]{3}", 0, "nva gdy vtq dcy sxw rvh pfn bow"},
		{"[a-z]{3}", 1, "buc ewi tsf gko gtz slx woa zks"},
		{"[a-z]{3}", 1 << 63, "sqb zhs kce ikl scg ckt cbl deg"},
		{`(get|try)?\c\v`, 0, "ye jo tryhe mu tryhu qa trywi trymo"},
		{`(get|try)?\c\v`, 1, "tryca getre tryti vi getlo trywo ba ca"},
		{"[ab]", 1, "b a"},
	} {
		p, err := Compile(tt.pattern)
		if err != nil {
			t.Fatal(err)
		}
		got, err := gather(p.Shuffled(tt.seed))
		want := strings.Fields(tt.want)
		if err != nil || !slices.Equal(got[:len(want)], want) {
			t.Errorf("%s with seed %d: %q, %v, want %q", tt.pattern, tt.seed, got[:len(want)], err, want)
		}
	}
}

func TestBounds(t *testing.T) {
	for _, tt := range []struct {
		pattern     string
		valid, some bool // and some order other than its own
	}{
		{"(|){62}a", true, true},                // 1<<62 keywords
		{"(|){63}a", true, false},               //
		{"((|){253}){16}(|){47}a", true, false}, // 1<<4095
		{"((|){253}){16}(|){48}a", false, false},
		{"[\u4e00-\u9fff\u3400-\u4dbf\U00020000-\U0002143f]", true, true}, // 1<<15 characters
		{"[\u4e00-\u9fff\u3400-\u4dbf\U00020000-\U00021440]", false, false},
	} {
		p, err := Compile(tt.pattern)
		if (err == nil) != tt.valid {
			t.Errorf("%s: %v", tt.pattern, err)
		}
		if err == nil && p.CanShuffle() != tt.some {
			t.Errorf("%s: CanShuffle() = %t", tt.pattern, p.CanShuffle())
		}
	}
}

func TestPermutation(t *testing.T) {
	for _, n := range []uint64{1, 2, 3, 4, 5, 15, 16, 17, 255, 256, 257, 1000, 4097} {
		for seed := range uint64(5) {
			p := newPermutation(n, seed)
			hit := make([]bool, n)
			for i := range n {
				at := p.at(i)
				if at >= n || hit[at] {
					t.Fatalf("n=%d seed=%d: %d comes twice or is too large", n, seed, at)
				}
				hit[at] = true
			}
		}
	}
	p := newPermutation(maxShuffle, 1)
	if at := p.at(maxShuffle - 1); at >= maxShuffle {
		t.Errorf("%d is too large", at)
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{"[a-z]{3}", `\c\v`, "(get|try)?[^a-y]{1,2}", "a{2,}", "[[:c:]]", "((a|){3}){4}", "ü[ä-ö]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		p, err := Compile(src)
		if err != nil {
			var bad *Error
			if !errors.As(err, &bad) || bad.Pos < 1 || bad.Pos > len([]rune(src))+1 {
				t.Errorf("%q: %v", src, err)
			}
			return
		}
		n := 0
		known := make(map[string]bool)
		for w := range p.All() {
			if n++; n > 300 {
				break
			}
			if len([]rune(w)) > maxName {
				t.Errorf("%q yields %d characters", src, len(w))
			}
			if p.Unique() && known[w] {
				t.Errorf("%q yields %q twice", src, w)
			}
			known[w] = true
		}
		if n <= 300 && p.Count().Cmp(big.NewInt(int64(n))) != 0 {
			t.Errorf("%q yields %d, Count() = %v", src, n, p.Count())
		}
	})
}
