package transport

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// TestTLS asks over TLS, and never in clear when that fails.
func TestTLS(t *testing.T) {
	https := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
	defer https.Close()
	cert := https.TLS.Certificates[0]
	roots := x509.NewCertPool()
	roots.AddCert(https.Certificate())
	conf := &tls.Config{RootCAs: roots, ServerName: "example.com"}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"dot"}})
	if err != nil {
		t.Fatal(err)
	}
	var sizes atomic.Int32
	server := &dns.Server{Listener: l, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		if b := mustPack(t, q); len(b)%padBlock == 0 {
			sizes.Add(1)
		}
		w.WriteMsg(truth.Resolve(q))
	})}
	served := make(chan error, 1)
	started := make(chan struct{})
	server.NotifyStartedFunc = func() { close(started) }
	go func() { served <- server.ActivateAndServe() }()
	<-started
	defer func() {
		server.Shutdown()
		<-served
	}()
	engine := func(change func(c *tls.Config)) (Engine, *box) {
		c := conf.Clone()
		c.NextProtos = []string{"dot"}
		change(c)
		b := newBox()
		return NewTCP(Config{Addr: l.Addr().String(), Deliver: b.deliver, Window: 50, Timeout: time.Minute}, c), b
	}
	e, b := engine(func(*tls.Config) {})
	e.Ask(ask(100, 2))
	right(t, b.wait(t, 100), 100)
	e.Close()
	if n := sizes.Load(); n != 100 {
		t.Errorf("%d of 100 queries are padded to a multiple of %d", n, padBlock)
	}
	for name, change := range map[string]func(c *tls.Config){
		"valid for":         func(c *tls.Config) { c.ServerName = "dns.example" },
		"unknown authority": func(c *tls.Config) { c.RootCAs = x509.NewCertPool() },
		"expired":           func(c *tls.Config) { c.Time = func() time.Time { return time.Now().AddDate(300, 0, 0) } },
	} {
		e, b := engine(change)
		e.Ask(ask(1, 1))
		if out := b.wait(t, 1)[0]; out.Failure != Unreachable || out.Err == nil || !strings.Contains(out.Err.Error(), name) {
			t.Errorf("%s: %v (%v)", name, out.Failure, out.Err)
		}
		e.Close()
	}
}
