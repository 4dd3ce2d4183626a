package cli

import (
	"iter"
	"math/big"
	"strings"

	"domprobe/candidate"
)

// An amount is how many keywords there are, as far as that is known before they
// come. The zero value is that of an input of which nothing is known.
type amount struct {
	words   *big.Int // that are multiplied; nil for none
	domains *big.Int // that are not; nil for none
	exact   bool     // there are no more
}

func countKeywords(keywords iter.Seq2[string, error]) amount {
	var words, domains int64
	for keyword, err := range keywords {
		switch {
		case err != nil: // which ends the run when it gets there
		case isDomain(keyword):
			domains++
		default:
			words++
		}
	}
	return amount{big.NewInt(words), big.NewInt(domains), true}
}

func countCombinations(words []string, n int, joins []string) amount {
	all := candidate.CombineCount(words, n, joins)
	known := make(map[string]bool)
	for _, w := range words {
		if isDomain(w) {
			known[strings.ToLower(w)] = true
		}
	}
	domains := big.NewInt(int64(len(known)))
	return amount{all.Sub(all, domains), domains, true}
}

func (s source) amount() amount {
	switch {
	case s.count != nil:
		return s.count()
	case s.again != nil:
		return countKeywords(s.again)
	}
	return amount{}
}

// amount returns how many keywords all sources have together.
func (in *input) amount() amount {
	sum := amount{new(big.Int), new(big.Int), true}
	for _, s := range in.sources {
		a := s.amount()
		if a.words != nil {
			sum.words.Add(sum.words, a.words)
		}
		if a.domains != nil {
			sum.domains.Add(sum.domains, a.domains)
		}
		sum.exact = sum.exact && a.exact
	}
	return sum
}
