package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"domprobe/herd/herdtest"
)

// inNamespace is set in a process that has a network namespace of its own.
const inNamespace = "DOMPROBE_BENCH_IN_NAMESPACE"

// again runs this program again, in a network namespace of its own.
func again(ctx context.Context) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "unshare", append([]string{"--map-root-user", "--net", exe}, os.Args[1:]...)...)
	cmd.Env = append(os.Environ(), inNamespace+"=1")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	return cmd.Run()
}

// addresses gives each of so many workers an address: a query to the responder at
// 127.1.0.i comes from 127.2.0.i.
func addresses(ctx context.Context, n int) error {
	lines := "link set lo up\n"
	for i := range n {
		lines += fmt.Sprintf("route add local 127.1.0.%d dev lo src 127.2.0.%[1]d table local\n", i+1)
		lines += fmt.Sprintf("route add local 127.2.0.%d dev lo src 127.1.0.%[1]d table local\n", i+1)
	}
	cmd := exec.CommandContext(ctx, "ip", "-batch", "-")
	cmd.Stdin = strings.NewReader(lines)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("making the addresses of the workers: %w: %s", err, out)
	}
	return nil
}

// benchHerd measures runs on so many workers as each of the numbers says.
func (o order) benchHerd(ctx context.Context, dir string) error {
	if err := addresses(ctx, maxWorkers); err != nil {
		return err
	}
	fmt.Println("workers  names/s  times  wrong  unknown  in B/name  out B/name  messages/name  peak MB   seconds")
	first := 0.0
	for number := range strings.SplitSeq(o.workers, ",") {
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > maxWorkers {
			return fmt.Errorf("%q is not a number of workers", number)
		}
		for range o.runs {
			speed, err := o.runHerd(ctx, dir, n, first)
			if err != nil {
				return err
			}
			if first == 0 {
				first = speed / float64(n)
			}
		}
	}
	return nil
}

const maxWorkers = 200

// runHerd measures one run on n workers, and prints it beside the speed of one.
func (o order) runHerd(ctx context.Context, dir string, n int, first float64) (speed float64, err error) {
	store, err := os.MkdirTemp(dir, "nats-")
	if err != nil {
		return 0, err
	}
	nats, err := herdtest.StartNATS(server.Options{Port: -1, StoreDir: store})
	if err != nil {
		return 0, err
	}
	defer herdtest.StopNATS(nats)
	addr, stop, err := startResponder(dir, append([]string{"--host", "0.0.0.0"}, o.responder...))
	if err != nil {
		return 0, err
	}
	defer stop()
	_, port, _ := net.SplitHostPort(addr)
	for i := range n {
		stop, err := startWorker(dir, nats.ClientURL(), o.windows, fmt.Sprintf("127.1.0.%d:%s", i+1, port))
		if err != nil {
			return 0, err
		}
		defer stop()
	}
	for nats.NumClients() < n {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	f, err := run(ctx, dir, o.names, "--nats", nats.ClientURL())
	if err != nil {
		return 0, err
	}
	v, err := nats.Varz(nil)
	if err != nil {
		return 0, err
	}
	speed = float64(f.rows) / f.wall.Seconds()
	times := 1.0
	if first > 0 {
		times = speed / first
	}
	per := func(count int64) float64 { return float64(count) / float64(f.rows) }
	fmt.Printf("%7d %8.0f %6.2f %6d %8d %10.1f %11.1f %14.4f %8.1f %8.2fs\n", n, speed, times, f.wrong, f.unknown,
		per(v.InBytes), per(v.OutBytes), per(v.InMsgs), f.peak, f.wall.Seconds())
	return speed, nil
}

// startWorker starts a worker that asks the responder at an address.
func startWorker(dir, url, c, addr string) (stop func(), err error) {
	cmd := exec.Command(filepath.Join(dir, "domprobe"), "work", "--nats", url, "-r", addr, "-c", c, "--name", addr, "-q")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting a worker: %w", err)
	}
	return func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	}, nil
}
