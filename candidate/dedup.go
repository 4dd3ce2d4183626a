package candidate

import (
	"crypto/sha256"
	"hash/maphash"
	"slices"
)

const (
	// window is the number of different names that a filter remembers.
	window = 1 << 20

	// maxMemory is the most memory for names. Names of more than 63 octets
	// on average reach it before they fill the window.
	maxMemory = 64 << 20

	minSlots = 256
	minRing  = 4 << 10
)

// A filter recognizes repeated names. It is exact for as many different names as
// its limit says; an older name counts as new. A million names of 12 octets take
// 26 MB.
//
// The names, each after its length, or the digests of names that are too long for
// the DNS, are in a ring in the order of their arrival, and indexed by an open
// hash table with linear probing. A forgotten name stays in the table until a
// quarter of the slots is left, when the table is made again.
type filter struct {
	limit  int
	memory int // of the ring, a power of two

	seed maphash.Seed
	tags []uint8  // of each slot some bits of the hash, and zero if it is empty
	refs []uint32 // of each slot where the entry begins
	used int      // slots that are not empty

	// first and end are where the oldest entry begins and where the newest
	// one ends. The place in the ring is such a number modulo the ring's
	// size, which divides 1<<32.
	ring       []byte
	first, end uint32
	names      int    // the number of entries
	entry      []byte // of the name that is looked up
}

func newFilter(limit int) *filter {
	return &filter{limit: limit, memory: maxMemory, seed: maphash.MakeSeed()}
}

// seen reports whether the filter has name, and adds it.
func (f *filter) seen(name string) bool {
	f.entry = append(append(f.entry[:0], byte(len(name))), name...)
	if len(name) > maxName {
		sum := sha256.Sum256(f.entry[1:])
		f.entry = append(append(f.entry[:0], sha256.Size), sum[:]...)
	}
	h := maphash.Bytes(f.seed, f.entry)
	if f.has(f.entry, h) {
		return true
	}
	need := len(f.entry)
	for f.names >= f.limit || f.size()+need > f.memory {
		f.first += f.sizeAt(f.first)
		f.names--
	}
	for f.size()+need > len(f.ring) {
		a, b := f.part(f.first, f.size())
		f.ring, f.end = make([]byte, max(minRing, 2*len(f.ring))), f.first
		f.append(a)
		f.append(b)
	}
	if f.used >= len(f.tags)/4*3 {
		f.remakeTable()
	}
	f.index(h, f.end)
	f.append(f.entry)
	f.names++
	return false
}

func (f *filter) has(entry []byte, h uint64) bool {
	if len(entry) > f.size() {
		return false
	}
	mask := len(f.tags) - 1
	for i := int(h) & mask; f.tags[i] != 0; i = (i + 1) & mask {
		if f.tags[i] == tag(h) && f.refs[i]-f.first < f.end-f.first {
			a, b := f.part(f.refs[i], len(entry))
			if string(a) == string(entry[:len(a)]) && string(b) == string(entry[len(a):]) {
				return true
			}
		}
	}
	return false
}

func tag(h uint64) uint8 { return uint8(h>>56) | 1 }

// index adds an entry that the table does not have.
func (f *filter) index(h uint64, ref uint32) {
	mask := len(f.tags) - 1
	i := int(h) & mask
	for f.tags[i] != 0 {
		i = (i + 1) & mask
	}
	f.tags[i], f.refs[i] = tag(h), ref
	f.used++
}

// remakeTable makes the table of the entries in the ring, and at least half empty.
func (f *filter) remakeTable() {
	if slots := len(f.tags); slots > 0 && 2*f.names <= slots {
		clear(f.tags)
	} else {
		slots = max(minSlots, 2*slots)
		f.tags, f.refs = make([]uint8, slots), make([]uint32, slots)
	}
	f.used = 0
	for ref := f.first; ref != f.end; ref += f.sizeAt(ref) {
		a, b := f.part(ref, int(f.sizeAt(ref)))
		f.index(maphash.Bytes(f.seed, append(slices.Clip(a), b...)), ref)
	}
}

// size returns the size of all entries.
func (f *filter) size() int { return int(f.end - f.first) }

// sizeAt returns the size of the entry that begins at ref.
func (f *filter) sizeAt(ref uint32) uint32 {
	return 1 + uint32(f.ring[int(ref)&(len(f.ring)-1)])
}

// part returns n octets of the ring, in two parts if they pass its end.
func (f *filter) part(at uint32, n int) (a, b []byte) {
	from := int(at) & (len(f.ring) - 1)
	if over := from + n - len(f.ring); over > 0 {
		return f.ring[from:], f.ring[:over]
	}
	return f.ring[from : from+n], nil
}

// append appends to the ring, in which there must be room.
func (f *filter) append(text []byte) {
	a, b := f.part(f.end, len(text))
	copy(b, text[copy(a, text):])
	f.end += uint32(len(text))
}
