package web

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"domprobe/candidate"
	registries "domprobe/internal/demo"
	"domprobe/internal/dnstest"
	"domprobe/probe"
	"domprobe/probe/resolver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// demo returns a prober on the demo registry.
func demo(t testing.TB) *probe.Prober {
	t.Helper()
	registry, err := registries.Start()
	if err != nil {
		t.Fatal(err)
	}
	p, err := probe.New(probe.Options{Servers: []resolver.Server{{Transport: resolver.UDP, Addr: registry.Addr()}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Close()
		registry.Close()
	})
	return p
}

// A script is a Prober. Names that begin with f are found, names that begin with
// u are unknown, the others are not found.
type script struct {
	gate   chan struct{} // each name takes one of it first; nil lets all go at once
	hold   string        // only names that begin so wait at the gate
	ttl    time.Duration
	source string
	err    error // at the end of every loop

	mu    sync.Mutex
	asked map[string]int
	loops int // under way
	begun int
}

func (s *script) Batches(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]probe.Result, error] {
	return func(yield func([]probe.Result, error) bool) {
		s.count(1)
		defer s.count(-1)
		for c, err := range names {
			if err != nil {
				yield(nil, err)
				return
			}
			s.mu.Lock()
			if s.asked == nil {
				s.asked = map[string]int{}
			}
			s.asked[c.Name]++
			s.mu.Unlock()
			if s.gate != nil && strings.HasPrefix(c.Name, s.hold) {
				select {
				case <-s.gate:
				case <-ctx.Done():
					yield(nil, context.Cause(ctx))
					return
				}
			}
			if !yield([]probe.Result{s.result(c)}, nil) {
				return
			}
		}
		if err := s.err; err != nil {
			yield(nil, err)
		} else if ctx.Err() != nil {
			yield(nil, context.Cause(ctx))
		}
	}
}

func (s *script) result(c candidate.Candidate) probe.Result {
	r := probe.Result{Candidate: c, Verdict: probe.NotFound, Reason: probe.NXDomain, Source: "dns", Rcode: 3, Server: "script", At: time.Now(), TTL: s.ttl}
	switch {
	case c.Err != nil:
		r.Verdict, r.Reason, r.Err, r.TTL = probe.Invalid, c.Err.Reason, c.Err, 0
	case strings.HasPrefix(c.Name, "f"):
		r.Verdict, r.Reason, r.TTL = probe.Found, probe.Delegated, 0
	case strings.HasPrefix(c.Name, "u"):
		r.Verdict, r.Reason, r.TTL = probe.Unknown, probe.Timeout, 0
	}
	if s.source != "" {
		r.Source = s.source
	}
	return r
}

func (s *script) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loops += n
	s.begun += max(n, 0)
}

func (s *script) running() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loops
}

// started is how many loops have begun.
func (s *script) started() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.begun
}

func (s *script) times(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[name]
}

// serve starts a server on a free port, which ends with the test.
func serve(t testing.TB, opts Options) *httptest.Server {
	t.Helper()
	s, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		server.Close()
	})
	return server
}

// A change changes a request before it is sent.
type change func(*http.Request)

func header(name, value string) change {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func host(name string) change { return func(r *http.Request) { r.Host = name } }

var jsonBody = header("Content-Type", "application/json")

// do sends a request and returns the response with its body read.
func do(t testing.TB, server *httptest.Server, method, path, body string, changes ...change) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body == "" {
		r.Body = http.NoBody
	}
	for _, c := range changes {
		c(r)
	}
	client := *server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(all)
}

// verdictsOf reads rows in JSON Lines: the verdict of each name.
func verdictsOf(t testing.TB, body string) map[string]string {
	t.Helper()
	rows := map[string]string{}
	lines := bufio.NewScanner(strings.NewReader(body))
	for lines.Scan() {
		var row struct{ Domain, Verdict string }
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatalf("%v in %q", err, lines.Text())
		}
		if rows[row.Domain] != "" {
			t.Errorf("two rows for %s", row.Domain)
		}
		rows[row.Domain] = row.Verdict
	}
	return rows
}

// eventually waits until a condition holds. Its limit is for conditions that never
// hold: no machine is that slow.
func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	const limit = 2 * time.Minute
	end := time.After(limit)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-end:
			t.Fatalf("not within %v: %s", limit, what)
		case <-tick.C:
		}
	}
}

// silent returns a prober on a resolver that counts questions and answers none.
func silent(t testing.TB) (*probe.Prober, *atomic.Int64) {
	t.Helper()
	questions := new(atomic.Int64)
	server, err := dnstest.Serve(dnstest.Answer(func(*dns.Msg) *dns.Msg {
		questions.Add(1)
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	p, err := probe.New(probe.Options{
		Servers: []resolver.Server{{Transport: resolver.UDP, Addr: server.Addr()}}, Timeout: 24 * time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Close()
		server.Close()
	})
	return p, questions
}

// discard keeps the headers of a response and drops the rest.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }
