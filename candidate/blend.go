package candidate

import (
	"iter"
	"slices"
	"strings"

	"domprobe/internal/text"
)

// Blend streams the portmanteaus of every word with every other one. First come
// those whose parts share two letters or more where they meet: net and etiquette
// make netiquette, motor and hotel make motel. Then come those whose parts are cut
// where a vowel meets a consonant: breakfast and lunch make brunch. Each of these
// parts has at least two letters, and a pair of words makes at most 16 of them.
//
// Words that differ only in case are the same word. Whole domains, and words that no
// label can hold, make no portmanteau. Blend never yields an error.
func Blend(words []string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		_, words := divide(words)
		letters := make([][]rune, 0, len(words))
		for _, word := range words {
			if len(word) <= maxLabel {
				letters = append(letters, []rune(strings.ToLower(word)))
			}
		}
		for _, blend := range []func(a, b []rune) []string{overlapping, meeting} {
			for i, a := range letters {
				for j, b := range letters {
					if i == j {
						continue
					}
					for _, word := range blend(a, b) {
						if !yield(word, nil) {
							return
						}
					}
				}
			}
		}
	}
}

// shared is how many letters the parts of a portmanteau share at least.
const shared = 2

// overlapping returns the portmanteaus of a and b whose parts overlap, the one
// with most of a first. The end of a part that is shared does not count as its own.
func overlapping(a, b []rune) (blends []string) {
	for i := len(a); i > shared; i-- {
		for j := shared; j < len(b); j++ {
			if slices.Equal(a[i-shared:i], b[j-shared:j]) {
				blends = append(blends, string(a[:i])+string(b[j:]))
			}
		}
	}
	return newWords(blends, string(a), string(b))
}

// The bounds of the parts of a portmanteau without overlap.
const (
	minPart = 2
	maxCuts = 3 // places where a word is cut, besides its end
)

// meeting returns the portmanteaus of a and b that meet where a vowel meets a
// consonant, in both words and in the portmanteau. A word may be a part as a whole,
// but not both.
func meeting(a, b []rune) (blends []string) {
	for _, i := range heads(a) {
		for _, j := range tails(b) {
			whole := i == len(a) && j == 0
			if !whole && isVowel(a[i-1]) != isVowel(b[j]) {
				blends = append(blends, string(a[:i])+string(b[j:]))
			}
		}
	}
	return newWords(blends, string(a), string(b))
}

// heads returns where a word can be cut to be the first part: the first places and
// the end.
func heads(word []rune) (ends []int) {
	for i := minPart; i < len(word) && len(ends) < maxCuts; i++ {
		if isVowel(word[i-1]) != isVowel(word[i]) {
			ends = append(ends, i)
		}
	}
	if len(word) >= minPart {
		ends = append(ends, len(word))
	}
	return ends
}

// tails returns where a word can be cut to be the second part: the last places and
// the start.
func tails(word []rune) (starts []int) {
	for i := len(word) - minPart; i > 0 && len(starts) < maxCuts; i-- {
		if isVowel(word[i-1]) != isVowel(word[i]) {
			starts = append(starts, i)
		}
	}
	if len(word) >= minPart {
		starts = append(starts, 0)
	}
	return starts
}

// newWords returns the words of a list without repeats and those given.
func newWords(list []string, given ...string) []string {
	return text.Distinct(slices.DeleteFunc(list, func(word string) bool { return slices.Contains(given, word) }))
}

const vowels = "aeiou"

func isVowel(c rune) bool { return strings.ContainsRune(vowels, c) }
