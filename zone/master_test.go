package zone

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"domprobe/internal/text"
)

const soa = "com. 900 IN SOA a. b. 2026010203 1 1 1 1\n"

// Every way to write a zone.
func TestMaster(t *testing.T) {
	const text = "\xef\xbb\xbf; The use of this file\r\n" +
		"$TTL 1d\r\n" +
		"$ORIGIN COM.\r\n" +
		"@ IN SOA a.gtld-servers.net. nstld.verisign-grs.com. (\r\n" +
		"\t2026010203 ; serial\r\n\t1800 900 604800 86400 )\r\n" +
		"\t172800 in ns a.gtld-servers.net.\r\n" +
		"EXAMPLE NS NS1.EXAMPLE\r\n" +
		"  NS ns2\r\n" + // of the same owner
		"two.com.\t172800\tin\tns\tns1.two.com.\r\n" +
		"three 3600 NS ns ; comment\r\n" +
		"IN 3600 four NS ns\r\n; no record\r\n"
	if _, err := build(t, 100, Options{}, text); err == nil || !strings.HasPrefix(err.Error(), "file1:12: ") {
		t.Errorf("%v", err)
	}
	good := text[:strings.Index(text, "IN 3600 four")] +
		"in ns ns\n" + // owners that are words of the format
		"ns in ns ns\n" +
		"5 1h IN NS ns\n" +
		"class 60 CLASS1 NS ns\n" +
		"six.com. ( 3600\n ; inside\n IN\n\tNS ) ns\n" +
		"s\\069ven NS ns\n" + // sEven
		"back\\\\slash NS ns\n" +
		"dot\\.ted NS ns\n" +
		"dot\\.ted TXT \"; ( not a comment\" ; but this\n" +
		" NS ns2\n" +
		"under_score NS ns\n" +
		"$ORIGIN example.com.\n" +
		"www NS ns\n" + // two labels
		"ns1 A 192.0.2.1\n" +
		"ns1 AAAA 2001:db8::1\n" +
		"$ORIGIN eight\n" + // relative to the one before
		"@ NS ns\n" +
		"$ORIGIN com.\n" +
		"glue A 192.0.2.1\n" + // not delegated
		"signed DS 1 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n" +
		"nine NS .\n" +
		"$GENERATE 1-2 gen$ NS ns\n" +
		"chaos CH NS ns\n" +
		"last NS ns"
	x, err := build(t, 100, Options{}, good)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"example", "two", "three", "in", "ns", "5", "class", "six", "seven", `back\\slash`, `dot\.ted`, "under_score", "nine", "gen1", "gen2", "last",
	}
	for i := range want {
		want[i] += ".com"
	}
	got := names(t, x)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) || x.Info().Serial != 2026010203 {
		t.Errorf("%q, want %q; serial %d", got, want, x.Info().Serial)
	}
}

// A line that is wrong is an error with its number.
func TestMasterMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"a.com. NS ns.a.com. garbage":            "2: ",
		"a.com. 60 60 NS ns":                     "2: ",
		"a.com. IN IN NS ns":                     "2: ",
		"(a NS b)":                               "2: a parenthesis in the place of the owner",
		"$ 0\n NS 0":                             "2: ",
		"0\n NS 0":                               "2: ",
		"a.com. NS ; x":                          "2: ",
		"a.com. NS ( )":                          "2: ",
		"a.com. NS":                              "2: ",
		"a.com. NSS ns":                          "2: ",
		"a.com.":                                 "2: ",
		"a..com. NS ns":                          "2: ",
		".a.com. NS ns":                          "2: ",
		"a.com. NS n..s":                         "2: ",
		"a.com. A 192.0.2.256":                   "2: ",
		"a.com. A 2001:db8::1":                   "2: ",
		"a.com. AAAA 192.0.2.1":                  "2: ",
		"a.com. DS 1 2 3 xyz":                    "2: ",
		"a.com. 99999999999 NS ns":               "2: ",
		strings.Repeat("a", 64) + ".com. NS ns":  "2: ",
		strings.Repeat("a.", 127) + "com. NS ns": "2: ",
		"a.com. NS " + strings.Repeat("a", 64) + ".com.": "2: ",
		"a.com. (\nNS\nns":                                    "2: what is opened here, a parenthesis or a quotation, is never closed",
		"a.com. TXT \"x\ny":                                   "2: what is opened here",
		"a.com. NS ns)":                                       "2: ",
		"a.com. NS ns\nb.net. NS ns":                          "3: b.net is not in the zone com",
		"a.com. NS ns\nxcom. NS ns":                           "3: xcom is not in the zone com",
		"a\\.com. NS ns":                                      "2: ",
		"a.com. NS ns\n\n\nnonsense here":                     "5: ",
		"a.com. NS ns\nb.com. (\nNS\nns )\nc.com. NS ( x y )": "6: ",
		"$ORIGIN":                  "2: $ORIGIN takes one name",
		"$ORIGIN a b":              "2: $ORIGIN takes one name",
		"$ORIGIN a..b.":            "2: ",
		"$TTL x":                   "2: ",
		"$INCLUDE other":           "2: ",
		"$NONSENSE":                "2: ",
		"net. SOA a. b. 1 1 1 1 1": "2: net is another zone than com",
		"a.com. NS \x00":           "2: ",
		"\x00\x00\x00":             "2: ",
		"a.com. NS " + strings.Repeat("x", 2*maxRecord):         "2: longer than any record",
		"a.com. TXT (" + strings.Repeat("\n\"x\"", maxRecord/4): "2: longer than any record",
	} {
		_, err := build(t, 100, Options{}, soa+text)
		if err == nil || !strings.HasPrefix(err.Error(), "file1:"+want) {
			t.Errorf("%.60q: %v", text, err)
		}
	}
	for text, want := range map[string]string{
		"a.com. NS ns.a.com.":               "file1:1: no SOA record and no $ORIGIN tell which zone this is",
		" NS ns.a.com.":                     "file1:1: the first record has no owner",
		"a NS ns.a.com.":                    "file1:1: ",
		"$ORIGIN a\n":                       "file1:1: $ORIGIN a is relative to nothing",
		". SOA a. b. 1 1 1 1 1\ncom. NS a.": "file1:1: the root zone has no registered names",
	} {
		if _, err := build(t, 100, Options{}, text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// registered is what package dns reads of a zone com.
func registered(master string) (names map[string]bool, err error) {
	names = make(map[string]bool)
	p := dns.NewZoneParser(strings.NewReader(master), "com.", "")
	p.SetDefaultTTL(0)
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		h := rr.Header()
		name := strings.ToLower(h.Name)
		if h.Rrtype == dns.TypeNS && h.Class == dns.ClassINET && dns.IsSubDomain("com.", name) && dns.CountLabel(name) == 2 {
			wire := make([]byte, 256)
			if _, err := dns.PackDomainName(h.Name, wire, 0, nil, false); err != nil {
				return nil, err
			}
			label := wire[1:][:wire[0]]
			text.Lower(label)
			names[string(label)] = true
		}
	}
	return names, p.Err()
}

// What is read without an error is what package dns reads, and a text that it
// refuses is refused.
func FuzzMaster(f *testing.F) {
	for _, text := range []string{
		soa + "a NS b\n", "a 1 IN NS b\n NS c\n", "a (\nNS\nb )\n", "A\\.b NS c ; d\n", "$ORIGIN x\n@ NS a\n", "\"a\" NS b", "a A 192.0.2.1\r\n", "a TXT \"x;(\"\n",
		"$GENERATE 1-3 a$ NS b\n", "@ NS a", "a IN 5 NS b", "a 5 IN NS b c", "a\\010b NS c", "a;b NS c", "$TTL 5\na NS b", " NS ;0", "0\n NS ", " NS 0", "\xc2\\0 NS 0", "\xc2 NS 0",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2000 || strings.Contains(strings.ToUpper(text), "$GENERATE") && len(text) > 100 {
			t.Skip()
		}
		text = "a.com. A 192.0.2.1\n" + text // else it may be a list
		want, bad := registered(text)
		x, err := build(t, 5, Options{Origin: "com"}, text)
		if err != nil {
			return
		}
		if bad != nil && strings.Contains(text, "(") {
			return // it does not take a newline in parentheses for a blank
		}
		if bad != nil {
			t.Fatalf("package dns says %v", bad)
		}
		got := make(map[string]bool)
		for label := range want {
			if got[label] = x.Has(label); !got[label] {
				t.Errorf("%q is missing", label)
			}
		}
		if n := len(names(t, x)); n != len(want) {
			t.Errorf("%d names, want %d: %q", n, len(want), cmp.Or(strings.Join(slices.Sorted(maps.Keys(want)), " "), "none"))
		}
	})
}
