package watch

import (
	"testing"
	"time"

	"domprobe/probe"
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const hour, dayLong = time.Hour, 24 * time.Hour

func TestPlan(t *testing.T) {
	found := func(status string, expires time.Duration) State {
		s := State{Name: "go.dev", Verdict: probe.Found, Expires: epoch.Add(expires)}
		if status != "" {
			s.Status = []string{status}
		}
		return s
	}
	failing := func(s State, n int) State { s.Failed = n; return s }
	notFound := State{Name: "go.dev", Verdict: probe.NotFound, TTL: time.Minute}
	for name, tt := range map[string]struct {
		state    State
		interval time.Duration
		want     time.Duration
	}{
		"never looked at":          {state: State{Name: "go.dev"}, want: hour},
		"not found":                {state: notFound, want: hour},
		"not found, long TTL":      {state: State{Name: "go.dev", Verdict: probe.NotFound, TTL: 3 * hour}, want: 3 * hour},
		"not found, absurd TTL":    {state: State{Name: "go.dev", Verdict: probe.NotFound, TTL: 1000 * hour}, want: dayLong},
		"found, nothing published": {state: State{Name: "go.dev", Verdict: probe.Found}, want: dayLong},
		"expires soon":             {state: found("active", 90*dayLong), want: dayLong},
		"far from expiry":          {state: found("active", 91*dayLong), want: 7 * dayLong},
		"expired":                  {state: found("auto renew period", -dayLong), want: dayLong},
		"redemption":               {state: found("redemption period", 300*dayLong), want: hour},
		"pending delete":           {state: found("pending delete", 300*dayLong), want: 5 * time.Minute},
		"both": {state: State{Name: "go.dev", Verdict: probe.Found, Status: []string{"pending delete", "redemption period"}},
			want: hour},
		"interval":               {state: found("active", 91*dayLong), interval: time.Second, want: time.Second},
		"interval over TTL":      {state: notFound, interval: 2 * dayLong, want: 2 * dayLong},
		"failed once":            {state: failing(found("active", 0), 1), want: 5 * time.Minute},
		"failed thrice":          {state: failing(found("active", 0), 3), want: 20 * time.Minute},
		"failed for long":        {state: failing(found("active", 0), 1000), want: dayLong},
		"failed, pending delete": {state: failing(found("pending delete", 0), 9), want: 5 * time.Minute},
		"failed, interval":       {state: failing(notFound, 9), interval: time.Minute, want: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			waits := make(map[time.Duration]bool)
			for i := range 50 {
				now := epoch.Add(time.Duration(i))
				s := tt.state
				got := plan(&s, now, tt.interval).Sub(now)
				if got < tt.want || got > tt.want+tt.want/10 {
					t.Fatalf("in %v, want %v and at most a tenth more", got, tt.want)
				}
				if plan(&s, now, tt.interval).Sub(now) != got {
					t.Fatal("the same state is planned differently")
				}
				waits[got] = true
			}
			if len(waits) < 40 {
				t.Errorf("50 plans have %d different times", len(waits))
			}
		})
	}
}

func TestWentBack(t *testing.T) {
	for ahead, want := range map[time.Duration]bool{-dayLong: false, 0: false, time.Minute: false, 2 * time.Minute: true, dayLong: true} {
		if got := wentBack(epoch.Add(ahead), epoch); got != want {
			t.Errorf("planned %v later than now: %v", ahead, got)
		}
	}
}
