//go:build unix

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/nats-io/nats-server/v2/server"

	"domprobe/herd/herdtest"
	"domprobe/internal/dnstest"
	"domprobe/internal/dnstest/crowd"
	"domprobe/probe"
	"domprobe/report"
)

// herdShare is how many of a hundred names of these tests are registered.
const herdShare = 50

// herdTruth is the world of these tests.
var herdTruth = dnstest.Truth{Registered: func(name string) bool {
	label, _, below := strings.Cut(name, ".")
	return below && dnstest.Registered(label, herdShare)
}}

// startNATS starts a NATS server with JetStream on a port of loopback.
func startNATS(t *testing.T, dir string, port int) *server.Server {
	t.Helper()
	return herdtest.NATS(t, server.Options{Port: port, StoreDir: dir})
}

// A running is a process that writes its standard error to a buffer.
type running struct {
	*exec.Cmd
	said herdtest.Log
}

func start(t *testing.T, args ...string) *running {
	t.Helper()
	r := &running{Cmd: exec.Command("domprobe", args...)}
	r.Stderr = &r.said
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if r.ProcessState == nil {
			r.kill(t)
		}
	})
	return r
}

// kill ends the process as nothing else does.
func (r *running) kill(t *testing.T) {
	t.Helper()
	if err := r.Process.Signal(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
	_ = r.Wait() // it was killed
}

// writeWords writes n different keywords.
func writeWords(t *testing.T, n int) (path string) {
	t.Helper()
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "herd%d\n", i)
	}
	path = filepath.Join(t.TempDir(), "words.txt")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// checkHerd has a report have every one of n names once, with the right verdict,
// and returns how many rows each worker gave.
func checkHerd(t *testing.T, path string, n int) map[string]int {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	seen, by := map[string]bool{}, map[string]int{}
	for r, err := range report.Read(f, "csv") {
		if err != nil {
			t.Fatal(err)
		}
		label, _, _ := strings.Cut(r.Name, ".")
		want := probe.NotFound
		if dnstest.Registered(label, herdShare) {
			want = probe.Found
		}
		if r.Verdict != want || seen[r.Name] {
			t.Fatalf("%s is %v (%s) by %s, want %v; it was there before: %v", r.Name, r.Verdict, r.Reason, r.Via, want, seen[r.Name])
		}
		seen[r.Name] = true
		by[r.Via]++
	}
	if len(seen) != n {
		t.Fatalf("%d rows for %d names", len(seen), n)
	}
	return by
}

// Workers are killed all the time, the server is restarted twice, and the
// coordinator is killed three times and resumed: every name has its row once.
func TestHerdKilled(t *testing.T) {
	names := 40_000
	if testing.Short() {
		names = 10_000
	}
	fast := serveFast(t, dnstest.Fast{Share: herdShare, Delay: 40 * time.Millisecond})
	dir := t.TempDir()
	nats := startNATS(t, dir, -1)
	url, port := nats.ClientURL(), nats.Addr().(*net.TCPAddr).Port
	stop, killed := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(killed)
		var workers []*running
		for i := 0; ; i++ {
			w := start(t, "work", "--nats", url, "-r", fast.Addr(), "-c", "50", "--name", fmt.Sprint("worker", i))
			if workers = append(workers, w); len(workers) < 4 {
				continue
			}
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Second):
			}
			workers[0].kill(t)
			workers = workers[1:]
		}
	}()
	words, out := writeWords(t, names), filepath.Join(t.TempDir(), "all.csv")
	rows := func() int {
		text, _ := os.ReadFile(out)
		return bytes.Count(text, []byte("\n")) - 1
	}
	for i := 1; ; i++ {
		boss := start(t, "--nats", url, "-t", "com", "-i", words, "-f", "none", "-o", out, "--resume", "-y")
		ended := make(chan error, 1)
		go func() { ended <- boss.Wait() }()
		for rows() < names*i/4 && boss.Process.Signal(syscall.Signal(0)) == nil {
			<-time.After(20 * time.Millisecond)
		}
		if i == 4 {
			if err := <-ended; err != nil {
				t.Fatalf("the last run ends with %v\n%s", err, boss.said.String())
			}
			break
		}
		if err := boss.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatalf("the run ended before it was killed: %v\n%s", err, boss.said.String())
		}
		<-ended
		if i < 3 {
			herdtest.StopNATS(nats)
			nats = startNATS(t, dir, port)
		}
	}
	close(stop)
	<-killed
	if by := checkHerd(t, out, names); len(by) < 4 {
		t.Errorf("the workers gave %v", by)
	}
}

// A worker behind a resolver that rewrites, and one behind a resolver that begins
// to lie, among good ones: nothing is wrong and nothing unknown.
func TestHerdBadResolvers(t *testing.T) {
	rewrite := func(q *dns.Msg) *dns.Msg {
		r := herdTruth.Resolve(q)
		if r.Rcode == dns.RcodeNameError {
			r = dnstest.Address(q, "192.0.2.66")
		}
		return r
	}
	deny := func(q *dns.Msg) *dns.Msg { return dnstest.AdGuard(q) }
	liar := &dnstest.Turncoat{Honest: herdTruth.Resolve, Lie: deny, Lies: dnstest.LiesAfter(500)}
	nats := startNATS(t, t.TempDir(), -1)
	var workers []*running
	for _, answer := range []func(*dns.Msg) *dns.Msg{rewrite, liar.Answer, herdTruth.Resolve, herdTruth.Resolve} {
		resolver := serveDNS(t, answer)
		workers = append(workers, start(t, "work", "--nats", nats.ClientURL(), "-r", resolver, "--name", fmt.Sprint("worker", len(workers))))
	}
	for _, w := range workers {
		w.said.Wait(t, "waits for jobs")
	}
	const names = 20_000
	out := filepath.Join(t.TempDir(), "all.csv")
	cmd := exec.Command("domprobe", "--nats", nats.ClientURL(), "-t", "com", "-i", writeWords(t, names), "-f", "none", "-o", out, "-y")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	by := checkHerd(t, out, names)
	if by["worker0"] > 0 && by["worker0"] > names/4 {
		t.Errorf("the workers gave %v", by)
	}
	workers[0].said.Wait(t, "cannot be believed")
}

// Three instances that share verdicts ask about a name once, though 300 clients
// want it at the same time. Without the server each serves alone.
func TestHerdServe(t *testing.T) {
	var asked, controls atomic.Int64
	resolver := serveDNS(t, func(q *dns.Msg) *dns.Msg {
		if strings.HasPrefix(strings.ToLower(q.Question[0].Name), "many") && q.Question[0].Qtype == dns.TypeDS {
			asked.Add(1)
		} else {
			controls.Add(1)
		}
		return herdTruth.Resolve(q)
	})
	nats := startNATS(t, t.TempDir(), -1)
	var urls []string
	var servers []*running
	for range 3 {
		// With a rate few queries are repeated because the machine is busy.
		s := start(t, "serve", "--rate", "200", "--listen", "127.0.0.1:0", "--nats", nats.ClientURL(), "-r", resolver, "--client-rate", "0", "--no-confirm")
		s.said.Wait(t, "serving on ")
		_, url, _ := strings.Cut(s.said.String(), "serving on ")
		url, _, _ = strings.Cut(url, "\n")
		urls, servers = append(urls, url), append(servers, s)
	}
	ask := func(clients, names int, word string) {
		t.Helper()
		var keywords []string
		for i := range names {
			keywords = append(keywords, fmt.Sprint(word, i))
		}
		query := "v1/probe?tld=com&keyword=" + strings.Join(keywords, ",")
		for i, a := range crowd.Ask(http.DefaultClient, clients, func(i int) string { return urls[i%3] + query })() {
			if rows := strings.Count(a.First+a.Rest, `"domain":`); a.Err != nil || a.Status != http.StatusOK || rows != names {
				t.Fatalf("client %d: status %d, %d rows, %v", i, a.Status, rows, a.Err)
			}
		}
	}
	clients := 300
	if raceDetector() {
		clients = 60 // on a busy machine the looks would time out, and names be asked about again
	}
	began := time.Now()
	ask(clients, 1000, "many")
	took := time.Since(began)
	t.Logf("%d queries about 1000 names, and %d of controls in %v", asked.Load(), controls.Load(), took)
	// The three look at the resolver every 0.6 seconds, with two queries each.
	if n := controls.Load(); n > 60+int64(3*2*took.Seconds()/0.6) {
		t.Errorf("%d queries of controls beside 1000 names in %v", n, took)
	}
	if n := asked.Load(); n > 1100 {
		t.Errorf("%d queries about 1000 names", n)
	}
	herdtest.StopNATS(nats)
	for _, s := range servers {
		s.said.Wait(t, "is away; going on alone")
	}
	ask(3, 50, "alone")
	ask(3, 50, "again")
	for _, s := range servers {
		if n := strings.Count(s.said.String(), "NATS"); n != 1 {
			t.Errorf("%d lines are about NATS:\n%s", n, s.said.String())
		}
	}
}

// The commands in a herd, as a user types them.
func TestHerdCommands(t *testing.T) {
	fast := serveFast(t, dnstest.Fast{Share: herdShare})
	nats := startNATS(t, t.TempDir(), -1)
	boss := exec.Command("domprobe", "--nats", nats.ClientURL(), "-t", "com", "-i", "-", "-f", "jsonl")
	in, err := boss.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var rows, said herdtest.Log
	boss.Stdout, boss.Stderr = &rows, &said
	if err := boss.Start(); err != nil {
		t.Fatal(err)
	}
	defer boss.Process.Kill()
	said.Wait(t, "no worker takes part; waiting for one")
	w := start(t, "work", "--nats", nats.ClientURL(), "-r", fast.Addr(), "--name", "ann")
	io.WriteString(in, "first\n")
	// While the input goes on.
	herdtest.Until(t, func() bool { return strings.Contains(rows.String(), `"via":"ann"`) }, said.String)
	out, err := exec.Command("domprobe", "herd", "--nats", nats.ClientURL()).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "ann") || !strings.Contains(string(out), "COORDINATOR") {
		t.Fatalf("%v\n%s", err, out)
	}
	job := strings.Fields(strings.SplitN(string(out), "\n", 3)[1])[0]
	if out, err := exec.Command("domprobe", "herd", "--nats", nats.ClientURL(), "purge", job).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	io.WriteString(in, "second\n")
	err = boss.Wait()
	if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(said.String(), "job "+job+": it was purged") {
		t.Errorf("the purged run ends with %v\n%s", err, said.String())
	}
	w.Process.Signal(syscall.SIGTERM)
	if err := w.Wait(); err != nil || !strings.Contains(w.said.String(), "stopped") {
		t.Errorf("the worker ends with %v\n%s", err, w.said.String())
	}
	local := exec.Command("domprobe", "--nats", nats.ClientURL(), "-r", fast.Addr(), "-t", "com", "one", "two", "-f", "csv", "--columns", "domain,via")
	if out, err := local.Output(); err != nil || !strings.Contains(string(out), "one.com,") {
		t.Errorf("a coordinator that works along: %v\n%s", err, out)
	}
}

// A run on a herd keeps to the flags of a run, and ends with its exit codes.
func TestHerdFlags(t *testing.T) {
	fast := serveFast(t, dnstest.Fast{Share: herdShare})
	nats := startNATS(t, t.TempDir(), -1)
	start(t, "work", "--nats", nats.ClientURL(), "-r", fast.Addr()).said.Wait(t, "waits for jobs")
	words := writeWords(t, 3000)
	for _, test := range []struct {
		flags string
		code  int
		check func(rows []string) bool
	}{
		{"--ordered", 0, func(rows []string) bool {
			return len(rows) == 3000 && rows[0] == "herd0.com" && rows[2999] == "herd2999.com"
		}},
		{"--sort input", 0, func(rows []string) bool { return len(rows) == 3000 && rows[2999] == "herd2999.com" }},
		{"--sort name", 0, func(rows []string) bool { return len(rows) == 3000 && slices.IsSorted(rows) }},
		{"--stop-after 7 --only not-found", 0, func(rows []string) bool { return len(rows) == 7 }},
		{"--best 5 --only not-found", 0, func(rows []string) bool { return len(rows) == 5 }},
		{"--shard 1/3 --expect found", 5, func(rows []string) bool { return len(rows) > 900 && len(rows) < 1100 }},
		{"--only unknown", 4, func(rows []string) bool { return len(rows) == 0 }},
		{"--quorum 2", 2, nil},
		{"--budget 50", 2, nil},
		{"--zone x", 2, nil},
	} {
		flags := strings.Fields(test.flags)
		if test.flags == "--quorum 2" { // as a worker the run has one resolver
			flags = append(flags, "-r", fast.Addr())
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // what hangs is killed
		defer cancel()
		cmd := exec.CommandContext(ctx, "domprobe", append([]string{"--nats", nats.ClientURL(), "-t", "com", "-i", words, "-f", "names"}, flags...)...)
		var said bytes.Buffer
		cmd.Stderr = &said
		out, err := cmd.Output()
		if code := cmd.ProcessState.ExitCode(); code != test.code || test.check != nil && !test.check(strings.Fields(string(out))) {
			t.Errorf("%s: exit code %d, %v\n%s", test.flags, code, err, said.String())
		}
	}
}
