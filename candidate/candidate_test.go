package candidate

import (
	"errors"
	"iter"
	"runtime"
	"slices"
	"strings"
	"testing"

	"domprobe/candidate/pattern"
)

func TestParse(t *testing.T) {
	label63 := strings.Repeat("a", 63)
	name253 := strings.Repeat("a", 63) + "." + strings.Repeat("b", 63) + "." + strings.Repeat("c", 63) + "." + strings.Repeat("d", 61)
	tests := []struct {
		in      string
		name    string
		unicode string
		tld     string
		reason  Reason // of an invalid name
		detail  string // part of its detail
	}{
		{in: "go.dev", name: "go.dev", tld: "dev"},
		{in: "go.dev.", name: "go.dev", tld: "dev"},
		{in: "Go.DEV", name: "go.dev", tld: "dev"},
		{in: "example.co.uk", name: "example.co.uk", tld: "co.uk"},
		{in: "4chan.org", name: "4chan.org", tld: "org"},
		{in: "a-b.com", name: "a-b.com", tld: "com"},
		{in: "x.devv", name: "x.devv", tld: "devv"},
		{in: "github.io", name: "github.io", tld: "io"},
		{in: "foo.github.io", name: "foo.github.io", tld: "github.io"},
		{in: "x.uk.com", name: "x.uk.com", tld: "uk.com"},
		{in: "a.s3.amazonaws.com", name: "a.s3.amazonaws.com", tld: "s3.amazonaws.com"},
		{in: "city.kawasaki.jp", name: "city.kawasaki.jp", tld: "kawasaki.jp"},
		{in: "www.ck", name: "www.ck", tld: "ck"},
		{in: label63 + ".com", name: label63 + ".com", tld: "com"},

		// UTS 46, non-transitional.
		{in: "bücher.de", name: "xn--bcher-kva.de", unicode: "bücher.de", tld: "de"},
		{in: "BÜCHER.de", name: "xn--bcher-kva.de", unicode: "bücher.de", tld: "de"},
		{in: "bu\u0308cher.de", name: "xn--bcher-kva.de", unicode: "bücher.de", tld: "de"},
		{in: "XN--BCHER-KVA.de", name: "xn--bcher-kva.de", unicode: "bücher.de", tld: "de"},
		{in: "straße.de", name: "xn--strae-oqa.de", unicode: "straße.de", tld: "de"},
		{in: "go。dev", name: "go.dev", tld: "dev"},
		{in: "go．dev｡", name: "go.dev", tld: "dev"},
		{in: "ｇｏ.dev", name: "go.dev", tld: "dev"},
		{in: "go\u00adlang.dev", name: "golang.dev", tld: "dev"},
		{in: "пример.рф", name: "xn--e1afmkfd.xn--p1ai", unicode: "пример.рф", tld: "xn--p1ai"},
		{in: "אבא.com", name: "xn--4dbac.com", unicode: "אבא.com", tld: "com"},
		{in: "💩.la", name: "xn--ls8h.la", unicode: "💩.la", tld: "la"},

		{in: "", reason: BadLabel, detail: "empty label"},
		{in: ".", reason: BadLabel, detail: "empty label"},
		{in: ".com", name: ".com", reason: BadLabel, detail: "empty label"},
		{in: "a..b", name: "a..b", reason: BadLabel, detail: "empty label"},
		{in: "go.dev..", name: "go.dev.", reason: BadLabel, detail: "empty label"},
		{in: "a。。b", name: "a。。b", reason: BadLabel, detail: "empty label"},
		{in: "\u00ad.com", name: "\u00ad.com", reason: BadLabel, detail: "empty label"},
		{in: "foo_bar.com", name: "foo_bar.com", reason: BadLabel, detail: `holds '_'`},
		{in: "foo bar.com", name: "foo bar.com", reason: BadLabel, detail: `holds ' '`},
		{in: "foo\x00.com", name: "foo\x00.com", reason: BadLabel, detail: `holds '\x00'`},
		{in: "foo\x1b[2J.com", name: "foo\x1b[2j.com", reason: BadLabel, detail: `holds '\x1b'`},
		{in: "*.com", name: "*.com", reason: BadLabel, detail: `holds '*'`},
		{in: "bü_cher.de", name: "bü_cher.de", reason: BadLabel, detail: `holds '_'`},
		{in: "-go.dev", name: "-go.dev", reason: BadLabel, detail: "starts with a hyphen"},
		{in: "go-.dev", name: "go-.dev", reason: BadLabel, detail: "ends with a hyphen"},
		{in: "-.dev", name: "-.dev", reason: BadLabel, detail: "hyphen"},
		{in: "ab--c.dev", name: "ab--c.dev", reason: BadLabel, detail: "third and fourth"},
		{in: "192.168.1.1", name: "192.168.1.1", reason: BadLabel, detail: "ends in a number"},

		{in: "xn--.com", name: "xn--.com", reason: BadLabel, detail: "ends with a hyphen"},
		{in: "xn--a.com", name: "xn--a.com", reason: BadIDN},
		{in: "xn--abc-.com", name: "xn--abc-.com", reason: BadLabel, detail: "ends with a hyphen"},
		{in: "xn--bcher-kva\u00ad-.de", name: "xn--bcher-kva\u00ad-.de", reason: BadIDN},
		{in: "a\xffb.com", name: "a\xffb.com", reason: BadIDN, detail: "not valid UTF-8"},
		{in: "\u0301a.com", name: "\u0301a.com", reason: BadIDN},
		{in: "a\u200db.com", name: "a\u200db.com", reason: BadIDN},
		{in: "אa.com", name: "אa.com", reason: BadIDN},
		{in: "0.ישראל", name: "0.ישראל", reason: BadIDN},
		{in: "a⒈com", name: "a⒈com", reason: BadIDN},

		{in: label63 + "a.com", name: label63 + "a.com", reason: TooLong, detail: "64 octets"},
		{in: name253 + "d", name: name253 + "d", reason: TooLong, detail: "254 octets"},
		{in: strings.Repeat("ü", 60) + ".de", name: strings.Repeat("ü", 60) + ".de", reason: TooLong, detail: "octets"},
		{in: strings.Repeat("ü", 1<<19) + ".de", name: strings.Repeat("ü", 1<<19) + ".de", reason: TooLong, detail: "octets"},

		{in: "com", name: "com", tld: "com", reason: PublicSuffix, detail: "com is itself a public suffix"},
		{in: "qxvzkwj", name: "qxvzkwj", reason: PublicSuffix, detail: "qxvzkwj has no TLD"},
		{in: "co.uk", name: "co.uk", tld: "uk", reason: PublicSuffix, detail: "co.uk is itself"},
		{in: "foo.ck", name: "foo.ck", tld: "ck", reason: PublicSuffix},
		{in: "foo.bar.com", name: "foo.bar.com", tld: "com", reason: NotRegistrable, detail: "foo.bar.com lies below bar.com"},
		{in: "a.b.c.co.uk", name: "a.b.c.co.uk", tld: "co.uk", reason: NotRegistrable, detail: "below c.co.uk"},
		{in: "a.x.uk.com", name: "a.x.uk.com", tld: "uk.com", reason: NotRegistrable, detail: "below x.uk.com"},
		{in: "s3.amazonaws.com", name: "s3.amazonaws.com", tld: "com", reason: NotRegistrable, detail: "below amazonaws.com"},
		{in: "foo.bar.devv", name: "foo.bar.devv", tld: "devv", reason: NotRegistrable, detail: "below bar.devv"},
		{in: "bücher.example.de", name: "xn--bcher-kva.example.de", unicode: "bücher.example.de", tld: "de", reason: NotRegistrable},

		{in: "foo.test", name: "foo.test", tld: "test", reason: SpecialUse, detail: "test is reserved"},
		{in: "localhost", name: "localhost", reason: SpecialUse},
		{in: "printer.local", name: "printer.local", tld: "local", reason: SpecialUse},
		{in: "a.b.local", name: "a.b.local", tld: "local", reason: SpecialUse},
		{in: "x.onion", name: "x.onion", tld: "onion", reason: SpecialUse},
		{in: "x.alt", name: "x.alt", tld: "alt", reason: SpecialUse},
		{in: "x.internal", name: "x.internal", tld: "internal", reason: SpecialUse},
		{in: "x.invalid", name: "x.invalid", tld: "invalid", reason: SpecialUse},
		{in: "x.example", name: "x.example", tld: "example", reason: SpecialUse},
		{in: "example.com", name: "example.com", tld: "com"}, // asked like any name (RFC 6761 section 6.5)
		{in: "www.example.net", name: "www.example.net", tld: "net", reason: NotRegistrable},
		{in: "EXAMPLE.org.", name: "example.org", tld: "org"},
		{in: "example", name: "example", reason: SpecialUse},
		{in: "myexample.com", name: "myexample.com", tld: "com"},
		{in: "example.de", name: "example.de", tld: "de"},
		{in: "home.arpa", name: "home.arpa", tld: "arpa", reason: SpecialUse},
		{in: "x.home.arpa", name: "x.home.arpa", tld: "home.arpa", reason: SpecialUse},
		{in: "1.0.10.in-addr.arpa", name: "1.0.10.in-addr.arpa", tld: "in-addr.arpa", reason: SpecialUse, detail: "10.in-addr.arpa is reserved"},
		{in: "x.8.e.f.ip6.arpa", name: "x.8.e.f.ip6.arpa", tld: "ip6.arpa", reason: SpecialUse},
		{in: "11.in-addr.arpa", name: "11.in-addr.arpa", tld: "in-addr.arpa"},
	}
	for _, tt := range tests {
		t.Run(label(tt.in), func(t *testing.T) {
			c := Parse(tt.in)
			if c.Name != tt.name || c.Unicode != tt.unicode || c.TLD != tt.tld || c.Keyword != tt.in {
				t.Errorf("Parse(%.80q) = %.300q", tt.in, []string{c.Name, c.Unicode, c.TLD, c.Keyword})
			}
			checkError(t, c.Err, tt.reason, tt.detail)
		})
	}
}

// label makes a test name that fits on a line.
func label(s string) string { return quote(s) }

func checkError(t *testing.T, err *Error, reason Reason, detail string) {
	t.Helper()
	switch {
	case err == nil && reason != "":
		t.Errorf("valid, want %s", reason)
	case err != nil && err.Reason != reason:
		t.Errorf("%s: %s, want reason %q", err.Reason, err.Detail, reason)
	case err != nil && !strings.Contains(err.Detail, detail):
		t.Errorf("detail %q does not hold %q", err.Detail, detail)
	case err != nil && (len(err.Detail) > 300 || strings.ContainsAny(err.Detail, "\n\x00\x1b")):
		t.Errorf("detail %.400q is not a line for the user", err.Detail)
	}
}

func TestNames(t *testing.T) {
	var got []string
	for c, err := range Names("go.dev", "go.dev", "x y.com") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, c.Name)
	}
	if want := []string{"go.dev", "go.dev", "x y.com"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// collect returns the names of a stream, each invalid one followed by its
// reason in parentheses, and the stream's error.
func collect(t *testing.T, seq iter.Seq2[Candidate, error]) (names []string, err error) {
	t.Helper()
	for c, e := range seq {
		if err != nil {
			t.Fatalf("%q follows the error %v", c.Name, err)
		}
		if err = e; err != nil {
			if c != (Candidate{}) {
				t.Errorf("%+v beside the error", c)
			}
			continue
		}
		name := c.Name
		if c.Err != nil {
			name += "(" + string(c.Err.Reason) + ")"
		}
		names = append(names, name)
	}
	return names, err
}

func TestGenerator(t *testing.T) {
	broken := errors.New("broken")
	failing := Concat(Stream("go"), func(yield func(string, error) bool) { yield("", broken) }, Stream("rust"))
	tests := []struct {
		name              string
		opts              Options
		want              string // names, space-separated
		err               error
		repeated, skipped int64
	}{
		{name: "nothing", opts: Options{TLDs: []string{"dev"}}},
		{
			name: "keyword by keyword",
			opts: Options{Keywords: Stream("go", "rust"), TLDs: []string{"dev", "io"}},
			want: "go.dev go.io rust.dev rust.io",
		},
		{
			name: "TLDs as typed",
			opts: Options{Keywords: Stream("go"), TLDs: []string{" .io", "DEV.", "COM.BR", "io", "рф", "xn--p1ai", "github.io", "devv"}},
			want: "go.io go.dev go.com.br go.xn--p1ai go.github.io go.devv",
		},
		{
			name: "affixes",
			opts: Options{Keywords: Stream("go"), TLDs: []string{"dev"}, Prefixes: []string{"get", "", "my-", "GET"}, Suffixes: []string{"hq", " app"}},
			want: "go.dev gohq.dev goapp.dev getgo.dev getgohq.dev getgoapp.dev my-go.dev my-gohq.dev my-goapp.dev",
		},
		{
			name: "whole domains are not multiplied",
			opts: Options{Keywords: Stream("zig.org", "go", "go。dev", "a.b.org"), TLDs: []string{"dev"}, Prefixes: []string{"get"}},
			want: "zig.org go.dev getgo.dev a.b.org(not-registrable)", repeated: 1,
		},
		{
			name: "whole domains need no TLD",
			opts: Options{Keywords: Stream("go.dev.", "ziglang.org")},
			want: "go.dev ziglang.org",
		},
		{
			name: "keyword without TLD",
			opts: Options{Keywords: Stream("go.dev", "go", "rust")},
			want: "go.dev", err: ErrNoTLD,
		},
		{
			name: "error of the source",
			opts: Options{Keywords: failing, TLDs: []string{"dev"}},
			want: "go.dev", err: broken,
		},
		{
			name: "repeats",
			opts: Options{Keywords: Stream("go", "Go", "GO.DEV", "g_o", "g_o", "go"), TLDs: []string{"dev"}},
			want: "go.dev g_o.dev(bad-label)", repeated: 4,
		},
		{
			name: "unique",
			opts: Options{Keywords: Stream("go", "go"), TLDs: []string{"dev"}, Unique: true},
			want: "go.dev go.dev",
		},
		{
			name: "a valid name is no repeat of an invalid one",
			opts: Options{Keywords: Stream("foo.bar.com", "foo"), TLDs: []string{"bar.com"}},
			want: "foo.bar.com(not-registrable) foo.bar.com",
		},
		{
			name: "bad keywords",
			opts: Options{Keywords: Stream("", "-x", "x-", "don't", "ab--c", "\xff", "\x1b", "xn--a", strings.Repeat("k", 64)), TLDs: []string{"dev"}},
			want: ".dev(bad-label) -x.dev(bad-label) x-.dev(bad-label) don't.dev(bad-label) ab--c.dev(bad-label) " +
				"\xff.dev(bad-idn) \x1b.dev(bad-label) xn--a.dev(bad-idn) " + strings.Repeat("k", 64) + ".dev(too-long)",
		},
		{
			name: "huge keyword",
			opts: Options{Keywords: Stream(strings.Repeat("k", 1<<20)), TLDs: []string{"dev"}},
			want: strings.Repeat("k", 1<<20) + ".dev(too-long)",
		},
		{
			name: "name too long",
			opts: Options{Keywords: Stream(strings.Repeat("k", 63)), TLDs: []string{strings.Repeat(strings.Repeat("t", 62)+".", 3) + "dev"}},
			want: strings.Repeat("k", 63) + "." + strings.Repeat(strings.Repeat("t", 62)+".", 3) + "dev(too-long)",
		},
		{
			name: "public suffixes",
			opts: Options{Keywords: Stream("co", "go", "kawasaki"), TLDs: []string{"uk", "dev", "jp"}},
			want: "co.uk(public-suffix) co.dev co.jp(public-suffix) go.uk go.dev go.jp(public-suffix) kawasaki.uk kawasaki.dev kawasaki.jp",
		},
		{
			name: "special use",
			opts: Options{Keywords: Stream("example", "home"), TLDs: []string{"com", "test", "arpa", "dev", "example.org"}},
			want: "example.com example.test(special-use) example.arpa example.dev example.example.org " +
				"home.com home.test(special-use) home.arpa(special-use) home.dev home.example.org",
		},
		{
			name: "IDN",
			opts: Options{Keywords: Stream("bücher", "BÜCHER", "xn--bcher-kva", "אa"), TLDs: []string{"de", "рф"}},
			want: "xn--bcher-kva.de xn--bcher-kva.xn--p1ai אa.de(bad-idn) אa.xn--p1ai(bad-idn)", repeated: 4,
		},
		{
			name: "digit first under a right-to-left TLD",
			opts: Options{Keywords: Stream("4u", "u4"), TLDs: []string{"xn--4dbrk0ce"}},
			want: "4u.xn--4dbrk0ce(bad-idn) u4.xn--4dbrk0ce",
		},
		{
			name: "lengths",
			opts: Options{
				Keywords: Stream("a", "go", "rust", "bücher", "abbreviation's", "golang.org", "zig.org"),
				TLDs:     []string{"dev", "io"}, Suffixes: []string{"hq"}, MinLen: 2, MaxLen: 4,
			},
			want: "ahq.dev ahq.io go.dev go.io gohq.dev gohq.io rust.dev rust.io zig.org", skipped: 2 + 2 + 4 + 4 + 1,
		},
		{
			name: "lengths are those of the ASCII form",
			opts: Options{Keywords: Stream("bücher"), TLDs: []string{"de"}, MinLen: 13, MaxLen: 13},
			want: "xn--bcher-kva.de",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, err := New(tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			got, err := collect(t, g.All())
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got  %.500s\nwant %.500s", strings.Join(got, " "), tt.want)
			}
			if err != tt.err {
				t.Errorf("error %v, want %v", err, tt.err)
			}
			if g.Repeated() != tt.repeated || g.Skipped() != tt.skipped {
				t.Errorf("%d repeated, %d skipped, want %d and %d", g.Repeated(), g.Skipped(), tt.repeated, tt.skipped)
			}
		})
	}
}

func TestGeneratorFields(t *testing.T) {
	tests := []struct {
		keyword, tld string
		want         Candidate
	}{
		{"Go", "dev", Candidate{Name: "go.dev", Keyword: "Go", TLD: "dev"}},
		{"go", ".CO.UK", Candidate{Name: "go.co.uk", Keyword: "go", TLD: "co.uk"}},
		{"Bücher", "de", Candidate{Name: "xn--bcher-kva.de", Unicode: "bücher.de", Keyword: "Bücher", TLD: "de"}},
		{"go", "рф", Candidate{Name: "go.xn--p1ai", Unicode: "go.рф", Keyword: "go", TLD: "xn--p1ai"}},
		{"xn--bcher-kva", "рф", Candidate{Name: "xn--bcher-kva.xn--p1ai", Unicode: "bücher.рф", Keyword: "xn--bcher-kva", TLD: "xn--p1ai"}},
		{"GO.dev.", "io", Candidate{Name: "go.dev", Keyword: "GO.dev.", TLD: "dev"}},
	}
	for _, tt := range tests {
		g, err := New(Options{Keywords: Stream(tt.keyword), TLDs: []string{tt.tld}})
		if err != nil {
			t.Fatal(err)
		}
		for c := range g.All() {
			if c != tt.want {
				t.Errorf("%s under %s = %+v, want %+v", tt.keyword, tt.tld, c, tt.want)
			}
		}
	}
}

func TestGeneratorKeywordWithPrefix(t *testing.T) {
	g, err := New(Options{Keywords: Stream("go"), TLDs: []string{"dev"}, Prefixes: []string{"get"}, Suffixes: []string{"hq"}})
	if err != nil {
		t.Fatal(err)
	}
	for c := range g.All() {
		if c.Keyword != "go" {
			t.Errorf("%s has the keyword %q", c.Name, c.Keyword)
		}
	}
}

func TestGeneratorStopsEarly(t *testing.T) {
	read := 0
	source := func(yield func(string, error) bool) {
		for ; yield("w"+strings.Repeat("x", read%60), nil); read++ {
		}
	}
	g, err := New(Options{Keywords: source, TLDs: []string{"dev"}, Suffixes: []string{"hq"}})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range g.All() {
		if n++; n == 5 {
			break
		}
	}
	if n != 5 || read != 2 {
		t.Errorf("%d names of %d keywords after the first, want 5 of 2", n, read)
	}
}

func TestNewRejects(t *testing.T) {
	tests := []struct {
		opts   Options
		option string
		value  string
		reason Reason
	}{
		{Options{TLDs: []string{"dev", ""}}, "TLD", "", BadLabel},
		{Options{TLDs: []string{"."}}, "TLD", ".", BadLabel},
		{Options{TLDs: []string{"*.uk"}}, "TLD", "*.uk", BadLabel},
		{Options{TLDs: []string{"co..uk"}}, "TLD", "co..uk", BadLabel},
		{Options{TLDs: []string{"-dev"}}, "TLD", "-dev", BadLabel},
		{Options{TLDs: []string{"dev,io"}}, "TLD", "dev,io", BadLabel},
		{Options{TLDs: []string{"123"}}, "TLD", "123", BadLabel},
		{Options{TLDs: []string{"a\xff"}}, "TLD", "a\xff", BadIDN},
		{Options{TLDs: []string{strings.Repeat("t", 64)}}, "TLD", strings.Repeat("t", 64), TooLong},
		{Options{Prefixes: []string{"-get"}}, "prefix", "-get", BadLabel},
		{Options{Prefixes: []string{"a.b"}}, "prefix", "a.b", BadLabel},
		{Options{Prefixes: []string{"a。"}}, "prefix", "a。", BadLabel},
		{Options{Suffixes: []string{"hq-"}}, "suffix", "hq-", BadLabel},
		{Options{Suffixes: []string{"h q"}}, "suffix", "h q", BadLabel},
		{Options{Suffixes: []string{"\xff"}}, "suffix", "\xff", BadIDN},
		{Options{MinLen: -1}, "length", "-1-0", ""},
		{Options{MinLen: 5, MaxLen: 4}, "length", "5-4", ""},
	}
	for _, tt := range tests {
		_, err := New(tt.opts)
		var bad *OptionError
		if !errors.As(err, &bad) {
			t.Errorf("New(%+v): %v, want an OptionError", tt.opts, err)
			continue
		}
		if bad.Option != tt.option || bad.Value != tt.value {
			t.Errorf("New(%+v) blames %s %q", tt.opts, bad.Option, bad.Value)
		}
		var why *Error
		if errors.As(err, &why) != (tt.reason != "") || why != nil && why.Reason != tt.reason {
			t.Errorf("New(%+v): %v, want reason %q", tt.opts, err, tt.reason)
		}
	}
}

func TestAffixesThatAreFine(t *testing.T) {
	_, err := New(Options{Prefixes: []string{"my-", "ü", "4"}, Suffixes: []string{"-hq", "ß", "24"}})
	if err != nil {
		t.Error(err)
	}
}

// TestFlatTLDs checks the shortcut of mayHoldSuffixes against the list.
func TestFlatTLDs(t *testing.T) {
	labels := strings.Fields(`ac art biz blog club co com edu firm gen go gob gouv gov gv id info int
		jus law ltd me med mil mod museum name net nic nom or org plc press pro sch store tel tm tv web www`)
	checked := 0
	for _, tld := range TLDs() {
		for _, l := range labels {
			name := l + "." + tld
			if suffix, _ := icannSuffix(name); suffix == name {
				checked++
				if !mayHoldSuffixes(tld) {
					t.Errorf("%s is a public suffix, and %s is not known to hold any", name, tld)
				}
			}
		}
	}
	if checked < 30 {
		t.Errorf("only %d suffixes found", checked)
	}
}

func TestAllocations(t *testing.T) {
	words := make([]string, 0, 1000)
	for w := range counted(cap(words)) {
		words = append(words, w)
	}
	for name, opts := range map[string]Options{
		"unique":   {TLDs: []string{"com"}, Unique: true},
		"filtered": {TLDs: []string{"com"}},
		"country":  {TLDs: []string{"io"}, Unique: true},
		"affixes":  {TLDs: []string{"com", "dev"}, Prefixes: []string{"get"}, Unique: true},
	} {
		opts.Keywords = Stream(words...)
		names := 0
		allocs := testing.AllocsPerRun(5, func() {
			g, err := New(opts)
			if err != nil {
				t.Fatal(err)
			}
			names = 0
			for range g.All() {
				names++
			}
		})
		if most := float64(names) + 100; allocs > most || name == "unique" && allocs > 100 {
			t.Errorf("%s: %v allocations for %d names", name, allocs, names)
		}
	}
}

// The work for a keyword that needs UTS 46 does not grow with the TLDs, and
// Punycode, whose cost grows with the square of the length, has no part in it
// when the label is too long.
func TestConversionsAreBounded(t *testing.T) {
	generate := func(keyword string, tlds []string) (err *Error) {
		g, bad := New(Options{Keywords: Stream(keyword), TLDs: tlds})
		if bad != nil {
			t.Fatal(bad)
		}
		for c := range g.All() {
			err = c.Err
		}
		return err
	}
	all := TLDs()[:200]
	for _, keyword := range []string{"b\u00fccher", strings.Repeat("\u56fd", 250), "\u05d0\u05d1\u05d0"} {
		allocs := func(tlds []string) float64 {
			return testing.AllocsPerRun(10, func() { generate(keyword, tlds) }) -
				testing.AllocsPerRun(10, func() { generate("plain", tlds) })
		}
		if one, many := allocs(all[:1]), allocs(all); many > one+2.5*float64(len(all)) {
			t.Errorf("%.10q: %v allocations under one TLD, %v under %d", keyword, one, many, len(all))
		}
	}
	const detail = "has over 63 octets in ASCII"
	for _, long := range []string{strings.Repeat("\u56fd", 60), strings.Repeat("\u56fd", 250), strings.Repeat("a", 59) + "\u56fd"} {
		if err := generate(long, all); err == nil || err.Reason != TooLong || !strings.Contains(err.Detail, detail) {
			t.Errorf("%.10q...: %v, want %q", long, err, detail)
		}
	}
	if err := generate(strings.Repeat("\u56fd", 59), all); err != nil && strings.Contains(err.Detail, detail) {
		t.Errorf("refused by its characters alone: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"go.dev", "bücher.de", "xn--bcher-kva.de", "a..b", "ab--c.com", "co.uk", "א1.com", "\xff.com",
		"go。dev", "a\u200db.com", "xn--a.com", "123.ישראל", "x.home.arpa", strings.Repeat("ü", 70) + ".de", "ﬁ.com", "xn--zca.de"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := Parse(s)
		if c.Keyword != s {
			t.Errorf("keyword %q of %q", c.Keyword, s)
		}
		if c.Err != nil {
			if c.Err.Reason == "" || c.Err.Detail == "" {
				t.Errorf("Parse(%q) gives no reason: %+v", s, c.Err)
			}
			return
		}
		checkLDH(t, c.Name)
		if !strings.HasSuffix(c.Name, "."+c.TLD) {
			t.Errorf("Parse(%q): %q is not under %q", s, c.Name, c.TLD)
		}
		again := Parse(c.Name)
		if again.Err != nil || again.Name != c.Name || again.TLD != c.TLD || again.Unicode != c.Unicode {
			t.Errorf("Parse(%q) = %+v, and again %+v", s, c, again)
		}
		if c.Unicode != "" {
			if back := Parse(c.Unicode); back.Err != nil || back.Name != c.Name {
				t.Errorf("Parse(%q): %q leads to %+v", s, c.Unicode, back)
			}
		}
	})
}

// checkLDH checks a valid name by other means than the package does.
func checkLDH(t *testing.T, name string) {
	t.Helper()
	if len(name) > 253 {
		t.Errorf("%q has %d octets", name, len(name))
	}
	for l := range strings.SplitSeq(name, ".") {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' ||
			strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			t.Errorf("%q has the label %q", name, l)
		}
	}
}

func FuzzGenerator(f *testing.F) {
	f.Add("go", "dev")
	f.Add("bücher", "рф")
	f.Add("4u", "xn--4dbrk0ce")
	f.Add("xn--bcher-kva", "co.uk")
	f.Add("\u3002", "de")
	f.Fuzz(func(t *testing.T, keyword, tld string) {
		g, err := New(Options{Keywords: Stream(keyword), TLDs: []string{tld}})
		if err != nil {
			return
		}
		n := 0
		for c, err := range g.All() {
			if n++; err != nil {
				t.Fatal(err)
			}
			if c.Err != nil {
				continue
			}
			checkLDH(t, c.Name)
			// What a keyword becomes under a TLD, it also becomes when both
			// are written as one name.
			if name, unicode, err := normalize(c.Name); err != nil || name != c.Name || unicode != c.Unicode {
				t.Errorf("%q under %q = %+v, but in one: %q %q %v", keyword, tld, c, name, unicode, err)
			}
		}
		if n != 1 {
			t.Errorf("%d candidates for %q", n, keyword)
		}
	})
}

// A name is a repeat of one of the last 1<<20 different names, and not of an
// older one.
func TestRepeatsWindow(t *testing.T) {
	const remembered = 1 << 20
	keywords := Concat(Stream("first"), counted(remembered-1), Stream("first", "last", "first"))
	g, err := New(Options{Keywords: keywords, TLDs: []string{"dev"}})
	if err != nil {
		t.Fatal(err)
	}
	var n int
	var final string
	for c, err := range g.All() {
		if err != nil {
			t.Fatal(err)
		}
		n, final = n+1, c.Name
	}
	if n != remembered+2 || g.Repeated() != 1 || final != "first.dev" {
		t.Errorf("%d names, the final one %s, and %d repeats, want %d, first.dev and 1", n, final, g.Repeated(), remembered+2)
	}
}

// TestPatternMemory generates half a million names and watches the heap.
func TestPatternMemory(t *testing.T) {
	p, err := pattern.Compile("[a-z]{3}[a-z0-9]")
	if err != nil {
		t.Fatal(err)
	}
	g, err := New(Options{Keywords: p.All(), TLDs: []string{"com"}, Unique: p.Unique()})
	if err != nil {
		t.Fatal(err)
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before, n := m.HeapAlloc, 0
	for range g.All() {
		if n++; n%200_000 == 0 {
			runtime.GC()
			if runtime.ReadMemStats(&m); int64(m.HeapAlloc)-int64(before) > 1<<20 {
				t.Fatalf("after %d names the heap has grown by %d octets", n, m.HeapAlloc-before)
			}
		}
	}
	if n != 26*26*26*36 {
		t.Errorf("%d names", n)
	}
}

func TestIsDomain(t *testing.T) {
	for keyword, want := range map[string]bool{
		"": false, "go": false, "bücher": false, "中文": false, "go·dev": false,
		".": true, "go.dev": true, "bücher.de": true, "中文。com": true, "go｡dev": true, "go．dev": true,
	} {
		if got := IsDomain(keyword); got != want {
			t.Errorf("IsDomain(%q) = %t", keyword, got)
		}
	}
}
