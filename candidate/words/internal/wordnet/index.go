package wordnet

import (
	"encoding/binary"
	"math/bits"
	"strings"
)

// Index returns the index of a database that package words reads. All numbers
// are varints of encoding/binary, and each part begins with its number of octets.
//
//	words    the vocabulary: octets shared with the word before, octets added, these octets
//	forms    inflected form less the one before, and its base form
//	levels   for each meaning, the number of meanings above it
//	others   for each further meaning above: the lower one less the one before, the upper one
//	related  for two related meanings: the lower number less the one before, the higher number
//	classes  for each meaning, the part of speech
//	sizes    for each meaning, the number of its words
//	lemmas   the words of all meanings
//	grades   for each of them, one octet of [Grade]
//	lengths  for each meaning, the number of octets of its gloss
//	glosses  the words of all glosses
//
// A word is a number: the place in the vocabulary. The 128 that glosses use most
// come first, then the 16,256 next ones, then the others, so that a common word
// has a short varint; each of the three parts is in the order of the alphabet.
// Marks between words are words too: see [Tokens].
//
// A meaning is a number too. A meaning comes right before those below it, as in a
// table of contents. Meanings without a word of letters alone are left out, and so
// are those that WordNet calls offensive: nobody wants them as names.
func Index(db *Database) []byte {
	x := &indexer{db: db}
	x.order()
	x.count()
	x.number()
	var out []byte
	for _, part := range [][]byte{x.words(), x.forms(), x.levels, x.others(), x.related()} {
		out = appendPart(out, part)
	}
	var classes, sizes, lemmas, grades, lengths, glosses []byte
	for _, place := range x.meanings {
		s := &db.Synsets[place]
		classes = append(classes, byte(s.Class))
		n := 0
		for _, l := range s.Lemmas {
			if Usable(l.Word) {
				n++
				lemmas = binary.AppendUvarint(lemmas, uint64(x.numbers[l.Word]))
				grades = append(grades, Grade(l.Sense, l.Count))
			}
		}
		sizes = append(sizes, byte(n))
		start := len(glosses)
		for _, token := range Tokens(s.Gloss) {
			glosses = binary.AppendUvarint(glosses, uint64(x.numbers[token]))
		}
		lengths = binary.AppendUvarint(lengths, uint64(len(glosses)-start))
	}
	for _, part := range [][]byte{classes, sizes, lemmas, grades, lengths, glosses} {
		out = appendPart(out, part)
	}
	return out
}

func appendPart(dst, part []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(part))), part...)
}

// Usable reports whether a word can be a label as it stands.
func Usable(word string) bool {
	return len(word) >= 2 && len(word) <= 24 && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") == ""
}

// Grade puts the place of a meaning among those of the word, less one and at most
// 7, and the magnitude of a count, at most 15, into one octet.
func Grade(sense, count int) byte {
	return byte(min(max(sense-1, 0), 7) | min(bits.Len(uint(count)), 15)<<3)
}

// Tokens cuts a gloss into words and the marks between them. A mark has the
// spaces around it; two words in a row stand for one space between them.
func Tokens(gloss string) (tokens []string) {
	for len(gloss) > 0 {
		n := strings.IndexFunc(gloss, func(r rune) bool { return isLetter(r) != isLetter(rune(gloss[0])) })
		if n < 0 {
			n = len(gloss)
		}
		if gloss[:n] != " " {
			tokens = append(tokens, gloss[:n])
		}
		gloss = gloss[n:]
	}
	return tokens
}

func isLetter(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

type indexer struct {
	db       *Database
	usable   []bool      // which meanings are in the index
	meanings []int       // places in the database, in the order of the index
	rank     map[int]int // place in the database -> place in the index
	levels   []byte
	more     [][2]int // further meanings above: lower and upper, as places in the database

	uses       map[string]int // how often a word is in a gloss
	bases      map[string][]string
	vocabulary []string
	numbers    map[string]int
}
