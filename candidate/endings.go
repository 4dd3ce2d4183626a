package candidate

import (
	"slices"
	"strings"
)

// endings are usual ends of brand names, the most common ones first.
var endings = strings.Fields("ly ify io a ora ist able er ia o eo y ie ity ster ium ette")

// Endings returns a keyword with the endings of brand names, as in bitly, shopify
// and pandora, without its last vowel (flickr, tumblr), and with a doubled letter
// (digg, google). It finds nothing for a whole domain, nor for a keyword with
// characters other than ASCII letters, digits and hyphens.
func Endings(keyword string) []string {
	if classify(keyword)&^upper != plain || len(keyword) < 2 || len(keyword) > maxLabel {
		return nil
	}
	word := strings.ToLower(keyword)
	var list []string
	for _, ending := range endings {
		list = append(list, join(word, ending))
	}
	list = append(list, withoutLastVowel(word), doubledEnd(word), doubledVowel(word))
	list = newWords(list, word, "")
	return slices.DeleteFunc(list, func(word string) bool { return checkName(word) != nil })
}

// join puts an ending after a word. A vowel at the end of the word makes way for
// one at the start of the ending, and a letter that both have comes once.
func join(word, ending string) string {
	n := len(word)
	last, before := rune(word[n-1]), rune(word[n-2])
	switch {
	case word[n-1] == ending[0],
		isVowel(rune(ending[0])) && (isVowel(last) || last == 'y' && !isVowel(before)):
		word = word[:n-1]
	}
	return word + ending
}

// withoutLastVowel returns a word of at least four letters without its last vowel
// if there is another one, and else nothing.
func withoutLastVowel(word string) string {
	last := strings.LastIndexFunc(word, isVowel)
	if len(word) < 4 || last < 0 || !strings.ContainsFunc(word[:last], isVowel) {
		return ""
	}
	return word[:last] + word[last+1:]
}

// doubledEnd returns a word with its last letter doubled if that is a consonant
// after a vowel, and else nothing.
func doubledEnd(word string) string {
	n := len(word)
	last := rune(word[n-1])
	if last < 'a' || isVowel(last) || !isVowel(rune(word[n-2])) {
		return ""
	}
	return word + word[n-1:]
}

// doubledVowel returns a word with its first vowel doubled if that is an e or o
// between consonants, and else nothing.
func doubledVowel(word string) string {
	i := strings.IndexFunc(word, isVowel)
	if i < 1 || i == len(word)-1 || isVowel(rune(word[i+1])) || !strings.Contains("eo", word[i:i+1]) {
		return ""
	}
	return word[:i+1] + word[i:]
}
