package candidate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func gather(seq iter.Seq2[string, error]) (got []string, err error) {
	for s, e := range seq {
		if e != nil {
			return got, e
		}
		got = append(got, s)
	}
	return got, nil
}

func TestLines(t *testing.T) {
	long := strings.Repeat("x", maxLine)
	tests := []struct {
		name, in string
		want     []string
		line     int // of the line that ends it
		err      error
	}{
		{name: "empty"},
		{name: "lines", in: "go\nrust\n", want: []string{"go", "rust"}},
		{name: "no end", in: "go\nrust", want: []string{"go", "rust"}},
		{name: "CRLF", in: "go\r\n\r\nrust\r\n", want: []string{"go", "rust"}},
		{name: "blank", in: "\n \n\t\ngo\n\n", want: []string{"go"}},
		{name: "space around", in: "  go\t\n\u00a0rust \n", want: []string{"go", "rust"}},
		{name: "comments", in: "# all\ngo # lang\n  # in\nc#\nf#  #x\n#", want: []string{"go", "c#", "f#"}},
		{name: "byte order mark", in: "\ufeffgo\n\ufeffrust\n", want: []string{"go", "\ufeffrust"}},
		{name: "byte order mark alone", in: "\ufeff\n# x\n"},
		{name: "comment after byte order mark", in: "\ufeff# x\ngo\n", want: []string{"go"}},
		{name: "NUL stays", in: "g\x00o\n", want: []string{"g\x00o"}},
		{name: "longest", in: long + "\r\n" + long + "\n" + long, want: []string{long, long, long}},
		{name: "too long", in: "go\n" + long + "x\nrust\n", want: []string{"go"}, line: 2, err: ErrLineTooLong},
		{name: "too long without end", in: "go\n\n" + long + "x", want: []string{"go"}, line: 3, err: ErrLineTooLong},
		{name: "much too long", in: strings.Repeat("x", 1<<20), line: 1, err: ErrLineTooLong},
		{name: "long comment", in: "#" + long + "\n", line: 1, err: ErrLineTooLong},
		{name: "UTF-16, low octet first", in: "\xff\xfeg\x00o\x00\n\x00", line: 1, err: ErrUTF16},
		{name: "UTF-16, high octet first", in: "\xfe\xff\x00g\x00o\x00\n", line: 1, err: ErrUTF16},
		{name: "other octets", in: "go\n\xff\xfe\n", want: []string{"go", "\xff\xfe"}},
	}
	readers := map[string]func(io.Reader) io.Reader{
		"whole":  func(r io.Reader) io.Reader { return r },
		"halves": iotest.HalfReader,
		"eof":    iotest.DataErrReader,
	}
	for _, tt := range tests {
		for how, wrap := range readers {
			t.Run(tt.name+"/"+how, func(t *testing.T) {
				got, err := gather(Lines(wrap(strings.NewReader(tt.in))))
				if !slices.Equal(got, tt.want) {
					t.Errorf("got %.100q, want %.100q", got, tt.want)
				}
				var bad *LineError
				if errors.As(err, &bad) != (tt.line > 0) || bad != nil && (bad.Line != tt.line || !errors.Is(err, tt.err)) {
					t.Errorf("error %v, want one in line %d", err, tt.line)
				}
				if bad != nil && err.Error() != fmt.Sprintf("line %d: %v", tt.line, tt.err) {
					t.Errorf("message %q", err)
				}
			})
		}
	}
}

func TestLinesByteByByte(t *testing.T) {
	in := "\ufeffgo # x\r\nrust\n\n#\nzig"
	got, err := gather(Lines(iotest.OneByteReader(strings.NewReader(in))))
	if want := []string{"go", "rust", "zig"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

// TestLinesDoesNotWait holds a conversation: each line is written only when
// the one before has come out.
func TestLinesDoesNotWait(t *testing.T) {
	r, w := io.Pipe()
	next, stop := iter.Pull2(Lines(r))
	defer stop()
	for _, word := range []string{"go", "rust", "zig"} {
		go fmt.Fprintln(w, word)
		if got, err, ok := next(); got != word || err != nil || !ok {
			t.Fatalf("got %q, %v, %v, want %q", got, err, ok, word)
		}
	}
	w.Close()
	if got, err, ok := next(); ok {
		t.Errorf("got %q, %v after the end", got, err)
	}
}

func TestLinesReadError(t *testing.T) {
	broken := errors.New("broken")
	r := io.MultiReader(strings.NewReader("go\nhal"), iotest.ErrReader(broken))
	got, err := gather(Lines(r))
	if !slices.Equal(got, []string{"go"}) || err != broken {
		t.Errorf("got %q, %v", got, err)
	}
	got, err = gather(Lines(readerFunc(func([]byte) (int, error) { return 0, nil })))
	if len(got) != 0 || err != io.ErrNoProgress {
		t.Errorf("a reader without progress gives %q, %v", got, err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestConcat(t *testing.T) {
	got, err := gather(Concat(Stream("a", "b"), Stream[string](), Lines(strings.NewReader("c\nd")), Stream("e")))
	if want := []string{"a", "b", "c", "d", "e"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	broken := errors.New("broken")
	after := 0
	got, err = gather(Concat(Stream("a"), Lines(iotest.ErrReader(broken)), func(func(string, error) bool) { after++ }))
	if !slices.Equal(got, []string{"a"}) || err != broken || after != 0 {
		t.Errorf("got %q, %v, and %d sequences after the error", got, err, after)
	}
	for s := range Concat(Stream("a", "b"), func(func(string, error) bool) { after++ }) {
		if s == "b" {
			break
		}
	}
	if after != 0 {
		t.Error("a sequence was started after the loop had ended")
	}
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("go # x\r\n\nrust"), 3)
	f.Add([]byte("\ufeff#\n#"), 1)
	f.Fuzz(func(t *testing.T, text []byte, step int) {
		step = max(1, step&0xff)
		// The size of the reads makes no difference.
		want, err1 := gather(Lines(bytes.NewReader(text)))
		got, err2 := gather(Lines(readerFunc(cut(text, step))))
		if !slices.Equal(got, want) || fmt.Sprint(err1) != fmt.Sprint(err2) {
			t.Errorf("in steps of %d: %q, %v, at once: %q, %v", step, got, err2, want, err1)
		}
		for _, s := range got {
			if s == "" || s != strings.TrimSpace(s) || strings.Contains(s, "\n") || s[0] == '#' {
				t.Errorf("keyword %q", s)
			}
		}
	})
}

func cut(text []byte, step int) func([]byte) (int, error) {
	r := bytes.NewReader(text)
	return func(p []byte) (int, error) { return r.Read(p[:min(step, len(p))]) }
}

func TestWords(t *testing.T) {
	for language, n := range map[string]int{"go": 25, "python": 35} {
		words, err := Words(language)
		if err != nil || len(words) != n || !slices.Contains(words, "import") {
			t.Errorf("Words(%q) = %q, %v, want %d", language, words, err, n)
		}
	}
	if words, err := Words("cobol"); err == nil || !strings.Contains(err.Error(), `"cobol"`) {
		t.Errorf("Words(cobol) = %q, %v", words, err)
	}
	want := "case chan else for func go goto if map type var"
	if got := strings.Join(DefaultWords(), " "); got != want {
		t.Errorf("DefaultWords() = %s, want %s", got, want)
	}
	words, _ := Words("go")
	words[0] = "changed"
	if again, _ := Words("go"); again[0] != "break" {
		t.Error("a caller can change the words")
	}
}
