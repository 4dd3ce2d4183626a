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
//
// With -resolvers there are so many resolvers of all kinds in place of the
// responder: see [dnstest.ManyOf]. Limit is then the time over the least in which the
// good ones could respond about all names.
//
// With -herd the names are decided by so many workers, each a process, by way of a
// NATS server in this process. One responder serves them all; each asks it from an
// address of its own, which takes a network namespace and so Linux.
//
// The flags after -- are those of the responder. Medians are over the runs.
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"domprobe/internal/dnstest"
)

const share = 50 // percent of names that the responder calls registered

func main() {
	names := flag.Int("n", 1_000_000, "names to probe")
	windows := flag.String("c", "2000", "values of --concurrency, comma-separated")
	runs := flag.Int("runs", 3, "runs of each")
	workers := flag.String("herd", "", "numbers of workers, comma-separated")
	resolvers := flag.Int("resolvers", 0, "resolvers of all kinds, in place of one responder")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	b := func(dir string) error {
		return bench(ctx, dir, *names, strings.Split(*windows, ","), *runs, *resolvers, flag.Args())
	}
	if *workers != "" {
		b = func(dir string) error {
			return benchHerd(ctx, dir, *names, *windows, strings.Split(*workers, ","), *runs, flag.Args())
		}
	}
	var err error
	if *workers != "" && os.Getenv(inNamespace) == "" {
		err = again(ctx)
	} else {
		err = built(ctx, *names, b)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// built calls f with a directory that has the programs and names.txt.
func built(ctx context.Context, names int, f func(dir string) error) error {
	dir, err := os.MkdirTemp("", "domprobe-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	out, err := exec.CommandContext(ctx, "go", "build", "-o", dir, ".", "./internal/dnstest/cmd/fastdns").CombinedOutput()
	if err != nil {
		return fmt.Errorf("building the command and the responder: %w\n%s", err, out)
	}
	if err := writeNames(filepath.Join(dir, "names.txt"), names); err != nil {
		return err
	}
	return f(dir)
}

func bench(ctx context.Context, dir string, names int, windows []string, runs, resolvers int, responder []string) (err error) {
	var addr string
	var rate int
	var stop func()
	if resolvers > 0 {
		addr, rate, stop, err = startMany(dir, resolvers)
	} else {
		addr, stop, err = startResponder(dir, responder)
	}
	if err != nil {
		return err
	}
	defer stop()
	fmt.Println("    c     names/s   us/name      user       sys   peak MB   wrong  unknown  seconds    limit")
	for _, c := range windows {
		var all []figures
		for range runs {
			f, err := run(ctx, dir, names, "-r", addr, "-c", c)
			if err != nil {
				return err
			}
			f.limit = f.wall.Seconds() * float64(rate) / float64(names)
			f.print(c)
			all = append(all, f)
		}
		if runs > 1 {
			median(all).print("median")
		}
	}
	return nil
}

// writeNames writes random keywords of 6 to 11 letters, the same in each run
// and none twice.
func writeNames(path string, n int) error {
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
			lines.WriteByte('\n')
		}
	}
	return os.WriteFile(path, lines.Bytes(), 0o600)
}

// startResponder starts the responder and waits until it listens.
func startResponder(dir string, args []string) (addr string, stop func(), err error) {
	path := cmp.Or(os.Getenv("DOMPROBE_FASTDNS"), filepath.Join(dir, "fastdns"))
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	addr = free.Addr().String()
	free.Close()
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

// startMany starts so many resolvers of all kinds, and lists them in a file. rate is
// how many queries a second the good ones take.
func startMany(dir string, n int) (list string, rate int, stop func(), err error) {
	m := dnstest.ManyOf(n)
	s, err := m.Start()
	if err != nil {
		return "", 0, nil, err
	}
	list = filepath.Join(dir, "resolvers.txt")
	if err := os.WriteFile(list, []byte(strings.Join(s.Addrs, "\n")+"\n"), 0o600); err != nil {
		return "", 0, nil, errors.Join(err, s.Close())
	}
	return "@" + list, m.Good * m.QPS, func() { s.Close() }, nil
}

// figures are what one run took and gave.
type figures struct {
	wall, user, sys time.Duration
	peak            float64 // MB
	rows            int
	wrong, unknown  int
	limit           float64 // zero without one
}

// run runs the command in its directory, with flags that say who is asked.
func run(ctx context.Context, dir string, names int, flags ...string) (f figures, err error) {
	report := filepath.Join(dir, "report.csv")
	out, err := os.Create(report)
	if err != nil {
		return f, err
	}
	defer out.Close()
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "domprobe"),
		append([]string{"-q", "-t", "com", "-i", "names.txt", "-f", "csv"}, flags...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, os.Stderr
	began := time.Now()
	err = cmd.Run()
	f.wall = time.Since(began)
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 3) {
		return f, fmt.Errorf("running the command: %w", err)
	}
	f.user, f.sys = cmd.ProcessState.UserTime(), cmd.ProcessState.SystemTime()
	f.peak = peakMB(cmd.ProcessState)
	return f, f.check(report, names)
}

// check compares every row with the truth, and their number with that of the names.
func (f *figures) check(report string, names int) error {
	in, err := os.Open(report)
	if err != nil {
		return err
	}
	defer in.Close()
	r := csv.NewReader(bufio.NewReader(in))
	r.ReuseRecord = true
	seen := make(map[string]bool, names)
	if _, err := r.Read(); err != nil {
		return fmt.Errorf("reading the header of the report: %w", err)
	}
	for {
		row, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		f.rows++
		if seen[row[0]] {
			return fmt.Errorf("%s has two rows", row[0])
		}
		seen[strings.Clone(row[0])] = true
		label, _, _ := strings.Cut(row[0], ".")
		truth := "not-found"
		if dnstest.Registered(label, share) {
			truth = "found"
		}
		switch row[1] {
		case truth:
		case "unknown":
			f.unknown++
		default:
			f.wrong++
		}
	}
	if f.rows != names {
		return fmt.Errorf("the report has %d rows for %d names", f.rows, names)
	}
	return nil
}

func (f figures) print(c string) {
	cpu := f.user + f.sys
	fmt.Printf("%6s %10.0f %9.2f %8.2fs %8.2fs %9.1f %7d %8d %7.2fs %8.2f\n", c, float64(f.rows)/f.wall.Seconds(),
		float64(cpu.Nanoseconds())/1000/float64(f.rows), f.user.Seconds(), f.sys.Seconds(), f.peak,
		f.wrong, f.unknown, f.wall.Seconds(), f.limit)
}

// median takes the middle of each figure on its own, and the worst of wrong
// and unknown.
func median(all []figures) figures {
	m := figures{
		wall: middle(all, func(f figures) time.Duration { return f.wall }),
		user: middle(all, func(f figures) time.Duration { return f.user }),
		sys:  middle(all, func(f figures) time.Duration { return f.sys }),
		peak: middle(all, func(f figures) float64 { return f.peak }),
		rows: all[0].rows,

		limit: middle(all, func(f figures) float64 { return f.limit }),
	}
	for _, f := range all {
		m.wrong, m.unknown = max(m.wrong, f.wrong), max(m.unknown, f.unknown)
	}
	return m
}

func middle[T cmp.Ordered](all []figures, of func(figures) T) T {
	var vs []T
	for _, f := range all {
		vs = append(vs, of(f))
	}
	slices.Sort(vs)
	return vs[len(vs)/2]
}
