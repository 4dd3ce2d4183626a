package rdap

import (
	"regexp"
	"strings"
)

// A meaning is what a status says for people.
type meaning struct{ status, words string }

// meanings are the status values of RFC 8056, which maps those of EPP to RDAP's.
var meanings = []meaning{
	{"active", "registered, without restrictions"},
	{"inactive", "registered without name servers"},
	{"add period", "registered within the last days; the registrar can still give it back"},
	{"auto renew period", "expired and renewed by the registry; the registrar can still give it back"},
	{"renew period", "renewed within the last days"},
	{"transfer period", "moved to another registrar within the last days"},
	{"redemption period", "deleted; the owner can have it back for 30 days"},
	{"pending delete", "to be deleted within 5 days; nobody can have it back"},
	{"pending restore", "the owner is having it back after it was deleted"},
	{"pending create", "the registry has not granted it yet"},
	{"pending renew", "to be renewed"},
	{"pending transfer", "moving to another registrar"},
	{"pending update", "to be changed"},
	{"client hold", "the registrar keeps it out of the DNS"},
	{"server hold", "the registry keeps it out of the DNS"},
	{"client delete prohibited", "locked by the registrar against deletion"},
	{"client renew prohibited", "locked by the registrar against renewal"},
	{"client transfer prohibited", "locked by the registrar against transfer"},
	{"client update prohibited", "locked by the registrar against changes"},
	{"server delete prohibited", "locked by the registry against deletion"},
	{"server renew prohibited", "locked by the registry against renewal"},
	{"server transfer prohibited", "locked by the registry against transfer"},
	{"server update prohibited", "locked by the registry against changes"},
}

// Meaning says in words what a status value of RDAP means. It is empty for a
// value that is not of RFC 8056.
func Meaning(status string) string {
	for _, m := range meanings {
		if m.status == status {
			return m.words
		}
	}
	return ""
}

var (
	camel     = regexp.MustCompile(`(\p{Ll})(\p{Lu})`)
	notLetter = regexp.MustCompile(`[^\pL\pN]+`)
)

// eppWords returns a status as RDAP writes it: "clientHold" and "CLIENT-HOLD"
// are "client hold", and "ok" is "active".
func eppWords(s string) string {
	s, _, _ = strings.Cut(s, "http")
	s, _, _ = strings.Cut(s, "(")
	s = strings.ToLower(notLetter.ReplaceAllString(camel.ReplaceAllString(s, "$1 $2"), " "))
	s = strings.TrimSpace(s)
	joined := strings.ReplaceAll(s, " ", "")
	for _, m := range meanings {
		if strings.ReplaceAll(m.status, " ", "") == joined {
			return m.status
		}
	}
	if s == "ok" {
		return "active"
	}
	return s
}
