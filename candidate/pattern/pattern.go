// Package pattern expands patterns into keywords. The syntax is the bounded part
// of that of regular expressions:
//
//	abc-1      these characters; capitals count as small letters
//	[a-z05]    one of these, in this order; [^aeiou] is any other letter or digit
//	\d \w      a digit; a letter or digit
//	\c \v      a consonant; a vowel: aeiou. In a class also [:c:] and [:v:],
//	           as in [[:c:]0-9], and [:alpha:], [:digit:], [:alnum:]
//	x?         x or nothing
//	x{3}       x three times
//	x{2,4}     x two to four times, fewer first
//	(get|try)  one of these; (get|) is get or nothing
//	.          a dot, which makes the keyword a whole domain
//
// [Syllables] is the pattern of names that can be pronounced.
//
// [Pattern.All] streams the keywords of a pattern in order, [Pattern.Shuffled] in
// an order that depends on a seed. Neither keeps a list of them.
package pattern

import (
	"errors"
	"iter"
	"math/big"

	"domprobe/internal/text"
)

// A Pattern is a compiled pattern. It can yield a keyword more than once, as a?a?
// does.
type Pattern struct {
	start *step
	once  bool
}

// maxName is the length of the longest name (RFC 1035 section 2.3.4).
const maxName = 253

// Compile parses a pattern. It returns an [*Error] if the syntax is wrong, or if
// the pattern has no keyword or no bound.
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
	start := b.repeat(root, end)
	if b.left < 0 {
		return nil, &Error{s, 1, "more repetitions than there is room for"}
	}
	return &Pattern{start: start, once: form.once}, nil
}

// Count returns the number of keywords, repeats included.
func (p *Pattern) Count() *big.Int { return new(big.Int).Set(p.start.count) }

// Unique reports whether no two keywords make the same name under one TLD. It can
// be false although none do.
func (p *Pattern) Unique() bool { return p.once }

// All streams the keywords in order: the last character changes fastest, and fewer
// repetitions come before more. It never yields an error.
func (p *Pattern) All() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var names text.Slab
		p.start.walk(nil, func(word []byte) bool { return yield(names.Join(word, ""), nil) })
	}
}

// maxShuffle is the largest number of keywords that can be shuffled.
const maxShuffle = 1 << 62

// ErrTooMany is the error of a pattern with more than 1<<62 keywords, which cannot
// be shuffled.
var ErrTooMany = errors.New("too many keywords to shuffle")

// CanShuffle reports whether [Pattern.Shuffled] yields keywords, not [ErrTooMany].
func (p *Pattern) CanShuffle() bool { return p.start.small > 0 }

// Shuffled streams the keywords of All in an order that depends on the seed only.
// The order of a seed never changes.
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
