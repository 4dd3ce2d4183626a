package doh

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"domprobe/internal/dnstest"
	"domprobe/probe/transport"
)

// A server that refuses for a while is asked again when it said, or after a
// second if it did not say, and no query has lost a try.
func TestBusy(t *testing.T) {
	server, conf := startHTTPS(t, http.NotFoundHandler()) // for its certificate
	cert := server.TLS.Certificates[0]
	answer := endpoint(t)
	for _, test := range []struct {
		name   string
		status int
		after  func() string
		want   time.Duration
	}{
		{"429, seconds", 429, func() string { return "7" }, 7 * time.Second},
		{"429, date", 429, func() string { return time.Now().Add(9 * time.Second).UTC().Format(http.TimeFormat) }, 9 * time.Second},
		{"429 alone", 429, func() string { return "" }, time.Second},
		{"429, nonsense", 429, func() string { return "-1" }, time.Second},
		{"429, an hour", 429, func() string { return "3600" }, time.Minute},
		{"503, seconds", 503, func() string { return "20" }, 20 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := new(dnstest.Net)
				var asked, refused atomic.Int32
				began := time.Now()
				defer listenHTTPS(n, cert, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					asked.Add(1)
					if time.Since(began) < test.want {
						refused.Add(1)
						w.Header().Set("Retry-After", test.after())
						http.Error(w, "too much", test.status)
						return
					}
					answer(w, r)
				}))()
				b := newBox()
				e := New(transport.Config{Addr: serverAddr, Dial: n.Dial, Deliver: b.deliver, Window: 10, Timeout: 2 * time.Second},
					"https://example.com/dns-query", conf)
				e.Ask(ask(30, 1))
				outs := b.wait(t, 30)
				right(t, outs, 30)
				if took := time.Since(began); took != test.want {
					t.Errorf("answered after %v, want %v", took, test.want)
				}
				if n, no := asked.Load(), refused.Load(); no == 0 || no > 10 || n != 30+no {
					t.Errorf("%d requests for 30 queries, of which %d were refused", n, no)
				}
				for token, out := range outs {
					if out.Tries != 1 || out.RTT > time.Second {
						t.Errorf("token %d: %d tries, round trip %v", token, out.Tries, out.RTT)
					}
				}
				e.Close()
			})
		})
	}
}

// A 503 that does not say when to come back is the server's failure.
func TestUnavailable(t *testing.T) {
	server, conf := startHTTPS(t, http.NotFoundHandler()) // for its certificate
	cert := server.TLS.Certificates[0]
	synctest.Test(t, func(t *testing.T) {
		n := new(dnstest.Net)
		defer listenHTTPS(n, cert, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "no", http.StatusServiceUnavailable)
		}))()
		b := newBox()
		e := New(transport.Config{Addr: serverAddr, Dial: n.Dial, Deliver: b.deliver, Window: 10, Timeout: 2 * time.Second},
			"https://example.com/dns-query", conf)
		began := time.Now()
		e.Ask(ask(1, 3))
		if out := b.wait(t, 1)[0]; out.Failure != transport.Unreachable || time.Since(began) != 0 {
			t.Errorf("%v (%v) after %v", out.Failure, out.Err, time.Since(began))
		}
		e.Close()
	})
}

// However wide the window, no more requests are under way than a server grants
// streams. When the engine is closed, no connection is left.
func TestStreams(t *testing.T) {
	server, conf := startHTTPS(t, http.NotFoundHandler()) // for its certificate
	cert := server.TLS.Certificates[0]
	answer := endpoint(t)
	synctest.Test(t, func(t *testing.T) {
		n := new(dnstest.Net)
		var asking, most, open atomic.Int32
		defer listenHTTPS(n, cert, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			most.Store(max(most.Load(), asking.Add(1)))
			time.Sleep(time.Second)
			answer(w, r)
			asking.Add(-1)
		}))()
		b := newBox()
		e := New(transport.Config{Addr: serverAddr, Deliver: b.deliver, Window: 1000, Timeout: 20 * time.Second,
			Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
				conn, err := n.Dial(ctx, network, addr)
				open.Add(1)
				return &countedConn{Conn: conn, closed: sync.OnceFunc(func() { open.Add(-1) })}, err
			}}, "https://example.com/dns-query", conf)
		e.Ask(ask(300, 1))
		right(t, b.wait(t, 300), 300)
		if n := most.Load(); n > maxStreams {
			t.Errorf("%d requests under way", n)
		}
		e.Close()
		synctest.Wait()
		if n := open.Load(); n != 0 {
			t.Errorf("%d connections left", n)
		}
	})
}
