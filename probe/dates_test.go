package probe_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
)

// Found names get their dates and stay found whatever the registry says. Names
// that the DNS does not find are not asked about for dates.
func TestDates(t *testing.T) {
	why := errors.New("why")
	registered := &probe.Registration{Registrar: "Example", Expires: time.Date(2030, 1, 2, 0, 0, 0, 0, time.UTC)}
	for _, tt := range []struct {
		answer probe.Confirmation
		want   *probe.Registration
		err    string
	}{
		{probe.Confirmation{Reason: probe.RDAPRegistered, Source: "rdap", Registration: registered}, registered, ""},
		{probe.Confirmation{Reason: probe.RDAPNotRegistered, Source: "rdap"}, nil, "the registry publishes no registration of the name"},
		{probe.Confirmation{Reason: probe.RDAPReserved, Source: "rdap"}, nil, "the registry publishes no registration of the name"},
		{probe.Confirmation{Reason: probe.RDAPLimited, Err: why}, nil, "why"},
	} {
		r := &registry{answer: func(context.Context, string) probe.Confirmation { return tt.answer }}
		opts := confirming(nil)
		opts.Confirm, opts.Dates = nil, r
		p, err := probe.New(opts)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		for got := range p.Probe(t.Context(), candidate.Names("go.dev", "free-1.dev")) {
			wantErr := tt.err
			if got.Name == "free-1.dev" {
				if got.Verdict != probe.NotFound || got.Registration != nil || got.Err != nil {
					t.Errorf("%+v", got)
				}
				continue
			}
			text := ""
			if got.Err != nil {
				text = got.Err.Error()
			}
			if got.Verdict != probe.Found || got.Reason == probe.RDAPRegistered || got.Source != "dns" || got.Registration != tt.want || text != wantErr {
				t.Errorf("%v: %+v", tt.answer.Reason, got)
			}
		}
		if !slices.Equal(r.asked, []string{"go.dev"}) {
			t.Errorf("asked about %q", r.asked)
		}
	}
}

// A name that the registry has and the DNS does not is asked about once.
func TestDatesOfConfirmed(t *testing.T) {
	registered := &probe.Registration{Registrar: "Example"}
	r := &registry{answer: func(context.Context, string) probe.Confirmation {
		return probe.Confirmation{Reason: probe.RDAPRegistered, Source: "rdap", Registration: registered}
	}}
	opts := confirming(r)
	opts.Dates = r
	p, err := probe.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if got, err := p.One(t.Context(), "free-1.dev"); err != nil || got.Verdict != probe.Found || got.Reason != probe.RDAPRegistered || got.Registration != registered {
		t.Errorf("%+v", got)
	}
	if len(r.asked) != 1 {
		t.Errorf("asked about %q", r.asked)
	}
}

// A registry that does not answer holds no row of another name back.
func TestDatesHoldNothingBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := confirming(nil)
		opts.Confirm, opts.Dates = nil, &registry{answer: never}
		p, err := probe.New(opts)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var got []string
		for r, err := range p.Probe(ctx, candidate.Names("go.dev", "free-1.dev", "free-2.dev")) {
			if err != nil {
				break // the context's, last
			}
			if got = append(got, r.Name+" "+r.Verdict.String()); len(got) == 2 {
				cancel()
			}
			if r.Name == "go.dev" && (r.Registration != nil || !errors.Is(r.Err, context.Canceled)) {
				t.Errorf("%+v", r)
			}
		}
		if len(got) != 3 || got[2] != "go.dev found" || !strings.HasPrefix(got[0], "free-") {
			t.Errorf("%q", got)
		}
	})
}
