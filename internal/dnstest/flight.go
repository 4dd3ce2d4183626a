package dnstest

import (
	"container/heap"
	"time"
)

// maxInFlight is how many things may be under way at once; more are lost.
const maxInFlight = 1 << 17

// flights are things that happen when they are due, those due at the same time
// in the order in which they were added. The owner's lock guards them.
type flights struct {
	heap  flightHeap
	added uint64
}

type flight struct {
	due  time.Time
	seq  uint64
	land func()
}

// add puts something on its way.
func (f *flights) add(delay time.Duration, land func()) {
	if len(f.heap) >= maxInFlight {
		return
	}
	f.added++
	heap.Push(&f.heap, flight{time.Now().Add(delay), f.added, land})
}

// next returns when the next one is due, and zero when there is none.
func (f *flights) next() time.Time {
	if len(f.heap) == 0 {
		return time.Time{}
	}
	return f.heap[0].due
}

// land lets everything happen that is due.
func (f *flights) land() {
	now := time.Now()
	for len(f.heap) > 0 && !f.heap[0].due.After(now) {
		heap.Pop(&f.heap).(flight).land()
	}
}

// flightHeap implements [heap.Interface], the next one due on top.
type flightHeap []flight

func (h flightHeap) Len() int { return len(h) }

func (h flightHeap) Less(i, j int) bool {
	if !h[i].due.Equal(h[j].due) {
		return h[i].due.Before(h[j].due)
	}
	return h[i].seq < h[j].seq
}

func (h flightHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

func (h *flightHeap) Push(x any) { *h = append(*h, x.(flight)) }

func (h *flightHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	(*h)[last] = flight{}
	*h = (*h)[:last]
	return x
}
