// Bench measures the command as a whole against a responder on loopback: names
// a second, CPU time per name, peak memory, and whether every verdict is right.
//
// It builds the command and starts a responder: fastdns, or the program in
// DOMPROBE_FASTDNS, which must respond as [dnstest.Fast] does.
//
//	go run ./internal/dnstest/cmd/bench -n 1000000 -c 2000 -runs 5
//	go run ./internal/dnstest/cmd/bench -c 20000 -- --drop 10
//	go run ./internal/dnstest/cmd/bench -n 150000 -c auto -resolvers 1000
//
// With -resolvers there are so many resolvers of all kinds in place of the
// responder: see [dnstest.Many]. "limit" is the time over the least that the good
// ones take.
//
// The flags after -- are those of the responder. Medians are over the runs.
package main

import (
	"bufio"
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
	crowd := flag.Int("resolvers", 0, "resolvers of all kinds, in place of one responder")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := bench(ctx, *names, strings.Split(*windows, ","), *runs, *crowd, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, names int, windows []string, runs, crowd int, responder []string) error {
	dir, err := os.MkdirTemp("", "domprobe-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	command := filepath.Join(dir, "domprobe")
	if err := build(ctx, command, "."); err != nil {
		return err
	}
	input := filepath.Join(dir, "names.txt")
	if err := writeNames(input, names); err != nil {
		return err
	}
	limit := 0.0
	if crowd > 0 {
		responder = nil
	}
	addr, stop, err := "", func() {}, error(nil)
	if crowd > 0 {
		addr, limit, stop, err = startCrowd(dir, crowd)
	} else {
		addr, stop, err = startResponder(ctx, dir, responder)
	}
	if err != nil {
		return err
	}
	defer stop()
	fmt.Println("    c     names/s   us/name      user       sys   peak MB   wrong  unknown  seconds    limit")
	for _, c := range windows {
		var all []figures
		for range runs {
			f, err := run(ctx, command, input, names, filepath.Join(dir, "report.csv"), addr, c)
			if err != nil {
				return err
			}
			if limit > 0 {
				f.limit = f.wall.Seconds() * limit / float64(names)
			}
			f.print(c)
			all = append(all, f)
		}
		if runs > 1 {
			median(all).print("median")
		}
	}
	return nil
}

func build(ctx context.Context, to, pkg string) error {
	out, err := exec.CommandContext(ctx, "go", "build", "-o", to, pkg).CombinedOutput()
	if err != nil {
		return fmt.Errorf("building %s: %w\n%s", pkg, err, out)
	}
	return nil
}

// writeNames writes random keywords of 6 to 11 letters, the same in each run
// and none twice.
func writeNames(path string, n int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	rng := rand.New(rand.NewPCG(1, 2))
	var word [11]byte
	for seen := make(map[string]bool, n); len(seen) < n; {
		letters := word[:6+rng.IntN(6)]
		for i := range letters {
			letters[i] = 'a' + byte(rng.IntN(26))
		}
		if seen[string(letters)] {
			continue
		}
		seen[string(letters)] = true
		w.Write(letters)
		w.WriteByte('\n')
	}
	return errors.Join(w.Flush(), f.Close())
}

// startResponder starts the responder and waits until it answers.
func startResponder(ctx context.Context, dir string, args []string) (addr string, stop func(), err error) {
	path := os.Getenv("DOMPROBE_FASTDNS")
	if path == "" {
		path = filepath.Join(dir, "fastdns")
		if err := build(ctx, path, "./internal/dnstest/cmd/fastdns"); err != nil {
			return "", nil, err
		}
	}
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

// figures are what one run took and gave.
type figures struct {
	wall, user, sys time.Duration
	peak            float64 // MB
	rows            int
	wrong, unknown  int
	limit           float64 // of the least time that the resolvers take, if they have a limit
}

// startCrowd starts resolvers and lists them in a file. limit is how many names a
// second the good ones answer.
func startCrowd(dir string, n int) (server string, limit float64, stop func(), err error) {
	share := func(percent int) int { return n * percent / 100 }
	m := dnstest.Many{
		Good: share(60), Dead: share(15), Refusing: share(10), Rewriting: share(8), Filtering: share(4), Slow: share(3),
		QPS: 50, Delay: 25 * time.Millisecond, Loss: 1,
	}
	s, err := m.Start()
	if err != nil {
		return "", 0, nil, err
	}
	list := filepath.Join(dir, "resolvers.txt")
	if err := os.WriteFile(list, []byte(strings.Join(s.Addrs, "\n")+"\n"), 0o600); err != nil {
		return "", 0, nil, errors.Join(err, s.Close())
	}
	return "@" + list, float64(m.Good * m.QPS), func() { s.Close() }, nil
}

func run(ctx context.Context, command, input string, names int, report, addr, c string) (f figures, err error) {
	out, err := os.Create(report)
	if err != nil {
		return f, err
	}
	defer out.Close()
	cmd := exec.CommandContext(ctx, command, "-q", "-r", addr, "-c", c, "-t", "com", "-i", input, "-f", "csv")
	cmd.Stdout, cmd.Stderr = out, os.Stderr
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
	for {
		row, err := r.Read()
		if err == io.EOF && f.rows != names {
			return fmt.Errorf("the report has %d rows for %d names", f.rows, names)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if row[0] == "domain" {
			continue
		}
		f.rows++
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
}

func (f figures) print(c string) {
	cpu := f.user + f.sys
	fmt.Printf("%6s %10.0f %9.2f %8.2fs %8.2fs %9.1f %7d %8d %7.2fs %8.2f\n", c, float64(f.rows)/f.wall.Seconds(),
		float64(cpu.Nanoseconds())/1000/float64(f.rows), f.user.Seconds(), f.sys.Seconds(), f.peak, f.wrong, f.unknown, f.wall.Seconds(), f.limit)
}

// median takes the middle of each figure on its own, and the worst of wrong
// and unknown.
func median(all []figures) (m figures) {
	middle := func(of func(figures) float64) float64 {
		var vs []float64
		for _, f := range all {
			vs = append(vs, of(f))
		}
		slices.Sort(vs)
		return vs[len(vs)/2]
	}
	m.wall = time.Duration(middle(func(f figures) float64 { return float64(f.wall) }))
	m.user = time.Duration(middle(func(f figures) float64 { return float64(f.user) }))
	m.sys = time.Duration(middle(func(f figures) float64 { return float64(f.sys) }))
	m.peak = middle(func(f figures) float64 { return f.peak })
	m.limit = middle(func(f figures) float64 { return f.limit })
	m.rows = all[0].rows
	for _, f := range all {
		m.wrong, m.unknown = max(m.wrong, f.wrong), max(m.unknown, f.unknown)
	}
	return m
}
