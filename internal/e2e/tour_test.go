package e2e

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// A step is one block of commands of the tour, and its output.
type step struct{ commands, output string }

// tour returns the steps of a Markdown file: its indented blocks, each with
// the fenced block after it, if there is one.
func tour(t *testing.T, path string) (steps []step) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?m)(^    .*\n)+|^```\n(?s:.*?)^```").FindAllString(string(text), -1) {
		if output, ok := strings.CutPrefix(block, "```\n"); ok {
			if len(steps) == 0 || steps[len(steps)-1].output != "" {
				t.Fatalf("no command prints\n%s", output)
			}
			steps[len(steps)-1].output = strings.TrimSuffix(output, "```")
			continue
		}
		steps = append(steps, step{commands: regexp.MustCompile(`(?m)^    `).ReplaceAllString(block, "")})
	}
	return steps
}

var (
	clockTime = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?Z`)
	lineEnd   = regexp.MustCompile(`(?m) +$`)
)

// timeless returns lines in an order of their own, without times and without
// spaces at their ends.
func timeless(s string) string {
	return sortedLines(lineEnd.ReplaceAllString(clockTime.ReplaceAllString(s, "TIME"), ""))
}

// A reader takes all steps of the tour in one shell, and sees its output.
func TestTour(t *testing.T) {
	t.Parallel()
	steps := tour(t, "../../docs/tour.md")
	if len(steps) < 10 {
		t.Fatalf("the tour has only %d steps", len(steps))
	}
	house := newHouse(t)
	var script strings.Builder
	const border = "=== the next step ==="
	for _, s := range steps {
		fmt.Fprintf(&script, "%s\necho '%s'\n", strings.TrimSpace(house.substituted(s.commands)), border)
	}
	cmd := house.command(t.Context(), t.TempDir(), "set -e\n"+script.String())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("%v; stderr %s", err, stderr.String())
	}
	printed := strings.Split(string(out), border+"\n")
	for i, s := range steps[:min(len(steps), len(printed)-1)] {
		if got, want := timeless(printed[i]), timeless(s.output); got != want {
			t.Errorf("%s\nprints\n%s\nand not\n%s", s.commands, printed[i], s.output)
		}
	}
}
