package report

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"domprobe/probe"
)

func dated() probe.Result {
	r := probe.Result{Verdict: probe.Found, Rcode: -1, Registration: &probe.Registration{
		Registrar: `=Example, "Inc" ` + "\x1b[2J\u202e",
		Created:   time.Date(2009, 11, 10, 0, 0, 0, 0, time.UTC),
		Expires:   time.Date(2030, 11, 10, 0, 0, 0, 0, time.UTC),
		Status:    []string{"redemption period", "client hold\x00"},
		Drops:     time.Date(2030, 12, 15, 0, 0, 0, 0, time.UTC),
	}}
	r.Name = "name.dev"
	return r
}

// What is written about a registration is read back, and is only there when it was
// asked for.
func TestDates(t *testing.T) {
	empty := probe.Result{Verdict: probe.NotFound, Rcode: -1}
	empty.Name = "free.dev"
	for _, format := range Readable() {
		for _, with := range []bool{true, false} {
			var b strings.Builder
			w, err := New(format, &b, Options{Dates: with})
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Write([]probe.Result{dated(), empty}); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if strings.ContainsAny(b.String(), "\x1b\u202e\x00") {
				t.Errorf("%s: %q", format, b.String())
			}
			if strings.Contains(b.String(), "registrar") != with {
				t.Errorf("%s with dates %v:\n%s", format, with, b.String())
			}
			var got []*probe.Registration
			for r, err := range Read(strings.NewReader(b.String()), format) {
				if err != nil {
					t.Fatal(format, err)
				}
				got = append(got, r.Registration)
			}
			want := []*probe.Registration{nil, nil}
			if with {
				want[0] = dated().Registration
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s with dates %v: %+v", format, with, got[0])
			}
		}
	}
}

func TestDatesAsText(t *testing.T) {
	r := dated()
	w, err := New("csv", new(strings.Builder), Options{Columns: []string{"expires", "drops"}})
	if err != nil || w == nil {
		t.Fatal(err)
	}
	for format, want := range map[string]string{
		"marks":   "+ name.dev expires 2030-11-10 drops 2030-12-15\n",
		"columns": "name.dev expires 2030-11-10 drops 2030-12-15\n",
		"names":   "name.dev\n",
		"csv":     `,"'=Example, ""Inc"" \x1b[2J\xe2\x80\xae",2009-11-10,2030-11-10,redemption period; client hold\x00,2030-12-15` + "\n",
		"jsonl":   `"created":"2009-11-10","expires":"2030-11-10","status":"redemption period; client hold\u0000","drops":"2030-12-15"}` + "\n",
	} {
		var b strings.Builder
		w, err := New(format, &b, Options{Dates: true})
		if err == nil {
			err = w.Write([]probe.Result{r})
		}
		if err != nil || !strings.HasSuffix(b.String(), want) {
			t.Errorf("%s: %v\n%s\nwant %s", format, err, b.String(), want)
		}
	}
	for _, line := range []string{"domain,verdict,expires\na.dev,found,yesterday\n", "domain,verdict,drops\na.dev,found,2030-11-10T00:00:00Z\n"} {
		for _, err := range Read(strings.NewReader(line), "csv") {
			if err == nil || !strings.Contains(err.Error(), "is not a day like 2006-01-02") {
				t.Errorf("%q: %v", line, err)
			}
		}
	}
}

func TestDatesAreMerged(t *testing.T) {
	rows := func(yield func(probe.Result, error) bool) { yield(dated(), nil) }
	for r, err := range Merge(rows, rows) {
		if err != nil || !reflect.DeepEqual(r.Registration, dated().Registration) {
			t.Errorf("%+v, %v", r.Registration, err)
		}
	}
}
