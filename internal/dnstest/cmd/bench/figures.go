package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"domprobe/internal/dnstest"
)

// figures are the costs of one run, and its rows.
type figures struct {
	wall, user, sys time.Duration
	peak            float64 // MB
	rows            int
	wrong, unknown  int
	limit           float64 // zero without one
}

// run runs the command in its directory, with flags that say who is asked.
func run(ctx context.Context, dir string, names int, flags ...string) (f figures, err error) {
	input := fmt.Sprintf("names-%d.txt", names)
	if _, err := os.Stat(filepath.Join(dir, input)); err != nil {
		if err := writeNames(filepath.Join(dir, input), names, ""); err != nil {
			return f, err
		}
	}
	args := append([]string{"-q", "-t", "com", "-i", input, "-f", "csv"}, flags...)
	if f, err = execute(ctx, dir, filepath.Join(dir, "domprobe"), args...); err != nil {
		return f, err
	}
	return f, f.check(filepath.Join(dir, output), names)
}

const output = "output" // the file with the standard output of a client

// execute runs a client in a directory.
func execute(ctx context.Context, dir, program string, args ...string) (f figures, err error) {
	out, err := os.Create(filepath.Join(dir, output))
	if err != nil {
		return f, err
	}
	defer out.Close()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, os.Stderr
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return f, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for f.wall == 0 {
		select {
		case err = <-ended:
			f.wall = time.Since(began)
		case <-time.After(5 * time.Millisecond):
			f.peak = max(f.peak, peakMB(cmd.Process.Pid))
		}
	}
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 3) {
		return f, fmt.Errorf("running %s: %w", program, err)
	}
	f.user, f.sys = cmd.ProcessState.UserTime(), cmd.ProcessState.SystemTime()
	return f, nil
}

// peakMB is the largest resident size that a process has had, or zero on systems
// without /proc. That of an ended process would be that of this one, if it is larger.
func peakMB(pid int) (mb float64) {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, peak, _ := strings.Cut(string(status), "VmHWM:")
	fmt.Sscan(peak, &mb)
	return mb / 1024
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
