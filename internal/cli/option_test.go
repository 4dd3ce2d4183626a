package cli

import (
	"io"
	"strings"
	"testing"
)

// An environment variable means the same to every command that knows it.
func TestVariables(t *testing.T) {
	type use struct{ command, text string }
	uses := make(map[string]use)
	without := make(map[string]int) // how many flags of a command have none
	for _, cmd := range commands() {
		for _, o := range cmd.Options {
			v := o.Variable()
			if v == "" {
				without[cmd.Name]++
				continue
			}
			this := use{cmd.Name, o.Text()}
			other, ok := uses[v]
			if ok && this.text != other.text {
				t.Errorf("%s is two things: %q to %q, %q to %q", v, this.text, this.command, other.text, other.command)
			}
			uses[v] = this
		}
	}
	if without[""] != 2 {
		t.Errorf("%d flags of the main command have no variable; want --help and --version", without[""])
	}
}

// What is set for the main command does not get into the way of another.
func TestVariablesOfOthers(t *testing.T) {
	t.Setenv("DOMPROBE_FORMAT", "grid")
	t.Setenv("DOMPROBE_TLD", "dev,io")
	t.Setenv("DOMPROBE_TLD_PRESET", "nosuch")
	t.Setenv("DOMPROBE_MAX_NAMES", "0")
	t.Setenv("DOMPROBE_ONLY", "nosuch")
	for _, args := range []string{
		"tlds", "resolvers -r demo", "plan -r demo com", "serve -r demo --listen 127.0.0.1", "diff a.csv b.csv", "rdap -f text a.b.c",
	} {
		_, stderr := runLine(t, t.Context(), strings.NewReader(""), io.Discard, strings.Fields(args)...)
		for _, word := range []string{"format", "TLD", "nosuch", "--max-names"} {
			if strings.Contains(stderr, word) {
				t.Errorf("%s: %s", args, stderr)
			}
		}
	}
}
