package candidate

import (
	"cmp"
	"errors"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// sumOf is a rank that many names share.
func sumOf(name string) (sum int) {
	for i := range len(name) {
		sum += int(name[i])
	}
	return sum % 7
}

// The order is that of a sort of all candidates, each once, whatever is held.
func TestRankingAgainstReference(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		var all []Candidate
		for range random.IntN(60) {
			name := strings.Repeat(string(rune('a'+random.IntN(3))), 1+random.IntN(3)) + string(rune('a'+random.IntN(5)))
			all = append(all, Parse(name+[]string{".dev", ".io", "..", ".co.uk"}[random.IntN(4)]))
		}
		ranks := func(c Candidate) int {
			if c.Err != nil {
				return -1
			}
			return sumOf(c.Name)
		}
		want := slices.SortedFunc(slices.Values(all), func(a, b Candidate) int {
			return cmp.Or(ranks(b)-ranks(a), len(a.Name)-len(b.Name), strings.Compare(a.Name, b.Name))
		})
		n := len(want)
		want = slices.CompactFunc(want, func(a, b Candidate) bool { return a.Name == b.Name })
		broken := errors.New("broken")
		r := Ranking{held: 1 + random.IntN(70), Rank: sumOf, Pass: func(int) iter.Seq2[Candidate, error] {
			random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			return func(yield func(Candidate, error) bool) {
				for _, c := range all {
					if !yield(c, nil) {
						return
					}
				}
				if round%2 == 1 {
					yield(Candidate{}, broken)
				}
			}
		}}
		var got []Candidate
		var failed error
		for c, err := range r.All() {
			if failed != nil {
				t.Fatal("a candidate after the error")
			}
			if failed = err; err == nil {
				got = append(got, c)
			}
		}
		same := func(a, b Candidate) bool {
			return a.Name == b.Name && a.Keyword == b.Keyword && a.TLD == b.TLD && a.Unicode == b.Unicode && (a.Err == nil) == (b.Err == nil)
		}
		if !slices.EqualFunc(got, want, same) {
			t.Fatalf("held %d: %v, want %v", r.held, got, want)
		}
		if r.Repeated() != int64(n-len(want)) || (failed != nil) != (round%2 == 1) {
			t.Errorf("%d repeats, want %d; error %v", r.Repeated(), n-len(want), failed)
		}
	}
}

// A loop that ends with the first candidates takes one pass, and holds no more
// than it may.
func TestRankingIsBounded(t *testing.T) {
	passes, most := 0, 0
	r := Ranking{held: 10, Rank: func(string) int { return 0 }, Pass: func(int) iter.Seq2[Candidate, error] {
		passes++
		return func(yield func(Candidate, error) bool) {
			for word := range counted(1000) {
				if !yield(Candidate{Name: word}, nil) {
					return
				}
			}
		}
	}}
	n := 0
	for c := range r.All() {
		if n++; c.Name != "w000000"+string(rune('0'+n-1)) {
			t.Errorf("%s is number %d", c.Name, n)
		}
		if n == 10 {
			break
		}
	}
	if passes != 1 {
		t.Errorf("%d passes", passes)
	}
	p := pass{ranking: &r, most: 10}
	if err := p.run(0); err != nil || len(p.best) != 10 || cap(p.best) > 64 || !p.full {
		t.Errorf("%d candidates in %d places, %d, %v", len(p.best), cap(p.best), most, err)
	}
}
