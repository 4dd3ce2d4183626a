package watch

import (
	"slices"
	"time"

	"domprobe/probe"
)

// A State is what is known of a watched name.
type State struct {
	Name    string        `json:"domain"`  // in A-label form, when it is in a [File]
	Verdict probe.Verdict `json:"verdict"` // unknown until a look has told
	Reason  probe.Reason  `json:"reason,omitempty"`
	TTL     time.Duration `json:"ttl,omitempty"` // of a negative response

	Registrar string    `json:"registrar,omitempty"`
	Created   time.Time `json:"created,omitzero"`
	Expires   time.Time `json:"expires,omitzero"`
	Status    []string  `json:"status,omitempty"`
	Drops     time.Time `json:"drops,omitzero"`     // the day by which anybody can have it
	ForSale   string    `json:"for_sale,omitempty"` // as [forsale.Sale.Offer] tells

	Looked  time.Time `json:"looked,omitzero"`  // when a look has last told something
	Failed  int       `json:"failed,omitempty"` // looks since then, which ended unknown
	Told    time.Time `json:"told,omitzero"`    // the value of Drops that an event has told
	Planned time.Time `json:"planned,omitzero"` // when Next was set
	Next    time.Time `json:"next,omitzero"`    // the next look; the zero time is at once
}

// After returns the state after a look with the result r.
func (s State) After(r *probe.Result) State {
	if !s.tells(r) {
		s.Failed++
		return s
	}
	if r.Verdict != s.Verdict { // nothing of a registration outlives it
		s = State{Name: s.Name, Verdict: r.Verdict}
	}
	s.Reason, s.TTL, s.Looked, s.Failed = r.Reason, r.TTL, r.At, 0
	if r.Registration != nil {
		s.register(r.Registration)
	}
	if r.Sale.Listed || r.SaleKnown {
		s.ForSale = r.Sale.Offer()
	}
	return s
}

// tells reports whether a result says something new about the name. That the DNS does
// not have it says nothing while its registry cannot be asked: a name in the
// redemption period is not in the DNS. Where the registry has told of a registration
// before, it alone can tell that it has ended.
func (s *State) tells(r *probe.Result) bool {
	switch r.Reason {
	case probe.RDAPLimited, probe.RDAPPaused, probe.RDAPFailed, probe.RDAPCanceled:
		return false
	case probe.RDAPNone, probe.RDAPUnsure:
		return s.Registrar == "" && s.Created.IsZero() && s.Expires.IsZero() && s.Status == nil
	}
	return r.Verdict == probe.Found || r.Verdict == probe.NotFound
}

// register takes in what the registry publishes. What it leaves out this time stays
// as it was.
func (s *State) register(reg *probe.Registration) {
	if reg.Registrar != "" {
		s.Registrar = reg.Registrar
	}
	if !reg.Created.IsZero() {
		s.Created = reg.Created
	}
	if !reg.Expires.IsZero() {
		s.Expires = reg.Expires
	}
	if len(reg.Status) == 0 {
		return
	}
	status := slices.Sorted(slices.Values(reg.Status))
	// The day of a drop may be reckoned from today, and then moves with it.
	if !slices.Equal(status, s.Status) || s.Drops.IsZero() || reg.Drops.Before(s.Drops) {
		s.Drops = reg.Drops
	}
	s.Status = status
}
