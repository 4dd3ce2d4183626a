package cli

import (
	"fmt"
	"iter"
	"math"
	"math/big"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"domprobe/candidate"
	"domprobe/candidate/score"
	"domprobe/internal/cmdline"
	"domprobe/probe"
)

// A choosing is the settings of a run that asks about the best names first.
type choosing struct {
	best   int // names that are wanted; 0 is all
	budget int // queries; 0 is no limit
}

func (c *choosing) options() []*cmdline.Option {
	return []*cmdline.Option{
		cmdline.Number(&c.best, "best", "", "ask about the names with the highest score first, until `N` are not found, with --confirm until as many are confirmed, "+
			"and write these, best first; see domprobe score", 1, math.MaxInt).Common(),
		cmdline.Number(&c.budget, "budget", "", "send at most `N` queries, about the names with the highest score", 1, math.MaxInt),
	}
}

func (c *choosing) on() bool { return c.best > 0 || c.budget > 0 }

// apply has the other settings fit.
func (c *choosing) apply(p *probing) error {
	switch {
	case !c.on():
		return nil
	case c.best > 0 && p.stopAfter > 0:
		return cmdline.Usage("", "--best and --stop-after exclude each other")
	}
	p.gen.ranked, p.out.opts.Score = true, true
	if c.best > 0 {
		p.stopAfter = c.best
		if p.out.resume {
			p.out.earlier = newRecollection(c.best, p.confirm.on())
		}
		if !p.out.picks() {
			p.out.only = verdictSet{probe.NotFound: true}
			p.out.confirmed, p.out.best = p.confirm.on(), c.best
		}
	}
	return nil
}

// The bounds of the names that are ahead of the last row of --best: they are asked
// about in vain when the rows before them are enough.
const (
	minAhead   = 256
	aheadOfAll = 4 // one in so many of the names so far
)

// order returns the order of the rows.
func (c *choosing) order(most int, queries *budget) *order {
	o := newOrder(min(max(minAhead, 2*min(c.best, most)), most))
	o.most = most
	if queries != nil {
		o.may = queries.allows
	}
	return o
}

// byScore returns the rank of names by score. Names in a row often share their
// label.
func byScore() func(name string) int {
	var last []byte // a copy, since names share their memory with others
	rank := 0
	return func(name string) int {
		if label, _, _ := strings.Cut(name, "."); label != string(last) {
			last, rank = append(last[:0], label...), score.Of(label).Total
		}
		return rank
	}
}

// ranking returns the names by their score, for one loop.
func (s *selection) ranking(first candidates) *candidate.Ranking {
	return &candidate.Ranking{Rank: byScore(), Pass: func(n int) candidates {
		if n == 0 {
			return s.told(n, first)
		}
		return s.told(n, s.again())
	}}
}

// patience is how long somebody waits for the first name without a word.
const patience = 4 * time.Second

// told returns the names of a pass, counted from 0, which tells the user about itself
// if it takes long.
func (s *selection) told(pass int, names candidates) candidates {
	return func(yield func(candidate.Candidate, error) bool) {
		done := make(chan struct{})
		tell := time.AfterFunc(patience, func() {
			s.console.Note("%s", s.choice(pass))
			close(done)
		})
		names(yield)
		if !tell.Stop() {
			<-done
		}
	}
}

// choice tells how far a pass has come when patience is at its end.
func (s *selection) choice(pass int) string {
	if pass > 0 {
		return "more names are needed: all are scored again, to choose the next best"
	}
	done := s.done(0)
	text := fmt.Sprintf("all names are scored before the best are asked about: %d", done)
	if !s.exact || done == 0 {
		return text + " so far"
	}
	total, _ := new(big.Float).SetInt(s.total).Float64()
	left := time.Duration(float64(patience) * (total/float64(done) - 1))
	return text + fmt.Sprintf(" of %s so far, about %v to go", s.total, roughly(left))
}

// repeatable makes sources repeatable by holding the keywords of those that can be
// read only once.
func (in *input) repeatable() {
	for i := range in.sources {
		s := &in.sources[i]
		if s.again != nil {
			continue
		}
		once := s.keywords
		held := sync.OnceValues(func() ([]string, error) { return collect(once) })
		s.keywords = ofAll(held, func(words []string) iter.Seq2[string, error] { return candidate.Stream(words...) })
		s.again = s.keywords
	}
}

// A budget bounds the queries of a run.
type budget struct {
	most    int
	opts    probe.Options
	sent    func() int
	tlds    map[string]bool
	zones   zoneFiles   // whose names take no query
	names   int         // that were let through to be asked about
	besides int         // queries for what is asked about a name that is found
	full    bool        // names have to wait for all that are under way
	spent   atomic.Bool // no more names are let through
}

// newBudget returns the budget of a prober, or an error if it cannot pay for one
// name. With zone files that shows when a name comes that none of them has.
func newBudget(most int, p *prober) (*budget, error) {
	b := &budget{most: most, opts: p.opts, tlds: make(map[string]bool)}
	for _, asked := range []*bool{&b.opts.ForSale, &b.opts.Parked} {
		if *asked {
			b.besides += 2*b.opts.Tries + 2
		}
		*asked = false // what is expected of them is in besides
	}
	b.sent = func() (n int) {
		for _, s := range p.Stats() {
			n += int(s.Queries)
		}
		return n
	}
	if b.besides == 0 && len(p.opts.ZoneFiles) > 0 {
		b.zones = byTLD(p.opts)
		return b, nil
	}
	return b, b.suffices()
}

// suffices returns an error if there is not enough for one name.
func (b *budget) suffices() error {
	if least := b.opts.Queries(1, 1) + b.perName(); b.most < least {
		return cmdline.Usage("", "--budget %d is too small: controls and one name can take %d queries", b.most, least)
	}
	return nil
}

// perName is how many queries a name takes at most, for all purposes: every try,
// twice as many while a limit swallows some, and TCP.
func (b *budget) perName() int {
	const ofOthers, ofRegistry = 2, 4
	n := 2*b.opts.Tries + 2 + ofOthers*(min(len(b.opts.Servers), 4)-1)
	if b.opts.Escalate {
		n += ofRegistry
	}
	return n + b.besides
}

// allows reports whether there is room for one more name, while so many are
// under way. All of them may still take as many queries as a name can take. Once
// there is no room, the names under way come to their end before others follow: a
// prober that waits for names spends queries on another look at its servers.
func (b *budget) allows(name candidate.Key, underWay int) bool {
	if b.zones.have(name) {
		return true
	}
	b.tlds[name.TLD] = true
	n := b.names + 1
	used := max(b.sent(), b.opts.Queries(n, len(b.tlds))-n) // at least the controls
	b.full = b.full && underWay > 0 || used+(underWay+1)*b.perName()+b.reserve() > b.most
	if b.full {
		b.spent.Store(underWay == 0)
		return false
	}
	b.names++
	return true
}

// reserve is the number of queries that are kept for controls of servers that fail in
// mid-run. The first name needs none.
func (b *budget) reserve() int {
	if b.names == 0 {
		return 0
	}
	return min(b.most/8, 8*b.perName())
}

// exhausted reports whether the run is to end. Names that are under way are given
// up if they have taken more queries than expected.
func (b *budget) exhausted() bool { return b.spent.Load() || b.sent() >= b.most }
