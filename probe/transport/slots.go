package transport

import (
	"math/bits"
	"math/rand/v2"
)

// A slot is one query under way on one socket. Its place in the table is
// the low bits of its message ID, so that finding it takes no search; the high
// bits are random, and which slot is next is as well, so that an ID cannot be
// guessed (RFC 5452 section 4.3).
type slot struct {
	q          Query
	sent       int64 // nanoseconds since the engine began
	mix        uint64
	prev, next int32 // in its list; -1 ends it
	list       uint8
	id         uint16
	failed     Rule // a check that a message for it failed, of several the first but WrongCase
}

// The lists that a slot can be in, each in the order of sending, so that only
// its head need be looked at. List k < lastList waits the measured time
// doubled k times.
const (
	lastList  = 5 // waits the whole timeout, unless much is lost: then as the next
	lossyList = 2
	restList  = lastList + 1 // settled without response: its ID rests
	queueList = restList + 1 // to be sent again
	numLists  = queueList + 1
	freeList  = numLists // in no list
)

// slots is the table of one socket.
type slots struct {
	all   []slot
	free  []uint16
	bits  int
	past  past
	lists [numLists]struct{ head, tail int32 }
	rng   *rand.ChaCha8
}

func newSlots(window int, rng *rand.ChaCha8) *slots {
	n := bits.Len(uint(2*min(window, 1<<15) - 1))
	s := &slots{all: make([]slot, 1<<n), free: make([]uint16, 1<<n), bits: n, rng: rng, past: newPast()}
	for i := range s.all {
		s.all[i].list = freeList
		s.free[i] = uint16(i)
	}
	for i := range s.lists {
		s.lists[i].head, s.lists[i].tail = -1, -1
	}
	return s
}

// room says how many queries can be taken.
func (s *slots) room() int { return len(s.free) }

// take puts a query into a random free slot and gives it an ID. There must
// be room.
func (s *slots) take(q *Query) int32 {
	r := s.rng.Uint64()
	k := uint32(r) % uint32(len(s.free))
	i := s.free[k]
	s.free[k] = s.free[len(s.free)-1]
	s.free = s.free[:len(s.free)-1]
	high := uint16(r >> 32 << s.bits)
	s.all[i] = slot{q: *q, id: high | i, list: freeList}
	s.past.add(high|i, q)
	if q.Flags&MixCase != 0 {
		s.all[i].mix = s.rng.Uint64()
	}
	return int32(i)
}

// find returns the slot with the ID, or -1 if no query with it is under way.
func (s *slots) find(id uint16) int32 {
	i := int32(id & uint16(len(s.all)-1))
	if sl := &s.all[i]; sl.id != id || sl.list == freeList || sl.list == restList {
		return -1
	}
	return i
}

// count counts the slots of a list, up to most.
func (s *slots) count(list uint8, most int) (n int) {
	for i := s.lists[list].head; i >= 0 && n < most; i = s.all[i].next {
		n++
	}
	return n
}

// release frees a slot.
func (s *slots) release(i int32) {
	s.move(i, freeList)
	s.all[i].q.Name = ""
	s.free = append(s.free, uint16(i))
}

// move takes a slot out of its list and appends it to another.
func (s *slots) move(i int32, list uint8) {
	sl := &s.all[i]
	if sl.list != freeList {
		from := &s.lists[sl.list]
		if sl.prev >= 0 {
			s.all[sl.prev].next = sl.next
		} else {
			from.head = sl.next
		}
		if sl.next >= 0 {
			s.all[sl.next].prev = sl.prev
		} else {
			from.tail = sl.prev
		}
	}
	sl.list = list
	if list == freeList {
		return
	}
	to := &s.lists[list]
	sl.prev, sl.next = to.tail, -1
	if to.tail >= 0 {
		s.all[to.tail].next = i
	} else {
		to.head = i
	}
	to.tail = i
}
