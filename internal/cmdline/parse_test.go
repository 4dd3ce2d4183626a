package cmdline

import (
	"errors"
	"strings"
	"testing"
)

// testCommand has options of every kind.
func testCommand() *Command {
	var list []string
	var text string
	var on bool
	n := 1
	return &Command{Options: []*Option{
		List(&list, "tld", "t", "`TLD`s"), Repeated(&list, "input", "i", "`FILE`"), Repeated(&list, "resolver", "r", "`RESOLVER`"),
		Repeated(&list, "output", "o", "`FILE`"), List(&list, "only", "", "`VERDICT`"),
		OneOf(&text, "format", "f", "`FORMAT`", "format", "csv", "json"), Number(&n, "concurrency", "c", "`N`", 1, 100),
		Switch(&on, "quiet", "q", ""), Switch(&on, "escalate", "", ""), Switch(&on, "no-color", "", ""),
		Number(&n, "verbose", "v", "", 0, 2).Counting(), Switch(&on, "version", "", "").Local(), Switch(&on, "help", "h", "").Local(),
	}}
}

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
		flags, rest, err := testCommand().split(strings.Fields(tt.args))
		if err != nil || strings.Join(flags, " ") != tt.flags || strings.Join(rest.Words, " ") != tt.rest {
			t.Errorf("split(%s) = %q, %q, %v; want %q, %q", tt.args, flags, rest.Words, err, tt.flags, tt.rest)
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
		_, _, err := testCommand().split(strings.Fields(tt.args))
		if tt.want == "" {
			if err != nil {
				t.Errorf("split(%s): %v", tt.args, err)
			}
			continue
		}
		var usage *UsageError
		if !errors.As(err, &usage) || !strings.Contains(usage.Error()+"; "+usage.Hint, tt.want) {
			t.Errorf("split(%s): error %#v, want a usage error with %q", tt.args, err, tt.want)
		}
	}
}

func TestSplitHelp(t *testing.T) {
	for args, want := range map[string]error{
		"-h":            ErrHelp,
		"go --help -x":  ErrFullHelp,
		"--version":     ErrVersion,
		"-qh":           ErrHelp,
		"-t -h":         nil,
		"-t dev -- -h":  nil,
		"--tld --help ": nil,
	} {
		if _, _, err := testCommand().split(strings.Fields(args)); !errors.Is(err, want) {
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
	for _, o := range testCommand().Options {
		known[o.Name] = true
	}
	f.Fuzz(func(t *testing.T, s string) {
		args := strings.Fields(s)
		flags, rest, err := testCommand().split(args)
		if err != nil {
			return
		}
		for _, arg := range flags {
			name, _, ok := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
			if !ok || !known[name] {
				t.Errorf("split(%q): flag %q", args, arg)
			}
		}
		for _, arg := range rest.Words {
			if !strings.Contains(s, arg) {
				t.Errorf("split(%q): %q was not among the arguments", args, arg)
			}
		}
	})
}

func TestPick(t *testing.T) {
	commands := []*Command{{}, {Name: "explain"}, {Name: "help"}}
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
		at, rest := Pick(commands, strings.Fields(tt.args))
		if commands[at].Name != tt.command || strings.Join(rest, " ") != tt.rest {
			t.Errorf("Pick(%s) = %q, %q; want %q, %q", tt.args, commands[at].Name, rest, tt.command, tt.rest)
		}
	}
}

// Values come from the arguments, or else from the environment.
func TestParse(t *testing.T) {
	for _, tt := range []struct{ args, env, list, err string }{
		{"-t a,b -t c", "", "a b c", ""},
		{"", "a, b", "a b", ""},
		{"-t c", "a,b", "c", ""},
		{"-t", "", "", "flag -t needs a value"},
	} {
		var list []string
		c := &Command{Options: []*Option{List(&list, "tld", "t", "`TLD`s")}}
		t.Setenv("DOMPROBE_TLD", tt.env)
		_, err := c.Parse(strings.Fields(tt.args))
		if strings.Join(list, " ") != tt.list || (err == nil) != (tt.err == "") || err != nil && err.Error() != tt.err {
			t.Errorf("%q with %q: %q, %v", tt.args, tt.env, list, err)
		}
	}
	t.Setenv("DOMPROBE_CONCURRENCY", "many")
	_, err := testCommand().Parse(nil)
	if err == nil || err.Error() != `the environment variable DOMPROBE_CONCURRENCY cannot be "many"` {
		t.Errorf("bad variable: %v", err)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"json", "jsonl", "cloudflare", "not-found", "tld"}
	for word, want := range map[string]string{
		"jsno": "json", "JSON": "json", "clouflare": "cloudflare", "notfound": "not-found", "tdl": "tld", "xml": "", "t": "", "": "", "tls": "tld",
	} {
		if got := Nearest(word, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}
