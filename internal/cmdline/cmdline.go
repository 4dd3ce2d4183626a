// Package cmdline is the command line of a program with commands: one table of
// commands and options, from which parsing, help and completion follow.
//
// A [Command] has a list of options. Each [Option] is bound to a variable that
// [Command.Parse] sets. [Command.Help] and [Complete] write the same table as
// text. A [UsageError] names the mistake, and the hint guesses what was meant.
package cmdline

import (
	"fmt"
	"slices"

	"domprobe/internal/text"
)

// Program is the name of the program; its environment variables begin with
// prefix.
const (
	Program = "domprobe"
	prefix  = "DOMPROBE_"
)

// A Command is one thing that the program does.
type Command struct {
	Name     string // the first word; empty for the main command
	Summary  string // one line
	Synopsis string // what may follow the program's name
	Examples string // one a line, indented
	Notes    string // a paragraph after the examples; may be empty
	Options  []*Option
	Words    []string       // what may follow the name, where the list is closed
	Exits    map[int]string // exit codes, and what they mean

	Files  func() ([][]Setting, error)            // settings of files, in rising precedence; may be nil
	Expand func(o *Option, value string) []string // the values that a value stands for; may be nil
}

// Names returns the names of commands.
func Names(commands []*Command) []string {
	return text.Of(commands, func(c *Command) string { return c.Name })
}

// Pick returns the index of the command that the arguments mean, and the
// arguments left for it. Only the first word names a command: anywhere else,
// and after "--", it is a word for the main command, which comes first.
func Pick(commands []*Command, args []string) (int, []string) {
	if len(args) > 0 && args[0] != "" {
		if i := slices.Index(Names(commands), args[0]); i >= 0 {
			return i, args[1:]
		}
	}
	return 0, args
}

// option returns the option with a name or letter, and nil if there is none.
func (c *Command) option(name string) *Option {
	for _, o := range c.Options {
		if name != "" && (o.Name == name || o.letter == name) {
			return o
		}
	}
	return nil
}

// Shares reports whether the command has an option of another one, with the same
// meaning.
func (c *Command) Shares(o *Option) bool {
	own := c.option(o.Name)
	return own != nil && own.Text() == o.Text()
}

// A UsageError is a mistake in the command line.
type UsageError struct {
	Err  error
	Hint string // what to do about it; may be empty
}

func (e *UsageError) Error() string { return e.Err.Error() }
func (e *UsageError) Unwrap() error { return e.Err }

// Usage returns a [*UsageError]. The hint may be empty.
func Usage(hint, format string, args ...any) error {
	return &UsageError{fmt.Errorf(format, args...), hint}
}
