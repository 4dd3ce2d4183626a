package report

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rivo/uniseg"

	"domprobe/candidate"
	"domprobe/probe"
)

// A display is a Screen that keeps the last drawing.
type display struct {
	width, height int
	text          string
	draws         int
}

func (d *display) Size() (width, height int) { return d.width, d.height }

func (d *display) Draw(text []byte) error {
	d.text = string(text)
	d.draws++
	return nil
}

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

func TestGridOnScreen(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {40, 6}, {20, 5}, {25, 200}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			d := &display{width: 2 * size[0], height: 2 * size[1]}
			var out strings.Builder
			w, err := New("grid", &out, Options{Screen: d, Color: true, Total: 80})
			if err != nil {
				t.Fatal(err)
			}
			rows := gridRows(40)
			for i := range rows {
				if err := w.Write(rows[i : i+1]); err != nil {
					t.Fatal(err)
				}
				d.check(t, i+1, &rows[i])
				d.width, d.height = size[0], size[1]
			}
			if d.draws != len(rows) || out.Len() > 0 {
				t.Errorf("%d drawings for %d batches, and %q", d.draws, len(rows), out.String())
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if d.text != "" {
				t.Errorf("%s is left on the screen", d.text)
			}
			if got, want := uncoloured(out.String()), write(t, "grid", Options{Screen: d}, rows); got != want {
				t.Errorf("at the end:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func uncoloured(s string) string { return regexp.MustCompile("\x1b\\[[0-9]*m").ReplaceAllString(s, "") }

// check looks at what is drawn after so many rows.
func (d *display) check(t *testing.T, n int, last *probe.Result) {
	t.Helper()
	text := uncoloured(d.text)
	if lines := strings.Count(text, "\n"); lines >= d.height {
		t.Fatalf("after %d rows %d lines on a screen of %d:\n%s", n, lines, d.height, text)
	}
	for line := range strings.Lines(text) {
		if uniseg.StringWidth(strings.TrimSuffix(line, "\n")) >= d.width {
			t.Errorf("after %d rows a line of %d characters: %s", n, len(line), line)
		}
	}
	if label, _ := split(&last.Candidate); !strings.Contains(text, label) {
		t.Errorf("the screen does not show %s, which came last:\n%s", label, text)
	}
	if count := fmt.Sprintf("%d of 80", n); !strings.Contains(text, count) {
		t.Errorf("the screen does not say %s:\n%s", count, text)
	}
}

func TestGridTooSmall(t *testing.T) {
	for _, screen := range []Screen{nil, &display{}, &display{width: 10, height: 24}, &display{width: 80, height: 2}} {
		rec := new(recorder)
		w, err := New("grid", rec, Options{Screen: screen})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(gridRows(3)); err != nil {
			t.Fatal(err)
		}
		if d, ok := screen.(*display); ok && d.text != "" || len(rec.calls) > 0 {
			t.Errorf("%+v: %q before the end", screen, rec.calls)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if len(rec.calls) != 1 || strings.Contains(rec.calls[0], "\x1b") {
			t.Errorf("%+v: %q", screen, rec.calls)
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
	got := write(t, "grid", Options{Screen: &display{width: 30}}, rows)
	for line := range strings.Lines(got) {
		if len(line) > 30 {
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

// TestLayout writes the rows of one run in two orders.
func TestLayout(t *testing.T) {
	rows := gridRows(5)
	backwards := slices.Clone(rows)
	slices.Reverse(backwards)
	for _, columnsOnly := range []bool{false, true} {
		l := &Layout{ColumnsOnly: columnsOnly}
		for i := range rows {
			l.Add(&rows[i].Candidate)
		}
		for _, format := range []string{"grid", "markdown", "html"} {
			want := write(t, format, Options{}, rows)
			got := write(t, format, Options{Layout: l}, backwards)
			if !columnsOnly && got != want {
				t.Errorf("%s:\n%s\nwant:\n%s", format, got, want)
			}
			first, last := strings.Index(got, "word0"), strings.Index(got, "word4")
			if dev := strings.Index(got, "dev"); dev > strings.Index(got, "co.uk") || columnsOnly != (last < first) {
				t.Errorf("%s, columns only %t:\n%s", format, columnsOnly, got)
			}
		}
	}
}

// What a layout does not know comes after what it knows.
func TestLayoutOfOthers(t *testing.T) {
	rows := gridRows(3)
	l := new(Layout)
	l.Add(&rows[4].Candidate) // word1.co.uk
	got := write(t, "grid", Options{Layout: l}, rows)
	if want := "       co.uk  dev\nword1  +      +\nword0  ?      ?\nword2  -      -\n"; !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
