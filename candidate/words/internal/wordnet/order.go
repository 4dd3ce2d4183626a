package wordnet

import (
	"encoding/binary"
	"regexp"
	"slices"
)

// order puts the meanings in the order of the index.
func (x *indexer) order() {
	x.choose()
	x.rank = make(map[int]int)
	children := make(map[int][]int)
	var roots []int
	for i, s := range x.db.Synsets {
		if !x.usable[i] {
			continue
		}
		above := x.above(s.Parents, nil)
		if len(above) == 0 {
			roots = append(roots, i)
			continue
		}
		children[above[0]] = append(children[above[0]], i)
		for _, upper := range above[1:] {
			x.more = append(x.more, [2]int{i, upper})
		}
	}
	var visit func(place, level int)
	visit = func(place, level int) {
		if _, done := x.rank[place]; done {
			return
		}
		x.rank[place] = len(x.meanings)
		x.meanings = append(x.meanings, place)
		x.levels = append(x.levels, byte(level))
		for _, child := range children[place] {
			visit(child, level+1)
		}
	}
	for _, root := range roots {
		visit(root, 0)
	}
	for i := range x.db.Synsets { // what is left is above itself
		if x.usable[i] {
			visit(i, 0)
		}
	}
}

// above returns the nearest usable meanings, from parents on.
func (x *indexer) above(parents, path []int) (list []int) {
	for _, p := range parents {
		switch {
		case x.usable[p]:
			list = append(list, p)
		case !slices.Contains(path, p):
			list = append(list, x.above(x.db.Synsets[p].Parents, append(path, p))...)
		}
	}
	slices.Sort(list[min(1, len(list)):])
	return slices.Compact(list)
}

var offensive = regexp.MustCompile(
	`ethnic slur|(offensive|disparaging|derogatory|obscene)( slang| and \w+)? (terms?|names?|words?)\b`)

// choose says which meanings are in the index.
func (x *indexer) choose() {
	isUsable := func(l Lemma) bool { return Usable(l.Word) }
	x.usable = make([]bool, len(x.db.Synsets))
	for i, s := range x.db.Synsets {
		x.usable[i] = slices.ContainsFunc(s.Lemmas, isUsable) && !offensive.MatchString(s.Gloss)
	}
}

// others returns the further meanings above.
func (x *indexer) others() []byte { return x.pairs(x.more) }

func (x *indexer) related() []byte {
	var pairs [][2]int
	for _, place := range x.meanings {
		for _, other := range x.db.Synsets[place].Related {
			if x.usable[other] {
				pair := [2]int{place, other}
				if x.rank[other] < x.rank[place] {
					pair = [2]int{other, place}
				}
				pairs = append(pairs, pair)
			}
		}
	}
	return x.pairs(pairs)
}

// pairs returns pairs of places in the database as those in the index, sorted.
func (x *indexer) pairs(pairs [][2]int) (part []byte) {
	for i, pair := range pairs {
		pairs[i] = [2]int{x.rank[pair[0]], x.rank[pair[1]]}
	}
	slices.SortFunc(pairs, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
	last := 0
	for _, pair := range slices.Compact(pairs) {
		part = binary.AppendUvarint(part, uint64(pair[0]-last))
		part = binary.AppendUvarint(part, uint64(pair[1]))
		last = pair[0]
	}
	return part
}
