package probe_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"domprobe/probe"
)

// zoneNames is a zone file of com.
type zoneNames []string

var zoneDate = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func (z zoneNames) Origin() string        { return "com" }
func (z zoneNames) Date() time.Time       { return zoneDate }
func (z zoneNames) Has(label string) bool { return slices.Contains(z, label) }

// A name in a zone file is found without a query, and any other is asked about.
func TestZoneFile(t *testing.T) {
	var asked atomic.Bool // about a listed name
	addr := serve(t, func(w dns.ResponseWriter, q *dns.Msg, _ string) {
		if normal(q) == "listed.com" {
			asked.Store(true)
		}
		w.WriteMsg(world.Resolve(q))
	})
	got := probeAll(t, probe.Options{Servers: udpServers(addr), ZoneFiles: []probe.ZoneFile{zoneNames{"listed"}}},
		"listed.com", "free.com", "go.com", "listed.dev", "a.b.com")
	for name, want := range map[string]string{
		"listed.com": "found zone-file", "free.com": "not-found nxdomain", "go.com": "found exists",
		"listed.dev": "not-found nxdomain", "a.b.com": "invalid not-registrable",
	} {
		expect(t, got, name, want)
		r := got[name]
		if zone := name == "listed.com"; r.At.Equal(zoneDate) != zone || (r.Source == "zone") != zone || zone && (r.Tries != 0 || r.Server != "" || r.Rcode != -1) {
			t.Errorf("%s has %+v", name, r)
		}
	}
	if asked.Load() {
		t.Error("listed.com is asked about")
	}
}

// Nobody is asked: zone files decide, and confirmation goes on from there.
func TestOffline(t *testing.T) {
	opts := probe.Options{Offline: true, Escalate: true, Quorum: 3, ZoneFiles: []probe.ZoneFile{zoneNames{"go"}}}
	names := []string{"go.com", "free.com", "go.dev", "a.b.com"}
	got := probeAll(t, opts, names...)
	expect(t, got, "go.com", "found zone-file")
	expect(t, got, "free.com", "not-found zone-file")
	expect(t, got, "go.dev", "unknown no-resolver")
	expect(t, got, "a.b.com", "invalid not-registrable")
	if r := got["free.com"]; r.Source != "zone" || !r.At.Equal(zoneDate) {
		t.Errorf("free.com has %+v", r)
	}
	if opts.Queries(100, 2) != 0 || opts.WorstCase(100) != 0 || opts.Expected(100, 2) != 0 {
		t.Error("queries are expected, or time")
	}
	opts.Confirm = confirmer(func(context.Context, string) probe.Confirmation {
		return probe.Confirmation{Reason: probe.RDAPRegistered, Source: "rdap"}
	})
	got = probeAll(t, opts, names...)
	expect(t, got, "go.com", "found zone-file")
	expect(t, got, "free.com", "found rdap-registered")
	if source := got["free.com"].Source; source != "zone+rdap" {
		t.Errorf("the source is %s", source)
	}
	opts.ZoneFiles = append(opts.ZoneFiles, zoneNames{})
	if _, err := probe.New(opts); err == nil || err.Error() != "two zone files are of com" {
		t.Errorf("two zone files of a TLD: %v", err)
	}
}

type confirmer func(context.Context, string) probe.Confirmation

func (c confirmer) Confirm(ctx context.Context, name string) probe.Confirmation { return c(ctx, name) }

// A plan tells of zone files.
func TestPlanZoneFile(t *testing.T) {
	p, err := probe.New(probe.Options{Offline: true, ZoneFiles: []probe.ZoneFile{zoneNames{"go"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var got []probe.Plan
	for plan, err := range p.Plans(t.Context(), "com", "dev") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, plan)
	}
	if len(got) != 2 || got[0].ZoneFile == nil || !got[0].ZoneFile.Equal(zoneDate) || got[0].Exists != probe.ExistsYes {
		t.Errorf("%+v", got)
	}
	if len(got) == 2 && (got[1].ZoneFile != nil || got[1].Reason != probe.NoResolver) {
		t.Errorf("%+v", got[1])
	}
}
