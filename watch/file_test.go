package watch

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"domprobe/candidate"
	"domprobe/probe"
)

func namesOf(t *testing.T, f *File) (list []string) {
	t.Helper()
	states, err := f.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range states {
		list = append(list, s.Name)
	}
	return list
}

// Names are added in the form in which results have them, or not at all.
func TestFileForms(t *testing.T) {
	f := NewFile(filepath.Join(t.TempDir(), "names.db"))
	if n, err := f.Add(State{Name: "GO.dev."}, State{Name: "m\u00fcnchen.de"}, State{Name: "go.dev"}); n != 2 || err != nil {
		t.Fatalf("%d names added, %v", n, err)
	}
	for _, bad := range []string{"", "not a name", "localhost"} {
		n, err := f.Add(State{Name: "rust.dev"}, State{Name: bad})
		if _, ok := errors.AsType[*candidate.Error](err); n != 0 || !ok {
			t.Errorf("%q: %d names added, %v", bad, n, err)
		}
	}
	if list := namesOf(t, f); !slices.Equal(list, []string{"go.dev", "xn--mnchen-3ya.de"}) {
		t.Errorf("the names are %q", list)
	}
}

func TestFile(t *testing.T) {
	f := NewFile(filepath.Join(t.TempDir(), "names.db"))
	if list := namesOf(t, f); list != nil {
		t.Errorf("a file that does not exist has %q", list)
	}
	base := State{Name: "b.dev", Verdict: probe.Found, Reason: probe.Delegated, Expires: epoch, Status: []string{"active"}, Next: epoch.Add(time.Nanosecond), Planned: epoch}
	if n, err := f.Add(State{Name: "c.dev", Next: epoch.Add(hour)}, base, State{Name: "a.dev"}); n != 3 || err != nil {
		t.Fatalf("%d names added, %v", n, err)
	}
	if n, err := f.Add(State{Name: "b.dev"}, State{Name: "d.dev", Next: epoch.Add(2 * hour)}); n != 1 || err != nil {
		t.Fatalf("%d names added, %v", n, err)
	}
	other := NewFile(f.path) // as another process has it
	if list := namesOf(t, other); !slices.Equal(list, []string{"a.dev", "b.dev", "c.dev", "d.dev"}) {
		t.Errorf("the names are %q", list)
	}
	if states, _ := other.List(); fmt.Sprint(states[1]) != fmt.Sprint(base) {
		t.Errorf("%+v was kept as %+v", base, states[1])
	}
	c, err := f.schedule(epoch.Add(time.Nanosecond), epoch.Add(time.Nanosecond), 10)
	if err != nil || c.watched != 4 || !c.next.Equal(epoch.Add(hour)) || !c.back.IsZero() {
		t.Errorf("%+v, %v", c, err)
	}
	if !slices.Equal(c.due[hourly], []string{"a.dev"}) || !slices.Equal(c.due[daily], []string{"b.dev"}) {
		t.Errorf("due are %q", c.due)
	}
	if missing, err := other.Remove("b.dev", "x.dev"); !slices.Equal(missing, []string{"x.dev"}) || err != nil {
		t.Errorf("missing are %q, %v", missing, err)
	}
	if list := namesOf(t, f); !slices.Equal(list, []string{"a.dev", "c.dev", "d.dev"}) {
		t.Errorf("then the names are %q", list)
	}
}

func TestScheduleIsBounded(t *testing.T) {
	f := newFile(t, "a.dev", "b.dev", "c.dev")
	if c, err := f.schedule(epoch, epoch, 2); err != nil || len(c.due[hourly]) != 2 || c.watched != 3 {
		t.Errorf("%+v, %v", c, err)
	}
}

// A name that was removed while it was looked at does not come back.
func TestRemovedMeanwhile(t *testing.T) {
	f := newFile(t, "a.dev")
	if _, err := f.Remove("a.dev"); err != nil {
		t.Fatal(err)
	}
	r := probe.Result{Candidate: candidate.Parse("a.dev"), Verdict: probe.Found}
	if n, err := f.settle([]probe.Result{r}, []string{"rows"}, epoch, 0); n != 0 || err != nil {
		t.Errorf("%d events, %v", n, err)
	}
	if list := namesOf(t, f); list != nil {
		t.Errorf("the names are %q", list)
	}
}

// Events wait for each sink in their order, with one ID, until it has taken them.
func TestQueue(t *testing.T) {
	f := newFile(t, "a.dev", "b.dev")
	settle := func(v probe.Verdict) {
		t.Helper()
		var results []probe.Result
		for _, name := range []string{"a.dev", "b.dev"} {
			results = append(results, probe.Result{Candidate: candidate.Parse(name), Verdict: v})
		}
		if _, err := f.settle(results, []string{"x", "y"}, epoch, 0); err != nil {
			t.Fatal(err)
		}
	}
	settle(probe.Found)
	settle(probe.NotFound)
	settle(probe.Found)
	take := func(sink string) string {
		t.Helper()
		key, e, err := f.first(sink)
		if err != nil {
			t.Fatal(err)
		}
		if key == nil {
			return ""
		}
		if err := f.delivered(sink, key); err != nil {
			t.Fatal(err)
		}
		return e.ID[strings.IndexByte(e.ID, '-'):] + " " + e.Name + " " + e.New
	}
	all := []string{"-1 a.dev not-found", "-2 b.dev not-found", "-3 a.dev found", "-4 b.dev found", ""}
	for _, want := range all {
		if got := take("x"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if counts, err := f.Waiting(); fmt.Sprint(counts) != "map[y:4]" || err != nil {
		t.Errorf("%v, %v", counts, err)
	}
	for _, want := range all {
		if got := take("y"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestSecondWatcher(t *testing.T) {
	f := newFile(t)
	unlock, err := f.lock()
	if err != nil {
		t.Fatal(err)
	}
	second := Watcher{File: NewFile(f.path), Prober: script(nil), Once: true}
	if err := second.Run(t.Context()); !errors.Is(err, ErrRunning) || !strings.Contains(err.Error(), f.path) {
		t.Errorf("the second watcher: %v", err)
	}
	if list := namesOf(t, NewFile(f.path)); list != nil {
		t.Errorf("the names are %q", list)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if err := second.Run(t.Context()); err != nil {
		t.Errorf("once the first has ended: %v", err)
	}
}

// TestBrokenFile wants an error of one line from every use of a file that is not
// what it was, or that never was a state file.
func TestBrokenFile(t *testing.T) {
	whole := func(t *testing.T) []byte {
		f := newFile(t)
		var states []State
		for i := range 2000 {
			states = append(states, State{Name: fmt.Sprintf("name%d.dev", i), Verdict: probe.Found})
		}
		if _, err := f.Add(states...); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(f.path)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for name, tt := range map[string]struct {
		breaks func(whole []byte) []byte
		want   string
	}{
		"text":      {func([]byte) []byte { return []byte("go.dev\n") }, "damaged"},
		"long text": {func([]byte) []byte { return bytes.Repeat([]byte("go.dev\n"), 10_000) }, "damaged or no state file"},
		"zeros":     {func(w []byte) []byte { return make([]byte, len(w)) }, "damaged or no state file"},
		"cut":       {func(w []byte) []byte { return w[:3*os.Getpagesize()] }, "damaged"},
		"pages overwritten": {func(w []byte) []byte {
			for i := 2 * os.Getpagesize(); i < len(w); i++ {
				w[i] = 0xff
			}
			return w
		}, "damaged"},
		"a state overwritten": {func(w []byte) []byte { return bytes.ReplaceAll(w, []byte(`{"domain"`), []byte(`{"domain(`)) }, "damaged: invalid character"},
		"another version":     {func(w []byte) []byte { return bytes.ReplaceAll(w, []byte("version1"), []byte("version2")) }, `format "2"`},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "names.db")
			if err := os.WriteFile(path, tt.breaks(whole(t)), 0o600); err != nil {
				t.Fatal(err)
			}
			f := NewFile(path)
			_, listed := f.List()
			w := Watcher{File: f, Prober: script(func(string, time.Time) probe.Result { return probe.Result{Verdict: probe.Found} }), Once: true}
			for what, err := range map[string]error{"list": listed, "watch": w.Run(t.Context())} {
				if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%s: %v, want %s", what, err, tt.want)
				}
			}
		})
	}
	t.Run("another program's", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "other.db")
		db, err := bolt.Open(path, 0o600, nil)
		if err == nil {
			err = errors.Join(db.Update(func(tx *bolt.Tx) error { _, err := tx.CreateBucket([]byte("x")); return err }), db.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := NewFile(path).Add(State{Name: "a.dev"}); err == nil || !strings.Contains(err.Error(), "another program") {
			t.Errorf("%v", err)
		}
	})
	t.Run("folder", func(t *testing.T) {
		f := NewFile(t.TempDir())
		_, added := f.Add(State{Name: "a.dev"})
		_, listed := f.List()
		for _, err := range []error{added, listed} {
			if err == nil || !strings.Contains(err.Error(), "no regular file") {
				t.Errorf("%v", err)
			}
		}
	})
	t.Run("empty", func(t *testing.T) { // its maker was killed
		f := NewFile(filepath.Join(t.TempDir(), "names.db"))
		if err := os.WriteFile(f.path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if states, err := f.List(); states != nil || err != nil {
			t.Errorf("%v, %v", states, err)
		}
		if n, err := f.Add(State{Name: "a.dev"}); n != 1 || err != nil {
			t.Errorf("%d added, %v", n, err)
		}
	})
}

func BenchmarkSchedule(b *testing.B) {
	f := NewFile(filepath.Join(b.TempDir(), "names.db"))
	f.noSync = true
	states := make([]State, 100_000)
	for i := range states {
		states[i] = State{Name: fmt.Sprintf("name%d.dev", i), Verdict: probe.Found, Next: epoch.Add(hour), Status: []string{"active"}}
	}
	if _, err := f.Add(states...); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := f.schedule(epoch, epoch, maxRound); err != nil {
			b.Fatal(err)
		}
	}
}

// Two sinks of one name would take each other's events.
func TestSinkNames(t *testing.T) {
	for _, list := range [][]string{{""}, {"a", "b", "a"}} {
		w := Watcher{File: NewFile(filepath.Join(t.TempDir(), "names.db")), Once: true}
		for _, name := range list {
			w.Sinks = append(w.Sinks, Sink{Name: name})
		}
		if w.Run(t.Context()) == nil {
			t.Errorf("sinks named %q are taken", list)
		}
	}
}
