package candidate

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
)

// A Ranking streams candidates by their rank, however many there are: it goes
// through all of them several times and holds only the best of what is left.
type Ranking struct {
	// Pass returns the candidates for one loop, the same ones each time. The
	// number of the loop is counted from 0.
	Pass func(n int) iter.Seq2[Candidate, error]

	// Rank returns the rank of a name.
	Rank func(name string) int

	held     int // candidates in the first pass; 0 for minRanked
	repeated atomic.Int64
}

// How many candidates are held in the first pass and, if many are needed, in later
// ones. A hundred thousand take 25 MB.
const (
	minRanked = 1 << 17
	maxRanked = 1 << 18
)

// Repeated returns the number of candidates that [Ranking.All] left out because
// they came again. It may be called while All runs.
func (r *Ranking) Repeated() int64 { return r.repeated.Load() }

// All streams the candidates, each once: those with the highest rank first, of
// equal ranks the shortest names first, and of equal lengths in alphabetical order.
// Invalid candidates come at the end. An error of a pass comes once and last.
func (r *Ranking) All() iter.Seq2[Candidate, error] {
	return func(yield func(Candidate, error) bool) {
		held := cmp.Or(r.held, minRanked)
		var last *ranked
		for n := 0; ; n++ {
			p := pass{ranking: r, after: last, most: held}
			err := p.run(n)
			for _, e := range p.best {
				r.repeated.Add(int64(e.repeats))
				if !yield(*e.Candidate, nil) {
					return
				}
				last = &e
			}
			if !p.full {
				if err != nil {
					yield(Candidate{}, err)
				}
				return
			}
			held = min(2*held, max(held, maxRanked))
		}
	}
}

// A ranked is a candidate with its rank.
type ranked struct {
	rank    int32
	repeats int32 // how often it came again
	*Candidate
}

// compare orders a and b as they are streamed.
func (a *ranked) compare(b *ranked) int {
	if a.rank != b.rank { // which decides most often
		return int(b.rank - a.rank)
	}
	return cmp.Or(len(a.Name)-len(b.Name), strings.Compare(a.Name, b.Name), strings.Compare(a.TLD, b.TLD))
}

// A pass finds the best candidates behind those that were streamed.
type pass struct {
	ranking *Ranking
	after   *ranked // the last that was streamed; nil in the first pass
	most    int     // how many are wanted
	best    []ranked
	full    bool // there are others behind the best
}

func (p *pass) run(n int) (failed error) {
	var c Candidate
	e := ranked{Candidate: &c}
	for c, failed = range p.ranking.Pass(n) {
		if failed != nil {
			break
		}
		e.rank = -1
		if c.Err == nil {
			e.rank = int32(p.ranking.Rank(c.Name))
		}
		if p.after != nil && e.compare(p.after) <= 0 || p.full && e.compare(&p.best[p.most-1]) > 0 {
			continue
		}
		if p.best = append(p.best, ranked{e.rank, 0, c.alone()}); len(p.best) > p.most+p.most/2 {
			p.trim()
		}
	}
	p.trim()
	return failed
}

// trim sorts the candidates and keeps the best.
func (p *pass) trim() {
	slices.SortFunc(p.best, func(a, b ranked) int { return a.compare(&b) })
	n := 0
	for _, e := range p.best {
		if n > 0 && e.compare(&p.best[n-1]) == 0 {
			p.best[n-1].repeats += e.repeats + 1
			continue
		}
		p.best[n] = e
		n++
	}
	p.full = p.full || n > p.most
	n = min(n, p.most)
	clear(p.best[n:])
	p.best = p.best[:n]
}

// alone returns a copy that keeps no other memory than its own.
func (c Candidate) alone() *Candidate {
	c.Name = strings.Clone(c.Name)
	c.Unicode = partOf(c.Name, c.Unicode)
	c.Keyword = partOf(c.Name, c.Keyword)
	c.TLD = partOf(c.Name, c.TLD)
	return &c
}

// partOf returns s as a part of name if it is one, and else a copy of it.
func partOf(name, s string) string {
	if i := strings.Index(name, s); i >= 0 {
		return name[i : i+len(s)]
	}
	return strings.Clone(s)
}
