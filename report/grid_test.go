package report

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/rivo/uniseg"

	"domprobe/candidate"
	"domprobe/probe"
)

// A screen is as much of a terminal as the grid uses.
type screen struct {
	t             *testing.T
	width, height int
	lines         []string // from the first ever written on; the last is the cursor's
	batches       int
}

func (s *screen) Write(p []byte) (int, error) {
	s.batches++
	if s.lines == nil {
		s.lines = []string{""}
	}
	for text := string(p); text != ""; {
		last := &s.lines[len(s.lines)-1]
		switch {
		case text[0] == '\n':
			s.lines = append(s.lines, "")
		case text[0] == '\r':
			*last = ""
		case strings.HasPrefix(text, "\x1b["):
			end := strings.IndexFunc(text, func(r rune) bool { return r >= 'A' && r <= 'Z' || r == 'm' })
			n, _ := strconv.Atoi(text[2:end])
			switch text[end] {
			case 'A': // up, and all that is erased there follows
				if n >= s.height {
					s.t.Errorf("the cursor goes %d lines up on a screen of %d", n, s.height)
				}
				s.lines = s.lines[:len(s.lines)-n]
			case 'J', 'm':
			default:
				s.t.Fatalf("unexpected %q", text[:end+1])
			}
			text = text[end:]
		default:
			*last += text[:1]
		}
		text = text[1:]
	}
	return len(p), nil
}

func (s *screen) String() string { return strings.Join(s.lines, "\n") }

// gridRows are so many keywords under two TLDs, TLD by TLD.
func gridRows(keywords int) (rows []probe.Result) {
	for _, tld := range []string{"dev", "co.uk"} {
		for i := range keywords {
			label := fmt.Sprintf("word%d", i)
			rows = append(rows, probe.Result{
				Candidate: candidate.Candidate{Name: label + "." + tld, Keyword: label, TLD: tld},
				Verdict:   probe.Verdict(i % 3),
			})
		}
	}
	return rows
}

func TestGridOnTerminal(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {40, 6}, {20, 5}, {25, 200}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			s := &screen{t: t, width: size[0], height: size[1]}
			w, err := New("grid", s, Options{Terminal: true, Width: s.width, Height: s.height, Color: true, Total: 80})
			if err != nil {
				t.Fatal(err)
			}
			rows := gridRows(40)
			for i := range rows {
				if err := w.Write(rows[i : i+1]); err != nil {
					t.Fatal(err)
				}
				if len(s.lines) > s.height {
					t.Fatalf("after %d rows %d lines on a screen of %d:\n%s", i+1, len(s.lines), s.height, s)
				}
				for _, l := range s.lines {
					if uniseg.StringWidth(l) >= s.width {
						t.Errorf("after %d rows a line of %d characters: %s", i+1, len(l), l)
					}
				}
				if label, _ := split(&rows[i]); !strings.Contains(s.String(), label) {
					t.Errorf("the screen does not show %s, which came last:\n%s", label, s)
				}
				if count := fmt.Sprintf("%d of 80", i+1); !strings.Contains(s.String(), count) {
					t.Errorf("the screen does not say %s:\n%s", count, s)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if want := write(t, "grid", Options{Width: s.width}, rows); s.String() != want {
				t.Errorf("the screen at the end:\n%s\nwant:\n%s", s, want)
			}
			if s.batches != len(rows)+1 {
				t.Errorf("%d writes for %d batches and the end", s.batches, len(rows))
			}
		})
	}
}

func TestGridTooSmall(t *testing.T) {
	for _, o := range []Options{{}, {Terminal: true}, {Terminal: true, Width: 10, Height: 24}, {Terminal: true, Width: 80, Height: 2}} {
		rec := new(recorder)
		w, err := New("grid", rec, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(gridRows(3)); err != nil {
			t.Fatal(err)
		}
		if len(rec.calls) > 0 {
			t.Errorf("%+v: %q before the end", o, rec.calls)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if len(rec.calls) != 1 || strings.Contains(rec.calls[0], "\x1b") {
			t.Errorf("%+v: %q", o, rec.calls)
		}
	}
}

// TestGridBlocks lays out more TLDs than a line holds.
func TestGridBlocks(t *testing.T) {
	var rows []probe.Result
	for i := range 12 {
		tld := fmt.Sprintf("tld%d", i)
		rows = append(rows, probe.Result{
			Candidate: candidate.Candidate{Name: "go." + tld, Keyword: "go", TLD: tld}, Verdict: probe.Found,
		})
	}
	got := write(t, "grid", Options{Width: 30}, rows)
	for line := range strings.Lines(got) {
		if len(line) > 30 && !strings.HasPrefix(line, "+ found") {
			t.Errorf("a line of %d characters: %s", len(line), line)
		}
	}
	for i := range 12 {
		if tld := fmt.Sprintf("tld%d", i); strings.Count(got, tld) < 1 {
			t.Errorf("%s is missing:\n%s", tld, got)
		}
	}
	if n := strings.Count(got, "+"); n != 13 { // and one in the legend
		t.Errorf("%d marks, want 13:\n%s", n, got)
	}
}

func TestMatrixReplaces(t *testing.T) {
	rows := gridRows(1)
	again := rows[0]
	again.Verdict = probe.NotFound
	got := write(t, "grid", Options{}, append(rows, again))
	if want := "       dev  co.uk\nword0  -    ?\n"; !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCut(t *testing.T) {
	for _, tt := range []struct {
		s     string
		width int
		want  string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"日本語", 6, "日本語"}, {"日本語", 5, "日本…"}, {"日本語", 4, "日…"},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…"}, {"abc", 1, "…"},
	} {
		if got := cut(tt.s, tt.width); got != tt.want {
			t.Errorf("cut(%q, %d) = %q, want %q", tt.s, tt.width, got, tt.want)
		}
	}
}

func TestEscapeMarkdown(t *testing.T) {
	for in, want := range map[string]string{
		"go": "go", "a|b": `a\|b`, "*b*": `\*b\*`, "<i>": `\<i\>`, "www:x": `www\:x`, "`": "\\`", "bücher": "bücher", `\`: `\\`,
	} {
		if got := escapeMarkdown(in); got != want {
			t.Errorf("escapeMarkdown(%q) = %q, want %q", in, got, want)
		}
	}
}
