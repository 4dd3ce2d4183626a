package cli

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"math/big"
	"slices"
	"strconv"
	"sync/atomic"

	"domprobe/candidate"
	"domprobe/internal/cmdline"
	"domprobe/internal/term"
	"domprobe/report"
)

// languages are the programming languages whose keywords are known.
var languages = []string{"go", "python"}

// A generating is the settings of the names to make.
type generating struct {
	naming
	forming
	names                              candidate.Options // TLDs, Prefixes, Suffixes, MinLen and MaxLen
	presets, tldFiles                  []string
	inputs, languages, patterns, joins []string
	combine                            int
	affixes, null                      bool
	ranked                             bool // names come by their score
	stops                              bool // the run ends before the names do
	shuffle                            *uint64
	shard, shards                      int
	maxNames                           *int64
}

func (g *generating) options() []*cmdline.Option {
	g.shards = 1
	return slices.Concat([]*cmdline.Option{
		cmdline.List(&g.names.TLDs, "tld", "t", "put keywords under these `TLD`s: dev,.io,co.uk").Offer(candidate.TLDs()...).Instead("tld-preset", "tld-file").Common(),
		cmdline.Repeated(&g.inputs, "input", "i", "read keywords from this `FILE`, a line each; - is standard input").Common(),
		cmdline.List(&g.names.Prefixes, "prefix", "p", "also put these `WORDS` before each keyword: get,my").Common(),
		cmdline.List(&g.names.Suffixes, "suffix", "s", "also put these `WORDS` after each keyword: app,hq").Common(),
		cmdline.List(&g.languages, "words", "", "add the keywords of a programming `LANGUAGE`: go, python").Offer(languages...),
		cmdline.Number(&g.names.MinLen, "min-len", "", "leave out names whose first label is shorter than `N`", 0, math.MaxInt),
		cmdline.Number(&g.names.MaxLen, "max-len", "", "leave out names whose first label is longer than `N`", 0, math.MaxInt),
		cmdline.List(&g.presets, "tld-preset", "", "put keywords under the TLDs of this `SET`: popular, tech, country, all, ...; see domprobe tlds").
			Offer(candidate.Presets()...).Instead("tld", "tld-file").Common(),
		cmdline.Repeated(&g.tldFiles, "tld-file", "", `put keywords under the TLDs in this `+"`FILE`"+`; its lines "name: com io" are sets for --tld-preset`).
			Instead("tld", "tld-preset"),
		cmdline.Repeated(&g.patterns, "pattern", "", "add the keywords of a `PATTERN`: '[a-z]{3}', '\\c\\v\\c\\v', '(get|try)\\d'; "+
			"\\c is a consonant, \\v a vowel, \\w a letter or digit").Common(),
		cmdline.Optional(&g.shuffle, "shuffle", "", "take the keywords of a pattern in the random order of this `SEED`", "", parseSeed),
		cmdline.Number(&g.combine, "combine", "", "replace the keywords by combinations of `N`, in every order", 2, math.MaxInt),
		cmdline.List(&g.joins, "join", "", "join combined keywords with these `TEXTS`; \",-\" is with nothing and with a hyphen"),
		cmdline.Switch(&g.affixes, "affixes", "", "also put usual words of products before and after each keyword: get, try, app, hq, ...").Common(),
		cmdline.Switch(&g.null, "null", "0", "keywords end in NUL, not in a newline, and # begins no comment; the rows of the format names end in NUL too"),
		cmdline.Func("shard", "", "probe only the names of this `PART` of several: 3/16; each name is in one part", "", func(s string) (err error) {
			g.shard, g.shards, err = candidate.ParseShard(s)
			return err
		}),
		cmdline.Optional(&g.maxNames, "max-names", "", "refuse to begin with more than `N` names; 0 is no limit. A stream, whose number of names is unknown, "+
			"is stopped after N. The default of --best and --budget is 1000000000", "1000000 on a terminal without --stop-after, else 0", parseMaxNames),
	}, g.forming.options(), g.naming.options())
}

func parseSeed(s string) (uint64, error) {
	seed, err := strconv.ParseUint(s, 0, 64)
	if err != nil {
		err = cmdline.Usage("a seed is a number", "--shuffle cannot be %q", s)
	}
	return seed, err
}

// A sequence of candidates ends with the error of its keywords, if there is one.
type candidates = iter.Seq2[candidate.Candidate, error]

// A selection is the names of a run: all that the generator makes, without those
// of other shards and those that have their row already.
type selection struct {
	*generating
	console *term.Console
	in      *input
	opts    candidate.Options // without the keywords
	gen     *candidate.Generator
	total   *big.Int // names of the generator, repeats and those left out included; nil if not counted
	exact   bool     // the total is exact, and else a minimum

	most    int64                       // names to be probed; 0 is no limit
	settled func(name, tld string) bool // nil, or whether the name has its row already
	recall  *recollection               // of these names; nil if they have no row in this run

	passed  atomic.Int64 // names that the generator has made
	skipped atomic.Int64 // of these, the ones that are not probed
	poor    atomic.Int64 // names left out for their score
	byRank  *candidate.Ranking
}

// open opens the input and checks the settings. counted says that somebody
// wants to know how many names there are.
func (g *generating) open(inv *invocation, counted bool) (*selection, error) {
	in, err := g.openInput(inv)
	if err != nil {
		return nil, err
	}
	return g.selection(inv, in, counted)
}

func (g *generating) selection(inv *invocation, in *input, counted bool) (*selection, error) {
	s := &selection{generating: g, console: inv.console, in: in, opts: g.names}
	if g.maxNames != nil {
		s.most = *g.maxNames
	} else if g.ranked {
		s.most = maxScored
	} else if inv.terminal && !g.stops {
		s.most = maxOnTerminal
	}
	s.opts.Origin, s.opts.Unique = &in.origin, in.unique && !g.makers.Any()
	var err error
	if s.opts.TLDs, _, err = g.allTLDs(inv.own.tlds); err != nil {
		return nil, err
	}
	if len(s.opts.TLDs) == 0 && !g.makers.Hacks {
		if in.bare {
			if s.opts.TLDs, err = inv.offerTLDs(in.word); err != nil {
				return nil, err
			}
		} else {
			in.refuse = inv.noTLD
		}
	}
	if s.opts.Exclude, err = g.exclusion(inv); err != nil {
		return nil, err
	}
	if g.affixes {
		prefixes, suffixes := inv.own.words()
		s.opts.Prefixes, s.opts.Suffixes = append(s.opts.Prefixes, prefixes...), append(s.opts.Suffixes, suffixes...)
	}
	if s.gen, err = s.generator(in.keywords()); err != nil {
		if bad, ok := errors.AsType[*candidate.OptionError](err); ok && bad.Value == "" {
			err = cmdline.Usage("a list has no blanks: -t com,dev", "%w", err)
		}
		return nil, err
	}
	if s.most > 0 || counted {
		s.measure()
	}
	return s, s.checkMost()
}

// generator returns a new generator of the names that keywords make.
func (s *selection) generator(keywords iter.Seq2[string, error]) (*candidate.Generator, error) {
	opts := s.opts
	opts.Keywords = s.makers.Apply(keywords, &s.in.origin, len(opts.TLDs) > 0)
	return candidate.New(opts)
}

// measure sets the total, for which it reads files to their end.
func (s *selection) measure() {
	a := s.amount()
	s.total = a.words.Mul(&a.words, big.NewInt(int64(s.gen.PerKeyword())))
	s.total.Add(s.total, &a.domains)
	s.exact = a.exact
}

// all returns the names to be probed, for one loop.
func (s *selection) all() candidates {
	names := s.inShard(counting(s.fit(s.gen.All(), &s.poor), &s.passed))
	if s.ranked {
		s.byRank = s.ranking(names)
		names = s.byRank.All()
	}
	return func(yield func(candidate.Candidate, error) bool) {
		taken := int64(0)
		for c, err := range names {
			if s.recall.suffices() {
				return
			}
			if err == nil && s.settled != nil && s.settled(c.Name, c.TLD) {
				if !s.recall.take(c.Key()) {
					s.skipped.Add(1)
				}
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

func (s *selection) inShard(names candidates) candidates {
	if s.shards == 1 {
		return names
	}
	return candidate.Shard(names, s.shard, s.shards)
}

// counting counts the names that pass. It does so one by one for the first countExact
// names, and then countStep at a time, as atomic additions take 3 % of a long run. At the
// end n is exact.
func counting(names candidates, n *atomic.Int64) candidates {
	return func(yield func(candidate.Candidate, error) bool) {
		more := int64(0)
		defer func() { n.Add(more) }()
		for c, err := range names { // candidate.Filter would copy each once more
			if err == nil {
				more++
			}
			if more == countStep || more > 0 && n.Load() < countExact {
				n.Add(more)
				more = 0
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

const (
	countExact = 1000
	countStep  = 64
)

// known returns how many names the generator makes, and 0 if that is not known.
func (s *selection) known() int {
	if s.ranked || s.total == nil || !s.exact || !s.total.IsInt64() || s.total.Int64() > math.MaxInt {
		return 0
	}
	return int(s.total.Int64())
}

// rows returns how many rows the run has, and 0 if that is not known.
func (s *selection) rows() int {
	if s.shards > 1 {
		return 0
	}
	return s.known()
}

// maxMeasured is up to how many names are made to find the longest.
const maxMeasured = 10_000

// longest returns the length of the longest name of a small run, and else 0.
func (s *selection) longest() (n int) {
	names := s.again()
	if rows := s.rows(); rows == 0 || rows > maxMeasured || names == nil {
		return 0
	}
	for c := range names {
		n = max(n, report.NameWidth(c.Name, c.Unicode))
	}
	return n
}

// again returns the names of the run for another loop, and nil if the keywords
// can be read only once.
func (s *selection) again() candidates {
	keywords := s.in.again()
	if keywords == nil {
		return nil
	}
	gen, _ := s.generator(keywords) // the same options have made one before
	return s.inShard(s.fit(gen.All(), new(atomic.Int64)))
}

// done returns how far the run has come on the way to total, with so many names
// in flight.
func (s *selection) done(inFlight int64) int64 {
	return s.passed.Load() + s.gen.Repeated() + s.gen.Skipped() + s.gen.Excluded() + s.poor.Load() - inFlight
}
