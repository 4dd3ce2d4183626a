package probe

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// ServerStats is what a [Prober] has had from one server, over all its loops.
type ServerStats struct {
	Server    string // as results name it
	Registry  bool   // an authoritative server of a registry
	Queries   uint64 // packets and messages sent, repetitions included
	Retries   uint64 // repetitions
	Responses uint64 // that passed the checks
	Timeouts  uint64 // queries without response in time, each try counted
	Forged    uint64 // responses that were ignored as forged

	// The state of the loops that are under way; zero without one.
	InFlight int           // queries under way
	SRTT     time.Duration // smoothed round trip (RFC 6298)
	Window   int           // how many queries may be under way now
	Pace     float64       // queries a second that are kept to; zero is no bound
}

// stats are the counts of the loops that have ended, and the servers of those
// that are under way.
type stats struct {
	mu    sync.Mutex
	ended map[statsKey]*ServerStats
	live  map[*server]bool
}

type statsKey struct {
	server   string
	registry bool
}

// Stats returns the statistics of each server that has been asked, sorted by
// name. It may be called at any time, also while loops are under way.
func (p *Prober) Stats() []ServerStats {
	s := &p.stats
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[statsKey]*ServerStats{}
	for key, ended := range s.ended {
		one := *ended
		all[key] = &one
	}
	for one := range s.live {
		one.count(all, true)
	}
	list := make([]ServerStats, 0, len(all))
	for _, one := range all {
		list = append(list, *one)
	}
	slices.SortFunc(list, func(a, b ServerStats) int { return strings.Compare(a.Server, b.Server) })
	return list
}

// begun takes in a server of a loop.
func (s *stats) begun(one *server) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live == nil {
		s.live, s.ended = map[*server]bool{}, map[statsKey]*ServerStats{}
	}
	s.live[one] = true
}

// over keeps the counts of a server whose loop has ended.
func (s *stats) over(one *server) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.live, one)
	if len(s.ended) < maxLimits {
		one.count(s.ended, false)
	}
}

// count adds the counts of a server to those of its name, and how it stands.
func (s *server) count(all map[statsKey]*ServerStats, live bool) {
	key := statsKey{s.name, s.registry}
	one := all[key]
	if one == nil {
		one = &ServerStats{Server: s.name, Registry: s.registry}
		all[key] = one
	}
	for _, e := range s.engines() {
		n := e.Stats()
		one.Queries += n.Queries
		one.Retries += n.Retries
		one.Responses += n.Responses
		one.Timeouts += n.Timeouts
		one.Forged += n.Forged
		if live {
			one.InFlight += n.InFlight
			one.SRTT = max(one.SRTT, n.SRTT)
			one.Window += n.Window
			one.Pace += n.Pace
		}
	}
}
