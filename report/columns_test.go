package report

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"domprobe/candidate"
	"domprobe/probe"
)

// four is a row of each verdict, with a name of so many characters.
func four(length int) (rows []probe.Result) {
	for i, v := range verdictOrder {
		reasons := []probe.Reason{probe.Delegated, probe.NXDomain, probe.Timeout, candidate.BadLabel}
		name := strings.Repeat(string(rune('a'+i)), length-len(".dev")) + ".dev"
		rows = append(rows, probe.Result{Candidate: candidate.Candidate{Name: name, TLD: "dev"}, Verdict: v, Reason: reasons[i]})
	}
	return rows
}

func TestColumnsFit(t *testing.T) {
	for _, tt := range []struct{ length, longest, width, column int }{
		{10, 0, 0, 16},
		{10, 10, 0, 16},
		{30, 30, 0, 32},
		{30, 30, 200, 32},
		{60, 60, 200, 50},
		{10, 0, 200, 32},
		{10, 10, 80, 16},
		{30, 30, 80, 20},
		{10, 10, 40, 10},
		{20, 20, 40, 10},
		{10, 0, 20, 10},
	} {
		got := write(t, "columns", Options{Longest: tt.longest, Width: tt.width}, four(tt.length))
		lines := strings.Split(got, "\n")
		if at := strings.Index(lines[0], "NOT FOUND"); at != tt.column || strings.Index(lines[1], " =") != at-1 {
			t.Errorf("%+v: the second column begins at %d:\n%s", tt, at, got)
		}
		for i, line := range lines[2:6] {
			text := strings.TrimLeft(line, " ")
			want := tt.column * i
			if tt.width > 0 {
				want = max(0, min(want, tt.width-1-len(text)))
			}
			if at := len(line) - len(text); at != want {
				t.Errorf("%+v: %q begins at %d, want %d", tt, text, at, want)
			}
			if tt.width > len(text) && len(line) >= tt.width {
				t.Errorf("%+v: %q does not fit", tt, line)
			}
		}
	}
	if got := NameWidth("xn--bcher-kva.dev", "bücher.dev"); got != len("xn--bcher-kva.dev (bucher.dev)") {
		t.Errorf("the width of a name with its Unicode form is %d", got)
	}
}

// Names that the registry has not confirmed are told from confirmed ones.
func TestUnconfirmed(t *testing.T) {
	var rows []probe.Result
	for _, reason := range []probe.Reason{probe.NXDomain, probe.RDAPNotRegistered, probe.RDAPFailed, probe.RDAPNone} {
		rows = append(rows, probe.Result{Candidate: candidate.Candidate{Name: "a.dev"}, Verdict: probe.NotFound, Reason: reason})
	}
	if got, want := write(t, "marks", Options{}, rows), "  a.dev\n  a.dev\n  a.dev (rdap-failed)\n  a.dev (rdap-none)\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLegend(t *testing.T) {
	var l Legend
	if got := l.Lines(); got != nil {
		t.Errorf("an empty legend: %q", got)
	}
	l.Add(saved()[:8])
	l.Add(saved()[8:])
	l.Add([]probe.Result{{Reason: "of-a-newer-version"}, {Verdict: probe.NotFound, Reason: probe.RDAPFailed}})
	got := l.Lines()
	for _, want := range []string{"wildcard: the TLD answers for every name (1)", "bad-label: a label is empty or holds a character that names cannot have (6)"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
	if len(got) != 11 || !strings.HasPrefix(got[0], "rdap-failed: ") {
		t.Errorf("%d lines: %q", len(got), got)
	}
}

func TestChosenColumns(t *testing.T) {
	rows := saved()[1:2]
	o := Options{Columns: []string{"tld", "domain", "rtt_ms", "ttl"}}
	for format, want := range map[string]string{
		"csv":      "tld,domain,rtt_ms,ttl\ndev,elif.dev,1.235,900\n",
		"tsv":      "tld\tdomain\trtt_ms\tttl\ndev\telif.dev\t1.235\t900\n",
		"jsonl":    `{"v":1,"tld":"dev","domain":"elif.dev","rtt_ms":1.235,"ttl":900}` + "\n",
		"json":     "[\n" + `{"v":1,"tld":"dev","domain":"elif.dev","rtt_ms":1.235,"ttl":900}` + "\n]\n",
		"markdown": "| tld | domain | rtt\\_ms | ttl |\n| :--- | :--- | :--- | :--- |\n| dev | elif.dev | 1.235 | 900 |\n",
	} {
		if got := write(t, format, o, rows); got != want {
			t.Errorf("%s: %q, want %q", format, got, want)
		}
	}
	if got, want := write(t, "html", o, rows), `<tr><th scope="row"><bdi>dev</bdi></th><td>elif.dev</td><td>1.235</td><td>900</td></tr>`; !strings.Contains(got, want) {
		t.Errorf("html: %s", got)
	}
	for _, tt := range []struct {
		columns []string
		message string
	}{{[]string{"domain", "appraisal"}, "known: domain, verdict, "}, {[]string{"domain", "domain"}, "twice"}} {
		var ce *ColumnError
		_, err := New("csv", io.Discard, Options{Columns: tt.columns})
		if !errors.As(err, &ce) || !strings.Contains(err.Error(), tt.message) {
			t.Errorf("%q: %v", tt.columns, err)
		}
		if _, err := Create(filepath.Join(t.TempDir(), "a.csv"), "csv", Options{Columns: tt.columns}); !errors.As(err, &ce) {
			t.Errorf("Create, %q: %v", tt.columns, err)
		}
		if _, _, err := Resume(filepath.Join(t.TempDir(), "a.csv"), "csv", Options{Columns: tt.columns}); !errors.As(err, &ce) {
			t.Errorf("Resume, %q: %v", tt.columns, err)
		}
	}
}

// A name can be traced to its keyword.
func TestProvenanceColumns(t *testing.T) {
	r := probe.Result{
		Candidate: candidate.Candidate{Name: "mygolang.dev", Keyword: "go", TLD: "dev", Prefix: "my", Suffix: "lang", Generator: "pattern"},
		Verdict:   probe.Found, Rcode: -1,
	}
	for _, format := range Readable() {
		got, err := readAll(strings.NewReader(write(t, format, Options{}, []probe.Result{r})), format)
		if err != nil || len(got) != 1 || got[0].Candidate != r.Candidate {
			t.Errorf("%s: %+v, %v", format, got, err)
		}
	}
	if names := fieldNames(); !slices.Equal(names[len(names)-3:], []string{"prefix", "suffix", "generator"}) {
		t.Errorf("the columns end in %q", names)
	}
	for _, c := range Columns() {
		if c.Name == "" || c.Text == "" {
			t.Errorf("a column without a name or a text: %+v", c)
		}
	}
}

// TestResumeColumns goes on with reports of an older version and of other
// columns.
func TestResumeColumns(t *testing.T) {
	chosen := Options{Columns: []string{"domain", "verdict", "reason", "tld"}}
	for _, tt := range []struct {
		name     string
		in       string
		o        Options
		want     string
		resumed  bool
		filename string
	}{
		{"older", "domain,verdict,reason,source,keyword,tld\na.dev,found,delegated,dns,a,dev\n", Options{}, "b.dev,found,,,,dev\n", true, "csv"},
		{"older, with a column of others", "domain,verdict,reason,source,keyword,tld,appraisal\na.dev,found,delegated,dns,a,dev,9\n", Options{}, "b.dev,found,,,,dev,\n", true, "csv"},
		{"chosen", "domain,verdict,reason,tld\na.dev,found,delegated,dev\n", chosen, "b.dev,found,,dev\n", true, "csv"},
		{"chosen, torn header", "domain,verdict,rea", chosen, "b.dev,found,,dev\n", true, "csv"},
		{"other columns", "domain,verdict,reason,tld\na.dev,found,delegated,dev\n", Options{Columns: []string{"domain", "tld", "verdict", "reason"}}, "", false, "csv"},
		{"chosen without a TLD", "domain,verdict,reason\na.dev,found,delegated\n", Options{Columns: []string{"domain", "verdict", "reason"}}, "", false, "csv"},
		{"csv as tsv", "domain,verdict,reason,tld\n", Options{}, "", false, "tsv"},
		{"tsv", "domain\tverdict\treason\ttld\na.dev\tfound\tdelegated\tdev\n", chosen, "b.dev\tfound\t\tdev\n", true, "tsv"},
	} {
		path := filepath.Join(t.TempDir(), "report")
		if err := os.WriteFile(path, []byte(tt.in), 0o666); err != nil {
			t.Fatal(err)
		}
		f, settled, err := Resume(path, tt.filename, tt.o)
		if !tt.resumed {
			var re *ResumeError
			if !errors.As(err, &re) {
				t.Errorf("%s: %v, want a *ResumeError", tt.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if n := settled.Len(); n != strings.Count(tt.in, "a.dev") {
			t.Errorf("%s: %d names are settled", tt.name, n)
		}
		row := probe.Result{Candidate: candidate.Candidate{Name: "b.dev", TLD: "dev"}, Verdict: probe.Found, Rcode: -1}
		if err := errors.Join(f.Write([]probe.Result{row}), f.Close()); err != nil {
			t.Fatal(err)
		}
		if got := contents(t, path); !strings.HasSuffix(got, "\n"+tt.want) {
			t.Errorf("%s: %q, want ...%q", tt.name, got, tt.want)
		}
	}
}

// Every character with which a spreadsheet begins a formula gets an apostrophe.
func TestSpreadsheetGuard(t *testing.T) {
	for _, c := range []string{"=", "+", "-", "@", "\t", "\r", "'"} {
		for _, comma := range []byte{',', '\t'} {
			if got := string(appendCell(nil, c+"x", comma)); got[0] != '\'' {
				t.Errorf("%q between %q is written as %q", c+"x", comma, got)
			}
		}
	}
}

// A cell of another program may hold a line break, between quotes.
func TestReadLineBreaks(t *testing.T) {
	in := "domain,verdict,keyword\n\n\"a\nb\",invalid,\"x\n\n\"\"y\"\nc.dev,found,c\n"
	rows, err := readAll(strings.NewReader(in), "csv")
	if err != nil || len(rows) != 2 || rows[0].Name != "a\nb" || rows[0].Keyword != "x\n\n\"y" || rows[1].Name != "c.dev" {
		t.Errorf("%+v, %v", rows, err)
	}
	var re *RowError
	_, err = readAll(strings.NewReader(in+"\n\"d\ne,found,\n"+strings.Repeat("f\n", 100)), "csv")
	if !errors.As(err, &re) || re.Line != 9 {
		t.Errorf("a quote that is not closed: %v, want line 9", err)
	}
	if _, err = readAll(strings.NewReader(in+"\""+strings.Repeat("f\n", maxRow)), "csv"); !errors.Is(err, errLong) {
		t.Errorf("a quote that is not closed for %d bytes: %v", 2*maxRow, err)
	}
}

// wholeDomains are domains with a TLD each of many.
func wholeDomains(n int) (rows []probe.Result) {
	for i := range n {
		name := fmt.Sprintf("name-of-a-domain%d.tld%d", i, i%1400)
		_, tld, _ := strings.Cut(name, ".")
		rows = append(rows, probe.Result{
			Candidate: candidate.Candidate{Name: name, Keyword: name, TLD: tld},
			Verdict:   probe.Verdict(i % 3), Reason: probe.NXDomain,
		})
	}
	return rows
}

func TestWholeDomains(t *testing.T) {
	rows := wholeDomains(12_000)
	for _, format := range []string{"grid", "markdown", "html"} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got := write(t, format, Options{}, rows)
		runtime.ReadMemStats(&after)
		if size := len(got); size > 5_000_000 {
			t.Errorf("%s: %d bytes", format, size)
		}
		if size := after.TotalAlloc - before.TotalAlloc; size > 100_000_000 {
			t.Errorf("%s: %d bytes allocated", format, size)
		}
		if n := strings.Count(got, "name-of-a-domain"); n != len(rows) {
			t.Errorf("%s: %d names", format, n)
		}
	}
	if got, want := write(t, "markdown", Options{}, rows[1:2]), "| name | verdict | reason |\n| :--- | :--- | :--- |\n| name-of-a-domain1.tld1 | found | nxdomain |\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := write(t, "grid", Options{}, rows[1:3]), "name                    verdict      reason\n"+
		"name-of-a-domain1.tld1  + found      nxdomain\nname-of-a-domain2.tld2  - not found  nxdomain\n\n"; !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Keywords under a TLD each are a list, and beside whole domains a grid.
func TestSparseGrid(t *testing.T) {
	rows := wholeDomains(1400)
	for i := range rows {
		rows[i].Keyword, _, _ = strings.Cut(rows[i].Name, ".")
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := write(t, "markdown", Options{}, rows)
	runtime.ReadMemStats(&after)
	if !strings.HasPrefix(got, "| name | verdict | reason |\n") || len(got) > 200_000 {
		t.Errorf("%d bytes of markdown, %.100q", len(got), got)
	}
	if size := after.TotalAlloc - before.TotalAlloc; size > 20_000_000 {
		t.Errorf("%d bytes allocated", size)
	}
	mixed := append(gridRows(2), wholeDomains(2)...)
	want := "| name | dev | co.uk | (domain) |\n| :--- | :--- | :--- | :--- |\n"
	if got := write(t, "markdown", Options{}, mixed); !strings.HasPrefix(got, want) || !strings.Contains(got, "| name-of-a-domain1.tld1 | | | found |") {
		t.Errorf("got %s", got)
	}
}

// A layout orders lists, too.
func TestLayoutOfList(t *testing.T) {
	rows := wholeDomains(3)
	l := new(Layout)
	for _, i := range []int{2, 0, 1} {
		l.Add(&rows[i].Candidate)
	}
	got := write(t, "markdown", Options{Layout: l}, rows)
	if a, b, c := strings.Index(got, "domain2"), strings.Index(got, "domain0"), strings.Index(got, "domain1"); a > b || b > c {
		t.Errorf("got %s", got)
	}
}

// Invalid names are no names for other programs, and have a place of their own
// for people.
func TestInvalidNames(t *testing.T) {
	rows := four(8)
	for format, want := range map[string]string{
		"names": "aaaa.dev\nbbbb.dev\ncccc.dev\n",
		"marks": "+ aaaa.dev\n  bbbb.dev\n? cccc.dev (timeout)\n! dddd.dev (bad-label)\n",
	} {
		if got := write(t, format, Options{}, rows); got != want {
			t.Errorf("%s: %q, want %q", format, got, want)
		}
	}
}
