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
// file, and 20 bytes for each name stay in memory.
func Merge(reports ...iter.Seq2[probe.Result, error]) iter.Seq2[probe.Result, error] {
	return func(yield func(probe.Result, error) bool) {
		all := newIndex()
		defer all.spool.close()
		for _, report := range reports {
			if err := all.read(report); err != nil {
				yield(probe.Result{}, err)
				return
			}
		}
		if err := fold(all); err != nil {
			yield(probe.Result{}, err)
			return
		}
		for id := range all.rows {
			r, err := all.row(id)
			if !yield(r, err) || err != nil {
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
	rows   []int64  // the offset of the newest row of each name
	hashes []uint32 // of the names
	slots  []uint32 // a hash table of numbers, each one more than it is
	bare   []bool   // after fold: the name is one under any TLD
	noTLD  int      // how many names have no TLD
}

func newIndex() *index {
	return &index{seed: maphash.MakeSeed(), slots: make([]uint32, 1<<10)}
}

func (x *index) row(id int) (probe.Result, error) { return x.spool.at(x.rows[id]) }

func (x *index) hash(name string) uint32 { return uint32(maphash.String(x.seed, name)) }

// read enters the rows of a report.
func (x *index) read(report iter.Seq2[probe.Result, error]) error {
	for r, err := range report {
		if err != nil {
			return err
		}
		offset, err := x.spool.add(&r)
		if err == nil {
			err = x.put(&r, offset, false)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// put enters a row, unless there is a newer one.
func (x *index) put(r *probe.Result, offset int64, bare bool) error {
	id, err := x.find(r.Key())
	if err != nil {
		return err
	}
	if id >= 0 {
		old, err := x.row(id)
		if err == nil && !r.At.Truncate(time.Millisecond).Before(old.At) { // as old.At was
			x.rows[id] = offset
		}
		return err
	}
	if 4*len(x.rows) >= 3*len(x.slots) {
		x.slots = make([]uint32, 2*len(x.slots))
		for id := range x.rows {
			x.link(id)
		}
	}
	x.rows, x.hashes = append(x.rows, offset), append(x.hashes, x.hash(r.Name))
	x.link(len(x.rows) - 1)
	if r.TLD == "" {
		x.noTLD++
	}
	if bare {
		for len(x.bare) < len(x.rows) {
			x.bare = append(x.bare, false)
		}
		x.bare[len(x.rows)-1] = true
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

// find returns the number of a name, or -1.
func (x *index) find(k candidate.Key) (int, error) {
	hash := x.hash(k.Name)
	for slot := hash; ; slot++ {
		id := int(x.slots[slot&uint32(len(x.slots)-1)]) - 1
		if id < 0 {
			return -1, nil
		}
		if x.hashes[id] != hash {
			continue
		}
		r, err := x.row(id)
		if err != nil || r.Name == k.Name && (r.TLD == k.TLD || id < len(x.bare) && x.bare[id]) {
			return id, err
		}
	}
}

// fold joins the rows of a name under all TLDs where some index has the name
// without a TLD.
func fold(all ...*index) error {
	names, noTLD := 0, 0
	for _, x := range all {
		names, noTLD = names+len(x.rows), noTLD+x.noTLD
	}
	if noTLD == 0 || noTLD == names {
		return nil
	}
	marks := make([][]bool, len(all))
	for i, x := range all {
		marks[i] = make([]bool, len(x.rows))
		for id := range x.rows {
			r, err := x.row(id)
			for _, other := range all {
				found := -1
				if err == nil && !marks[i][id] {
					found, err = other.find(candidate.Key{Name: r.Name})
				}
				marks[i][id] = marks[i][id] || found >= 0
			}
			if err != nil {
				return err
			}
		}
	}
	for i, x := range all {
		if err := x.rebuild(marks[i]); err != nil {
			return err
		}
	}
	return nil
}

// rebuild enters all rows again, some of them for a name under any TLD.
func (x *index) rebuild(bare []bool) error {
	rows := x.rows
	x.rows, x.hashes = rows[:0], x.hashes[:0] // which never overtakes the rows still to be read
	clear(x.slots)
	for id, offset := range rows {
		r, err := x.spool.at(offset)
		if err == nil {
			err = x.put(&r, offset, bare[id])
		}
		if err != nil {
			return err
		}
	}
	return nil
}
