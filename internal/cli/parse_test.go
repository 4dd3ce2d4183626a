package cli

import (
	"errors"
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
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
		{"-tdev -c100 go", "--tld=dev --concurrency=100", "go"},
		{"-qtdev,io", "--quiet=true --tld=dev,io", ""},
		{"-i-", "--input=-", ""},
	}
	for _, tt := range tests {
		var inv invocation
		flags, err := inv.split(commands()[0].options, strings.Fields(tt.args))
		if rest := inv.args; err != nil || strings.Join(flags, " ") != tt.flags || strings.Join(rest, " ") != tt.rest {
			t.Errorf("split(%s) = %q, %q, %v; want %q, %q", tt.args, flags, inv.args, err, tt.flags, tt.rest)
		}
	}
}

func TestSplitErrors(t *testing.T) {
	tests := []struct{ args, want string }{
		{"--tdl dev", "--tld"},
		{"--resolvers 1.1.1.1", "--resolver"},
		{"--no-colour", "--no-color"},
		{"-tdl dev", "--tld"},
		{"-c", "needs a value"},
		{"--output", "needs a value"},
		{"---", "unknown flag"},
		{"-=x", "unknown flag"},
		{"go -- -x --bad", ""},
		{"go -x -- go", "unknown flag -x; keywords that begin with - come after --"},
	}
	for _, tt := range tests {
		_, err := new(invocation).split(commands()[0].options, strings.Fields(tt.args))
		if tt.want == "" {
			if err != nil {
				t.Errorf("split(%s): %v", tt.args, err)
			}
			continue
		}
		var exit *exitError
		if !errors.As(err, &exit) || exit.code != codeUsage || !strings.Contains(exit.Error()+"; "+exit.hint, tt.want) {
			t.Errorf("split(%s): error %#v, want a usage error with %q", tt.args, err, tt.want)
		}
	}
}

func TestSplitHelp(t *testing.T) {
	for args, want := range map[string]error{
		"-h":            errHelp,
		"go --help -x":  errFullHelp,
		"--version":     errVersion,
		"-qh":           errHelp,
		"-t -h":         nil,
		"-t dev -- -h":  nil,
		"--tld --help ": nil,
	} {
		if _, err := new(invocation).split(commands()[0].options, strings.Fields(args)); !errors.Is(err, want) {
			t.Errorf("split(%s): error %v, want %v", args, err, want)
		}
	}
}

// Whatever the arguments are, none is lost and none reaches the flag parser
// that is not one flag with its value.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{"-t dev go", "-vv -- -x", "--tld=a -", "-qvq --only=", "-t"} {
		f.Add(s)
	}
	known := make(map[string]bool)
	for _, o := range commands()[0].options {
		known[o.name] = true
	}
	f.Fuzz(func(t *testing.T, s string) {
		args := strings.Fields(s)
		var inv invocation
		flags, err := inv.split(commands()[0].options, args)
		if err != nil {
			return
		}
		for _, arg := range flags {
			name, _, ok := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
			if !ok || !known[name] {
				t.Errorf("split(%q): flag %q", args, arg)
			}
		}
		for _, arg := range inv.args {
			if !strings.Contains(s, arg) {
				t.Errorf("split(%q): %q was not among the arguments", args, arg)
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
		{"help", "help", ""},
		{"-t dev help", "", "-t dev help"},
		{"", "", ""},
	} {
		cmd, rest := pick(strings.Fields(tt.args))
		if cmd.name != tt.command || strings.Join(rest, " ") != tt.rest {
			t.Errorf("pick(%s) = %q, %q; want %q, %q", tt.args, cmd.name, rest, tt.command, tt.rest)
		}
	}
}
