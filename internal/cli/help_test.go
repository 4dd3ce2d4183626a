package cli

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A command says what each of its exit codes means, 0 among them.
func TestExits(t *testing.T) {
	line := regexp.MustCompile(`^  \d{1,3} +\S.*\n$`)
	for _, cmd := range commands() {
		if cmd.exits[codeOK] == "" {
			t.Errorf("%s does not say what 0 means", cmd.name)
		}
		for code := range cmd.exits {
			if code != codeOK && !slices.Contains(precedence, code) {
				t.Errorf("%s has an exit code %d that is none", cmd.name, code)
			}
		}
		_, codes, ok := strings.Cut(helpText(cmd, true, 200), "\nExit codes:\n")
		if !ok {
			t.Errorf("%s: no exit codes", cmd.name)
		}
		for l := range strings.Lines(codes) {
			if !line.MatchString(l) {
				t.Errorf("%s: %q", cmd.name, l)
			}
		}
	}
}
