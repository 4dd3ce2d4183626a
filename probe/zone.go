package probe

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"domprobe/candidate"
	"domprobe/probe/internal/trust"
	"domprobe/probe/transport"
)

// A tld is what a run knows about one TLD. It is made when the first name
// under the TLD arrives, and its controls travel beside that name's query.
type tld struct {
	name     string
	zone     zone      // as the given resolvers see it
	registry *registry // whose own servers can be asked; nil until needed
	nosuch   bool      // the TLD does not exist
	deniedBy string    // the server that said so
	settled  time.Time // when it did, in this loop
	lookups  int       // under way
}

// A zone is a set of servers that can decide about the names of one TLD, with
// the evidence about each of them.
type zone struct {
	name     string // the TLD, or the registry zone
	labels   transport.Depth
	registry bool // the servers are authoritative
	tld      *tld // nil for a registry zone
	servers  []*server
	benches  map[*server]*bench
	trusted  []*bench      // that are believed
	fastest  time.Duration // round trip of the best of them when it came to be
	failed   int           // benches that are not
	odd      int           // benches that are to be compared
	answered []*bench      // whose controls were answered last
	waits    bool          // for the controls of a second authoritative server
	late     bool          // it has waited long enough
	names    names         // that exist, for canaries
	disputed bool          // the resolvers that located it contradict one another
}

func newZone(name string, servers []*server) zone {
	return zone{name: name, labels: depth(name), servers: servers, benches: map[*server]*bench{}, names: names{under: name}}
}

func (z *zone) isCrowd() bool { return len(z.servers) > crowd }

// depth is how many labels a name has.
func depth(name string) transport.Depth {
	if name == "" {
		return 0
	}
	return transport.Depth(strings.Count(name, ".") + 1)
}

// lastLabels returns the last n labels of a name.
func lastLabels(name string, n int) string {
	if n <= 0 {
		return ""
	}
	i := len(name)
	for ; n > 0 && i > 0; n-- {
		i = strings.LastIndexByte(name[:i], '.')
	}
	return name[i+1:]
}

// unusable reports whether a server is not believed, and is not to be looked
// at again yet.
func (z *zone) unusable(s *server, now time.Time) bool {
	b := z.benches[s]
	return b != nil && b.finding.Standing == trust.Failed && (b.again.IsZero() || now.Before(b.again))
}

// maxTLDs bounds the TLDs that are kept in mind while none of their names is
// under way.
const maxTLDs = 4096

// tldOf returns what is known about a TLD.
func (e *evidence) tldOf(name string) *tld {
	if e.last != nil && e.last.name == name {
		return e.last
	}
	t := e.tlds[name]
	if t == nil {
		if len(e.tlds) >= maxTLDs {
			e.forget()
		}
		t = &tld{name: name, zone: newZone(name, e.given)}
		t.zone.tld = t
		e.tlds[name] = t
		t.nosuch, t.deniedBy = e.recallDenied(name)
	}
	e.last = t
	return t
}

// forget drops the TLDs without a name under way and without a verdict that
// waits, so that an endless list of TLDs does not fill the memory.
func (e *evidence) forget() {
	for name, t := range e.tlds {
		if t.lookups == 0 && t.zone.quiet() {
			e.keepTLD(t)
			delete(e.tlds, name)
			for s, b := range t.zone.benches {
				s.benches = slices.DeleteFunc(s.benches, func(other *bench) bool { return other == b })
			}
		}
	}
}

// quiet reports whether no control of the zone is under way.
func (z *zone) quiet() bool {
	for _, b := range z.benches {
		if b.left > 0 || b.looks > 0 || b.holds() {
			return false
		}
	}
	return true
}

// denyTLD notes that a TLD does not exist.
func (e *evidence) denyTLD(t *tld, by string) {
	t.nosuch, t.deniedBy, t.settled = true, by, e.now
	if near := candidate.Closest(t.name); near != "" {
		e.p.hintOnce("tld "+t.name, fmt.Sprintf("did you mean the TLD %s in place of %s?", near, t.name))
	}
}

// listed reports whether the TLD is on the list of delegated ones.
func (t *tld) listed() bool { return candidate.IsTLD(lastLabels(t.name, 1)) }

// noSuchTLD is the detail of a name under a TLD that does not exist.
func noSuchTLD(tld string) error {
	detail := fmt.Sprintf("the TLD %s does not exist", tld)
	if near := candidate.Closest(tld); near != "" {
		detail += "; did you mean " + near + "?"
	}
	return &candidate.Error{Reason: NoSuchTLD, Detail: detail}
}
