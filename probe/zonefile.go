package probe

import (
	"errors"
	"fmt"
	"time"

	"domprobe/candidate"
)

// A ZoneFile tells which names are registered in the zone of a TLD, as the registry's
// zone file has them. The Index of package zone is one. It must be safe for
// concurrent use.
type ZoneFile interface {
	Origin() string        // the TLD, in its A-label form
	Date() time.Time       // of the zone file
	Has(label string) bool // whether the name of a label, in lower case, is registered
}

// zonesOf returns the zones by their TLDs.
func zonesOf(list []ZoneFile) (map[string]ZoneFile, error) {
	zones := make(map[string]ZoneFile)
	for _, z := range list {
		if z == nil {
			return nil, errors.New("a zone file is nil")
		}
		if zones[z.Origin()] != nil {
			return nil, fmt.Errorf("two zone files are of %s", z.Origin())
		}
		zones[z.Origin()] = z
	}
	return zones, nil
}

// inZone settles a candidate that a zone file decides, or that nobody is asked about, and
// reports whether it has.
func (l *lookups) inZone(c *candidate.Candidate) bool {
	z := l.p.zones[c.TLD]
	if z == nil {
		if l.opts.Offline {
			l.results = append(l.results, Result{Candidate: *c, Reason: NoResolver, Rcode: -1, At: l.now})
		}
		return l.opts.Offline
	}
	has := z.Has(c.Name[:len(c.Name)-len(c.TLD)-1])
	if !has && !l.opts.Offline {
		return false
	}
	l.results = append(l.results, Result{Candidate: *c, Verdict: NotFound, Reason: ByZoneFile, Source: "zone", Rcode: -1, At: z.Date()})
	if has {
		l.results[len(l.results)-1].Verdict = Found
		l.detail(nil, "")
	}
	return true
}
