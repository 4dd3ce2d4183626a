package cli

import (
	"fmt"
	"iter"
	"math/big"
	"sync/atomic"

	"github.com/urfave/cli/v2"

	"domprobe/candidate"
)

const tldHint = "try: domprobe -t dev go rust, or domprobe --help"

// moreGenerateFlags are the ways to make names beyond keyword and TLD.
func moreGenerateFlags() []cli.Flag {
	return []cli.Flag{
		list("tld-preset", "", "put keywords under the TLDs of this `SET`: popular, tech, country, all, ...; see domprobe tlds"),
		list("tld-file", "", "put keywords under the TLDs in this `FILE`; its lines \"name: com io\" are sets for --tld-preset"),
		list("pattern", "", "add the keywords that a `PATTERN` stands for: '[a-z]{3}', '\\c\\v\\c\\v', '(get|try)\\d'; "+
			"\\c is a consonant, \\v a vowel, \\w a letter or digit"),
		&cli.Uint64Flag{Name: "shuffle", Usage: "take the keywords of a pattern in the random order that this `SEED` gives",
			EnvVars: envVar("shuffle")},
		number("combine", "", "combine `N` keywords to one, in every order, in place of the keywords", 0),
		list("join", "", "join combined keywords with these `TEXTS`; \",-\" is with nothing and with a hyphen"),
		toggle("affixes", "", "also put the usual words of products before and after each keyword: get, try, app, hq, ..."),
		toggle("hacks", "", "add the domains that spell a keyword across a dot: delicio.us for delicious"),
		toggle("null", "0", "keywords end in NUL, not in a newline, and so do the rows of the format names"),
		text("shard", "", "probe only the names of this `PART` of several: 3/16; each name is in one part", ""),
		number("stop-after", "", "stop when `N` names are not found; with --confirm, when so many are confirmed", 0),
		text("max-names", "", "refuse to begin with more than `N` names; 0 is no limit (1000000 on a terminal, else 0)", ""),
	}
}

// A selection is the names of a run: what the generator makes, less what
// belongs to another shard or has its row already.
type selection struct {
	in    *input
	opts  candidate.Options // but for the keywords
	hacks bool
	gen   *candidate.Generator
	total *big.Int // names that the generator makes, repeats and those left out included; nil if nobody wants to know
	exact bool     // there are no more than total, and else no fewer

	shard, shards int
	most          int64                       // of names to be probed; 0 is no limit
	settled       func(name, tld string) bool // nil, or whether the name has its row already

	passed  atomic.Int64 // names that the generator has made
	skipped atomic.Int64 // of these, the ones that are not probed
}

// openSelection opens the input and checks all that can be wrong with a run
// before anybody is asked.
func openSelection(inv *invocation) (*selection, error) {
	in, err := openInput(inv)
	if err != nil {
		return nil, err
	}
	s, err := newSelection(inv, in)
	if err == nil {
		err = checkOutput(inv, in.files)
	}
	if err != nil {
		in.close()
		return nil, err
	}
	return s, nil
}

// newSelection maps the flags of generateFlags and moreGenerateFlags.
func newSelection(inv *invocation, in *input) (*selection, error) {
	tlds, err := parseTLDs(inv.flags)
	if err != nil {
		return nil, err
	}
	hacks := inv.flags.Bool("hacks")
	if len(tlds) == 0 && in.bare && !hacks {
		return nil, usageError(tldHint, "%w", candidate.ErrNoTLD)
	}
	prefixes, suffixes := values(inv.flags, "prefix"), values(inv.flags, "suffix")
	if inv.flags.Bool("affixes") {
		p, s := candidate.Affixes()
		prefixes, suffixes = append(prefixes, p...), append(suffixes, s...)
	}
	s := &selection{in: in, hacks: hacks, shards: 1, opts: candidate.Options{
		TLDs:     tlds,
		Prefixes: prefixes,
		Suffixes: suffixes,
		MinLen:   inv.flags.Int("min-len"),
		MaxLen:   inv.flags.Int("max-len"),
		Unique:   in.unique && !hacks,
	}}
	if s.gen, err = s.generator(in.keywords()); err != nil {
		return nil, usageError("", "%w", err)
	}
	if text := inv.flags.String("shard"); text != "" {
		if s.shard, s.shards, err = candidate.ParseShard(text); err != nil {
			return nil, usageError("", "%w", err)
		}
	}
	if s.most, err = parseMaxNames(inv); err != nil {
		return nil, err
	}
	if s.most > 0 || showsProgress(inv) || inv.terminal && inv.flags.String("format") == "grid" {
		s.measure()
	}
	return s, s.checkMost()
}

// generator returns a new generator of the names that keywords make.
func (s *selection) generator(keywords iter.Seq2[string, error]) (*candidate.Generator, error) {
	opts := s.opts
	if s.hacks {
		keywords = withHacks(keywords, len(opts.TLDs) > 0)
	}
	opts.Keywords = keywords
	return candidate.New(opts)
}

// measure finds out the total, for which it reads files from end to end.
func (s *selection) measure() {
	a := s.in.amount()
	s.total = a.words.Mul(a.words, big.NewInt(int64(s.gen.PerKeyword())))
	s.total.Add(s.total, a.domains)
	s.exact = a.exact && !s.hacks
}

// withHacks puts the hacks of every keyword after it, or in its place if there
// is no TLD for it.
func withHacks(keywords iter.Seq2[string, error], keep bool) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for keyword, err := range keywords {
			if keep || err != nil || isDomain(keyword) {
				if !yield(keyword, err) {
					return
				}
			}
			for _, hack := range candidate.Hacks(keyword) {
				if !yield(hack, nil) {
					return
				}
			}
		}
	}
}

// all returns the names to be probed, for one loop.
func (s *selection) all() iter.Seq2[candidate.Candidate, error] {
	names := s.gen.All()
	if s.shards > 1 {
		names = candidate.Shard(s.counting(names, &s.passed), s.shard, s.shards)
	} else {
		names = s.counting(names, &s.passed)
	}
	return func(yield func(candidate.Candidate, error) bool) {
		taken := int64(0)
		for c, err := range names {
			if err == nil && s.settled != nil && s.settled(c.Name, c.TLD) {
				s.skipped.Add(1)
				continue
			}
			if taken++; err == nil && s.most > 0 && taken > s.most {
				yield(candidate.Candidate{}, s.tooMany(fmt.Sprintf("at least %d", taken)))
				return
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

// counting counts the names that go through.
func (s *selection) counting(names iter.Seq2[candidate.Candidate, error], n *atomic.Int64) iter.Seq2[candidate.Candidate, error] {
	return func(yield func(candidate.Candidate, error) bool) {
		for c, err := range names {
			if err == nil {
				n.Add(1)
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

// rows returns how many rows a run has, and 0 where that is not known.
func (s *selection) rows() int {
	if s.total == nil || !s.exact || s.shards > 1 || !s.total.IsInt64() {
		return 0
	}
	return int(s.total.Int64())
}

// done returns how far the run has come on the way to total, when so many of
// the names that it probes have not got their row yet.
func (s *selection) done(inFlight int64) int64 {
	return s.passed.Load() + s.gen.Repeated() + s.gen.Skipped() - inFlight
}
