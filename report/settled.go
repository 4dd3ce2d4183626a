package report

import (
	"cmp"
	"hash/maphash"
	"slices"

	"domprobe/candidate"
	"domprobe/probe"
)

// Settled is the set of names that a report has as found, not found or invalid.
// It keeps a hash of 128 bits for each: two of ten million names share one by
// chance once in 10^24 reports. A name under another TLD is another one:
// foo.github.io can be probed under github.io, and is invalid under io. Settled is
// safe for concurrent use.
type Settled struct {
	high, low maphash.Seed
	keys      []key // in order
	tally
	lacks []string
}

// A tally counts rows.
type tally struct {
	counts    [4]int // by verdict
	confirmed int
	forSale   int
}

type key struct{ high, low uint64 }

func (a key) compare(b key) int {
	return cmp.Or(cmp.Compare(a.high, b.high), cmp.Compare(a.low, b.low))
}

// newSettled returns an empty set with room for n names.
func newSettled(n int) *Settled {
	return &Settled{high: maphash.MakeSeed(), low: maphash.MakeSeed(), keys: make([]key, 0, n)}
}

// Has reports whether the report has a verdict on a name under a TLD.
func (s *Settled) Has(name, tld string) bool {
	_, found := s.find(name, tld)
	return found
}

// Len returns the number of names.
func (s *Settled) Len() int { return len(s.keys) }

// Count returns the number of names with a verdict.
func (s *Settled) Count(v probe.Verdict) int {
	if int(v) >= len(s.counts) {
		return 0
	}
	return s.counts[v]
}

// Confirmed returns the number of names that a registry confirmed as not registered.
func (s *Settled) Confirmed() int { return s.confirmed }

// ForSale returns the number of names that are for sale.
func (s *Settled) ForSale() int { return s.forSale }

// Lacks returns the chosen columns that the header of the report does not have, so
// that they are lost.
func (s *Settled) Lacks() []string { return s.lacks }

func (s *Settled) key(name, tld string) key {
	k := candidate.Key{Name: name, TLD: tld}
	return key{maphash.Comparable(s.high, k), maphash.Comparable(s.low, k)}
}

// find returns the place of a name in the sorted set.
func (s *Settled) find(name, tld string) (int, bool) {
	return slices.BinarySearchFunc(s.keys, s.key(name, tld), key.compare)
}

// add appends the name of a row. The set must be sorted before it is searched.
func (s *Settled) add(r *probe.Result) {
	s.keys = append(s.keys, s.key(r.Name, r.TLD))
	s.count(r)
}

func (t *tally) count(r *probe.Result) {
	t.counts[r.Verdict]++
	if r.Reason == probe.RDAPNotRegistered {
		t.confirmed++
	}
	if r.Sale.Listed {
		t.forSale++
	}
}

// sort sorts the set and returns the number of names that were added twice.
func (s *Settled) sort() (repeated int) {
	n := len(s.keys)
	slices.SortFunc(s.keys, key.compare)
	s.keys = slices.Compact(s.keys)
	return n - len(s.keys)
}
