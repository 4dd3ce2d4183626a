package wordnet

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"
	"strings"

	"domprobe/candidate/words/internal/morph"
)

// count finds the vocabulary and the base forms of it.
func (x *indexer) count() {
	x.uses = make(map[string]int)
	var classes [morph.Classes]map[string]bool
	for c := range classes {
		classes[c] = make(map[string]bool)
	}
	for _, place := range x.meanings {
		s := &x.db.Synsets[place]
		for _, l := range s.Lemmas {
			if Usable(l.Word) {
				x.uses[l.Word] += 0
				classes[s.Class][l.Word] = true
			}
		}
		for _, token := range Tokens(s.Gloss) {
			x.uses[token]++
		}
	}
	x.bases = make(map[string][]string)
	for _, forms := range x.db.Exceptions {
		for form := range forms {
			if Usable(form) {
				x.addBases(form, &classes)
			}
		}
	}
	for word := range x.uses {
		x.addBases(word, &classes)
	}
	for form, bases := range x.bases {
		x.uses[form] += 0
		for _, base := range bases {
			x.uses[base] += 0
		}
	}
}

// addBases finds the base forms of a word in every class.
func (x *indexer) addBases(word string, classes *[morph.Classes]map[string]bool) {
	lower := strings.ToLower(word)
	var bases []string
	for class, lemmas := range classes {
		forms := x.db.Exceptions[class][lower]
		if len(forms) == 0 {
			forms = morph.Regular(lower, morph.Class(class))
		}
		for _, form := range append(forms, lower) {
			if lemmas[form] && form != word {
				bases = append(bases, form)
			}
		}
	}
	if len(bases) > 0 {
		slices.Sort(bases)
		x.bases[word] = slices.Compact(bases)
	}
}

const (
	shortest = 128   // words whose number has one octet
	short    = 16384 // words whose number has at most two
)

// number gives every word of the vocabulary its number.
func (x *indexer) number() {
	x.vocabulary = slices.SortedFunc(maps.Keys(x.uses), func(a, b string) int {
		return cmp.Or(x.uses[b]-x.uses[a], strings.Compare(a, b))
	})
	slices.Sort(x.vocabulary[:shortest])
	slices.Sort(x.vocabulary[shortest:short])
	slices.Sort(x.vocabulary[short:])
	x.numbers = make(map[string]int)
	for i, word := range x.vocabulary {
		x.numbers[word] = i
	}
}

func (x *indexer) words() (part []byte) {
	last := ""
	for _, word := range x.vocabulary {
		shared := 0
		for shared < min(len(word), len(last)) && word[shared] == last[shared] {
			shared++
		}
		part = binary.AppendUvarint(part, uint64(shared))
		part = appendPart(part, []byte(word[shared:]))
		last = word
	}
	return part
}

func (x *indexer) forms() (part []byte) {
	last := 0
	for number, form := range x.vocabulary {
		for _, base := range x.bases[form] {
			part = binary.AppendUvarint(part, uint64(number-last))
			part = binary.AppendUvarint(part, uint64(x.numbers[base]))
			last = number
		}
	}
	return part
}
