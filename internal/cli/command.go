package cli

import (
	"context"
	"maps"

	"domprobe/internal/cmdline"
)

// A command is one thing that the program does.
type command struct {
	cmdline.Command
	talk *talking
	run  func(context.Context, *invocation) error
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
		zoneCommand(),
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
		c.Options = append(c.Options, c.talk.options()...)
		exits := maps.Clone(commonExits)
		maps.Copy(exits, c.Exits)
		c.Exits = exits
		if c.Name == "help" {
			c.Words = cmdline.Names(plain(all[1:]))
		}
	}
	return all
}

// plain returns the commands without what runs them.
func plain(commands []*command) (list []*cmdline.Command) {
	for _, c := range commands {
		list = append(list, &c.Command)
	}
	return list
}
