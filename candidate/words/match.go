package words

// A strength is how much a meaning, or a word, has to do with a word of a query:
// 0 is nothing. Each kind has 64 of them.
type strength = uint8

// A kind is how a meaning has to do with a word of a query.
type kind uint8

const (
	near kind = iota
	special
	gloss
	direct
)

// less returns the highest strength of a kind less n, which is at least the lowest.
func (k kind) less(n int) strength { return strength(int(k)<<6 + max(1, 63-n)) }

// lower returns a strength less n within its kind.
func lower(s strength, n int) strength { return kindOf(s).less(63 - int(s&63) + n) }

func kindOf(s strength) kind { return kind(s >> 6) }

// A term is a word of a query.
type term struct {
	text    string
	bases   []uint32
	meaning []strength // of each meaning
	word    []strength // of each word, which is that of its best meaning
}

// Marks of words: forms of a term, and of other words for it.
const (
	isTerm = 1 << iota
	isOther
)

// match returns the strengths of all meanings for a word of a query. It is nil
// if the index does not have the word.
func (x *index) match(text string) *term {
	t := &term{text: text, bases: x.bases(text)}
	if t.bases == nil {
		return nil
	}
	t.meaning = make([]strength, len(x.levels))
	marks := make([]uint8, len(x.ends))
	for _, base := range t.bases {
		marks[base] = isTerm
	}
	x.matchLemmas(t, marks)
	x.inherit(t)
	for _, form := range x.forms {
		marks[form[0]] |= marks[form[1]]
	}
	x.matchGlosses(t, marks)
	t.word = make([]strength, len(x.ends))
	for m, s := range t.meaning {
		if s > 0 {
			start, end := span(x.lemmaEnds, m)
			for i := start; i < end; i++ {
				lemma := x.lemmas[i]
				t.word[lemma] = max(t.word[lemma], lower(s, x.odd(i)))
			}
		}
	}
	return t
}

// matchLemmas finds the direct meanings, and marks the words that they and those
// one level below have.
func (x *index) matchLemmas(t *term, marks []uint8) {
	for m := range x.levels {
		start, end := span(x.lemmaEnds, m)
		for i := start; i < end; i++ {
			if marks[x.lemmas[i]]&isTerm != 0 {
				t.meaning[m] = max(t.meaning[m], direct.less(2*x.odd(i)))
			}
		}
	}
	for m := range x.levels {
		if t.meaning[m] < direct.less(usual) {
			continue
		}
		for below, end := m, x.below(m); below < end; below++ {
			if x.levels[below] <= x.levels[m]+1 {
				x.mark(marks, below)
			}
		}
	}
	for _, pair := range x.related {
		for i, m := range pair {
			if other := pair[1-i]; t.meaning[m] >= direct.less(usual) {
				x.mark(marks, int(other))
				t.meaning[other] = max(t.meaning[other], near.less(0))
			}
		}
	}
}

// usual is up to how much less than the most usual meaning of a word a meaning
// stands for it.
const usual = 24

// mark marks the words for which a meaning is a usual one.
func (x *index) mark(marks []uint8, meaning int) {
	start, end := span(x.lemmaEnds, meaning)
	for i := start; i < end; i++ {
		if x.odd(i) <= 8 { // up to two places further, or seen half as often
			marks[x.lemmas[i]] |= isOther
		}
	}
}

// inherit makes the meanings below the direct ones special.
func (x *index) inherit(t *term) {
	var above [256]strength // what the last meaning of each level hands down
	for m, level := range x.levels {
		if level > 0 {
			t.meaning[m] = max(t.meaning[m], above[level-1])
		}
		above[level] = handedDown(t.meaning[m])
	}
	for _, pair := range x.others {
		s := handedDown(t.meaning[pair[1]])
		if s == 0 {
			continue
		}
		for m, end := int(pair[0]), x.below(int(pair[0])); m < end; m++ {
			t.meaning[m] = max(t.meaning[m], s)
		}
	}
}

// handedDown returns the strength of the meanings right below one.
func handedDown(s strength) strength {
	switch kindOf(s) {
	case direct:
		return special.less(63 - int(s&63))
	case special:
		return lower(s, 5)
	}
	return 0
}

// matchGlosses finds the meanings whose gloss has a marked word. The earlier it
// stands, the more it says.
func (x *index) matchGlosses(t *term, marks []uint8) {
	for m := range x.levels {
		if kindOf(t.meaning[m]) >= gloss {
			continue
		}
		start, end := span(x.glossEnds, m)
		at := 0
		for r := (reader{x.glosses[start:end]}); len(r.data) > 0; at += 2 {
			switch mark := marks[r.number()]; {
			case mark&isTerm != 0:
				t.meaning[m] = max(t.meaning[m], gloss.less(at))
			case mark&isOther != 0:
				t.meaning[m] = max(t.meaning[m], near.less(at))
			}
		}
	}
}
