package web

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
	"domprobe/watch"
)

// A fate is a Prober for a watch: one verdict about all names.
type fate probe.Result

func (f fate) Batches(_ context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]probe.Result, error] {
	return func(yield func([]probe.Result, error) bool) {
		for c := range names {
			r := probe.Result(f)
			r.Candidate, r.At = c, time.Now()
			if !yield([]probe.Result{r}, nil) {
				return
			}
		}
	}
}

var (
	free  = fate{Verdict: probe.NotFound, Reason: probe.NXDomain}
	taken = fate{Verdict: probe.Found, Reason: probe.Delegated}
)

// look has a watch look at the names of a file that are due, and again after a time.
func (f fate) look(t *testing.T, path string, again time.Duration) {
	t.Helper()
	w := watch.Watcher{File: watch.NewFile(path), Prober: f, Once: true, Interval: again}
	if err := w.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func watchedFile(t *testing.T, names ...string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "watch.db")
	addTo(t, path, names...)
	return path
}

func addTo(t *testing.T, path string, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := watch.NewFile(path).Add(watch.State{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
}

// An event is one of a stream, without its data but for the name and the changes.
type event struct{ kind, id, told string }

// openEvents begins to read a stream.
func openEvents(t *testing.T, client *http.Client, id string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://localhost/v1/watched/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Last-Event-ID", id)
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if kind := resp.Header.Get("Content-Type"); resp.StatusCode != 200 || kind != "text/event-stream" {
		t.Fatalf("%d %s", resp.StatusCode, kind)
	}
	return resp
}

// listenTo returns the events of a stream. Heartbeats are left out.
func listenTo(t *testing.T, client *http.Client, id string) <-chan event {
	t.Helper()
	body := openEvents(t, client, id).Body
	all := make(chan event, 100)
	go func() {
		defer close(all)
		var e event
		for lines := bufio.NewScanner(body); lines.Scan(); {
			field, value, _ := strings.Cut(lines.Text(), ": ")
			switch {
			case field == "event":
				e.kind = value
			case field == "id":
				e.id = value
			case field == "data":
				e.told = toldBy(t, value)
			case field == "" && e != event{}:
				all <- e
				e = event{}
			}
		}
	}()
	return all
}

func toldBy(t *testing.T, data string) string {
	var n watchedName
	if err := json.Unmarshal([]byte(data), &n); err != nil {
		t.Errorf("%v in %s", err, data)
	}
	told := strings.TrimSpace(n.Name + " " + n.Verdict.String())
	for _, c := range n.Changes {
		told += fmt.Sprintf(", %s was %s", c.Of, c.Old)
	}
	return told
}

func expectEvent(t *testing.T, all <-chan event, kind, told string) (id string) {
	t.Helper()
	e := <-all
	if e.kind != kind || e.told != told {
		t.Errorf("event %s of %q, want %s of %q", e.kind, e.told, kind, told)
	}
	return e.id
}

// Clients are told of what a watch writes meanwhile; those that come back, of what they
// have missed.
func TestWatchedEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := watchedFile(t, "a.dev")
		_, client, _ := inMemory(t, Options{Prober: &script{}, WatchState: path})
		all := listenTo(t, client, "")
		begun := expectEvent(t, all, "list", "unknown")
		free.look(t, path, time.Minute)
		first := expectEvent(t, all, "look", "a.dev not-found")
		time.Sleep(2 * time.Minute)
		taken.look(t, path, time.Minute)
		second := expectEvent(t, all, "change", "a.dev found, verdict was not-found")
		time.Sleep(2 * time.Minute)
		taken.look(t, path, time.Minute)
		expectEvent(t, all, "look", "a.dev found, verdict was not-found")
		addTo(t, path, "b.dev")
		expectEvent(t, all, "look", "b.dev unknown")

		// The newest state of each name, as a change if one was missed.
		expectEvent(t, listenTo(t, client, first), "change", "a.dev found, verdict was not-found")
		again := listenTo(t, client, second)
		expectEvent(t, again, "look", "a.dev found, verdict was not-found")
		expectEvent(t, again, "look", "b.dev unknown")
		for _, id := range []string{"x", "x-1", begun + "000", "ffffffff-1"} {
			expectEvent(t, listenTo(t, client, id), "list", "unknown")
		}

		// Names that leave have no events of their own.
		if _, err := watch.NewFile(path).Remove("a.dev"); err != nil {
			t.Fatal(err)
		}
		expectEvent(t, again, "list", "unknown")
		expectEvent(t, listenTo(t, client, second), "list", "unknown")
	})
}

// A stream is never silent for long, ends with the server, and is one of not too many.
func TestWatchedEventsBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client, stop := inMemory(t, Options{Prober: &script{}, WatchState: watchedFile(t), ClientRate: -1})
		begun := time.Now()
		lines := bufio.NewScanner(openEvents(t, client, "").Body)
		for lines.Scan() && lines.Text() != ":" {
			continue
		}
		if took := time.Since(begun); lines.Text() != ":" || took > heartbeat+watchPause {
			t.Errorf("%q after %v", lines.Text(), took)
		}
		for range maxListeners - 1 {
			openEvents(t, client, "")
		}
		resp, err := client.Get("http://localhost/v1/watched/events")
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if after := resp.Header.Get("Retry-After"); resp.StatusCode != 429 || after != "" {
			t.Errorf("one more: %d, Retry-After %q, %s", resp.StatusCode, after, body)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// The list has what is known of each name, and what comes next.
func TestWatchedNames(t *testing.T) {
	path := watchedFile(t, "a.dev")
	server := serve(t, Options{Prober: &script{}, WatchState: path})
	taken.look(t, path, time.Minute)
	var tag string
	eventually(t, "the look", func() bool {
		resp, body := do(t, server, "GET", "/v1/watched", "")
		tag = resp.Header.Get("ETag")
		var list struct{ Watched []map[string]any }
		if err := json.Unmarshal([]byte(body), &list); err != nil || len(list.Watched) != 1 {
			t.Fatalf("%v: %s", err, body)
		}
		a := list.Watched[0]
		next, err := time.Parse(time.RFC3339, fmt.Sprint(a["next"]))
		return a["domain"] == "a.dev" && a["verdict"] == "found" && a["reason"] == "delegated" &&
			err == nil && next.After(time.Now()) && a["planned"] == nil
	})
	if resp, _ := do(t, server, "GET", "/v1/watched", "", header("If-None-Match", tag)); resp.StatusCode != 304 {
		t.Errorf("again: %d", resp.StatusCode)
	}

	none := serve(t, Options{Prober: &script{}, WatchState: filepath.Join(t.TempDir(), "none.db")})
	if _, body := do(t, none, "GET", "/v1/watched", ""); strings.TrimSpace(body) != `{"watched":[]}` {
		t.Errorf("no file: %s", body)
	}
	broken := filepath.Join(t.TempDir(), "broken.db")
	if err := os.WriteFile(broken, []byte(strings.Repeat("x", 1<<16)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Options{Prober: &script{}, WatchState: broken}); err == nil {
		t.Error("a broken file is read")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(broken, path); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the names cannot be read", func() bool {
		resp, _ := do(t, server, "GET", "/v1/watched", "")
		return resp.StatusCode == 503
	})
	if resp, _ := do(t, serve(t, Options{Prober: &script{}}), "GET", "/v1/watched/events", ""); resp.StatusCode != 501 {
		t.Errorf("without a state file: %d", resp.StatusCode)
	}
}

// A file is read again when it was written to, and while a write may have left its time
// as it was.
func TestWatchedReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := watchedFile(t, "a.dev")
		w, begun := newWatched(path), time.Now()
		expect := func(want int, written time.Time) {
			t.Helper()
			if err := os.Chtimes(path, time.Time{}, written); err != nil {
				t.Fatal(err)
			}
			time.Sleep(watchPause)
			if names, err := w.list(); err != nil || len(names) != want {
				t.Errorf("%d names, want %d, %v", len(names), want, err)
			}
		}
		expect(1, begun)
		addTo(t, path, "b.dev")
		expect(2, begun)
		time.Sleep(sameTime)
		expect(2, begun)
		addTo(t, path, "c.dev")
		expect(2, begun) // as far as it can be seen, nobody has written
		expect(3, begun.Add(time.Nanosecond))
	})
}

// A change is what a watch would tell as an event.
func TestChangesOf(t *testing.T) {
	day := time.Date(2030, 1, 2, 0, 0, 0, 0, time.UTC)
	old := watch.State{Verdict: probe.Found, Status: []string{"active"}, Expires: day, ForSale: "EUR1"}
	for name, tt := range map[string]struct {
		change func(*watch.State)
		want   string
	}{
		"nothing":  {func(s *watch.State) { s.Next = day }, "[]"},
		"sale":     {func(s *watch.State) { s.ForSale = "EUR2" }, "[{for_sale EUR1 EUR2}]"},
		"status":   {func(s *watch.State) { s.Status = []string{"a", "b"} }, "[{status active a; b}]"},
		"renewed":  {func(s *watch.State) { s.Expires = day.AddDate(1, 0, 0) }, "[{expires 2030-01-02 2031-01-02}]"},
		"released": {func(s *watch.State) { *s = watch.State{Verdict: probe.NotFound} }, "[{verdict found not-found}]"},
	} {
		s := old
		tt.change(&s)
		got := []struct{ of, old, new string }{}
		for _, c := range changesOf(&old, &s) {
			got = append(got, struct{ of, old, new string }{c.Of, c.Old, c.New})
		}
		if fmt.Sprint(got) != tt.want {
			t.Errorf("%s: %v, want %s", name, got, tt.want)
		}
	}
	if got := changesOf(&watch.State{}, &old); got != nil {
		t.Errorf("the first look: %v", got)
	}
	known := watch.State{Verdict: probe.Found, ForSale: "EUR1"}
	if got := changesOf(&known, &old); got != nil {
		t.Errorf("the first word of the registry: %v", got)
	}
}
