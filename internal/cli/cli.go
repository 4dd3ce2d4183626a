// Package cli is the command: it turns the command line into the Options of the
// other packages, runs them, and turns the outcome into rows and an exit code.
// It decides nothing about names.
//
// [Run] picks a command by the first word. Each command has a struct of
// settings, to whose fields its options are bound. The settings are filled and
// checked once, before anybody is asked; the run after that is linear.
//
//	command.go    the table of commands
//	option.go     options: names, values, help texts, completions
//	parse.go      arguments and environment to settings (all that touches urfave/cli)
//	guess.go      what a mistyped word may have meant
//	talk.go       settings of standard error and colours
//
//	generate.go   settings of the names; input.go, limit.go, tlds.go: where they come from
//	ask.go        settings of the queries; servers.go: resolvers; confirm.go: registries
//	write.go      settings of the rows; output.go: where they go; order.go: in which order
//
//	probe.go      the main command; dryrun.go, tally.go: its parts
//	explain.go, plan.go, resolvers.go, rdap.go, tlds.go, serve.go, render.go, diff.go
//
//	help.go, man.go, reference.go, completion.go, version.go: the same tables as text
//	table.go      aligned columns; interrupt.go: calls that know no context; exit.go: exit codes
//
// Standard output holds rows and nothing else. Everything for the user goes to
// standard error through a [term.Console]. An error carries its exit code; Run
// prints it.
package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"

	"domprobe/internal/term"
)

// Streams are the standard input, output and error of a run.
type Streams struct {
	In  io.Reader
	Out io.Writer // rows
	Err io.Writer // everything else
}

// Run runs the command line args, whose first element is the program's name,
// until it has ended or ctx is done, and returns the exit code. The process
// should ignore SIGPIPE, so that a closed pipe is an error of Write.
func Run(ctx context.Context, args []string, std Streams) int {
	console := term.New(std.Err)
	err := run(ctx, args[min(1, len(args)):], std, console)
	console.Finish()
	var exit *exitError
	switch {
	case err == nil, errors.Is(err, errClosed):
		return codeOK
	case !errors.As(err, &exit):
		exit = &exitError{code: codeFailed, err: err}
	}
	switch {
	case exit.err == nil: // the code says it all
	case exit.hint == "":
		console.Print(exit.err.Error())
	default:
		console.Print(exit.err.Error() + "; " + exit.hint)
	}
	return exit.code
}

func run(ctx context.Context, args []string, std Streams, console *term.Console) error {
	if n := len(args); n > 0 && args[n-1] == completeFlag {
		return complete(std.Out, args[:n-1])
	}
	cmd, args := pick(args)
	inv := &invocation{std: std, console: console, stdout: std.Out, terminal: term.Is(std.Out), person: term.Is(std.In) && term.Is(std.Err)}
	inv.std.Out = rowWriter{std.Out}
	err := inv.parse(cmd, args)
	switch {
	case errors.Is(err, errHelp):
		return inv.help(cmd, false)
	case errors.Is(err, errFullHelp):
		return inv.help(cmd, true)
	case errors.Is(err, errVersion):
		return printVersion(inv.std.Out)
	case err != nil:
		return err
	}
	console.Quiet, console.Verbosity, console.NoProgress = cmd.talk.quiet, cmd.talk.verbosity, cmd.talk.noProgress
	inv.color = cmd.talk.colors(inv.terminal)
	return cmd.run(ctx, inv)
}

// An invocation is a command line with the streams that it was given.
type invocation struct {
	args     []string // without the options, in order; "-" is standard input
	literal  int      // so many of args, at the end, come after "--"
	std      Streams
	console  *term.Console
	stdout   io.Writer // as it was given to Run
	terminal bool      // standard output is a terminal
	person   bool      // somebody can answer a question
	color    bool      // rows on standard output are coloured
}

// errClosed says that the reader of standard output has closed the pipe.
var errClosed = errors.New("standard output is closed")

// A rowWriter is standard output, with errClosed for a closed pipe.
type rowWriter struct{ io.Writer }

func (w rowWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		err = errClosed
	}
	return n, err
}

// inputFile returns standard input if it is a file.
func (inv *invocation) inputFile() []*os.File {
	if f, ok := inv.std.In.(*os.File); ok {
		return []*os.File{f}
	}
	return nil
}
