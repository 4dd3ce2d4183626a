package report

import (
	"errors"
	"strings"
	"testing"

	"domprobe/candidate"
	"domprobe/probe"
)

func scored() []probe.Result {
	return []probe.Result{
		{Candidate: candidate.Candidate{Name: "qxvzkwj.dev"}, Rcode: -1},
		{Candidate: candidate.Candidate{Name: "swift.dev"}, Rcode: -1},
		{Candidate: candidate.Candidate{Name: "get-word.dev"}, Rcode: -1},
	}
}

// The extra columns are written only if they are asked for, and are read back.
func TestExtraColumns(t *testing.T) {
	for _, c := range []struct {
		format, plain, extra string
	}{
		{"csv", "generator\nqxvzkwj.dev,unknown,,,,,,,,,0,,,,,\n", "generator,score\nqxvzkwj.dev,unknown,,,,,,,,,0,,,,,,14\n"},
		{"tsv", "generator\nqxvzkwj.dev\t", "generator\tscore\nqxvzkwj.dev\tunknown\t\t\t\t\t\t\t\t\t0\t\t\t\t\t\t14\n"},
		{"jsonl", `"generator":""}` + "\n", `"generator":"","score":14}` + "\n"},
		{"json", `"generator":""},` + "\n", `"generator":"","score":14},` + "\n"},
	} {
		for _, o := range []Options{{}, {Score: true}} {
			var out strings.Builder
			w, err := New(c.format, &out, o)
			if err == nil {
				err = errors.Join(w.Write(scored()), w.Close())
			}
			if err != nil {
				t.Fatal(err)
			}
			want := c.plain
			if o.Score {
				want = c.extra
			}
			if !strings.Contains(out.String(), want) || strings.Contains(out.String(), "score") != o.Score {
				t.Errorf("%s with score %t: %s", c.format, o.Score, out.String())
			}
			for r, err := range Read(strings.NewReader(out.String()), c.format) {
				if err != nil || !strings.HasSuffix(r.Name, ".dev") {
					t.Errorf("%s with score %t: read %q, %v", c.format, o.Score, r.Name, err)
				}
			}
		}
	}
}

func TestSortedByScore(t *testing.T) {
	var out strings.Builder
	w, err := New("csv", &out, Options{Columns: []string{"domain", "score"}})
	if err == nil {
		w, err = Sorted("score", w)
	}
	if err == nil {
		err = errors.Join(w.Write(scored()), w.Close())
	}
	if want := "domain,score\nswift.dev,82\nget-word.dev,53\nqxvzkwj.dev,14\n"; err != nil || out.String() != want {
		t.Errorf("%v: %s", err, out.String())
	}
}
