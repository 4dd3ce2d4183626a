package score_test

import (
	"bytes"
	"cmp"
	"compress/flate"
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"domprobe/candidate/score"
	"domprobe/candidate/score/internal/ngram"
	"domprobe/internal/dnstest/daemon"
)

// lexicon is the list of words behind the table: Debian's package wamerican.
const lexicon = "/usr/share/dict/american-english"

// The first labels of much used domains that are in internal/demo and
// internal/known: those of 4 to 15 letters that are not in the lexicon.
//
//go:embed testdata/brands.txt
var brandList string

// brands returns the names that the table was not trained with.
func brands() []string { return strings.Fields(brandList) }

func TestOf(t *testing.T) {
	for _, c := range []struct {
		label string
		want  score.Score
	}{
		{"", score.Score{}},
		{"go", score.Score{Total: 60, Sound: 50, Spelling: 100, Length: 100, Marks: 100}},
		{"GO", score.Score{Total: 60, Sound: 50, Spelling: 100, Length: 100, Marks: 100}},
		{"swift", score.Score{Total: 82, Sound: 77, Spelling: 100, Length: 100, Marks: 100}},
		{"knight", score.Score{Total: 88, Sound: 94, Spelling: 63, Length: 100, Marks: 100}},
		{"qxvzkwj", score.Score{Total: 14, Sound: 0, Spelling: 74, Length: 97, Marks: 100}},
		{"lighthouse", score.Score{Total: 77, Sound: 91, Spelling: 76, Length: 88, Marks: 100}},
		{"get-word", score.Score{Total: 53, Sound: 76, Spelling: 96, Length: 94, Marks: 70}},
		{"word1", score.Score{Total: 72, Sound: 87, Spelling: 100, Length: 100, Marks: 80}},
		{"4711", score.Score{Total: 4, Sound: 0, Spelling: 100, Length: 100, Marks: 20}},
		{"-", score.Score{Total: 14, Sound: 0, Spelling: 100, Length: 100, Marks: 70}},
		{"a--1b", score.Score{Total: 4, Sound: 3, Spelling: 100, Length: 100, Marks: 20}},
		{"xn--bcher-kva", score.Score{}},
		{"bücher", score.Score{}},
		{"go.dev", score.Score{}},
		{"internationalization", score.Score{Total: 58, Sound: 100, Spelling: 97, Length: 58, Marks: 100}},
	} {
		if got := score.Of(c.label); got != c.want {
			t.Errorf("Of(%q) = %+v, want %+v", c.label, got, c.want)
		}
	}
}

// TestBrands measures how well the score tells brands from noise: the share of
// pairs of a brand and a noise in which the brand has the higher score, where
// equal ones count half.
func TestBrands(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var good, noise, shuffled []int
	for _, brand := range brands() {
		good = append(good, score.Of(brand).Total)
		for range 20 {
			letters := []byte(brand)
			random.Shuffle(len(letters), func(i, j int) { letters[i], letters[j] = letters[j], letters[i] })
			shuffled = append(shuffled, score.Of(string(letters)).Total)
			for i := range letters {
				letters[i] = 'a' + byte(random.IntN(26))
			}
			noise = append(noise, score.Of(string(letters)).Total)
		}
	}
	a, b := auc(good, noise), auc(good, shuffled)
	t.Logf("%d brands: AUC %.4f against random strings, %.4f against shuffled letters", len(good), a, b)
	if a < 0.96 || b < 0.87 {
		t.Errorf("AUC %.4f and %.4f, want 0.96 and 0.87", a, b)
	}
}

// auc returns the area under the ROC curve.
func auc(good, bad []int) float64 {
	slices.Sort(bad)
	var wins float64
	for _, s := range good {
		less, _ := slices.BinarySearch(bad, s)
		notMore, _ := slices.BinarySearch(bad, s+1)
		wins += float64(less) + float64(notMore-less)/2
	}
	return wins / float64(len(good)*len(bad))
}

// The brands are held out: the table was not trained with any of them.
func TestHeldOut(t *testing.T) {
	words := readLexicon(t)
	for _, brand := range brands() {
		if _, in := slices.BinarySearch(words, brand); in {
			t.Errorf("%s is in the lexicon", brand)
		}
	}
}

// The embedded table is what go generate makes.
func TestReproducible(t *testing.T) {
	f, err := os.Open("sound.bin")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	table, err := io.ReadAll(flate.NewReader(f))
	if err != nil || len(table) != ngram.Size {
		t.Fatalf("%d octets, %v", len(table), err)
	}
	if info, err := f.Stat(); err != nil || info.Size() >= 100<<10 {
		t.Errorf("the table has %d octets, %v", info.Size(), err)
	}
	if !bytes.Equal(table, ngram.Train(readLexicon(t))) {
		t.Error("sound.bin is not what go generate ./candidate/score writes")
	}
}

// TestOtherLanguages compares the order by sound with that of a table which was
// trained with another language.
func TestOtherLanguages(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds with the race detector")
	}
	own := ngram.Train(readWords(t, lexicon))
	for _, c := range []struct {
		path string
		min  float64
	}{
		{"/usr/share/dict/french", 0.6}, {"/usr/share/dict/italian", 0.4}, {"/usr/share/dict/swedish", 0.5},
		{"/usr/share/hunspell/hu_HU.dic", 0.3}, // not Indo-European
	} {
		t.Run(c.path, func(t *testing.T) {
			other := ngram.Train(readWords(t, c.path))
			var a, b []float64
			for _, brand := range brands() {
				a, b = append(a, mean(own, brand)), append(b, mean(other, brand))
			}
			rho := spearman(a, b)
			t.Logf("Spearman's rank correlation %.3f", rho)
			if rho < c.min {
				t.Errorf("%.3f, want %.3f", rho, c.min)
			}
		})
	}
}

func mean(table []byte, word string) float64 {
	at, cost := 0, 0
	for _, c := range []byte(word + "`") {
		at = (at*ngram.Symbols + int(c-'`')) % ngram.Size
		cost += int(table[at])
	}
	return float64(cost) / float64(len(word)+1)
}

func spearman(a, b []float64) float64 {
	x, y := ranks(a), ranks(b)
	middle := float64(len(x)-1) / 2
	var xy, xx, yy float64
	for i := range x {
		xy += (x[i] - middle) * (y[i] - middle)
		xx += (x[i] - middle) * (x[i] - middle)
		yy += (y[i] - middle) * (y[i] - middle)
	}
	return xy / max(xx, yy)
}

// ranks returns the place of each value; equal values have the middle of theirs.
func ranks(values []float64) []float64 {
	sorted := slices.Sorted(slices.Values(values))
	ranks := make([]float64, len(values))
	for i, v := range values {
		from, _ := slices.BinarySearch(sorted, v)
		to, _ := slices.BinarySearchFunc(sorted, v, func(e, v float64) int { return cmp.Or(cmp.Compare(e, v), -1) })
		ranks[i] = float64(from+to-1) / 2
	}
	return ranks
}

// readLexicon returns the words of the version of the lexicon that the table was
// trained with.
func readLexicon(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(lexicon)
	if err == nil && fmt.Sprintf("%x", sha256.Sum256(text)) != "9f513f1ceadb6a01c5485b7dbdfd5118dc66cd70b59cae2851292112d4066a32" {
		t.Skip("the table was trained with another version of wamerican")
	}
	return readWords(t, lexicon)
}

func readWords(t *testing.T, path string) []string {
	t.Helper()
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		daemon.Missing(t, path+" is not installed: apt-get install wamerican wfrench witalian wswedish hunspell-hu")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	words, err := ngram.Words(f)
	if err != nil {
		t.Fatal(err)
	}
	return words
}

func TestAllocations(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { score.Of("lighthouse") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzOf(f *testing.F) {
	for _, label := range []string{"", "go", "xn--bcher-kva", "a-b-1", "--", "\xff", "domprobe"} {
		f.Add(label)
	}
	f.Fuzz(func(t *testing.T, label string) {
		s := score.Of(label)
		for _, part := range []int{s.Total, s.Sound, s.Spelling, s.Length, s.Marks} {
			if part < 0 || part > 100 {
				t.Errorf("Of(%q) = %+v", label, s)
			}
		}
		if s != score.Of(strings.ToUpper(label)) && strings.ToLower(strings.ToUpper(label)) == label {
			t.Errorf("%q and %q have different scores", label, strings.ToUpper(label))
		}
	})
}

func BenchmarkOf(b *testing.B) {
	labels := brands()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		score.Of(labels[i%len(labels)])
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "scores/s")
}
