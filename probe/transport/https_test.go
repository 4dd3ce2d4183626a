package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// endpoint answers questions over HTTPS as RFC 8484 has it.
func endpoint(t *testing.T) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var q dns.Msg
		if err != nil || q.Unpack(body) != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != mediaType ||
			r.Header.Get("Accept") != mediaType || r.ProtoMajor != 2 {
			t.Errorf("%s %s %v: %v", r.Proto, r.Method, r.Header, err)
		}
		if q.Id != 0 || len(body)%padBlock != 0 {
			t.Errorf("ID %d, %d octets", q.Id, len(body))
		}
		w.Header().Set("Content-Type", mediaType)
		w.Write(mustPack(t, truth.Resolve(&q)))
	}
}

// startHTTPS starts a server for HTTP/2 and returns the client's configuration.
func startHTTPS(t *testing.T, h http.Handler) (server *httptest.Server, conf *tls.Config) {
	t.Helper()
	server = httptest.NewUnstartedServer(h)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return server, &tls.Config{RootCAs: roots, ServerName: "example.com"}
}

func TestHTTPS(t *testing.T) {
	var dials atomic.Int32
	server, conf := startHTTPS(t, endpoint(t))
	b := newBox()
	e := NewHTTPS(Config{
		Addr: server.Listener.Addr().String(), Deliver: b.deliver, Window: 50, Timeout: 10 * time.Second,
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			dials.Add(1)
			var d net.Dialer
			return d.DialContext(ctx, network, addr)
		},
	}, "https://example.com/dns-query", conf)
	defer e.Close()
	qs := ask(200, 3)
	for i := range qs {
		qs[i].Flags |= MixCase
	}
	e.Ask(qs)
	right(t, b.wait(t, 200), 200)
	if n := dials.Load(); n > maxConns {
		t.Errorf("%d connections", n)
	}
	if out := b.outs[0]; out.RTT <= 0 || out.Tries != 1 {
		t.Errorf("round trip %v, %d tries", out.RTT, out.Tries)
	}
}

func TestHTTPSRefuses(t *testing.T) {
	answer := endpoint(t)
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		conf    func(c *tls.Config)
		want    Failure
		err     string
	}{
		{"good", answer, nil, None, ""},
		{"certificate of another name", answer, func(c *tls.Config) { c.ServerName = "dns.example" }, Unreachable, "certificate is valid for"},
		{"certificate that nobody signed", answer, func(c *tls.Config) { c.RootCAs = x509.NewCertPool() }, Unreachable, "unknown authority"},
		{"certificate out of date", answer, func(c *tls.Config) {
			c.Time = func() time.Time { return time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC) }
		}, Unreachable, "expired"},
		{"status 500", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusInternalServerError) }, nil, Unreachable, "500"},
		{"status 429", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "slow", http.StatusTooManyRequests) }, nil, Unreachable, "429"},
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/other", http.StatusTemporaryRedirect)
		}, nil, Unreachable, "307"},
		{"page", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "log in")
		}, nil, Unreachable, "text/html"},
		{"nothing", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Type", mediaType) }, nil, BadResponse, "header"},
		{"other question", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", mediaType)
			m := new(dns.Msg).SetQuestion("other-0.dev.", dns.TypeDS)
			m.Id, m.Response = 0, true
			w.Write(mustPack(t, m))
		}, nil, BadResponse, "name"},
		{"cut", func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			var q dns.Msg
			q.Unpack(body)
			m := truth.Resolve(&q)
			m.Truncated = true
			w.Header().Set("Content-Type", mediaType)
			w.Write(mustPack(t, m))
		}, nil, BadResponse, "fewer"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server, conf := startHTTPS(t, test.handler)
			if test.conf != nil {
				test.conf(conf)
			}
			b := newBox()
			e := NewHTTPS(Config{Addr: server.Listener.Addr().String(), Deliver: b.deliver, Window: 5, Timeout: 10 * time.Second},
				"https://example.com/dns-query", conf)
			defer e.Close()
			e.Ask(ask(1, 1))
			out := b.wait(t, 1)[0]
			if out.Failure != test.want || test.err != "" && (out.Err == nil || !strings.Contains(out.Err.Error(), test.err)) {
				t.Errorf("%v (%v), want %v with %q", out.Failure, out.Err, test.want, test.err)
			}
		})
	}
}

// A server that does not answer costs the time-out, not the run.
func TestHTTPSHung(t *testing.T) {
	release := make(chan struct{})
	server, conf := startHTTPS(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer close(release)
	b := newBox()
	e := NewHTTPS(Config{Addr: server.Listener.Addr().String(), Deliver: b.deliver, Window: 5, Timeout: 100 * time.Millisecond},
		"https://example.com/dns-query", conf)
	e.Ask(ask(2, 2))
	for token, out := range b.wait(t, 2) {
		if out.Failure != Timeout || out.Tries != 2 {
			t.Errorf("token %d: %v after %d tries (%v)", token, out.Failure, out.Tries, out.Err)
		}
	}
	e.Ask(ask(3, 2)[2:])
	e.Close()
	if out := b.wait(t, 1)[2]; out.Failure != Closed && out.Failure != Timeout {
		t.Errorf("closed under way: %v", out.Failure)
	}
}

// TestTLS asks over TLS, and never in clear when that fails.
func TestTLS(t *testing.T) {
	https, conf := startHTTPS(t, http.NotFoundHandler()) // for its certificate
	cert := https.TLS.Certificates[0]
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
		return NewStream(Config{Addr: l.Addr().String(), Deliver: b.deliver, Window: 50, Timeout: 10 * time.Second}, c), b
	}
	e, b := engine(func(*tls.Config) {})
	e.Ask(ask(100, 2))
	right(t, b.wait(t, 100), 100)
	e.Close()
	if n := sizes.Load(); n != 100 {
		t.Errorf("%d of 100 questions are padded to a multiple of %d", n, padBlock)
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
