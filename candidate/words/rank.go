package words

import (
	"bytes"
	"slices"
	"strings"
)

// A search is a query that is being answered.
type search struct {
	*index
	terms    []*term
	prefixes []string
}

// add adds a word of the query. It reports whether the index has it.
func (s *search) add(word string) bool {
	t := s.match(word)
	if t != nil {
		s.terms = append(s.terms, t)
	}
	return t != nil
}

// A hit is a word that was found, by its best meaning.
type hit struct {
	word    uint32
	rank    int // of the word
	best    int // of the meaning
	meaning int
	seen    uint8
}

// together is what it is worth that one meaning of a word has to do with all
// words of the query.
const together = 48

// results returns the words that fit the whole query, best first.
func (s *search) results(most int) []Result {
	found := s.hits()
	slices.SortFunc(found, s.compare)
	if most > 0 {
		found = found[:min(most, len(found))]
	}
	list := make([]Result, len(found))
	for i, h := range found {
		list[i] = Result{
			Word:  string(s.word(h.word)),
			Class: classes[s.classes[h.meaning]],
			Gloss: s.gloss(h.meaning),
			Why:   s.why(h.word),
		}
	}
	return list
}

// hits returns the words that fit the whole query.
func (s *search) hits() []hit {
	all := make([]hit, len(s.ends)) // of each word
	for m := range s.levels {
		if sum := s.sum(m); sum > 0 || len(s.terms) == 0 {
			s.offer(all, m, sum)
		}
	}
	found := all[:0] // which stays behind the loop
	for word, h := range all {
		if h.word = uint32(word); h.best > 0 && s.fits(h.word) {
			h.rank = s.rank(h)
			found = append(found, h)
		}
	}
	return found
}

// sum returns what a meaning has to do with the query.
func (s *search) sum(meaning int) (sum int) {
	all := len(s.terms) > 1
	for _, t := range s.terms {
		sum += int(t.meaning[meaning])
		all = all && t.meaning[meaning] > 0
	}
	if all {
		sum += together
	}
	return sum
}

var classes = [...]string{"noun", "verb", "adjective", "adverb"}

// rank is how good a word is. For a single word of a query the kinds come strictly
// one after the other.
func (s *search) rank(h hit) (rank int) {
	for _, t := range s.terms {
		rank += int(t.word[h.word])
	}
	rank = max(rank, h.best>>3) + 2*int(h.seen)
	if len(s.terms) == 1 {
		rank += int(kindOf(s.terms[0].word[h.word])) << 10
	}
	return rank
}

// offer makes a meaning that of its words for which it is the best so far.
func (s *search) offer(hits []hit, meaning, sum int) {
	start, end := span(s.lemmaEnds, meaning)
	for i := start; i < end; i++ {
		h := &hits[s.lemmas[i]]
		// Among equals, the meaning in which the word is used most.
		if best := sum<<3 + 8 - sense(s.grades[i]); best > h.best {
			h.best, h.meaning = best, meaning
		}
		h.seen = max(h.seen, seen(s.grades[i]))
	}
}

// fits reports whether a word has to do with all words of the query, and begins
// with all prefixes.
func (s *search) fits(word uint32) bool {
	for _, t := range s.terms {
		if t.word[word] == 0 {
			return false
		}
	}
	for _, prefix := range s.prefixes {
		if !bytes.HasPrefix(s.word(word), []byte(prefix)) {
			return false
		}
	}
	return true
}

func (s *search) compare(a, b hit) int {
	if a.rank != b.rank {
		return b.rank - a.rank
	}
	return bytes.Compare(s.word(a.word), s.word(b.word))
}

// why says what a word has to do with the query, the best first.
func (s *search) why(word uint32) string {
	var is []string
	var kinds [direct + 1][]string
	for _, t := range s.terms {
		if k := kindOf(t.word[word]); k == direct && slices.Contains(t.bases, word) {
			is = append(is, t.text)
		} else {
			kinds[k] = append(kinds[k], t.text)
		}
	}
	var reasons []string
	add := func(what string, texts []string) {
		if len(texts) > 0 {
			reasons = append(reasons, what+" "+strings.Join(texts, ", "))
		}
	}
	add("is", is)
	add("means", kinds[direct])
	add("gloss:", kinds[gloss])
	add("kind of", kinds[special])
	add("near", kinds[near])
	add("begins with", s.prefixes)
	return strings.Join(reasons, "; ")
}
