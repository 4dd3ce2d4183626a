package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/miekg/dns"

	"domprobe/internal/demo"
	"domprobe/internal/dnstest"
	"domprobe/internal/dnstest/crowd"
	"domprobe/internal/dnstest/daemon"
)

// started starts a program, which ends with the test, and returns what it
// writes to standard error.
func started(t *testing.T, cmd *exec.Cmd) *bufio.Reader {
	t.Helper()
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
	})
	return bufio.NewReader(stderr)
}

// line reads up to a line that contains something.
func line(t *testing.T, r *bufio.Reader, with string) string {
	t.Helper()
	for {
		s, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("no line with %q: %v", with, err)
		}
		if strings.Contains(s, with) {
			return s
		}
	}
}

// SIGTERM ends a server that is busy: every search ends with the rows that it
// has, as a whole response, and the server with success.
func TestServeSIGTERM(t *testing.T) {
	// f1, f2, ... are registered, and about w1, w2, ... there is no answer.
	found, waits := regexp.MustCompile(`^f\d+\.dev$`), regexp.MustCompile(`(?i)^w\d+\.dev\.$`)
	truth := dnstest.Truth{Registered: found.MatchString}
	resolver := serveDNS(t, func(q *dns.Msg) *dns.Msg {
		if waits.MatchString(q.Question[0].Name) {
			return nil
		}
		return truth.Resolve(q)
	})
	cmd := exec.Command("domprobe", "serve", "--listen", "127.0.0.1:0", "--timeout", "24h", "-r", resolver)
	stderr := started(t, cmd)
	_, url, _ := strings.Cut(strings.TrimSpace(line(t, stderr, "serving on ")), "serving on ")

	const clients = 30
	answers := crowd.Ask(http.DefaultClient, clients, func(i int) string {
		return fmt.Sprintf("%sv1/probe?tld=dev&keyword=f%d,w%d", url, i, i)
	})
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for i, a := range answers() {
		if a.Err != nil || !strings.Contains(a.First, fmt.Sprintf(`"f%d.dev","verdict":"found"`, i)) || a.Rest != "\n" || a.End != "stopped" {
			t.Errorf("client %d: %+v", i, a)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	log, err := io.ReadAll(stderr)
	if err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
	if n := strings.Count(string(log), "127.0.0.1 GET /v1/probe 200 "); n != clients {
		t.Errorf("%d requests in the log:\n%s", n, log)
	}
	if !bytes.HasSuffix(log, []byte("domprobe: stopped\n")) {
		t.Errorf("the log ends with %.200q", log[max(0, len(log)-200):])
	}
}

// The line server of the README: two people at once, each of whom has an answer
// to a line before the next one is written.
func TestLineServer(t *testing.T) {
	socat, err := exec.LookPath("socat")
	if err != nil {
		daemon.Missing(t, "socat is not installed: apt-get install socat")
	}
	registry, err := demo.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer registry.Close()
	cmd := exec.Command(socat, "-d", "-d", "TCP-LISTEN:0,bind=127.0.0.1,fork,reuseaddr",
		"EXEC:'domprobe -r "+registry.Addr()+" -t dev -i - -q -f marks'")
	stderr := started(t, cmd)
	words := strings.Fields(line(t, stderr, "listening on"))
	address := words[len(words)-1]
	go io.Copy(io.Discard, stderr) // until socat ends

	type session struct {
		*net.TCPConn
		rows *bufio.Reader
	}
	var sessions [2]session
	for i := range sessions {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		sessions[i] = session{conn.(*net.TCPConn), bufio.NewReader(conn)}
	}
	say := func(s session, keyword, want string) {
		t.Helper()
		fmt.Fprintln(s, keyword)
		if row, err := s.rows.ReadString('\n'); err != nil || row != want+"\n" {
			t.Errorf("%s: %q, %v, want %q", keyword, row, err, want)
		}
	}
	say(sessions[0], "go", "+ go.dev")
	say(sessions[1], "qxvzkwj", "  qxvzkwj.dev")
	say(sessions[0], "rust", "  rust.dev")
	say(sessions[1], "go", "+ go.dev")
	for _, s := range sessions {
		s.CloseWrite()
		if rest, err := io.ReadAll(s.rows); err != nil || len(rest) > 0 {
			t.Errorf("at the end: %q, %v", rest, err)
		}
	}
}
