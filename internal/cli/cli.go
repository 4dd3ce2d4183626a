// Package cli is the command: it turns the command line into the Options of the
// other packages, runs them, and turns the outcome into rows and an exit code.
// It decides nothing about names.
//
// [Run] picks a command by the first word. Each command has a struct of
// settings, to whose fields its options are bound (package cmdline). The
// settings are filled and checked once, before anybody is asked; the run after
// that is linear. A new command is a file with a function that returns it, and a
// row in the table of command.go: help, manual and completion follow.
//
//	command.go    the table of commands, and the settings that all have
//	generate.go   settings of the names; input.go, limit.go: keywords and their number;
//	              combine.go, forming.go: keywords that are made of others
//	ask.go        settings of the queries; servers.go: resolvers; confirm.go: registries
//	write.go      settings of the rows; output.go: where they go; order.go: in which order
//
//	probe.go      the main command; dryrun.go, tally.go: its parts
//	words.go, score.go, naming.go, listing.go: words by meaning, and the score of names
//	watch.go, watched.go: names that are watched
//	best.go, bestlist.go, recall.go: the names with the best score first
//	explain.go, plan.go, resolvers.go, rdap.go, tlds.go, render.go, diff.go
//	serve.go, mcp.go: servers; service.go: who answers their clients
//	work.go, herd.go, nats.go  runs on many machines, and their server
//	zone.go       indexes of zone files; zonefile.go: their use
//	info.go       help, version, man, completion; manual.go, version.go: their texts
//
//	settings.go   settings of files; settingkeys.go: which there can be;
//	              config.go, configfile.go: the command for them
//	guess.go      mistaken keywords; exit.go: exit codes
//	table.go      aligned columns; interrupt.go: calls that know no context
//
// Standard output holds rows and nothing else. Everything for the user goes to
// standard error through a [term.Console]. An error carries its exit code; Run
// prints it. Once ctx is done, an error without a code is silent and means that
// the run was interrupted.
package cli

import (
	"bufio"
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
	code := codeFailed
	exit, ended := errors.AsType[*exitError](err)
	switch {
	case ended:
		code, err = exit.code, exit.err
	case err == nil:
		return codeOK
	case ctx.Err() != nil:
		return codeInterrupted
	case errors.Is(err, errClosed):
		return codeOK
	case isMistake(err):
		code = codeUsage
	}
	if err != nil { // else the code says it all
		console.Print(withHint(err).Error())
	}
	return code
}

// withHint adds to an error the hint that it has.
func withHint(err error) error {
	if usage, ok := errors.AsType[*cmdline.UsageError](err); ok && usage.Hint != "" {
		return fmt.Errorf("%w; %s", err, usage.Hint)
	}
	return err
}

func run(ctx context.Context, args []string, std Streams, console *term.Console) error {
	all := commands()
	if n := len(args); n > 0 && args[n-1] == cmdline.CompleteFlag {
		var own configuration
		if own.load(all) == nil {
			own.offer(all)
		}
		return cmdline.Complete(std.Out, plain(all), args[:n-1])
	}
	at, args := cmdline.Pick(plain(all), args)
	cmd := all[at]
	inv := &invocation{std: std, console: console, stdout: std.Out, terminal: term.Is(std.Out), person: term.Is(std.In) && term.Is(std.Err)}
	inv.std.Out = rowWriter{std.Out}
	inv.own.configure(cmd, all)
	var err error
	inv.Args, err = cmd.Parse(args)
	switch {
	case errors.Is(err, cmdline.ErrHelp):
		return inv.print(inv.help(cmd, false))
	case errors.Is(err, cmdline.ErrFullHelp):
		return inv.print(inv.help(cmd, true))
	case errors.Is(err, cmdline.ErrVersion):
		return inv.print(version())
	case err != nil:
		return err
	}
	console.Quiet, console.Verbosity, console.NoProgress = cmd.talk.quiet, cmd.talk.verbosity, cmd.talk.noProgress
	inv.own.announce(console)
	inv.color = cmd.talk.colors(inv.terminal)
	err = cmd.run(ctx, inv)
	if ctx.Err() == nil { // else a call that was left behind may still open one
		for _, f := range inv.files {
			f.Close()
		}
	}
	return err
}

// An invocation is a command line with the streams that it was given.
type invocation struct {
	cmdline.Args // the word "-" is standard input
	std          Streams
	console      *term.Console
	own          configuration // what files say
	stdout       io.Writer     // as it was given to Run
	terminal     bool          // standard output is a terminal
	person       bool          // somebody can answer a question
	color        bool          // rows on standard output are coloured
	files        []*os.File    // opened by open
	stdin        bool          // standard input is one of the files that are read
	notes        []string      // about pasted text, that the user has been told
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

// open opens a file to read, which is closed after the run. The path "-" is
// standard input. name is what errors call the file.
func (inv *invocation) open(path string) (name string, r io.Reader, err error) {
	if path == "" {
		return path, nil, cmdline.Usage("", "the name of a file to read is empty")
	}
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return path, nil, err
		}
		inv.files = append(inv.files, f)
		if info, err := f.Stat(); err == nil && info.IsDir() {
			return path, nil, fmt.Errorf("read %s: it is a folder", path)
		}
		return path, f, nil
	}
	if inv.stdin {
		return "", nil, cmdline.Usage("", "standard input is named twice")
	}
	inv.stdin = true
	return "standard input", inv.std.In, nil
}

// noArguments returns the error of an argument for a command that takes none.
func (inv *invocation) noArguments(command, hint string) error {
	if len(inv.Words) == 0 {
		return nil
	}
	return cmdline.Usage(hint, "%s takes no arguments, but got %s", command, inv.Words[0])
}

// ask asks the person at the terminal, and returns the line that they answer.
func (inv *invocation) ask(question string) (string, error) {
	inv.console.Ask(question)
	answer, err := bufio.NewReader(inv.std.In).ReadString('\n')
	if answer != "" {
		err = nil // the last line may have no end
	}
	return answer, err
}

// inputs returns the files that must not be overwritten.
func (inv *invocation) inputs() []*os.File {
	if f, ok := inv.std.In.(*os.File); ok {
		return append(inv.files[:len(inv.files):len(inv.files)], f)
	}
	return inv.files
}
