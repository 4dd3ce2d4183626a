//go:build unix

package e2e

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// The first signal ends a run when its rows are written. If nobody reads them,
// it takes a second one.
func TestSecondSignalKills(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(t.TempDir(), "report.csv")
	if err := syscall.Mkfifo(fifo, 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("domprobe", "-r", "demo", "-q", "go.dev", "-f", "names", "-o", fifo)
	r, w := fullPipe(t)
	defer r.Close()
	cmd.Stdout = w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	// A row goes to the report first, and then at once to standard output, where
	// it gets stuck.
	report, err := os.Open(fifo)
	if err != nil {
		t.Fatal(err)
	}
	defer report.Close()
	rows := bufio.NewReader(report)
	for range 2 { // and the header
		if _, err := rows.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	// It takes the program a moment to tell one signal from the next.
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	watchdog := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	defer watchdog.Stop()
	for {
		select {
		case <-again.C:
			cmd.Process.Signal(os.Interrupt)
		case err := <-ended:
			if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGINT {
				t.Errorf("it ended with %v, not with the signal", err)
			}
			return
		}
	}
}

// fullPipe returns a pipe that takes nothing until something is read from it.
func fullPipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	var fds [2]int
	if err := syscall.Pipe(fds[:]); err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		syscall.CloseOnExec(fd)
	}
	r, w = os.NewFile(uintptr(fds[0]), "|0"), os.NewFile(uintptr(fds[1]), "|1")
	if err := syscall.SetNonblock(fds[1], true); err != nil {
		t.Fatal(err)
	}
	for err := error(nil); err == nil; {
		_, err = syscall.Write(fds[1], make([]byte, 1))
	}
	if err := syscall.SetNonblock(fds[1], false); err != nil {
		t.Fatal(err)
	}
	return r, w
}
