package cli

import (
	"context"
	"errors"
	"strings"
)

// manCommand prints the manual page.
func manCommand() *command {
	return &command{
		name:     "man",
		summary:  "print the manual page",
		synopsis: "man",
		examples: `  domprobe man | man -l -
  domprobe man > ~/.local/share/man/man1/domprobe.1
`,
		flags: consoleFlags(),
		exits: map[int]string{codeOK: "the page is printed"},
		run: func(_ context.Context, inv *invocation) error {
			if len(inv.args) > 0 {
				return usageError("", "man takes no words")
			}
			return write(inv.std.Out, manualPage)
		},
	}
}

// manualPage returns the page that urfave makes, but with the usage for the
// synopsis, in place of the list of flags that stands there.
func manualPage() (string, error) {
	page, err := documented().ToManWithSection(1)
	top, rest, _ := strings.Cut(page, ".SH SYNOPSIS\n")
	_, rest, _ = strings.Cut(rest, ".SH DESCRIPTION\n")
	text, rest, _ := strings.Cut(rest, ".PP\n\\fBUsage\\fP:\n")
	usage, flags, ok := strings.Cut(rest, ".SH GLOBAL OPTIONS\n")
	if err == nil && !ok {
		err = errors.New("the manual page has no usage")
	}
	return top + ".SH SYNOPSIS\n" + usage + ".SH DESCRIPTION\n" + text + ".SH OPTIONS\n" + flags, err
}

// literal returns the examples and exit codes of a command, to be set as they
// are. Without a title the first line would lose its indent.
func literal(title string, cmd *command) string {
	var b strings.Builder
	b.WriteString(title + "\n" + cmd.examples + "\n")
	writeExits(&b, cmd)
	return b.String()
}

// description returns the same of the main command in Markdown, and what holds
// for its flags.
func description(cmd *command) string {
	return "    " + strings.ReplaceAll(literal("Examples:", cmd), "\n", "\n    ") + "\n\n" + variables(cmd.flags)
}
