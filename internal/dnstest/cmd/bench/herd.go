package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"domprobe/herd/herdtest"
)

// benchHerd measures runs on so many workers as each of the numbers says.
func benchHerd(ctx context.Context, dir string, names int, c string, numbers []string, runs int, responder []string) error {
	fmt.Println("workers  names/s  times  wrong  unknown  in B/name  out B/name  messages/name  peak MB   seconds")
	first := 0.0
	for _, number := range numbers {
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 {
			return fmt.Errorf("%q is not a number of workers", number)
		}
		for range runs {
			speed, err := runHerd(ctx, dir, names, c, n, first, responder)
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

// runHerd measures one run on n workers, and prints it beside the speed of one.
func runHerd(ctx context.Context, dir string, names int, c string, n int, first float64, responder []string) (speed float64, err error) {
	store, err := os.MkdirTemp(dir, "nats-")
	if err != nil {
		return 0, err
	}
	nats, err := herdtest.StartNATS(server.Options{Port: -1, StoreDir: store})
	if err != nil {
		return 0, err
	}
	defer herdtest.StopNATS(nats)
	for i := range n {
		stop, err := startWorker(dir, nats.ClientURL(), c, i, responder)
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
	f, err := run(ctx, dir, names, "--nats", nats.ClientURL())
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

// startWorker starts a worker with a responder of its own.
func startWorker(dir, url, c string, i int, responder []string) (stop func(), err error) {
	addr, end, err := startResponder(dir, responder)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(filepath.Join(dir, "domprobe"), "work", "--nats", url, "-r", addr, "-c", c, "--name", fmt.Sprint("worker", i), "-q")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		end()
		return nil, fmt.Errorf("starting a worker: %w", err)
	}
	return func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
		end()
	}, nil
}
