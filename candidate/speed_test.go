//go:build unix && !race

package candidate

import (
	"runtime"
	"syscall"
	"testing"
	"time"
)

// TestPatternSpeed generates ten million names: at least five million a second,
// by the time of the processor, because the clock on the wall also measures
// what else the machine does, and without a heap that grows with them.
func TestPatternSpeed(t *testing.T) {
	if testing.Short() {
		t.Skip("generates ten million names")
	}
	const src, total = "[a-z]{4}[a-w]", 26 * 26 * 26 * 26 * 23
	p, err := CompilePattern(src)
	if err != nil {
		t.Fatal(err)
	}
	g, err := New(Options{Keywords: p.All(), TLDs: []string{"com"}, Unique: p.Unique()})
	if err != nil {
		t.Fatal(err)
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before, n := m.HeapAlloc, 0
	began := processorTime(t)
	for range g.All() {
		if n++; n == total-1 {
			runtime.GC()
			runtime.ReadMemStats(&m)
		}
	}
	took := processorTime(t) - began
	if n != total {
		t.Errorf("%d names, want %d", n, total)
	}
	if rate := float64(n) / took.Seconds(); rate < 5e6 {
		t.Errorf("%.0f names a second of processor time", rate)
	}
	if grown := int64(m.HeapAlloc) - int64(before); grown > 1<<20 {
		t.Errorf("the heap has grown by %d octets", grown)
	}
}

func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
