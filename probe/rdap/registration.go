package rdap

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A Domain is what a registry publishes about a registration. Its strings
// come from the registry with everything escaped that is not printable, and
// are of bounded length and number.
type Domain struct {
	Name        string    `json:"domain"`
	Unicode     string    `json:"unicode,omitempty"`
	Status      []string  `json:"status"`            // in the words of RFC 8056 where it has them
	Meaning     []string  `json:"meaning,omitempty"` // of the values of Status that have one
	Locks       []string  `json:"locks,omitempty"`   // what is prohibited, and by whom: "transfer by the registrar"
	Registrar   string    `json:"registrar,omitempty"`
	Created     time.Time `json:"created,omitzero"`
	Updated     time.Time `json:"updated,omitzero"`
	Expires     time.Time `json:"expires,omitzero"`
	Drops       time.Time `json:"drops,omitzero"`       // the day by which anybody can have it, published or reckoned
	SecureDNS   string    `json:"secure_dns,omitempty"` // "signed" or "unsigned"
	Variants    []string  `json:"variants,omitempty"`
	Nameservers []string  `json:"nameservers"`
	Source      string    `json:"source,omitempty"` // "rdap" or "whois"
	Server      string    `json:"server"`           // the host that was asked
}

// Text returns the domain for people to read, one line for each value. What
// the registry does not publish has no line.
func (d *Domain) Text() string {
	var b strings.Builder
	line := func(label, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-12s %s\n", label+":", value)
		}
	}
	date := func(label string, t time.Time) {
		if !t.IsZero() {
			line(label, t.UTC().Format(time.RFC3339))
		}
	}
	line("domain", d.Name)
	line("unicode", d.Unicode)
	line("status", strings.Join(d.Status, ", "))
	line("registrar", d.Registrar)
	date("created", d.Created)
	date("updated", d.Updated)
	date("expires", d.Expires)
	if !d.Drops.IsZero() {
		line("drops", d.Drops.Format(time.DateOnly)+" at the latest")
	}
	line("locked", strings.Join(d.Locks, ", "))
	line("secure DNS", d.SecureDNS)
	line("variants", strings.Join(d.Variants, ", "))
	for _, ns := range d.Nameservers {
		line("nameserver", ns)
	}
	line("server", d.Server)
	for _, s := range d.Meaning {
		line("meaning", s)
	}
	return b.String()
}

// maxItems bounds the status values and the name servers.
const maxItems = 64

// parseDomain reads a domain object (RFC 9083 section 5.3). A member that is
// missing or not of the type that the RFC gives it is passed over.
func parseDomain(body []byte, name, server string) *Domain {
	d := newDomain(name, server)
	var o map[string]any
	if json.Unmarshal(body, &o) != nil {
		return d
	}
	d.Unicode = text(o["unicodeName"])
	if d.Unicode == d.Name {
		d.Unicode = ""
	}
	for _, s := range list(o["status"]) {
		d.addStatus(text(s))
	}
	d.SecureDNS = signed(object(o["secureDNS"]))
	for _, v := range list(o["variants"]) {
		for _, n := range list(object(v)["variantNames"]) {
			d.Variants = appendText(d.Variants, cmp.Or(text(object(n)["unicodeName"]), text(object(n)["ldhName"])))
		}
	}
	for _, ns := range list(o["nameservers"]) {
		d.Nameservers = appendText(d.Nameservers, object(ns)["ldhName"])
	}
	for _, e := range list(o["entities"]) {
		if d.Registrar == "" && hasRole(object(e), "registrar") {
			d.Registrar = fullName(object(e))
		}
	}
	for _, e := range list(o["events"]) {
		t, err := time.Parse(time.RFC3339, text(object(e)["eventDate"]))
		if _, inexpressible := t.MarshalText(); err != nil || inexpressible != nil { // in JSON: its zone is a day away
			continue
		}
		switch text(object(e)["eventAction"]) {
		case "registration":
			d.Created = t
		case "last changed":
			d.Updated = t
		case "expiration":
			d.Expires = t
		}
	}
	d.interpret(time.Now())
	return d
}

func newDomain(name, server string) *Domain {
	return &Domain{Name: name, Status: []string{}, Nameservers: []string{}, Server: server}
}

// signed reads the secureDNS member.
func signed(o map[string]any) string {
	switch is, ok := o["delegationSigned"].(bool); {
	case ok && is:
		return "signed"
	case ok:
		return "unsigned"
	}
	return ""
}

func hasRole(entity map[string]any, role string) bool {
	for _, r := range list(entity["roles"]) {
		if text(r) == role {
			return true
		}
	}
	return false
}

// fullName returns the "fn" property of an entity's jCard (RFC 7095 section 3.3),
// or the full name of a JSContact card in its place (RFC 9553 section 2.2.1), or
// the handle of an entity that has neither.
func fullName(entity map[string]any) string {
	card := list(entity["vcardArray"])
	if len(card) == 2 {
		for _, p := range list(card[1]) {
			if p := list(p); len(p) >= 4 && text(p[0]) == "fn" && text(p[3]) != "" {
				return text(p[3])
			}
		}
	}
	for _, member := range []string{"jscard", "jscontact_card"} {
		card := object(entity[member])
		if name := text(object(card["name"])["full"]); name != "" {
			return name
		}
		organizations := object(card["organizations"])
		for _, id := range slices.Sorted(maps.Keys(organizations)) {
			if name := text(object(organizations[id])["name"]); name != "" {
				return name
			}
		}
	}
	return text(entity["handle"])
}

func object(v any) map[string]any { o, _ := v.(map[string]any); return o }
func list(v any) []any            { l, _ := v.([]any); return l }
func text(v any) string           { s, _ := v.(string); return printable(s) }

func appendText(to []string, v any) []string {
	if s := text(v); s != "" && len(to) < maxItems {
		to = append(to, s)
	}
	return to
}

// maxText bounds one string, in bytes before escaping.
const maxText = 512

// printable returns s with every rune escaped that is not printable: control
// characters, those that reorder text, and bytes that are not UTF-8. What is
// longer than maxText is cut.
func printable(s string) string {
	cut := len(s) > maxText
	if cut {
		s = s[:maxText]
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case r == ' ' || unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
		s = s[n:]
	}
	if cut {
		b.WriteString("...")
	}
	return b.String()
}
