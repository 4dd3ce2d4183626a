// Fastdns is a DNS responder for benchmarks, which responds faster than a client
// can send queries. A hash of the label decides whether a name is registered: see
// [dnstest.Fast] and [dnstest.Registered]. On an interrupt it writes its counters
// to standard error and ends.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"domprobe/internal/dnstest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stderr)
	if errors.Is(err, errUsage) {
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "fastdns:", err)
		os.Exit(1)
	}
}

// errUsage is an error that was reported already.
var errUsage = errors.New("usage")

// run serves until the context ends.
func run(ctx context.Context, args []string, stderr io.Writer) error {
	fast, err := parse(args, stderr)
	if err != nil {
		return err
	}
	server, err := fast.Start()
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "fastdns: serving %s\n", server.Addr())
	<-ctx.Done()
	c := server.Counts()
	fmt.Fprintf(stderr, "queries=%d answers=%d dropped=%d tcp=%d\n", c.Queries, c.Answers, c.Dropped, c.TCP)
	return server.Close()
}

func parse(args []string, stderr io.Writer) (dnstest.Fast, error) {
	var fast dnstest.Fast
	fs := flag.NewFlagSet("fastdns", flag.ContinueOnError)
	fs.SetOutput(stderr)
	host := fs.String("host", "127.0.0.1", "`address` to listen on")
	port := fs.Int("port", 5301, "port to listen on, 0 for a free one")
	fs.IntVar(&fast.Share, "share", 50, "`percent` of labels that are registered")
	fs.IntVar(&fast.Threads, "threads", 1, "goroutines that respond over UDP")
	fs.IntVar(&fast.Drop, "drop", 0, "`percent` of queries over UDP that get no response")
	fs.IntVar(&fast.ServFail, "servfail", 0, "`percent` of responses that are SERVFAIL")
	fs.IntVar(&fast.Truncate, "tc", 0, "`percent` of responses over UDP that are truncated")
	fs.IntVar(&fast.QPS, "qps", 0, "responses over UDP a second to one address at most, 0 for no limit")
	delay := fs.Int("delay-ms", 0, "`milliseconds` that each response is held up")
	if err := fs.Parse(args); err != nil {
		return fast, errUsage
	}
	if fs.NArg() > 0 {
		fmt.Fprintf(stderr, "fastdns: unexpected argument %q\n", fs.Arg(0))
		return fast, errUsage
	}
	fast.Addr = net.JoinHostPort(*host, strconv.Itoa(*port))
	fast.Delay = time.Duration(*delay) * time.Millisecond
	return fast, nil
}
