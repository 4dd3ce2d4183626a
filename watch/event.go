package watch

import (
	"slices"
	"strings"
	"time"

	"domprobe/internal/term"
	"domprobe/internal/text"
	"domprobe/probe"
)

// A Kind is what has changed.
type Kind string

const (
	Found     Kind = "found"     // the name is registered now
	NotFound  Kind = "not-found" // the name is no longer registered
	ForSale   Kind = "for-sale"  // the owner offers it
	Price     Kind = "price"     // the owner asks for another price
	Withdrawn Kind = "withdrawn" // the owner no longer offers it
	Status    Kind = "status"    // the registry gives it another status
	Expires   Kind = "expires"   // it expires on another day
	Drops     Kind = "drops"     // anybody can have it tomorrow
)

// An Event is a change in the life of a name. Its texts are safe to print.
type Event struct {
	ID   string    `json:"id"` // the same whenever the event is delivered
	At   time.Time `json:"at"`
	Name string    `json:"domain"`
	Kind Kind      `json:"event"`
	Old  string    `json:"old"`
	New  string    `json:"new"`
}

// changes returns the events between two states of a name. Its first verdict is no
// event.
func changes(old, new *State, now time.Time) (events []Event) {
	add := func(kind Kind, was, is string) {
		if was != is {
			events = append(events, Event{At: now, Name: new.Name, Kind: kind, Old: shown(was), New: shown(is)})
		}
	}
	if old.Verdict != probe.Unknown && old.Verdict != new.Verdict {
		kind := Found
		if new.Verdict == probe.NotFound {
			kind = NotFound
		}
		add(kind, old.Verdict.String(), new.Verdict.String())
	}
	if old.Verdict == new.Verdict {
		kind := Price
		switch {
		case old.ForSale == "":
			kind = ForSale
		case new.ForSale == "":
			kind = Withdrawn
		}
		add(kind, old.ForSale, new.ForSale)
		if old.Status != nil {
			add(Status, joined(old.Status), joined(new.Status))
		}
		if !old.Expires.IsZero() {
			add(Expires, day(old.Expires), day(new.Expires))
		}
	}
	if eve := new.Drops.AddDate(0, 0, -1); !new.Drops.IsZero() && !now.Before(eve) && !new.Drops.Equal(new.Told) {
		add(Drops, "", day(new.Drops))
	}
	return events
}

// maxText is the longest text of an event, in bytes. An environment has room for it.
const maxText = 4096

// shown returns a text of a registry, an owner or a report that is safe to print, and
// in the environment of a command.
func shown(s string) string {
	s = term.Visible(s)
	return s[:min(len(s), maxText)]
}

func joined(status []string) string { return strings.Join(slices.Sorted(slices.Values(status)), "; ") }

func day(t time.Time) string { return text.Time(t, time.DateOnly) }
