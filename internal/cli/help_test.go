package cli

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// A command says what each of its exit codes means, 0 among them.
func TestExits(t *testing.T) {
	line := regexp.MustCompile(`^  \d{1,3} +\S.*\n$`)
	for _, cmd := range commands() {
		if cmd.Exits[codeOK] == "" {
			t.Errorf("%s does not say what 0 means", cmd.Name)
		}
		for code := range cmd.Exits {
			if code != codeOK && !slices.Contains(precedence, code) {
				t.Errorf("%s has an exit code %d that is none", cmd.Name, code)
			}
		}
		_, codes, ok := strings.Cut(cmd.Help(true, 200), "\nExit codes:\n")
		if !ok {
			t.Errorf("%s: no exit codes", cmd.Name)
		}
		for l := range strings.Lines(codes) {
			if !line.MatchString(l) {
				t.Errorf("%s: %q", cmd.Name, l)
			}
		}
	}
}

// Help has no line that is longer than the terminal is wide, but for examples.
func TestHelpIsWrapped(t *testing.T) {
	for _, cmd := range commands() {
		for _, width := range []int{40, 79, 120} {
			text := cmd.Help(true, width)
			for line := range strings.Lines(strings.Replace(text, cmd.Examples, "", 1)) {
				if n := utf8.RuneCountInString(line) - 1; n > width && len(strings.Fields(line)) > 1 {
					t.Errorf("%s at %d columns: %q", cmd.Name, width, line)
				}
			}
		}
		for line := range strings.Lines(cmd.Examples) {
			if len(line) > helpWidth {
				t.Errorf("%s: %q is too long", cmd.Name, line)
			}
		}
		if short := cmd.Help(false, 79); len(short) >= len(cmd.Help(true, 79)) {
			t.Errorf("%s: the short help is not short", cmd.Name)
		}
	}
	if text := strings.Join(strings.Fields(commands()[0].Help(true, 79)), " "); !strings.Contains(text, "-0, --null keywords end in NUL, not in a newline, and # begins no comment;") {
		t.Error("the help does not say that -0 knows no comments")
	}
}
