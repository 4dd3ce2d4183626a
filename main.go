// Domprobe says which of many domains are registered. See the README for what
// it can do, and package internal/cli for how.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"domprobe/internal/cli"
)

func main() { os.Exit(run()) }

// run returns the exit code.
func run() int {
	// Without this a closed pipe kills the process. With it, writing fails.
	signal.Ignore(syscall.SIGPIPE)

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal kills

	return cli.Run(ctx, os.Args, cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
}
