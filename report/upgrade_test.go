package report

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"domprobe/probe"
)

// upgradeFiles returns the reports of earlier versions. None of them is ever changed.
func upgradeFiles(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("../testdata/upgrade/report/*")
	if err != nil || len(paths) < 13 {
		t.Fatalf("%q, %v; want 13 reports at least", paths, err)
	}
	return paths
}

// readFile reads a report whose format its ending tells.
func readFile(t *testing.T, path string) (format string, text []byte, rows []probe.Result) {
	t.Helper()
	format, err := FormatOf(path)
	if err == nil {
		text, err = os.ReadFile(path)
	}
	if err != nil {
		t.Fatal(err)
	}
	if rows, err = readAll(bytes.NewReader(text), format); err != nil || len(rows) == 0 {
		t.Fatalf("%s: %d rows, %v", path, len(rows), err)
	}
	return format, text, rows
}

// A report of an earlier version is read whole: written again, every value that it
// has comes back.
func TestUpgradeReads(t *testing.T) {
	for _, path := range upgradeFiles(t) {
		format, text, rows := readFile(t, path)
		if format == "csv" || format == "tsv" {
			header, _, _ := strings.Cut(string(text), "\n")
			columns := strings.FieldsFunc(header, func(r rune) bool { return r == ',' || r == '\t' })
			if again := written(t, format, Options{Columns: columns}, rows); again != string(text) {
				t.Errorf("%s is written again as\n%s", path, again)
			}
			continue
		}
		again := written(t, format, Options{Score: true, ForSale: true, Parked: true, Dates: true}, rows)
		old, now := objectsIn(t, format, string(text)), objectsIn(t, format, again)
		if len(old) != len(now) {
			t.Fatalf("%s has %d objects, and %d when it is written again", path, len(old), len(now))
		}
		for i := range old {
			both := maps.Clone(now[i])
			maps.Copy(both, old[i])
			if !reflect.DeepEqual(both, now[i]) {
				t.Errorf("%s: %v\nis written again as\n%v", path, old[i], now[i])
			}
		}
	}
}

// The verdict, the reason, the TLD and the time of a name are the same in all formats.
func TestUpgradeFormatsAgree(t *testing.T) {
	type key struct {
		verdict probe.Verdict
		text    string
	}
	known := make(map[string][]key)
	for _, path := range upgradeFiles(t) {
		_, _, rows := readFile(t, path)
		var keys []key
		for _, r := range rows {
			rest := []string{r.Name, string(r.Reason), r.TLD, r.Server, r.At.String(), r.RTT.String()}
			keys = append(keys, key{r.Verdict, strings.Join(rest, "|")})
		}
		name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
		if other, ok := known[name]; ok && !reflect.DeepEqual(keys, other) {
			t.Errorf("%s has the rows\n%v\nand in another format\n%v", path, keys, other)
		}
		known[name] = keys
	}
}

// A report of an earlier version can be resumed, and no settled row of it changes.
func TestUpgradeResumes(t *testing.T) {
	for _, path := range upgradeFiles(t) {
		format, text, rows := readFile(t, path)
		if CheckResume(path, format) != nil {
			continue // json
		}
		settled := 0
		for _, r := range rows {
			if r.Verdict != probe.Unknown {
				settled++
			}
		}
		copied := filepath.Join(t.TempDir(), filepath.Base(path))
		if err := os.WriteFile(copied, text, 0o600); err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		sale := strings.HasPrefix(name, "sale.")
		o := Options{Dates: strings.HasPrefix(name, "dates."), ForSale: sale, Parked: sale}
		file, names, err := Resume(copied, format, o)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		file.Abort()
		if names.Len() != settled {
			t.Errorf("%s: %d names need not be asked again, want %d", path, names.Len(), settled)
		}
	}
}

func written(t *testing.T, format string, o Options, rows []probe.Result) string {
	t.Helper()
	var b bytes.Buffer
	w, err := New(format, &b, o)
	if err == nil {
		err = w.Write(rows)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// objectsIn returns the objects of a report in json or jsonl.
func objectsIn(t *testing.T, format, text string) (objects []map[string]any) {
	t.Helper()
	if format == "jsonl" {
		text = "[" + strings.ReplaceAll(strings.TrimSpace(text), "\n", ",") + "]"
	}
	if err := json.Unmarshal([]byte(text), &objects); err != nil {
		t.Fatal(err)
	}
	return objects
}
