package watch

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
	"domprobe/probe/forsale"
)

// look returns the result of a look at go.dev.
func look(v probe.Verdict, reason probe.Reason, reg *probe.Registration) *probe.Result {
	return &probe.Result{Candidate: candidate.Parse("go.dev"), Verdict: v, Reason: reason, At: epoch, Registration: reg}
}

// TestChanges gives a name several looks, and wants events of the last one alone.
func TestChanges(t *testing.T) {
	expires := epoch.AddDate(1, 0, 0)
	active := &probe.Registration{Registrar: "R", Expires: expires, Status: []string{"active"}}
	with := func(change func(*probe.Registration)) *probe.Result {
		reg := *active
		change(&reg)
		return look(probe.Found, probe.Delegated, &reg)
	}
	found, notFound := look(probe.Found, probe.Delegated, active), look(probe.NotFound, probe.RDAPNotRegistered, nil)
	dropping := func(in time.Duration) *probe.Result {
		return with(func(r *probe.Registration) {
			r.Status, r.Drops = []string{"pending delete"}, epoch.Add(in).Truncate(dayLong)
		})
	}
	type looks = []*probe.Result
	for name, tt := range map[string]struct {
		looks looks
		want  []string
	}{
		"first, found":     {looks{found}, nil},
		"first, not found": {looks{notFound}, nil},
		"first, unknown":   {looks{look(probe.Unknown, probe.Timeout, nil)}, nil},
		"nothing new":      {looks{found, found}, nil},
		"registered":       {looks{notFound, found}, []string{"found: not-found -> found"}},
		"dropped":          {looks{found, notFound}, []string{"not-found: found -> not-found"}},
		"dropped, where no registry ever told": {looks{look(probe.Found, probe.Delegated, nil), look(probe.NotFound, probe.RDAPNone, nil)},
			[]string{"not-found: found -> not-found"}},
		"dropped, where no registry is understood": {looks{look(probe.Found, probe.Delegated, nil), look(probe.NotFound, probe.RDAPUnsure, nil)},
			[]string{"not-found: found -> not-found"}},
		"dropped, as the DNS alone was asked": {looks{found, look(probe.NotFound, probe.NXDomain, nil)}, []string{"not-found: found -> not-found"}},
		"the list of registries is gone":      {looks{found, look(probe.NotFound, probe.RDAPNone, nil)}, nil},
		"the registry's reply is cut":         {looks{found, look(probe.NotFound, probe.RDAPUnsure, nil)}, nil},
		"dropped after an unknown":            {looks{found, look(probe.Unknown, probe.Timeout, nil), notFound}, []string{"not-found: found -> not-found"}},
		"found again after it was unknown":    {looks{found, look(probe.Unknown, probe.ServFail, nil), found}, nil},
		"a passing unknown":                   {looks{found, look(probe.Unknown, probe.Timeout, nil)}, nil},
		"a TLD that does not exist":           {looks{found, look(probe.Invalid, probe.NoSuchTLD, nil)}, nil},
		"the registry refuses":                {looks{found, look(probe.NotFound, probe.RDAPLimited, nil)}, nil},
		"the registry is left alone":          {looks{found, look(probe.NotFound, probe.RDAPPaused, nil)}, nil},
		"the registry fails":                  {looks{found, look(probe.NotFound, probe.RDAPFailed, nil)}, nil},
		"the run ends":                        {looks{found, look(probe.NotFound, probe.RDAPCanceled, nil)}, nil},
		"on hold":                             {looks{found, look(probe.Found, probe.RDAPRegistered, active)}, nil},

		"status": {looks{found, with(func(r *probe.Registration) { r.Status = []string{"server hold", "client hold"} })},
			[]string{"status: active -> client hold; server hold"}},
		"status in another order": {looks{
			with(func(r *probe.Registration) { r.Status = []string{"a", "b"} }), with(func(r *probe.Registration) { r.Status = []string{"b", "a"} })}, nil},
		"status not published": {looks{found, with(func(r *probe.Registration) { r.Status = nil })}, nil},
		"status, and unpublished meanwhile": {looks{found, with(func(r *probe.Registration) { r.Status = nil }),
			with(func(r *probe.Registration) { r.Status = []string{"client hold"} })}, []string{"status: active -> client hold"}},
		"status known at last": {looks{look(probe.Found, probe.Delegated, nil), found}, nil},
		"nothing published":    {looks{found, look(probe.Found, probe.Delegated, nil)}, nil},
		"renewed": {looks{found, with(func(r *probe.Registration) { r.Expires = expires.AddDate(1, 0, 0) })},
			[]string{"expires: 2027-03-01 -> 2028-03-01"}},
		"expiry at another hour":   {looks{found, with(func(r *probe.Registration) { r.Expires = expires.Add(hour) })}, nil},
		"expiry not published":     {looks{found, with(func(r *probe.Registration) { r.Expires = time.Time{} })}, nil},
		"registered with new data": {looks{notFound, with(func(r *probe.Registration) { r.Status = []string{"add period"} })}, []string{"found: not-found -> found"}},

		"drops in five days":        {looks{dropping(5 * dayLong)}, nil},
		"drops in two days":         {looks{dropping(2 * dayLong)}, nil},
		"drops tomorrow":            {looks{dropping(dayLong)}, []string{"drops:  -> 2026-03-02"}},
		"drops tomorrow, told":      {looks{dropping(dayLong), dropping(dayLong)}, nil},
		"dropped yesterday":         {looks{dropping(-dayLong)}, []string{"drops:  -> 2026-02-28"}},
		"the day of the drop moves": {looks{dropping(-dayLong), dropping(dayLong)}, nil},
		"drops sooner than said":    {looks{dropping(5 * dayLong), dropping(dayLong)}, []string{"drops:  -> 2026-03-02"}},
		"restored":                  {looks{dropping(dayLong), found}, []string{"status: pending delete -> active"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := State{Name: "go.dev"}
			var got []string
			for _, r := range tt.looks {
				next := s.After(r)
				got = nil
				for _, e := range changes(&s, &next, epoch) {
					got = append(got, fmt.Sprintf("%s: %s -> %s", e.Kind, e.Old, e.New))
					if e.Kind == Drops {
						next.Told = next.Drops
					}
				}
				s = next
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// TestSale gives a name that is found two looks at what its owner says.
func TestSale(t *testing.T) {
	for _, tt := range []struct {
		old, new forsale.Sale
		known    bool
		want     string
	}{
		{forsale.Sale{}, forsale.Sale{}, true, ""},
		{forsale.Sale{}, forsale.Sale{Listed: true}, true, "for-sale:  -> yes"},
		{forsale.Sale{}, forsale.Sale{Listed: true, Price: "EUR9"}, false, "for-sale:  -> EUR9"},
		{forsale.Sale{Listed: true, Price: "EUR9"}, forsale.Sale{Listed: true, Price: "EUR9", Text: "new"}, true, ""},
		{forsale.Sale{Listed: true, Price: "EUR9"}, forsale.Sale{Listed: true, Price: "EUR8"}, true, "price: EUR9 -> EUR8"},
		{forsale.Sale{Listed: true}, forsale.Sale{Listed: true, Price: "EUR8"}, true, "price: yes -> EUR8"},
		{forsale.Sale{Listed: true, Price: "EUR9"}, forsale.Sale{}, false, ""}, // no answer
		{forsale.Sale{Listed: true, Price: "EUR9"}, forsale.Sale{}, true, "withdrawn: EUR9 -> "},
		{forsale.Sale{Listed: true}, forsale.Sale{}, true, "withdrawn: yes -> "},
		{forsale.Sale{Listed: true, Price: "E\x00\x1b[2J"}, forsale.Sale{}, true, `withdrawn: E\x00\x1b[2J -> `}, // of a report
		{forsale.Sale{}, forsale.Sale{Listed: true, Price: strings.Repeat("9", maxText+1)}, true, "for-sale:  -> " + strings.Repeat("9", maxText)},
	} {
		first, second := look(probe.Found, probe.Delegated, nil), look(probe.Found, probe.Delegated, nil)
		first.Sale, second.Sale, second.SaleKnown = tt.old, tt.new, tt.known
		old := (&State{Name: "go.dev"}).After(first)
		s := old.After(second)
		var got []string
		for _, e := range changes(&old, &s, epoch) {
			got = append(got, fmt.Sprintf("%s: %s -> %s", e.Kind, e.Old, e.New))
		}
		if strings.Join(got, "; ") != tt.want {
			t.Errorf("%+v -> %+v: %q, want %q", tt.old, tt.new, got, tt.want)
		}
	}
}

// A look that ends unknown changes nothing but the count of such looks.
func TestUnknownLook(t *testing.T) {
	s := State{Name: "go.dev"}.After(look(probe.Found, probe.Delegated, &probe.Registration{Registrar: "R", Status: []string{"active"}}))
	after := s.After(look(probe.Unknown, probe.Timeout, nil))
	if after.Failed != 1 {
		t.Errorf("%d looks failed", after.Failed)
	}
	if after.Failed = 0; fmt.Sprint(after) != fmt.Sprint(s) {
		t.Errorf("%+v becomes %+v", s, after)
	}
	if after = s.After(look(probe.Unknown, probe.Timeout, nil)).After(look(probe.Found, probe.Delegated, nil)); after.Failed != 0 {
		t.Errorf("%d looks failed after one that told", after.Failed)
	}
}
