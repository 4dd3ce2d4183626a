package rdap

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

const exampleDomain = `{
  "objectClassName": "domain",
  "handle": "1_DOMAIN_TEST-VRSN",
  "ldhName": "EXAMPLE.TEST",
  "unicodeName": "example.test",
  "status": ["client delete prohibited", "active"],
  "nameservers": [
    {"objectClassName": "nameserver", "ldhName": "ns1.example.test"},
    {"objectClassName": "nameserver", "ldhName": "ns2.example.test"}
  ],
  "entities": [
    {"objectClassName": "entity", "roles": ["abuse"], "vcardArray": ["vcard", [["fn", {}, "text", "Not this one"]]]},
    {"objectClassName": "entity", "roles": ["sponsor", "registrar"], "handle": "292",
     "vcardArray": ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", "Example Registrar Inc."]]]}
  ],
  "events": [
    {"eventAction": "registration", "eventDate": "1997-09-15T04:00:00Z"},
    {"eventAction": "expiration", "eventDate": "2028-09-14T06:00:00.5+02:00"},
    {"eventAction": "last changed", "eventDate": "2019-09-09T15:39:04Z"},
    {"eventAction": "last update of RDAP database", "eventDate": "2026-01-01T00:00:00Z"}
  ]
}`

func TestDomainText(t *testing.T) {
	got := parseDomain([]byte(exampleDomain), "example.test", "rdap.example").Text()
	want := `domain:      example.test
status:      client delete prohibited, active
registrar:   Example Registrar Inc.
created:     1997-09-15T04:00:00Z
updated:     2019-09-09T15:39:04Z
expires:     2028-09-14T04:00:00Z
locked:      deletion by the registrar
nameserver:  ns1.example.test
nameserver:  ns2.example.test
server:      rdap.example
`
	if got != want {
		t.Errorf("text:\n%s\nwant:\n%s", got, want)
	}
}

func TestDomainJSON(t *testing.T) {
	for body, want := range map[string]string{
		exampleDomain: `{"domain":"example.test","status":["client delete prohibited","active"],"locks":["deletion by the registrar"],"registrar":"Example Registrar Inc.",` +
			`"created":"1997-09-15T04:00:00Z","updated":"2019-09-09T15:39:04Z","expires":"2028-09-14T06:00:00.5+02:00",` +
			`"nameservers":["ns1.example.test","ns2.example.test"],"server":"rdap.example"}`,
		`{"events":[{"eventAction":"expiration","eventDate":"2028-09-14T06:00:00+24:00"}]}`: `{"domain":"example.test","status":[],` +
			`"nameservers":[],"server":"rdap.example"}`,
		`{}`: `{"domain":"example.test","status":[],"nameservers":[],"server":"rdap.example"}`,
	} {
		got, err := json.Marshal(parseDomain([]byte(body), "example.test", "rdap.example"))
		if err != nil || string(got) != want {
			t.Errorf("JSON: %s, %v\nwant: %s", got, err, want)
		}
	}
}

// Members of the wrong type are passed over, and the others read.
func TestDomainOfWrongTypes(t *testing.T) {
	d := parseDomain([]byte(`{"ldhName":7,"unicodeName":[],"status":"active","nameservers":[1,{"ldhName":{}},{"ldhName":"ns.test"},"x",null],
		"entities":[3,{"roles":"registrar"},{"roles":["registrar"],"vcardArray":["vcard",[[],["fn"],["fn",{},"text",["a"]]]],"handle":"R1"}],
		"events":[null,{"eventAction":"registration","eventDate":"yesterday"},{"eventAction":"expiration","eventDate":"2028-01-02T03:04:05Z"}]}`), "example.test", "")
	if d.Registrar != "R1" || len(d.Status) != 0 || len(d.Nameservers) != 1 || !d.Created.IsZero() || d.Expires.Year() != 2028 || d.Unicode != "" {
		t.Errorf("%+v", d)
	}
}

// What a registry writes reaches a terminal escaped, and in bounded length.
func TestDomainEscaped(t *testing.T) {
	body, err := json.Marshal(map[string]any{
		"unicodeName": "a\u202eb.test",
		"status":      []string{"\x1b[31mred\a", "two\nlines", "c1\u009b1m", "\u0000", "é\u00a0\u2028"},
		"nameservers": make([]map[string]string, 1000),
		"entities":    []any{map[string]any{"roles": []string{"registrar"}, "handle": strings.Repeat("ж", 10000)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	body = []byte(strings.Replace(string(body), `"two\n`, "\"bad\xff\xfe\\n", 1))
	d := parseDomain(body, "example.test", "")
	checkPrintable(t, d)
	want := `\x1b[31mred\a, bad` + "\ufffd\ufffd" + `\nlines, c1\u009b1m, \x00, é\u00a0\u2028`
	if got := strings.Join(d.Status, ", "); got != want {
		t.Errorf("status %s, want %s", got, want)
	}
	if d.Unicode != `a\u202eb.test` {
		t.Errorf("name %s", d.Unicode)
	}
	if len(d.Registrar) > maxText+10 || !strings.HasSuffix(d.Registrar, "...") {
		t.Errorf("registrar of %d bytes", len(d.Registrar))
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"Example, Inc. \"quoted\" 'x' \\": "Example, Inc. \"quoted\" 'x' \\",
		"Тест 例え":                         "Тест 例え",
		"a\xffb":                          `a\xffb`,
		"\x7f\x1b]0;title\x07":            `\x7f\x1b]0;title\a`,
		"\ufffd":                          "\ufffd",
	} {
		if got := printable(in); got != want {
			t.Errorf("printable(%q) = %s, want %s", in, got, want)
		}
	}
}

// An error that carries a server's words carries them escaped.
func TestErrorEscaped(t *testing.T) {
	c := newClient(t, Options{
		Bootstrap: writeBootstrap(t, "test", "https://a.example/"),
		Transport: memory(map[string]http.HandlerFunc{"a.example": say(200, `{"objectClassName":"\u001b[31m\u202e","errorCode":1}`)}),
	})
	a := c.Ask(t.Context(), "name.test")
	if a.Reason != BadReply || strings.ContainsFunc(a.Err.Error(), func(r rune) bool { return r != ' ' && !unicode.IsPrint(r) }) {
		t.Errorf("%q %q", a.Reason, a.Err)
	}
}

func checkPrintable(t *testing.T, d *Domain) {
	t.Helper()
	out := d.Text()
	if len(out) > 200<<10 {
		t.Errorf("text of %d bytes", len(out))
	}
	for i, r := range out {
		if r == utf8.RuneError && !strings.HasPrefix(out[i:], "\ufffd") || r != '\n' && r != ' ' && !unicode.IsPrint(r) {
			t.Fatalf("text has %q at %d: %.200q", r, i, out)
		}
	}
	data, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var back Domain
	if err := json.Unmarshal(data, &back); err != nil || back.Text() != out {
		t.Errorf("JSON does not read back: %v\n%s", err, data)
	}
}

func TestZeroTimesHaveNoLine(t *testing.T) {
	if got := (&Domain{Name: "a.test", Created: time.Time{}}).Text(); got != "domain:      a.test\n" {
		t.Errorf("%q", got)
	}
}
