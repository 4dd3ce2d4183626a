package web

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// lingering is how long package net/http keeps a connection after its end. An
// earlier end could lose the response while the client is still sending.
const lingering = time.Second

// A client that does not send all that it has announced gets a response, and its
// connection is closed.
func TestSlowClients(t *testing.T) {
	const (
		unsent   = " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"
		chunked  = " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
		jsonType = " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json"
	)
	for _, tt := range []struct {
		name, request string
		status        int           // 0 means none
		after         time.Duration // the answer, or the end where there is none
	}{
		{"nothing", "", 0, headerTime},
		{"half a header", "GET / HTTP/1.1\r\nHost: localhost\r\n", 0, headerTime},
		{"health with a body", "GET /healthz" + unsent, 400, 0},
		{"health with chunks", "GET /healthz" + chunked, 400, 0},
		{"page with a body", "GET /" + unsent, 400, 0},
		{"search with a body", "GET /v1/probe?keyword=go.dev" + unsent, 400, 0},
		{"name with a body", "GET /v1/names/go.dev" + unsent, 400, 0},
		{"confirm with a body", "POST /v1/names/go.dev/confirm" + unsent, 400, 0},
		{"confirm with chunks", "POST /v1/names/go.dev/confirm" + chunked, 400, 0},
		{"wrong Host", strings.ReplaceAll("POST /v1/probe"+unsent, "localhost", "evil.example"), 421, 0},
		{"wrong type", "POST /v1/probe" + unsent, 415, 0},
		{"wrong type in chunks", "POST /v1/probe" + chunked, 415, 0},
		{"wrong method", "PUT /v1/probe" + unsent, 405, 0},
		{"wrong path", "POST /nowhere" + chunked, 404, 0},
		{"oversized", "POST /v1/probe" + jsonType + "\r\nContent-Length: 10000000\r\n\r\n", 413, 0},
		{"bad JSON", "POST /v1/probe" + jsonType + "\r\nContent-Length: 1000\r\n\r\n}", 400, 0},
		{"half a body", "POST /v1/probe" + jsonType + "\r\nContent-Length: 1000\r\n\r\n{", 408, DefaultPatience},
		{"half a login", "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ntoken", 408, DefaultPatience},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, _, _ := inMemory(t, Options{Prober: &script{}, Confirmer: &script{}})
				conn, began := w.dial(t), time.Now()
				if _, err := io.WriteString(conn, tt.request); err != nil {
					t.Fatal(err)
				}
				resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if took := time.Since(began); took != tt.after {
					t.Errorf("an answer after %v, want %v", took, tt.after)
				}
				if err == nil && resp.StatusCode != tt.status || err != nil && tt.status != 0 {
					t.Fatalf("%v, %v, want status %d", resp, err, tt.status)
				}
				// A reading end sees the other end's closing.
				if _, err := io.Copy(io.Discard, conn); err != nil {
					t.Error(err)
				}
				if took := time.Since(began); took > DefaultPatience+lingering {
					t.Errorf("connected for %v", took)
				}
			})
		})
	}
}

// The connection of a client that reads no response is closed.
func TestDeafClients(t *testing.T) {
	for name, request := range map[string]string{
		"file":    "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"name":    "GET /v1/names/go.dev HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"refused": "GET /v2 HTTP/1.1\r\nHost: evil.example\r\n\r\n",
		"garbage": "\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, _, _ := inMemory(t, Options{Prober: &script{ttl: time.Hour}})
				conn, began := w.dial(t), time.Now()
				for range 1000 {
					if _, err := io.WriteString(conn, request); err != nil {
						if took := time.Since(began); took > DefaultPatience+lingering {
							t.Errorf("connected for %v", took)
						}
						return
					}
				}
				t.Error("a client that reads nothing is still served")
			})
		})
	}
}

// Clients that hold every connection hold them only as long as Patience.
func TestFullHouse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, client, _ := inMemory(t, Options{Prober: &script{}})
		began := time.Now()
		for i := range maxConnections {
			request := "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"
			if i%2 == 0 {
				request = strings.ReplaceAll(request, "localhost", "evil.example")
			}
			if _, err := io.WriteString(w.dial(t), request); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait() // every request is being served
		resp, err := client.Get("http://localhost/healthz")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if took := time.Since(began); took == 0 || took > DefaultPatience+lingering {
			t.Errorf("served after %v", took)
		}
	})
}

// Idle connections keep no client out, whether they are of one client or of many.
func TestIdleClients(t *testing.T) {
	ask := func(conn net.Conn) (*http.Response, error) {
		if _, err := io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			return nil, err
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
		}
		return resp, err
	}
	for name, client := range map[string]func(i int) string{
		"one client":   func(int) string { return "192.0.2.1" },
		"many clients": func(i int) string { return fmt.Sprintf("192.0.2.%d", i%200) },
		"one socket":   func(int) string { return "" },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, _, _ := inMemory(t, Options{Prober: &script{}})
				began := time.Now()
				var conns []net.Conn
				for i := range maxConnections + 100 {
					conns = append(conns, w.dialFrom(t, client(i)))
					if i%10 == 0 {
						continue // no request: as good as idle
					}
					if _, err := ask(conns[i]); err != nil {
						t.Fatalf("connection %d: %v", i, err)
					}
				}
				if resp, err := ask(w.dialFrom(t, "198.51.100.1")); err != nil || resp.StatusCode != 200 || time.Since(began) != 0 {
					t.Errorf("another client: %v, %v, after %v", resp, err, time.Since(began))
				}
				// The ones that were closed are the oldest.
				if _, err := ask(conns[1]); err == nil {
					t.Error("the longest idle connection is open")
				}
				if _, err := ask(conns[len(conns)-1]); err != nil {
					t.Errorf("the last one: %v", err)
				}
			})
		})
	}
}

// A client with as many searches as it may have connections is refused another
// connection, and gets one when a search has ended. Others are served.
func TestBusyClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &script{gate: make(chan struct{})}
		w, _, _ := inMemory(t, Options{Prober: p})
		const request = "GET /v1/names/new.dev HTTP/1.1\r\nHost: localhost\r\n\r\n"
		var conns []net.Conn
		for range maxPerClient {
			conns = append(conns, w.dialFrom(t, "192.0.2.1"))
			fmt.Fprint(conns[len(conns)-1], request)
		}
		idle := w.dialFrom(t, "192.0.2.3")
		synctest.Wait()
		if _, err := io.WriteString(w.dialFrom(t, "192.0.2.1"), request); err == nil {
			t.Error("one client has more connections than it may have")
		}
		if _, err := io.WriteString(idle, request); err != nil {
			t.Errorf("the connection of another client was closed for it: %v", err)
		}
		if _, err := io.WriteString(w.dialFrom(t, "192.0.2.2"), request); err != nil {
			t.Errorf("another client: %v", err)
		}
		conns[0].Close()
		synctest.Wait()
		if _, err := io.WriteString(w.dialFrom(t, "192.0.2.1"), request); err != nil {
			t.Errorf("after one was closed: %v", err)
		}
		close(p.gate)
	})
}

// A connection that waits for room enters when another one is closed, and ends
// with the listener.
func TestListenerIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{conns: make(chan net.Conn), closed: make(chan struct{})}
		l := newListener(w)
		accepted := make(chan net.Conn)
		go func() {
			defer close(accepted)
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				accepted <- conn
			}
		}()
		go w.dial(t)
		if l.note(<-accepted, http.StateClosed); len(l.open) != 0 {
			t.Error("a closed connection counts as open")
		}
		var last net.Conn
		for range maxConnections {
			go w.dial(t)
			last = <-accepted
			l.note(last, http.StateActive)
		}
		go w.dial(t)
		synctest.Wait()
		if len(accepted) > 0 || len(l.open) != maxConnections {
			t.Fatalf("%d connections are open", len(l.open))
		}
		l.note(last, http.StateClosed)
		l.note(<-accepted, http.StateActive)
		go w.dial(t) // waits until the end
		synctest.Wait()
		if len(l.open) != maxConnections || slices.ContainsFunc(l.open, func(c *connection) bool { return c == last }) {
			t.Errorf("%d connections are open", len(l.open))
		}
		l.Close()
		if conn, ok := <-accepted; ok {
			t.Errorf("accepted after the end: %v", conn)
		}
	})
}

func TestSlowloris(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, client, _ := inMemory(t, Options{Prober: &script{}})
		began := time.Now()
		conns := make([]io.Writer, 100)
		for i := range conns {
			conns[i] = w.dial(t)
			fmt.Fprint(conns[i], "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: ")
		}
		// Others are served meanwhile.
		resp, err := client.Get("http://localhost/healthz")
		if err != nil || resp.StatusCode != 200 || time.Since(began) != 0 {
			t.Fatalf("%v, %v, after %v", resp, err, time.Since(began))
		}
		resp.Body.Close()
		for time.Since(began) <= headerTime {
			for _, c := range conns {
				// A byte now and then does not help.
				fmt.Fprint(c, "a")
			}
			wait(time.Second)
		}
		for _, c := range conns {
			if _, err := fmt.Fprint(c, "a"); err == nil {
				t.Fatal("a client that does not finish its header is still connected")
			}
		}
	})
}

// A search may take longer than the patience with a client.
func TestSlowSearch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &script{gate: make(chan struct{})}
		_, client, _ := inMemory(t, Options{Prober: p, Confirmer: p})
		time.AfterFunc(time.Hour, func() { close(p.gate) })
		get := func(path string) (*http.Response, error) { return client.Get("http://localhost" + path) }
		post := func(path string) (*http.Response, error) {
			return client.Post("http://localhost"+path, "application/json", strings.NewReader(`{"keyword":["fine.dev"]}`))
		}
		answers := make(chan string)
		for _, ask := range []func() (*http.Response, error){
			func() (*http.Response, error) { return post("/v1/probe") },
			func() (*http.Response, error) { return get("/v1/probe?keyword=free.dev") },
			func() (*http.Response, error) { return get("/v1/names/found.dev") },
			func() (*http.Response, error) {
				return get("/v1/probe?keyword=" + strings.Repeat("n", 9000) + ".dev,fine.dev")
			},
			func() (*http.Response, error) { return get("/v1/probe?keyword=fine.dev,new.dev&only=found") },
		} {
			go func() {
				resp, err := ask()
				if err != nil {
					answers <- err.Error()
					return
				}
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				answers <- fmt.Sprint(string(body), resp.Trailer, err)
			}()
		}
		for range 5 {
			if a := <-answers; !strings.Contains(a, `"verdict":"found"`) || strings.Contains(a, "failed") || !strings.HasSuffix(a, "<nil>") {
				t.Error(a)
			}
		}
	})
}

// The connection of a client that reads only the first row is closed.
func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan Access, 1)
		w, _, _ := inMemory(t, Options{Prober: &script{}, Access: func(a Access) { ended <- a }})
		conn, began := w.dial(t), time.Now()
		fmt.Fprint(conn, "GET /v1/probe?preset=all&keyword=go HTTP/1.1\r\nHost: localhost\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReaderSize(conn, 16), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := resp.Body.Read(make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
		if a := <-ended; a.Status != 200 || a.Rows == 0 || time.Since(began) != DefaultPatience {
			t.Errorf("%+v after %v", a, time.Since(began))
		}
	})
}
