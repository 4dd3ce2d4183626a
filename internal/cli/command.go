package cli

import (
	"context"
	"io"

	"github.com/urfave/cli/v2"
)

// A command is one thing that the program does.
type command struct {
	name     string // the first word; empty for the main command
	summary  string // one line, for the list of commands
	synopsis string // what may follow the program's name
	examples string // shown first in the help
	flags    []cli.Flag
	words    []string       // what may follow the name, where there is a closed list
	exits    map[int]string // the exit codes beside commonExits
	run      func(context.Context, *invocation) error
}

// commands returns the table of commands. The main command comes first: it is
// what is meant when the first word is no other's name.
func commands() []*command {
	return []*command{
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
	}
}

// pick returns the command that the arguments mean, and what is left for it. A
// command's name is one as the first word only: anywhere else, and after --, it
// is a keyword.
func pick(args []string) (*command, []string) {
	all := commands()
	if len(args) > 0 {
		for _, c := range all[1:] {
			if args[0] == c.name {
				return c, args[1:]
			}
		}
	}
	return all[0], args
}

// An invocation is a command with its arguments.
type invocation struct {
	flags    *cli.Context
	args     []string // what is not a flag, in order; "-" is standard input
	std      Streams
	console  *console
	stdout   io.Writer // as it was given to Run
	terminal bool      // standard output is one
}

// parse reads the flags from the arguments and the environment. Package cli of
// urfave is given flags only, each with its value in the same argument, because
// it stops at the first argument that is none.
func parse(cmd *command, args []string) (*invocation, error) {
	flags, rest, err := splitArgs(cmd.flags, args)
	if err != nil {
		return nil, err
	}
	inv := &invocation{args: rest}
	app := &cli.App{
		Name:                      "domprobe",
		Flags:                     cmd.flags,
		Writer:                    io.Discard,
		ErrWriter:                 io.Discard,
		HideHelp:                  true,
		HideVersion:               true,
		DisableSliceFlagSeparator: true,
		ExitErrHandler:            func(*cli.Context, error) {},
		OnUsageError:              func(_ *cli.Context, err error, _ bool) error { return flagError(err) },
		Action: func(c *cli.Context) error {
			inv.flags = c
			return nil
		},
	}
	return inv, app.Run(append([]string{"domprobe"}, flags...))
}
