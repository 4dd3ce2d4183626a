package report

import (
	"hash/maphash"
	"iter"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
)

// Merge yields one row for each name of several reports: the newest one, and the
// last of equally new ones. A name under another TLD is another name, as in
// [Settled]. But a row without a TLD, of a report without that column, is about
// the name under any TLD, and then the name has one row. Names come in the order
// of their first rows. Rows have the precision with which [Read] yields them from
// JSON. The first error of a report is yielded alone, and ends the sequence.
//
// Every report is read before the first row comes. Many rows go to a temporary
// file, and some 30 bytes for each name stay in memory.
func Merge(reports ...iter.Seq2[probe.Result, error]) iter.Seq2[probe.Result, error] {
	return func(yield func(probe.Result, error) bool) {
		x := newIndex(1)
		defer x.close()
		for _, report := range reports {
			if err := x.read(0, report); err != nil {
				yield(probe.Result{}, err)
				return
			}
		}
		for id := range x.next {
			r, err := x.row(0, id)
			if r != nil && !yield(*r, err) || err != nil {
				return
			}
		}
	}
}

// An index knows the newest row of each name on one side or on two, which are
// compared. Names are numbered in the order of their first rows. They are found
// by a hash, and compared with the name in the row, so that names with the same
// hash are never taken for one another.
type index struct {
	sides []side
	seed  maphash.Seed
	last  map[uint32]uint32 // the number after that of the last name with a hash
	next  []uint32          // the number after that of the one before it, or 0
	bare  []bool            // the name is one under any TLD
}

// A side is the rows of an index that come from the same reports.
type side struct {
	spool
	rows []int64 // the offset of the newest row of each name, or noRow
}

const noRow = -1

func newIndex(sides int) *index {
	return &index{sides: make([]side, sides), seed: maphash.MakeSeed(), last: make(map[uint32]uint32)}
}

func (x *index) close() {
	for i := range x.sides {
		x.sides[i].close()
	}
}

func (x *index) hash(name string) uint32 { return uint32(maphash.String(x.seed, name)) }

// row returns the row of a name on a side, or nil.
func (x *index) row(side, id int) (*probe.Result, error) {
	offset := x.sides[side].rows[id]
	if offset == noRow {
		return nil, nil
	}
	r, err := x.sides[side].at(offset)
	return &r, err
}

// read enters the rows of a report on a side.
func (x *index) read(side int, report iter.Seq2[probe.Result, error]) error {
	for r, err := range report {
		if err == nil {
			err = x.add(side, &r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// add enters a row, unless there is a newer one.
func (x *index) add(side int, r *probe.Result) error {
	offset, err := x.sides[side].add(r)
	if err != nil {
		return err
	}
	id, err := x.find(r.Key())
	if err != nil {
		return err
	}
	if id >= 0 {
		return x.update(side, id, offset, r.At.Truncate(time.Millisecond)) // as it reads back
	}
	for i := range x.sides {
		x.sides[i].rows = append(x.sides[i].rows, noRow)
	}
	hash := x.hash(r.Name)
	x.sides[side].rows[len(x.next)] = offset
	x.next, x.bare = append(x.next, x.last[hash]), append(x.bare, false)
	x.last[hash] = uint32(len(x.next))
	if r.TLD == "" {
		return x.join(r.Name)
	}
	return nil
}

// update gives a name another row, of a time, unless it has a newer one.
func (x *index) update(side, id int, offset int64, at time.Time) error {
	old, err := x.row(side, id)
	if err == nil && (old == nil || !at.Before(old.At)) {
		x.sides[side].rows[id] = offset
	}
	return err
}

// each calls use with the number and the TLD of a name under all TLDs, from the
// last one to the first.
func (x *index) each(name string, use func(id int, tld string) error) error {
	for n := x.last[x.hash(name)]; n > 0; n = x.next[n-1] {
		id := int(n - 1)
		var r *probe.Result
		var err error
		for side := 0; side < len(x.sides) && r == nil; side++ {
			r, err = x.row(side, id)
		}
		if err == nil && r != nil && r.Name == name {
			err = use(id, r.TLD)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// find returns the number of a name, or -1.
func (x *index) find(k candidate.Key) (int, error) {
	found := -1
	err := x.each(k.Name, func(id int, tld string) error {
		if tld == k.TLD || x.bare[id] {
			found = id
		}
		return nil
	})
	return found, err
}

// join makes a name under several TLDs one name, with the number of the first.
func (x *index) join(name string) error {
	later := -1
	return x.each(name, func(id int, _ string) (err error) {
		for side := 0; later >= 0 && side < len(x.sides) && err == nil; side++ {
			var r *probe.Result
			if r, err = x.row(side, later); r != nil && err == nil {
				err = x.update(side, id, x.sides[side].rows[later], r.At)
			}
			x.sides[side].rows[later] = noRow
		}
		later, x.bare[id] = id, true
		return err
	})
}
