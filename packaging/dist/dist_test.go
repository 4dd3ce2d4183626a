package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The bytes of an archive do not depend on when and by whom its files were made.
func TestArchivesAreReproducible(t *testing.T) {
	date := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	pack := func(pack func(w *bytes.Buffer, entries []entry) error, mode os.FileMode, made time.Time) []byte {
		t.Helper()
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte("text"), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, made, made); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := pack(&b, []entry{{"a/file", path, 0o755}}); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for name, f := range map[string]func(w *bytes.Buffer, entries []entry) error{
		"tar.gz": func(w *bytes.Buffer, entries []entry) error { return tarGz(w, entries, date) },
		"zip": func(w *bytes.Buffer, entries []entry) error {
			return zipped(w, entries, date.In(time.FixedZone("", 3600)))
		},
	} {
		one, two := pack(f, 0o600, date), pack(f, 0o640, date.Add(time.Hour))
		if len(one) == 0 || !bytes.Equal(one, two) {
			t.Errorf("%s: %d bytes, and other %d bytes", name, len(one), len(two))
		}
	}
}

// Of a folder with other files only those of a release are removed.
func TestClear(t *testing.T) {
	r := &release{out: filepath.Join(t.TempDir(), "new")}
	if err := r.clear(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"domprobe_1.2.3_linux_386.deb", "thesis.txt"} {
		if err := os.WriteFile(filepath.Join(r.out, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.clear(); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(r.out)
	if err != nil || len(left) != 1 || left[0].Name() != "thesis.txt" {
		t.Errorf("left are %v, %v", left, err)
	}
}

func TestChoose(t *testing.T) {
	if all, err := choose(""); err != nil || len(all) != len(targets) {
		t.Errorf("%v, %v", all, err)
	}
	some, err := choose("linux/armv7,windows/amd64")
	if err != nil || len(some) != 2 || some[0].arch != "armv7" || some[1].program() != "domprobe.exe" {
		t.Errorf("%v, %v", some, err)
	}
	if _, err := choose("plan9/amd64"); err == nil || !strings.Contains(err.Error(), "linux/386") {
		t.Errorf("%v", err)
	}
}

// A module without terms stops a release.
func TestTerms(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"license.go", "README.md"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if names, err := termsOf(dir); err == nil {
		t.Errorf("%q are terms", names)
	}
	for _, name := range []string{"LICENSE-MIT", "LICENCE.md", "COPYING", "NOTICE"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if names, err := termsOf(dir); err != nil || len(names) != 4 {
		t.Errorf("%q, %v; want four files", names, err)
	}
}

// The formula is Ruby, and has the sum of each archive that it downloads.
func TestFormula(t *testing.T) {
	installed(t, "ruby", "ruby")
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	r := &release{source: &source{root}, home: "https://example.com/domprobe", build: build{version: "1.2.3"}}
	var sums []sum
	for _, system := range []string{"darwin_arm64", "darwin_amd64", "linux_arm64", "linux_amd64"} {
		sums = append(sums, sum{"domprobe_1.2.3_" + system + ".tar.gz", sha256.Sum256([]byte(system))})
	}
	text, err := r.formula(sums)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sums {
		want := fmt.Sprintf("url \"https://example.com/domprobe/releases/download/v1.2.3/%s\"\n      sha256 \"%x\"\n", s.name, s.sum)
		if !strings.Contains(string(text), want) {
			t.Errorf("the formula does not have\n%s", want)
		}
	}
	cmd := exec.CommandContext(t.Context(), "ruby", "-wc", "-")
	cmd.Stdin = bytes.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "Syntax OK") {
		t.Errorf("%v\n%s\n%s", err, out, text)
	}
}
