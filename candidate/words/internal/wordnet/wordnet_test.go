package wordnet

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"domprobe/candidate/words/internal/morph"
)

// A database of four meanings: a bird is above a swift, which is related to the
// adjective, and this is a satellite of fast.
var small = map[string]string{
	"cntlist.rev": "swift%5:00:00:fast:01 1 15\n",
	"data.noun": "  1 a licence\n" +
		"00000010 05 n 01 bird 0 001 ~ 00000020 n 0000 | an animal; \"birds fly\"\n" +
		"00000020 05 n 02 swift 0 Apus_apus 0 002 @ 00000010 n 0000 + 00000040 a 0101 | a small bird  \n",
	"data.adj": "00000030 00 a 01 fast(a) 1 001 & 00000040 a 0000 | not slow\n" +
		"00000040 00 s 01 swift 0 002 & 00000030 a 0000 + 00000020 n 0101 | moving very fast\n",
	"data.verb": "", "data.adv": "",
	"index.noun": "bird n 1 1 ~ 1 0 00000010\nswift n 1 1 @ 1 0 00000020\napus_apus n 1 1 @ 1 0 00000020\n",
	"index.adj":  "fast a 1 1 & 1 0 00000030\nswift a 1 1 & 1 1 00000040\n",
	"index.verb": "", "index.adv": "",
	"noun.exc": "swifties swift\n", "verb.exc": "", "adj.exc": "", "adv.exc": "",
}

func readSmall(t *testing.T, change func(name, text string) string) (*Database, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range small {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(change(name, text)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return Read(dir)
}

func TestRead(t *testing.T) {
	db, err := readSmall(t, func(_, text string) string { return text })
	if err != nil {
		t.Fatal(err)
	}
	if len(db.Synsets) != 4 {
		t.Fatalf("%d meanings", len(db.Synsets))
	}
	bird, swift, fast, moving := db.Synsets[0], db.Synsets[1], db.Synsets[2], db.Synsets[3]
	if bird.Gloss != "an animal" || bird.Lemmas[0] != (Lemma{"bird", 1, 0}) || bird.Parents != nil {
		t.Errorf("%+v", bird)
	}
	if !slices.Equal(swift.Parents, []int{0}) || !slices.Equal(swift.Related, []int{3}) || swift.Gloss != "a small bird" {
		t.Errorf("%+v", swift)
	}
	if fast.Class != morph.Adjective || fast.Lemmas[0].Word != "fast" {
		t.Errorf("%+v", fast)
	}
	if !slices.Equal(moving.Parents, []int{2}) || moving.Lemmas[0] != (Lemma{"swift", 1, 15}) {
		t.Errorf("%+v", moving)
	}
	if got := db.Exceptions[morph.Noun]["swifties"]; !slices.Equal(got, []string{"swift"}) {
		t.Errorf("%q", got)
	}
}

// A file that is cut off or broken is an error that names its line.
func TestReadErrors(t *testing.T) {
	for _, c := range []struct{ file, old, new string }{
		{"data.noun", "002 @ 00000010 n 0000 + 00000040 a 0101", "002 @ 00000010"},
		{"data.noun", "n 01 bird 0 001", "n zz bird 0 001"},
		{"data.noun", "n 01 bird 0", "n 40 bird 0"},
		{"data.adj", "00000030 00 a 01", "00000030"},
		{"index.noun", "bird n 1 1 ~ 1 0 00000010", "bird n 1 1 ~ 1 0 00000099"},
		{"index.noun", "bird n 1", "bird n 100"},
		{"cntlist.rev", " 15", " x"},
	} {
		_, err := readSmall(t, func(name, text string) string {
			if name == c.file {
				return strings.Replace(text, c.old, c.new, 1)
			}
			return text
		})
		if err == nil || !strings.Contains(err.Error(), c.file+": line ") {
			t.Errorf("%s with %q: %v", c.file, c.new, err)
		}
	}
	if _, err := Read(t.TempDir()); !os.IsNotExist(err) {
		t.Errorf("an empty folder: %v", err)
	}
	_, err := readSmall(t, func(_, text string) string { return strings.Replace(text, "@ 00000010", "@ 00000011", 1) })
	if err == nil {
		t.Error("a pointer to nothing is no error")
	}
}

func TestTokens(t *testing.T) {
	got := Tokens("a fast-running bird; (it is  big)")
	want := []string{"a", "fast", "-", "running", "bird", "; (", "it", "is", "  ", "big", ")"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
