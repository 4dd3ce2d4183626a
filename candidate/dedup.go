package candidate

import (
	"encoding/binary"
	"hash/maphash"
)

const (
	// window is the number of different names that a filter remembers.
	window = 1 << 20

	// The memory of a filter grows by chunkSize. Entries are aligned, so that
	// a reference of 24 bits reaches maxChunks chunks.
	chunkSize  = 1 << 16
	alignment  = 4
	chunkSlots = chunkSize / alignment
	maxChunks  = 1 << refBits / chunkSlots

	// A slot of the table has, from its low bits on, a reference, some bits
	// of the name's hash, and a distance.
	refBits     = 24
	refMask     = 1<<refBits - 1
	tagBits     = 3
	farShift    = refBits + tagBits
	maxDistance = 1<<(32-farShift) - 1

	// maxMemory is the most memory for names. Names of more than 60 octets
	// on average reach it before they fill the window.
	maxMemory = maxChunks * chunkSize
)

// A filter recognizes repeated names. It is exact for as many different names as
// its limit says; an older name counts as new. A million names of 12 octets take
// 25 MB.
//
// Names are stored in chunks in the order of their arrival, each after its
// length, so that the oldest is found without a list. They are indexed by an open
// hash table that is at most half full, with linear probing in the order of
// distances (Robin Hood hashing). A slot stores the distance of its name from
// the slot of the name's hash, and some bits of the hash. So a lookup ends early
// and reads few other names, and a deletion closes the gap without hashing the
// neighbours again.
type filter struct {
	limit  int
	memory int

	seed  maphash.Seed
	table []uint32 // zero is an empty slot
	names int      // the number of them

	chunks [maxChunks][]byte // a ring
	oldest int               // the chunk of the oldest name, before modulo maxChunks
	newest int               // the chunk after the newest name, before modulo maxChunks
	first  int               // the offset of the oldest name in its chunk
	size   int               // memory of all chunks
	spare  []byte            // an emptied chunk
}

func newFilter(limit int) *filter {
	return &filter{limit: limit, memory: maxMemory, seed: maphash.MakeSeed()}
}

// seen reports whether the filter has name, and adds it.
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
		if slot == 0 || slot>>farShift < d {
			return false
		}
		if slot&^refMask == d<<farShift|tag(h) && string(f.name(slot&refMask)) == name {
			return true
		}
	}
}

func tag(h uint64) uint32 { return uint32(h>>(64-tagBits)) << refBits }

// insert adds a name that the table does not have: after the names of the same
// or a greater distance, before the rest of the run. No name in a half-full table
// ever gets as far as maxDistance; if one did, the new name would be left out, so
// that its repeat would count as new.
func (f *filter) insert(ref uint32, h uint64) {
	mask := uint32(len(f.table) - 1)
	i, d := uint32(h)&mask, uint32(0)
	for ; f.table[i] != 0 && f.table[i]>>farShift >= d; d++ {
		i = (i + 1) & mask
	}
	end, full := i, d > maxDistance
	for ; f.table[end] != 0; end = (end + 1) & mask {
		full = full || f.table[end]>>farShift == maxDistance
	}
	if full {
		return
	}
	for end != i {
		before := (end - 1) & mask
		f.table[end] = f.table[before] + 1<<farShift
		end = before
	}
	f.table[i] = d<<farShift | tag(h) | ref
}

// remove deletes a name and moves the rest of its run back.
func (f *filter) remove(ref uint32, h uint64) {
	mask := uint32(len(f.table) - 1)
	i := uint32(h) & mask
	for f.table[i]&refMask != ref {
		if f.table[i] == 0 {
			return
		}
		i = (i + 1) & mask
	}
	for {
		next := (i + 1) & mask
		if f.table[next]>>farShift == 0 {
			f.table[i] = 0
			return
		}
		f.table[i] = f.table[next] - 1<<farShift
		i = next
	}
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

// store appends a name, for which there must be room, and returns its reference.
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

// forget deletes the oldest name.
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

// entrySize returns the memory of a name of n octets, with length and padding.
func entrySize(n int) int {
	var length [binary.MaxVarintLen64]byte
	n += binary.PutUvarint(length[:], uint64(n))
	return (n + alignment - 1) / alignment * alignment
}

func chunkFor(entry int) int { return max(chunkSize, alignment+entry) }
