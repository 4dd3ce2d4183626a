package probe_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"domprobe/internal/dnstest/daemon"
	"domprobe/internal/known"
	"domprobe/probe"
)

// TestLabWords asks about 40,000 words of a real list under a TLD in which
// every other one is delegated: through the library, and with the command that
// is given the whole list, as it is.
func TestLabWords(t *testing.T) {
	const tld = "com"
	var names []daemon.Name
	var records strings.Builder
	registered := map[string]bool{}
	for _, name := range known.Names(tld) {
		registered[name] = true
	}
	for i, word := range daemon.Words(t, labSize(40000)) {
		n := daemon.Name{Name: word + "." + tld, Suffix: tld, Kind: daemon.Free, Resolver: "not-found"}
		if i%2 == 0 || registered[n.Name] {
			n.Kind, n.Registered, n.Resolver = daemon.Healthy, true, "found"
			registered[n.Name] = true
		}
		names = append(names, n)
	}
	for name := range registered {
		fmt.Fprintf(&records, "%s. NS ns.hosts.invalid.\n", name)
	}
	registry := daemon.NSD{Zones: []daemon.Zone{{
		Origin: tld, Servers: []daemon.Host{{Name: "a.nic.com", IP: "127.0.0.1"}}, Records: records.String(),
	}}}.Start(t)
	u := daemon.Unbound{Stubs: map[string]string{tld: registry.Addr}}.Start(t)
	t.Run("library", func(t *testing.T) {
		checkLab(t, probe.Options{Servers: udpServers(u.Addr), Concurrency: 400}, names, viaResolver, nil)
	})
	t.Run("command", func(t *testing.T) { testCommand(t, u.Addr, names, registered) })
}

func testCommand(t *testing.T, server string, names []daemon.Name, registered map[string]bool) {
	cmd := exec.CommandContext(t.Context(), buildCommand(t), "-t", "com", "-i", daemon.WordList, "-f", "csv", "-r", server)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	rows, err := csv.NewReader(strings.NewReader(stdout.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	domain, verdict := slices.Index(rows[0], "domain"), slices.Index(rows[0], "verdict")
	got := make(map[string]string)
	for _, row := range rows[1:] {
		if _, twice := got[row[domain]]; twice && row[verdict] != "invalid" {
			t.Errorf("%s has two rows", row[domain])
		}
		got[row[domain]] = row[verdict]
		if found := row[verdict] == "found"; row[verdict] == "unknown" || found != registered[row[domain]] {
			t.Errorf("%s: %s", row[domain], row[verdict])
		}
	}
	for _, n := range names {
		if got[n.Name] != n.Resolver {
			t.Errorf("%s: %q, want %s", n.Name, got[n.Name], n.Resolver)
		}
	}
	// Every line of the list is a row, or one of the repeats.
	lines, repeated := countLines(t, daemon.WordList), 0
	_, tail, _ := strings.Cut(stderr.String(), "invalid, ")
	fmt.Sscanf(tail, "%d repeated", &repeated)
	if len(rows)-1+repeated != lines {
		t.Errorf("%d lines give %d rows and %d repeats: %s", lines, len(rows)-1, repeated, stderr.String())
	}
	t.Logf("%d lines; %s", lines, strings.TrimSpace(stderr.String()))
}

// buildCommand builds the command and returns its path.
func buildCommand(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "domprobe")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "domprobe").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, out)
	}
	return path
}

func countLines(t *testing.T, path string) int {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(b), "\n")
}
