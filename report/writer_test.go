package report

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode"

	"domprobe/candidate"
	"domprobe/probe"
)

// A recorder remembers every call of Write, and fails from the nth on.
type recorder struct {
	calls []string
	fail  int // 0 never
}

var errDisk = errors.New("no space left")

func (r *recorder) Write(p []byte) (int, error) {
	r.calls = append(r.calls, string(p))
	if len(r.calls) == r.fail {
		return len(p) / 2, errDisk
	}
	return len(p), nil
}

func TestNewUnknownFormat(t *testing.T) {
	_, err := New("xml", io.Discard, Options{})
	var fe *FormatError
	if !errors.As(err, &fe) || fe.Format != "xml" {
		t.Fatalf("New(xml) = %v, want a *FormatError", err)
	}
	for _, name := range Formats() {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%q does not list %s", err, name)
		}
		if _, err := New(name, io.Discard, Options{}); err != nil {
			t.Errorf("New(%s): %v", name, err)
		}
	}
}

func TestFormatOf(t *testing.T) {
	for path, want := range map[string]string{
		"a.csv": "csv", "/x.y/b.JSON": "json", "a.jsonl": "jsonl", "a.ndjson": "jsonl", "a.b.txt": "columns", "a.htm": "html", "README.md": "markdown",
		"": "", "csv": "", ".gitignore": "", "a.csv/b": "", "a.csv.gz": "",
	} {
		got, err := FormatOf(path)
		var fe *FormatError
		if got != want || (want == "") != errors.As(err, &fe) {
			t.Errorf("FormatOf(%q) = %q, %v; want %q", path, got, err, want)
		}
	}
}

func TestOneWritePerBatch(t *testing.T) {
	for _, format := range []string{"columns", "marks", "names", "csv", "jsonl"} {
		t.Run(format, func(t *testing.T) {
			rec := new(recorder)
			w, err := New(format, rec, Options{})
			if err != nil {
				t.Fatal(err)
			}
			rows := saved()
			for _, n := range []int{1, 2, 10} {
				if err := w.Write(rows[:n]); err != nil {
					t.Fatal(err)
				}
			}
			if len(rec.calls) != 3 {
				t.Errorf("3 batches took %d writes", len(rec.calls))
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if len(rec.calls) != 3 {
				t.Errorf("Close wrote %q", rec.calls[3:])
			}
		})
	}
}

func TestLargeBatch(t *testing.T) {
	rows := usual(5000)
	rows[2500].Keyword = strings.Repeat("\x1b", 70_000) // a row larger than the buffer
	for _, format := range []string{"columns", "csv", "json", "jsonl"} {
		t.Run(format, func(t *testing.T) {
			rec := new(recorder)
			w, err := New(format, rec, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Write(rows); err != nil {
				t.Fatal(err)
			}
			for i, call := range rec.calls {
				giant := strings.Contains(call, `1b`+`\`)
				if len(call) > bufferSize && !giant {
					t.Errorf("write %d has %d bytes", i, len(call))
				}
				if format != "json" && !strings.HasSuffix(call, "\n") {
					t.Errorf("write %d ends in the middle of a row: %q", i, call[len(call)-20:])
				}
			}
			if got := cap(w.(*rowWriter).buf); got != bufferSize {
				t.Errorf("the buffer has become %d bytes", got)
			}
			if n := len(rec.calls); n < 2 {
				t.Errorf("%d writes for 5000 rows", n)
			}
		})
	}
}

// writing returns the formats that write something.
func writing() []string {
	return slices.DeleteFunc(Formats(), func(f string) bool { return f == "none" })
}

func TestErrorSurfacesAtOnce(t *testing.T) {
	for _, format := range writing() {
		t.Run(format, func(t *testing.T) {
			rec := &recorder{fail: 1}
			w, err := New(format, rec, Options{})
			if err != nil {
				t.Fatal(err)
			}
			first := w.Write(saved())
			if f, _ := lookup(format); !f.whole && !errors.Is(first, errDisk) {
				t.Errorf("the failing Write: %v", first)
			}
			if err := w.Close(); !errors.Is(err, errDisk) {
				t.Errorf("Close: %v", err)
			}
			if err := w.Write(saved()); !errors.Is(err, errDisk) {
				t.Errorf("Write after the error: %v", err)
			}
			if len(rec.calls) != 1 {
				t.Errorf("%d writes, want none after the failed one", len(rec.calls))
			}
		})
	}
}

type shortWriter struct{}

func (shortWriter) Write(p []byte) (int, error) { return len(p) - 1, nil }

func TestShortWrite(t *testing.T) {
	w, err := New("csv", shortWriter{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(nil); err != io.ErrShortWrite {
		t.Errorf("a write that lost a byte: %v", err)
	}
}

func TestEmptyReport(t *testing.T) {
	for format, want := range map[string]string{
		"columns": "", "marks": "", "csv": csvHeader, "json": "[]\n", "jsonl": "",
		"names": "", "grid": "", "none": "", "markdown": "| name |\n| :--- |\n",
	} {
		if got := write(t, format, Options{}, nil); got != want {
			t.Errorf("%s without rows: %q, want %q", format, got, want)
		}
	}
}

// TestNoAllocation holds the writers to what a run of a million names needs.
func TestNoAllocation(t *testing.T) {
	rows := usual(100)
	rows[7].Keyword = "=odd, \"cell\"\x1b"
	for _, format := range []string{"columns", "marks", "names", "csv", "jsonl", "json"} {
		w, err := New(format, io.Discard, Options{Color: true})
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(100, func() { w.Write(rows) }); n != 0 {
			t.Errorf("%s: %v allocations for %d rows", format, n, len(rows))
		}
	}
}

// TestTerminalSafe feeds every byte and every rune that is not plain text to
// the formats for people: nothing but what prints may come out.
func TestTerminalSafe(t *testing.T) {
	var all strings.Builder
	for c := range 256 {
		all.WriteByte(byte(c))
	}
	for r := rune(0x80); r < 0x3000; r++ {
		all.WriteRune(r)
	}
	all.WriteString("\U000e0001\U000f0000\ufeff\ufffe")
	r := probe.Result{
		Candidate: candidate.Candidate{Name: all.String(), Unicode: all.String(), Keyword: all.String(), TLD: all.String()},
		Reason:    probe.Reason(all.String()),
	}
	for _, format := range writing() {
		f, _ := lookup(format)
		out := write(t, format, Options{}, []probe.Result{r})
		if !strings.Contains(out, "1b") {
			t.Errorf("%s: the escape character is not shown", format)
		}
		for i, c := range out {
			if c != '\n' && (c != '\t' || format != "tsv") && (isControl(c) || !unicode.IsPrint(c) && !f.machine()) {
				t.Errorf("%s: %U at byte %d", format, c, i)
			}
			if c == '\ufffd' && out[i] != 0xef {
				t.Errorf("%s: byte %d is not UTF-8", format, i)
			}
		}
	}
}

// machine reports whether the format is for machines, which get every
// character that is not a control character as it is.
func (f *format) machine() bool {
	return slices.Contains(append(Readable(), "names"), f.name)
}

func TestNamesZero(t *testing.T) {
	got := write(t, "names", Options{Zero: true}, saved()[:3])
	if want := "go.dev\x00elif.dev\x00rust.co.uk\x00"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := write(t, "csv", Options{Zero: true}, nil); got != csvHeader {
		t.Errorf("Zero changes csv to %q", got)
	}
}

// After Close nothing more is written, and every call is an error.
func TestWriterClosed(t *testing.T) {
	row := []probe.Result{{Candidate: candidate.Parse("go.dev"), Verdict: probe.Found}}
	for _, format := range Formats() {
		for _, rows := range [][]probe.Result{nil, row} {
			var out bytes.Buffer
			w, err := New(format, &out, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := cmp.Or(w.Write(rows), w.Close()); err != nil {
				t.Fatal(err)
			}
			want := out.String()
			if format == "none" {
				continue
			}
			if w.Write(row) == nil || w.Close() == nil || out.String() != want {
				t.Errorf("%s: %q after Close, %q before", format, out.String(), want)
			}
		}
	}
}

// No columns are all columns, nil or not.
func TestNoColumns(t *testing.T) {
	rows := []probe.Result{{Candidate: candidate.Parse("go.dev"), Verdict: probe.Found}}
	for _, format := range Formats() {
		var text [2]bytes.Buffer
		for i, columns := range [][]string{nil, {}} {
			w, err := New(format, &text[i], Options{Columns: columns})
			if err = cmp.Or(err, w.Write(rows), w.Close()); err != nil {
				t.Fatal(err)
			}
		}
		if text[0].String() != text[1].String() {
			t.Errorf("%s: %q, and %q with no columns", format, &text[0], &text[1])
		}
	}
}
