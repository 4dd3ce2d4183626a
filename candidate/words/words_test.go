package words_test

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"domprobe/candidate/words"
	"domprobe/candidate/words/internal/wordnet"
	"domprobe/internal/dnstest/daemon"
)

// expected has, for queries, words that a person would expect among the first
// ten.
var expected = []struct{ query, words string }{
	{"fast bird", "swift ostrich roadrunner"},
	{"bird", "bird fowl"},
	{"geese", "goose"},
	{"children", "child kid youngster"},
	{"young horse", "foal colt filly"},
	{"sailing ships", "clipper windjammer bark"},
	{"small dog", "lapdog dachshund whippet"},
	{"bright light", "shine beam illuminate brighten"},
	{"money", "cash fund payment"},
	{"trust", "rely believe hope"},
	{"musical instrument", "drum trumpet celesta"},
	{"strong wind", "gale blizzard mistral"},
	{"a red color", "crimson scarlet ruby cherry"},
	{"precious stones", "gem jewel sapphire"},
	{"sweet fruit", "strawberry pear peach"},
	{"flying insects", "fly beetle"},
	{"sacred building", "shrine ark"},
	{"secret writing", "cipher cryptograph"},
	{"fast run", "sprint outrun romp"},
	{"large container", "tub bunker brazier"},
	{"person who travels", "hitchhiker pedestrian astronaut"},
	{"medical doctor", "physician medico"},
	{"dance", "tango jig polka"},
	{"journeys", "trip tour expedition pilgrimage"},
	{"mountain peak", "summit crest top"},
	{"morning light", "dawn sunrise aurora daybreak"},
	{"gold coins", "ducat doubloon guinea"},
	{"dark clouds", "nimbus thundercloud stratus"},
	{"clean with water", "wash rinse bathe"},
	{"protect", "shield guard"},
	{"learning", "learn acquisition scholarship"},
	{"happy music", "carol"},
	{"computer programs", "software parser spider"},
	{"bir*", "bird birth birthday"},
	{"bir* animal", "bird"},
}

func TestSearch(t *testing.T) {
	for _, c := range expected {
		got := wordsOf(search(t, c.query, 10))
		for _, word := range strings.Fields(c.words) {
			if !slices.Contains(got, word) {
				t.Errorf("%q has not %q among the first ten: %q", c.query, word, got)
			}
		}
	}
}

func search(t *testing.T, query string, most int) []words.Result {
	t.Helper()
	results, err := words.Search(query, most)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func wordsOf(results []words.Result) (list []string) {
	for _, r := range results {
		list = append(list, r.Word)
	}
	return list
}

func TestResult(t *testing.T) {
	want := words.Result{
		Word:  "swift",
		Class: "noun",
		Gloss: "a small bird that resembles a swallow and is noted for its rapid flight",
		Why:   "gloss: fast, bird",
	}
	if !slices.Contains(search(t, "Fast, BIRDS!", 10), words.Result{want.Word, want.Class, want.Gloss, "gloss: fast, birds"}) {
		t.Error("inflected forms, upper case or marks change the results")
	}
	if got := search(t, "fast bird", 10); !slices.Contains(got, want) {
		t.Errorf("%+v", got)
	}
}

// Results for one word come in the order of the kinds, each word once.
func TestOrder(t *testing.T) {
	last := 0
	seen := make(map[string]bool)
	for _, r := range search(t, "bird", 0) {
		kind := slices.IndexFunc([]string{"is bird|means bird", "gloss: bird", "kind of bird", "near bird"}, func(why string) bool {
			return slices.Contains(strings.Split(why, "|"), r.Why)
		})
		if kind < last || seen[r.Word] {
			t.Errorf("%+v comes after kind %d, or for the second time", r, last)
		}
		last, seen[r.Word] = kind, true
	}
	if !seen["sparrow"] || !seen["eagle"] || last < 2 {
		t.Errorf("%d words for bird, of which none is a more special one", len(seen))
	}
}

// With max there are the first results of all.
func TestMax(t *testing.T) {
	all := search(t, "sea animal", 0)
	if got := search(t, "sea animal", 7); !slices.Equal(got, all[:7]) {
		t.Errorf("%q", wordsOf(got))
	}
}

// A word that the index does not have has nothing to do with any word, and so is
// all of its query.
func TestNothing(t *testing.T) {
	for _, query := range []string{"qxvzkwj", "bird qxvzkwj", "qxvz*", "naïve"} {
		if got := search(t, query, 0); len(got) > 0 {
			t.Errorf("%q: %q", query, wordsOf(got))
		}
	}
}

func TestQueryError(t *testing.T) {
	for _, query := range []string{"", " ", "*", "--", "*ing", "b*d", strings.Repeat("a b c d e f ", 3) + "g h i j k l m n o p q r s t"} {
		_, err := words.Search(query, 1)
		var bad *words.QueryError
		if !errors.As(err, &bad) || bad.Query != query {
			t.Errorf("%q: %v", query, err)
		}
	}
}

// Words without a meaning of their own do not count, unless there are no others.
func TestSmallWords(t *testing.T) {
	if a, b := search(t, "a word for the bird", 10), search(t, "bird", 10); !slices.Equal(a, b) {
		t.Errorf("%q, want %q", wordsOf(a), wordsOf(b))
	}
	if got := wordsOf(search(t, "words", 10)); !slices.Contains(got, "word") {
		t.Errorf("%q", got)
	}
	if a, b := search(t, "the it the", 10), search(t, "the it", 10); !slices.Equal(a, b) {
		t.Errorf("a word that is repeated counts twice: %q, want %q", wordsOf(a), wordsOf(b))
	}
}

func TestLicense(t *testing.T) {
	if !strings.Contains(words.License, "Copyright 2006 by Princeton University") {
		t.Error("the licence of WordNet is not there")
	}
}

// The embedded index is what go generate makes.
func TestReproducible(t *testing.T) {
	const folder = "/usr/share/wordnet"
	nouns, err := os.ReadFile(folder + "/data.noun")
	switch {
	case errors.Is(err, os.ErrNotExist):
		daemon.Missing(t, "WordNet is not installed: apt-get install wordnet-base")
	case err != nil:
		t.Fatal(err)
	case fmt.Sprintf("%x", sha256.Sum256(nouns)) != "fea17d2f9656611334eac790e5d69e47645fa180c4aa481fb4cd9b3520754ca2":
		t.Skip("the index is made of another version of WordNet")
	case testing.Short():
		t.Skip("it takes seconds to make the index")
	}
	db, err := wordnet.Read(folder)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open("wordnet.bin")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	index, err := io.ReadAll(flate.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(index, wordnet.Index(db)) {
		t.Error("wordnet.bin is not what go generate ./candidate/words writes")
	}
	if info, err := f.Stat(); err != nil || info.Size() > 3<<20 {
		t.Errorf("the index has %d octets, %v", info.Size(), err)
	}
}

func FuzzSearch(f *testing.F) {
	for _, c := range expected[:5] {
		f.Add(c.query)
	}
	f.Add("\xff* b*\x00")
	f.Fuzz(func(t *testing.T, query string) {
		results, err := words.Search(query, 3)
		if len(results) > 3 || err != nil && results != nil {
			t.Errorf("%q: %d results, %v", query, len(results), err)
		}
	})
}

func BenchmarkSearch(b *testing.B) {
	for b.Loop() {
		if _, err := words.Search("fast bird", 10); err != nil {
			b.Fatal(err)
		}
	}
}
