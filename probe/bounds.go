package probe

import (
	"math"
	"slices"
	"time"

	"domprobe/probe/resolver"
)

// WorstCase is the longest that a run of so many names takes if the servers are
// silent, refuse, or take the whole [Options.Timeout] to fail. It follows from
// the options alone:
//
//	step  = (Tries + 2) x Timeout + pauses
//	name  = 10 s + 2 x resolvers x step, unless it is asked of the registry only,
//	        and 10 s + (2 x resolvers + 1 + 2 x 12) x step where the registry may be asked
//	run   = name x (names / Concurrency, rounded up) + (Tries + 2) x names / rate
//
// A step is all that is sent to one server for one purpose: Tries questions over
// UDP, a connection over TCP and a question over it, and the pauses after
// failures, together at most 1.05 s. A name takes one step at each server and
// one for its controls. Once, it may wait 10 s until servers whose controls have
// failed are looked at again. Finding a registry takes two steps at each resolver, for
// its zone and its servers, and one for their addresses, of which 12 are used.
// The rate is that of the slowest server, and the last term is left out where
// there is none.
//
// Not counted are a server that answers each question at the last moment with
// something that makes another one necessary, a network that is so overloaded
// that questions wait for the pace that was found to get through, and what
// [Options.Confirm] takes. A number of names below 1 counts as 1.
func (o Options) WorstCase(names int) time.Duration {
	o.fill()
	names = max(names, 1)
	waves := (names + o.Concurrency - 1) / o.Concurrency
	total := (float64(o.steps())*float64(o.step()) + float64(lookAfter(maxLooks-1))) * float64(waves)
	if rate := o.slowest(); rate > 0 {
		total += float64((o.Tries+2)*names) / rate * float64(time.Second)
	}
	return time.Duration(min(total, math.MaxInt64/2))
}

// Questions estimates how many questions a run of so many names under so many
// TLDs sends if every server answers at the first try: one for each name, or as
// many as the quorum, and the controls of each server for each TLD.
func (o Options) Questions(names, tlds int) int {
	o.fill()
	const controls, finding = 3, 10 // the latter with the addresses of four servers
	n := names * o.Quorum
	if o.direct() {
		const usual = 4 // servers of a registry
		return n + tlds*(finding+usual*(controls-1))
	}
	return n + tlds*min(len(o.Servers), names)*controls
}

// fill puts defaults in place of zeros, as far as that cannot fail.
func (o *Options) fill() {
	if len(o.Servers) == 0 {
		if o.Servers, _ = resolver.System(); len(o.Servers) == 0 {
			o.Servers = make([]resolver.Server, 1)
		}
	}
	setDefault(&o.Concurrency, DefaultConcurrency)
	setDefault(&o.Tries, MaxTries)
	setDefault(&o.Timeout, DefaultTimeout)
	setDefault(&o.Quorum, 1)
}

func (o *Options) direct() bool {
	return slices.ContainsFunc(o.Servers, func(s resolver.Server) bool { return s.Transport == resolver.Direct })
}

// step is how long one server can be asked for one purpose.
func (o *Options) step() time.Duration {
	d := time.Duration(o.Tries+2) * o.Timeout
	for k := range o.Tries {
		d += longestPause(k + 1)
	}
	return d
}

// longestPause is the most that [pauseAfter] gives.
func longestPause(failures int) time.Duration {
	return firstPause << min(max(failures-1, 0), 4) * 3 / 2
}

// steps is how many of them a name can take.
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
	n := 2 * resolvers
	if o.direct() || o.Escalate {
		n += 1 + 2*maxRegistryServers
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
