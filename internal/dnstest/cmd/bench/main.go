// Bench measures the command as a whole against a responder on loopback: names
// a second, CPU time per name, peak memory, and whether every verdict is right.
//
// It builds the command and starts a responder: fastdns, or the program in
// DOMPROBE_FASTDNS, which must respond as [dnstest.Fast] does.
//
//	go run ./internal/dnstest/cmd/bench -n 1000000 -c 2000 -runs 5
//	go run ./internal/dnstest/cmd/bench -c 20000 -- --drop 10
//	go run ./internal/dnstest/cmd/bench -n 200000 -c 500 -herd 1,2,4,8 -- --qps 2000
//	go run ./internal/dnstest/cmd/bench -n 150000 -c auto -resolvers 1000
//	go run ./internal/dnstest/cmd/bench -figures docs/performance.md -runs 5
//
// With -resolvers there are so many resolvers of all kinds in place of the
// responder: see [dnstest.ManyOf]. Times is then the time over the least in which the
// good ones could respond about all names, and else over the time of the first row.
// With -rival another client is measured: massdns, massdns-list, dnsx or zdns, in PATH or
// where MASSDNS, DNSX and ZDNS say; or the floor, a loop in C that only counts responses.
//
// With -herd the names are decided by so many workers, each a process, by way of a
// NATS server in this process. One responder serves them all; each asks it from an
// address of its own, which takes a network namespace and so Linux.
//
// The flags after -- are those of the responder. Figures are medians over the runs,
// which take turns.
//
// With -figures all tables of a document are measured and written anew, or printed
// if it is -. There a smaller -n makes all numbers of names smaller.
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"domprobe/internal/dnstest"
)

const share = 50 // percent of names that the responder calls registered

// An order is one set of measurements.
type order struct {
	names     int
	windows   string
	runs      int
	workers   string
	resolvers int
	rival     string
	rate      float64
	figures   string
	responder []string
}

const usualNames = 1_000_000

func parse(args []string) (o order, err error) {
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.IntVar(&o.names, "n", usualNames, "names to probe")
	fs.StringVar(&o.windows, "c", "2000", "values of --concurrency, comma-separated")
	fs.IntVar(&o.runs, "runs", 3, "runs of each")
	fs.StringVar(&o.workers, "herd", "", "numbers of workers, comma-separated")
	fs.IntVar(&o.resolvers, "resolvers", 0, "resolvers of all kinds, in place of one responder")
	fs.StringVar(&o.rival, "rival", "", "measure massdns, massdns-list, dnsx, zdns or floor")
	fs.Float64Var(&o.rate, "rate", 0, "names a second that the responder lets through, for times")
	fs.StringVar(&o.figures, "figures", "", "write the tables of this document")
	err = fs.Parse(args)
	o.responder = fs.Args()
	return o, err
}

func main() {
	o, err := parse(os.Args[1:])
	if err != nil {
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	f := o.bench
	switch {
	case o.figures != "":
		f = o.writeFigures
	case o.workers != "":
		f = o.benchHerd
	}
	if o.workers != "" && os.Getenv(inNamespace) == "" {
		err = again(ctx)
	} else {
		err = built(ctx, f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// built calls f with a directory that has the programs.
func built(ctx context.Context, f func(ctx context.Context, dir string) error) error {
	dir, err := os.MkdirTemp("", "domprobe-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	out, err := exec.CommandContext(ctx, "go", "build", "-o", dir, ".", "./internal/dnstest/cmd/fastdns").CombinedOutput()
	if err != nil {
		return fmt.Errorf("building the command and the responder: %w\n%s", err, out)
	}
	return f(ctx, dir)
}

// bench prints a table with a row for each window.
func (o order) bench(ctx context.Context, dir string) error {
	var all []series
	for c := range strings.SplitSeq(o.windows, ",") {
		each := o
		each.windows = c
		all = append(all, series{flags: "-c " + c, order: each})
	}
	lines, err := measured(ctx, dir, all, o.runs)
	fmt.Print(lines)
	return err
}

// measure measures one run, before a responder of its own.
func (o order) measure(ctx context.Context, dir string) (f figures, err error) {
	var addr string
	var stop func()
	rate := o.rate
	if o.resolvers > 0 {
		addr, rate, stop, err = startMany(dir, o.resolvers)
	} else {
		addr, stop, err = startResponder(dir, o.responder)
	}
	if err != nil {
		return f, err
	}
	defer stop()
	if o.rival != "" {
		return runRival(ctx, dir, o.rival, o.names, addr)
	}
	f, err = run(ctx, dir, o.names, "-r", addr, "-c", o.windows)
	f.limit = f.wall.Seconds() * rate / float64(o.names)
	return f, err
}

// writeNames writes random keywords of 6 to 11 letters, each with an ending, the same
// in each run and none twice.
func writeNames(path string, n int, ending string) error {
	var lines bytes.Buffer
	rng := rand.New(rand.NewPCG(1, 2))
	var word [11]byte
	for seen := make(map[string]bool, n); len(seen) < n; {
		letters := word[:6+rng.IntN(6)]
		for i := range letters {
			letters[i] = 'a' + byte(rng.IntN(26))
		}
		if !seen[string(letters)] {
			seen[string(letters)] = true
			lines.Write(letters)
			lines.WriteString(ending + "\n")
		}
	}
	return os.WriteFile(path, lines.Bytes(), 0o600)
}

// startResponder starts the responder and waits until it listens.
func startResponder(dir string, args []string) (addr string, stop func(), err error) {
	path := cmp.Or(os.Getenv("DOMPROBE_FASTDNS"), filepath.Join(dir, "fastdns"))
	if addr, err = freeAddr(); err != nil {
		return "", nil, err
	}
	_, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command(path, append([]string{"--port", port, "--share", strconv.Itoa(share)}, args...)...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return "", nil, fmt.Errorf("starting the responder: %w", err)
	}
	stop = func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	}
	for range 100 {
		if conn, err := net.DialTimeout("tcp", addr, time.Second); err == nil {
			conn.Close()
			return addr, stop, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	return "", nil, fmt.Errorf("the responder %s does not listen on %s", path, addr)
}

// freeAddr returns an address whose port nobody has over TCP or UDP.
func freeAddr() (addr string, err error) {
	var stream net.Listener
	var datagrams net.PacketConn
	for range 10 {
		if stream, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			break
		}
		addr = stream.Addr().String()
		datagrams, err = net.ListenPacket("udp", addr)
		stream.Close()
		if err == nil {
			return addr, datagrams.Close()
		}
	}
	return "", fmt.Errorf("finding a port for a responder: %w", err)
}

// startMany starts so many resolvers of all kinds, and lists them in a file. rate is
// how many queries a second the good ones take.
func startMany(dir string, n int) (list string, rate float64, stop func(), err error) {
	m := dnstest.ManyOf(n)
	s, err := m.Start()
	if err != nil {
		return "", 0, nil, err
	}
	list = filepath.Join(dir, "resolvers.txt")
	if err := os.WriteFile(list, []byte(strings.Join(s.Addrs, "\n")+"\n"), 0o600); err != nil {
		return "", 0, nil, errors.Join(err, s.Close())
	}
	return "@" + list, float64(m.Good * m.QPS), func() { s.Close() }, nil
}
