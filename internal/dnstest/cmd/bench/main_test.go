package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

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
	if err := writeNames(path, n, ".com"); err != nil {
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

// The document has a place for every table, its rows are those of the sheet, and it
// names the flags of the other clients.
func TestDocument(t *testing.T) {
	document, err := os.ReadFile("../../../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range append(sheet(), table{name: "machine"}) {
		if _, err := replace(document, table.name, ""); err != nil {
			t.Error(err)
		}
		_, lines, _ := strings.Cut(string(document), "<!-- figures: "+table.name+" -->\n")
		lines, _, _ = strings.Cut(lines, "<!-- end -->\n")
		lines, ok := strings.CutPrefix(lines, head)
		if !ok && len(table.orders) > 0 {
			t.Errorf("the table %q has another head", table.name)
		}
		for _, flags := range table.orders {
			if _, err := parse(strings.Fields(flags)); err != nil {
				t.Error(err)
			}
			var found bool
			if lines, found = strings.CutPrefix(lines, "| `"+flags+"` |"); found {
				_, lines, _ = strings.Cut(lines, "\n")
			} else if !strings.Contains(flags, "-rival") {
				t.Errorf("the table %q has no row for %s here: %.60s", table.name, flags, lines)
			}
		}
		if len(table.orders) > 0 && lines != "" {
			t.Errorf("the table %q has rows that nothing measures: %s", table.name, lines)
		}
	}
	for name, r := range rivals() {
		if !strings.Contains(string(document), ": `"+r.flags+"`\n") {
			t.Errorf("the document does not have the flags of %s", name)
		}
	}
}

// A row has medians, the least and the most, and the document gets it in its place.
func TestReplace(t *testing.T) {
	s := series{flags: "-c 1", order: order{names: 2}}
	for _, limit := range []float64{3, 1, 2} {
		took := time.Duration(limit) * time.Second
		s.runs = append(s.runs, figures{wall: took, user: took, peak: 7, limit: limit, unknown: int(limit)})
	}
	row := "| `-c 1` | 2.00 (1.00–3.00) | 1 | 1000000.0 (1000000.0 + 0.0) | 7 | 2.00 (1.00–3.00) | 0, 3 |\n"
	if got := s.markdown(); got != row {
		t.Errorf("the row is %s", got)
	}
	const before = "a\n<!-- figures: x -->\nold\n<!-- end -->\nb\n<!-- figures: y -->\n<!-- end -->\n"
	got, err := replace([]byte(before), "x", row)
	if want := strings.Replace(before, "old\n", row, 1); err != nil || string(got) != want {
		t.Errorf("the document is %s (%v)", got, err)
	}
	if _, err := replace([]byte(before), "z", row); err == nil {
		t.Error("a table without a place is not noticed")
	}
}

// The peak of a client is its own, however large this process is.
func TestPeak(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	ballast := bytes.Repeat([]byte{1}, 200<<20)
	if mb := peakMB(os.Getpid()); mb < 200 {
		t.Errorf("the peak of this process is %.0f MB", mb)
	}
	if f, err := execute(t.Context(), t.TempDir(), "sleep", "0.1"); err != nil || f.peak > 100 {
		t.Errorf("the peak of sleep is %.0f MB (%v)", f.peak, err)
	}
	runtime.KeepAlive(ballast)
}

// Another client is measured if it is installed and responds.
func TestRival(t *testing.T) {
	program := filepath.Join(t.TempDir(), "massdns")
	t.Setenv("MASSDNS", program)
	all, err := table{orders: []string{"-rival massdns"}}.series(t.Context(), t.TempDir(), usualNames)
	if err != nil || len(all) != 0 {
		t.Errorf("what is not installed has %v (%v)", all, err)
	}
	for script, ok := range map[string]bool{"cat domains.txt": true, "head -n 9 domains.txt": false} {
		if err := os.WriteFile(program, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		if f, err := runRival(t.Context(), t.TempDir(), "massdns", 20, "127.0.0.1:1"); (err == nil) != ok {
			t.Errorf("%s: %+v (%v)", script, f, err)
		}
	}
}

// The floor asks about each name once, and counts what comes.
func TestFloor(t *testing.T) {
	if _, err := exec.LookPath("cc"); err != nil || runtime.GOOS != "linux" {
		t.Skip("needs Linux and a C compiler")
	}
	const names = 5000
	server, err := dnstest.Fast{Share: share}.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	t.Chdir("../../../..")
	dir := t.TempDir()
	if _, err := runRival(t.Context(), dir, "floor", names, server.Addr()); err != nil {
		t.Fatal(err)
	}
	counts, err := os.ReadFile(filepath.Join(dir, output))
	if err != nil {
		t.Fatal(err)
	}
	var found, denied, rcode int
	if _, err := fmt.Sscanf(string(counts), "%d with RCODE %d\n%d with RCODE 3", &found, &rcode, &denied); err != nil {
		t.Errorf("the floor says %q: %v", counts, err)
	}
	if found+denied != names || rcode != 0 || found < names/3 || denied < names/3 {
		t.Errorf("of %d names %d are found, %d denied", names, found, denied)
	}
}
