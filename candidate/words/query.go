package words

import (
	"fmt"
	"slices"
	"strings"

	"domprobe/internal/text"
)

// A QueryError says why a query cannot be searched.
type QueryError struct{ Query, Reason string }

func (e *QueryError) Error() string { return fmt.Sprintf("query %q %s", e.Query, e.Reason) }

// maxWords bounds the time of a search.
const maxWords = 16

type query struct{ words, prefixes []string }

// small are words that say little about a meaning.
var small = strings.Fields("a an and as at by for from in into is it its like of on or some something " +
	"that the this to thing things very which who with word words")

func parse(typed string) (q query, err error) {
	var rest []string
	for _, field := range strings.FieldsFunc(strings.ToLower(typed), isBetween) {
		word, star := strings.CutSuffix(field, "*")
		switch {
		case strings.Contains(word, "*"):
			return q, &QueryError{typed, "has a * that is not at the end of a word"}
		case star && word != "":
			q.prefixes = append(q.prefixes, word)
		case slices.Contains(small, word):
			rest = append(rest, word)
		case word != "" && !slices.Contains(q.words, word):
			q.words = append(q.words, word)
		}
	}
	if len(q.words)+len(q.prefixes) == 0 {
		q.words = text.Distinct(rest)
	}
	switch n := len(q.words) + len(q.prefixes); {
	case n == 0:
		return q, &QueryError{typed, "has no word"}
	case n > maxWords:
		return q, &QueryError{typed, fmt.Sprintf("has more than %d words", maxWords)}
	}
	return q, nil
}

// isBetween reports whether a character separates words.
func isBetween(r rune) bool {
	return r != '*' && r < 0x80 && !('a' <= r && r <= 'z') && !('0' <= r && r <= '9')
}
