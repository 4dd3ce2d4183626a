package probe

import (
	"fmt"
	"testing"
	"time"
	"unsafe"
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

// What is kept is forgotten when this machine's network has changed, or may
// have while it slept.
func TestNetworkChange(t *testing.T) {
	awake := time.Now()
	key := cacheKey{zone: "dev"}
	filled := func(seen time.Time) *cache {
		c := &cache{network: interfaces(), seen: seen}
		c.keep(key, cached{until: seen.Add(24 * time.Hour)}, seen)
		return c
	}
	check := func(what string, c *cache, now time.Time, want bool) {
		t.Helper()
		c.networkChange(now)
		if len(c.kept) == 1 != want || c.network != interfaces() || !c.seen.Equal(now) {
			t.Errorf("%s: %d entries", what, len(c.kept))
		}
	}
	check("nothing has changed", filled(awake), awake.Add(time.Hour), true)
	c := filled(awake)
	c.network = "192.0.2.1/24"
	check("another address", c, awake.Add(time.Second), false)
	check("it has run a while", filled(awake), asleep(t, awake.Add(time.Minute), 4*time.Second), true)
	check("it has slept", filled(awake), asleep(t, awake.Add(time.Minute), 6*time.Second), false)
	check("its clock was put back", filled(awake), asleep(t, awake.Add(time.Minute), -6*time.Second), false)
}

// asleep is the time after a machine has slept: its wall clock has gone on, and
// the clock of its running time has not.
func asleep(t *testing.T, now time.Time, d time.Duration) time.Time {
	later := now.Add(d)
	*(*int64)(unsafe.Add(unsafe.Pointer(&later), 8)) -= int64(d) // its monotonic reading
	if later.Sub(now) != 0 || later.Round(0).Sub(now.Round(0)) != d {
		t.Skip("a time.Time is made in another way")
	}
	return later
}
