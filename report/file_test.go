package report

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// folder returns the names of the files in dir.
func folder(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

func contents(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestFileClose(t *testing.T) {
	for _, format := range Formats() {
		t.Run(format, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "report")
			if err := os.WriteFile(path, []byte("what was there before\n"), 0o640); err != nil {
				t.Fatal(err)
			}
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
			if got, want := contents(t, path), write(t, format, Options{}, saved()); got != want {
				t.Errorf("got %q\nwant %q", got, want)
			}
			if got := folder(t, filepath.Dir(path)); got != "report" {
				t.Errorf("the folder holds %s", got)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 && runtime.GOOS != "windows" {
				t.Errorf("%v, %v: the mode is not that of the old file", info.Mode(), err)
			}
			if err := f.Close(); !errors.Is(err, fs.ErrClosed) {
				t.Errorf("second Close: %v", err)
			}
			if err := f.Write(nil); !errors.Is(err, fs.ErrClosed) {
				t.Errorf("Write after Close: %v", err)
			}
			if err := f.Abort(); err != nil {
				t.Errorf("Abort after Close: %v", err)
			}
		})
	}
}

// An interrupted report does not look whole: it has another name, or can be resumed.
func TestFileInterrupt(t *testing.T) {
	for _, format := range Formats() {
		for _, name := range []string{"report", "my.report.x"} {
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, []byte("what was there before\n"), 0o640); err != nil {
				t.Fatal(err)
			}
			f, err := Create(path, format, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Write(saved()); err != nil {
				t.Fatal(err)
			}
			part, err := f.Interrupt()
			if err != nil {
				t.Fatal(err)
			}
			rows, files := path, name
			if f.temp != "" {
				rows, files = map[string]string{"report": path + ".part", "my.report.x": filepath.Join(filepath.Dir(path), "my.report.part.x")}[name], ""
				if part != rows || contents(t, path) != "what was there before\n" {
					t.Errorf("%s: the rows are in %s, and in the report is %q", format, part, contents(t, path))
				}
			} else if part != "" {
				t.Errorf("%s: a part %s", format, part)
			}
			if got, want := contents(t, rows), write(t, format, Options{}, saved()); got != want {
				t.Errorf("%s: got %q\nwant %q", format, got, want)
			}
			if got := folder(t, filepath.Dir(path)); files != "" && got != files {
				t.Errorf("%s: the folder holds %s", format, got)
			}
		}
	}
}

func TestFileAbort(t *testing.T) {
	for _, format := range Formats() {
		t.Run(format, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "report")
			if err := os.WriteFile(path, []byte("before\n"), 0o666); err != nil {
				t.Fatal(err)
			}
			f, err := Create(path, format, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Write(saved()[:3]); err != nil {
				t.Fatal(err)
			}
			if err := f.Abort(); err != nil {
				t.Fatal(err)
			}
			if got := folder(t, filepath.Dir(path)); got != "report" {
				t.Errorf("the folder holds %s", got)
			}
			want := "before\n"
			if kind, _ := lookup(format); !kind.whole {
				want = write(t, format, Options{}, saved()[:3])
			}
			if got := contents(t, path); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if err := f.Abort(); err != nil {
				t.Errorf("second Abort: %v", err)
			}
		})
	}
}

func TestCreateErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, format := range Formats() {
		for name, path := range map[string]string{
			"a folder":           dir,
			"no such folder":     filepath.Join(dir, "none", "report"),
			"a file as a folder": filepath.Join(file, "report"),
			"empty":              "",
			"a missing folder":   filepath.Join(dir, "none") + string(filepath.Separator),
		} {
			f, err := Create(path, format, Options{})
			var pe *fs.PathError
			if !errors.As(err, &pe) || pe.Path != path {
				t.Errorf("%s, %s: %v, want an *fs.PathError of %q", format, name, err, path)
			}
			if f != nil {
				t.Errorf("%s, %s: a file as well as an error", format, name)
			}
		}
	}
	var fe *FormatError
	if _, err := Create(filepath.Join(dir, "new"), "xml", Options{}); !errors.As(err, &fe) {
		t.Errorf("unknown format: %v", err)
	}
	if got := folder(t, dir); got != "file" {
		t.Errorf("the folder holds %s", got)
	}
}

func TestCreateReadOnly(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everything")
	}
	path := filepath.Join(t.TempDir(), "report")
	if err := os.WriteFile(path, nil, 0o444); err != nil {
		t.Fatal(err)
	}
	for _, format := range Formats() {
		if _, err := Create(path, format, Options{}); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s: %v", format, err)
		}
	}
}

func TestFileSymlink(t *testing.T) {
	for _, format := range []string{"csv", "json"} {
		t.Run(format, func(t *testing.T) {
			dir := t.TempDir()
			target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
			if err := os.WriteFile(target, nil, 0o666); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink("target", link); err != nil {
				t.Skip(err)
			}
			f, err := Create(link, format, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			if got, want := contents(t, target), write(t, format, Options{}, nil); got != want {
				t.Errorf("the target holds %q, want %q", got, want)
			}
			if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
				t.Errorf("the link is gone: %v", err)
			}
		})
	}
}

// TestFileBegin opens reports without writing to them.
func TestFileBegin(t *testing.T) {
	for _, format := range Formats() {
		dir := t.TempDir()
		old := filepath.Join(dir, "old")
		if err := os.WriteFile(old, []byte("before\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{old, filepath.Join(dir, "new")} {
			f, err := Create(path, format, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := contents(t, old); got != "before\n" {
				t.Errorf("%s: opened it is %q", format, got)
			}
			if err := f.Abort(); err != nil {
				t.Errorf("%s: %v", format, err)
			}
		}
		if got := folder(t, dir); got != "old" {
			t.Errorf("%s: the folder holds %s", format, got)
		}
		f, err := Create(old, format, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Begin(); err != nil {
			t.Fatal(err)
		}
		if kind, _ := lookup(format); !kind.whole && contents(t, old) != "" {
			t.Errorf("%s: begun it is %q", format, contents(t, old))
		}
		if err := f.Abort(); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
}
