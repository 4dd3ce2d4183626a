// Package cli is the command: it turns flags into the Options of the other
// packages, runs them, and turns what came of it into an exit code. It decides
// nothing about names.
//
// [Run] picks a command by the first word (command.go: the table of commands),
// and the command gets an invocation: its flags parsed, its keywords, and where
// to write. What happens to the arguments, in order:
//
//	args.go     flags and keywords in any order are told apart
//	flags.go    the flags, in groups that commands share, and their checks
//	input.go    keywords: arguments, files, standard input, lists, patterns
//	amount.go   how many keywords there are, before they come
//	limit.go    how many names are too many
//	names.go    what is made of them, and which of that is probed
//	tlds.go     TLDs: by name, in sets, in files
//	servers.go  resolvers: what was named, or the system's, or the demo's
//	output.go   rows: standard output in one format, reports in others
//	reports.go  the files of reports: what is wrong with them, and opening them
//	order.go    rows in the order of the names
//	probe.go    the main command: the stages from names to rows
//	tally.go    what was counted, the summary, what the run ends with
//	screen.go   the grid that is drawn on a terminal as rows come
//	progress.go the line that moves on a terminal
//	interrupt.go  what ends with a signal although it knows of none
//	dryrun.go   the names only, and what a run would take
//	explain.go  the story of one name
//	plan.go     what is known of TLDs; resolvers.go: of resolvers; table.go
//	confirm.go  registries: asked about what is not found
//	rdap.go     what a registry publishes about one name
//	render.go   saved reports in other formats; diff.go: what has changed
//	serve.go    the page and the API of package web
//	help.go     what a command is for; man.go, completion.go: the same elsewhere
//
// Standard output holds rows and nothing else. Everything for the user goes
// through a console (console.go) to standard error, a line each, prefixed
// "domprobe: ", with nothing in it that a terminal would obey. An error carries
// its exit code (exit.go); the console prints it in one place, in [Run].
//
// To add a command, write a file with a function that returns its *command and
// name it in the table.
package cli

import (
	"context"
	"errors"
	"flag"
	"io"
)

// Streams are what a run reads and writes.
type Streams struct {
	In  io.Reader
	Out io.Writer // rows
	Err io.Writer // everything else
}

// Run runs the command line args, whose first element is the program's name,
// until it has ended or ctx is done, and returns the exit code. The process
// should ignore SIGPIPE, so that a closed pipe is an error of Write.
func Run(ctx context.Context, args []string, std Streams) int {
	console := &console{w: std.Err}
	err := run(ctx, args, std, console)
	var exit *exitError
	switch {
	case err == nil:
		return codeOK
	case errors.Is(err, errClosed):
		return codeOK
	case !errors.As(err, &exit):
		exit = &exitError{code: codeFailed, err: err}
	}
	console.fail(exit)
	return exit.code
}

func run(ctx context.Context, args []string, std Streams, console *console) error {
	args = args[min(1, len(args)):]
	if n := len(args); n > 0 && args[n-1] == completeFlag {
		return complete(std.Out, args[:n-1])
	}
	cmd, args := pick(args)
	stdout, terminal := std.Out, isTerminal(std.Out)
	std.Out = rowWriter{std.Out}
	inv, err := parse(cmd, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return help(std.Out, cmd)
	case errors.Is(err, errVersion):
		return version(std.Out)
	case err != nil:
		return err
	}
	inv.std, inv.console, inv.stdout, inv.terminal = std, console, stdout, terminal
	if err := console.configure(inv.flags); err != nil {
		return err
	}
	return cmd.run(ctx, inv)
}
