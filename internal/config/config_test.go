package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const document = `# a comment
tld = ["dev",
  "io"]
concurrency = 5
rate = 0.5
serve.listen = "127.0.0.1:1"

[own.tlds]
mine = ["com"]
[own]
page = {b = true, a = "x"}
`

func TestParse(t *testing.T) {
	settings, err := Parse("x.toml", []byte("\ufeff"+document))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range settings {
		got = append(got, fmt.Sprintf("%d %s/%s=%s", s.Line, s.Table, s.Key, strings.Join(s.Values, ",")))
	}
	want := "2 /tld=dev,io; 4 /concurrency=5; 5 /rate=0.5; 6 serve/listen=127.0.0.1:1; 9 own.tlds/mine=com; 11 own.page/a=x; 11 own.page/b=true"
	if text := strings.Join(got, "; "); text != want {
		t.Errorf("settings %s, want %s", text, want)
	}
	if !settings[0].List || settings[1].List {
		t.Errorf("lists: %v, %v", settings[0], settings[1])
	}
}

// A mistake is told with its line.
func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"a = 1\nb = dev\n":                     "x.toml:2: unexpected character U+0064 'd' at start of value",
		"a = 1\n\na = 2\n":                     "x.toml:3: key a is already defined",
		"[t]\na = 1\n[u]\n[t]\n":               "x.toml:4: table t already exists",
		"[[t]]\na = 1\n":                       "x.toml:1: a list of tables is no setting; a table has single brackets",
		"\na = 2026-11-28\n":                   "x.toml:2: a is no text, number, true or false, nor a list of these",
		"a = [[1]]\n":                          "x.toml:1: a is no text, number, true or false, nor a list of these",
		"a = [{b = 1}]\n":                      "x.toml:1: a is no text, number, true or false, nor a list of these",
		"a = {b = {c = 1979-05-27T07:32:00Z}}": "x.toml:1: a.b.c is no text, number, true or false, nor a list of these",
	} {
		_, err := Parse("x.toml", []byte(text))
		if err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	if _, err := Read(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := Read(dir); err == nil || !strings.HasSuffix(err.Error(), "not a regular file") {
		t.Errorf("a folder: %v", err)
	}
	path := filepath.Join(dir, "big")
	if err := os.WriteFile(path, make([]byte, maxSize+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err == nil || !strings.Contains(err.Error(), "are no settings") {
		t.Errorf("a large file: %v", err)
	}
}

// Whatever the file holds, there is an error or each setting has a line of it.
func FuzzParse(f *testing.F) {
	for _, s := range []string{document, "a.b.c = [1, 2]", "[a]\n[a.b]\n\"x y\" = 'z'", "[[a]]", "a = {b = {c = 1}}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		settings, err := Parse("x", data)
		for _, s := range settings {
			if err != nil || s.Line < 1 || s.Line > strings.Count(string(data), "\n")+1 || !s.List && len(s.Values) != 1 {
				t.Errorf("%q: %+v, %v", data, s, err)
			}
		}
	})
}
