package probe

import (
	"math"
	"slices"
	"time"

	"domprobe/probe/resolver"
)

// WorstCase is the longest that a run of so many names takes if the servers are
// silent, refuse, or take the whole [Options.Timeout] to fail. It follows from
// the options alone: names are probed as many at a time as Concurrency says, or 100,
// each is asked about at every server in turn, over UDP and TCP, and at the
// registry's if Escalate allows it, each server's controls come first, servers
// in trouble are waited for once, and the lowest rate holds everything up.
//
// Not counted are an outage of this machine's network (see [Options.Outage]), a server
// that answers each query at the last moment with something that makes another one
// necessary, a network that is so overloaded that queries wait for the pace that was
// found to get through, and the time that [Options.Confirm] takes. A number of names
// below 1 counts as 1.
func (o Options) WorstCase(names int) time.Duration {
	if o.Offline {
		return 0
	}
	o.fill()
	names = max(names, 1)
	waves := (names-1)/max(o.inFlight(), 1) + 1
	total := (float64(o.steps())*o.step() + lookAfter(maxLooks-1, transient).Seconds()) * float64(waves)
	if rate := o.slowest(); rate > 0 {
		total += float64(o.Tries+2) * float64(names) / rate
	}
	return seconds(total)
}

// seconds is a duration of so many seconds, or the longest of some 146 years.
func seconds(s float64) time.Duration {
	return time.Duration(min(s*float64(time.Second), math.MaxInt64/2))
}

// Queries estimates how many queries a run of so many names under so many
// TLDs sends if every server answers at the first try: one for each name, or as
// many as the quorum, what ForSale and Parked ask if all are found, and the
// controls of each server for each TLD. The looks that servers are given later on
// add less than one in a hundred if there is one, in twenty if there are several, and
// in ten of a crowd.
func (o Options) Queries(names, tlds int) int {
	if o.fill(); names < 1 || tlds < 1 || o.Offline {
		return 0
	}
	const (
		ofResolver = 6 + 2 // controls, and the look behind the first names
		ofRegistry = 4 + 2
		locating   = 10 // queries for the addresses of so many servers of a registry
		usual      = 4
	)
	n := times(names, o.Quorum+o.details())
	each := (names-1)/tlds + 1 // for one TLD
	if o.direct() {
		return plus(n, times(tlds, locating+min(usual, max(each, opinions))*ofRegistry))
	}
	asked := min(len(o.Servers), max(each, opinions))
	first := ofResolver
	switch {
	case len(o.Servers) > crowd:
		first += atFirst
	case len(o.Servers) > 1 && names >= o.inFlight() && o.inFlight()/tlds >= manyNames:
		first += 2 * atFirst
	}
	return plus(n, times(tlds, asked*first))
}

// details is how many queries come on top for a name that is found.
func (o *Options) details() (n int) {
	if o.ForSale {
		n++
	}
	if o.Parked && !o.direct() {
		n++
	}
	return n
}

// times and plus stop at the largest number.
func times(a, b int) int {
	if a > math.MaxInt/b {
		return math.MaxInt
	}
	return a * b
}

func plus(a, b int) int {
	if a > math.MaxInt-b {
		return math.MaxInt
	}
	return a + b
}

// fill puts defaults in place of zeros, as far as that cannot fail.
func (o *Options) fill() {
	if len(o.Servers) == 0 && !o.Offline {
		if o.Servers, _ = resolver.System(); len(o.Servers) == 0 {
			o.Servers = make([]resolver.Server, 1)
		}
	}
	o.setDefaults()
}

func (o *Options) direct() bool {
	return slices.ContainsFunc(o.Servers, func(s resolver.Server) bool { return s.Transport == resolver.Direct })
}

// step is how many seconds one server can be asked for one purpose: some tries over
// UDP, a connection over TCP and a query over it, and the pauses after failures.
func (o *Options) step() float64 {
	d := float64(o.Tries+2) * o.Timeout.Seconds()
	for k := range o.Tries {
		d += longestPause(k + 1).Seconds()
	}
	return d
}

// longestPause is the most that [pauseAfter] gives.
func longestPause(failures int) time.Duration {
	return firstPause << min(max(failures-1, 0), 4) * 3 / 2
}

// steps is how many of them a name can take: one at each resolver, and three for
// its controls: with DS, with NS, and once more after a wait. Where the registry
// may be asked, each of its servers takes two more, and to locate these takes three
// at each resolver: for the zone, its servers and their addresses.
func (o *Options) steps() int {
	resolvers := len(o.Servers)
	if o.direct() {
		resolvers = max(resolvers-1, 1) // without any, one of the system's is reckoned with
		if len(o.Servers) == 1 {
			if system, err := resolver.System(); err == nil {
				resolvers = max(len(system), 1)
			}
		}
	}
	n := 4*resolvers + o.details()
	if o.direct() || o.Escalate {
		n += resolvers + 2*maxRegistryServers
		if !o.direct() {
			n += 2 * resolvers
		}
	}
	return n
}

// slowest is the lowest rate at which a server is asked, and zero for none.
func (o *Options) slowest() (rate float64) {
	lower := func(r float64) {
		if r > 0 && (rate == 0 || r < rate) {
			rate = r
		}
	}
	for _, s := range o.Servers {
		lower(o.rateTo(s, s.Transport == resolver.Direct))
	}
	if o.Escalate {
		lower(o.rateTo(resolver.Server{}, true))
	}
	return rate
}
