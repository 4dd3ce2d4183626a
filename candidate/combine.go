package candidate

import (
	"fmt"
	"iter"
	"math/big"
	"slices"
	"strings"

	"domprobe/internal/text"
)

// Combine streams the keywords that are n different words in a row, in every
// order, with each of the joins between the words: go and hub make gohub and
// hubgo, and with the join "-" also go-hub and hub-go. Nil joins are one empty
// join. Words that differ only in case are the same word. A word with a dot is a
// whole domain, which comes unchanged before the keywords.
//
// If there are fewer than n different words, Combine yields an [*OptionError].
func Combine(words []string, n int, joins []string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		domains, words := divide(words)
		if n < 1 || n > len(words) {
			yield("", &OptionError{"combination", fmt.Sprint(n),
				fmt.Errorf("cannot combine %d different words: only %d given", n, len(words))})
			return
		}
		for _, domain := range domains {
			if !yield(domain, nil) {
				return
			}
		}
		used := make([]bool, len(words))
		var names text.Slab
		// extend appends more words to what has been put together.
		var extend func(made []byte, more int, join string) bool
		extend = func(made []byte, more int, join string) bool {
			if more == 0 {
				return yield(names.Join(made, ""), nil)
			}
			for i, word := range words {
				if used[i] {
					continue
				}
				used[i] = true
				ok := extend(append(append(made, join...), word...), more-1, join)
				used[i] = false
				if !ok {
					return false
				}
			}
			return true
		}
		for first, word := range words {
			used[first] = true
			for _, join := range between(n, joins) {
				if !extend([]byte(word), n-1, join) {
					return
				}
			}
			used[first] = false
		}
	}
}

// CombineCount returns the number of keywords that [Combine] streams.
func CombineCount(words []string, n int, joins []string) *big.Int {
	domains, words := divide(words)
	if n < 1 || n > len(words) {
		return new(big.Int)
	}
	count := big.NewInt(int64(len(between(n, joins))))
	for i := range n {
		count.Mul(count, big.NewInt(int64(len(words)-i)))
	}
	return count.Add(count, big.NewInt(int64(len(domains))))
}

// between returns the different joins between n words.
func between(n int, joins []string) []string {
	if n == 1 || len(joins) == 0 {
		return []string{""}
	}
	return text.Distinct(joins)
}

// divide separates whole domains from words, without repeats and empty words.
func divide(list []string) (domains, words []string) {
	known := make(map[string]bool)
	for _, w := range list {
		folded := strings.ToLower(w)
		switch {
		case w == "", known[folded]:
		case IsDomain(w):
			domains = append(domains, w)
		default:
			words = append(words, w)
		}
		known[folded] = true
	}
	return slices.Clip(domains), slices.Clip(words)
}
