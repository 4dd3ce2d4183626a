package watch

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
)

// A state file of an earlier version goes on: the states of its names, and the events
// that wait. The file is never changed.
func TestUpgradeState(t *testing.T) {
	packed, err := os.ReadFile("../testdata/upgrade/watch/watch.db.gz")
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	f := NewFile(filepath.Join(t.TempDir(), "watch.db"))
	if err := os.WriteFile(f.path, text, 0o600); err != nil {
		t.Fatal(err)
	}

	at := func(year int, month time.Month, day int) time.Time {
		return time.Date(year, month, day, 12, 0, 0, 0, time.UTC)
	}
	first, second, expires := at(2026, 11, 28), at(2026, 11, 30), at(2027, 11, 30)
	drops := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	want := []State{
		{Name: "free.dev", Verdict: probe.NotFound, Reason: probe.RDAPNotRegistered, TTL: 15 * time.Minute, Looked: first},
		{Name: "sale.dev", Verdict: probe.Found, Reason: probe.Delegated, ForSale: "EUR9", Looked: first},
		{Name: "late.dev", Verdict: probe.Found, Reason: probe.RDAPRegistered, Registrar: "Example Registrar", Created: at(2017, 11, 30),
			Expires: expires, Status: []string{"pending delete"}, Drops: drops, Looked: second, Told: drops},
		{Name: "new.dev", Failed: 1},
		{Name: "go.dev", Verdict: probe.Found, Reason: probe.Delegated, Registrar: "Example Registrar", Created: at(2017, 11, 30),
			Expires: expires, Status: []string{"auto renew period"}, Looked: second},
	}
	states, err := f.List()
	if err != nil {
		t.Fatal(err)
	}
	for i := range states {
		s := &states[i]
		if !s.Planned.Equal(second) && !s.Planned.Equal(first) || !s.Next.After(s.Planned) {
			t.Errorf("%s: the look at %v was planned at %v", s.Name, s.Next, s.Planned)
		}
		s.Planned, s.Next = time.Time{}, time.Time{}
	}
	if !reflect.DeepEqual(states, want) {
		t.Errorf("the states are\n%+v\nwant\n%+v", states, want)
	}

	gone := probe.Result{Candidate: candidate.Parse("go.dev"), Verdict: probe.NotFound, Reason: probe.RDAPNotRegistered}
	if _, err := f.settle([]probe.Result{gone}, []string{"rows", "exec", "webhook"}, expires, 0); err != nil {
		t.Fatal(err)
	}
	events := []string{
		"1 2026-11-30 go.dev status: active -> auto renew period", "2 2026-11-30 go.dev expires: 2027-11-28 -> 2027-11-30",
		"3 2026-11-30 late.dev expires: 2027-11-28 -> 2027-11-30", "4 2026-11-30 late.dev drops:  -> 2026-12-01",
		"5 2027-11-30 go.dev not-found: found -> not-found",
	}
	for sink, want := range map[string][]string{"rows": events[1:], "exec": events, "webhook": events} {
		var got []string
		for {
			key, e, err := f.first(sink)
			if err != nil {
				t.Fatal(err)
			}
			if key == nil {
				break
			}
			var tag, number int
			if _, err := fmt.Sscanf(e.ID, "%x-%d", &tag, &number); err != nil {
				t.Errorf("the ID %s: %v", e.ID, err)
			}
			got = append(got, fmt.Sprintf("%d %s %s %s: %s -> %s", number, day(e.At), e.Name, e.Kind, e.Old, e.New))
			if err := f.delivered(sink, key); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s gets %q, want %q", sink, got, want)
		}
	}
}
