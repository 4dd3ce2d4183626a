package term

import (
	"log/slog"
	"strings"
	"testing"
)

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"":                       "",
		"go.dev: found":          "go.dev: found",
		`C:\names "a"`:           `C:\names "a"`,
		"bücher.dev":             "bücher.dev",
		"red \x1b[31m \"x\"":     `red \x1b[31m "x"`,
		"two\nlines\r":           `two\nlines\r`,
		"\x9b31m":                `\x9b31m`,
		"\u009b31m":              `\u009b31m`,
		"right\u202eto left":     `right\u202eto left`,
		"bad \xff utf-8":         `bad \xff utf-8`,
		"\x00\a":                 `\x00\a`,
		"zero\u200bwidth \ufeff": `zero\u200bwidth \ufeff`,
	} {
		if got := Visible(in); got != want {
			t.Errorf("Visible(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestConsole(t *testing.T) {
	talk := func(c *Console) {
		log := c.Logger().With("server", "192.0.2.1").WithGroup("tld").With("name", "dev")
		c.Note("note %d", 1)
		c.Detail("detail %d", 2)
		log.Warn("lies\x1b[2J", "reason", "hijacked")
		c.Logger().Info("try another")
		c.Logger().Debug("decided")
	}
	tests := []struct {
		console *Console
		want    []string
	}{
		{New(nil), []string{
			"note 1",
			`warning: lies\x1b[2J (server 192.0.2.1, tld.name dev, tld.reason hijacked)`,
			"hint: try another",
		}},
		{&Console{Verbosity: 1}, []string{
			"note 1",
			"detail 2",
			`warning: lies\x1b[2J (server 192.0.2.1, tld.name dev, tld.reason hijacked)`,
			"hint: try another",
			"decided",
		}},
		{&Console{Quiet: true, Verbosity: 2}, nil},
	}
	for i := range tests {
		c, want := tests[i].console, ""
		for _, line := range tests[i].want {
			want += "domprobe: " + line + "\n"
		}
		var b strings.Builder
		c.w = &b
		talk(c)
		if got := b.String(); got != want {
			t.Errorf("quiet %t, verbosity %d:\n%s", c.Quiet, c.Verbosity, got)
		}
	}
}

// A logger made of another one must not write into its attributes.
func TestLoggersShareNothing(t *testing.T) {
	var b strings.Builder
	c := New(&b)
	c.Verbosity = 1 // each warning
	base := c.Logger().With("a", 1)
	one, two := base.With("b", 2), base.With("b", 3)
	one.Warn("x")
	two.Warn("x", slog.Int("c", 4))
	want := "domprobe: warning: x (a 1, b 2)\ndomprobe: warning: x (a 1, b 3, c 4)\n"
	if b.String() != want {
		t.Errorf("got %s, want %s", b.String(), want)
	}
}

// Of many warnings of one kind the first is printed, and at the end how many
// more there were.
func TestWarningsAreCounted(t *testing.T) {
	for verbosity, want := range map[int]int{0: 3, 1: 11} {
		var b strings.Builder
		c := New(&b)
		c.Verbosity = verbosity
		for i := range 10 {
			c.Logger().Warn(strings.Repeat("x", i)+" lies", KindKey, "a server lies")
		}
		c.Logger().Warn("once")
		c.Finish()
		c.Finish()
		if n := strings.Count(b.String(), "\n"); n != want {
			t.Errorf("verbosity %d: %d lines, want %d:\n%s", verbosity, n, want, b.String())
		}
		if line := "domprobe: warning: 9 more like this:  lies (-v prints each)\n"; strings.Contains(b.String(), line) != (verbosity == 0) {
			t.Errorf("verbosity %d:\n%s", verbosity, b.String())
		}
	}
}

func TestColor(t *testing.T) {
	for _, tt := range []struct {
		when, env string
		terminal  bool
		want      bool
	}{
		{"auto", "", true, true},
		{"auto", "", false, false},
		{"auto", "TERM=dumb", true, false},
		{"auto", "NO_COLOR=1", true, false},
		{"auto", "CLICOLOR_FORCE=1", false, true},
		{"auto", "CLICOLOR_FORCE=0", false, false},
		{"always", "NO_COLOR=1", false, true},
		{"never", "CLICOLOR_FORCE=1", true, false},
	} {
		for _, name := range []string{"NO_COLOR", "CLICOLOR_FORCE"} {
			t.Setenv(name, "")
		}
		t.Setenv("TERM", "xterm")
		if name, value, ok := strings.Cut(tt.env, "="); ok {
			t.Setenv(name, value)
		}
		if got := Color(tt.when, tt.terminal); got != tt.want {
			t.Errorf("%s, %s, terminal %t: %t", tt.when, tt.env, tt.terminal, got)
		}
	}
}

func TestWrap(t *testing.T) {
	for width, want := range map[int]string{80: "a bb überlang", 6: "a bb\n  überlang", 12: "a bb\n  überlang", 15: "a bb überlang", 14: "a bb\n  überlang"} {
		if got := Wrap(" a  bb überlang", 2, width); got != want {
			t.Errorf("width %d: %q, want %q", width, got, want)
		}
	}
}
