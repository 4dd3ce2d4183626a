package report

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"domprobe/candidate"
	"domprobe/probe"
)

var resumable = []string{"csv", "tsv", "jsonl"}

// csvHeader is the first line of a CSV report.
var csvHeader = strings.Join(fieldNames(), ",") + "\n"

// finish resumes the report at path as a run would that gets a verdict on each
// of the rows' names, and returns how many it had to ask for.
func finish(t *testing.T, path, format string, rows []probe.Result) (asked int) {
	t.Helper()
	f, settled, err := Resume(path, format, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		if !settled.Has(rows[i].Name, rows[i].TLD) {
			asked++
			if err := f.Write(rows[i : i+1]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return asked
}

// onePerName fails unless the report holds exactly the names of rows, once.
func onePerName(t *testing.T, path, format string, rows []probe.Result) {
	t.Helper()
	text := contents(t, path)
	got, err := readAll(strings.NewReader(text), format)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	count := make(map[string]int)
	for _, r := range got {
		count[r.Name]++
	}
	for _, r := range rows {
		if count[r.Name] != 1 {
			t.Errorf("%d rows of %q", count[r.Name], r.Name)
		}
	}
	if len(got) != len(rows) {
		t.Errorf("%d rows, want %d:\n%s", len(got), len(rows), text)
	}
	if entries := folder(t, filepath.Dir(path)); entries != filepath.Base(path) {
		t.Errorf("the folder holds %s", entries)
	}
}

// TestResumeEveryOffset cuts a report off at every byte, which is what a killed
// run leaves, and goes on from there.
func TestResumeEveryOffset(t *testing.T) {
	var rows []probe.Result
	settled := 0
	for _, i := range []int{0, 3, 6, 7, 16, 18} { // found, unknown, with quotes, with line breaks
		rows = append(rows, saved()[i])
	}
	for _, r := range rows {
		if r.Verdict != probe.Unknown {
			settled++
		}
	}
	for _, format := range resumable {
		t.Run(format, func(t *testing.T) {
			whole := write(t, format, Options{}, rows)
			path := filepath.Join(t.TempDir(), "report")
			for cut := range len(whole) + 1 {
				if err := os.WriteFile(path, []byte(whole[:cut]), 0o666); err != nil {
					t.Fatal(err)
				}
				asked := finish(t, path, format, rows)
				onePerName(t, path, format, rows)
				if t.Failed() {
					t.Fatalf("cut off after %d of %d bytes", cut, len(whole))
				}
				if cut == len(whole) && asked != len(rows)-settled {
					t.Errorf("the whole report leaves %d names to ask, want %d", asked, len(rows)-settled)
				}
				if cut == 0 && asked != len(rows) {
					t.Errorf("an empty report leaves %d names to ask", asked)
				}
			}
		})
	}
}

// TestResumeTwice resumes a report in which the same names stay unknown.
func TestResumeTwice(t *testing.T) {
	rows := saved()
	for _, format := range resumable {
		path := filepath.Join(t.TempDir(), "report")
		for range 3 {
			finish(t, path, format, rows)
			onePerName(t, path, format, rows)
		}
	}
}

func TestResumeWholeReportIsUntouched(t *testing.T) {
	rows := usual(1)
	path := filepath.Join(t.TempDir(), "report.csv")
	if err := os.WriteFile(path, []byte(write(t, "csv", Options{}, rows)), 0o666); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if asked := finish(t, path, "csv", rows); asked != 0 {
		t.Errorf("%d names asked again", asked)
	}
	after, err := os.Stat(path)
	if err != nil || !os.SameFile(before, after) || before.Size() != after.Size() {
		t.Errorf("a report without a row to take out was replaced (%v)", err)
	}
}

func TestResumeAsksTheRegistryAgain(t *testing.T) {
	rows := saved()[:2]
	for _, format := range resumable {
		interrupted := rows[1]
		interrupted.Verdict, interrupted.Reason = probe.NotFound, probe.RDAPCanceled
		path := filepath.Join(t.TempDir(), "report")
		if err := os.WriteFile(path, []byte(write(t, format, Options{}, []probe.Result{rows[0], interrupted})), 0o666); err != nil {
			t.Fatal(err)
		}
		if asked := finish(t, path, format, rows); asked != 1 {
			t.Errorf("%s: %d names asked again, want the one that the registry was not asked about", format, asked)
		}
		if got, want := contents(t, path), write(t, format, Options{}, rows); got != want {
			t.Errorf("%s: %q, want %q", format, got, want)
		}
	}
}

func TestResumeKeepsFirstOfRepeated(t *testing.T) {
	rows := saved()[:2]
	again := rows[0]
	again.Verdict = probe.NotFound
	for _, format := range resumable {
		path := filepath.Join(t.TempDir(), "report")
		twice := write(t, format, Options{}, []probe.Result{rows[0], rows[1], again})
		if err := os.WriteFile(path, []byte(twice), 0o640); err != nil {
			t.Fatal(err)
		}
		finish(t, path, format, rows)
		if got, want := contents(t, path), write(t, format, Options{}, rows); got != want {
			t.Errorf("%s: %q, want %q", format, got, want)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("%s: mode %v, %v", format, info.Mode(), err)
		}
	}
}

func TestResumeNewerVersion(t *testing.T) {
	unknown := "b.dev,unknown" + strings.Repeat(",", len(Columns())-2) + ",,\n"
	header := strings.TrimSuffix(csvHeader, "\n") + ",appraisal,\"since, about\"\n"
	found := "a.dev,found,a-new-reason" + strings.Repeat(",", len(Columns())-3) + ",9.99,2031\n"
	object := `{"v":2,"domain":"a.dev","verdict":"found","appraisal":{"eur":9.99}}` + "\n"
	for _, tt := range []struct{ format, in, kept, added string }{
		{"csv", header + unknown + found, header + found, "b.dev,found,,,,,,NOERROR,,,0,,,,,,,\n"},
		{"jsonl", `{"v":2,"domain":"b.dev","verdict":"unknown"}` + "\n" + object, object, `{"v":1,"domain":"b.dev",`},
	} {
		path := filepath.Join(t.TempDir(), "report")
		if err := os.WriteFile(path, []byte(tt.in), 0o666); err != nil {
			t.Fatal(err)
		}
		rows := []probe.Result{
			{Candidate: candidate.Candidate{Name: "a.dev"}, Verdict: probe.Found},
			{Candidate: candidate.Candidate{Name: "b.dev"}, Verdict: probe.Found},
		}
		if asked := finish(t, path, tt.format, rows); asked != 1 {
			t.Errorf("%s: %d names asked, want 1", tt.format, asked)
		}
		onePerName(t, path, tt.format, rows)
		if got := contents(t, path); !strings.HasPrefix(got, tt.kept+tt.added) {
			t.Errorf("%s: %q, want %q...", tt.format, got, tt.kept+tt.added)
		}
	}
}

func TestResumeRefuses(t *testing.T) {
	csvReport := write(t, "csv", Options{}, saved())
	objects := write(t, "jsonl", Options{}, saved())
	for _, tt := range []struct{ name, format, in string }{
		{"jsonl as csv", "csv", objects},
		{"csv as jsonl", "jsonl", csvReport},
		{"json as jsonl", "jsonl", write(t, "json", Options{}, saved())},
		{"columns as csv", "csv", write(t, "columns", Options{}, saved())},
		{"a letter as csv", "csv", "Dear all"},
		{"a letter as jsonl", "jsonl", "Dear all"},
		{"another table", "csv", "name,age\nbob,7\n"},
		{"columns in another order", "csv", "verdict,domain\nfound,go.dev\n"},
		{"columns are missing", "csv", "domain,verdict\ngo.dev,found\n"},
		{"a row in the middle is broken", "csv", csvReport + "go.dev,fou\n" + csvReport[len(csvHeader):]},
		{"a quote in the middle is not closed", "csv", csvHeader + "\"go.dev,found\n" + write(t, "csv", Options{}, saved()[:3])[len(csvHeader):] + "torn"},
		{"a line in the middle is broken", "jsonl", objects + "{\n" + objects},
		{"columns cannot be resumed", "columns", ""},
		{"json cannot be resumed", "json", "[]\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "report")
			if err := os.WriteFile(path, []byte(tt.in), 0o666); err != nil {
				t.Fatal(err)
			}
			f, _, err := Resume(path, tt.format, Options{})
			var re *ResumeError
			if !errors.As(err, &re) || re.Path != path || re.Format != tt.format {
				t.Errorf("%v, want a *ResumeError", err)
			}
			if f != nil {
				t.Error("a file as well as an error")
			}
			if got := contents(t, path); got != tt.in {
				t.Errorf("the file has become %q", got)
			}
			if got := folder(t, filepath.Dir(path)); got != "report" {
				t.Errorf("the folder holds %s", got)
			}
		})
	}
	dir := t.TempDir()
	var re *ResumeError
	if _, _, err := Resume(dir, "csv", Options{}); !errors.As(err, &re) {
		t.Errorf("a folder: %v", err)
	}
	if _, _, err := Resume(filepath.Join(dir, "none", "a.csv"), "csv", Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such folder: %v", err)
	}
	var fe *FormatError
	if _, _, err := Resume(filepath.Join(dir, "a.xml"), "xml", Options{}); !errors.As(err, &fe) {
		t.Errorf("unknown format: %v", err)
	}
	if got := folder(t, dir); got != "" {
		t.Errorf("the folder holds %s", got)
	}
}

func TestSecondWriterIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.csv")
	first, err := Create(path, "csv", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Write(saved()); err != nil {
		t.Fatal(err)
	}
	refused := func(when string) {
		t.Helper()
		if _, err := Create(path, "csv", Options{}); !errors.Is(err, ErrLocked) {
			t.Errorf("Create %s: %v", when, err)
		}
		if _, _, err := Resume(path, "csv", Options{}); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), path) {
			t.Errorf("Resume %s: %v", when, err)
		}
	}
	refused("beside Create")
	if got, want := contents(t, path), write(t, "csv", Options{}, saved()); got != want {
		t.Errorf("the first writer's report has become %q", got)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, _, err := Resume(path, "csv", Options{}) // rewrites, and must hold the lock on the new file
	if err != nil {
		t.Fatal(err)
	}
	refused("beside Resume")
	if err := second.Abort(); err != nil {
		t.Fatal(err)
	}
	third, err := Create(path, "csv", Options{})
	if err != nil {
		t.Fatalf("after the last has ended: %v", err)
	}
	third.Abort()
}

// TestResumeKilled kills a real process with SIGKILL at random moments, again
// and again, until it has come to the end.
func TestResumeKilled(t *testing.T) {
	var rows []probe.Result
	for i := range 3000 {
		name := fmt.Sprintf("word%d.dev", i)
		rows = append(rows, probe.Result{
			Candidate: candidate.Candidate{Name: name, Keyword: name[:len(name)-4], TLD: "dev"},
			Verdict:   probe.Verdict(i % 3), At: time.Unix(int64(i), 0),
		})
	}
	if path := os.Getenv("REPORT_KILLED"); path != "" {
		finish(t, path, strings.TrimPrefix(filepath.Ext(path), "."), rows)
		return
	}
	if testing.Short() {
		t.Skip("starts processes")
	}
	for _, format := range resumable {
		t.Run(format, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "report."+format)
			run := func(d time.Duration) error {
				ctx, cancel := context.WithTimeout(t.Context(), d)
				defer cancel()
				cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestResumeKilled$")
				cmd.Env = append(os.Environ(), "REPORT_KILLED="+path)
				return cmd.Run()
			}
			killed := 0
			for range 25 {
				if run(time.Duration(2+rand.IntN(20))*time.Millisecond) != nil {
					killed++
				}
			}
			if killed == 0 {
				t.Error("no run was killed")
			}
			if err := run(time.Minute); err != nil {
				t.Fatal(err)
			}
			onePerName(t, path, format, rows)
		})
	}
}

func TestSettledMemory(t *testing.T) {
	if size := unsafe.Sizeof(key{}); size != 16 {
		t.Errorf("a name takes %d bytes", size)
	}
	path := filepath.Join(t.TempDir(), "report.csv")
	var rows []probe.Result
	for i := range 10_000 {
		rows = append(rows, probe.Result{Candidate: candidate.Candidate{Name: fmt.Sprintf("n%d.dev", i)}, Verdict: probe.Found})
	}
	if err := os.WriteFile(path, []byte(write(t, "csv", Options{}, rows)), 0o666); err != nil {
		t.Fatal(err)
	}
	f, settled, err := Resume(path, "csv", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Abort()
	if n := settled.Len(); n != len(rows) {
		t.Errorf("%d names, want %d", n, len(rows))
	}
	if n := cap(settled.keys); n > len(rows)+1 { // the header
		t.Errorf("room for %d names, want %d", n, len(rows))
	}
	for _, r := range rows {
		if !settled.Has(r.Name, r.TLD) || settled.Has("x"+r.Name, r.TLD) || settled.Has(r.Name, r.TLD+"x") {
			t.Fatalf("Has is wrong about %s or x%[1]s", r.Name)
		}
	}
}

func TestResumeNew(t *testing.T) {
	for _, format := range resumable {
		path := filepath.Join(t.TempDir(), "report")
		if asked := finish(t, path, format, saved()); asked != len(saved()) {
			t.Errorf("%s: %d names asked", format, asked)
		}
		if got, want := contents(t, path), write(t, format, Options{}, saved()); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, want %q", format, got, want)
		}
	}
}

// A repeated row counts once, and the same name under another TLD is another.
func TestSettledCounts(t *testing.T) {
	row := func(name, tld string, v probe.Verdict, reason probe.Reason) probe.Result {
		return probe.Result{Candidate: candidate.Candidate{Name: name, TLD: tld}, Verdict: v, Reason: reason}
	}
	text := write(t, "csv", Options{}, []probe.Result{
		row("go.dev", "dev", probe.Found, probe.Exists),
		row("a.dev", "dev", probe.NotFound, probe.RDAPNotRegistered),
		row("a.dev", "dev", probe.NotFound, probe.RDAPNotRegistered),
		row("b.dev", "dev", probe.NotFound, probe.NXDomain),
		row("c.github.io", "github.io", probe.Unknown, probe.Timeout),
		row("c.github.io", "io", probe.Invalid, candidate.NotRegistrable),
	})
	path := filepath.Join(t.TempDir(), "report.csv")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	for range 2 { // as it was, and rewritten
		f, settled, err := Resume(path, "csv", Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if n, c := settled.Count(probe.NotFound), settled.Confirmed(); n != 2 || c != 1 {
			t.Errorf("%d names not found, %d confirmed; want 2 and 1", n, c)
		}
		if settled.Has("c.github.io", "github.io") || !settled.Has("c.github.io", "io") {
			t.Error("the TLD makes no difference")
		}
	}
}
