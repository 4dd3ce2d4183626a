// Package pattern makes keywords of patterns, whose syntax is that of regular
// expressions, as far as it is bounded:
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
// [Compile] parses a pattern and counts its keywords. [Pattern.All] streams them
// in order and [Pattern.Shuffled] in another one; neither holds a list of them.
package pattern

import (
	"errors"
	"iter"
	"math/big"

	"domprobe/candidate/internal/text"
)

// A Pattern stands for a bounded set of keywords. The same keyword can come more
// than once, as from a?a?.
type Pattern struct {
	start *step
	once  bool
}

// maxName is the length of the longest name (RFC 1035 section 2.3.4).
const maxName = 253

// Compile parses a pattern. An error is a [*Error]: the pattern
// stands for nothing or for infinitely many keywords, or its syntax is wrong.
func Compile(s string) (*Pattern, error) {
	tree, err := parse(s)
	if err != nil {
		return nil, err
	}
	root := node{alternatives: tree, least: 1, most: 1}
	form := root.shape()
	switch {
	case form.most == 0:
		return nil, &Error{s, 1, "nothing to generate"}
	case form.most > maxName:
		return nil, &Error{s, 1, "keywords longer than any name"}
	}
	b := builder{left: maxSteps}
	start := b.repeat(root, nil)
	if b.left < 0 {
		return nil, &Error{s, 1, "more repetitions than there is room for"}
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
		var names text.Slab
		p.start.walk(nil, func(word []byte) bool { return yield(names.Join(word, ""), nil) })
	}
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
		var names text.Slab
		var word []byte
		order := newPermutation(p.start.small, seed)
		for i := range p.start.small {
			word = p.start.pick(word[:0], order.at(i))
			if !yield(names.Join(word, ""), nil) {
				return
			}
		}
	}
}
