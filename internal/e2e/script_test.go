package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/miekg/dns"
	"github.com/rogpeppe/go-internal/testscript"

	_ "domprobe/internal/cli" // so that no cached result outlives a change of the command
	"domprobe/internal/dnstest"
)

func TestMain(m *testing.M) {
	testscript.Main(builder{m}, map[string]func(){"environ": environ})
}

// A builder runs the tests with the command, freshly built, in $PATH.
type builder struct{ tests *testing.M }

func (b builder) Run() int {
	dir, err := os.MkdirTemp("", "domprobe-e2e")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	args := []string{"build", "-o", dir}
	if raceDetector() {
		args = append(args, "-race")
		os.Setenv("GORACE", "atexit_sleep_ms=0") // a second for each command
	}
	if out, err := exec.Command("go", append(args, "domprobe")...).CombinedOutput(); err != nil {
		log.Printf("build the command: %v\n%s", err, out)
		return 1
	}
	os.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "settings")) // not the developer's
	os.Unsetenv("DOMPROBE_CONFIG")
	os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return b.tests.Run()
}

// raceDetector reports whether the race detector is on, which makes a command ten times as slow.
func raceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// TestScripts runs the built command. Beside the usual commands, a script has:
//
//	serve KIND VAR [NAME...]          start a server and put its address in $VAR
//	registries FILE                   start RDAP servers and write the file that names them
//	whois FILE                        start a WHOIS server and write the file that names it
//	code N PROGRAM [ARG...]           run a program, which must exit with N
//	signal SIG N [-after TEXT] PROGRAM [ARG...]
//	                                  the same, and signal it after its first line,
//	                                  and after TEXT on its standard error
//	pipe N PROGRAM [ARG...]           the same, closing the pipe after its first output
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("TERM", "dumb")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"serve":      serve,
			"registries": registries,
			"whois":      whois,
			"code":       code,
			"signal":     signalled,
			"pipe":       pipe,
		},
	})
}

// serve starts a server of one of these kinds:
//
//	resolver   a healthy resolver in a world where the given names are registered
//	mute       the same, but it does not answer about a name whose first label is mute
//	refusing   REFUSED to everything
//	failing    SERVFAIL to everything
//	silent     never answers
//	closed     nothing listens there
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: serve KIND VAR [NAME...]")
	}
	registered := make(map[string]bool)
	for _, name := range args[2:] {
		registered[name] = true
	}
	truth := dnstest.Truth{
		Registered: func(name string) bool { return registered[name] },
		Zone:       dnstest.Zones("co.uk", "com.br"),
	}
	answers := map[string]func(q *dns.Msg) *dns.Msg{
		"resolver": truth.Resolve,
		"mute": func(q *dns.Msg) *dns.Msg {
			if len(q.Question) == 1 && strings.HasPrefix(strings.ToLower(q.Question[0].Name), "mute.") {
				return nil
			}
			return truth.Resolve(q)
		},
		"refusing": func(q *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeRefused) },
		"failing":  func(q *dns.Msg) *dns.Msg { return dnstest.Rcode(q, dns.RcodeServerFailure) },
		"silent":   func(*dns.Msg) *dns.Msg { return nil },
	}
	start := dnstest.Closed
	if answer, ok := answers[args[0]]; ok {
		start = func() (*dnstest.Server, error) { return dnstest.Serve(dnstest.Answer(answer)) }
	} else if args[0] != "closed" {
		ts.Fatalf("no server of kind %s", args[0])
	}
	server, err := start()
	ts.Check(err)
	ts.Defer(func() { server.Close() })
	ts.Setenv(args[1], server.Addr())
}

func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N PROGRAM [ARG...]")
	}
	checkCode(ts, args[0], ts.Exec(args[1], args[2:]...))
}

func checkCode(ts *testscript.TestScript, want string, err error) {
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(got) != want {
		ts.Fatalf("exit code %d, want %s", got, want)
	}
}

func signalled(ts *testscript.TestScript, neg bool, args []string) {
	after := ""
	if len(args) > 3 && args[2] == "-after" {
		after = args[3]
		args = slices.Delete(args, 2, 4)
	}
	if neg || len(args) < 3 {
		ts.Fatalf("usage: signal INT|TERM N [-after TEXT] PROGRAM [ARG...]")
	}
	sig := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM}[args[0]]
	cmd := command(ts, args[2:])
	out, errs := watch(ts.Stdout(), "\n"), watch(ts.Stderr(), after)
	cmd.Stdout, cmd.Stderr = out, errs
	ts.Check(cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for _, seen := range []chan struct{}{out.seen, errs.seen} {
		select {
		case <-seen:
		case err := <-ended:
			ts.Fatalf("ended by itself too early: %v", err)
		}
	}
	ts.Check(cmd.Process.Signal(sig))
	checkCode(ts, args[1], <-ended)
}

// A watcher closes a channel once a text has been written to it, at the start if
// the text is empty.
type watcher struct {
	w      io.Writer
	text   string
	all    []byte
	seen   chan struct{}
	closed bool
}

func watch(w io.Writer, text string) *watcher {
	f := &watcher{w: w, text: text, seen: make(chan struct{})}
	f.look()
	return f
}

func (w *watcher) Write(p []byte) (int, error) {
	n, err := w.w.Write(p)
	w.all = append(w.all, p[:n]...)
	w.look()
	return n, err
}

func (w *watcher) look() {
	if !w.closed && bytes.Contains(w.all, []byte(w.text)) {
		close(w.seen)
		w.closed = true
	}
}

func pipe(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: pipe N PROGRAM [ARG...]")
	}
	cmd := command(ts, args[1:])
	cmd.Stderr = ts.Stderr()
	stdout, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	_, err = stdout.Read(make([]byte, 1))
	ts.Check(err)
	ts.Check(stdout.Close())
	checkCode(ts, args[0], cmd.Wait())
}

// command returns a command in the folder and environment of the script.
func command(ts *testscript.TestScript, args []string) *exec.Cmd {
	path, err := exec.LookPath(args[0])
	ts.Check(err)
	ts.Check(ts.Exec("environ"))
	cmd := exec.Command(path, args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = strings.Split(strings.TrimSuffix(ts.ReadFile("stdout"), "\x00"), "\x00")
	return cmd
}

// environ is a program that prints its environment, each variable ended by a NUL.
// There is no other way to get the variables that a script has set.
func environ() {
	for _, v := range os.Environ() {
		fmt.Print(v + "\x00")
	}
}
