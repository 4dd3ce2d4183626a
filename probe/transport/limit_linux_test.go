package transport

import (
	"context"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
)

// again runs a test of this binary in another process, in which inside is set, and
// reports whether this is that process.
func again(t *testing.T, command ...string) (inside bool) {
	t.Helper()
	if os.Getenv("DOMPROBE_TEST_INSIDE") == t.Name() {
		return true
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command = append(command, exe, "-test.run=^"+t.Name()+"$", "-test.v")
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "DOMPROBE_TEST_INSIDE="+t.Name())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// With few descriptors many servers are asked, also when the process needs more of
// them than was thought.
func TestSocketsRlimit(t *testing.T) {
	if !again(t, "sh", "-c", `ulimit -n 256 && exec "$@"`, "sh") {
		return
	}
	if n := descriptors(); n != 256 {
		t.Fatalf("%d descriptors", n)
	}
	sockets := NewSockets(0)
	if sockets.size != 256-64 {
		t.Errorf("%d of 256 descriptors are for sockets", sockets.size)
	}
	server, err := dnstest.Host{UDP: honest}.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	var files []*os.File
	for range 100 { // of the process, more than were reserved
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files = append(files, f)
	}
	const servers, each = 600, 5
	var engines []Engine
	var boxes []*box
	for range servers {
		b := newBox()
		cfg := Config{Addr: server.Addr(), Deliver: b.deliver, Window: 100, Timeout: time.Minute, Sockets: sockets, Idle: time.Minute}
		boxes = append(boxes, b)
		engines = append(engines, NewUDP(cfg))
	}
	for _, e := range engines {
		e.Ask(ask(each, 3))
	}
	for _, b := range boxes {
		right(t, b.wait(t, each), each)
	}
	for _, e := range engines {
		e.Close()
	}
	if len(files) != 100 || sockets.free != sockets.size {
		t.Errorf("%d of %d are free", sockets.free, sockets.size)
	}
}

// ip runs ip(8).
func ip(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %v: %v\n%s", args, err, out)
	}
}

// In a network of its own, what a machine can lack is told from a server that is
// silent.
func TestRouteNamespace(t *testing.T) {
	if os.Getenv("DOMPROBE_TEST_INSIDE") == "" {
		if _, err := exec.LookPath("ip"); err != nil {
			t.Skip("there is no ip(8)")
		}
		if err := exec.Command("unshare", "-Urn", "true").Run(); err != nil {
			t.Skipf("namespaces cannot be made: %v", err)
		}
	}
	if !again(t, "unshare", "-Urn") {
		return
	}
	const addr = "192.0.2.2:5300"
	route := func(want bool, when string) {
		t.Helper()
		if err := Route(t.Context(), nil, addr); (err == nil) != want {
			t.Errorf("%s: %v", when, err)
		}
	}
	route(false, "without an interface")
	ip(t, "link", "set", "lo", "up")
	if out, err := exec.Command("ip", "link", "add", "near0", "type", "veth", "peer", "name", "far0").CombinedOutput(); err != nil {
		t.Skipf("links cannot be made: %v\n%s", err, out)
	}
	ip(t, "addr", "add", "192.0.2.1/24", "dev", "near0")
	ip(t, "link", "set", "near0", "up")
	route(false, "without a carrier")
	ip(t, "link", "set", "far0", "up")
	for range 500 { // the kernel takes its time to see the carrier
		if Route(t.Context(), nil, addr) == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	route(true, "with everything")

	ip(t, "addr", "add", "192.0.2.2/32", "dev", "lo")
	server, err := dnstest.ServeAt(addr, func(w dns.ResponseWriter, q *dns.Msg, _ string) { w.WriteMsg(truth.Resolve(q)) })
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	b := newBox()
	next := uint32(0)
	from := net.IPv4(192, 0, 2, 1)
	e := NewUDP(Config{Addr: addr, Deliver: b.deliver, Window: 100, Timeout: time.Minute, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		d := net.Dialer{LocalAddr: &net.UDPAddr{IP: from}}
		return d.DialContext(ctx, network, addr)
	}})
	defer e.Close()
	one := func(want Failure, when string) {
		t.Helper()
		qs := ask(1, 3)
		qs[0].Token = next
		e.Ask(qs)
		if out := b.wait(t, 1)[next]; out.Failure != want {
			t.Errorf("%s: %v (%v)", when, out.Failure, out.Err)
		}
		next++
	}
	one(None, "with everything")
	ip(t, "addr", "del", "192.0.2.1/24", "dev", "near0")
	ip(t, "addr", "add", "192.0.2.3/24", "dev", "near0")
	from = net.IPv4(192, 0, 2, 3)
	one(Offline, "with another address, over the old socket")
	one(None, "over a new one")
	ip(t, "addr", "del", "192.0.2.3/24", "dev", "near0")
	one(Offline, "without an address")
	one(Offline, "without an address, again")
	ip(t, "addr", "add", "192.0.2.3/24", "dev", "near0")
	one(None, "with the address again")
}
