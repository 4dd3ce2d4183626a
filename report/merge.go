package report

import (
	"hash/maphash"
	"iter"
	"slices"
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
// file, and 21 bytes for each name stay in memory.
func Merge(reports ...iter.Seq2[probe.Result, error]) iter.Seq2[probe.Result, error] {
	return func(yield func(probe.Result, error) bool) {
		x := newIndex()
		defer x.spool.close()
		for _, report := range reports {
			if err := x.read(report); err != nil {
				yield(probe.Result{}, err)
				return
			}
		}
		for r, err := range x.all() {
			if !yield(*r, err) {
				return
			}
		}
	}
}

// An index knows the newest row of each name. Names are numbered in the order of
// their first rows. They are found by a hash, and compared with the name in the
// row, so that names with the same hash are never taken for one another.
type index struct {
	spool  spool
	seed   maphash.Seed
	rows   []int64  // the offset of the newest row of each name, or joined
	bare   []bool   // the name is one under any TLD
	hashes []uint32 // of the names
	slots  []uint32 // a hash table of numbers, each one more than it is
}

// joined is the place of a row that a name without a TLD took over.
const joined = -1

func newIndex() *index {
	return &index{seed: maphash.MakeSeed(), slots: make([]uint32, 1<<10)}
}

func (x *index) hash(name string) uint32 { return uint32(maphash.String(x.seed, name)) }

// read enters the rows of a report.
func (x *index) read(report iter.Seq2[probe.Result, error]) error {
	for r, err := range report {
		if err != nil {
			return err
		}
		offset, err := x.spool.add(&r)
		if err == nil {
			err = x.put(&r, offset)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// put enters a row, unless there is a newer one.
func (x *index) put(r *probe.Result, offset int64) error {
	id, old, err := x.find(r.Key())
	if err != nil {
		return err
	}
	if old != nil {
		if !r.At.Truncate(time.Millisecond).Before(old.At) { // as old.At was
			x.rows[id] = offset
		}
		return nil
	}
	if 4*len(x.rows) >= 3*len(x.slots) {
		x.slots = make([]uint32, 2*len(x.slots))
		for id := range x.rows {
			x.link(id)
		}
	}
	x.rows, x.bare, x.hashes = append(x.rows, offset), append(x.bare, false), append(x.hashes, x.hash(r.Name))
	x.link(len(x.rows) - 1)
	if r.TLD == "" {
		return x.join(r.Name)
	}
	return nil
}

// link enters the number of a name into the first free slot for it.
func (x *index) link(id int) {
	slot := x.hashes[id] & uint32(len(x.slots)-1)
	for x.slots[slot] != 0 {
		slot = (slot + 1) & uint32(len(x.slots)-1)
	}
	x.slots[slot] = uint32(id + 1)
}

// each calls use with the rows of a name under all TLDs, in the order of their
// numbers, until it returns false.
func (x *index) each(name string, use func(id int, r *probe.Result) bool) error {
	hash := x.hash(name)
	for slot := hash; ; slot++ {
		id := int(x.slots[slot&uint32(len(x.slots)-1)]) - 1
		if id < 0 {
			return nil
		}
		if x.hashes[id] != hash || x.rows[id] == joined {
			continue
		}
		r, err := x.spool.at(x.rows[id])
		if err != nil || r.Name == name && !use(id, r) {
			return err
		}
	}
}

// find returns the number of a name and its row, or -1 and nil.
func (x *index) find(k candidate.Key) (id int, row *probe.Result, err error) {
	id = -1
	err = x.each(k.Name, func(i int, r *probe.Result) bool {
		if r.TLD == k.TLD || x.bare[i] {
			id, row = i, r
		}
		return row == nil
	})
	return id, row, err
}

// join makes the rows of a name under all TLDs the rows of one name.
func (x *index) join(name string) error {
	first := -1
	var newest time.Time
	return x.each(name, func(id int, r *probe.Result) bool {
		if first < 0 {
			first, newest, x.bare[id] = id, r.At, true
			return true
		}
		if !r.At.Before(newest) {
			x.rows[first], newest = x.rows[id], r.At
		}
		x.rows[id] = joined
		return true
	})
}

// joinAs joins the names that another index has without a TLD.
func (x *index) joinAs(other *index) error {
	if !slices.Contains(x.bare, false) {
		return nil
	}
	for id, bare := range other.bare {
		if !bare {
			continue
		}
		r, err := other.spool.at(other.rows[id])
		if err == nil {
			err = x.join(r.Name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// all yields the newest row of each name, until the next one.
func (x *index) all() iter.Seq2[*probe.Result, error] {
	return func(yield func(*probe.Result, error) bool) {
		for _, offset := range x.rows {
			if offset == joined {
				continue
			}
			if r, err := x.spool.at(offset); !yield(r, err) || err != nil {
				return
			}
		}
	}
}
