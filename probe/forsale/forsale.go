// Package forsale reads what the owner of a registered name says in the DNS about
// selling it (RFC 10023): TXT records at the label _for-sale below the name.
//
// No record means that the name is not advertised, and never that it is not for
// sale. Prices are indicative. Whatever is in a record was written by somebody
// whom nobody has checked: it may hold control characters and any URI.
package forsale

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Sale is what the records of a name say. The zero value is that of a name
// that is not advertised.
type Sale struct {
	Listed bool   // the name is for sale
	Price  string // such as EUR999; several have a space between them
	URI    string // such as https://example.com/offer; several have a space between them
	Text   string // UTF-8; several have a space, a bar and a space between them
}

// Offer returns the price, "yes" for a sale without one, and nothing for a name that
// is not advertised.
func (s *Sale) Offer() string {
	if !s.Listed {
		return ""
	}
	return cmp.Or(s.Price, "yes")
}

const (
	label   = "_for-sale."
	version = "v=FORSALE1;"

	maxName   = 253 // octets of a name without the final dot
	maxString = 255 // octets of a character-string
)

// Owner returns the owner name of the records about a name. Under arpa, and below a
// name that is too long, there are none.
func Owner(name string) (owner string, ok bool) {
	if name == "arpa" || strings.HasSuffix(name, ".arpa") || len(label)+len(name) > maxName {
		return "", false
	}
	return label + name, true
}

// maxValues bounds how many values of one kind count, so that a thousand
// records do not make a row of a megabyte.
const maxValues = 4

// Parse reads TXT records, each of which is its character-strings. Those that do
// not begin with the version tag are about something else. One that does means that the
// name is for sale, whatever else it holds. Content counts if it is one pair that
// is valid, in the one character-string of its record. The order of the records
// makes no difference.
func Parse(records [][]string) (s Sale) {
	var prices, uris, texts []string
	for _, strs := range records {
		if len(strs) == 0 || len(strs[0]) > maxString {
			continue
		}
		content, ours := strings.CutPrefix(strs[0], version)
		if !ours {
			continue
		}
		s.Listed = true
		tag, value, _ := strings.Cut(strings.TrimPrefix(content, " "), "=")
		switch {
		case len(strs) > 1:
		case tag == "fval" && isPrice(value):
			prices = append(prices, value)
		case tag == "furi" && isURI(value):
			uris = append(uris, value)
		case tag == "ftxt" && value != "" && utf8.ValidString(value):
			texts = append(texts, value)
		}
	}
	s.Price, s.URI, s.Text = join(prices, " "), join(uris, " "), join(texts, " | ")
	return s
}

// join joins different values in order, as many as count.
func join(values []string, gap string) string {
	slices.Sort(values)
	values = slices.Compact(values)
	return strings.Join(values[:min(len(values), maxValues)], gap)
}

// isURI reports whether s is a URI with a scheme, in printable ASCII (RFC 3986).
func isURI(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	u, err := url.Parse(s)
	return err == nil && u.Scheme != "" && s != u.Scheme+":"
}
