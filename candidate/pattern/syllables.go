package pattern

import (
	"fmt"
	"slices"
	"strings"

	"domprobe/internal/text"
)

// The parts of syllables. No nucleus has a letter that an onset or a coda has, so
// that a name can be read in one way only.
var (
	onsets = strings.Fields("b c d f g h j k l m n p r s t v w z br cl dr fl gr pl st tr")
	nuclei = strings.Fields("a e i o u ee io oo")
	codas  = strings.Fields("l n r s t x")

	// Between two nuclei is an onset, or one of these codas and an onset.
	innerCodas  = strings.Fields("l n r s")
	innerOnsets = strings.Fields("b c d g k m p s t v")
)

// MaxSyllables is the largest number of [Syllables].
const MaxSyllables = 6

// Syllables returns the pattern of pronounceable names with n syllables, from 1 to
// [MaxSyllables]. A syllable is an onset, a nucleus and a coda; the first can do
// without an onset, and the last without a coda. No name comes twice.
func Syllables(n int) (*Pattern, error) {
	if n < 1 || n > MaxSyllables {
		return nil, fmt.Errorf("%d is not from 1 to %d syllables", n, MaxSyllables)
	}
	inner := slices.Clone(onsets)
	for _, coda := range innerCodas {
		for _, onset := range innerOnsets {
			inner = append(inner, coda+onset)
		}
	}
	inner = text.Distinct(inner) // s and t make st
	b := builder{left: maxSteps}
	start := b.append(nuclei, b.append(append([]string{""}, codas...), end))
	for range n - 1 {
		start = b.append(nuclei, b.append(inner, start))
	}
	return &Pattern{start: b.append(append([]string{""}, onsets...), start), once: true}, nil
}
