// Package daemon starts real DNS servers for tests: NSD, Knot and BIND as
// registries, Unbound and BIND as resolvers, dnsmasq and systemd-resolved as
// forwarders.
//
// Each server is a struct of options with a Start method, which returns when the
// server responds: [NSD], [Knot], [BIND], [Unbound], [Dnsmasq], [Resolved]. A
// server runs in the foreground on loopback addresses, with a configuration in a
// directory of the test, and ends with the test. A test that fails shows its log.
//
// [Need] skips a test if a server is not installed, with the name of its Debian
// package. With DOMPROBE_REQUIRE_SERVERS=1 in the environment it fails the test
// instead. [Missing] does the same for any other program.
//
// [Internet] is a small internet: a root, registries of several TLDs with the
// oddities of real registries, broken servers of registered names, two resolvers,
// and the truth about every name. [CA] issues valid and invalid certificates.
package daemon

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// packages are the Debian packages of the servers, and of [WordList].
var packages = map[string]string{
	"nsd": "nsd", "knotd": "knot", "named": "bind9", "unbound": "unbound",
	"dnsmasq": "dnsmasq-base", "systemd-resolved": "systemd-resolved", "unshare": "util-linux",
	"words": "wamerican",
}

// Need returns the path of a server's program. Without it the test is skipped,
// or fails if the environment has DOMPROBE_REQUIRE_SERVERS=1.
func Need(t testing.TB, program, path string) string {
	t.Helper()
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if found, err := exec.LookPath(program); err == nil {
		return found
	}
	Missing(t, fmt.Sprintf("%s is not installed: apt-get install %s", program, packages[program]))
	return ""
}

// Missing skips the test for want of something, or fails it if the environment
// has DOMPROBE_REQUIRE_SERVERS=1.
func Missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("DOMPROBE_REQUIRE_SERVERS") == "1" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// A Daemon is a running server.
type Daemon struct {
	// Addr is the first address that it listens on, as "127.0.0.1:5300".
	Addr string

	name string
	cmd  *exec.Cmd
	log  logFile
	done chan struct{} // closed when it has exited
	err  error         // of the exit
}

// A command is a server that is to be started.
type command struct {
	path string
	name string // empty means the last element of path
	args []string
	env  []string
	dir  string
	addr string

	// ready is asked until the answer is NOERROR, or until there is any
	// answer where anything is set.
	ready    dns.Question
	anything bool
}

const (
	startTime = 2 * time.Minute
	stopTime  = 20 * time.Second
)

// start starts a server, waits until it answers, and stops it after the test.
func start(t testing.TB, c command) *Daemon {
	t.Helper()
	d := &Daemon{
		Addr: c.addr, name: cmp.Or(c.name, filepath.Base(c.path)),
		cmd: exec.Command(c.path, c.args...), done: make(chan struct{}),
	}
	d.cmd.Dir, d.cmd.Env = c.dir, append(os.Environ(), c.env...)
	d.cmd.Stdout, d.cmd.Stderr = &d.log, &d.log
	if err := d.cmd.Start(); err != nil {
		t.Fatalf("starting %s: %v", d.name, err)
	}
	go func() {
		d.err = d.cmd.Wait()
		close(d.done)
	}()
	t.Cleanup(func() {
		d.stop()
		if t.Failed() {
			t.Logf("%s on %s logged:\n%s", d.name, d.Addr, d.log.tail())
		}
	})
	if err := d.wait(c); err != nil {
		t.Fatalf("%s: %v", d.name, err)
	}
	return d
}

// wait asks until the server answers.
func (d *Daemon) wait(c command) error {
	client := &dns.Client{Timeout: time.Second}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(startTime)
	defer limit.Stop()
	var last error
	for {
		q := new(dns.Msg).SetQuestion(c.ready.Name, c.ready.Qtype)
		r, _, err := client.Exchange(q, c.addr)
		switch {
		case err != nil:
			last = err
		case c.anything || r.Rcode == dns.RcodeSuccess && len(r.Answer) > 0:
			return nil
		default:
			last = fmt.Errorf("%s to %s %s", dns.RcodeToString[r.Rcode], c.ready.Name, dns.TypeToString[c.ready.Qtype])
		}
		select {
		case <-tick.C:
		case <-d.done:
			return fmt.Errorf("exited: %v", d.err)
		case <-limit.C:
			return fmt.Errorf("does not answer: %w", last)
		}
	}
}

// Kill ends the server at once, without a chance to say goodbye, and waits
// until it is gone.
func (d *Daemon) Kill() {
	// It may have exited already, which is as good.
	_ = d.cmd.Process.Kill()
	<-d.done
}

// stop asks the server to end, and makes it.
func (d *Daemon) stop() {
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	limit := time.NewTimer(stopTime)
	defer limit.Stop()
	select {
	case <-d.done:
	case <-limit.C:
		d.Kill()
	}
}

// Log returns the last 16 KiB of what the server logged so far.
func (d *Daemon) Log() string { return d.log.tail() }

// A logFile keeps the end of what is written to it.
type logFile struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

const maxLog = 16 << 10

func (l *logFile) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf.Write(b)
	if over := l.buf.Len() - maxLog; over > 0 {
		l.buf.Next(over)
	}
	return len(b), nil
}

func (l *logFile) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// writeFile writes a file of a server's directory and returns its path.
func writeFile(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
