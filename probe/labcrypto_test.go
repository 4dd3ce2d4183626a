package probe_test

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	"domprobe/internal/dnstest/daemon"
	"domprobe/probe"
	"domprobe/probe/resolver"
)

// A watch notes what an encrypted connection must not: anything but TLS.
type watch struct {
	addr string // the only one that may be dialled

	mu    sync.Mutex
	dials int
	plain []string
}

func (w *watch) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	w.mu.Lock()
	w.dials++
	w.mu.Unlock()
	if network != "tcp" || addr != w.addr {
		w.note("dialled " + network + " " + addr)
	}
	c, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &watchedConn{Conn: c, watch: w}, nil
}

func (w *watch) note(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.plain = append(w.plain, what)
}

type watchedConn struct {
	net.Conn
	watch *watch
}

// Write sees that each write begins with a TLS record (RFC 8446 section 5.1)
// of one of the content types 20 to 23.
func (c *watchedConn) Write(b []byte) (int, error) {
	if len(b) < 5 || b[0] < 20 || b[0] > 23 || b[1] != 3 {
		c.watch.note("wrote what is no TLS record")
	}
	return c.Conn.Write(b)
}

// encrypted are the ways to ask a resolver whose certificate is to be the host's.
func encrypted(u *daemon.Daemon, host string) []resolver.Server {
	return []resolver.Server{
		{Transport: resolver.TLS, Addr: u.TLSAddr, Host: host},
		{Transport: resolver.HTTPS, Addr: u.HTTPSAddr, Host: host, URL: "https://" + host + "/dns-query"},
	}
}

// TestLabEncrypted asks a real resolver over TLS and over HTTPS, with a good
// certificate and with bad ones. Bad ones give a clear error, and nothing is
// asked in the clear.
func TestLabEncrypted(t *testing.T) {
	const host = "resolver.test"
	ca := daemon.NewCA(t)
	truth := []daemon.Name{{Name: "go.dev", Suffix: "dev", Resolver: "found"}, {Name: "free.dev", Suffix: "dev", Resolver: "not-found"}}
	registry := daemon.NSD{Zones: []daemon.Zone{{
		Origin: "dev", Servers: []daemon.Host{{Name: "a.nic.dev", IP: "127.0.0.1"}}, Records: "go NS ns1.go\nns1.go A 192.0.2.1\n",
	}}}.Start(t)
	tests := []struct {
		name string
		cert *daemon.Certificate
		want string // in the error; empty for none
	}{
		{"right", ca.Issue(host), ""},
		{"wrong name", ca.Issue("elsewhere.test"), "certificate is valid for elsewhere.test, not " + host},
		{"expired", ca.Expired(host), "certificate has expired"},
		{"self-signed", daemon.SelfSigned(t, host), "certificate signed by unknown authority"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := daemon.Unbound{
				Stubs: map[string]string{"dev": registry.Addr}, Certificate: tt.cert, Options: "\tlog-queries: yes\n",
			}.Start(t)
			for _, s := range encrypted(u, host) {
				t.Run(string(s.Transport), func(t *testing.T) {
					checkEncrypted(t, probe.Options{Servers: []resolver.Server{s}, TLSConfig: &tls.Config{RootCAs: ca.Pool()}}, truth, tt.want)
				})
			}
			u.Kill() // so that its log is whole
			if asked := strings.Contains(u.Log(), "dev. DS IN"); asked != (tt.want == "") {
				t.Errorf("the server was asked: %t", asked)
			}
		})
	}
}

// checkEncrypted decides about names, which is to fail with an error unless
// that is empty.
func checkEncrypted(t *testing.T, opts probe.Options, names []daemon.Name, fault string) {
	t.Helper()
	want := viaResolver
	if fault != "" {
		want = func(daemon.Name) string { return "unknown" }
	}
	w, log := &watch{addr: opts.Servers[0].Addr}, new(strings.Builder)
	opts.Escalate = true // which finds the registries through the same server, or not at all
	opts.Dial, opts.Log = w.dial, slog.New(slog.NewTextHandler(log, nil))
	for _, r := range checkLab(t, opts, names, want, nil) {
		if fault != "" && (r.Reason != probe.Unreachable || r.Err == nil || !strings.Contains(r.Err.Error(), fault)) {
			t.Errorf("%s: %s %v, want an error that says %q", r.Name, r.Reason, r.Err, fault)
		}
	}
	if !strings.Contains(log.String(), fault) || (fault == "") != (log.Len() == 0) {
		t.Errorf("the user is told %q, want %q", log, fault)
	}
	if w.dials == 0 || len(w.plain) > 0 {
		t.Errorf("%d connections; in the clear: %v", w.dials, w.plain)
	}
}
