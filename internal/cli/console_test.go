package cli

import (
	"errors"
	"fmt"
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
		if got := visible(in); got != want {
			t.Errorf("visible(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestConsole(t *testing.T) {
	talk := func(c *console) {
		log := c.logger().With("server", "192.0.2.1").WithGroup("tld").With("name", "dev")
		c.note("note %d", 1)
		c.detail("detail %d", 2)
		log.Warn("lies\x1b[2J", "reason", "hijacked")
		c.logger().Info("try another")
		c.logger().Debug("decided")
		c.fail(&exitError{code: 1, err: errors.New("failed")})
		c.fail(&exitError{code: 2, err: errors.New("wrong"), hint: "try that"})
		c.fail(&exitError{code: 3})
	}
	tests := []struct {
		console console
		want    []string
	}{
		{console{}, []string{
			"note 1",
			`warning: lies\x1b[2J (server 192.0.2.1, tld.name dev, tld.reason hijacked)`,
			"hint: try another",
			"failed",
			"wrong; try that",
		}},
		{console{verbosity: 1}, []string{
			"note 1",
			"detail 2",
			`warning: lies\x1b[2J (server 192.0.2.1, tld.name dev, tld.reason hijacked)`,
			"hint: try another",
			"decided",
			"failed",
			"wrong; try that",
		}},
		{console{quiet: true, verbosity: 2}, []string{"failed", "wrong; try that"}},
	}
	for i := range tests {
		c, want := &tests[i].console, tests[i].want
		var b strings.Builder
		c.w = &b
		talk(c)
		if got := b.String(); got != "domprobe: "+strings.Join(want, "\ndomprobe: ")+"\n" {
			t.Errorf("quiet %t, verbosity %d:\n%s", c.quiet, c.verbosity, got)
		}
	}
}

// A logger made of another one must not write into its attributes.
func TestLoggersShareNothing(t *testing.T) {
	var b strings.Builder
	c := &console{w: &b}
	base := c.logger().With("a", 1)
	one, two := base.With("b", 2), base.With("b", 3)
	one.Warn("x")
	two.Warn("x", slog.Int("c", 4))
	want := "domprobe: warning: x (a 1, b 2)\ndomprobe: warning: x (a 1, b 3, c 4)\n"
	if b.String() != want {
		t.Errorf("got %s, want %s", b.String(), want)
	}
}

func TestExitPrecedence(t *testing.T) {
	tests := []struct {
		codes []int
		want  int
	}{
		{nil, 0},
		{[]int{codeOK}, 0},
		{[]int{codeNoMatch}, 4},
		{[]int{codeNoMatch, codeUnknown}, 3},
		{[]int{codeUnknown, codeUnexpected, codeNoMatch}, 5},
		{[]int{codeUnexpected, codeUsage}, 2},
		{[]int{codeUsage, codeFailed, codeUnknown}, 1},
		{[]int{codeFailed, codeInterrupted}, 130},
	}
	for _, tt := range tests {
		err := exit(tt.codes...)
		var got *exitError
		if tt.want == 0 {
			if err != nil {
				t.Errorf("exit(%v) = %v", tt.codes, err)
			}
		} else if !errors.As(fmt.Errorf("wrapped: %w", err), &got) || got.code != tt.want {
			t.Errorf("exit(%v) = %v, want %d", tt.codes, err, tt.want)
		}
	}
}
