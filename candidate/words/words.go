// Package words finds words by their meaning: [Search] returns those that have to
// do with all words of a query, best first, from an index of WordNet 3.0 that is
// part of the program. [License] is the licence of WordNet.
//
// A word has to do with a word of the query in one of these ways, of which the
// first is the best:
//
//	direct   it is the word, or has a meaning in common with it
//	gloss    the word is in the gloss of one of its meanings
//	special  it is a more special word: a sparrow is a bird
//	near     it is derived from the word, or its gloss has another word for it
//
// Words of a query and of glosses are compared by their base forms, so that geese
// and goose are the same. The different meanings of a word count together: a swift
// is a bird, and to be swift is to be fast.
//
// The program in the folder compile makes the index. It is unpacked at the first
// search, and stays in memory.
package words

import (
	_ "embed"
	"sync"
)

//go:generate go run ./compile /usr/share/wordnet wordnet.bin

//go:embed wordnet.bin
var compressed string

// License is the licence of WordNet, whose words and glosses the program holds.
//
//go:embed LICENSE.wordnet
var License string

// A Result is a word that was found.
type Result struct {
	Word  string // in lower case, of letters alone
	Class string // of the meaning: "noun", "verb", "adjective", "adverb"
	Gloss string // of the meaning
	Why   string // what the word has to do with those of the query: "means red; gloss: color"
}

// Search returns at most max words, or all if max is 0, best first. A word of the
// query that ends with * is a prefix: the results begin with it. Words such as
// "the" and "of" do not count, unless there are no others. No result is no error;
// a [*QueryError] is in what cannot be searched.
func Search(query string, max int) ([]Result, error) {
	q, err := parse(query)
	if err != nil {
		return nil, err
	}
	x := loaded()
	s := &search{index: x, prefixes: q.prefixes}
	for _, word := range q.words {
		if !s.add(word) {
			return nil, nil
		}
	}
	return s.results(max), nil
}

var loaded = sync.OnceValue(load)
