package herd_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"domprobe/candidate"
	"domprobe/herd"
	"domprobe/herd/herdtest"
	"domprobe/probe"
)

// gate lets n names through.
func gate(n int) chan struct{} {
	c := make(chan struct{}, n)
	for range n {
		c <- struct{}{}
	}
	return c
}

// A worker dies with batches in its hands; another one does them.
func TestWorkerDies(t *testing.T) {
	s := startNATS(t, t.TempDir(), -1)
	dying, _ := connect(t, s, "dying", nil)
	stop := work(t, dying, truth{share: 50, wait: gate(700)})
	boss, _ := connect(t, s, "boss", nil)
	done := make(chan map[string]int)
	go func() { done <- check(t, boss.Coordinator(herd.Settings{}), 5000) }()
	herdtest.Until(t, func() bool { return statusOf(t, boss, "dying").Names > 500 }, func() string { return "the first worker decides nothing" })
	dying.Sever()
	stop()
	heir, _ := connect(t, s, "heir", nil)
	work(t, heir, truth{share: 50})
	if by := <-done; by["heir"] < 4000 || by["dying"] < 500 {
		t.Errorf("the workers gave %v", by)
	}
}

func statusOf(t *testing.T, c *herd.Conn, name string) herd.Status {
	t.Helper()
	all, err := c.Herd(t.Context(), 50*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.Name == name {
			return s
		}
	}
	return herd.Status{}
}

// The server is away in the middle of a run, twice; everybody waits.
func TestServerRestarts(t *testing.T) {
	dir := t.TempDir()
	s := startNATS(t, dir, -1)
	port := portOf(s)
	c, _ := connect(t, s, "worker", nil)
	gates := gate(1000)
	work(t, c, truth{share: 50, wait: gates})
	boss, said := connect(t, s, "boss", nil)
	done := make(chan map[string]int)
	go func() { done <- check(t, boss.Coordinator(herd.Settings{}), 6000) }()
	for i := range 2 {
		herdtest.Until(t, func() bool { return len(gates) == 0 }, func() string { return "nothing is decided" })
		herdtest.StopNATS(s)
		said.Wait(t, "waiting for it")
		go func() {
			for range 1000 { // the worker goes on without the server
				gates <- struct{}{}
			}
			if i == 1 {
				close(gates)
			}
		}()
		<-time.After(2 * time.Second)
		s = startNATS(t, dir, port)
	}
	<-done
	if !strings.Contains(said.String(), "is back") {
		t.Errorf("the user was told\n%s", said)
	}
}

// A worker that leaves gives its batches back at once.
func TestWorkerLeaves(t *testing.T) {
	herd.SetAckWait(time.Hour)
	t.Cleanup(func() { herd.SetAckWait(time.Second) })
	s := startNATS(t, t.TempDir(), -1)
	first, _ := connect(t, s, "first", nil)
	stop := work(t, first, truth{share: 50, wait: gate(300)})
	boss, _ := connect(t, s, "boss", nil)
	done := make(chan map[string]int)
	go func() { done <- check(t, boss.Coordinator(herd.Settings{}), 3000) }()
	herdtest.Until(t, func() bool { return statusOf(t, boss, "first").Names > 100 }, func() string { return "the first worker decides nothing" })
	second, _ := connect(t, s, "second", nil)
	work(t, second, truth{share: 50})
	stop()
	if by := <-done; by["second"] == 0 {
		t.Errorf("the workers gave %v", by)
	}
}

// A worker that knows nothing spoils nothing, and says so.
func TestWorkerInTheDark(t *testing.T) {
	s := startNATS(t, t.TempDir(), -1)
	dark, said := connect(t, s, "dark", nil)
	work(t, dark, truth{share: 50, change: func(r *probe.Result) {
		r.Verdict, r.Reason, r.Err = probe.Unknown, probe.Hijacked, errors.New("rewritten")
	}})
	boss, heard := connect(t, s, "boss", nil)
	done := make(chan map[string]int)
	go func() { done <- check(t, boss.Coordinator(herd.Settings{}), 4000) }()
	said.Wait(t, "cannot be believed: ")
	heard.Wait(t, "worker dark has given its batches back")
	good, _ := connect(t, s, "good", nil)
	work(t, good, truth{share: 50})
	if by := <-done; by["good"] != 4000-40 {
		t.Errorf("the workers gave %v", by)
	}
}

// A name that is unknown to everybody is asked of three workers, and is unknown.
func TestOpinions(t *testing.T) {
	s := startNATS(t, t.TempDir(), -1)
	var asked atomic.Int64
	for i := range 5 {
		c, _ := connect(t, s, fmt.Sprint("worker", i), nil)
		work(t, c, truth{share: 50, change: func(r *probe.Result) {
			if r.Name == "word7.com" {
				asked.Add(1)
				r.Verdict, r.Reason, r.Err = probe.Unknown, probe.ServFail, errors.New("it fails")
			}
		}})
	}
	boss, said := connect(t, s, "boss", nil)
	co := boss.Coordinator(herd.Settings{})
	unknown := 0
	slow := func(yield func(candidate.Candidate, error) bool) {
		settle(t, co, said)
		for c, err := range namesOf(20) {
			if !yield(c, err) {
				return
			}
		}
	}
	for rows, err := range co.Batches(t.Context(), slow) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if r.Verdict == probe.Unknown {
				unknown++
				if r.Name != "word7.com" || r.Err == nil || r.Err.Error() != "it fails" {
					t.Errorf("unknown is %+v", r)
				}
			}
		}
	}
	if n := asked.Load(); n != herd.MaxOpinions || unknown != 1 {
		t.Errorf("asked %d times, and %d unknown", n, unknown)
	}
}

// settle waits until the coordinator knows all five workers.
func settle(t *testing.T, co *herd.Coordinator, said *herdtest.Log) {
	herdtest.Until(t, func() bool { n, _ := co.State(); return n == 5 }, said.String)
}

// Another version is refused by both sides, in words.
func TestOtherVersion(t *testing.T) {
	s := startNATS(t, t.TempDir(), -1)
	old, said := connect(t, s, "old", func(o *herd.Options) { o.Version = "v0" })
	work(t, old, truth{share: 0})
	boss, heard := connect(t, s, "boss", nil)
	done := make(chan map[string]int)
	go func() { done <- check(t, boss.Coordinator(herd.Settings{}), 500) }()
	said.Wait(t, "of boss is refused: it is of v1, and this is v0")
	heard.Wait(t, "worker old is refused: it is v0, and this is v1")
	heard.Wait(t, "no worker takes part; waiting for one")
	good, _ := connect(t, s, "good", nil)
	work(t, good, truth{share: 50})
	if by := <-done; by["old"] != 0 {
		t.Errorf("the workers gave %v", by)
	}
}

// The settings of the job reach the worker, and one that it cannot keep to is
// refused.
func TestSettings(t *testing.T) {
	s := startNATS(t, t.TempDir(), -1)
	c, said := connect(t, s, "worker", nil)
	yes := true
	want := herd.Settings{Quorum: 2, Tries: 1, Timeout: time.Second, Escalate: &yes, Confirm: []string{"rdap"}}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		ended <- c.Work(ctx, herd.WorkOptions{Open: func(_ context.Context, got herd.Settings) (herd.Prober, func() error, error) {
			if got.Quorum == 3 {
				return nil, nil, errors.New("a quorum of 3 needs 3 resolvers")
			}
			if got.Quorum != 2 || got.Tries != 1 || got.Timeout != time.Second || !*got.Escalate || got.Confirm[0] != "rdap" {
				t.Errorf("settings %+v", got)
			}
			return truth{share: 50}, func() error { return nil }, nil
		}})
	}()
	boss, _ := connect(t, s, "boss", nil)
	check(t, boss.Coordinator(want), 300)
	refused, stop := context.WithCancel(t.Context())
	go func() {
		said.Wait(t, "is refused: a quorum of 3 needs 3 resolvers")
		stop()
	}()
	for _, err := range boss.Coordinator(herd.Settings{Quorum: 3}).Batches(refused, namesOf(10)) {
		if left := new(probe.Unfinished); !errors.As(err, &left) || len(left.Names) != 10 {
			t.Errorf("the refused job ends with %v", err)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// However many names there are, and though nobody decides them, few are in memory.
func TestCoordinatorIsBounded(t *testing.T) {
	s := startNATS(t, t.TempDir(), -1)
	boss, said := connect(t, s, "boss", nil)
	var read atomic.Int64
	endless := func(yield func(candidate.Candidate, error) bool) {
		for i := 0; yield(candidate.Parse(fmt.Sprintf("name%d.com", i)), nil); i++ {
			read.Add(1)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		said.Wait(t, "no worker takes part")
		herdtest.Until(t, func() bool { return read.Load() >= herd.MinOut }, func() string { return fmt.Sprint("only read ", read.Load()) })
		<-time.After(200 * time.Millisecond)
		cancel()
	}()
	var left *probe.Unfinished
	for _, err := range boss.Coordinator(herd.Settings{}).Batches(ctx, endless) {
		if !errors.As(err, &left) || !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	if n := read.Load(); n > herd.MinOut+2*herd.MaxNames+2 || len(left.Names) < herd.MinOut {
		t.Errorf("%d names were read, and %d are left", n, len(left.Names))
	}
}

// Purging ends a job, and its coordinator says why.
func TestPurge(t *testing.T) {
	s := startNATS(t, t.TempDir(), -1)
	boss, _ := connect(t, s, "boss", nil)
	var purging sync.WaitGroup
	purging.Go(func() {
		var jobs []herd.JobInfo
		herdtest.Until(t, func() bool {
			jobs, _ = boss.Jobs(t.Context())
			return len(jobs) > 0 && jobs[0].Backlog == 1
		}, func() string { return "there is no job" })
		if err := boss.Purge(t.Context(), jobs[0].ID); err != nil {
			t.Error(err)
		}
	})
	var failed error
	for _, err := range boss.Coordinator(herd.Settings{}).Batches(t.Context(), namesOf(20)) {
		failed = errors.Join(failed, err)
	}
	purging.Wait()
	if failed == nil || !strings.Contains(failed.Error(), "it was purged") {
		t.Errorf("the job ends with %v", failed)
	}
	if err := boss.Purge(t.Context(), "nothing"); err == nil || !strings.Contains(err.Error(), "job nothing") {
		t.Errorf("purging nothing: %v", err)
	}
}

// A loop that is left, and one whose source fails, leave nothing on the server.
func TestEarlyEnds(t *testing.T) {
	s := startNATS(t, t.TempDir(), -1)
	c, _ := connect(t, s, "worker", nil)
	work(t, c, truth{share: 50})
	boss, _ := connect(t, s, "boss", nil)
	co := boss.Coordinator(herd.Settings{})
	for range co.Batches(t.Context(), namesOf(100_000)) {
		break
	}
	broken := errors.New("the disk is gone")
	rows, failed := 0, error(nil)
	for batch, err := range co.Batches(t.Context(), failing(namesOf(300), broken)) {
		rows += len(batch)
		failed = err
	}
	if rows != 300 || !errors.Is(failed, broken) {
		t.Errorf("%d rows, and then %v", rows, failed)
	}
	if jobs, err := boss.Jobs(t.Context()); err != nil || len(jobs) > 0 {
		t.Errorf("left are %v, %v", jobs, err)
	}
}

func failing(names iter.Seq2[candidate.Candidate, error], err error) iter.Seq2[candidate.Candidate, error] {
	return func(yield func(candidate.Candidate, error) bool) {
		for c, e := range names {
			if !yield(c, e) {
				return
			}
		}
		yield(candidate.Candidate{}, err)
	}
}

// Two runs at once share a worker.
func TestTwoJobs(t *testing.T) {
	s := startNATS(t, t.TempDir(), -1)
	c, _ := connect(t, s, "worker", nil)
	boss, _ := connect(t, s, "boss", nil)
	done := make(chan map[string]int)
	for range 2 {
		go func() { done <- check(t, boss.Coordinator(herd.Settings{}), 3000) }()
	}
	work(t, c, truth{share: 50})
	<-done
	<-done
}

// The server that Debian has works too, and may be killed.
func TestDebianServer(t *testing.T) {
	path, err := exec.LookPath("nats-server")
	if err != nil && os.Getenv("DOMPROBE_REQUIRE_SERVERS") == "" {
		t.Skip("the package nats-server is not installed")
	}
	dir := t.TempDir()
	port := "-1"
	start := func() *exec.Cmd {
		cmd := exec.Command(path, "-a", "127.0.0.1", "-p", port, "-js", "-sd", dir, "--ports_file_dir", dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
		return cmd
	}
	debian := start()
	herdtest.Until(t, func() bool {
		files, _ := filepath.Glob(filepath.Join(dir, "*.ports"))
		if len(files) == 0 {
			return false
		}
		text, _ := os.ReadFile(files[0])
		_, url, _ := strings.Cut(string(text), `"nats://127.0.0.1:`)
		port, _, _ = strings.Cut(url, `"`)
		return port != ""
	}, func() string { return "the server tells no port" })
	change := func(o *herd.Options) { o.URL = "nats://127.0.0.1:" + port }
	none := startNATS(t, t.TempDir(), -1)
	gates := gate(1500)
	for i := range 2 {
		c, _ := connect(t, none, fmt.Sprint("worker", i), change)
		work(t, c, truth{share: 50, wait: gates})
	}
	boss, said := connect(t, none, "boss", change)
	done := make(chan map[string]int)
	go func() { done <- check(t, boss.Coordinator(herd.Settings{}), 5000) }()
	herdtest.Until(t, func() bool { return len(gates) == 0 }, func() string { return "nothing is decided" })
	close(gates)
	if err := debian.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	said.Wait(t, "waiting for it")
	start()
	<-done
	shared, err := boss.Share(truth{share: 50}, herd.Settings{}, hour)
	if err != nil {
		t.Fatal(err)
	}
	check(t, shared, 500)
}

func hour(r *probe.Result) time.Duration {
	if r.Verdict == probe.Unknown {
		return 0
	}
	return time.Hour
}
