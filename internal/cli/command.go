package cli

import (
	"context"
	"errors"
	"maps"
	"strconv"

	"domprobe/internal/cmdline"
	"domprobe/internal/term"
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
		wordsCommand(),
		scoreCommand(),
		explainCommand(),
		planCommand(),
		resolversCommand(),
		rdapCommand(),
		watchCommand(),
		serveCommand(),
		mcpCommand(),
		workCommand(),
		herdCommand(),
		zoneCommand(),
		tldsCommand(),
		renderCommand(),
		diffCommand(),
		configCommand(),
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
			c.Words = namesOf(all)
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

// namesOf returns the names of all commands but the main one, which has none.
func namesOf(all []*command) []string { return cmdline.Names(plain(all[1:])) }

// A talking is the settings of standard error and of colours, which every
// command has.
type talking struct {
	quiet               bool
	verbosity           int
	color               string
	noColor, noProgress bool
}

func (t *talking) options() []*cmdline.Option {
	t.color = "auto"
	ignored := new(bool) // parse answers --help and --version
	return []*cmdline.Option{
		cmdline.Switch(&t.quiet, "quiet", "q", "print nothing but errors to standard error").Common(),
		cmdline.Parsed(&t.verbosity, "verbose", "v", "print decisions to standard error; -vv prints every query and response", "", parseVerbosity).
			Counting().Common(),
		cmdline.OneOf(&t.color, "color", "", "say `WHEN` rows have colours; auto is on a terminal, unless NO_COLOR is set, and always if CLICOLOR_FORCE is", "--color", term.Whens...).Instead("no-color"),
		cmdline.Switch(&t.noColor, "no-color", "", "the same as --color never").Instead("color"),
		cmdline.Switch(&t.noProgress, "no-progress", "", "show no progress on a terminal"),
		cmdline.Switch(ignored, "version", "", "print the version").Local(),
		cmdline.Switch(ignored, "help", "h", "print help: -h the usual flags, --help everything").Local().Common(),
	}
}

func parseVerbosity(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 2 {
		return 0, errors.New("--verbose is 0, 1 or 2")
	}
	return n, nil
}

func (t *talking) colors(terminal bool) bool {
	return !t.noColor && term.Color(t.color, terminal)
}
