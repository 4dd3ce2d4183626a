package candidate

import (
	"slices"
	"strings"
	"testing"
)

func TestClean(t *testing.T) {
	phrase := "blueocean blue-ocean blue ocean"
	for _, tt := range []struct{ in, want, note string }{
		// These stand for themselves.
		{"", "", ""},
		{"go", "go", ""},
		{"Go-1", "Go-1", ""},
		{"bücher", "bücher", ""},
		{"go.dev", "go.dev", ""},
		{"GO.Dev", "GO.Dev", ""},
		{"foo.bar.com", "foo.bar.com", ""},
		{"中文。com", "中文。com", ""},
		{"www", "www", ""},
		{"www.com", "www.com", ""},
		{"a_b", "a_b", ""},
		{"c++", "c++", ""},
		{"don't", "don't", ""},
		{"and/or", "and/or", ""},
		{"me@localhost", "me@localhost", ""},
		{"./words.txt", "./words.txt", ""},
		{"-", "-", ""},
		{"...", "...", ""},
		{",", ",", ""},
		{"🍕", "🍕", ""},
		{"\xff\xfe", "\xff\xfe", ""},

		{"https://go.dev/doc", "go.dev", noteURL},
		{"https://go.dev", "go.dev", noteURL},
		{"HTTP://User:pass@WWW.Example.COM:8080/a?b=c@d#e", "Example.COM", noteURL},
		{"https://docs.python.org/3/", "python.org", noteURL},
		{"https://www.bbc.co.uk/news", "bbc.co.uk", noteURL},
		{"https://www.x.uk.com/", "x.uk.com", noteURL},
		{"https://www。bücher。example。de/", "example。de", noteURL},
		{"<https://go.dev>", "go.dev", noteURL},
		{"https://go.dev.", "go.dev", noteURL},
		{"//go.dev/doc", "go.dev", noteURL},
		{"go.dev/", "go.dev", noteURL},
		{"go.dev/doc, really", "go.dev really", noteList},
		{"go.dev:443", "go.dev", noteURL},
		{"go.dev?x", "go.dev", noteURL},
		{"http://127.0.0.1/", "127.0.0.1", noteURL},
		{"http://localhost/", "http://localhost/", ""},
		{"http://[::1]/", "http://[::1]/", ""},

		{"me@go.dev", "go.dev", noteMail},
		{"mailto:me@mail.go.dev", "go.dev", noteMail},
		{"<me@go.dev>", "go.dev", noteMail},
		{"www.google.com", "google.com", noteWWW},
		{"WWW.docs.python.org", "python.org", noteWWW},

		{"go.dev.", "go.dev", noteMarks},
		{"rust.", "rust", noteMarks},
		{"go!", "go", noteMarks},
		{`"go"`, "go", noteMarks},
		{"“go.dev.”", "go.dev", noteMarks},
		{"'go'", "go", noteMarks},
		{"(go)", "go", noteMarks},
		{"- go", "go", noteMarks},
		{"* go.dev", "go.dev", noteMarks},
		{"•go", "go", noteMarks},
		{"1. go", "go", noteMarks},
		{"(12) go", "go", noteMarks},
		{"[ ] go", "go", noteMarks},
		{"[x] go", "go", noteMarks},
		{"go,", "go", noteMarks},

		{"go,rust", "go rust", noteList},
		{"go, rust; zig | elm\tlua", "go rust zig elm lua", noteList},
		{"go，rust、zig", "go rust zig", noteList},
		{`"go", "rust"`, "go rust", noteList},
		{"go.dev rust-lang.org", "go.dev rust-lang.org", noteList},
		{"https://go.dev/ me@rust-lang.org zig", "go.dev rust-lang.org zig", noteList},

		{"blue ocean", phrase, notePhrase},
		{"  blue\u00a0 ocean ", phrase, notePhrase},
		{"- “blue ocean”!", phrase, notePhrase},
		{"3) blue ocean", phrase, notePhrase},
		{"big blue sea", "bigbluesea big-blue-sea big blue sea", notePhrase},
		{"blue ocean, red", phrase + " red", noteList},
		{"r & d", "rd r-d r d", notePhrase},
		{strings.Repeat("word ", 13), strings.TrimSpace(strings.Repeat("word ", 13)), notePhrase}, // 64 octets with hyphens
	} {
		got, note := Clean(tt.in)
		if want := strings.Split(tt.want, " "); !slices.Equal(got, want) || note != tt.note {
			t.Errorf("Clean(%q) = %q, %q, want %q, %q", tt.in, got, note, want, tt.note)
		}
	}
}

// A registrable name is never changed, and nothing is changed without a note.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"go", "https://www.go.dev/doc", "1. “blue ocean”, me@go.dev", "a.b.com.", "www.bücher。de"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		keywords, note := Clean(s)
		if len(keywords) == 0 || note == "" && (len(keywords) > 1 || keywords[0] != s) {
			t.Errorf("Clean(%q) = %q, %q", s, keywords, note)
		}
		if Parse(s).Err == nil && !strings.HasSuffix(s, ".") && trimDot(s) == s && (len(keywords) > 1 || keywords[0] != s) {
			t.Errorf("the registrable name %q has become %q, %s", s, keywords, note)
		}
	})
}
