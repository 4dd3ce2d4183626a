package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"domprobe/internal/term"
)

func helpCommand() *command {
	return &command{
		name:     "help",
		summary:  "print the help of a command",
		synopsis: "help [COMMAND]",
		examples: "  domprobe help\n  domprobe help explain\n",
		exits:    map[int]string{codeOK: "the help is printed"},
		run: func(_ context.Context, inv *invocation) error {
			all := commands()
			if len(inv.args) == 0 {
				return inv.help(all[0], true)
			}
			cmd := find(all, inv.args[0])
			if cmd == nil || len(inv.args) > 1 {
				return unknownWord("command", strings.Join(inv.args, " "), names(all[1:]))
			}
			return inv.help(cmd, true)
		},
	}
}

// helpWidth is the width of help that does not go to a terminal.
const helpWidth = 80

// help prints the help of a command as wide as the terminal.
func (inv *invocation) help(cmd *command, full bool) error {
	width, _ := term.Size(inv.stdout)
	if width == 0 {
		width = helpWidth
	}
	_, err := io.WriteString(inv.std.Out, helpText(cmd, full, max(width-1, 40)))
	return err
}

// helpText is what a command is for and how it is called, examples first. In
// full it has every flag, the environment and the exit codes.
func helpText(cmd *command, full bool, width int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s\n%s\n\n", term.Wrap("domprobe: "+cmd.summary, 0, width), cmd.examples, term.Wrap("Usage: domprobe "+cmd.synopsis, 7, width))
	if full && cmd.notes != "" {
		b.WriteString(term.Wrap(cmd.notes, 0, width) + "\n\n")
	}
	title := "Usual flags; --help has all of them:"
	if full {
		title = "Flags, anywhere among the words; -- ends them:"
	}
	b.WriteString(term.Wrap(title, 0, width) + "\n")
	for _, o := range cmd.options {
		if full || o.common {
			writeOption(&b, o, width)
		}
	}
	if cmd.name == "" {
		b.WriteString("\nCommands, as the first word only:\n")
		for _, c := range commands()[1:] {
			fmt.Fprintf(&b, "  %-12s%s\n", c.name, term.Wrap(c.summary, 14, width))
		}
	}
	if !full {
		return b.String()
	}
	fmt.Fprintf(&b, "\n%s\n\nExit codes:\n", term.Wrap(variables(cmd.options), 0, width))
	exits := cmd.allExits()
	for _, code := range slices.Sorted(maps.Keys(exits)) {
		fmt.Fprintf(&b, "  %-5d%s\n", code, term.Wrap(exits[code], 7, width))
	}
	return b.String()
}

// allExits returns the exit codes of a command with their meaning.
func (c *command) allExits() map[int]string {
	exits := maps.Clone(commonExits)
	maps.Copy(exits, c.exits)
	return exits
}

// variables says which flags have an environment variable.
func variables(options []*option) string {
	var without []string
	example := ""
	for _, o := range options {
		if v := o.variable(); v == "" {
			without = append(without, "--"+o.name)
		} else if example == "" {
			example = v + " for --" + o.name
		}
	}
	last := len(without) - 1
	return fmt.Sprintf("Every flag but %s and %s has an environment variable: %s. The flag takes precedence.",
		strings.Join(without[:last], ", "), without[last], example)
}

// spelling returns the names of an option and its value: -t, --tld TLD.
func (o *option) spelling() string {
	s := "--" + o.name
	if o.letter != "" {
		s = "-" + o.letter + ", " + s
	}
	if o.arg != "" {
		s += " " + o.arg
	}
	return s
}

// text returns the usage with the default in parentheses.
func (o *option) text() string {
	if o.initial == "" {
		return o.usage
	}
	return o.usage + " (" + o.initial + ")"
}

// writeOption prints an option in two columns.
func writeOption(b *strings.Builder, o *option, width int) {
	indent := 28
	if width < 60 {
		indent = 10
	}
	names := o.spelling()
	if o.letter == "" {
		names = "    " + names
	}
	if utf8.RuneCountInString(names) > indent-4 {
		fmt.Fprintf(b, "  %s\n%*s", names, indent, "")
	} else {
		fmt.Fprintf(b, "  %-*s", indent-2, names)
	}
	b.WriteString(term.Wrap(o.text(), indent, width) + "\n")
}
