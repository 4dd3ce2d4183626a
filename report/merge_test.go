package report

import (
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
)

// short makes a report of "name verdict minute [TLD]" lines, where - is no TLD.
func short(lines ...string) iter.Seq2[probe.Result, error] {
	return func(yield func(probe.Result, error) bool) {
		for _, line := range lines {
			f := strings.Fields(line)
			v, err := probe.ParseVerdict(f[1])
			if err != nil {
				yield(probe.Result{}, err)
				return
			}
			at, _ := time.Parse("15:04", f[2])
			name, tld, _ := strings.Cut(f[0], ".")
			if len(f) > 3 {
				tld = strings.TrimPrefix(f[3], "-")
			}
			if !yield(probe.Result{Candidate: candidate.Candidate{Name: f[0], Keyword: name, TLD: tld}, Verdict: v, At: at}, nil) {
				return
			}
		}
	}
}

// brief is the inverse of short, without the minute.
func brief(r *probe.Result) string {
	if r == nil {
		return "-"
	}
	return r.Name + " " + r.Verdict.String()
}

func TestMerge(t *testing.T) {
	old := short("a.dev found 10:00", "b.dev not-found 10:01", "c.dev unknown 10:02", "a.dev unknown 09:00")
	later := short("d.dev found 11:00", "c.dev found 11:01", "b.dev found 09:59", "a.dev not-found 10:00")
	want := []string{"a.dev not-found", "b.dev not-found", "c.dev found", "d.dev found"}
	var got []string
	for r, err := range Merge(old, later) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, brief(&r))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for range Merge(old, later) {
		break // must not go on
	}
	for range Merge() {
		t.Error("a row of no report")
	}
}

// A name is told apart by its TLD, but not from one whose TLD is not known.
func TestMergeTLD(t *testing.T) {
	two := []string{"a.b.io invalid 10:00 io", "a.b.io unknown 10:00 b.io"}
	invalid, unknown := "a.b.io invalid io", "a.b.io unknown b.io"
	for _, test := range []struct {
		name    string
		reports [][]string
		want    []string
	}{
		{"one report", [][]string{two}, []string{invalid, unknown}},
		{"the same twice", [][]string{two, two}, []string{invalid, unknown}},
		{"a newer row of the second", [][]string{two, {"a.b.io found 11:00 b.io"}}, []string{invalid, "a.b.io found b.io"}},
		{"the same, the other way round", [][]string{{"a.b.io found 11:00 b.io"}, two}, []string{"a.b.io found b.io", invalid}},
		{"without a TLD, newer", [][]string{two, {"a.b.io found 11:00 -"}}, []string{"a.b.io found "}},
		{"without a TLD, first", [][]string{{"a.b.io found 11:00 -"}, two}, []string{"a.b.io found "}},
		{"without a TLD, older", [][]string{two, {"a.b.io found 9:00 -", "c.io found 9:00"}}, []string{unknown, "c.io found io"}},
		{"both without", [][]string{{"a.b.io found 9:00 -"}, {"a.b.io unknown 9:00 -"}}, []string{"a.b.io unknown "}},
	} {
		var reports []iter.Seq2[probe.Result, error]
		for _, lines := range test.reports {
			reports = append(reports, short(lines...))
		}
		var got []string
		for r, err := range Merge(reports...) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, brief(&r)+" "+r.TLD)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestMergeError(t *testing.T) {
	broken := short("a.dev found 10:00", "b.dev perhaps 10:00")
	var rows, errs int
	for _, err := range Merge(broken, short("c.dev found 10:00")) {
		if err != nil {
			errs++
			continue
		}
		rows++
	}
	if rows != 0 || errs != 1 {
		t.Errorf("%d rows and %d errors, want the error alone", rows, errs)
	}
}

func TestDiff(t *testing.T) {
	old := short("a.dev found 10:00", "gone.dev found 10:00", "b.dev not-found 10:00", "c.dev unknown 10:00", "b.dev found 10:01")
	now := short("new.dev found 11:00", "c.dev not-found 11:00", "b.dev not-found 11:00", "a.dev found 11:00")
	changes, err := Diff(old, now)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range changes {
		got = append(got, c.Name+": "+brief(c.Old)+" > "+brief(c.New))
	}
	want := []string{
		"new.dev: - > new.dev found",
		"c.dev: c.dev unknown > c.dev not-found",
		"b.dev: b.dev found > b.dev not-found",
		"gone.dev: gone.dev found > -",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	broken := short("a.dev perhaps 10:00")
	if _, err := Diff(broken, now); err == nil {
		t.Error("a broken old report is no error")
	}
	if _, err := Diff(old, broken); err == nil {
		t.Error("a broken new report is no error")
	}
}

func TestDiffTLD(t *testing.T) {
	two := short("a.b.io invalid 10:00 io", "a.b.io unknown 10:01 b.io")
	only := short("a.b.io unknown 10:01 b.io")
	found := short("a.b.io invalid 11:00 io", "a.b.io found 11:01 b.io")
	bare := short("a.b.io unknown 11:00 -")
	for _, test := range []struct {
		name     string
		old, new iter.Seq2[probe.Result, error]
		want     []string
	}{
		{"the same", two, two, nil},
		{"one verdict", two, found, []string{"a.b.io unknown > a.b.io found"}},
		{"a row more", only, two, []string{"- > a.b.io invalid"}},
		{"a row less", two, only, []string{"a.b.io invalid > -"}},
		{"old without a TLD", bare, two, nil},
		{"new without a TLD", two, bare, nil},
		{"old without a TLD, changed", bare, found, []string{"a.b.io unknown > a.b.io found"}},
	} {
		changes, err := Diff(test.old, test.new)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range changes {
			got = append(got, brief(c.Old)+" > "+brief(c.New))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestSorted(t *testing.T) {
	rows := []probe.Result{}
	for r, err := range short("ccc.dev unknown 1:00", "b.dev not-found 1:00", "aa.dev found 1:00", "b.co.uk invalid 1:00", "dd.dev found 1:00") {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	rows = append(rows, probe.Result{
		Candidate: candidate.Candidate{Name: "xn--bcher-kva.dev", Unicode: "bücher.dev", TLD: "dev"}, Verdict: probe.NotFound,
	})
	for order, want := range map[string]string{
		"input":   "ccc.dev b.dev aa.dev b.co.uk dd.dev xn--bcher-kva.dev",
		"name":    "aa.dev b.co.uk b.dev ccc.dev dd.dev xn--bcher-kva.dev",
		"length":  "b.co.uk b.dev aa.dev dd.dev ccc.dev xn--bcher-kva.dev",
		"verdict": "aa.dev dd.dev b.dev xn--bcher-kva.dev ccc.dev b.co.uk",
	} {
		rec := new(recorder)
		inner, err := New("names", rec, Options{})
		if err != nil {
			t.Fatal(err)
		}
		w, err := Sorted(order, inner)
		if err != nil {
			t.Fatal(err)
		}
		for i := range rows {
			batch := []probe.Result{rows[i]}
			if err := w.Write(batch); err != nil {
				t.Fatal(err)
			}
			batch[0] = probe.Result{} // a batch is the caller's again
		}
		if len(rec.calls) > 0 {
			t.Errorf("%s: rows came before the end", order)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(strings.Fields(strings.Join(rec.calls, "")), " "); got != want {
			t.Errorf("%s:\n got %s\nwant %s", order, got, want)
		}
	}
	w, err := New("csv", io.Discard, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var oe *OrderError
	if _, err := Sorted("size", w); !errors.As(err, &oe) || !strings.Contains(err.Error(), "verdict") {
		t.Errorf("unknown order: %v", err)
	}
}

func TestSortedError(t *testing.T) {
	inner, err := New("csv", &recorder{fail: 1}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	w, err := Sorted("name", inner)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(saved()); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); !errors.Is(err, errDisk) {
		t.Errorf("Close: %v", err)
	}
}
