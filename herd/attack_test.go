package herd_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"domprobe/herd"
	"domprobe/herd/herdtest"
	"domprobe/probe"
)

// dial connects somebody who is not of the herd.
func dial(t *testing.T, s *server.Server) (*nats.Conn, jetstream.JetStream) {
	t.Helper()
	nc, err := nats.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return nc, js
}

// Of the streams without a coordinator those are removed that had one, and not a
// new one: it has no consumer for a moment.
func TestOrphans(t *testing.T) {
	s := startNATS(t, t.TempDir(), -1)
	nc, js := dial(t, s)
	for _, job := range []string{"old", "new", "foreign"} {
		c := jetstream.StreamConfig{Name: "domprobe-" + job, Subjects: []string{"domprobe.job." + job + ".names"}}
		if job != "foreign" {
			c.Description = `{"version":"v1"}`
		}
		if _, err := js.CreateStream(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := js.Publish(t.Context(), "domprobe.job.old.names", []byte("x")); err != nil {
		t.Fatal(err)
	}
	boss, _ := connect(t, s, "boss", nil)
	jobs, err := boss.Jobs(t.Context())
	if err != nil || len(jobs) != 1 || jobs[0].ID != "new" {
		t.Errorf("the jobs are %+v (%v)", jobs, err)
	}
	if _, err := js.Stream(t.Context(), "domprobe-foreign"); err != nil {
		t.Errorf("the stream of somebody else: %v", err)
	}
	nc.Close()
}

// While the store of the server is full, both sides wait and say so; then they go
// on.
func TestStoreFull(t *testing.T) {
	s := herdtest.NATS(t, server.Options{Port: -1, StoreDir: t.TempDir(), JetStreamMaxStore: 200 << 10})
	_, js := dial(t, s)
	fill, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "fill", Subjects: []string{"fill"}})
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = js.Publish(t.Context(), "fill", make([]byte, 10<<10))
	}
	boss, said := connect(t, s, "boss", nil)
	done := make(chan map[string]int)
	go func() { done <- check(t, boss.Coordinator(herd.Settings{}), 20_000) }()
	c, _ := connect(t, s, "worker", nil)
	work(t, c, truth{share: 50})
	said.Wait(t, "fails; trying again: ")
	if err := fill.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-done
	if !strings.Contains(said.String(), "works again") {
		t.Errorf("the user was told\n%s", said)
	}
}

// Rows whose worker has a wrong clock are of the time at which they came.
func TestWrongClock(t *testing.T) {
	s := startNATS(t, t.TempDir(), -1)
	for i, off := range []time.Duration{-time.Hour, time.Hour} {
		c, _ := connect(t, s, fmt.Sprint("worker", i), nil)
		work(t, c, truth{share: 50, change: func(r *probe.Result) { r.At = r.At.Add(off) }})
	}
	boss, _ := connect(t, s, "boss", nil)
	began := time.Now()
	for rows, err := range boss.Coordinator(herd.Settings{}).Batches(t.Context(), namesOf(2000)) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if r.At.Before(began) || r.At.After(time.Now()) {
				t.Fatalf("%s was decided at %v by %s, and it is %v", r.Name, r.At, r.Via, time.Now())
			}
		}
	}
}

// Whatever is on the subjects, the rows of a job are right, and a worker asks about
// nothing that no coordinator sends.
func TestMalformed(t *testing.T) {
	s := startNATS(t, t.TempDir(), -1)
	nc, _ := dial(t, s)
	boss, said := connect(t, s, "boss", nil)
	done := make(chan map[string]int)
	go func() { done <- check(t, boss.Coordinator(herd.Settings{}), 3000) }()
	var jobs []herd.JobInfo
	herdtest.Until(t, func() bool { jobs, _ = boss.Jobs(t.Context()); return len(jobs) > 0 }, said.String)
	sub, err := nc.Subscribe("domprobe.herd", func(m *nats.Msg) {
		for _, reply := range []string{"", "{", "[]", `{"kind":"worker","name":"\u001b[2J","version":"v1","wants":-9223372036854775808}`} {
			_ = nc.Publish(m.Reply, []byte(reply))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	long := strings.Repeat("a", 300) + ".com"
	for i, p := range [][]byte{
		nil, {1}, {2}, []byte("garbage"), herd.Batch("com", make([]string, herd.MaxNames+1)...),
		herd.Batch("com", ".."), herd.Batch(".", ".."), herd.Batch("", ""), herd.Batch("", "go.com"), herd.Batch("com", "com"),
		herd.Batch("dev", "go.com"), herd.Batch("com", "Go.com"), herd.Batch("com", "a\x00.com"), herd.Batch("com", long),
		herd.Rows(1<<40, 0), herd.Rows(1, 1<<30), herd.Rows(1, -1),
	} {
		for _, subject := range []string{"domprobe.job", "domprobe.herd", "domprobe.job." + jobs[0].ID + ".names", "domprobe.job." + jobs[0].ID + ".rows"} {
			if err := nc.Publish(subject, p); err != nil {
				t.Fatal(i, err)
			}
		}
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	c, heard := connect(t, s, "worker", nil)
	work(t, c, truth{share: 50, change: func(r *probe.Result) {
		if !strings.HasPrefix(r.Name, "word") {
			t.Errorf("a worker is asked about %q", r.Name)
		}
	}})
	<-done
	heard.Wait(t, "a batch has 257 names, and 256 are the most")
	heard.Wait(t, "a batch has the name \"go.com\" under \"dev\"")
}

// A server that takes small messages only gets small ones.
func TestSmallMessages(t *testing.T) {
	s := herdtest.NATS(t, server.Options{Port: -1, StoreDir: t.TempDir(), MaxPayload: 8 << 10})
	c, _ := connect(t, s, "worker", nil)
	work(t, c, truth{share: 50})
	boss, _ := connect(t, s, "boss", nil)
	check(t, boss.Coordinator(herd.Settings{}), 2000)
}

// However long the server is away, nobody gives up and nothing is forgotten: what
// must last longer than an outage does.
func TestLongOutage(t *testing.T) {
	const outage = time.Minute
	s := startNATS(t, t.TempDir(), -1)
	boss, said := connect(t, s, "boss", nil)
	if o := boss.ClientOptions(); o.MaxReconnect >= 0 || !o.IgnoreAuthErrorAbort || o.ReconnectWait > time.Second || o.ReconnectJitter > time.Second {
		t.Errorf("the client tries %d times, every %v", o.MaxReconnect, o.ReconnectWait)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		var failed error
		for _, err := range boss.Coordinator(herd.Settings{}).Batches(ctx, namesOf(300)) {
			failed = err
		}
		ended <- failed
	}()
	said.Wait(t, "no worker takes part")
	jobs, err := boss.Jobs(t.Context())
	if err != nil || len(jobs) != 1 {
		t.Fatalf("the jobs are %v (%v)", jobs, err)
	}
	_, js := dial(t, s)
	stream, err := js.Stream(t.Context(), "domprobe-"+jobs[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if c := stream.CachedInfo().Config; c.Duplicates <= outage || c.MaxAge > 0 || c.Storage != jetstream.FileStorage {
		t.Errorf("the stream is %+v", c)
	}
	for _, name := range []string{"workers", "rows"} {
		consumer, err := stream.Consumer(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		c := consumer.CachedInfo().Config
		if c.MaxDeliver > 0 || c.InactiveThreshold > 0 && c.InactiveThreshold <= outage || c.Durable != name {
			t.Errorf("the consumer is %+v", c)
		}
	}
	cancel()
	if left := new(probe.Unfinished); !errors.As(<-ended, &left) {
		t.Error("the run has not been interrupted")
	}
}

// The names of a coordinator that was killed are not decided: nobody waits for them.
func TestCoordinatorDies(t *testing.T) {
	s := startNATS(t, t.TempDir(), -1)
	dying, said := connect(t, s, "dying", nil)
	ended := make(chan error, 1)
	go func() {
		var failed error
		for _, err := range dying.Coordinator(herd.Settings{}).Batches(t.Context(), namesOf(3000)) {
			failed = err
		}
		ended <- failed
	}()
	said.Wait(t, "no worker takes part")
	dying.Sever()
	if err := <-ended; err == nil {
		t.Error("the dead coordinator goes on")
	}
	c, _ := connect(t, s, "worker", nil)
	work(t, c, truth{share: 50})
	boss, _ := connect(t, s, "boss", nil)
	check(t, boss.Coordinator(herd.Settings{}), 1000)
	n := int64(0)
	herdtest.Until(t, func() bool {
		n = statusOf(t, boss, "worker").Names
		return n >= 990
	}, func() string { return fmt.Sprintf("the worker has decided %d names", n) })
	if n != 990 {
		t.Errorf("the worker has decided %d names", n)
	}
}

// A run that is interrupted while the server is away does not wait for it.
func TestInterruptedAlone(t *testing.T) {
	s := startNATS(t, t.TempDir(), -1)
	var logged herdtest.Log
	boss, said := connect(t, s, "boss", func(o *herd.Options) {
		o.Log = slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		said.Wait(t, "no worker takes part")
		herdtest.StopNATS(s)
		said.Wait(t, "waiting for it")
		cancel()
	}()
	for _, err := range boss.Coordinator(herd.Settings{}).Batches(ctx, namesOf(300)) {
		if left := new(probe.Unfinished); err != nil && !errors.As(err, &left) {
			t.Error(err)
		}
	}
	if strings.Contains(logged.String(), "NATS: job ") {
		t.Errorf("it has tried to remove the job:\n%s", logged.String())
	}
}
