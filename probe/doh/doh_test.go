package doh

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
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"domprobe/internal/dnstest"
	"domprobe/probe/transport"
)

// endpoint answers queries over HTTPS as RFC 8484 has it.
func endpoint(t *testing.T) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var q dns.Msg
		if err != nil || q.Unpack(body) != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != mediaType ||
			r.Header.Get("Accept") != mediaType || r.ProtoMajor != 2 {
			t.Errorf("%s %s %v: %v", r.Proto, r.Method, r.Header, err)
		}
		if q.Id != 0 || len(body)%128 != 0 {
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
	e := New(transport.Config{
		Addr: server.Listener.Addr().String(), Deliver: b.deliver, Window: 50, Timeout: time.Minute,
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			dials.Add(1)
			var d net.Dialer
			return d.DialContext(ctx, network, addr)
		},
	}, "https://example.com/dns-query", conf)
	defer e.Close()
	qs := ask(200, 3)
	for i := range qs {
		qs[i].Flags |= transport.MixCase
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
		want    transport.Failure
		err     string
	}{
		{"good", answer, nil, transport.None, ""},
		{"certificate of another name", answer, func(c *tls.Config) { c.ServerName = "dns.example" }, transport.Unreachable, "certificate is valid for"},
		{"certificate that nobody signed", answer, func(c *tls.Config) { c.RootCAs = x509.NewCertPool() }, transport.Unreachable, "unknown authority"},
		{"certificate out of date", answer, func(c *tls.Config) {
			c.Time = func() time.Time { return time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC) }
		}, transport.Unreachable, "expired"},
		{"status 500", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusInternalServerError) }, nil, transport.Unreachable, "500"},
		{"status 503", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusServiceUnavailable) }, nil, transport.Unreachable, "503"},
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/other", http.StatusTemporaryRedirect)
		}, nil, transport.Unreachable, "307"},
		{"page", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "log in")
		}, nil, transport.Unreachable, "text/html"},
		{"nothing", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Type", mediaType) }, nil, transport.BadResponse, "header"},
		{"other question", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", mediaType)
			m := new(dns.Msg).SetQuestion("other-0.dev.", dns.TypeDS)
			m.Id, m.Response = 0, true
			w.Write(mustPack(t, m))
		}, nil, transport.BadResponse, "name"},
		{"cut", func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			var q dns.Msg
			q.Unpack(body)
			m := truth.Resolve(&q)
			m.Truncated = true
			w.Header().Set("Content-Type", mediaType)
			w.Write(mustPack(t, m))
		}, nil, transport.BadResponse, "fewer"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server, conf := startHTTPS(t, test.handler)
			if test.conf != nil {
				test.conf(conf)
			}
			b := newBox()
			e := New(transport.Config{Addr: server.Listener.Addr().String(), Deliver: b.deliver, Window: 5, Timeout: time.Minute},
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
	server, conf := startHTTPS(t, http.NotFoundHandler()) // for its certificate
	cert := server.TLS.Certificates[0]
	synctest.Test(t, func(t *testing.T) {
		n := new(dnstest.Net)
		defer listenHTTPS(n, cert, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))()
		b := newBox()
		e := New(transport.Config{Addr: serverAddr, Dial: n.Dial, Deliver: b.deliver, Window: 5, Timeout: 2 * time.Second},
			"https://example.com/dns-query", conf)
		began := time.Now()
		e.Ask(ask(2, 2))
		for token, out := range b.wait(t, 2) {
			if out.Failure != transport.Timeout || out.Tries != 2 {
				t.Errorf("token %d: %v after %d tries (%v)", token, out.Failure, out.Tries, out.Err)
			}
		}
		if took := time.Since(began); took != 4*time.Second {
			t.Errorf("two tries of 2 s took %v", took)
		}
		e.Ask(ask(3, 2)[2:])
		synctest.Wait()
		e.Close()
		if out := b.wait(t, 1)[2]; out.Failure != transport.Closed {
			t.Errorf("closed under way: %v", out.Failure)
		}
	})
}

// A connPipe is a listener for connections that come from elsewhere.
type connPipe struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p *connPipe) Addr() net.Addr { return &net.TCPAddr{} }

func (p *connPipe) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *connPipe) Close() error {
	close(p.done)
	return nil
}

// hand gives the listener a connection, and returns when it is closed.
func (p *connPipe) hand(conn net.Conn) {
	closed := make(chan struct{})
	select {
	case p.conns <- &countedConn{Conn: conn, closed: sync.OnceFunc(func() { close(closed) })}:
		<-closed
	case <-p.done:
		conn.Close()
	}
}

// listenHTTPS puts a server for HTTP/2 on a network in memory.
func listenHTTPS(n *dnstest.Net, cert tls.Certificate, h http.Handler) (stop func()) {
	l := &connPipe{conns: make(chan net.Conn), done: make(chan struct{})}
	server := &http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0), TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}}}
	n.Listen(serverAddr, dnstest.Host{TCP: l.hand})
	go server.ServeTLS(l, "", "")
	return func() {
		server.Close()
		n.Close()
	}
}

// A mutableConn says nothing any more, though nobody learns of it, once it is mute.
type mutableConn struct {
	net.Conn
	mute atomic.Bool
}

func (c *mutableConn) Write(b []byte) (int, error) {
	if c.mute.Load() {
		return len(b), nil
	}
	return c.Conn.Write(b)
}

// A connection that has died without a word is left after a few time-outs.
func TestHTTPSDead(t *testing.T) {
	server, conf := startHTTPS(t, http.NotFoundHandler()) // for its certificate
	cert := server.TLS.Certificates[0]
	synctest.Test(t, func(t *testing.T) {
		n := new(dnstest.Net)
		defer listenHTTPS(n, cert, endpoint(t))()
		var conns []*mutableConn
		b := newBox()
		e := New(transport.Config{
			Addr: serverAddr, Deliver: b.deliver, Window: 50, Timeout: 2 * time.Second,
			Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
				conn, err := n.Dial(ctx, network, addr)
				conns = append(conns, &mutableConn{Conn: conn})
				return conns[len(conns)-1], err
			},
		}, "https://example.com/dns-query", conf)
		qs := ask(20, 1)
		e.Ask(qs[:1])
		right(t, b.wait(t, 1), 1)
		conns[0].mute.Store(true)
		for _, q := range qs[1:] { // one a second
			e.Ask([]transport.Query{q})
			time.Sleep(time.Second)
		}
		failed := 0
		for _, out := range b.wait(t, len(qs)-1) {
			if out.Failure != transport.None {
				failed++
			}
		}
		if failed == 0 || failed > 6 || b.outs[19].Failure != transport.None {
			t.Errorf("%d of 19 failed, the last with %v (%v)", failed, b.outs[19].Failure, b.outs[19].Err)
		}
		e.Close()
	})
}
