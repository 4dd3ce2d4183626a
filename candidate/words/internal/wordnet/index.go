package wordnet

import (
	"encoding/binary"
	"math/bits"
	"regexp"
	"slices"
	"strings"

	"domprobe/candidate/words/internal/morph"
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
	meanings []int       // places in the database, in the order of the index
	rank     map[int]int // place in the database -> place in the index
	levels   []byte
	more     [][2]int // further meanings above: lower and upper, as places in the database

	uses       map[string]int // how often a word is in a gloss
	bases      map[string][]string
	vocabulary []string
	numbers    map[string]int
}

// order puts the meanings in the order of the index.
func (x *indexer) order() {
	x.rank = make(map[int]int)
	children := make(map[int][]int)
	var roots []int
	for i, s := range x.db.Synsets {
		if !x.usable(i) {
			continue
		}
		above := x.above(s.Parents, nil)
		if len(above) == 0 {
			roots = append(roots, i)
			continue
		}
		children[above[0]] = append(children[above[0]], i)
		for _, upper := range above[1:] {
			x.more = append(x.more, [2]int{i, upper})
		}
	}
	var visit func(place, level int)
	visit = func(place, level int) {
		if _, done := x.rank[place]; done {
			return
		}
		x.rank[place] = len(x.meanings)
		x.meanings = append(x.meanings, place)
		x.levels = append(x.levels, byte(level))
		for _, child := range children[place] {
			visit(child, level+1)
		}
	}
	for _, root := range roots {
		visit(root, 0)
	}
	for i := range x.db.Synsets { // what is left is above itself
		if x.usable(i) {
			visit(i, 0)
		}
	}
}

// above returns the nearest usable meanings, from parents on.
func (x *indexer) above(parents, path []int) (list []int) {
	for _, p := range parents {
		switch {
		case x.usable(p):
			list = append(list, p)
		case !slices.Contains(path, p):
			list = append(list, x.above(x.db.Synsets[p].Parents, append(path, p))...)
		}
	}
	slices.Sort(list[min(1, len(list)):])
	return slices.Compact(list)
}

var offensive = regexp.MustCompile(`ethnic slur|(offensive|disparaging|derogatory|obscene)( slang| and \w+)? (terms?|names?|words?)\b`)

func (x *indexer) usable(place int) bool {
	return !offensive.MatchString(x.db.Synsets[place].Gloss) && slices.ContainsFunc(x.db.Synsets[place].Lemmas, func(l Lemma) bool { return Usable(l.Word) })
}

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
	for word := range x.uses {
		x.vocabulary = append(x.vocabulary, word)
	}
	slices.SortFunc(x.vocabulary, func(a, b string) int {
		if n := x.uses[b] - x.uses[a]; n != 0 {
			return n
		}
		return strings.Compare(a, b)
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

// others returns the further meanings above.
func (x *indexer) others() []byte { return x.pairs(x.more) }

func (x *indexer) related() []byte {
	var pairs [][2]int
	for _, place := range x.meanings {
		for _, other := range x.db.Synsets[place].Related {
			if x.usable(other) {
				pair := [2]int{place, other}
				if x.rank[other] < x.rank[place] {
					pair = [2]int{other, place}
				}
				pairs = append(pairs, pair)
			}
		}
	}
	return x.pairs(pairs)
}

// pairs returns pairs of places in the database as those in the index, sorted.
func (x *indexer) pairs(pairs [][2]int) (part []byte) {
	for i, pair := range pairs {
		pairs[i] = [2]int{x.rank[pair[0]], x.rank[pair[1]]}
	}
	slices.SortFunc(pairs, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
	last := 0
	for _, pair := range slices.Compact(pairs) {
		part = binary.AppendUvarint(part, uint64(pair[0]-last))
		part = binary.AppendUvarint(part, uint64(pair[1]))
		last = pair[0]
	}
	return part
}
