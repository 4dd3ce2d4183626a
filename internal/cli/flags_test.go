package cli

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// An environment variable means the same to every command that knows it, and
// every flag has the one that its name suggests or none.
func TestVariables(t *testing.T) {
	type use struct{ command, usage, value string }
	uses := make(map[string]use)
	without := make(map[string]int) // how many flags of a command have none
	for _, cmd := range commands() {
		for _, f := range cmd.flags {
			doc := f.(cli.DocGenerationFlag)
			vars := variablesOf(f)
			if len(vars) == 0 {
				without[cmd.name]++
				continue
			}
			if want := envVar(f.Names()[0]); !slices.Equal(vars, want) {
				t.Errorf("%s --%s: %s, want %s", cmd.name, f.Names()[0], vars, want)
			}
			this := use{cmd.name, doc.GetUsage(), doc.GetValue()}
			other, ok := uses[vars[0]]
			if ok && (this.usage != other.usage || this.value != other.value) {
				t.Errorf("%s is two things: %q by default to %q, %q by default to %q",
					vars[0], this, this.command, other, other.command)
			}
			uses[vars[0]] = this
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

// The README says the same about --rate auto as the help.
func TestRateAutoIsDocumented(t *testing.T) {
	const want = "1000 to a public resolver, 100 to a registry's server, no limit on this machine and private networks"
	var help strings.Builder
	runLine(t, t.Context(), nil, &help, "--help")
	for where, text := range map[string]string{"README": readme(t), "help": strings.Join(strings.Fields(help.String()), " ")} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the %s", want, where)
		}
	}
}
