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
	"math/rand/v2"
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

// errUsage is an error that the flag package has reported already.
var errUsage = errors.New("usage")

// loss is what the proxy before the server loses, in percent.
type loss struct{ questions, answers int }

// run serves until the context ends.
func run(ctx context.Context, args []string, stderr io.Writer) (err error) {
	fast, lost, err := parse(args, stderr)
	if err != nil {
		return err
	}
	addr := fast.Addr
	if lost != (loss{}) {
		fast.Addr = ""
	}
	server, err := fast.Start()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	listening := server.Addr()
	if lost != (loss{}) {
		proxy, err := dnstest.Proxy{
			Server: server.Addr(), Addr: addr,
			DropQuestion: percent(lost.questions), DropAnswer: percent(lost.answers),
		}.Start()
		if err != nil {
			return err
		}
		defer proxy.Close()
		listening = proxy.Addr()
	}
	fmt.Fprintf(stderr, "fastdns: serving %s\n", listening)
	<-ctx.Done()
	c := server.Counts()
	fmt.Fprintf(stderr, "queries=%d answers=%d dropped=%d tcp=%d\n", c.Queries, c.Answers, c.Dropped, c.TCP)
	return nil
}

func parse(args []string, stderr io.Writer) (dnstest.Fast, loss, error) {
	var fast dnstest.Fast
	var lost loss
	fs := flag.NewFlagSet("fastdns", flag.ContinueOnError)
	fs.SetOutput(stderr)
	port := fs.Int("port", 5301, "port of 127.0.0.1, 0 for a free one")
	fs.IntVar(&fast.Share, "share", 50, "`percent` of labels that are registered")
	fs.IntVar(&fast.Threads, "threads", 1, "UDP sockets that share the load")
	fs.IntVar(&fast.Drop, "drop", 0, "`percent` of questions over UDP that are not answered")
	fs.IntVar(&fast.ServFail, "servfail", 0, "`percent` of answers that are SERVFAIL")
	fs.IntVar(&fast.Truncate, "tc", 0, "`percent` of answers over UDP that are truncated")
	fs.IntVar(&fast.QPS, "qps", 0, "answers over UDP a second at most, 0 for no limit")
	delay := fs.Int("delay-ms", 0, "`milliseconds` that each answer is held up")
	fs.IntVar(&lost.questions, "loss-q", 0, "`percent` of questions lost on the way")
	fs.IntVar(&lost.answers, "loss-a", 0, "`percent` of answers lost on the way")
	if err := fs.Parse(args); err != nil {
		return fast, lost, errUsage
	}
	if fs.NArg() > 0 {
		fmt.Fprintf(stderr, "fastdns: unexpected argument %q\n", fs.Arg(0))
		return fast, lost, errUsage
	}
	fast.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(*port))
	fast.Delay = time.Duration(*delay) * time.Millisecond
	return fast, lost, nil
}

// percent returns a function that is true so often.
func percent(p int) func([]byte) bool {
	return func([]byte) bool { return rand.IntN(100) < p }
}
