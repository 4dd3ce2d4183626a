package report

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"domprobe/candidate"
	"domprobe/internal/tempfile"
	"domprobe/probe"
)

// swap puts a value in the place of a variable until the test ends.
func swap[T any](t *testing.T, variable *T, value T) {
	old := *variable
	*variable = value
	t.Cleanup(func() { *variable = old })
}

// TestFileTampered changes a report while it is written.
func TestFileTampered(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows keeps others from an open file")
	}
	for _, tt := range []struct {
		name, message string
		tamper        func(path string) error
	}{
		{"deleted", "deleted or moved", os.Remove},
		{"replaced", "replaced", func(path string) error {
			if err := os.WriteFile(path+".new", []byte("another\n"), 0o666); err != nil {
				return err
			}
			return os.Rename(path+".new", path)
		}},
		{"truncated", "changed it while", func(path string) error { return os.Truncate(path, 0) }},
		{"appended to", "changed it", func(path string) error {
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteString("another\n")
			return errors.Join(err, f.Close())
		}},
	} {
		for _, resumed := range []bool{false, true} {
			for _, wait := range []time.Duration{0, time.Second} {
				synctest.Test(t, func(t *testing.T) {
					path := filepath.Join(t.TempDir(), "report.csv")
					f, err := Create(path, "csv", Options{})
					if resumed && err == nil {
						err = f.Close()
						if err == nil {
							f, _, err = Resume(path, "csv", Options{})
						}
					}
					if err != nil {
						t.Fatal(err)
					}
					defer f.Abort()
					if err := f.Write(saved()[:2]); err != nil {
						t.Fatal(err)
					}
					if err := tt.tamper(path); err != nil {
						t.Fatal(err)
					}
					time.Sleep(wait)
					err = f.Write(saved()[2:3])
					if (err != nil) != (wait > 0) {
						t.Errorf("%s: Write after %v: %v", tt.name, wait, err)
					}
					if wait == 0 {
						err = f.Close()
					}
					var pe *fs.PathError
					if !errors.As(err, &pe) || pe.Path != path || !strings.Contains(err.Error(), tt.message) {
						t.Errorf("%s, resumed %t: %v, want ...%s...", tt.name, resumed, err, tt.message)
					}
					if got, err := os.ReadFile(path); err == nil && strings.Contains(string(got), "\x00") {
						t.Errorf("%s: the file has become %q", tt.name, got)
					}
				})
			}
		}
	}
}

// A temporary file that disappears is an error, and what was there before stays.
func TestTempDeleted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows keeps others from an open file")
	}
	path := filepath.Join(t.TempDir(), "report.json")
	if err := os.WriteFile(path, []byte("before\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	f, err := Create(path, "json", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(f.temp); err != nil {
		t.Fatal(err)
	}
	var pe *fs.PathError
	if err := f.Close(); !errors.Is(err, errDeleted) || !errors.As(err, &pe) || pe.Path != path {
		t.Errorf("Close: %v", err)
	}
	if got := contents(t, path); got != "before\n" {
		t.Errorf("the report has become %q", got)
	}
}

// TestFileSynced looks at what the disk is asked to confirm, and when.
func TestFileSynced(t *testing.T) {
	for _, format := range []string{"csv", "json"} {
		path := filepath.Join(t.TempDir(), "report")
		var synced []string
		swap(t, &tempfile.Sync, func(f *os.File) error {
			name := "folder"
			if f.Name() != filepath.Dir(path) {
				name = "file"
			}
			if _, err := os.Stat(path); err == nil {
				name += " with its name"
			}
			synced = append(synced, name)
			return f.Sync()
		})
		f, err := Create(path, format, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		want := []string{"file with its name", "folder with its name"}
		if format == "json" {
			want[0] = "file"
		}
		if !slices.Equal(synced, want) {
			t.Errorf("%s: synced %q, want %q", format, synced, want)
		}
	}
}

func TestFileSyncFails(t *testing.T) {
	for _, format := range []string{"csv", "json"} {
		path := filepath.Join(t.TempDir(), "report")
		f, err := Create(path, format, Options{})
		if err != nil {
			t.Fatal(err)
		}
		swap(t, &tempfile.Sync, func(*os.File) error { return errDisk })
		var pe *fs.PathError
		if err := f.Close(); !errors.Is(err, errDisk) || !errors.As(err, &pe) || pe.Path != path {
			t.Errorf("%s: Close: %v", format, err)
		}
	}
}

// TestResumeSynced rewrites a report, whose rows must be on the disk before the
// old ones are gone.
func TestResumeSynced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.csv")
	if err := os.WriteFile(path, []byte(write(t, "csv", Options{}, saved())), 0o666); err != nil {
		t.Fatal(err)
	}
	synced := 0
	f, _, err := Resume(path, "csv", Options{})
	if err != nil {
		t.Fatal(err)
	}
	swap(t, &tempfile.Sync, func(*os.File) error { synced++; return nil })
	if err := f.Begin(); err != nil {
		t.Fatal(err)
	}
	if synced != 2 {
		t.Errorf("%d syncs, want those of the file and its folder", synced)
	}
	f.Abort()
}

func TestStaleFiles(t *testing.T) {
	for _, format := range []string{"json", "csv", "tsv"} {
		dir := t.TempDir()
		path := filepath.Join(dir, "report")
		running, err := Create(path, "html", Options{}) // whose file is in use
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{".report.ABCDEFGH.tmp", ".report.abcdefgh.tmp", ".report.ABCDEFG.tmp", ".report2.ABCDEFGH.tmp", "report.ABCDEFGH.tmp"} {
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Mkdir(filepath.Join(dir, ".report.FOLDERAA.tmp"), 0o777); err != nil {
			t.Fatal(err)
		}
		var f *File
		if format != "tsv" {
			f, err = Create(path, format, Options{})
		} else {
			f, _, err = Resume(path, format, Options{})
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(running.temp); err != nil {
			t.Errorf("%s: the file of a running process is gone: %v", format, err)
		}
		if err := running.Abort(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(running.temp); err == nil {
			t.Error("Abort leaves its file")
		}
		want := ".report.ABCDEFG.tmp .report.FOLDERAA.tmp .report.abcdefgh.tmp .report2.ABCDEFGH.tmp report report.ABCDEFGH.tmp"
		if got := folder(t, dir); got != want {
			t.Errorf("%s: the folder holds %s\nwant %s", format, got, want)
		}
	}
}

// A file that gets another name between its opening and its lock is not the
// report any more.
func TestLockOfReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.csv")
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	swap(t, &tempfile.LockFile, func(f *os.File) error {
		if err := os.Rename(path, path+".old"); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("another\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		return nil
	})
	if _, err := Create(path, "csv", Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("Create: %v", err)
	}
	if _, _, err := Resume(path, "csv", Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("Resume: %v", err)
	}
}

// Where the system has no locks, reports are written without them.
func TestWithoutLocks(t *testing.T) {
	swap(t, &tempfile.LockFile, func(*os.File) error { return errors.ErrUnsupported })
	for _, format := range resumable {
		path := filepath.Join(t.TempDir(), "report")
		if err := os.WriteFile(path, []byte(write(t, format, Options{}, saved())), 0o666); err != nil {
			t.Fatal(err)
		}
		stale := filepath.Join(filepath.Dir(path), ".report.ABCDEFGH.tmp")
		if err := os.WriteFile(stale, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		finish(t, path, format, saved())
		if err := os.Remove(stale); err != nil {
			t.Errorf("a file that may be in use is gone: %v", err)
		}
		onePerName(t, path, format, saved())
	}
}

// A row whose reason belongs to another verdict was not written by a run.
func TestResumeAsksContradictionsAgain(t *testing.T) {
	row := func(name string, v probe.Verdict, reason probe.Reason) probe.Result {
		return probe.Result{Candidate: candidate.Candidate{Name: name, TLD: "dev"}, Verdict: v, Reason: reason}
	}
	rows := []probe.Result{
		row("a.dev", probe.Found, probe.NXDomain), row("b.dev", probe.NotFound, probe.Delegated),
		row("c.dev", probe.Invalid, probe.Timeout), row("d.dev", probe.NotFound, probe.NXDomain),
		row("e.dev", probe.Found, "a-newer-reason"), row("f.dev", probe.Found, ""),
	}
	for _, format := range resumable {
		path := filepath.Join(t.TempDir(), "report")
		if err := os.WriteFile(path, []byte(write(t, format, Options{}, rows)), 0o666); err != nil {
			t.Fatal(err)
		}
		if asked := finish(t, path, format, rows); asked != 3 {
			t.Errorf("%s: %d names asked again, want 3", format, asked)
		}
		onePerName(t, path, format, rows)
	}
}
