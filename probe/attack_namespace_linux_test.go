package probe_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"domprobe/internal/dnstest"
	"domprobe/probe"
	"domprobe/probe/resolver"
)

// The network of a run changes under it, in a namespace of its own that is
// joined by a pair of interfaces to that of a resolver. Nothing is wrong, and
// nothing is lost: the run waits until the network is back.
func TestNetworkChanges(t *testing.T) {
	const gap = 15 * time.Second
	const del, add = "ip addr del 10.9.0.2/24 dev client", "ip addr add 10.9.0.3/24 dev client"
	for _, c := range []networkChange{
		{"the address changes", del, add, 0},
		{"the route is gone for a minute", "ip route del 10.9.0.0/24 dev client", "ip route add 10.9.0.0/24 dev client src 10.9.0.2", 4 * gap},
		{"the link is down for a while", "ip link set client down", "ip link set client up", gap},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			switch roleOf(t) {
			case "client":
				c.probe(t)
				return
			case "server":
				serveInNamespace(t)
				return
			}
			if testing.Short() {
				t.Skip("takes a minute")
			}
			needNamespaces(t)
			t.Parallel() // three times, most of which is waiting
			out, err := inNamespace(inRole(t.Context(), t, "client")).CombinedOutput()
			if err != nil {
				t.Error(err)
			}
			t.Logf("%s", out)
		})
	}
}

// A networkChange is made by one command and undone by another after a gap.
type networkChange struct {
	name     string
	do, undo string
	gap      time.Duration
}

// inNamespace lets a command run in a network namespace of its own, and where
// that takes a user namespace, in one of these as well.
func inNamespace(cmd *exec.Cmd) *exec.Cmd {
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	return cmd
}

// needNamespaces skips a test where namespaces cannot be made. That the tool
// for it is missing is a failure where the tests must have everything.
func needNamespaces(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("ip"); err != nil {
		if os.Getenv("DOMPROBE_REQUIRE_SERVERS") != "" {
			t.Fatalf("the Debian package iproute2 is missing: %v", err)
		}
		t.Skipf("needs the Debian package iproute2: %v", err)
	}
	try := inNamespace(exec.CommandContext(t.Context(), "ip", "link", "add", "client", "type", "veth", "peer", "name", "server"))
	if out, err := try.CombinedOutput(); err != nil {
		t.Skipf("needs the right to make network namespaces with pairs of interfaces in them: %v: %s", err, out)
	}
}

// commands run command lines, up to the first that fails.
func commands(ctx context.Context, lines ...string) error {
	for _, line := range lines {
		args := strings.Fields(line)
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", line, err, out)
		}
	}
	return nil
}

const (
	clientAddr = "10.9.0.2/24"
	serverAddr = "10.9.0.1/24"
	serverPort = "10.9.0.1:53"
)

// probe is the client's side: a run, and a change in the middle of it.
func (c *networkChange) probe(t *testing.T) {
	const n, rate = 20000, 2000
	startServer(t)
	if err := commands(t.Context(), "ip addr add "+clientAddr+" dev client", "ip link set client up"); err != nil {
		t.Fatal(err)
	}
	changed := make(chan error, 2)
	time.AfterFunc(n/rate*time.Second/3, func() {
		changed <- commands(t.Context(), c.do)
		time.Sleep(c.gap) // no clock but the kernel's makes an outage
		changed <- commands(t.Context(), c.undo)
	})
	var overTCP atomic.Int32
	opts := probe.Options{Servers: udpServers(serverPort), Rate: rate, Trace: func(ev probe.Event) {
		if !ev.Response && ev.Transport == string(resolver.TCP) {
			overTCP.Add(1)
		}
	}}
	// Without an end, one that crawls on would take hours.
	ctx, cancel := context.WithTimeout(t.Context(), c.gap+2*time.Minute)
	defer cancel()
	began := time.Now()
	got := attackUntil(ctx, t, opts, attackNames(n, attackTLDs...))
	took := time.Since(began)
	for range 2 {
		if err := <-changed; err != nil {
			t.Error(err)
		}
	}
	got.check(t, n)
	t.Logf("took %v, %d queries over TCP", took, overTCP.Load())
	if overTCP.Load() > n/10 {
		t.Errorf("%d queries went over TCP: UDP has not come back", overTCP.Load())
	}
}

// startServer starts the other namespace with a resolver in it, which ends with
// the test.
func startServer(t *testing.T) {
	t.Helper()
	server := inRole(context.Background(), t, "server") // it ends with its input
	server.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	server.Stderr = os.Stderr
	in, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := server.Wait(); err != nil {
			t.Error(err)
		}
	})
	if err := commands(t.Context(), "ip link add client type veth peer name server netns "+strconv.Itoa(server.Process.Pid)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(in, "the interface is there")
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasSuffix(lines.Text(), serverReady) {
			go io.Copy(io.Discard, out)
			return
		}
	}
	t.Fatalf("the server has not started: %v", lines.Err())
}

const serverReady = "the server is ready"

// serveInNamespace is the server's side. It ends when its input does.
func serveInNamespace(t *testing.T) {
	in := bufio.NewReader(os.Stdin)
	if _, err := in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := commands(t.Context(), "ip addr add "+serverAddr+" dev server", "ip link set server up"); err != nil {
		t.Fatal(err)
	}
	s, err := dnstest.ServeAt(serverPort, dnstest.Answer(attacked.Resolve))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	fmt.Println(serverReady)
	io.Copy(io.Discard, in)
}
