package watch

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"

	"domprobe/probe"
)

// A pace is how often a name is looked at.
type pace int

const (
	minutely pace = iota
	hourly
	daily
	weekly
)

var every = [...]time.Duration{
	minutely: 5 * time.Minute, hourly: time.Hour, daily: 24 * time.Hour, weekly: 7 * 24 * time.Hour,
}

// farOff is how long before its expiry a name is looked at more often.
const farOff = 90 * 24 * time.Hour

func (s *State) pace(now time.Time) pace {
	switch {
	case s.Verdict != probe.Found, slices.Contains(s.Status, "redemption period"): // many are "pending delete" as well
		return hourly
	case slices.Contains(s.Status, "pending delete"):
		return minutely
	case s.Expires.Sub(now) > farOff:
		return weekly
	}
	return daily
}

// sooner is when a name is looked at again after a look that ended unknown: twice
// as late after each further one, up to its usual time.
const sooner = 5 * time.Minute

// plan returns when the name is looked at next. An interval other than 0 takes the
// place of the usual ones.
func plan(s *State, now time.Time, interval time.Duration) time.Time {
	wait := every[s.pace(now)]
	if s.Verdict == probe.NotFound {
		wait = min(max(wait, s.TTL), every[daily])
	}
	if interval > 0 {
		wait = interval
	}
	if s.Failed > 0 {
		wait = min(wait, sooner<<min(s.Failed-1, 20))
	}
	return now.Add(wait + jitter(s.Name, now, wait))
}

// jitter returns up to a tenth of wait, so that names which were added together are
// not looked at together for ever.
func jitter(name string, now time.Time, wait time.Duration) time.Duration {
	h := fnv.New64a()
	h.Write([]byte(name))
	return time.Duration(rand.New(rand.NewPCG(h.Sum64(), uint64(now.UnixNano()))).Int64N(int64(wait/10) + 1))
}

// clockStep is how far a clock is set back without notice.
const clockStep = time.Minute

// wentBack reports whether the clock has been set back since a look was planned. The
// plan is worth nothing then.
func wentBack(planned, now time.Time) bool { return planned.Sub(now) > clockStep }
