package cli

import (
	"fmt"
	"math"
	"math/big"
	"strconv"

	"domprobe/internal/cmdline"
)

// The defaults of --max-names: for rows that go to a terminal, and for names of which
// the best are chosen. To score so many takes some minutes.
const (
	maxOnTerminal = 1_000_000
	maxScored     = 1_000_000_000
)

func parseMaxNames(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("--max-names %q is not a number of names", s)
	}
	return n, nil
}

// Names are made only to be counted, up to these numbers: to see whether they
// are too many, which takes a few seconds at most, and to tell how many.
const (
	maxRecounted = 1 << 24
	maxTold      = 1 << 20
)

// checkMost refuses more names than the limit. Where repeats and names left out
// could make the difference, it makes the names to find out, unless that would take
// long.
func (s *selection) checkMost() error {
	if s.most == 0 {
		return nil
	}
	shards := s.shards
	if s.ranked { // every part of the names takes a look at all
		shards = 1
	}
	share := new(big.Int).Div(s.total, big.NewInt(int64(shards)))
	if share.Cmp(big.NewInt(s.most)) <= 0 {
		return nil
	}
	certain := shards == 1 && s.exact && s.gen.Unique() && s.opts.MinLen == 0 && s.opts.MaxLen == 0 &&
		s.minScore == 0 && s.opts.Exclude == nil
	if !certain && s.total.Cmp(big.NewInt(maxRecounted)) <= 0 {
		switch n, all := s.recount(); {
		case all && n <= s.most:
			return nil
		case all:
			return s.tooMany(strconv.FormatInt(n, 10))
		}
	}
	about := ""
	switch {
	case certain:
	case shards > 1:
		about = "about "
	case s.exact:
		about = "up to "
	default:
		about = "at least "
	}
	return s.tooMany(about + shortNumber(share))
}

// recount makes the names of the run and counts them. It reports whether these
// are all: not if the keywords can be read only once or end in an error, nor
// when the names are too many to go on.
func (s *selection) recount() (n int64, all bool) {
	names := s.again()
	if names == nil {
		return 0, false
	}
	for _, err := range names {
		if n++; err != nil || n > max(s.most, maxTold) {
			return n, false
		}
	}
	return n, true
}

// tooMany is the error of a run with more names than the limit.
func (s *selection) tooMany(names string) error {
	hint := "--max-names 0 lifts the limit"
	if s.ranked {
		hint = "--best and --budget score all of them first: --stop-after takes them as they come, and " + hint
	}
	return cmdline.Usage(hint, "%s names are more than --max-names %d", names, s.most)
}

// shortNumber writes a number that may be too long to read.
func shortNumber(n *big.Int) string {
	if text := n.String(); len(text) <= 30 {
		return text
	}
	f, _ := new(big.Float).SetInt(n).Float64()
	if math.IsInf(f, 0) {
		return fmt.Sprintf("more than 1e%d", len(n.String())-1)
	}
	return fmt.Sprintf("%.3g", f)
}

// An amount is how many keywords a source has, as far as that is known before
// they are read. The zero value is that of an unknown number.
type amount struct {
	words   big.Int // to be put under TLDs
	domains big.Int // whole domains
	exact   bool    // there are no more
}

func (s source) amount() (a amount) {
	switch {
	case s.count != nil:
		return s.count()
	case s.again == nil:
		return a
	}
	a.exact = true
	for keyword, err := range s.again {
		a.add(keyword, err)
	}
	return a
}

// amount returns how many keywords all sources have together.
func (in *input) amount() amount {
	sum := amount{exact: true}
	for _, s := range in.sources {
		a := s.amount()
		sum.words.Add(&sum.words, &a.words)
		sum.domains.Add(&sum.domains, &a.domains)
		sum.exact = sum.exact && a.exact
	}
	return sum
}
