package cmdline

import (
	"strings"
	"testing"
)

// A value of a file counts unless an argument, a variable or a nearer file has
// one, for the option or for one that takes its place.
func TestFiles(t *testing.T) {
	file := func(option, from string, values ...string) []Setting {
		return []Setting{{Option: option, Values: values, From: from}}
	}
	far, near := file("tld", "far:1", "a", "b"), file("tld", "near:1", "c")
	set := file("set", "near:1", "x")
	for _, tt := range []struct {
		args, env     string
		files         [][]Setting
		list, set, is string
	}{
		{"", "", [][]Setting{far}, "a b", "", "far:1"},
		{"", "", [][]Setting{far, near}, "c", "", "near:1"},
		{"", "", [][]Setting{far, set}, "", "x", ""},
		{"", "", [][]Setting{set, far}, "a b", "", "far:1"},
		{"", "", [][]Setting{append(far, set...)}, "a b", "x", "far:1"},
		{"", "e", [][]Setting{far, set}, "e", "", "DOMPROBE_TLD"},
		{"-t z", "e", [][]Setting{set, far}, "z", "", "--tld"},
		{"", "", [][]Setting{file("nosuch", "far:1", "x")}, "", "", ""},
	} {
		var list []string
		var text string
		c := &Command{Options: []*Option{
			List(&list, "tld", "t", "`TLD`s").Instead("set"), Text(&text, "set", "", "`SET`").Instead("tld"),
		}, Files: func() ([][]Setting, error) { return tt.files, nil }}
		t.Setenv("DOMPROBE_TLD", tt.env)
		if _, err := c.Parse(strings.Fields(tt.args)); err != nil {
			t.Error(err)
		}
		if got := strings.Join(list, " "); got != tt.list || text != tt.set || c.option("tld").Source().Text != tt.is {
			t.Errorf("%+v: tld %q of %+v, set %q", tt, got, c.option("tld").Source(), text)
		}
	}
}

// The error of a value has its file and line.
func TestFileErrors(t *testing.T) {
	for _, tt := range []struct {
		option, values, want string
	}{
		{"concurrency", "many", `x:1: --concurrency cannot be "many"`},
		{"concurrency", "1 2", "x:1: concurrency takes one value"},
		{"format", "cvs", `x:1: unknown format "cvs"`},
		{"resolver", "1 2", ""},
	} {
		err := testCommand().Check(Setting{tt.option, strings.Fields(tt.values), "x:1"})
		if err == nil && tt.want != "" || err != nil && err.Error() != tt.want {
			t.Errorf("%s = %s: %v, want %s", tt.option, tt.values, err, tt.want)
		}
	}
	if err := testCommand().Check(Setting{"formt", []string{"csv"}, "x:1"}); err == nil {
		t.Error("no error for an unknown option")
	}
}
