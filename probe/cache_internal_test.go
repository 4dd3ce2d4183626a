package probe

import (
	"fmt"
	"testing"
	"time"
)

func TestCacheBound(t *testing.T) {
	var m cache
	now := time.Unix(1e9, 0)
	for i := range 3 * cacheLen {
		key := cacheKey{zone: fmt.Sprint(i)}
		m.keep(key, cached{until: now.Add(time.Duration(1+i%2) * time.Minute)}, now)
		if len(m.kept) > cacheLen {
			t.Fatalf("%d entries", len(m.kept))
		}
		if _, ok := m.recall(key, now); !ok {
			t.Fatalf("entry %d was forgotten at once", i)
		}
	}
	// What is too old goes before what is not.
	later := now.Add(90 * time.Second)
	m = cache{}
	for i := range cacheLen {
		m.keep(cacheKey{zone: fmt.Sprint(i)}, cached{until: now.Add(time.Duration(1+i%2) * time.Minute)}, now)
	}
	m.keep(cacheKey{zone: "new"}, cached{until: later.Add(time.Minute)}, later)
	for i := range cacheLen {
		if _, ok := m.recall(cacheKey{zone: fmt.Sprint(i)}, later); ok != (i%2 == 1) {
			t.Fatalf("entry %d is kept: %t", i, ok)
		}
	}
	if len(m.kept) != cacheLen/2+1 {
		t.Errorf("%d entries are left", len(m.kept))
	}
}
