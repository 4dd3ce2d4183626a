package cli

import (
	"fmt"
	"iter"
	"math/big"
	"strings"

	"domprobe/candidate"
	"domprobe/internal/cmdline"
)

// maxHeld bounds the keywords that are held in memory to be combined.
const maxHeld = 1 << 20

var errHeld = fmt.Errorf("more than %d keywords to hold in memory", maxHeld)

// collect returns all keywords.
func collect(keywords iter.Seq2[string, error]) ([]string, error) {
	var words []string
	for _, err := range remembered(keywords, &words) {
		if err != nil {
			return nil, err
		}
	}
	return words, nil
}

// remembered adds the keywords that pass to words.
func remembered(keywords iter.Seq2[string, error], words *[]string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for word, err := range keywords {
			if err == nil && len(*words) == maxHeld {
				word, err = "", errHeld
			}
			if err == nil {
				*words = append(*words, strings.Clone(word))
			}
			if !yield(word, err) || err != nil {
				return
			}
		}
	}
}

// ofAll returns the words that make makes of all words together. Each loop calls for them first.
func ofAll(all func() ([]string, error), make func(words []string) iter.Seq2[string, error]) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		words, err := all()
		if err != nil {
			yield("", err)
			return
		}
		make(words)(yield)
	}
}

// combined replaces the sources by combinations of their keywords. It reads all
// of them at once, without standard input.
func (g *generating) combined(in *input, stdin bool) error {
	switch {
	case g.combine == 0 && len(g.joins) > 0:
		return cmdline.Usage("try --combine 2", "--join is for --combine only")
	case g.combine == 0:
		return nil
	case len(in.sources) == 0:
		return cmdline.Usage("", "--combine needs keywords; those of a pattern do not count")
	}
	keywords := in.keywords()
	combine := func(words []string) iter.Seq2[string, error] { return candidate.Combine(words, g.combine, g.joins) }
	s := source{generator: "combine"}
	if stdin {
		s.keywords = ofAll(func() ([]string, error) { return collect(keywords) }, combine)
		if in.again() != nil {
			s.again = s.keywords
		}
	} else {
		words, err := collect(keywords)
		if err != nil {
			return err
		}
		s.keywords = combine(words)
		s.again = s.keywords
		s.count = func() amount { return countCombinations(words, g.combine, g.joins) }
		for _, err := range s.keywords {
			if err != nil {
				return cmdline.Usage("", "--combine: %w", err)
			}
			break
		}
	}
	in.sources = []source{s}
	return nil
}

func countCombinations(words []string, n int, joins []string) amount {
	known := make(map[string]bool)
	for _, w := range words {
		if candidate.IsDomain(w) {
			known[strings.ToLower(w)] = true
		}
	}
	a := amount{domains: *big.NewInt(int64(len(known))), exact: true}
	a.words.Sub(candidate.CombineCount(words, n, joins), &a.domains)
	return a
}
