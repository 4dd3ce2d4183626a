// Package ngram trains the table by which package score knows how a word sounds:
// the cost of a letter after the three letters before it.
package ngram

import (
	"bufio"
	"io"
	"math"
	"slices"
	"strings"
)

const (
	// Symbols are the boundary of a word, which is 0, and the letters from 1.
	Symbols = 27

	// Contexts is the number of different three symbols.
	Contexts = Symbols * Symbols * Symbols

	// Size is the number of costs in a table. The cost of symbol d after a,
	// b and c is at ((a*27+b)*27+c)*27+d.
	Size = Contexts * Symbols

	// Unit is the number of costs that make one nat of -ln(probability), and
	// MaxCost is the cost of everything that is less probable.
	Unit    = 4
	MaxCost = 7 * Unit
)

const (
	order  = 4
	weight = 3.0 // of the lower order, for each different symbol seen in a context
	enough = 20  // a context of three that was seen less often counts as its last two
)

// Words returns the words of a list, a line each, in lower case, sorted, each
// once. It leaves out those with other characters than the letters a to z, those
// of one letter, and what follows a slash: the affixes in a list of hunspell.
func Words(list io.Reader) ([]string, error) {
	var words []string
	lines := bufio.NewScanner(list)
	for lines.Scan() {
		word, _, _ := strings.Cut(strings.ToLower(lines.Text()), "/")
		if len(word) > 1 && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") == "" {
			words = append(words, word)
		}
	}
	slices.Sort(words)
	return slices.Compact(words), lines.Err()
}

// Train returns the table of words as [Words] returns them.
func Train(words []string) []byte {
	c := count(words)
	table := make([]byte, Size)
	for context := range Contexts {
		a, b, last := context/(Symbols*Symbols), context/Symbols%Symbols, context%Symbols
		if last == 0 && (a > 0 || b > 0) || b == 0 && a > 0 {
			continue // no letter stands before a boundary
		}
		n := order
		if a > 0 && c.seen[order-1][context] < enough {
			n--
		}
		for d := range Symbols {
			nats := -math.Log(c.probability(n, context*Symbols+d))
			table[context*Symbols+d] = byte(min(MaxCost, math.Round(nats*Unit)))
		}
	}
	return table
}

// counts are how often there was a sequence of n symbols (grams), a context of n
// symbols (seen), and how many different symbols followed it (kinds).
type counts struct {
	grams, seen, kinds [order + 1][]int
}

func count(words []string) *counts {
	c := new(counts)
	for n, size := 0, 1; n <= order; n, size = n+1, size*Symbols {
		c.grams[n], c.seen[n], c.kinds[n] = make([]int, size), make([]int, size), make([]int, size)
	}
	for _, word := range words {
		at := 0                                     // the last symbols
		for _, letter := range []byte(word + "`") { // the character before a
			at = at*Symbols%Size + int(letter-'`')
			for n, size := 1, Symbols; n <= order; n, size = n+1, size*Symbols {
				gram, context := at%size, at%size/Symbols
				if c.grams[n][gram]++; c.grams[n][gram] == 1 {
					c.kinds[n-1][context]++
				}
				c.seen[n-1][context]++
			}
		}
	}
	return c
}

// probability returns that of the last of n symbols after the others, by the
// method of Witten and Bell: the fewer kinds of symbols follow a context, the
// more it counts against the context without its first symbol. No product is
// fused with a sum, so that every machine computes the same.
func (c *counts) probability(n, gram int) float64 {
	size := len(c.grams[n])
	gram %= size
	if n == 1 {
		return float64(c.grams[1][gram]+1) / float64(c.seen[0][0]+Symbols)
	}
	lower := c.probability(n-1, gram)
	context := gram / Symbols
	if c.seen[n-1][context] == 0 {
		return lower
	}
	mass := float64(weight * float64(c.kinds[n-1][context]))
	return (float64(c.grams[n][gram]) + float64(mass*lower)) / (float64(c.seen[n-1][context]) + mass)
}
