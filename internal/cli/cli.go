// Package cli is the command: it turns the command line into the Options of the
// other packages, runs them, and turns the outcome into rows and an exit code.
// It decides nothing about names.
//
// [Run] picks a command by the first word. Each command has a struct of
// settings, to whose fields its options are bound (package cmdline). The
// settings are filled and checked once, before anybody is asked; the run after
// that is linear.
//
//	command.go    the table of commands
//	talk.go       settings of standard error and colours
//	generate.go   settings of the names; input.go, limit.go: keywords and their number
//	ask.go        settings of the queries; servers.go: resolvers; confirm.go: registries
//	write.go      settings of the rows; output.go: where they go; order.go: in which order
//
//	probe.go      the main command; dryrun.go, tally.go: its parts
//	explain.go, plan.go, resolvers.go, rdap.go, tlds.go, serve.go, render.go, diff.go
//	zone.go       indexes of zone files; zonefile.go: their use
//	info.go       help, version, man, completion; docs.go, version.go: their texts
//
//	guess.go      mistaken keywords; exit.go: exit codes
//	table.go      aligned columns; interrupt.go: calls that know no context
//
// Standard output holds rows and nothing else. Everything for the user goes to
// standard error through a [term.Console]. An error carries its exit code; Run
// prints it.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"domprobe/internal/cmdline"
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
	if err == nil || errors.Is(err, errClosed) {
		return codeOK
	}
	code := codeFailed
	var usage *cmdline.UsageError
	var exit *exitError
	switch {
	case errors.As(err, &exit):
		code, err = exit.code, exit.err
	case errors.As(err, &usage):
		code = codeUsage
		if usage.Hint != "" {
			err = fmt.Errorf("%w; %s", err, usage.Hint)
		}
	}
	if err != nil { // else the code says it all
		console.Print(err.Error())
	}
	return code
}

func run(ctx context.Context, args []string, std Streams, console *term.Console) error {
	all := commands()
	if n := len(args); n > 0 && args[n-1] == cmdline.CompleteFlag {
		return cmdline.Complete(std.Out, plain(all), args[:n-1])
	}
	at, args := cmdline.Pick(plain(all), args)
	cmd := all[at]
	inv := &invocation{std: std, console: console, stdout: std.Out, terminal: term.Is(std.Out), person: term.Is(std.In) && term.Is(std.Err)}
	inv.std.Out = rowWriter{std.Out}
	var err error
	inv.Args, err = cmd.Parse(args)
	switch {
	case errors.Is(err, cmdline.ErrHelp):
		return inv.help(cmd, false)
	case errors.Is(err, cmdline.ErrFullHelp):
		return inv.help(cmd, true)
	case errors.Is(err, cmdline.ErrVersion):
		return inv.print(version())
	case err != nil:
		return err
	}
	console.Quiet, console.Verbosity, console.NoProgress = cmd.talk.quiet, cmd.talk.verbosity, cmd.talk.noProgress
	inv.color = cmd.talk.colors(inv.terminal)
	return cmd.run(ctx, inv)
}

// An invocation is a command line with the streams that it was given.
type invocation struct {
	cmdline.Args // the word "-" is standard input
	std          Streams
	console      *term.Console
	stdout       io.Writer // as it was given to Run
	terminal     bool      // standard output is a terminal
	person       bool      // somebody can answer a question
	color        bool      // rows on standard output are coloured
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
