package candidate

import (
	"fmt"
	"hash/maphash"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
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
				return strings.Repeat("x", r.IntN(3<<16)) + short(r)
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
				f.memory = math.MaxInt32 // the limit decides
				f.ring = make([]byte, minRing)
				f.first = math.MaxUint32 - 10_000 // places overflow on the way
				f.end = f.first
				o := &oracle{limit: limit, known: make(map[string]bool)}
				rounds := 20_000
				if shape == "long" {
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

// checkTable checks that the table has each name of the ring once, and slots to
// spare.
func checkTable(t *testing.T, f *filter) {
	t.Helper()
	found := map[uint32]int{}
	used := 0
	for i, tag := range f.tags {
		if tag != 0 {
			used++
			found[f.refs[i]]++
		}
	}
	if used != f.used || used > len(f.tags)*3/4 {
		t.Errorf("%d of %d slots are taken, %d by count", used, len(f.tags), f.used)
	}
	names := 0
	for ref := f.first; ref != f.end; names++ {
		a, b := f.part(ref, int(f.sizeAt(ref)))
		entry := slices.Concat(a, b)
		if found[ref] != 1 || !f.has(entry, maphash.Bytes(f.seed, entry)) {
			t.Fatalf("%.40q has %d slots or is out of reach", entry, found[ref])
		}
		ref += f.sizeAt(ref)
	}
	if names != f.names {
		t.Errorf("%d names in the ring, %d by count", names, f.names)
	}
}

func TestFilterBoundsItsMemory(t *testing.T) {
	f := newFilter(window)
	f.memory = 1 << 16
	name := func(i int) string { return fmt.Sprintf("%d", i) + strings.Repeat("y", 240) }
	for i := range 5000 {
		if f.seen(name(i)) {
			t.Fatalf("name %d is new", i)
		}
		if len(f.ring) > f.memory {
			t.Fatalf("after name %d: %d octets, the most is %d", i, len(f.ring), f.memory)
		}
	}
	if !f.seen(name(4999)) || !f.seen(name(4800)) {
		t.Error("the newest names are forgotten")
	}
	if f.seen(name(0)) {
		t.Error("a name that there was no room for is remembered")
	}
	if f.seen(strings.Repeat("z", 5<<16)) || !f.seen(strings.Repeat("z", 5<<16)) {
		t.Error("a name larger than the memory is not recognized")
	}
	if !f.seen(name(0)) || !f.seen(name(4800)) {
		t.Error("a name larger than the memory drove out many others")
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
