package report

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestFileDiskFull(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	for _, format := range writing() {
		f, err := Create("/dev/full", format, Options{})
		if err != nil {
			t.Fatal(err)
		}
		err = f.Write(saved())
		if kind, _ := lookup(format); err == nil && kind.whole {
			err = f.Close()
		}
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "/dev/full") {
			t.Errorf("%s: %v", format, err)
		}
		if err := f.Abort(); err != nil {
			t.Errorf("%s: Abort: %v", format, err)
		}
	}
}

func TestFilePipe(t *testing.T) {
	for _, format := range Formats() {
		path := filepath.Join(t.TempDir(), "pipe")
		if err := syscall.Mkfifo(path, 0o666); err != nil {
			t.Skip(err)
		}
		read := make(chan string, 1)
		go func() {
			r, err := os.Open(path)
			if err != nil {
				read <- err.Error()
				return
			}
			defer r.Close()
			b, _ := io.ReadAll(r)
			read <- string(b)
		}()
		f, err := Create(path, format, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Write(saved()); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if got, want := <-read, write(t, format, Options{}, saved()); got != want {
			t.Errorf("%s through a pipe: %q, want %q", format, got, want)
		}
	}
}

// TestFileTornWrite runs into a file size limit in the middle of a row, in a
// process of its own because the limit holds for the whole of one.
func TestFileTornWrite(t *testing.T) {
	const limit = 500
	if path := os.Getenv("REPORT_TORN"); path != "" {
		signal.Ignore(syscall.SIGXFSZ)
		max := syscall.Rlimit{Cur: limit, Max: limit}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &max); err != nil {
			t.Fatal(err)
		}
		f, err := Create(path, "csv", Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Write(saved()); !errors.Is(err, syscall.EFBIG) {
			t.Errorf("Write over the limit: %v", err)
		}
		if err := f.Abort(); err != nil {
			t.Error(err)
		}
		return
	}
	path := filepath.Join(t.TempDir(), "report.csv")
	cmd := exec.Command(os.Args[0], "-test.run=^TestFileTornWrite$")
	cmd.Env = append(os.Environ(), "REPORT_TORN="+path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got, all := contents(t, path), write(t, "csv", Options{}, saved())
	next, _, _ := strings.Cut(all[len(got):], "\n")
	if !strings.HasPrefix(all, got) || !strings.HasSuffix(got, "\n") || len(got)+len(next) < limit {
		t.Errorf("a limit of %d bytes left %q", limit, got)
	}
}

// TestFileMode takes over the mode of a report that is replaced, whatever the
// umask says.
func TestFileMode(t *testing.T) {
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	for _, mode := range []os.FileMode{0o600, 0o644, 0o666} {
		path := filepath.Join(t.TempDir(), "report.json")
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		f, err := Create(path, "json", Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("mode %v, %v; want %v", info.Mode().Perm(), err, mode)
		}
	}
}
