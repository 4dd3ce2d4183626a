package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"domprobe/internal/dnstest"
)

// A row that is wrong, unknown or lost is noticed.
func TestCheck(t *testing.T) {
	verdict := func(label string) string {
		if dnstest.Registered(label, share) {
			return "found"
		}
		return "not-found"
	}
	path := filepath.Join(t.TempDir(), "report.csv")
	report := "domain,verdict\na.com," + verdict("a") + "\nb.com,unknown\nc.com,invalid\n"
	if err := os.WriteFile(path, []byte(report), 0o600); err != nil {
		t.Fatal(err)
	}
	var f figures
	if err := f.check(path, 3); err != nil || f.rows != 3 || f.unknown != 1 || f.wrong != 1 {
		t.Errorf("%d rows, %d unknown, %d wrong (%v)", f.rows, f.unknown, f.wrong, err)
	}
	f = figures{}
	if err := f.check(path, 4); err == nil {
		t.Error("a lost row is not noticed")
	}
}

// The names are as many as asked for, and none comes twice.
func TestWriteNames(t *testing.T) {
	const n = 100000
	path := filepath.Join(t.TempDir(), "names.txt")
	if err := writeNames(path, n); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range bytes.Lines(b) {
		seen[string(line)] = true
	}
	if len(seen) != n {
		t.Errorf("%d different names, want %d", len(seen), n)
	}
}
