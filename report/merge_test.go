package report

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
	"domprobe/probe/forsale"
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

// diff collects what Diff yields.
func diff(old, new iter.Seq2[probe.Result, error], d Differences) (changes []Change, err error) {
	for c, e := range Diff(old, new, d) {
		if err = e; e == nil {
			changes = append(changes, c)
		}
	}
	return changes, err
}

var everything = Differences{Absent: true, Unknown: true}

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
// Everything that is read of a row is in the merged one.
func TestMergeKeeps(t *testing.T) {
	day := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	want := probe.Result{
		Candidate: candidate.Candidate{Name: "a.dev", Unicode: "ä.dev", Keyword: "a", Prefix: "p", Suffix: "s", Generator: "typo", TLD: "dev"},
		Verdict:   probe.Found, Reason: probe.Delegated, Source: "dns", Server: "192.0.2.1:53", Rcode: 3,
		RTT: 5 * time.Millisecond, Tries: 2, At: day.Add(time.Millisecond), TTL: time.Minute,
		Sale:   forsale.Sale{Listed: true, Price: "EUR9", URI: "https://a.dev", Text: "a"},
		Parked: "park", Via: "worker", Err: errors.New("an error"),
		Registration: &probe.Registration{Registrar: "R", Status: []string{"a", "b"}, Created: day, Expires: day, Drops: day},
	}
	for got, err := range Merge(func(yield func(probe.Result, error) bool) { yield(want, nil) }) {
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
	}
}

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
	changes, err := diff(old, now, everything)
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
	if _, err := diff(broken, now, everything); err == nil {
		t.Error("a broken old report is no error")
	}
	if _, err := diff(old, broken, everything); err == nil {
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
		changes, err := diff(test.old, test.new, everything)
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
		inner, err := New("csv", rec, Options{Columns: []string{"domain"}})
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
		if got := strings.Join(strings.Fields(strings.Join(rec.calls, "")), " "); got != "domain "+want {
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

// TestSortedStable writes equal rows in the order in which they came.
func TestSortedStable(t *testing.T) {
	for _, order := range Orders() {
		var out strings.Builder
		inner, err := New("csv", &out, Options{Columns: []string{"keyword"}})
		if err != nil {
			t.Fatal(err)
		}
		w, err := Sorted(order, inner)
		if err != nil {
			t.Fatal(err)
		}
		var keywords [3]string // by name
		all := ""
		for i := range 1000 { // more than fit a batch, and than are sorted by insertion
			keyword := fmt.Sprintf("k%d\n", i)
			name := i * i % 7 % 3
			keywords[name] += keyword
			all += keyword
			r := probe.Result{Candidate: candidate.Candidate{Name: string(rune('1'+name)) + ".dev", Keyword: strings.TrimSpace(keyword)}}
			if err := w.Write([]probe.Result{r}); err != nil {
				t.Fatal(err)
			}
		}
		want := "keyword\n" + strings.Join(keywords[:], "")
		if order == "input" {
			want = "keyword\n" + all
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Errorf("%s: equal rows are in another order", order)
		}
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

// By default a diff tells found from not found, and nothing else.
func TestDifferences(t *testing.T) {
	old := short("a.dev found 10:00", "b.dev not-found 10:00", "c.dev found 10:00", "d.dev unknown 10:00", "e.dev invalid 10:00", "gone.dev found 10:00")
	now := short("a.dev not-found 11:00", "b.dev found 11:00", "c.dev unknown 11:00", "d.dev found 11:00", "e.dev found 11:00", "new.dev not-found 11:00")
	for _, tt := range []struct {
		d    Differences
		want string
	}{
		{Differences{}, "a b"},
		{Differences{Unknown: true}, "a b c d e"},
		{Differences{Absent: true}, "a b new gone"},
		{Differences{Absent: true, Unknown: true}, "a b c d e new gone"},
		{Differences{Absent: true, Only: map[probe.Verdict]bool{probe.NotFound: true}}, "a new"},
	} {
		changes, err := diff(old, now, tt.d)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range changes {
			got = append(got, strings.TrimSuffix(c.Name, ".dev"))
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%+v: %q, want %q", tt.d, got, tt.want)
		}
	}
	for range Diff(old, now, everything) {
		break // must not go on
	}
}

// TestSpill merges more rows than are held in memory, with every name twice.
func TestSpill(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 50 MB")
	}
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	const n = 30_000
	padding := strings.Repeat("x", 800)
	part := func(v probe.Verdict, minute int) iter.Seq2[probe.Result, error] {
		return func(yield func(probe.Result, error) bool) {
			for i := range n {
				r := probe.Result{
					Candidate: candidate.Candidate{Name: fmt.Sprintf("n%d.dev", i), TLD: "dev", Keyword: padding},
					Verdict:   v, Rcode: -1, At: time.Unix(int64(60*(minute-i%2*2)), 0).UTC(), Err: errDisk,
				}
				if !yield(r, nil) {
					return
				}
			}
		}
	}
	i := 0
	for r, err := range Merge(part(probe.Found, 10), part(probe.NotFound, 11)) {
		if err != nil {
			t.Fatal(err)
		}
		want := probe.NotFound
		if r.Name != fmt.Sprintf("n%d.dev", i) || r.Verdict != want || r.Keyword != padding || r.Rcode != -1 || r.Err == nil || r.Err.Error() != errDisk.Error() {
			t.Fatalf("row %d: %+v", i, r)
		}
		i++
	}
	if i != n {
		t.Errorf("%d rows, want %d", i, n)
	}
	changed := 0
	for _, err := range Diff(part(probe.Found, 10), part(probe.NotFound, 11), Differences{}) {
		if err != nil {
			t.Fatal(err)
		}
		changed++
	}
	if changed != n {
		t.Errorf("%d changes, want %d", changed, n)
	}
	if got := folder(t, dir); got != "" {
		t.Errorf("the folder of temporary files holds %s", got)
	}
}

// TestSpool reads rows in any order, from memory and from the file.
func TestSpool(t *testing.T) {
	var s spool
	defer s.close()
	padding := strings.Repeat("x", 3000)
	var offsets []int64
	for i := range 26_000 {
		r := probe.Result{Candidate: candidate.Candidate{Name: fmt.Sprint(i), Keyword: padding[:i%len(padding)]}, Tries: i % 100}
		offset, err := s.add(&r)
		if err != nil {
			t.Fatal(err)
		}
		offsets = append(offsets, offset)
		for _, j := range []int{i, i / 2, i / 3, 0} {
			if j > 0 && i%100 > 0 {
				continue
			}
			r, err := s.at(offsets[j])
			if err != nil || r.Name != fmt.Sprint(j) || len(r.Keyword) != j%len(padding) || r.Tries != j%100 {
				t.Fatalf("row %d of %d: %+v, %v", j, i, r, err)
			}
		}
	}
	if s.f == nil {
		t.Error("there is no file")
	}
}

// Names are told apart by themselves, not by their hash.
func TestIndexCollisions(t *testing.T) {
	x := newIndex(1)
	const n = 50
	key := func(i int) candidate.Key { return candidate.Key{Name: fmt.Sprintf("n%d.dev", i), TLD: "dev"} }
	for i := range n {
		r := probe.Result{Candidate: candidate.Candidate{Name: key(i).Name, TLD: "dev"}}
		if err := x.add(0, &r); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 2 * n {
		for id := range x.next { // as if all had the hash of this name
			x.next[id] = uint32(id)
		}
		x.last = map[uint32]uint32{x.hash(key(i).Name): n}
		want := i
		if i >= n {
			want = -1
		}
		if id, err := x.find(key(i)); err != nil || id != want {
			t.Errorf("%s: number %d, %v", key(i).Name, id, err)
		}
	}
}

// The error of an unknown format names those that are known there.
func TestChangesFormat(t *testing.T) {
	err := WriteChanges(io.Discard, "json", func(func(Change, error) bool) {})
	if want := `unknown format "json" (known: text, names, csv, jsonl)`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
