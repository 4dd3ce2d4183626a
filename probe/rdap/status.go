package rdap

import (
	"slices"
	"strings"
	"time"
)

// How long a deleted name of a generic TLD is kept before it can be had again.
const (
	redemptionDays    = 30
	pendingDeleteDays = 5
)

// A meaning is what a status says for people.
type meaning struct{ status, words string }

// meanings are the status values of RFC 8056, which maps those of EPP to RDAP's, but
// "active", which says nothing more.
var meanings = []meaning{
	{"inactive", "registered without name servers"},
	{"add period", "registered within the last days; the registrar can still give it back"},
	{"auto renew period", "expired and renewed by the registry; the registrar can still give it back"},
	{"renew period", "renewed within the last days"},
	{"transfer period", "moved to another registrar within the last days"},
	{"redemption period", "deleted; the owner can still have it back"},
	{"pending delete", "to be deleted within days; nobody can have it back"},
	{"pending restore", "the owner is having it back after it was deleted"},
	{"pending create", "the registry has not granted it yet"},
	{"pending renew", "to be renewed"},
	{"pending transfer", "moving to another registrar"},
	{"pending update", "to be changed"},
	{"client hold", "the registrar keeps it out of the DNS"},
	{"server hold", "the registry keeps it out of the DNS"},
}

// locks are what a status "client ... prohibited" or "server ... prohibited" stands for.
var locks = map[string]string{"delete": "deletion", "renew": "renewal", "transfer": "transfer", "update": "changes"}

// lock returns what a status prohibits, and who does.
func lock(status string) (what, who string) {
	words := strings.Fields(status)
	if len(words) != 3 || words[2] != "prohibited" {
		return "", ""
	}
	return locks[words[1]], map[string]string{"client": "registrar", "server": "registry"}[words[0]]
}

// eppWords returns a status of EPP as RDAP writes it: "clientHold" and "CLIENT-HOLD"
// are "client hold", and "ok" is "active" (RFC 8056). Any other stays as it is.
func eppWords(s string) string {
	word, _, _ := strings.Cut(s, "http")
	word, _, _ = strings.Cut(word, "(")
	word = strings.ToLower(strings.NewReplacer(" ", "", "-", "", "_", "", "\t", "").Replace(word))
	for _, m := range meanings {
		if strings.ReplaceAll(m.status, " ", "") == word {
			return m.status
		}
	}
	for _, who := range []string{"client", "server"} {
		for what := range locks {
			if word == who+what+"prohibited" {
				return who + " " + what + " prohibited"
			}
		}
	}
	if word == "ok" || word == "active" {
		return "active"
	}
	return strings.TrimSpace(s)
}

// addStatus adds a status once.
func (d *Domain) addStatus(s string) {
	if s = eppWords(s); s != "" && !slices.Contains(d.Status, s) {
		d.Status = appendText(d.Status, s)
	}
}

// interpret says what the status values mean.
func (d *Domain) interpret(now time.Time) {
	for _, s := range d.Status {
		for _, m := range meanings {
			if m.status == s {
				d.Meaning = append(d.Meaning, s+": "+m.words)
			}
		}
		if what, who := lock(s); what != "" && who != "" {
			d.Locks = append(d.Locks, what+" by the "+who)
		}
	}
	if d.Drops.IsZero() && generic(d.Name) {
		d.Drops = drops(d.Status, d.Updated, now)
	}
}

// generic reports whether a name is in a TLD under ICANN's rules for deleted names.
// Country codes have their own.
func generic(name string) bool {
	tld := lastLabel(name)
	return len(tld) > 2 && !strings.HasPrefix(tld, "xn--")
}

// drops returns the day by which a deleted name can be had again: it was changed
// last when it was deleted, or else it is today at the earliest.
func drops(status []string, updated, now time.Time) time.Time {
	days := 0
	switch {
	case slices.Contains(status, "pending restore"):
	case slices.Contains(status, "redemption period"): // most say "pending delete" as well
		days = redemptionDays + pendingDeleteDays
	case slices.Contains(status, "pending delete"):
		days = pendingDeleteDays
	}
	if days == 0 {
		return time.Time{}
	}
	last := now
	if updated.Before(now) && updated.AddDate(0, 0, days).After(now) {
		last = updated
	}
	return last.UTC().Truncate(24*time.Hour).AddDate(0, 0, days)
}
