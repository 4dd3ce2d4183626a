package words

import (
	"runtime"
	"testing"
)

// To load the index and to search it takes little memory, whether or not anything
// of it is collected.
func TestMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s := &search{index: load()}
	if !s.add("fast") || !s.add("bird") || len(s.results(0)) == 0 {
		t.Fatal("no bird is fast")
	}
	runtime.ReadMemStats(&after)
	if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; mib > 30 {
		t.Errorf("%d MiB", mib)
	} else {
		t.Logf("%d MiB", mib)
	}
}
