package candidate

import (
	"errors"
	"iter"
	"math/big"
)

// A Pattern stands for a bounded set of keywords. Its syntax is that of
// regular expressions, as far as it is bounded:
//
//	abc-1      these characters; capitals are taken for small letters
//	[a-z05]    one of these, in this order; [^aeiou] is any other letter or digit
//	\d \w      a digit; a letter or digit
//	\c \v      a consonant; a vowel: aeiou. In a class also [:c:] and [:v:],
//	           as in [[:c:]0-9], and [:alpha:], [:digit:], [:alnum:]
//	x?         x or nothing
//	x{3}       x three times
//	x{2,4}     x two to four times, fewer first
//	(get|try)  one of these; (get|) is get or nothing
//	.          a dot, which makes whole domains of the keywords
//
// The same keyword can come more than once, as from a?a?.
type Pattern struct {
	start *step
	once  bool
}

// The bounds of what repetitions multiply: the steps of a pattern, and the
// bits of its count, which many ways to append nothing make large.
const (
	maxSteps = 1 << 16
	maxBits  = 1 << 12
)

// A step is a choice on the way from the start of a keyword to its end: of a
// text to append, or of a step to go on with. The steps of a pattern form a
// graph without cycles, in which every way is a keyword.
type step struct {
	texts []string // if not empty, append one of them and go to next
	next  *step    // nil is the end
	ways  []*step  // if texts is empty: go to one of them

	count *big.Int // keywords from here on
	small uint64   // count, if it is at most maxShuffle
}

var one = big.NewInt(1)

func (s *step) total() *big.Int {
	if s == nil {
		return one
	}
	return s.count
}

// CompilePattern parses a pattern. An error is a [*PatternError]: the pattern
// stands for nothing or for infinitely many keywords, or its syntax is wrong.
func CompilePattern(s string) (*Pattern, error) {
	tree, err := parsePattern(s)
	if err != nil {
		return nil, err
	}
	root := node{alternatives: tree, least: 1, most: 1}
	form := root.shape()
	switch {
	case form.most == 0:
		return nil, &PatternError{s, 1, "nothing to generate"}
	case form.most > maxName:
		return nil, &PatternError{s, 1, "keywords longer than any name"}
	}
	b := builder{left: maxSteps}
	start := b.repeat(root, nil)
	if b.left < 0 {
		return nil, &PatternError{s, 1, "more repetitions than there is room for"}
	}
	return &Pattern{start: start, once: form.once}, nil
}

// Count returns how many keywords the pattern yields, repeats included.
func (p *Pattern) Count() *big.Int { return new(big.Int).Set(p.start.total()) }

// Unique reports whether it is certain that no two keywords make the same name
// under the same TLD.
func (p *Pattern) Unique() bool { return p.once }

// All streams the keywords in order: the last character changes fastest, and
// fewer repetitions come before more. It never yields an error.
func (p *Pattern) All() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var names slab
		p.start.walk(nil, func(word []byte) bool { return yield(names.join(word, ""), nil) })
	}
}

// walk yields all that word can become from s on.
func (s *step) walk(word []byte, yield func([]byte) bool) bool {
	if s == nil {
		return yield(word)
	}
	for _, text := range s.texts {
		if !s.next.walk(append(word, text...), yield) {
			return false
		}
	}
	for _, way := range s.ways {
		if !way.walk(word, yield) {
			return false
		}
	}
	return true
}

// maxShuffle is the most keywords that can be shuffled.
const maxShuffle = 1 << 62

// ErrTooMany is yielded when a pattern is too large to be shuffled: 1<<62
// keywords are the most.
var ErrTooMany = errors.New("too many keywords to shuffle")

// CanShuffle reports whether Shuffled streams the keywords, and not ErrTooMany.
func (p *Pattern) CanShuffle() bool { return p.start.small > 0 }

// Shuffled streams the keywords in an order that depends on the seed alone,
// each as often as All has it. It keeps no list: the order is a permutation of
// the numbers below Count.
func (p *Pattern) Shuffled(seed uint64) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if !p.CanShuffle() {
			yield("", ErrTooMany)
			return
		}
		var names slab
		var word []byte
		order := newPermutation(p.start.small, seed)
		for i := range p.start.small {
			word = p.start.pick(word[:0], order.at(i))
			if !yield(names.join(word, ""), nil) {
				return
			}
		}
	}
}

// pick appends the keyword with the given number, in the order of walk.
func (s *step) pick(word []byte, i uint64) []byte {
	for s != nil {
		if len(s.texts) > 0 {
			after := uint64(1)
			if s.next != nil {
				after = s.next.small
			}
			word = append(word, s.texts[i/after]...)
			s, i = s.next, i%after
			continue
		}
		s, i = s.choose(i)
	}
	return word
}

// choose returns the way that the keyword with the given number takes, and its
// number there.
func (s *step) choose(i uint64) (*step, uint64) {
	for _, way := range s.ways {
		n := uint64(1)
		if way != nil {
			n = way.small
		}
		if i < n {
			return way, i
		}
		i -= n
	}
	return nil, 0
}

// A builder makes steps of a syntax tree, from the end to the start.
type builder struct{ left int }

func (b *builder) step(s *step) *step {
	s.count = new(big.Int)
	for _, way := range s.ways {
		s.count.Add(s.count, way.total())
	}
	if n := len(s.texts); n > 0 {
		s.count.Mul(big.NewInt(int64(n)), s.next.total())
	}
	if s.count.BitLen() > maxBits {
		b.left = -1
	}
	if s.count.IsUint64() && s.count.Uint64() <= maxShuffle {
		s.small = s.count.Uint64()
	}
	return s
}

// repeat returns the start of the ways through n, as often as n says, to next.
// Each repetition leads to the one with one fewer.
func (b *builder) repeat(n node, next *step) *step {
	var ways []*step
	if n.least == 0 {
		ways = append(ways, next)
	}
	for times := 1; times <= n.most && b.left >= 0; times++ {
		if next = b.node(n, next); times >= n.least {
			ways = append(ways, next)
		}
	}
	return b.choice(ways)
}

func (b *builder) node(n node, next *step) *step {
	b.left--
	if n.set != nil {
		return b.append(n.set, next)
	}
	ways := make([]*step, len(n.alternatives))
	for i, row := range n.alternatives {
		ways[i] = next
		for j := len(row) - 1; j >= 0 && b.left >= 0; j-- {
			ways[i] = b.repeat(row[j], ways[i])
		}
	}
	return b.choice(ways)
}

// append returns the step that appends one of the texts, and takes in a next
// one that has no choice.
func (b *builder) append(texts []string, next *step) *step {
	if next != nil && len(next.texts) == 1 {
		longer := make([]string, len(texts))
		for i, text := range texts {
			longer[i] = text + next.texts[0]
		}
		texts, next = longer, next.next
	}
	return b.step(&step{texts: texts, next: next})
}

func (b *builder) choice(ways []*step) *step {
	switch len(ways) {
	case 0: // no room was left
		return nil
	case 1:
		return ways[0]
	}
	return b.step(&step{ways: ways})
}
