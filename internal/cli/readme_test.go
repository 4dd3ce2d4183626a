package cli

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"domprobe/probe"
	"domprobe/report"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestReadmeLength(t *testing.T) {
	if n := strings.Count(readme(t), "\n"); n < 60 || n > 150 {
		t.Errorf("%d lines; want 60 to 150", n)
	}
}

func TestReadmeBeginsWithSetup(t *testing.T) {
	_, block, _ := strings.Cut(readme(t), "```sh\n")
	block, _, _ = strings.Cut(block, "```")
	commands := strings.Split(strings.TrimSpace(block), "\n")
	want := []string{"go run . --resolver demo -t dev go rust zig gopher qxvzkwj", "go test ./..."}
	if !slices.Equal(commands, want) {
		t.Errorf("the first commands are %q, want %q", commands, want)
	}
}

func TestReadmeHasEveryReason(t *testing.T) {
	rows := make(map[string]string) // by verdict
	for line := range strings.Lines(readme(t)) {
		if cells := strings.SplitN(line, "|", 3); len(cells) == 3 {
			rows[strings.TrimSpace(cells[1])] = cells[2]
		}
	}
	for _, doc := range probe.Reasons() {
		if want := "`" + string(doc.Reason) + "`: " + doc.Text; !strings.Contains(rows[doc.Verdict.String()], want) {
			t.Errorf("no %q in the row of %s", want, doc.Verdict)
		}
	}
}

func TestReadmeHasEveryFlag(t *testing.T) {
	text := readme(t)
	for _, cmd := range commands() {
		for _, f := range cmd.flags {
			for _, name := range f.Names() {
				if flag := "`" + dashed(name); !strings.Contains(text, flag+"`") && !strings.Contains(text, flag+" ") {
					t.Errorf("flag %s is not documented", dashed(name))
				}
			}
		}
	}
}

func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

func TestReadmeHasEveryCommand(t *testing.T) {
	text := readme(t)
	for _, cmd := range commands()[1:] {
		if !strings.Contains(text, "    domprobe "+cmd.name+" ") {
			t.Errorf("command %s has no example", cmd.name)
		}
	}
}

func TestReadmeHasEveryFormat(t *testing.T) {
	text := readme(t)
	for _, format := range report.Formats() {
		if !strings.Contains(text, "`"+format+"`") {
			t.Errorf("format %s is not documented", format)
		}
	}
	_, err := report.FormatOf("x")
	_, endings, _ := strings.Cut(err.Error(), "known: ")
	for _, ending := range strings.Fields(strings.TrimSuffix(endings, ")")) {
		if !strings.Contains(text, "`"+ending+"`") {
			t.Errorf("ending %s is not documented", ending)
		}
	}
}

func TestReadmeHasTheColumnsOfCSV(t *testing.T) {
	var b strings.Builder
	w, err := report.New("csv", &b, report.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write([]probe.Result{{}}); err != nil {
		t.Fatal(err)
	}
	header, _, _ := strings.Cut(b.String(), "\n")
	if header = strings.TrimSpace(header); !strings.Contains(readme(t), "`"+header+"`") {
		t.Errorf("the columns %s are not documented", header)
	}
}

func TestReadmeHasEveryExitCode(t *testing.T) {
	text := readme(t)
	for _, code := range append(precedence, codeOK) {
		if !strings.Contains(text, fmt.Sprintf("| %d | ", code)) {
			t.Errorf("exit code %d is not documented", code)
		}
	}
}

// The README names every flag that has no environment variable.
func TestReadmeHasFlagsWithoutVariable(t *testing.T) {
	text := readme(t)
	for _, cmd := range commands() {
		words := []string{cmd.name}
		for _, f := range cmd.flags {
			if f != helpFlag && f != versionFlag && len(variablesOf(f)) == 0 {
				words = append(words, dashed(f.Names()[len(f.Names())-1]))
			}
		}
		if want := "`" + strings.Join(words, " ") + "`"; len(words) > 1 && !strings.Contains(text, want) {
			t.Errorf("%s is not documented", want)
		}
	}
}

// quoted is what the shell takes as one word.
var quoted = regexp.MustCompile(`"[^"]*"|'[^']*'`)

// Every example, of the README and of the help, is a command line that parses.
func TestExamplesParse(t *testing.T) {
	text := readme(t)
	for _, cmd := range commands() {
		text += cmd.examples
	}
	examples := 0
	for line := range strings.Lines(text) {
		_, line, ok := strings.Cut(line, "  domprobe ")
		if !ok {
			continue
		}
		line, _, _ = strings.Cut(line, " #")
		line, _, _ = strings.Cut(line, " | ")
		line, _, _ = strings.Cut(line, " > ")
		line = quoted.ReplaceAllString(line, "quoted")
		examples++
		cmd, args := pick(strings.Fields(line))
		if _, err := parse(cmd, args); err != nil {
			t.Errorf("domprobe %s: %v", strings.TrimSpace(line), err)
		}
	}
	if examples < 10 {
		t.Errorf("only %d examples found", examples)
	}
}
