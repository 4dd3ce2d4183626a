package cli

import (
	"errors"
	"flag"
	"strings"
	"testing"
)

func TestSplitArgs(t *testing.T) {
	tests := []struct {
		args  string
		flags string
		rest  string
	}{
		{"", "", ""},
		{"go rust", "", "go rust"},
		{"-t dev go", "--tld=dev", "go"},
		{"go -t dev rust --only found", "--tld=dev --only=found", "go rust"},
		{"--tld=dev -t=io go", "--tld=dev --tld=io", "go"},
		{"-tld dev", "--tld=dev", ""},
		{"-t -i -i -t", "--tld=-i --input=-t", ""},
		{"-t -- go", "--tld=--", "go"},
		{"-i - - go", "--input=-", "- go"},
		{"-q go --escalate=false", "--quiet=true --escalate=false", "go"},
		{"-v -v", "--verbose=1 --verbose=2", ""},
		{"-vv", "--verbose=1 --verbose=2", ""},
		{"-qv go", "--quiet=true --verbose=1", "go"},
		{"--verbose=2 go", "--verbose=2", "go"},
		{"-v 2", "--verbose=1", "2"},
		{"-t dev -- -q --tld -- go", "--tld=dev", "-q --tld -- go"},
		{"-f csv=x", "--format=csv=x", ""},
	}
	for _, tt := range tests {
		flags, rest, err := splitArgs(probeCommand().flags, strings.Fields(tt.args))
		if err != nil || strings.Join(flags, " ") != tt.flags || strings.Join(rest, " ") != tt.rest {
			t.Errorf("splitArgs(%s) = %q, %q, %v; want %q, %q", tt.args, flags, rest, err, tt.flags, tt.rest)
		}
	}
}

func TestSplitArgsErrors(t *testing.T) {
	tests := []struct{ args, want string }{
		{"--tdl dev", "--tld"},
		{"--resolvers 1.1.1.1", "--resolver"},
		{"--no-colour", "--no-color"},
		{"-tdev", "-t dev"},
		{"-c100", "-c 100"},
		{"-c", "needs a value"},
		{"--output", "needs a value"},
		{"---", "unknown flag"},
		{"-=x", "unknown flag"},
		{"go -- -x --bad", ""},
		{"go -x -- go", "unknown flag -x; keywords that begin with - come after --"},
	}
	for _, tt := range tests {
		_, _, err := splitArgs(probeCommand().flags, strings.Fields(tt.args))
		if tt.want == "" {
			if err != nil {
				t.Errorf("splitArgs(%s): %v", tt.args, err)
			}
			continue
		}
		var exit *exitError
		if !errors.As(err, &exit) || exit.code != codeUsage || !strings.Contains(exit.Error()+"; "+exit.hint, tt.want) {
			t.Errorf("splitArgs(%s): error %#v, want a usage error with %q", tt.args, err, tt.want)
		}
	}
}

func TestSplitArgsHelp(t *testing.T) {
	for args, want := range map[string]error{
		"-h":            flag.ErrHelp,
		"go --help -x":  flag.ErrHelp,
		"--version":     errVersion,
		"-qh":           flag.ErrHelp,
		"-t -h":         nil,
		"-t dev -- -h":  nil,
		"--tld --help ": nil,
	} {
		if _, _, err := splitArgs(probeCommand().flags, strings.Fields(args)); !errors.Is(err, want) {
			t.Errorf("splitArgs(%s): error %v, want %v", args, err, want)
		}
	}
}

// Whatever the arguments are, none is lost and none reaches the flag parser
// that is not one flag with its value.
func FuzzSplitArgs(f *testing.F) {
	for _, s := range []string{"-t dev go", "-vv -- -x", "--tld=a -", "-qvq --only=", "-t"} {
		f.Add(s)
	}
	known := make(map[string]bool)
	for _, fl := range probeCommand().flags {
		known[fl.Names()[0]] = true
	}
	f.Fuzz(func(t *testing.T, s string) {
		args := strings.Fields(s)
		flags, rest, err := splitArgs(probeCommand().flags, args)
		if err != nil {
			return
		}
		for _, arg := range flags {
			name, _, ok := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
			if !ok || !known[name] {
				t.Errorf("splitArgs(%q): flag %q", args, arg)
			}
		}
		for _, arg := range rest {
			if !strings.Contains(s, arg) {
				t.Errorf("splitArgs(%q): %q was not among the arguments", args, arg)
			}
		}
	})
}

func TestPick(t *testing.T) {
	for _, tt := range []struct{ args, command, rest string }{
		{"go -t dev", "", "go -t dev"},
		{"explain go.dev", "explain", "go.dev"},
		{"-t dev explain", "", "-t dev explain"},
		{"-- explain", "", "-- explain"},
		{"Explain", "", "Explain"},
		{"help", "", "help"},
		{"", "", ""},
	} {
		cmd, rest := pick(strings.Fields(tt.args))
		if cmd.name != tt.command || strings.Join(rest, " ") != tt.rest {
			t.Errorf("pick(%s) = %q, %q; want %q, %q", tt.args, cmd.name, rest, tt.command, tt.rest)
		}
	}
}
