package web

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"net/http"
	"slices"
	"strings"

	"domprobe/candidate"
	"domprobe/candidate/pattern"
	"domprobe/candidate/score"
	meanings "domprobe/candidate/words"
	"domprobe/internal/text"
)

// A making is the parameters of the generators.
type making struct {
	About    texts `json:"about"`
	AboutMax int   `json:"about_max"`
	Pattern  texts `json:"pattern"`

	Syllables int  `json:"syllables"`
	Combine   int  `json:"combine"`
	Affixes   bool `json:"affixes"`
	Blend     bool `json:"blend"`
	Endings   bool `json:"endings"`
	Typos     bool `json:"typos"`
	Hacks     bool `json:"hacks"`

	Exclude  words `json:"exclude"`
	MinLen   int   `json:"min_len"`
	MaxLen   int   `json:"max_len"`
	MinScore int   `json:"min_score"`

	meant []string // words for the texts of About
}

// The bounds of generators, in words and names.
const (
	defaultAbout = 200
	maxAbout     = 1000
	maxCombined  = 1000 // words to combine with one another
	maxBlended   = 200
	maxLabel     = 63 // octets
	maxRanked    = 1_000_000
)

// A choosing is the parameters of a search for the best names.
type choosing struct {
	Score  bool `json:"score"`  // of each name is in its row
	Best   int  `json:"best"`   // not-found names that are wanted
	Budget int  `json:"budget"` // names that are asked about at most
}

// ranked reports whether names are asked about in the order of their scores.
func (c *choosing) ranked() bool { return c.Best > 0 || c.Budget > 0 }

// most returns how many of so many names are asked about at most.
func (c *choosing) most(names, limit int) int {
	if !c.ranked() {
		return names
	}
	return min(names, cmp.Or(c.Budget, limit), limit)
}

// check returns what is wrong with the parameters, beside so many keywords.
func (m *making) check(keywords int) *problem {
	if keywords+len(m.About)+len(m.Pattern)+m.Syllables == 0 {
		return problemf(http.StatusBadRequest, "no keyword is given")
	}
	return inBounds([]bound{
		{"about_max", m.AboutMax, maxAbout}, {"syllables", m.Syllables, pattern.MaxSyllables}, {"combine", m.Combine, 4},
		{"min_score", m.MinScore, 100}, {"min_len", m.MinLen, maxLabel}, {"max_len", m.MaxLen, maxLabel},
	})
}

func (c *choosing) check() *problem {
	return inBounds([]bound{{"best", c.Best, maxRanked}, {"budget", c.Budget, maxRanked}})
}

// A bound is the most that a number can be.
type bound struct {
	name        string
	value, most int
}

func inBounds(all []bound) *problem {
	for _, n := range all {
		if n.value < 0 || n.value > n.most {
			return problemf(http.StatusBadRequest, "%s is a number from 0 to %d", n.name, n.most)
		}
	}
	return nil
}

// generates reports whether generators make keywords of those that are given.
func (q *query) generates() bool {
	return len(q.About)+len(q.Pattern)+q.Syllables+q.Combine > 0 || q.Blend || q.makers().Any()
}

// lookUp finds the words for the texts of About.
func (m *making) lookUp() error {
	m.meant = nil
	for _, about := range m.About {
		found, err := meanings.Search(about, cmp.Or(m.AboutMax, defaultAbout))
		if err != nil {
			return fmt.Errorf("about: %w", err)
		} else if len(found) == 0 {
			return fmt.Errorf("about %.100q: no word has to do with all of it", about)
		}
		m.meant = append(m.meant, text.Of(found, func(r meanings.Result) string { return r.Word })...)
	}
	return nil
}

// keywords returns the keywords of a query with what generators make of them.
func (q *query) keywords(origin *candidate.Origin) (iter.Seq2[string, error], error) {
	given := text.Distinct(q.Keyword)
	sources := []iter.Seq2[string, error]{candidate.Stream(given...)}
	if len(q.meant) > 0 {
		given = append(given, q.meant...)
		sources = append(sources, origin.Tag("about", candidate.Stream(q.meant...)))
	}
	switch {
	case q.Combine > 1 && len(given) > maxCombined:
		return nil, fmt.Errorf("combine takes at most %d words", maxCombined)
	case q.Combine > 1:
		sources = []iter.Seq2[string, error]{origin.Tag("combine", candidate.Combine(given, q.Combine, nil))}
	case q.Blend && len(given) > maxBlended:
		return nil, fmt.Errorf("blend takes at most %d words", maxBlended)
	}
	if q.Blend {
		sources = append(sources, origin.Tag("blend", candidate.Blend(given)))
	}
	for _, s := range q.Pattern {
		p, err := pattern.Compile(s)
		if err != nil {
			return nil, fmt.Errorf("pattern: %w", err)
		}
		sources = append(sources, origin.Tag("pattern", p.All()))
	}
	if q.Syllables > 0 {
		p, err := pattern.Syllables(q.Syllables)
		if err != nil {
			return nil, fmt.Errorf("syllables: %w", err)
		}
		sources = append(sources, origin.Tag("syllables", p.All()))
	}
	return q.makers().Apply(candidate.Concat(sources...), origin, len(q.TLD) > 0), nil
}

// makers returns the generators that make more of each keyword.
func (m *making) makers() candidate.Makers {
	return candidate.Makers{Endings: m.Endings, Typos: m.Typos, Hacks: m.Hacks}
}

// generator returns a new generator of the names of a query.
func (q *query) generator(unique bool) (*candidate.Generator, error) {
	opts := candidate.Options{
		TLDs: q.TLD, Prefixes: q.Prefix, Suffixes: q.Suffix, MinLen: q.MinLen, MaxLen: q.MaxLen,
		Origin: new(candidate.Origin), Unique: unique && !q.generates(),
	}
	if q.Affixes {
		prefixes, suffixes := candidate.Affixes()
		opts.Prefixes, opts.Suffixes = slices.Concat(opts.Prefixes, prefixes), slices.Concat(opts.Suffixes, suffixes)
	}
	keywords, err := q.keywords(opts.Origin)
	if err != nil {
		return nil, err
	}
	if len(q.Exclude) > 0 {
		if opts.Exclude, err = candidate.NewExclusion(q.Exclude); err != nil {
			return nil, err
		}
	}
	opts.Keywords = keywords
	return candidate.New(opts)
}

// A nameSet is the names of a query.
type nameSet struct {
	all      iter.Seq2[candidate.Candidate, error]
	n        int                   // names
	repeated int64                 // that are left out
	list     []candidate.Candidate // nil if they are not kept
}

// madePerAsked is how many names are made for the best of them at the cost of one
// name that is asked about.
const madePerAsked = 1000

// cost returns the names that a client is charged for at once.
func (s *nameSet) cost(q *query) int {
	if q.ranked() {
		return 1 + s.n/madePerAsked // it is charged for the others when they are asked about
	}
	return s.n
}

// names generates the names of a query, of which there may be so many. They are
// not kept: they are generated again when they are needed. It ends early when ctx
// is done.
func (q *query) names(ctx context.Context, most int) (*nameSet, *problem) {
	if err := q.lookUp(); err != nil {
		return nil, problemf(http.StatusBadRequest, "%v", err)
	}
	g, err := q.generator(false)
	if err != nil {
		return nil, problemf(http.StatusBadRequest, "%v", err)
	}
	if q.ranked() {
		most = maxRanked
	}
	s := new(nameSet)
	for _, err := range q.fitting(g) {
		switch {
		case err != nil:
			return nil, problemf(http.StatusBadRequest, "%v", err)
		case ctx.Err() != nil:
			return nil, unanswered(ctx, ctx.Err())
		case s.n == most:
			return nil, tooMany(int64(most))
		}
		s.n++
	}
	per := int64(g.PerKeyword())
	s.repeated = g.Repeated() + count(q.Keyword, per, math.MaxInt64) - count(text.Distinct(q.Keyword), per, math.MaxInt64)
	pass := func(int) iter.Seq2[candidate.Candidate, error] {
		again, _ := q.generator(g.Repeated() == 0) // of the options that it has just accepted
		return q.fitting(again)
	}
	if q.ranked() {
		s.all = (&candidate.Ranking{Rank: scoreOf, Pass: pass}).All()
	} else {
		s.all = pass(0)
	}
	return s, nil
}

// fitting returns the names whose score is high enough.
func (q *query) fitting(g *candidate.Generator) iter.Seq2[candidate.Candidate, error] {
	return candidate.Filter(g.All(), func(c candidate.Candidate) bool {
		return q.MinScore == 0 || scoreOf(c.Name) >= q.MinScore
	})
}

// scoreOf returns the score of a name.
func scoreOf(name string) int {
	label, _, _ := strings.Cut(name, ".")
	return score.Of(label).Total
}
