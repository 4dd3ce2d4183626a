package web

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// running starts a server on a listener of its own. The function stops it and
// returns what Serve did.
func running(t testing.TB, opts Options) (addr string, stop func() error) {
	t.Helper()
	s, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { stop() })
	return l.Addr().String(), stop
}

// dial opens a connection, on which what is written can be anything.
func dial(t testing.TB, addr string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn.(*net.TCPConn)
}

func TestManyClients(t *testing.T) {
	const clients, each = 200, 100
	addr, stop := running(t, Options{Prober: demo(t)})
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	transport := &http.Transport{MaxConnsPerHost: clients}
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range clients {
		all.Go(func() {
			// Half of the names are the client's own, half are everybody's.
			var words []string
			for k := range each / 4 {
				words = append(words, fmt.Sprintf("own%dx%d", i, k), fmt.Sprintf("shared%d", k))
			}
			<-begin
			resp, err := (&http.Client{Transport: transport}).Get("http://" + addr + "/v1/probe?tld=dev,com&keyword=" + strings.Join(words, ","))
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != 200 || resp.Trailer.Get(endTrailer) != "complete" {
				t.Errorf("client %d: %d, end %q, %v", i, resp.StatusCode, resp.Trailer.Get(endTrailer), err)
				return
			}
			rows := verdictsOf(t, string(body))
			if len(rows) != each {
				t.Errorf("client %d has %d rows", i, len(rows))
			}
			for name, verdict := range rows {
				if verdict != "not-found" {
					t.Errorf("%s is %s", name, verdict)
				}
			}
		})
	}
	close(begin)
	all.Wait()
	transport.CloseIdleConnections()
	runtime.GC()
	runtime.ReadMemStats(&during)
	if grown := int64(during.HeapAlloc) - int64(before.HeapAlloc); grown > 64<<20 {
		t.Errorf("%d MB are held after %d names", grown>>20, clients*each)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestClientLeaves(t *testing.T) {
	for name, request := range map[string][3]string{
		"GET":  {"GET", "/v1/probe?tld=dev,com&keyword=a,b,c", ""},
		"POST": {"POST", "/v1/probe", `{"keyword":["a","b","c"],"tld":["dev","com"]}`},
		"name": {"GET", "/v1/names/new.dev", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := &script{gate: make(chan struct{}, 1)}
			p.gate <- struct{}{} // one row comes before the client leaves
			if name == "name" {
				<-p.gate
			}
			server := serve(t, Options{Prober: p})
			leave := begin(t, server, request[0], request[1], request[2])
			eventually(t, 5*time.Second, "the search", func() bool { return p.running() == 1 })
			leave()
			eventually(t, time.Second, "the work has stopped", func() bool { return p.running() == 0 })
		})
	}
}

// Against a resolver that never answers, leaving stops the questions themselves.
func TestClientLeavesSilence(t *testing.T) {
	p, questions := silent(t)
	server := serve(t, Options{Prober: p})
	leave := begin(t, server, "GET", "/v1/probe?preset=popular&keyword=a,b,c,d,e,f,g,h", "")
	eventually(t, 5*time.Second, "questions", func() bool { return questions.Load() > 0 })
	leave()
	idle := make(chan struct{})
	go func() {
		p.Close() // waits for the loops under way
		close(idle)
	}()
	select {
	case <-idle:
	case <-time.After(time.Second):
		t.Fatal("a second after the client has left it is still being asked")
	}
	n := questions.Load()
	<-time.After(300 * time.Millisecond)
	if more := questions.Load() - n; more > 0 {
		t.Errorf("%d questions came afterwards", more)
	}
}

func TestSlowloris(t *testing.T) {
	const patience = 500 * time.Millisecond
	addr, _ := running(t, Options{Prober: &script{}, Patience: patience})
	var all sync.WaitGroup
	defer all.Wait()
	for range 100 {
		conn := dial(t, addr)
		fmt.Fprintf(conn, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: ")
		all.Go(func() {
			limit := time.Now().Add(patience + 3*time.Second)
			for {
				// A byte now and then does not help.
				conn.Write([]byte("a"))
				conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
				_, err := conn.Read(make([]byte, 1024))
				if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
					return
				}
				if time.Now().After(limit) {
					t.Error("a client that does not finish its header is still connected")
					return
				}
			}
		})
	}
	// Others are served meanwhile.
	resp, err := http.Get("http://" + addr + "/healthz")
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%v, %v", resp, err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
}

func TestSlowBody(t *testing.T) {
	addr, _ := running(t, Options{Prober: &script{}, Patience: 200 * time.Millisecond})
	conn := dial(t, addr)
	fmt.Fprint(conn, "POST /v1/probe HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusRequestTimeout {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

// A search may take longer than the patience with a body.
func TestSlowSearch(t *testing.T) {
	p := &script{gate: make(chan struct{})}
	server := serve(t, Options{Prober: p, Patience: 100 * time.Millisecond})
	time.AfterFunc(500*time.Millisecond, func() { close(p.gate) })
	resp, body := do(t, server, "POST", "/v1/probe", `{"keyword":["free.dev"]}`, jsonBody)
	if got := verdictsOf(t, body); got["free.dev"] != "found" || resp.Trailer.Get(endTrailer) != "complete" {
		t.Errorf("%v, end %q", got, resp.Trailer.Get(endTrailer))
	}
}

// A client that takes nothing is let go.
func TestSlowReader(t *testing.T) {
	ended := make(chan Access, 1)
	addr, _ := running(t, Options{
		Prober: &script{}, MaxNames: 100_000, Patience: 300 * time.Millisecond,
		Access: func(a Access) { ended <- a },
	})
	conn := dial(t, addr)
	conn.SetReadBuffer(4096)
	var words bytes.Buffer
	for i := range 60_000 {
		fmt.Fprintf(&words, `"word%d",`, i)
	}
	body := `{"tld":["dev"],"keyword":[` + strings.TrimSuffix(words.String(), ",") + `]}`
	fmt.Fprintf(conn, "POST /v1/probe HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	select {
	case a := <-ended:
		if a.Status != 200 || a.Rows == 0 {
			t.Errorf("%+v", a)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("a client that does not read is still served")
	}
}

func TestStopUnderLoad(t *testing.T) {
	p := &script{gate: make(chan struct{}), hold: "new"}
	addr, stop := running(t, Options{Prober: p})
	const clients = 50
	transport := &http.Transport{MaxConnsPerHost: clients}
	defer transport.CloseIdleConnections()
	var first, all sync.WaitGroup
	for i := range clients {
		first.Add(1)
		all.Go(func() {
			begun := sync.OnceFunc(first.Done)
			defer begun()
			resp, err := (&http.Client{Transport: transport}).Get(fmt.Sprintf("http://%s/v1/probe?tld=dev&keyword=free%d,new%d&format=json", addr, i, i))
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			in := bufio.NewReader(resp.Body)
			head, err := in.ReadString('}')
			begun()
			rest, err2 := io.ReadAll(in)
			if err = errors.Join(err, err2); err != nil {
				t.Error(err)
			}
			if !strings.Contains(head, fmt.Sprintf(`"free%d.dev"`, i)) || string(rest) != "\n]\n" || resp.Trailer.Get(endTrailer) != "stopped" {
				t.Errorf("client %d: %s and %q, end %q", i, head, rest, resp.Trailer.Get(endTrailer))
			}
		})
	}
	first.Wait()
	began := time.Now()
	if err := stop(); err != nil {
		t.Error(err)
	}
	all.Wait()
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("stopping took %v", took)
	}
	if n := p.running(); n != 0 {
		t.Errorf("%d searches are left", n)
	}
}

func TestServeNeedsToken(t *testing.T) {
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Options{Prober: &script{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(t.Context(), l); !errors.Is(err, ErrNoToken) {
		t.Errorf("served with %v", err)
	}
	if l.Close() == nil {
		t.Error("the listener is open")
	}
}
