package daemon

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// WordList is the list of words that many systems have.
const WordList = "/usr/share/dict/words"

// Words returns n different labels from [WordList], from all over the
// alphabet and always the same, in alphabetical order. The test is skipped
// where there is no such list.
func Words(t testing.TB, n int) []string {
	t.Helper()
	b, err := os.ReadFile(Need(t, "words", WordList))
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Fields(strings.ToLower(string(b)))
	all = slices.DeleteFunc(all, func(word string) bool { return !isWord(word) })
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) < n {
		t.Fatalf("%s has %d words, %d are wanted", WordList, len(all), n)
	}
	words := make([]string, n)
	for i := range words {
		words[i] = all[i*len(all)/n]
	}
	return words
}

// isWord reports whether a word is one of two or more letters, and not the
// one that the name servers of a laboratory are under.
func isWord(word string) bool {
	notLetter := func(r rune) bool { return r < 'a' || r > 'z' }
	return len(word) > 1 && word != "nic" && !strings.ContainsFunc(word, notLetter)
}
