package probe

import (
	"fmt"
	"testing"
	"time"
)

func TestMemoryBound(t *testing.T) {
	var m memory
	now := time.Unix(1e9, 0)
	for i := range 3 * memoryLen {
		key := memoryKey{zone: fmt.Sprint(i)}
		m.keep(key, memento{until: now.Add(time.Duration(1+i%2) * time.Minute)}, now)
		if len(m.kept) > memoryLen {
			t.Fatalf("%d entries", len(m.kept))
		}
		if _, ok := m.recall(key, now); !ok {
			t.Fatalf("entry %d was forgotten at once", i)
		}
	}
	// What is too old goes before what is not.
	later := now.Add(90 * time.Second)
	m = memory{}
	for i := range memoryLen {
		m.keep(memoryKey{zone: fmt.Sprint(i)}, memento{until: now.Add(time.Duration(1+i%2) * time.Minute)}, now)
	}
	m.keep(memoryKey{zone: "new"}, memento{until: later.Add(time.Minute)}, later)
	for i := range memoryLen {
		if _, ok := m.recall(memoryKey{zone: fmt.Sprint(i)}, later); ok != (i%2 == 1) {
			t.Fatalf("entry %d is kept: %t", i, ok)
		}
	}
	if len(m.kept) != memoryLen/2+1 {
		t.Errorf("%d entries are left", len(m.kept))
	}
}
