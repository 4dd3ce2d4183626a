package cli

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"domprobe/report"
)

var update = flag.Bool("update", false, "write docs/reference.md")

// The reference is what the tables say.
func TestReference(t *testing.T) {
	const path = "../../docs/reference.md"
	want := reference()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s is not what go generate ./internal/cli writes: %v", path, err)
	}
}

// documentedIn returns the names of the items in a section of the reference.
func documentedIn(section string) (names []string) {
	_, text, _ := strings.Cut(reference(), "## "+section+"\n")
	text, _, _ = strings.Cut(text, "\n## ")
	for _, item := range itemPattern().FindAllStringSubmatch(text, -1) {
		names = append(names, strings.Trim(item[1], "`"))
	}
	return names
}

// The formats are those of package report, with their endings.
func TestFormatDocs(t *testing.T) {
	var names []string
	documented := make(map[string]bool)
	for _, f := range documentedIn("Formats") {
		name, endings, _ := strings.Cut(strings.TrimSuffix(f, ")"), " (")
		names = append(names, name)
		for _, ending := range strings.FieldsFunc(endings, func(r rune) bool { return r == ',' || r == ' ' }) {
			documented[ending] = true
			if format, err := report.FormatOf("x" + ending); err != nil || format != name {
				t.Errorf("%s: the ending %s is that of %q, %v", name, ending, format, err)
			}
		}
	}
	if !slices.Equal(names, report.Formats()) {
		t.Errorf("formats %q, want %q", names, report.Formats())
	}
	_, err := report.FormatOf("x")
	_, endings, _ := strings.Cut(err.Error(), "known: ")
	for _, ending := range strings.Fields(strings.TrimSuffix(endings, ")")) {
		if !documented[ending] {
			t.Errorf("the ending %s is not documented", ending)
		}
	}
}

// The words that completion and hints offer are words that --resolver takes.
func TestResolverWords(t *testing.T) {
	for _, word := range resolverWords {
		if _, err := parseServers([]string{word}); err != nil && word != "system" {
			t.Errorf("%s: %v", word, err)
		}
		if !slices.ContainsFunc(documentedIn("Resolvers"), func(name string) bool { return strings.Contains(name, word) }) {
			t.Errorf("%s is not documented", word)
		}
	}
}

// The README is read on a screen, and begins with what CI runs.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(lines) > 90 {
		t.Errorf("%d lines", len(lines))
	}
	for i, line := range lines {
		if len(line) > 120 {
			t.Errorf("line %d has %d characters", i+1, len(line))
		}
	}
	_, block, _ := strings.Cut(string(text), "```sh\n")
	if !strings.HasPrefix(block, "go run . --resolver demo -t dev go rust zig gopher qxvzkwj\ngo test ./...\n```") {
		t.Errorf("the first commands are %.80q", block)
	}
}
