package pattern

import "math/big"

// The bounds of a pattern: its steps, and the bits of its count. A short pattern
// with nested repetitions would have too many of both.
const (
	maxSteps = 1 << 16
	maxBits  = 1 << 12
)

// A step is a choice between texts to append, or between steps to continue with.
// The steps of a pattern are an acyclic graph, in which every path to the end is a
// keyword.
type step struct {
	texts []string // if not empty, append one of them and go to next
	next  *step
	ways  []*step // if texts is empty: go to one of them

	count *big.Int // keywords from here on
	small uint64   // count, if it is at most maxShuffle
}

var end = &step{count: big.NewInt(1), small: 1}

// walk yields every keyword that begins with word and continues with s.
func (s *step) walk(word []byte, yield func([]byte) bool) bool {
	if s == end {
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

// pick appends the keyword with the given number, in the order of walk.
func (s *step) pick(word []byte, i uint64) []byte {
	for s != end {
		if len(s.texts) > 0 {
			word = append(word, s.texts[i/s.next.small]...)
			s, i = s.next, i%s.next.small
			continue
		}
		ways := s.ways
		for i >= ways[0].small {
			i -= ways[0].small
			ways = ways[1:]
		}
		s = ways[0]
	}
	return word
}

// A builder builds the steps of a syntax tree, from the end to the start.
type builder struct{ left int }

func (b *builder) step(s *step) *step {
	s.count = new(big.Int)
	for _, way := range s.ways {
		s.count.Add(s.count, way.count)
	}
	if n := len(s.texts); n > 0 {
		s.count.Mul(big.NewInt(int64(n)), s.next.count)
	}
	if s.count.BitLen() > maxBits {
		b.left = -1
	}
	if s.count.IsUint64() && s.count.Uint64() <= maxShuffle {
		s.small = s.count.Uint64()
	}
	return s
}

// repeat returns the step that repeats n as often as n says and then continues
// with next. Each repetition leads to one repetition fewer.
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

// append returns the step that appends one of the texts. It merges a next step
// that has a single text.
func (b *builder) append(texts []string, next *step) *step {
	if len(next.texts) == 1 {
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
	case 0: // the bound of steps was reached
		return end
	case 1:
		return ways[0]
	}
	return b.step(&step{ways: ways})
}
