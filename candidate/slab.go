package candidate

import "strings"

// slabSize is how much text is allocated at once. A name that is kept keeps
// that much memory.
const slabSize = 4 << 10

// A slab makes strings that share their memory, so that a name does not cost
// an allocation.
type slab struct{ text strings.Builder }

// join returns head and tail as one string.
func (s *slab) join(head []byte, tail string) string {
	n := len(head) + len(tail)
	if s.text.Cap()-s.text.Len() < n {
		s.text = strings.Builder{}
		s.text.Grow(max(n, slabSize))
	}
	start := s.text.Len()
	s.text.Write(head)
	s.text.WriteString(tail)
	return s.text.String()[start:]
}
