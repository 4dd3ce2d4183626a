package report

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// saved is the one input of every golden file: all verdicts, every field set
// and unset, and names and keywords with anything in them.
func saved() []probe.Result {
	at := time.Date(2026, 3, 14, 15, 9, 26, 535_897_932, time.UTC)
	row := func(v probe.Verdict, reason probe.Reason, name, keyword, tld string) probe.Result {
		at = at.Add(1503 * time.Microsecond)
		return probe.Result{
			Candidate: candidate.Candidate{Name: name, Keyword: keyword, TLD: tld},
			Verdict:   v, Reason: reason, Source: "dns", Rcode: 0,
			Server: "127.0.0.1:53", RTT: 12 * time.Millisecond, Tries: 1, At: at,
		}
	}
	with := func(r probe.Result, change func(*probe.Result)) probe.Result {
		change(&r)
		return r
	}
	invalid := func(reason probe.Reason, name, keyword, tld, detail string) probe.Result {
		err := &candidate.Error{Reason: reason, Detail: detail}
		return probe.Result{
			Candidate: candidate.Candidate{Name: name, Keyword: keyword, TLD: tld, Err: err},
			Verdict:   probe.Invalid, Reason: reason, Rcode: -1, Err: err,
		}
	}
	long := strings.Repeat("supercalifragilistic", 3)
	return []probe.Result{
		row(probe.Found, probe.Delegated, "go.dev", "go", "dev"),
		with(row(probe.NotFound, probe.NXDomain, "elif.dev", "elif", "dev"), func(r *probe.Result) {
			r.Rcode, r.TTL, r.RTT = 3, 900*time.Second, 1234567
		}),
		with(row(probe.Found, probe.Exists, "rust.co.uk", "rust", "co.uk"), func(r *probe.Result) {
			r.Server, r.RTT, r.Tries = "tls://9.9.9.10:853", 30500*time.Microsecond, 2
		}),
		with(row(probe.Found, probe.ChildZone, "xn--bcher-kva.dev", "bücher", "dev"), func(r *probe.Result) {
			r.Unicode, r.Server = "bücher.dev", "https://dns.google/dns-query"
		}),
		with(row(probe.NotFound, probe.NXDomain, "xn--mgbh0fb.xn--kgbechtv", "مثال", "xn--kgbechtv"), func(r *probe.Result) {
			r.Unicode, r.Rcode, r.Source, r.TTL = "مثال.إختبار", 3, "dns+rdap", 86400*time.Second
		}),
		row(probe.NotFound, probe.NXDomain, long+".com", long, "com"),
		with(row(probe.Unknown, probe.Timeout, "zig.dev", "zig", "dev"), func(r *probe.Result) {
			r.Rcode, r.Server, r.RTT, r.Tries = -1, "", 0, 6
			r.Err = errors.New("no answer from 127.0.0.1:53 in 2s")
		}),
		with(row(probe.Unknown, probe.ServFail, "zig.io", "zig", "io"), func(r *probe.Result) {
			r.Rcode, r.Err = 2, errors.New(`upstream said "no", twice`)
		}),
		with(row(probe.Unknown, probe.Refused, "go.io", "go", "io"), func(r *probe.Result) { r.Rcode = 5 }),
		with(row(probe.Unknown, probe.BadResponse, "elif.io", "elif", "io"), func(r *probe.Result) { r.Rcode = 3841 }),
		with(row(probe.Unknown, probe.Wildcard, "go.ph", "go", "ph"), func(r *probe.Result) { r.Server = "[2001:db8::1]:53" }),
		with(row(probe.Invalid, probe.NoSuchTLD, "go.devv", "go", "devv"), func(r *probe.Result) { r.Rcode = 3 }),
		invalid(candidate.NotRegistrable, "foo.bar.com", "foo.bar.com", "com", "foo.bar.com lies below bar.com"),
		invalid(candidate.PublicSuffix, "co.uk", "co", "uk", "co.uk is a public suffix"),
		invalid(candidate.BadLabel, "\x1b[2J\x1b]0;owned\a.dev", "\x1b[2J\x1b]0;owned\a", "dev", "control character"),
		invalid(candidate.BadLabel, "=cmd|' /c calc'!a0.dev", "=cmd|' /c calc'!a0", "dev", "\"=\" in a label"),
		invalid(candidate.BadLabel, "-dash,comma \"quote\".dev", "-dash,comma \"quote\"", "dev", "comma"),
		invalid(candidate.BadLabel, "'tis.dev", "'tis", "dev", "apostrophe"),
		invalid(candidate.BadLabel, "\ttab\r\nline\x00.dev", "\ttab\r\nline\x00", "dev", "line break\nin a label"),
		invalid(candidate.BadIDN, "caf\xe9\\x1b\u202e.dev", "caf\xe9\\x1b\u202e", "dev", "caf\xe9 is not UTF-8"),
		invalid(candidate.BadLabel, "<script>alert(1)</script>&amp;|*_`.dev", "<script>alert(1)</script>&amp;|*_`", "dev", "< in a label"),
		{Candidate: candidate.Candidate{Name: "bare.dev"}, Rcode: -1},
	}
}

// write returns the report of rows.
func write(t *testing.T, format string, o Options, rows []probe.Result) string {
	t.Helper()
	var b bytes.Buffer
	w, err := New(format, &b, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	for _, format := range Formats() {
		t.Run(format, func(t *testing.T) {
			golden(t, format, write(t, format, Options{}, saved()))
		})
	}
	t.Run("color", func(t *testing.T) {
		golden(t, "columns.color", write(t, "columns", Options{Color: true}, saved()))
	})
}

// golden compares got with the golden file, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (renew with -update)\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}
