package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"domprobe/candidate"
	"domprobe/internal/dnstest/crowd"
	"domprobe/probe"
)

// running starts a server on a listener of its own. The function stops it and
// returns the error of Serve.
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

// A gated prober holds back names that begin with a word until its gate is
// closed.
type gated struct {
	Prober
	word string
	gate chan struct{}
}

func (g gated) Batches(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]probe.Result, error] {
	return g.Prober.Batches(ctx, func(yield func(candidate.Candidate, error) bool) {
		for c, err := range names {
			if strings.HasPrefix(c.Name, g.word) {
				select {
				case <-g.gate:
				case <-ctx.Done():
					return
				}
			}
			if !yield(c, err) {
				return
			}
		}
	})
}

// Every client has begun its rows, and none has them all, when the memory is
// measured. A search may have a megabyte, most of which are the buffers in which
// the prober receives.
func TestManyClients(t *testing.T) {
	const clients, each = 200, 100
	p := gated{demo(t), "last", make(chan struct{})}
	addr, stop := running(t, Options{Prober: p, AtOnce: 2 * clients})
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: clients}}
	answers := crowd.Ask(client, clients, func(i int) string {
		// Half of the names are the client's own, half are everybody's.
		var words []string
		for k := range each / 4 {
			words = append(words, fmt.Sprintf("own%dx%d", i, k), fmt.Sprintf("shared%d", k))
		}
		words[len(words)-2] = fmt.Sprintf("last%d", i)
		return "http://" + addr + "/v1/probe?tld=dev,com&keyword=" + strings.Join(words, ",")
	})
	runtime.GC()
	runtime.ReadMemStats(&during)
	if grown := int64(during.HeapAlloc) - int64(before.HeapAlloc); grown > clients<<20 {
		t.Errorf("%d searches hold %d MB", clients, grown>>20)
	} else {
		t.Logf("%d searches hold %d KB, clients included", clients, grown>>10)
	}
	close(p.gate)
	for i, a := range answers() {
		if a.Err != nil || a.Status != 200 || a.End != "complete" {
			t.Errorf("client %d: %d, end %q, %v", i, a.Status, a.End, a.Err)
			continue
		}
		rows := verdictsOf(t, a.First+a.Rest)
		if len(rows) != each {
			t.Errorf("client %d has %d rows", i, len(rows))
		}
		for name, verdict := range rows {
			if verdict != "not-found" {
				t.Errorf("%s is %s", name, verdict)
			}
		}
	}
	client.CloseIdleConnections()
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// A client that leaves stops its work within a second.
func TestClientLeaves(t *testing.T) {
	for name, request := range map[string][3]string{
		"GET":  {"GET", "/v1/probe?tld=dev,com&keyword=a,b,c", ""},
		"POST": {"POST", "/v1/probe", `{"keyword":["a","b","c"],"tld":["dev","com"]}`},
		"name": {"GET", "/v1/names/new.dev", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &script{gate: make(chan struct{}, 1)}
				if name != "name" {
					p.gate <- struct{}{} // one row comes before the client leaves
				}
				_, client, _ := inMemory(t, Options{Prober: p})
				leave := begin(t, client, request[0], "http://localhost"+request[1], request[2])
				synctest.Wait()
				if p.running() != 1 {
					t.Fatal("nothing is searched")
				}
				leave()
				wait(time.Second)
				if p.running() != 0 {
					t.Error("a second after the client has left its work goes on")
				}
			})
		})
	}
}

// Against a resolver that never answers, and that could be waited for all day,
// leaving stops the questions themselves.
func TestClientLeavesSilence(t *testing.T) {
	p, questions := silent(t)
	server := serve(t, Options{Prober: p})
	leave := begin(t, server.Client(), "GET", server.URL+"/v1/probe?preset=popular&keyword=a,b,c,d,e,f,g,h", "")
	eventually(t, "questions", func() bool { return questions.Load() > 0 })
	leave()
	p.Close() // waits for the loops under way, after which nobody is left to ask
}

// Stopping ends every search with the rows that it has, and cuts nobody off.
func TestStopUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &script{gate: make(chan struct{}), hold: "new"}
		_, client, stop := inMemory(t, Options{Prober: p})
		answers := crowd.Ask(client, 50, func(i int) string {
			return fmt.Sprintf("http://localhost/v1/probe?tld=dev&keyword=free%d,new%d&format=json", i, i)
		})
		began := time.Now()
		if err := stop(); err != nil {
			t.Error(err)
		}
		for i, a := range answers() {
			if a.Err != nil || !strings.Contains(a.First, fmt.Sprintf(`"free%d.dev"`, i)) || a.Rest != "\n]\n" || a.End != "stopped" {
				t.Errorf("client %d: %+v", i, a)
			}
		}
		if took := time.Since(began); took >= goodbyeTime {
			t.Errorf("stopping took %v", took)
		}
		if n := p.running(); n != 0 {
			t.Errorf("%d searches are left", n)
		}
	})
}

// A search that the server has stopped says so, whatever its prober says.
func TestStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := gated{&script{err: errors.New("the prober is closed")}, "new", make(chan struct{})}
		_, client, stop := inMemory(t, Options{Prober: p})
		resp, err := client.Get("http://localhost/v1/probe?keyword=new.dev")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		stopped := make(chan error)
		go func() { stopped <- stop() }()
		if body, err := io.ReadAll(resp.Body); err != nil || resp.Trailer.Get(endTrailer) != "stopped" {
			t.Errorf("%q, %v, end %q", body, err, resp.Trailer.Get(endTrailer))
		}
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
}

// A client that does not read the end of its rows is cut off.
func TestStopUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client, stop := inMemory(t, Options{Prober: &script{gate: make(chan struct{})}})
		resp, err := client.Get("http://localhost/v1/probe?keyword=new.dev&format=json")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		began := time.Now()
		if err := stop(); err != nil || time.Since(began) != goodbyeTime {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
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
