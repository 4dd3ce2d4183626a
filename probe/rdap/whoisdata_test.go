package rdap

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

const exampleRecord = `% Terms of use: Created: 1990-01-01

   Domain Name: NAME.ZZ
   Registrar: Example \x1b[31mRegistrar
   Registrar WHOIS Server: whois.example
   Updated Date: 2025-03-01T02:25:47-0700
   Creation Date: 2004-08-02
   Registry Expiry Date: 02/01/2027
   Domain Status: clientTransferProhibited https://icann.org/epp#clientTransferProhibited
   Domain Status: serverHold (https://icann.org/epp#serverHold)
   Domain Status: ok
   Domain Status: OK
   Name Server: NS1.EXAMPLE.NET 192.0.2.1
   Name Server: ns2.example.net.
   Name Server: not a name
   DNSSEC: signedDelegation
   Registrant: someone
   Expires: 2099-01-01
`

func TestWhoisDomain(t *testing.T) {
	d := whoisDomain(strings.ReplaceAll(exampleRecord, `\x1b`, "\x1b"), "name.zz", "whois.example:43")
	got, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"domain":"name.zz","status":["client transfer prohibited","server hold","active"],` +
		`"meaning":["server hold: the registry keeps it out of the DNS"],"locks":["transfer by the registrar"],` +
		`"registrar":"Example \\x1b[31mRegistrar","created":"2004-08-02T00:00:00Z","updated":"2025-03-01T09:25:47Z",` +
		`"secure_dns":"signed","nameservers":["ns1.example.net","ns2.example.net"],"server":"whois.example:43"}`
	if string(got) != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// Records of registries with a layout of their own.
func TestWhoisDomainLayouts(t *testing.T) {
	for _, tt := range []struct{ record, registrar, created, expires, status string }{
		{"    Domain name:\n        name.zz\n\n    Registrar:\n        Example Ltd [Tag = X]\n\n    Relevant dates:\n        Registered on: before Aug-1996\n" +
			"        Expiry date:  14-Feb-2027\n\n    Registration status:\n        Registered until expiry date.\n", "Example Ltd [Tag = X]", "", "2027-02-14", "Registered until expiry date."},
		{"Domain Name................: name.zz\nCreated on..............: 2001-Aug-23.\nExpires on..............: 2027-Aug-22.\n", "", "2001-08-23", "2027-08-22", ""},
		{"domain:        NAME.ZZ\nstate:         REGISTERED, DELEGATED, VERIFIED\nregistrar:     X-RU\ncreated:       2004.03.04\npaid-till:     2027.03.05\n",
			"X-RU", "2004-03-04", "2027-03-05", "REGISTERED, DELEGATED, VERIFIED"},
		{"a. [Domain Name]                NAME.ZZ\n[State]                         Connected (2027/01/31)\n[Registered Date]               1996/07/22\n", "", "1996-07-22", "", "Connected (2027/01/31)"},
		{"Nome de domínio / Domain Name: name.zz\nData de registo / Creation Date (dd/mm/yyyy): 09/01/2003\nEstado / Status: ACTIVE\n", "", "2003-01-09", "", "active"},
		{"Domain#. . . . . . . . .name.zz\nRegistrar#. . . . . . . . . . . . . . . . . . . . example\n", "example", "", "", ""},
		{"Domain:\nname:       name.zz\nstatus:     ok (paid and in zone)\nregistered: 2010-07-04 07:52:56 +03:00\nexpire:     2027-02-04\n", "", "2010-07-04", "2027-02-04", "active"},
		{"Domain-name         name.zz\nDomain-status       DOM_OK\nexpires on          2027-01-01\n", "", "", "2027-01-01", "DOM_OK"},
		{"domain: name.zz\nregistrar: X\nperson: someone\ncreated: 2001-01-01\n", "X", "", "", ""},
	} {
		d := whoisDomain(tt.record, "name.zz", "")
		date := func(t time.Time) string {
			if t.IsZero() {
				return ""
			}
			return t.Format(time.DateOnly)
		}
		if d.Registrar != tt.registrar || date(d.Created) != tt.created || date(d.Expires) != tt.expires || strings.Join(d.Status, ", ") != tt.status {
			t.Errorf("%q: registrar %q, created %s, expires %s, status %q", tt.record, d.Registrar, date(d.Created), date(d.Expires), d.Status)
		}
		w, _ := whoisFor("name.zz")
		if got := outcome(w, "name.zz", tt.record); got != "taken" {
			t.Errorf("%q: %s", tt.record, got)
		}
	}
}

func TestEPPWords(t *testing.T) {
	for in, want := range map[string]string{
		"ok": "active", "ACTIVE": "active", "clientHold": "client hold", "CLIENT-HOLD": "client hold", "client hold": "client hold",
		"pendingDelete": "pending delete", "redemptionPeriod https://icann.org/epp#redemptionPeriod": "redemption period",
		"serverTransferProhibited": "server transfer prohibited", "CLIENT DELETE PROHIBITED": "client delete prohibited",
		"autoRenewPeriod (x)": "auto renew period", "Granted": "Granted", "": "",
	} {
		if got := eppWords(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestDrops(t *testing.T) {
	now := time.Date(2026, 11, 28, 15, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name, status, updated, want string
	}{
		{"name.com", "active", "2026-11-27", ""},
		{"name.com", "pending delete", "", "2026-12-03"},
		{"name.com", "pending delete", "2026-11-26", "2026-12-01"},
		{"name.com", "pending delete", "2026-10-01", "2026-12-03"}, // changed before it was deleted
		{"name.com", "redemption period", "2026-11-08", "2026-12-13"},
		{"name.com", "pending delete,redemption period", "2026-11-08", "2026-12-13"},
		{"name.com", "redemption period", "", "2027-01-02"},
		{"name.com", "redemption period,pending restore", "2026-11-08", ""},
		{"name.io", "pending delete", "2026-11-26", ""},
	} {
		d := newDomain(tt.name, "")
		d.Status = strings.Split(tt.status, ",")
		d.Updated = parseDate("", tt.updated)
		d.interpret(now)
		got := ""
		if !d.Drops.IsZero() {
			got = d.Drops.Format(time.DateOnly)
		}
		if got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
	if d := whoisDomain("domain: name.se\nstatus: inactive\ndate_to_delete: 2027-01-02\n", "name.se", ""); d.Drops.Format(time.DateOnly) != "2027-01-02" {
		t.Errorf("the registry's own date: %v", d.Drops)
	}
}

// What a registry publishes beside the dates.
func TestDomainOfRDAP(t *testing.T) {
	d := parseDomain([]byte(`{"objectClassName":"domain","status":["client transfer prohibited","server update prohibited","redemption period"],
		"secureDNS":{"delegationSigned":true},
		"variants":[{"variantNames":[{"ldhName":"xn--nme-qla.test","unicodeName":"nàme.test"},{"ldhName":"b.test"}]},{"variantNames":[{"ldhName":"c.test"}]}],
		"entities":[{"roles":["registrar"],"handle":"1","jscard":{"@type":"Card","name":{"full":"Example, Inc."}}}]}`), "name.test", "")
	if d.Registrar != "Example, Inc." || d.SecureDNS != "signed" || !slices.Equal(d.Variants, []string{"nàme.test", "b.test", "c.test"}) ||
		!slices.Equal(d.Locks, []string{"transfer by the registrar", "changes by the registry"}) ||
		!slices.Equal(d.Meaning, []string{"redemption period: deleted; the owner can still have it back"}) || d.Drops.IsZero() {
		t.Errorf("%+v", d)
	}
	for card, want := range map[string]string{
		`"jscard":{"organizations":{"b":{"name":"B"},"a":{"name":"A"}}}`:               "A",
		`"jscontact_card":{"name":{"full":"C"}}`:                                       "C",
		`"jscard":{"name":{"full":"C"}},"vcardArray":["vcard",[["fn",{},"text","D"]]]`: "D",
		`"jscard":{"name":7,"organizations":[1]}`:                                      "H",
		`"jscard":[]`: "H",
	} {
		d := parseDomain([]byte(`{"entities":[{"roles":["registrar"],"handle":"H",`+card+`}],"secureDNS":{"delegationSigned":false}}`), "name.test", "")
		if d.Registrar != want || d.SecureDNS != "unsigned" {
			t.Errorf("%s: %q", card, d.Registrar)
		}
	}
}

func FuzzWhoisDomain(f *testing.F) {
	f.Add(exampleRecord)
	for _, r := range recordedReplies(f) {
		f.Add(r.reply)
	}
	f.Fuzz(func(t *testing.T, reply string) {
		lines := wholeLines([]byte(reply))
		d := whoisDomain(lines, "name.zz", "")
		checkPrintable(t, d)
		if len(d.Status) > maxItems || len(d.Nameservers) > maxItems {
			t.Errorf("%d status values and %d name servers", len(d.Status), len(d.Nameservers))
		}
		switch w := understand("name.zz", lines); {
		case w.status == NotRegistered && w.named && !strings.Contains(strings.ToLower(lines), "name.zz"):
			t.Errorf("%q names the name", reply)
		case w.status == NotRegistered && strings.Contains(lines, "Registrar: "):
			t.Errorf("%q is free", reply)
		case w.status == Registered && !strings.Contains(strings.ToLower(lines), "name.zz"):
			t.Errorf("%q is taken", reply)
		}
		for _, s := range slices.Concat(d.Status, d.Locks, d.Meaning) {
			if strings.ContainsFunc(s, unicode.IsControl) {
				t.Errorf("%q", s)
			}
		}
	})
}
