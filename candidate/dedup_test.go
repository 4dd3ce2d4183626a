package candidate

import (
	"fmt"
	"hash/maphash"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

// An oracle is the plainest filter: a map and a queue.
type oracle struct {
	limit int
	known map[string]bool
	queue []string
}

func (o *oracle) seen(name string) bool {
	if o.known[name] {
		return true
	}
	if len(o.queue) == o.limit {
		delete(o.known, o.queue[0])
		o.queue = o.queue[1:]
	}
	o.known[name] = true
	o.queue = append(o.queue, name)
	return false
}

func TestFilterAgainstOracle(t *testing.T) {
	short := func(r *rand.Rand) string { return fmt.Sprintf("%d.dev", r.IntN(400)) }
	shapes := map[string]func(*rand.Rand) string{
		"short": short,
		"mixed": func(r *rand.Rand) string { return strings.Repeat("ab", r.IntN(150)) + short(r) },
		"long": func(r *rand.Rand) string {
			if r.IntN(4) == 0 {
				return strings.Repeat("x", r.IntN(3*chunkSize)) + short(r)
			}
			return short(r)
		},
		"empty": func(r *rand.Rand) string { return strings.Repeat("a", r.IntN(3)) },
	}
	for shape, name := range shapes {
		for _, limit := range []int{1, 2, 7, 100, 300, 1000} {
			t.Run(fmt.Sprintf("%s/%d", shape, limit), func(t *testing.T) {
				r := rand.New(rand.NewPCG(1, uint64(limit)))
				f := newFilter(limit)
				f.memory = math.MaxInt // the limit decides
				o := &oracle{limit: limit, known: make(map[string]bool)}
				rounds := 20_000
				if shape == "long" {
					// The ring has maxChunks chunks, and a long name takes one.
					rounds = 1500
				}
				for i := range rounds {
					n := name(r)
					if got, want := f.seen(n), o.seen(n); got != want {
						t.Fatalf("name %d, %.40q: seen = %v, want %v", i, n, got, want)
					}
				}
				if f.names != len(o.queue) {
					t.Errorf("remembers %d names, want %d", f.names, len(o.queue))
				}
				checkTable(t, f)
			})
		}
	}
}

// checkTable checks that every distance in the table is true.
func checkTable(t *testing.T, f *filter) {
	t.Helper()
	entries := 0
	for i, slot := range f.table {
		if slot == 0 {
			continue
		}
		entries++
		if !f.has(string(f.name(slot&refMask)), hashOf(f, slot)) {
			t.Fatalf("slot %d is out of reach", i)
		}
	}
	if entries != f.names {
		t.Errorf("%d slots taken for %d names", entries, f.names)
	}
}

func TestFilterBoundsItsMemory(t *testing.T) {
	f := newFilter(window)
	f.memory = 4 * chunkSize
	name := func(i int) string { return fmt.Sprintf("%d", i) + strings.Repeat("y", 1000) }
	for i := range 5000 {
		if f.seen(name(i)) {
			t.Fatalf("name %d is new", i)
		}
		if f.size > f.memory {
			t.Fatalf("after name %d: %d octets, the most is %d", i, f.size, f.memory)
		}
	}
	if !f.seen(name(4999)) || !f.seen(name(4900)) {
		t.Error("the newest names are forgotten")
	}
	if f.seen(name(0)) {
		t.Error("a name that there was no room for is remembered")
	}
	for range 2 {
		if f.seen(strings.Repeat("z", 5*chunkSize)) {
			t.Error("a name larger than the memory is recognized")
		}
	}
	if !f.seen(name(0)) {
		t.Error("a name larger than the memory drove out another")
	}
}

func TestFilterWindow(t *testing.T) {
	if testing.Short() {
		t.Skip("two million names")
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f := newFilter(window)
	name := func(i int) string { return fmt.Sprintf("w%07d.com", i) }
	for i := range 2 * window {
		if f.seen(name(i)) {
			t.Fatalf("name %d is new", i)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if held := after.HeapAlloc - before.HeapAlloc; held > 27<<20 {
		t.Errorf("a million names of 12 octets take %d octets", held)
	}
	if f.seen(name(0)) {
		t.Error("a name from before the window is recognized")
	}
	for i := window + 1; i < 2*window; i++ {
		if !f.seen(name(i)) {
			t.Fatalf("name %d is in the window and not recognized", i)
		}
	}
	checkTable(t, f)
}

func TestFilterStartsSmall(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f := newFilter(window)
	for i := range 35 {
		f.seen(fmt.Sprintf("word%d.dev", i))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if held := int64(after.HeapAlloc) - int64(before.HeapAlloc); held > 256<<10 {
		t.Errorf("35 names take %d octets", held)
	}
	runtime.KeepAlive(f)
}

func BenchmarkFilter(b *testing.B) {
	b.Run("new", func(b *testing.B) {
		names := make([]string, 2*window)
		for i := range names {
			names[i] = fmt.Sprintf("w%07d.com", i)
		}
		f := newFilter(window)
		for _, n := range names {
			f.seen(n)
		}
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			// Each name is met again when it has just been forgotten.
			f.seen(names[i])
			i = (i + 1) % len(names)
		}
	})
	b.Run("repeat", func(b *testing.B) {
		f := newFilter(window)
		f.seen("go.dev")
		b.ReportAllocs()
		for b.Loop() {
			f.seen("go.dev")
		}
	})
}

func hashOf(f *filter, slot uint32) uint64 {
	return maphash.Bytes(f.seed, f.name(slot&refMask))
}
