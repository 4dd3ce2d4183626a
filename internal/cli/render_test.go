package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"domprobe/report"
)

// TestRenderGolden renders one saved report in every format, and compares with
// the golden files of package report. That reads machines' formats and writes
// them again must not change a byte, but for what CSV does not hold.
func TestRenderGolden(t *testing.T) {
	golden := func(format string) string {
		text, err := os.ReadFile(filepath.Join("../../report/testdata", format+".golden"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, from := range []string{"jsonl", "json"} {
		saved := filepath.Join(t.TempDir(), "saved."+from)
		if err := os.WriteFile(saved, []byte(golden(from)), 0o666); err != nil {
			t.Fatal(err)
		}
		for _, format := range report.Formats() {
			var out strings.Builder
			code, stderr := runLine(t, t.Context(), nil, &out, "render", saved, "-q", "-f", format)
			if code != codeUnknown || stderr != "" {
				t.Errorf("%s to %s: exit code %d, stderr %q", from, format, code, stderr)
			}
			if out.String() != golden(format) {
				t.Errorf("%s to %s: %s", from, format, out.String())
			}
		}
	}
}

// Every byte of a report may be missing at its end; no cut makes render panic
// or print rows that were not whole.
func TestRenderCut(t *testing.T) {
	text, err := os.ReadFile("../../report/testdata/csv.golden")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cut.csv")
	for n := 0; n < len(text); n += 7 {
		if err := os.WriteFile(path, text[:n], 0o666); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		code, stderr := runLine(t, t.Context(), nil, &out, "render", path, "-f", "names")
		if code == codeUsage && (out.Len() > 0 || strings.Count(stderr, "\n") != 1) || code != codeUsage && stderr != "" {
			t.Fatalf("cut off at %d: exit code %d, stdout %q, stderr %q", n, code, out.String(), stderr)
		}
	}
}

// A countingWriter counts writes.
type countingWriter struct{ writes int }

func (w *countingWriter) Write(p []byte) (int, error) {
	w.writes++
	return len(p), nil
}

// Rows are written many at once, also where somebody looks at every write.
func TestRenderBatches(t *testing.T) {
	var saved strings.Builder
	saved.WriteString("domain,verdict\n")
	const rows = 4 * renderBatch
	for i := range rows {
		fmt.Fprintf(&saved, "word%d.dev,found\n", i)
	}
	path := filepath.Join(t.TempDir(), "saved.csv")
	if err := os.WriteFile(path, []byte(saved.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	out := new(countingWriter)
	if code, stderr := runLine(t, t.Context(), nil, out, "render", path, "-f", "names"); code != codeOK || out.writes > 8 {
		t.Errorf("exit code %d, %d writes for %d rows, stderr %q", code, out.writes, rows, stderr)
	}
}
