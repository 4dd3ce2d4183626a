package rdap

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxDepth is how deep arrays and objects may be nested. The deepest real
// replies, a contact within an entity within an entity, stay below 20.
const maxDepth = 64

// checkDepth makes sure that a decoder need not go deeper than maxDepth. It
// counts brackets outside strings and leaves all other errors to the decoder.
func checkDepth(data []byte) error {
	depth, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch b := data[i]; {
		case quoted && b == '\\':
			i++
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{' || b == '[':
			if depth++; depth > maxDepth {
				return fmt.Errorf("JSON nested deeper than %d", maxDepth)
			}
		case b == '}' || b == ']':
			depth--
		}
	}
	return nil
}

// A verdict holds the members of a reply that say whether there is a domain
// (RFC 9083 sections 5.3 and 6).
type verdict struct {
	Class       string      `json:"objectClassName"`
	Name        string      `json:"ldhName"`
	Code        json.Number `json:"errorCode"`
	Title       string      `json:"title"`
	Description []string    `json:"description"`
}

// UnmarshalJSON takes a description that is not in an array as well.
func (v *verdict) UnmarshalJSON(data []byte) error {
	type plain verdict
	aux := struct {
		*plain
		Description json.RawMessage `json:"description"`
	}{plain: (*plain)(v)}
	if err := json.Unmarshal(data, &aux); err != nil {
		return err
	}
	if len(aux.Description) == 0 || json.Unmarshal(aux.Description, &v.Description) == nil {
		return nil
	}
	v.Description = make([]string, 1)
	return json.Unmarshal(aux.Description, &v.Description[0])
}

// classify says what a reply means for name. That there is no
// domain, for whatever reason, is believed of an authoritative server alone.
func classify(rep *reply, name string, authoritative bool) Answer {
	a := Answer{Source: "rdap", Server: hostOf(rep.url)}
	v, err := parseVerdict(rep)
	switch {
	case err != nil:
	case rep.status == http.StatusOK && v.Class == "domain" && v.Code == "":
		if n := strings.ToLower(strings.TrimSuffix(v.Name, ".")); n == "" || n == name || !isASCII(n) {
			a.Status = Registered
			return a
		}
		err = fmt.Errorf("a reply about %q", v.Name)
	case v.Class != "":
		err = fmt.Errorf("HTTP status %d with an object of class %q and error code %q", rep.status, v.Class, v.Code)
	case v.Code == "404" || v.Code == "" && rep.status == http.StatusNotFound:
		switch {
		case authoritative && v.reserved():
			a.Status = Reserved
			return a
		case authoritative:
			a.Status = NotRegistered
			return a
		}
		return unconfirmed(&Error{Reason: NotAuthoritative, Source: a.Source, Server: a.Server,
			Err: errors.New("does not know the name, nor every name of the TLD")})
	default:
		err = fmt.Errorf("HTTP status %d without a domain, error code %q", rep.status, v.Code)
	}
	return unconfirmed(&Error{Reason: BadReply, Source: a.Source, Server: a.Server, Err: err})
}

// parseVerdict reads a reply, which may be empty when it is a 404 (RFC 7480
// section 5.3).
func parseVerdict(rep *reply) (v verdict, err error) {
	if rep.status == http.StatusNotFound && len(rep.body) == 0 {
		return v, nil
	}
	if rep.status != http.StatusOK && rep.status != http.StatusNotFound {
		return v, fmt.Errorf("HTTP status %d", rep.status)
	}
	media, _, err := mime.ParseMediaType(rep.header.Get("Content-Type"))
	if err != nil || media != "application/json" && !strings.HasSuffix(media, "+json") {
		return v, fmt.Errorf("HTTP status %d with a reply of type %q", rep.status, rep.header.Get("Content-Type"))
	}
	if err := checkDepth(rep.body); err != nil {
		return v, err
	}
	if trimmed := strings.TrimLeft(string(rep.body), " \t\r\n"); !strings.HasPrefix(trimmed, "{") {
		return v, errors.New("the reply is not a JSON object")
	}
	return v, json.Unmarshal(rep.body, &v)
}

var (
	withheld = regexp.MustCompile(`(?i)\breserved\b|\bnot available for registration\b`)
	harmless = regexp.MustCompile(`(?i)\brights (?:are )?reserved\b|\bnot (?:\w+ )?reserved\b`)
)

// reserved reports whether an error says that the name is withheld.
func (v verdict) reserved() bool {
	for _, s := range append(v.Description, v.Title) {
		if withheld.MatchString(harmless.ReplaceAllString(s, "")) {
			return true
		}
	}
	return false
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// A Domain is what a registry publishes about a registration. Its strings
// come from the registry with everything escaped that is not printable, and
// are of bounded length and number.
type Domain struct {
	Name        string    `json:"domain"`
	Unicode     string    `json:"unicode,omitempty"`
	Status      []string  `json:"status"`
	Registrar   string    `json:"registrar,omitempty"`
	Created     time.Time `json:"created,omitzero"`
	Updated     time.Time `json:"updated,omitzero"`
	Expires     time.Time `json:"expires,omitzero"`
	Nameservers []string  `json:"nameservers"`
	Server      string    `json:"server"` // the host that was asked
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
	for _, ns := range d.Nameservers {
		line("nameserver", ns)
	}
	line("server", d.Server)
	return b.String()
}

// maxItems bounds the status values and the name servers.
const maxItems = 64

// parseDomain reads a domain object (RFC 9083 section 5.3). A member that is
// missing or not of the type that the RFC gives it is passed over.
func parseDomain(body []byte, name, server string) *Domain {
	d := &Domain{Name: name, Status: []string{}, Nameservers: []string{}, Server: server}
	var o map[string]any
	if json.Unmarshal(body, &o) != nil {
		return d
	}
	d.Unicode = text(o["unicodeName"])
	if d.Unicode == d.Name {
		d.Unicode = ""
	}
	for _, s := range list(o["status"]) {
		d.Status = appendText(d.Status, s)
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
		if err != nil {
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
	return d
}

func hasRole(entity map[string]any, role string) bool {
	for _, r := range list(entity["roles"]) {
		if text(r) == role {
			return true
		}
	}
	return false
}

// fullName returns the "fn" property of an entity's jCard (RFC 7095 section
// 3.3), or the handle of an entity that has none.
func fullName(entity map[string]any) string {
	card := list(entity["vcardArray"])
	if len(card) == 2 {
		for _, p := range list(card[1]) {
			if p := list(p); len(p) >= 4 && text(p[0]) == "fn" && text(p[3]) != "" {
				return text(p[3])
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
