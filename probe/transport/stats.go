package transport

import (
	"math"
	"time"
)

// Stats is what an engine has done and how it stands. The counts begin with the
// engine and may lag behind the outcomes by some milliseconds.
type Stats struct {
	Queries   uint64 // messages sent, repetitions included
	Retries   uint64 // repetitions among them
	Responses uint64 // responses that passed the checks
	Timeouts  uint64 // queries without response in time, each try counted
	Forged    uint64 // responses that were ignored as forged (see [Outcome])

	InFlight int           // queries under way at the server
	SRTT     time.Duration // smoothed round trip (RFC 6298); zero before the first
	Window   int           // how many queries may be under way now
	Pace     float64       // queries a second that the engine keeps to; zero is no bound
}

// count adds the counts of other.
func (s *Stats) count(other *Stats) {
	s.Queries += other.Queries
	s.Retries += other.Retries
	s.Responses += other.Responses
	s.Timeouts += other.Timeouts
	s.Forged += other.Forged
}

// sent counts a query that is sent.
func (s *Stats) sent(q *Query) {
	if s.Queries++; q.sent > 0 {
		s.Retries++
	}
	if q.sent < math.MaxUint8 {
		q.sent++
	}
}

// counts are numbers of tries, by what became of them.
type counts struct {
	good  int // responses
	lost  int // tries without response
	slips int // responses that ask to slow down: BADCOOKIE, REFUSED after good ones

	// Of the good, cuts are truncated to nothing. The query goes to TCP, and the
	// others need not wait for that: some servers answer so as long as they are
	// asked. But where many are lost as well, a limit drops some and slips others.
	cuts int
}

func (c *counts) add(n counts) {
	c.good += n.good
	c.lost += n.lost
	c.slips += n.slips
	c.cuts += n.cuts
}

func (c *counts) outcomes() int { return c.good + c.lost + c.slips }

// smooth adds a round trip to a smoothed one.
func smooth(srtt, rtt time.Duration) time.Duration {
	if srtt == 0 {
		return rtt
	}
	return srtt + (rtt-srtt)/8
}
