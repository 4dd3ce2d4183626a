package transport

import "time"

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

// smooth adds a round trip to a smoothed one.
func smooth(srtt, rtt time.Duration) time.Duration {
	if srtt == 0 {
		return rtt
	}
	return srtt + (rtt-srtt)/8
}
