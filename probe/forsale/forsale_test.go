package forsale

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParse(t *testing.T) {
	one := func(s string) [][]string { return [][]string{{s}} }
	pad := strings.Repeat("x", maxString-len("v=FORSALE1;ftxt="))
	for name, tt := range map[string]struct {
		records [][]string
		want    Sale
	}{
		"no record":           {nil, Sale{}},
		"no string":           {[][]string{{}}, Sale{}},
		"version tag alone":   {one("v=FORSALE1;"), Sale{Listed: true}},
		"space after it":      {one("v=FORSALE1; fval=EUR999"), Sale{Listed: true, Price: "EUR999"}},
		"two spaces after it": {one("v=FORSALE1;  fval=EUR999"), Sale{Listed: true}},
		"space before it":     {one(" v=FORSALE1;"), Sale{}},
		"no semicolon":        {one("v=FORSALE1"), Sale{}},
		"another version":     {one("v=FORSALE2;fval=EUR1"), Sale{}},
		"lower case":          {one("v=forsale1;"), Sale{}},
		"wildcard TXT":        {[][]string{{"v=spf1 -all"}, {"google-site-verification=x"}}, Sale{}},
		"beside another TXT":  {[][]string{{"v=spf1 -all"}, {"v=FORSALE1;fval=EUR1"}}, Sale{Listed: true, Price: "EUR1"}},

		"no tag":      {one("v=FORSALE1;a bargain"), Sale{Listed: true}},
		"unknown tag": {one("v=FORSALE1;fxyz=1"), Sale{Listed: true}},
		"upper case":  {one("v=FORSALE1;FVAL=EUR1"), Sale{Listed: true}},
		"code":        {one("v=FORSALE1;fcod=ABC-123"), Sale{Listed: true}},
		"empty text":  {one("v=FORSALE1;ftxt="), Sale{Listed: true}},
		"two tags":    {one("v=FORSALE1;fval=EUR1;furi=https://a.example"), Sale{Listed: true}},

		"price":            {one("v=FORSALE1;fval=USD750.50"), Sale{Listed: true, Price: "USD750.50"}},
		"small price":      {one("v=FORSALE1;fval=BTC0.000010"), Sale{Listed: true, Price: "BTC0.000010"}},
		"no currency":      {one("v=FORSALE1;fval=999"), Sale{Listed: true}},
		"no amount":        {one("v=FORSALE1;fval=EUR"), Sale{Listed: true}},
		"decimal comma":    {one("v=FORSALE1;fval=EUR9,99"), Sale{Listed: true}},
		"space in price":   {one("v=FORSALE1;fval=EUR 999"), Sale{Listed: true}},
		"currency in case": {one("v=FORSALE1;fval=eur999"), Sale{Listed: true}},
		"negative price":   {one("v=FORSALE1;fval=EUR-1"), Sale{Listed: true}},
		"exponent":         {one("v=FORSALE1;fval=EUR1e9"), Sale{Listed: true}},
		"fraction":         {one("v=FORSALE1;fval=EUR1/3"), Sale{Listed: true}},
		"period at end":    {one("v=FORSALE1;fval=EUR1."), Sale{Listed: true}},
		"period at start":  {one("v=FORSALE1;fval=EUR.5"), Sale{Listed: true}},

		"uri":                {one("v=FORSALE1;furi=https://a.example/?a=b&c"), Sale{Listed: true, URI: "https://a.example/?a=b&c"}},
		"mail":               {one("v=FORSALE1;furi=mailto:a@a.example"), Sale{Listed: true, URI: "mailto:a@a.example"}},
		"telephone":          {one("v=FORSALE1;furi=tel:+1-201-555-0123"), Sale{Listed: true, URI: "tel:+1-201-555-0123"}},
		"no scheme":          {one("v=FORSALE1;furi=a.example/offer"), Sale{Listed: true}},
		"scheme alone":       {one("v=FORSALE1;furi=https:"), Sale{Listed: true}},
		"space in uri":       {one("v=FORSALE1;furi=https://a.example/ b"), Sale{Listed: true}},
		"control in uri":     {one("v=FORSALE1;furi=https://a.example/\x1b[2J"), Sale{Listed: true}},
		"uri beyond ASCII":   {one("v=FORSALE1;furi=https://\u00e4.example"), Sale{Listed: true}},
		"text":               {one("v=FORSALE1;ftxt=Call me; a=b"), Sale{Listed: true, Text: "Call me; a=b"}},
		"UTF-8":              {one("v=FORSALE1;ftxt=\u00c0 vendre \u2713"), Sale{Listed: true, Text: "\u00c0 vendre \u2713"}},
		"no UTF-8":           {one("v=FORSALE1;ftxt=\xff\xfe"), Sale{Listed: true}},
		"control characters": {one("v=FORSALE1;ftxt=a\x00\x1b]0;b\x07\nc"), Sale{Listed: true, Text: "a\x00\x1b]0;b\x07\nc"}},

		"255 octets":     {one("v=FORSALE1;ftxt=" + pad), Sale{Listed: true, Text: pad}},
		"256 octets":     {one("v=FORSALE1;ftxt=" + pad + "x"), Sale{}},
		"two strings":    {[][]string{{"v=FORSALE1;", "fval=EUR1"}}, Sale{Listed: true}},
		"tag cut in two": {[][]string{{"v=FOR", "SALE1;"}}, Sale{}},
		"several records": {
			[][]string{{"v=FORSALE1;ftxt=b"}, {"v=FORSALE1;fval=USD2"}, {"v=FORSALE1;furi=tel:1"}, {"v=FORSALE1;fval=EUR1"}, {"v=FORSALE1;ftxt=a"}, {"v=FORSALE1;ftxt=b"}},
			Sale{Listed: true, Price: "EUR1 USD2", URI: "tel:1", Text: "a | b"}},
		"many records": {
			[][]string{{"v=FORSALE1;fval=E6"}, {"v=FORSALE1;fval=E5"}, {"v=FORSALE1;fval=E4"}, {"v=FORSALE1;fval=E3"}, {"v=FORSALE1;fval=E2"}},
			Sale{Listed: true, Price: "E2 E3 E4 E5"}},
	} {
		if got := Parse(tt.records); got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
		slices.Reverse(tt.records)
		if got := Parse(tt.records); got != tt.want {
			t.Errorf("%s, in the other order: %+v, want %+v", name, got, tt.want)
		}
	}
}

func TestOwner(t *testing.T) {
	long := strings.Repeat("a", maxName-len(label))
	for name, want := range map[string]string{
		"go.dev": "_for-sale.go.dev", "arpa": "", "2.0.192.in-addr.arpa": "", "myarpa": "_for-sale.myarpa", "arpa.dev": "_for-sale.arpa.dev",
		long: "_for-sale." + long, long + "a": "",
	} {
		if got, ok := Owner(name); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v", name, got, ok)
		}
	}
}

func TestAtMost(t *testing.T) {
	for _, tt := range []struct {
		price, most string
		want        bool
	}{
		{"EUR1000", "EUR1000", true},
		{"EUR1000.00", "EUR1000", true},
		{"EUR1000.01", "EUR1000", false},
		{"EUR0999", "EUR1000", true},
		{"USD1", "EUR1000", false},
		{"", "EUR1000", false},
		{"EUR2000 USD900", "USD1000", true},
		{"BTC0.000010", "BTC0.00001", true},
		{"BTC0.0000100000000000000000001", "BTC0.00001", false},
		{"EUR123456789012345678901234567891", "EUR123456789012345678901234567890", false},
		{"nonsense", "EUR1", false},
	} {
		most, err := ParsePrice(tt.most)
		if err != nil {
			t.Fatal(err)
		}
		if got := (&Sale{Listed: true, Price: tt.price}).AtMost(most); got != tt.want {
			t.Errorf("%s at most %s: %v", tt.price, tt.most, got)
		}
	}
	for _, bad := range []string{"", "EUR", "1000", "eur1", "EUR1,5", "EUR-1", "EUR1e3", "EUR1.", "\u20ac5", "EUR1 "} {
		if _, err := ParsePrice(bad); err == nil {
			t.Errorf("%q is taken for a price", bad)
		}
	}
}

// FuzzParse checks that values are those of a Sale that can be written in a row
// and compared, whatever the records hold.
func FuzzParse(f *testing.F) {
	f.Add("v=FORSALE1;fval=EUR999", "")
	f.Add("v=FORSALE1;furi=https://a.example", "x")
	f.Add("v=FORSALE1; ftxt=\u00c0 vendre\x1b", "")
	f.Fuzz(func(t *testing.T, first, second string) {
		records := [][]string{{first}, {first, second}, {second}}
		s := Parse(records)
		slices.Reverse(records)
		if other := Parse(records); other != s {
			t.Errorf("%+v in one order, %+v in the other", s, other)
		}
		if !s.Listed && s != (Sale{}) {
			t.Errorf("%+v", s)
		}
		if !utf8.ValidString(s.Text) || strings.ContainsFunc(s.URI, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%+v", s)
		}
		for price := range strings.FieldsSeq(s.Price) {
			p, err := ParsePrice(price)
			if err != nil || !s.AtMost(p) {
				t.Errorf("%q: %v", price, err)
			}
		}
	})
}
