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
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

	// TLSAddr and HTTPSAddr are those of an [Unbound] with a certificate. The
	// path of HTTPS is /dns-query.
	TLSAddr, HTTPSAddr string

	name string
	cmd  *exec.Cmd
	log  string        // a file
	done chan struct{} // closed when it has exited
	err  error         // of the exit
}

const (
	startTime = 2 * time.Minute
	stopTime  = 20 * time.Second
	maxLog    = 16 << 10
)

// A setup is a server before its start. Its configuration is written into the
// builder.
type setup struct {
	testing.TB
	strings.Builder
	name, path, dir string
}

func newSetup(t testing.TB, name, path string) *setup {
	t.Helper()
	return &setup{TB: t, name: name, path: Need(t, name, path), dir: t.TempDir()}
}

func (s *setup) printf(format string, args ...any) { fmt.Fprintf(s, format, args...) }

// file writes a file into the server's directory and returns its path.
func (s *setup) file(name, text string) string {
	s.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.Fatal(err)
	}
	return path
}

// start starts the server with the configuration file as its last argument,
// waits until it responds about the zones, and stops it after the test.
func (s *setup) start(addr string, zones []Zone, args ...string) *Daemon {
	s.Helper()
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		s.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, s.path, append(args, s.file("conf", s.String()))...)
	d := &Daemon{Addr: addr, name: s.name, cmd: cmd, log: log.Name(), done: make(chan struct{})}
	cmd.Dir = s.dir
	// Behind a pipe, which the file alone would not be, Wait waits for children too.
	cmd.Stdout = struct{ io.Writer }{log}
	cmd.Stderr = cmd.Stdout
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopTime
	if err := cmd.Start(); err != nil {
		s.Fatalf("starting %s: %v", s.name, err)
	}
	go func() {
		d.err = cmd.Wait()
		log.Close()
		close(d.done)
	}()
	s.Cleanup(func() {
		cancel()
		<-d.done
		if s.Failed() {
			s.Logf("%s on %s logged:\n%s", d.name, d.Addr, d.Log())
		}
	})
	d.await(s, zones)
	return d
}

// await waits until the server responds, about each of the zones.
func (d *Daemon) await(t testing.TB, zones []Zone) {
	t.Helper()
	if len(zones) == 0 {
		d.awaitResponse(t, ".", dns.TypeSOA, func(*dns.Msg) bool { return true })
	}
	for _, z := range zones {
		qtype := dns.TypeSOA
		if z.Signing != Unsigned {
			qtype = dns.TypeDNSKEY
		}
		d.awaitResponse(t, dns.Fqdn(z.Origin), qtype, func(r *dns.Msg) bool {
			return r.Rcode == dns.RcodeSuccess && len(r.Answer) > 0
		})
	}
}

// awaitResponse sends a query until the response is good.
func (d *Daemon) awaitResponse(t testing.TB, name string, qtype uint16, good func(r *dns.Msg) bool) {
	t.Helper()
	client := &dns.Client{Timeout: time.Second}
	limit := time.After(startTime)
	for {
		r, _, err := client.Exchange(new(dns.Msg).SetQuestion(name, qtype), d.Addr)
		if err == nil && good(r) {
			return
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-d.done:
			t.Fatalf("%s exited: %v", d.name, d.err)
		case <-limit:
			t.Fatalf("%s does not respond about %s: %v\n%v", d.name, name, err, r)
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

// Log returns the last 16 KiB of what the server logged so far.
func (d *Daemon) Log() string {
	b, err := os.ReadFile(d.log)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-maxLog):])
}
