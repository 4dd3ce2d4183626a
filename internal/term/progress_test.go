package term

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The line is back behind every row, also when it has nothing new to tell.
func TestProgressBehindRows(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "terminal"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c := &Console{progress: &Progress{w: f, parts: []string{"half way"}, drawn: time.Now().Add(time.Hour)}}
	w := c.Above(f)
	for range 2 {
		if _, err := io.WriteString(w, "row\n"); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(f.Name())
	if want := "row\n\rhalf way\x1b[K\r\x1b[Krow\n\rhalf way\x1b[K"; err != nil || string(got) != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestFitting(t *testing.T) {
	count := func(done int64, found string) func() (int64, string) {
		return func() (int64, string) { return done, found }
	}
	knownParts := (&Progress{unit: "names", total: 900, state: count(210, "0 found, 210 not found, 0 unknown")}).line(1346 * time.Millisecond)
	unknownParts := (&Progress{unit: "names", state: count(450, "0 found, 450 not found, 0 unknown")}).line(2960 * time.Millisecond)
	known := "23% [==>.......] (210/900, 156 names/s) [1s:4s] 0 found, 210 not found, 0 unknown"
	unknown := "⠏ (450, 152 names/s) [2s] 0 found, 450 not found, 0 unknown"
	for _, tt := range []struct {
		parts []string
		width int
		want  string
	}{
		{knownParts, 90, known},
		{knownParts, 79, "23% (210/900, 156 names/s) [1s:4s] 0 found, 210 not found, 0 unknown"},
		{knownParts, 65, "23% (210/900, 156 names/s) 0 found, 210 not found, 0 unknown"},
		{knownParts, 39, "23% 0 found, 210 not found, 0 unknown"},
		{knownParts, 12, "23% 0 found,"},
		{unknownParts, 59, unknown},
		{unknownParts, 58, "⠏ (450, 152 names/s) 0 found, 450 not found, 0 unknown"},
		{unknownParts, 40, "⠏ 0 found, 450 not found, 0 unknown"},
	} {
		if got := string(fitting(tt.parts, tt.width)); got != tt.want {
			t.Errorf("%d characters of %q: %q, want %q", tt.width, tt.parts, got, tt.want)
		}
	}
}

func TestProgressOfSeveralLines(t *testing.T) {
	for shown, want := range map[int]string{0: "\r", 60: "\r", 61: "\x1b[1A\r\x1b[J", 120: "\x1b[1A\r\x1b[J", 121: "\x1b[2A\r\x1b[J"} {
		if got := (&Progress{shown: shown}).back(60); got != want {
			t.Errorf("%d characters: %q, want %q", shown, got, want)
		}
	}
}
