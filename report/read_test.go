package report

import (
	"bytes"
	stdcsv "encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
)

// readAll collects a report and the error that it ends with.
func readAll(r io.Reader, format string) (rows []probe.Result, err error) {
	for row, e := range Read(r, format) {
		if e != nil {
			err = e
			continue
		}
		rows = append(rows, row)
	}
	return rows, err
}

// restored is what a report keeps of r.
func restored(r probe.Result, format string) probe.Result {
	if r.At = r.At.UTC().Truncate(time.Millisecond); r.At.IsZero() {
		r.At = time.Time{}
	}
	r.RTT = r.RTT.Round(time.Microsecond)
	r.TTL = r.TTL.Truncate(time.Second)
	r.Candidate.Err = nil
	if r.Err != nil {
		r.Err = errors.New(r.Err.Error())
	}
	if format == "csv" || format == "tsv" {
		r.Err = nil
	}
	return r
}

var machineFormats = Readable()

func TestRoundTrip(t *testing.T) {
	for _, format := range machineFormats {
		t.Run(format, func(t *testing.T) {
			out := write(t, format, Options{}, saved())
			for name, r := range map[string]io.Reader{
				"whole":    strings.NewReader(out),
				"bytewise": iotest.OneByteReader(strings.NewReader(out)),
				"crlf":     strings.NewReader(strings.ReplaceAll(out, "\n", "\r\n")),
				"no end":   strings.NewReader(strings.TrimSuffix(out, "\n")),
			} {
				got, err := readAll(r, format)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if len(got) != len(saved()) {
					t.Fatalf("%s: %d rows, want %d", name, len(got), len(saved()))
				}
				for i, want := range saved() {
					if want := restored(want, format); !reflect.DeepEqual(got[i], want) {
						t.Errorf("%s: row %d\n got %+v\nwant %+v", name, i, got[i], want)
					}
				}
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	const header = "domain,verdict,reason\n"
	const row = `{"domain":"a.dev","verdict":"found"}`
	for _, tt := range []struct {
		format, in string
		rows, line int
		message    string
	}{
		{"csv", "name,age\nbob,7\n", 0, 1, "not the header"},
		{"csv", `"domain` + "\n", 0, 1, "in quoted-field"},
		{"csv", header + "a.dev,found,exists\na.dev,perhaps,\n", 1, 3, `unknown verdict "perhaps"`},
		{"csv", header + "\n\na.dev,found\n", 0, 4, "2 cells, where the header has 3"},
		{"csv", header + "a.dev,found,exists,more\n", 0, 2, "4 cells, where the header has 3"},
		{"csv", header + `a.dev,fo"und,x` + "\n", 0, 2, "in non-quoted-field"},
		{"csv", header + `"a"b.dev,found,x` + "\n", 0, 2, "in quoted-field"},
		{"csv", "domain,verdict,rtt_ms\na.dev,found,soon\n", 0, 2, "rtt_ms"},
		{"csv", "domain,verdict,rtt_ms\na.dev,found,NaN\n", 0, 2, "out of range"},
		{"csv", "domain,verdict,rtt_ms\na.dev,found,-1\n", 0, 2, "out of range"},
		{"csv", "domain,verdict,rcode\na.dev,found,NOTACODE\n", 0, 2, "rcode"},
		{"csv", "domain,verdict,tries\na.dev,found,-1\n", 0, 2, "tries"},
		{"csv", "domain,verdict,ttl\na.dev,found,1.5\n", 0, 2, "ttl"},
		{"csv", "domain,verdict,checked_at\na.dev,found,yesterday\n", 0, 2, "checked_at"},
		{"csv", header + strings.Repeat("x", maxRow+bufferSize) + "\n", 0, 2, "more than"},
		{"jsonl", row + "\n{\n", 1, 2, "unexpected end"},
		{"jsonl", "{}\n", 0, 1, "no domain"},
		{"jsonl", `{"domain":null,"verdict":"found"}` + "\n", 0, 1, "no domain"},
		{"jsonl", `{"domain":"a.dev","verdict":"found","tries":"x"}`, 0, 1, "tries"},
		{"jsonl", `{"domain":"a.dev","verdict":"found","rtt_ms":-1}`, 0, 1, "out of range"},
		{"jsonl", `["domain"]`, 0, 1, "array"},
		{"json", "", 0, 1, "not whole"},
		{"json", "[\n" + row, 1, 2, "not whole"},
		{"json", "[\n" + row + ",\n{\"domain\":", 1, 2, "not whole"},
		{"json", "[\n" + row + ",\n{}\n]", 1, 3, "no domain"},
		{"json", "{}", 0, 1, "where an array"},
		{"json", "[]\n[]", 0, 2, "follows the array"},
		{"json", "[\n\"" + strings.Repeat("x", 2*maxRow+4), 0, 2, "more than"},
	} {
		t.Run(fmt.Sprintf("%s %.40q", tt.format, tt.in), func(t *testing.T) {
			rows, err := readAll(strings.NewReader(tt.in), tt.format)
			var re *RowError
			if !errors.As(err, &re) {
				t.Fatalf("error %v, want a *RowError", err)
			}
			if re.Line != tt.line || !strings.Contains(err.Error(), tt.message) {
				t.Errorf("error %q, want line %d: ...%s...", err, tt.line, tt.message)
			}
			if len(rows) != tt.rows {
				t.Errorf("%d rows before the error, want %d", len(rows), tt.rows)
			}
		})
	}
}

func TestReadFailingReader(t *testing.T) {
	for _, format := range machineFormats {
		_, err := readAll(iotest.ErrReader(errDisk), format)
		if !errors.Is(err, errDisk) {
			t.Errorf("%s: %v, want the reader's error", format, err)
		}
		var re *RowError
		if errors.As(err, &re) {
			t.Errorf("%s: the reader's failure is said to be a row's: %v", format, err)
		}
	}
}

func TestReadUnreadableFormat(t *testing.T) {
	var fe *FormatError
	if _, err := readAll(strings.NewReader(""), "xml"); !errors.As(err, &fe) {
		t.Errorf("xml: %v", err)
	}
	if _, err := readAll(strings.NewReader(""), "columns"); err == nil || !strings.Contains(err.Error(), "csv, tsv, json, jsonl") {
		t.Errorf("columns: %v", err)
	}
}

// TestReadOtherVersions reads columns in another order, with some that are not
// known and some missing.
func TestReadOtherVersions(t *testing.T) {
	want := []probe.Result{{Candidate: candidate.Candidate{Name: "a.dev"}, Verdict: probe.Found, Rcode: -1, Tries: 2}}
	for format, in := range map[string]string{
		"csv":   "\ufefftries,new column,verdict,domain\r\n2,\"x,\"\"y\",found,a.dev\r\n",
		"jsonl": `{"v":2,"tries":2,"new":{"x":[1]},"verdict":"found","domain":"a.dev"}`,
		"json":  `[ {"v":2,"rtt_ms":7,"rtt_ms":null,"tries":2,"new":null,"verdict":"found","domain":"a.dev"} ]`,
	} {
		got, err := readAll(strings.NewReader(in), format)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v; want %+v", format, got, err, want)
		}
	}
}

// TestIndependentReaders compares the cells with what other readers of CSV and
// JSON find in the same bytes.
func TestIndependentReaders(t *testing.T) {
	out := write(t, "csv", Options{}, saved())
	cells, err := stdcsv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	t.Run("encoding/json", func(t *testing.T) {
		var objects []map[string]any
		if err := json.Unmarshal([]byte(write(t, "json", Options{}, saved())), &objects); err != nil {
			t.Fatal(err)
		}
		for i, o := range objects {
			for _, name := range fieldNames() {
				if _, ok := o[name]; !ok {
					t.Errorf("object %d has no %s", i, name)
				}
			}
			if o["v"] != 1.0 || unescape(o["domain"].(string)) != saved()[i].Name {
				t.Errorf("object %d: %v", i, o)
			}
		}
	})
	t.Run("python", func(t *testing.T) {
		if _, err := exec.LookPath("python3"); err != nil {
			t.Skip("needs python3 (Debian: python3-minimal)")
		}
		cmd := exec.Command("python3", "-c", `
import csv, io, json, sys
text = sys.stdin.buffer.read().decode("utf-8", "strict")
json.dump(list(csv.reader(io.StringIO(text, newline=""), strict=True)), sys.stdout)`)
		cmd.Stdin = strings.NewReader(out)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		reply, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %s", err, stderr.Bytes())
		}
		var got [][]string
		if err := json.Unmarshal(reply, &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, cells) {
			t.Errorf(" got %q\nwant %q", got, cells)
		}
	})
}

// fuzz checks that any bytes are read without a panic, that every row which
// was read survives another round, and that the bytes survive as text.
func fuzz(f *testing.F, format string) {
	var seed bytes.Buffer
	w, err := New(format, &seed, Options{})
	if err != nil {
		f.Fatal(err)
	}
	if err := w.Write(saved()); err != nil {
		f.Fatal(err)
	}
	f.Add(seed.Bytes())
	for line := range bytes.Lines(seed.Bytes()) {
		f.Add(line)
	}
	f.Add([]byte("domain,verdict,rcode,checked_at\r\n,found,65535,0000-01-01T00:00:00+23:59\r\n\\\\x\\x5cx,invalid,,\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, _ := readAll(bytes.NewReader(data), format)
		for i := range rows {
			rows[i].Err = nil // an error of no text does not come back
		}
		s := string(data)
		rows = append(rows, probe.Result{
			Candidate: candidate.Candidate{Name: s, Keyword: s, TLD: s, Unicode: s},
			Reason:    probe.Reason(s), Source: s, Server: s, Rcode: len(s) % 5000,
			Tries: len(s) % 100, RTT: time.Duration(len(s)) * time.Microsecond,
		})
		got, err := readAll(strings.NewReader(write(t, format, Options{}, rows)), format)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, rows) {
			t.Fatalf(" got %+v\nwant %+v", got, rows)
		}
	})
}

func FuzzCSV(f *testing.F) { fuzz(f, "csv") }

func FuzzJSONLines(f *testing.F) { fuzz(f, "jsonl") }
