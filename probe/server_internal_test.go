package probe

import (
	"testing"
	"time"

	"domprobe/probe/resolver"
)

// Servers share the load as long as each of them is a good choice.
func TestChoose(t *testing.T) {
	now := time.Unix(1_000_000_000, 0)
	fast, slow := &server{name: "fast", health: health{srtt: 10 * time.Millisecond}}, &server{name: "slow", health: health{srtt: 40 * time.Millisecond}}
	distant := &server{name: "distant", health: health{srtt: time.Second}}
	down := &server{name: "down", health: health{silences: silentBound, downTill: now.Add(time.Second)}}
	all := []*server{down, fast, distant, slow}
	for range 1000 {
		s := cheapest(now, all)
		s.flying++
	}
	if down.flying+distant.flying > 0 {
		t.Errorf("%d queries for a server that is down, %d for a distant one", down.flying, distant.flying)
	}
	if fast.flying < 2*slow.flying || slow.flying < 100 {
		t.Errorf("%d queries for a server of 10 ms, %d for one of 40 ms", fast.flying, slow.flying)
	}
	if s := cheapest(now, []*server{down}); s != down {
		t.Errorf("the only server is %s", s.name)
	}
	down2 := &server{name: "down too", health: health{silences: silentBound, downTill: now.Add(time.Second)}}
	if s := cheapest(now, []*server{down, down2}); s != down && s != down2 {
		t.Errorf("of two that are down: %v", s)
	}
	if n := testing.AllocsPerRun(100, func() { cheapest(now, all) }); n != 0 {
		t.Errorf("%v allocations a name", n)
	}
}

func TestRateTo(t *testing.T) {
	public := resolver.Server{Transport: resolver.UDP, Addr: "9.9.9.10:53"}
	local := resolver.Server{Transport: resolver.UDP, Addr: "192.168.1.1:53"}
	for _, tt := range []struct {
		rate, public, local, registry float64
	}{
		{0, 1000, 0, 100},
		{-1, 0, 0, 0},
		{50, 50, 50, 50},
	} {
		opts := Options{Rate: tt.rate}
		if a, b, c := opts.rateTo(public, false), opts.rateTo(local, false), opts.rateTo(public, true); a != tt.public || b != tt.local || c != tt.registry {
			t.Errorf("rate %v: %v to a public resolver, %v to a private one, %v to a registry; want %v, %v, %v",
				tt.rate, a, b, c, tt.public, tt.local, tt.registry)
		}
	}
}
