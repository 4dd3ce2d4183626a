package candidate

import (
	"encoding/binary"
	"hash/maphash"
)

const (
	// window is how many different names a filter remembers.
	window = 1 << 20

	// chunkSize is what the memory of a filter grows by; entries in it are
	// aligned, so that a reference of 24 bits reaches maxChunks chunks.
	chunkSize  = 1 << 16
	alignment  = 4
	chunkSlots = chunkSize / alignment
	maxChunks  = 1 << refBits / chunkSlots

	// refBits of a slot are a reference, the others a distance.
	refBits     = 24
	refMask     = 1<<refBits - 1
	maxDistance = 1<<(32-refBits) - 1

	// maxMemory is what the remembered names may take. It is reached when
	// they have more than 60 octets on average; then fewer are remembered.
	maxMemory = maxChunks * chunkSize
)

// A filter recognizes names that it has seen before. It is exact for the last
// different names, as many as its limit says: a name that is recognized was
// seen, and an older one is taken for new. Its memory grows with what it
// holds: for a million names of 12 octets it is 25 MB.
//
// The names lie in chunks in the order in which they came, each behind its
// length, so that the oldest is found without a list. The table is an open
// hash table with linear probing that is at most half full. A slot holds the
// place of a name in its low 24 bits, and in the high 8 how far the slot is
// from the one that the hash of the name points to. By that distance a lookup
// leaves out nearly all other names without reading them, and a deletion
// closes the gap without hashing its neighbours.
type filter struct {
	limit  int
	memory int

	seed  maphash.Seed
	table []uint32 // zero is an empty slot
	names int      // remembered

	chunks [maxChunks][]byte // a ring
	oldest int               // the chunk of the oldest name, not yet modulo maxChunks
	newest int               // the chunk after the newest name, likewise
	first  int               // where the oldest name is in its chunk
	size   int               // memory of all chunks
	spare  []byte            // an emptied chunk
}

func newFilter(limit int) *filter {
	return &filter{limit: limit, memory: maxMemory, seed: maphash.MakeSeed()}
}

// seen reports whether name is remembered, and remembers it.
func (f *filter) seen(name string) bool {
	h := maphash.String(f.seed, name)
	if f.has(name, h) {
		return true
	}
	need := entrySize(len(name))
	if chunkFor(need) > f.memory {
		return false
	}
	for f.names >= f.limit || !f.room(need) {
		f.forget()
	}
	if 2*(f.names+1) > len(f.table) {
		f.growTable()
	}
	f.insert(f.store(name, need), h)
	f.names++
	return false
}

func (f *filter) has(name string, h uint64) bool {
	if len(f.table) == 0 {
		return false
	}
	mask := uint32(len(f.table) - 1)
	for i, d := uint32(h)&mask, uint32(0); ; i, d = (i+1)&mask, d+1 {
		slot := f.table[i]
		if slot == 0 {
			return false
		}
		if slot>>refBits == d && string(f.name(slot&refMask)) == name {
			return true
		}
	}
}

// insert enters a name that the table does not have. In a half-full table no
// name is ever maxDistance away from its place; if one were, it would stay out
// and a repeat of it would be taken for new.
func (f *filter) insert(ref uint32, h uint64) {
	mask := uint32(len(f.table) - 1)
	for i, d := uint32(h)&mask, uint32(0); d <= maxDistance; i, d = (i+1)&mask, d+1 {
		if f.table[i] == 0 {
			f.table[i] = d<<refBits | ref
			return
		}
	}
}

// remove takes a name out and moves back the ones that it kept from their
// places.
func (f *filter) remove(ref uint32, h uint64) {
	mask := uint32(len(f.table) - 1)
	gap := uint32(h) & mask
	for f.table[gap]&refMask != ref {
		if f.table[gap] == 0 {
			return
		}
		gap = (gap + 1) & mask
	}
	for i := (gap + 1) & mask; f.table[i] != 0; i = (i + 1) & mask {
		slot := f.table[i]
		if step := (i - gap) & mask; slot>>refBits >= step {
			f.table[gap] = slot - step<<refBits
			gap = i
		}
	}
	f.table[gap] = 0
}

func (f *filter) growTable() {
	f.table = make([]uint32, max(256, 2*len(f.table)))
	first := f.first
	for chunk := f.oldest; chunk < f.newest; chunk++ {
		for first < len(f.chunks[chunk%maxChunks]) {
			ref := reference(chunk, first)
			name := f.name(ref)
			f.insert(ref, maphash.Bytes(f.seed, name))
			first += entrySize(len(name))
		}
		first = alignment
	}
}

// room reports whether an entry can be stored without forgetting another.
func (f *filter) room(need int) bool {
	return f.newest > f.oldest && f.fitsNewest(need) ||
		f.newest-f.oldest < maxChunks && f.size+chunkFor(need) <= f.memory
}

func (f *filter) fitsNewest(need int) bool {
	c := f.chunks[(f.newest-1)%maxChunks]
	return cap(c)-len(c) >= need
}

// store appends a name and returns its reference. There must be room for it.
func (f *filter) store(name string, need int) uint32 {
	if f.newest == f.oldest || !f.fitsNewest(need) {
		f.addChunk(chunkFor(need))
	}
	c := &f.chunks[(f.newest-1)%maxChunks]
	at := len(*c)
	*c = append(binary.AppendUvarint(*c, uint64(len(name))), name...)
	*c = (*c)[:at+need]
	return reference(f.newest-1, at)
}

// addChunk starts a chunk. Its first octets stay unused, so that no reference
// is zero.
func (f *filter) addChunk(size int) {
	c := f.spare
	if size > chunkSize || c == nil {
		c = make([]byte, alignment, size)
	} else {
		f.spare = nil
	}
	if f.newest == f.oldest {
		f.first = alignment
	}
	f.chunks[f.newest%maxChunks] = c
	f.newest++
	f.size += cap(c)
}

// forget drops the oldest name.
func (f *filter) forget() {
	ref := reference(f.oldest, f.first)
	name := f.name(ref)
	f.remove(ref, maphash.Bytes(f.seed, name))
	f.names--

	c := &f.chunks[f.oldest%maxChunks]
	if f.first += entrySize(len(name)); f.first < len(*c) {
		return
	}
	f.size -= cap(*c)
	if cap(*c) == chunkSize {
		f.spare = (*c)[:alignment]
	}
	*c = nil
	f.oldest++
	f.first = alignment
}

func (f *filter) name(ref uint32) []byte {
	c := f.chunks[ref/chunkSlots][ref%chunkSlots*alignment:]
	n, width := binary.Uvarint(c)
	return c[width : width+int(n)]
}

func reference(chunk, at int) uint32 {
	return uint32(chunk%maxChunks*chunkSlots + at/alignment)
}

// entrySize is what a name of n octets takes, length and padding included.
func entrySize(n int) int {
	var length [binary.MaxVarintLen64]byte
	n += binary.PutUvarint(length[:], uint64(n))
	return (n + alignment - 1) / alignment * alignment
}

func chunkFor(entry int) int { return max(chunkSize, alignment+entry) }
