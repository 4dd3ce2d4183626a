package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"domprobe/candidate"
	"domprobe/internal/cmdline"
	"domprobe/probe"
	"domprobe/zone"
)

// noResolver is the word of --resolver for nobody.
const noResolver = "none"

// zoneOption is --zone, of the commands that look names up in zone files.
func (a *asking) zoneOption() []*cmdline.Option {
	return []*cmdline.Option{cmdline.Repeated(&a.zones, "zone", "", "look names up in this `INDEX` of a registry's zone file first: those in it are found without a query; "+
		"domprobe zone build makes one").Common()}
}

// oldZone is from when on a zone file is worth a warning: registries make one a
// day.
const oldZone = 3 * 24 * time.Hour

// openZones opens the indexes of --zone, which close takes back.
func (a *asking) openZones(ctx context.Context, inv *invocation) (zones []probe.ZoneFile, close func() error, err error) {
	var open []*zone.Index
	close = func() (err error) {
		for _, x := range open {
			err = errors.Join(err, x.Close())
		}
		return err
	}
	for _, path := range a.zones {
		x, err := await(ctx, func() (*zone.Index, error) { return zone.Open(path) })
		if err != nil {
			close()
			return nil, nil, err
		}
		open = append(open, x)
		i := slices.IndexFunc(zones, func(z probe.ZoneFile) bool { return z.Origin() == x.Origin() })
		if i >= 0 {
			close()
			return nil, nil, cmdline.Usage("build one of both", "--zone %s and %s are both of %s", a.zones[i], path, x.Origin())
		}
		zones = append(zones, x)
		if age := time.Since(x.Date()); age > oldZone {
			inv.console.Note("warning: %s is %d days old; names registered since then are not in it", path, int(age.Hours()/24))
		}
	}
	return zones, close, nil
}

// A zoneFiles is zone files by the TLDs of their zones.
type zoneFiles map[string]probe.ZoneFile

func byTLD(opts probe.Options) zoneFiles {
	files := make(zoneFiles)
	for _, z := range opts.ZoneFiles {
		files[z.Origin()] = z
	}
	return files
}

// have reports whether the zone file of a name's TLD has the name.
func (f zoneFiles) have(name candidate.Key) bool {
	z := f[name.TLD]
	return z != nil && z.Has(strings.TrimSuffix(name.Name, "."+name.TLD))
}

// about tells what the zone file of a name's TLD says, if there is one.
func (f zoneFiles) about(c *candidate.Candidate) string {
	z := f[c.TLD]
	if z == nil || c.Err != nil {
		return ""
	}
	says := "does not have"
	if f.have(c.Key()) {
		says = "has"
	}
	return fmt.Sprintf("the zone file of %s, of %s, %s the name", c.TLD, z.Date().Format(time.DateOnly), says)
}

// A zoned counts the names of a run, and those of them that zone files decide.
type zoned struct {
	files       zoneFiles
	offline     bool
	names       int
	decided     int
	found       int             // of those decided
	tlds, asked map[string]bool // all; those of names that are asked about
}

func newZoned(opts probe.Options) *zoned {
	return &zoned{files: byTLD(opts), offline: opts.Offline, tlds: make(map[string]bool), asked: make(map[string]bool)}
}

func (z *zoned) add(c *candidate.Candidate) {
	z.names++
	z.tlds[c.TLD] = true
	found := z.files.have(c.Key())
	if found {
		z.found++
	}
	if found || z.offline && z.files[c.TLD] != nil {
		z.decided++
	} else if !z.offline {
		z.asked[c.TLD] = true
	}
}

// text tells of the zone files.
func (z *zoned) text() (s string) {
	if len(z.files) > 0 {
		s = fmt.Sprintf("; zone files decide %s", plural(z.decided, "name"))
		if z.offline {
			s += fmt.Sprintf(", %d of them found", z.found)
		}
	}
	if z.offline {
		s += "; nobody is asked"
	}
	return s
}
