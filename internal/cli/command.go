package cli

import (
	"context"
	"slices"
)

// A command is one thing that the program does.
type command struct {
	name     string // the first word; empty for the main command
	summary  string // one line
	synopsis string // what may follow the program's name
	examples string // one a line, indented
	notes    string // a paragraph after the examples; may be empty
	options  []*option
	talk     *talking
	words    []string       // what may follow the name, where the list is closed
	exits    map[int]string // the exit codes besides commonExits
	run      func(context.Context, *invocation) error
}

// commands returns a new table of commands, each with settings of its own. The
// main command comes first; it runs when the first word names no other.
func commands() []*command {
	all := []*command{
		probeCommand(),
		explainCommand(),
		planCommand(),
		resolversCommand(),
		rdapCommand(),
		serveCommand(),
		tldsCommand(),
		renderCommand(),
		diffCommand(),
		completionCommand(),
		manCommand(),
		helpCommand(),
		versionCommand(),
	}
	for _, c := range all {
		c.talk = new(talking)
		c.options = append(c.options, c.talk.options()...)
		if c.name == "help" {
			c.words = names(all[1:])
		}
	}
	return all
}

// find returns the command with the given name, and nil if there is none.
func find(all []*command, name string) *command {
	if i := slices.IndexFunc(all, func(c *command) bool { return c.name == name }); i >= 0 {
		return all[i]
	}
	return nil
}

func names(commands []*command) (names []string) {
	for _, c := range commands {
		names = append(names, c.name)
	}
	return names
}

// pick returns the command that the arguments mean, and the arguments left for
// it. Only the first word names a command: anywhere else, and after "--", it is
// a keyword.
func pick(args []string) (*command, []string) {
	all := commands()
	if len(args) > 0 && args[0] != "" {
		if c := find(all, args[0]); c != nil {
			return c, args[1:]
		}
	}
	return all[0], args
}
