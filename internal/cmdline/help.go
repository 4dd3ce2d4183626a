package cmdline

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"domprobe/internal/term"
)

// Help returns what a command is for and how it is called, examples first, in
// lines of so many characters. In full it has every option, the environment and
// the exit codes. The commands are listed, if there are any.
func (c *Command) Help(full bool, width int, commands ...*Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s\n", term.Wrap(Program+": "+c.Summary, 0, width), c.Examples)
	before := "Usage: "
	for call := range strings.SplitSeq(c.Synopsis, " | ") {
		b.WriteString(before + term.Wrap(Program+" "+call, len(before), width) + "\n")
		before = "       "
	}
	b.WriteString("\n")
	title := "Usual flags; --help has all of them:"
	if full {
		title = "Flags, anywhere among the words; -- ends them:"
		if c.Notes != "" {
			b.WriteString(term.Wrap(c.Notes, 0, width) + "\n\n")
		}
	}
	b.WriteString(term.Wrap(title, 0, width) + "\n")
	for _, o := range c.Options {
		if full || o.common {
			o.help(&b, width)
		}
	}
	if len(commands) > 0 {
		b.WriteString("\nCommands, as the first word only:\n")
	}
	for _, other := range commands {
		fmt.Fprintf(&b, "  %-12s%s\n", other.Name, term.Wrap(other.Summary, 14, width))
	}
	if !full {
		return b.String()
	}
	fmt.Fprintf(&b, "\n%s\n\nExit codes:\n", term.Wrap(c.Variables(), 0, width))
	for _, code := range slices.Sorted(maps.Keys(c.Exits)) {
		fmt.Fprintf(&b, "  %-5d%s\n", code, term.Wrap(c.Exits[code], 7, width))
	}
	return b.String()
}

// Variables says which options have an environment variable.
func (c *Command) Variables() string {
	var without []string
	example := ""
	for _, o := range c.Options {
		if v := o.Variable(); v == "" {
			without = append(without, "--"+o.Name)
		} else if example == "" {
			example = v + " for --" + o.Name
		}
	}
	last := len(without) - 1
	return fmt.Sprintf("Every flag but %s and %s has an environment variable: %s. The flag takes precedence.",
		strings.Join(without[:last], ", "), without[last], example)
}

// help prints an option in two columns.
func (o *Option) help(b *strings.Builder, width int) {
	indent := 28
	if width < 60 {
		indent = 10
	}
	names := o.Spelling()
	if o.letter == "" {
		names = "    " + names
	}
	if utf8.RuneCountInString(names) > indent-4 {
		fmt.Fprintf(b, "  %s\n%*s", names, indent, "")
	} else {
		fmt.Fprintf(b, "  %-*s", indent-2, names)
	}
	b.WriteString(term.Wrap(o.Text(), indent, width) + "\n")
}
