package words

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"sort"
	"strings"

	"domprobe/candidate/words/internal/morph"
)

// An index is the database in memory. A word is a number, a meaning too; package
// wordnet has the format.
type index struct {
	text  []byte   // of all words
	ends  []uint32 // of each word in text
	parts [4]int   // bounds of the parts of the vocabulary that are sorted

	forms   [][2]uint32 // inflected and base form
	others  [][2]uint32 // meaning, and another one above it
	related [][2]uint32 // two meanings

	levels, classes, grades []byte
	lemmas                  []uint32 // of all meanings
	lemmaEnds               []uint32 // of each meaning in lemmas and grades
	most                    []uint8  // of each word, how often it was seen with the meaning it most has
	glosses                 []byte
	glossEnds               []uint32 // of each meaning in glosses
}

// load unpacks the index.
func load() *index {
	raw := bytes.NewBuffer(make([]byte, 0, 2*len(compressed)))
	if _, err := raw.ReadFrom(flate.NewReader(strings.NewReader(compressed))); err != nil {
		panic("words: the embedded index is broken: " + err.Error())
	}
	r := reader{raw.Bytes()}
	x := new(index)
	x.readWords(r.part())
	x.forms = readPairs(r.part())
	x.levels = r.part().data
	x.others = readPairs(r.part())
	x.related = readPairs(r.part())
	x.classes = r.part().data
	x.lemmaEnds = make([]uint32, 0, len(x.levels))
	end := uint32(0)
	for _, n := range r.part().data {
		end += uint32(n)
		x.lemmaEnds = append(x.lemmaEnds, end)
	}
	x.lemmas = make([]uint32, 0, end)
	for p := r.part(); len(p.data) > 0; {
		x.lemmas = append(x.lemmas, p.number())
	}
	x.grades = r.part().data
	x.most = make([]uint8, len(x.ends))
	for i, lemma := range x.lemmas {
		x.most[lemma] = max(x.most[lemma], seen(x.grades[i]))
	}
	x.glossEnds = make([]uint32, 0, len(x.levels))
	end = 0
	for p := r.part(); len(p.data) > 0; {
		end += p.number()
		x.glossEnds = append(x.glossEnds, end)
	}
	x.glosses = r.part().data
	return x
}

func (x *index) readWords(r reader) {
	x.text = make([]byte, 0, 2*len(r.data))
	last := 0
	for len(r.data) > 0 {
		shared := int(r.number())
		at := len(x.text)
		x.text = append(x.text, x.text[last:last+shared]...)
		x.text = append(x.text, r.part().data...)
		x.ends = append(x.ends, uint32(len(x.text)))
		last = at
	}
	n := len(x.ends)
	x.parts = [4]int{0, min(1<<7, n), min(1<<14, n), n}
}

// readPairs reads pairs of numbers, the first of which is less that before it.
func readPairs(r reader) (pairs [][2]uint32) {
	first := uint32(0)
	for len(r.data) > 0 {
		first += r.number()
		pairs = append(pairs, [2]uint32{first, r.number()})
	}
	return pairs
}

// A reader reads what go generate wrote.
type reader struct{ data []byte }

func (r *reader) number() uint32 {
	if c := r.data[0]; c < 0x80 {
		r.data = r.data[1:]
		return uint32(c)
	}
	v, n := binary.Uvarint(r.data)
	r.data = r.data[n:]
	return uint32(v)
}

func (r *reader) part() reader {
	n := r.number()
	part := r.data[:n:n]
	r.data = r.data[n:]
	return reader{part}
}

// word returns the text of a word.
func (x *index) word(number uint32) []byte {
	start := uint32(0)
	if number > 0 {
		start = x.ends[number-1]
	}
	return x.text[start:x.ends[number]]
}

// number returns the number of a word.
func (x *index) number(word string) (uint32, bool) {
	for i, start := range x.parts[:3] {
		n := x.parts[i+1] - start
		at, found := sort.Find(n, func(j int) int { return strings.Compare(word, string(x.word(uint32(start+j)))) })
		if found {
			return uint32(start + at), true
		}
	}
	return 0, false
}

// bases returns the words that a word of a query stands for: itself, and its base
// forms. A word that is nowhere in the index may be a regular form of one that is.
func (x *index) bases(word string) (numbers []uint32) {
	if number, ok := x.number(word); ok {
		numbers = append(numbers, number)
		i := sort.Search(len(x.forms), func(i int) bool { return x.forms[i][0] >= number })
		for ; i < len(x.forms) && x.forms[i][0] == number; i++ {
			numbers = append(numbers, x.forms[i][1])
		}
		return numbers
	}
	for class := range morph.Classes {
		for _, form := range morph.Regular(word, class) {
			if number, ok := x.number(form); ok {
				numbers = append(numbers, number)
			}
		}
	}
	return numbers
}

// A grade says how much a word is used for a meaning. sense is the place of the
// meaning among those of the word in a part of speech, from 0, and seen is how often
// the word was found with it, as a magnitude.
func sense(grade byte) int  { return int(grade & 7) }
func seen(grade byte) uint8 { return grade >> 3 }

// odd is how unusual a meaning is for one of its words, from 0.
func (x *index) odd(i uint32) int {
	return 3*sense(x.grades[i]) + 6*int(x.most[x.lemmas[i]]-seen(x.grades[i]))
}

// span returns the bounds of a meaning in lemmas, grades or glosses.
func span(ends []uint32, meaning int) (start, end uint32) {
	if meaning > 0 {
		start = ends[meaning-1]
	}
	return start, ends[meaning]
}

// below returns the end of the meanings below a meaning, which follow it.
func (x *index) below(meaning int) int {
	end := meaning + 1
	for end < len(x.levels) && x.levels[end] > x.levels[meaning] {
		end++
	}
	return end
}

// gloss puts the words of a gloss together.
func (x *index) gloss(meaning int) string {
	start, end := span(x.glossEnds, meaning)
	var b strings.Builder
	wasWord := false
	for r := (reader{x.glosses[start:end]}); len(r.data) > 0; {
		token := x.word(r.number())
		isWord := isLetter(token[0])
		if isWord && wasWord {
			b.WriteByte(' ')
		}
		b.Write(token)
		wasWord = isWord
	}
	return b.String()
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' }
