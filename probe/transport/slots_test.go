package transport

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// Slots are taken and released in any order; what is under way is found by its
// ID, and nothing else is.
func TestSlots(t *testing.T) {
	for _, window := range []int{1, 2, 25, 100, 40000} {
		s := newSlots(window, newRand())
		rng := rand.New(rand.NewPCG(5, uint64(window)))
		flying := map[int32]uint16{}
		if s.room() < window {
			t.Errorf("room for %d, of %d", s.room(), window)
		}
		for range 20000 {
			switch rng.IntN(3) {
			case 0, 1:
				if len(flying) == window {
					continue
				}
				i := s.take(&Query{Name: fmt.Sprint(len(flying)), Token: 7})
				if _, twice := flying[i]; twice {
					t.Fatalf("window %d: slot %d is taken twice", window, i)
				}
				flying[i] = s.all[i].id
				s.move(i, uint8(rng.IntN(restList)))
			default:
				for i := range flying {
					if rng.IntN(2) == 0 {
						s.move(i, restList)
					}
					s.release(i)
					delete(flying, i)
					break
				}
			}
			id := uint16(rng.Uint32())
			want := int32(-1)
			for i, have := range flying {
				if have == id {
					want = i
				}
				if s.find(have) != i {
					t.Fatalf("window %d: %d is not found by its ID", window, i)
				}
				if rng.IntN(100) > 0 {
					break
				}
			}
			if got := s.find(id); got != want && (got < 0 || flying[got] != id) {
				t.Fatalf("window %d: ID %d is found at %d", window, id, got)
			}
		}
	}
}

// A list keeps the order in which slots came into it.
func TestSlotLists(t *testing.T) {
	s := newSlots(64, newRand())
	var order []int32
	for range 50 {
		i := s.take(&Query{})
		s.move(i, 0)
		order = append(order, i)
	}
	for _, k := range []int{0, 10, 40, 45} { // the head, the middle, near the end
		s.move(order[k], queueList)
	}
	s.release(order[49])
	order = slices.DeleteFunc(order, func(i int32) bool { return s.all[i].list != 0 })
	var got []int32
	for i := s.lists[0].head; i >= 0; i = s.all[i].next {
		got = append(got, i)
	}
	if !slices.Equal(got, order) || s.count(0, 100) != 45 || s.count(0, 10) != 10 || s.count(queueList, 100) != 4 {
		t.Errorf("list %v, want %v", got, order)
	}
}

// IDs are spread over all values: none can be guessed from the one before.
func TestSlotIDs(t *testing.T) {
	s := newSlots(100, newRand())
	var octets [2][256]int
	const n = 100000
	for range n {
		i := s.take(&Query{})
		octets[0][s.all[i].id>>8]++
		octets[1][s.all[i].id&0xff]++
		s.release(i)
	}
	for k, counts := range octets {
		for value, count := range counts {
			if count < n/256/2 || count > n/256*2 {
				t.Errorf("octet %d is %d in %d of %d IDs", k, value, count, n)
			}
		}
	}
}

// The ID of a query that got no response rests for the time-out, because a
// late response may come; but not when there is no other left.
func TestSlotRest(t *testing.T) {
	const window, timeout = 8, 2 * time.Second
	began := time.Unix(1000, 0)
	w := newUDPWorker(&udp{engine: newEngine(Config{Timeout: timeout}), began: began}, window)
	w.equip(plainConn{}, batchLen)
	take := func(n int, at time.Duration) {
		for range n {
			w.packSlot(w.slots.take(&Query{Tries: 1}), began.Add(at))
			w.pack = w.pack[:0]
		}
	}
	resting := func(at time.Duration) int {
		w.expire(began.Add(at))
		return w.slots.count(restList, 2*window)
	}
	take(window, 0)
	if n := resting(timeout / 2); n != window || w.slots.room() != window {
		t.Errorf("%d of %d IDs rest after their queries' time, room for %d", n, window, w.slots.room())
	}
	if n := resting(timeout); n != 0 || w.slots.room() != 2*window {
		t.Errorf("%d IDs rest after the time-out", n)
	}
	take(window, timeout)
	resting(timeout * 3 / 2)
	take(window, timeout*3/2)
	if n := resting(timeout * 3 / 2); n != window-1 || w.slots.room() != 1 {
		t.Errorf("%d IDs rest while there is no other, room for %d", n, w.slots.room())
	}
}

// Urgent queries go first, the others in their order.
func TestQueue(t *testing.T) {
	var q queue
	rng := rand.New(rand.NewPCG(6, 6))
	var urgent, rest []uint32
	for token := range uint32(20000) {
		one := Query{Token: token}
		if rng.IntN(50) == 0 {
			one.Flags = Urgent
			urgent = append(urgent, token)
		} else {
			rest = append(rest, token)
		}
		q.push([]Query{one})
		if q.len() != len(urgent)+len(rest) {
			t.Fatalf("length %d, want %d", q.len(), len(urgent)+len(rest))
		}
		if token%100 != 0 {
			continue
		}
		for _, got := range q.pop(nil, rng.IntN(110)) {
			from := &rest
			if len(urgent) > 0 {
				from = &urgent
			}
			if got.Token != (*from)[0] {
				t.Fatalf("token %d comes, want %d", got.Token, (*from)[0])
			}
			*from = (*from)[1:]
		}
	}
	if n := len(q.drain()); n != len(urgent)+len(rest) || q.len() != 0 {
		t.Errorf("%d drained, %d left", n, q.len())
	}
}
