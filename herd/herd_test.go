package herd_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/goleak"

	"domprobe/candidate"
	"domprobe/herd"
	"domprobe/herd/herdtest"
	"domprobe/internal/dnstest"
	"domprobe/probe"
)

func TestMain(m *testing.M) {
	herd.SetAckWait(time.Second)
	goleak.VerifyTestMain(m)
}

// startNATS starts a server with JetStream in a folder, on a port of loopback.
func startNATS(t *testing.T, dir string, port int) *server.Server {
	t.Helper()
	return herdtest.NATS(t, server.Options{Port: port, StoreDir: dir})
}

func connect(t *testing.T, s *server.Server, name string, change func(*herd.Options)) (*herd.Conn, *herdtest.Log) {
	t.Helper()
	l := new(herdtest.Log)
	opts := herd.Options{URL: s.ClientURL(), Name: name, Version: "v1", Note: func(line string) { fmt.Fprintln(l, line) }}
	if change != nil {
		change(&opts)
	}
	c, err := herd.Connect(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, l
}

// A truth is a prober without a network.
type truth struct {
	share  int
	change func(*probe.Result) // nil, or what makes it lie
	wait   chan struct{}       // nil, or what it waits for with every name
}

func (p truth) Batches(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]probe.Result, error] {
	return func(yield func([]probe.Result, error) bool) {
		for c, err := range names {
			if err != nil {
				yield(nil, err)
				return
			}
			if p.wait != nil {
				select {
				case <-p.wait:
				case <-ctx.Done():
				}
			}
			if ctx.Err() != nil {
				yield(nil, ctx.Err())
				return
			}
			label, _, _ := strings.Cut(c.Name, ".")
			r := probe.Result{Candidate: c, Verdict: probe.NotFound, Reason: probe.NXDomain, Server: "192.0.2.1:53", At: time.Now(), TTL: time.Minute}
			if dnstest.Registered(label, p.share) {
				r.Verdict, r.Reason, r.TTL = probe.Found, probe.Delegated, 0
			}
			if c.Err != nil {
				r = probe.Result{Candidate: c, Verdict: probe.Invalid, Reason: c.Err.Reason, Rcode: -1, Err: c.Err}
			}
			if p.change != nil {
				p.change(&r)
			}
			if !yield([]probe.Result{r}, nil) {
				return
			}
		}
	}
}

// work starts a worker, and returns what stops it.
func work(t *testing.T, c *herd.Conn, p herd.Prober) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		err := c.Work(ctx, herd.WorkOptions{Hold: 1024, Open: func(context.Context, herd.Settings) (herd.Prober, func() error, error) {
			return p, func() error { return nil }, nil
		}})
		if err != nil {
			t.Error(err)
		}
	})
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	t.Cleanup(stop)
	return stop
}

// namesOf yields so many names, of which every hundredth is invalid.
func namesOf(n int) iter.Seq2[candidate.Candidate, error] {
	return func(yield func(candidate.Candidate, error) bool) {
		for i := range n {
			name := fmt.Sprintf("word%d.com", i)
			if i%100 == 99 {
				name = fmt.Sprintf("-word%d-.com", i)
			}
			if !yield(candidate.Parse(name), nil) {
				return
			}
		}
	}
}

// check decides n names, and has every one come once, right and by a worker of the
// herd. It returns how many rows each worker gave.
func check(t *testing.T, co herd.Prober, n int) map[string]int {
	t.Helper()
	by := map[string]int{}
	seen := map[string]bool{}
	for rows, err := range co.Batches(t.Context(), namesOf(n)) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if seen[r.Name] {
				t.Fatalf("%s comes twice", r.Name)
			}
			seen[r.Name] = true
			label, _, _ := strings.Cut(r.Name, ".")
			want := probe.NotFound
			switch {
			case r.Err != nil && label[0] == '-':
				want = probe.Invalid
			case dnstest.Registered(label, 50):
				want = probe.Found
			}
			if r.Verdict != want || r.Keyword != r.Name || r.Verdict != probe.Invalid && r.TLD != "com" {
				t.Fatalf("%+v, want %v", r, want)
			}
			by[r.Via]++
		}
	}
	if len(seen) != n {
		t.Fatalf("%d rows for %d names", len(seen), n)
	}
	return by
}

func TestManyWorkers(t *testing.T) {
	s := startNATS(t, t.TempDir(), -1)
	for i := range 3 {
		c, _ := connect(t, s, fmt.Sprint("worker", i), nil)
		work(t, c, truth{share: 50})
	}
	boss, _ := connect(t, s, "boss", nil)
	by := check(t, boss.Coordinator(herd.Settings{Quorum: 1}), 20_000)
	for i := range 3 {
		if by[fmt.Sprint("worker", i)] == 0 {
			t.Errorf("worker %d decided nothing: %v", i, by)
		}
	}
	jobs, err := boss.Jobs(t.Context())
	if err != nil || len(jobs) != 0 {
		t.Errorf("after the run there are jobs %v, %v", jobs, err)
	}
}
