package e2e

import (
	"context"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"domprobe/internal/dnstest/daemon"
)

// The system calls by which a packet gets its destination, and an address in one.
var (
	goesOut     = regexp.MustCompile(`\b(connect|sendto|sendmsg|sendmmsg)\(`)
	inetPattern = regexp.MustCompile(`inet_(?:addr|pton)\((?:AF_INET6, )?"([^"]*)"`)
)

// Commands that need nobody ask nobody: they open no socket of the internet, and --resolver demo
// sends to this machine alone. The kernel tells, by way of strace.
func TestNoNetwork(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("strace"); err != nil {
		daemon.Missing(t, "strace is not installed: apt-get install strace")
	}
	dir := t.TempDir()
	report := filepath.Join(dir, "report.csv")
	if err := os.WriteFile(report, []byte("domain,verdict\ngo.dev,found\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		line  string
		local bool // sockets to this machine are as they should be
	}{
		{"--version", false}, {"--help", false}, {"help serve", false}, {"man", false}, {"completion zsh", false},
		{"words fast bird", false}, {"score swift", false}, {"tlds --tld-preset all", false},
		{"render " + report + " -f grid", false}, {"diff " + report + " " + report, false},
		{"-t com --dry-run go", false}, {"config show", false}, {"config check", false}, {"zone list ../../testdata/upgrade/zone/com.zone", false},
		{"-r none --zone ../../testdata/upgrade/zone/com.zone -t com go zag", false},
		{"--resolver demo -t dev go qxvzkwj", true}, {"explain -r demo qxvzkwj.dev", true}, {"plan -r demo -t dev", true},
	} {
		t.Run(tt.line, func(t *testing.T) {
			trace := filepath.Join(t.TempDir(), "trace")
			args := append([]string{"-f", "-qq", "-e", "trace=%network", "-o", trace, "domprobe"}, strings.Fields(tt.line)...)
			cmd := exec.CommandContext(t.Context(), "strace", args...)
			cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CACHE_HOME=", "XDG_CONFIG_HOME=")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			calls, err := os.ReadFile(trace)
			if err != nil {
				t.Fatal(err)
			}
			if sockets := strings.Contains(string(calls), "socket(AF_INET"); sockets != tt.local {
				t.Errorf("sockets: %v, want %v\n%.2000s", sockets, tt.local, calls)
			}
			for line := range strings.Lines(string(calls)) {
				for _, address := range inetPattern.FindAllStringSubmatch(line, -1) {
					ip := netip.MustParseAddr(address[1]).Unmap()
					if goesOut.MatchString(line) && !ip.IsLoopback() && !ip.IsUnspecified() {
						t.Errorf("it sends to %s: %s", ip, line)
					}
				}
			}
		})
	}
}

// Without a network a run waits as long as it is told to, and one that explains not long.
func TestWaitsForNetwork(t *testing.T) {
	t.Parallel()
	if err := exec.Command("unshare", "-Urn", "true").Run(); err != nil {
		t.Skipf("namespaces cannot be made: %v", err)
	}
	for line, waits := range map[string]string{
		"explain -r 192.0.2.1 go.dev":          "5s",
		"-r 192.0.2.1 --outage 300ms go.dev":   "300ms",
		"-r 192.0.2.1 --outage 0s go.dev":      "",
		"plan -r 192.0.2.1 --outage 0s -t dev": "",
		"watch -r 192.0.2.1 --outage 1s --once --state " + filepath.Join(t.TempDir(), "watch.db") + " go.dev": "1s",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, "unshare", append([]string{"-Urn", "domprobe"}, strings.Fields(line)...)...)
		var errs strings.Builder
		cmd.Stderr = &errs
		cmd.Run()
		_, after, told := strings.Cut(errs.String(), "no network; waiting for up to ")
		if code := cmd.ProcessState.ExitCode(); code != 3 || told != (waits != "") || told && !strings.HasPrefix(after, waits+"\n") {
			t.Errorf("%s: exit code %d, %s", line, code, errs.String())
		}
	}
}
