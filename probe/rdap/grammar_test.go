package rdap

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// repliesVar names a folder of recorded WHOIS replies, TLD/KIND.txt.
const repliesVar = "DOMPROBE_WHOIS_REPLIES"

// writtenFrom are the TLDs that were looked at when the grammar was written, half
// of all that were drawn by lot. The others came in later.
var writtenFrom = strings.Fields(`
	ae aero at au br br.com by bz cf cl cn co co.pl college design dk dz eu fi gd gg gl il im in in.ua ke
	lk ly md mg mu na om org pe pl pt pw qa re ro ru sa sb space sx sy tl tn travel tv uk uk.com us uy uz
	vg ws xn--p1ai xxx za.com za.org`)

// A tally counts what was made of the replies.
type tally struct{ right, unsure, wrong int }

func (t tally) String() string {
	return fmt.Sprintf("%d right, %d unsure, %d wrong", t.right, t.unsure, t.wrong)
}

// Recorded replies are understood or left open. None is called free that is not.
func TestRecordedCorpus(t *testing.T) {
	dir := os.Getenv(repliesVar)
	if dir == "" {
		t.Skipf("%s names no folder of recorded WHOIS replies", repliesVar)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no replies in %s: %v", dir, err)
	}
	var written, unseen tally
	for _, f := range files {
		tld, kind := filepath.Base(filepath.Dir(f)), strings.TrimSuffix(filepath.Base(f), ".txt")
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		name := askedName(string(data), tld)
		w, _ := whoisFor(name)
		got := outcome(w, name, string(data))
		want := map[string]string{"status_available": "free", "status_registered": "taken", "status_reserved": "reserved",
			"status_suspended": "taken", "status_expired": "taken", "response_throttled": "quota"}[kind]
		if strings.Contains(string(data), "Object Cannot Be Registered") { // kept as an available one
			want = "reserved"
		}
		to := &unseen
		if slices.Contains(writtenFrom, tld) {
			to = &written
		}
		switch {
		case got == want, want == "reserved" && got == "taken":
			to.right++
		case got == "unknown":
			to.unsure++
			t.Logf("unsure: %s %s", kind, name)
		default:
			to.wrong++
			t.Errorf("%s: %s is %s for %s", name, kind, got, want)
		}
	}
	t.Logf("written from: %v; not seen: %v", written, unseen)
}

var askedLine = regexp.MustCompile(`(?im)^[ \t*%\[]*(?:(?:[a-z]\. ?)?\[?(?:complete )?domain ?-?(?:name)?|.*domain name|query|object|nom de domaine|nombre de dominio|name)[\]:#. \t]*\s*"?([a-z0-9-]+(?:\.[a-z0-9-]+)+)`)

// askedName guesses which name was asked about.
func askedName(reply, tld string) string {
	if m := askedLine.FindStringSubmatch(reply); m != nil && strings.HasSuffix(strings.ToLower(m[1]), "."+tld) {
		return strings.ToLower(m[1])
	}
	label := `([a-z0-9-]+(?:\.[a-z0-9-]+)*\.` + regexp.QuoteMeta(tld) + `)\b`
	for _, expr := range []string{`(?i)\b((?:u34jedzcq|google)(?:\.[a-z]+)?\.` + regexp.QuoteMeta(tld) + `)\b`, `(?im)^` + label} {
		if m := regexp.MustCompile(expr).FindStringSubmatch(reply); m != nil {
			return strings.ToLower(m[1])
		}
	}
	return "u34jedzcq." + tld
}

func TestParseGrammarErrors(t *testing.T) {
	for _, text := range []string{"free (\n", "where x (\nfree {x}\n"} {
		if _, err := parseGrammar(text); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
	for kind, expr := range words().lines {
		if strings.Contains(expr.String(), "{thing}") || strings.Contains(expr.String(), "{what}") {
			t.Errorf("%s has a word that is not replaced: %v", kind, expr)
		}
	}
}

// Replies as registries give them, and those that must not be taken for more.
func TestUnderstand(t *testing.T) {
	for _, tt := range []struct{ want, reply string }{
		{"free", "name.zz is free\n"},
		{"free", "% No match\n"},
		{"free", "% No such domain\n"},
		{"free", "[Domain]\nDomain: name.zz\nStatus: free\n"},
		{"free", "% Hello, this is the server.\n\nDomain:\t\tname.zz\nStatus:\t\tavailable\n"},
		{"free", "% Nincs talalat / No match\n"},
		{"free", "Domain name name.zz does not exist in database!\n"},
		{"free", "%ERROR:101: no entries found\n%\n% Timestamp: now\n"},
		{"free", "%ERROR:103: Domain is not registered\n"},
		{"free", "Domain name:           name.zz\nDomain status:         available\n\n%\n% Use of the server is subject to terms.\n"},
		{"free", "The requested domain was not found in the Registry or Registrar’s WHOIS Server.\n"},
		{"free", "*** Nothing found for this query.\n"},
		{"free", "Object_Not_Found\n"},
		{"free", "No match found for \"NAME.ZZ\"\n"},
		{"free", "% No entries found for domain name.zz\n"},
		{"free", "Domain Name [name.zz] does not exist in database\n"},
		{"free", "The domain has not been registered.\n"},
		{"free", "% No entries found for query \"name.zz\".\n"},
		{"free", "Domain name.zz is available for purchase\n"},
		{"free", "The queried object does not exist: DOMAIN NOT FOUND\n"},
		{"free", "The queried object does not exist: no matching objects found\n"},
		{"free", "The domain name.zz is not registered.\n"},
		{"free", "%% NOT FOUND\n"},
		{"free", "% No Objects Found\n"},
		{"free", "% Object \"name.zz\" NOT FOUND.\n"},
		{"free", "No match for domain \"NAME.ZZ\".\n>>> Last update of whois database: 2026-01-01T00:00:00Z <<<\n"},
		{"free", "This domain name has not been registered.\n"},
		{"free", "Domain not found.\r\n>>> Last update of WHOIS database: 2026-01-01T00:00:00Z <<<\r\nRegistrars may be asked for more.\r\n"},
		{"free", "El dominio no existe\n"},
		{"free", "Le domaine name.zz n'existe pas\n"},
		{"free", "'name.zz' n'existe pas.\n"},
		{"free", "% domain name.zz not found\n"},
		{"free", "Domain Status: No Object Found\nDomain Name: name.zz\n"},
		{"free", "No information was found matching that query.\n"},
		{"free", "Domain unknown\n"},
		{"free", "no matching record\n"},
		{"free", "name.zz: Not found\n"},
		{"free", "name.zz - no entries found\n"},
		{"free", "No Found\n"},
		{"free", "Domain name.zz not registred.\n"},
		{"free", "Above domain name is not registered to KRNIC.\n"},
		{"free", "No_Se_Encontro_El_Objeto/Object_Not_Found\n"},
		{"free", "NO MATCH for domain \"name.zz\" (ASCII):\n"},
		{"free", "% IANA WHOIS server\n% This query returned 0 objects.\n"},
		{"free", "The domain name.zz is available for registration.\n"},
		{"free", "swhoisd 3.0.5, a whois server\nSearching for name.zz.\nNo records matching name.zz found.\n"},
		{"free", "Whois .ZZ\n\nNo entries found in the .zz database\n"},
		{"free", "Domain NAME.ZZ\n\nData not found. This domain is available for registration.\n"},
		{"free", "%% [192.0.2.1 REQUEST] >> name.zz\n%%\n%% No entries found in the registry database.\n"},

		{"taken", "Domain name: name.zz\nStatus:      active\n\nRegistrar:\n   Example B.V.\n   Street 1\n"},
		{"taken", "Domain Name................: name.zz\nRegistrar Handle...........: REG466\nCreated:         2001-02-26\n"},
		{"taken", "domainname:     name.zz\ndomaintype:     ACTIVE\nnserver: ns1.example\n"},
		{"taken", "** Domain Name: name.zz\n\n** Registrant:\n   Someone\n\nCreated on..............: 2001-Aug-23.\n"},
		{"taken", "DOMAIN NAME: NAME.ZZ (name.zz)\nregistration status: Registered\n"},
		{"taken", "a. [Domain Name]    NAME.ZZ\n[State]   Connected (2027/01/31)\n"},
		{"taken", "Domain Name : name.zz\nRegistered Date : 1999. 07. 28.\n"},
		{"taken", "   Domain Name: NAME.ZZ\r\n   Registry Domain ID: 1\r\n   Creation Date: 2000-01-01T00:00:00Z\r\n"},
		{"taken", "a [Domain Name]                name.zz\nf [Record Created]             25-FEB-2003\n"},
		{"taken", "Domain Name : name.zz\nCreated (JJ/MM/AAAA) : 03/02/2001\n"},
		{"taken", "[Domain]\nDomain: name.zz\nStatus: active\n"},
		{"taken", "domain:       name.zz\nholder:       x\nstate:        active\n"},
		{"taken", "Domain name:\n\tname.zz\nRelevant dates:\n\tRegistered on: before Aug-1996\n\tExpiry date:  04-Dec-2026\n"},

		{"reserved", "name.zz is reserved\n"},
		{"reserved", "The domain name is reserved by the registry.\n"},
		{"reserved", "Reserved Domain Name\n"},
		{"reserved", "Domain Name: name.zz\nDomain Status: Reserved\n"},
		{"reserved", "This name is blocked.\n"},
		{"reserved", "Domain name.zz cannot be registered\n"},
		{"reserved", "Not found.\nThe domain name.zz is not available for registration\n"},

		{"quota", "No match for name.zz\nQuery limit exceeded\n"},
		{"quota", "BLACKLISTED: You have exceeded the query limit for your network or IP address.\n"},
		{"quota", "The maximum number of requests per second has been exceeded\nname.zz is free\n"},
		{"quota", "% Your connection has been throttled\n"},
		{"quota", "Error: server busy, not found\n"},
		{"quota", "Lookup quota exceeded.\nname.zz is free\n"},

		{"unknown", ""},
		{"unknown", "not found"},
		{"unknown", "name.zz is free"},
		{"unknown", "other.zz is free\n"},
		{"unknown", "No match for other.zz\n"},
		{"unknown", "No match for sub.name.zz\n"},
		{"unknown", "Domain: other.zz\nStatus: free\n"},
		{"unknown", "§ is free\n"},
		{"unknown", "Domain: other.zz\nnot found\n"},
		{"unknown", "Status: available\n"},
		{"unknown", "name.zz is not free\n"},
		{"unknown", "name.zz is registered\n"},
		{"unknown", "name.zz is not registered here\n"},
		{"unknown", "name.zz is not registered with us, ask whois.example\n"},
		{"unknown", "name.zz is not available\n"},
		{"unknown", "The domain name.zz is available at a premium price\n"},
		{"unknown", "name.zz is free\nRegistrar: Example\n"},
		{"unknown", "No match for name.zz\nCreation Date: 2001-01-01\n"},
		{"unknown", "name.zz is free\nname.zz is registered, status: active\nDomain: name.zz\nStatus: active\n"},
		{"unknown", "not found\nThe domain is premium\n"},
		{"unknown", "Domain not found in the list of servers that this one asks; try again later, the service is unavailable\n"},
		{"unknown", "If it says \"not found\", or: no match, the name may be free\n"},
		{"unknown", "Not found what you look for? Ask us.\n"},
		{"unknown", "The WHOIS service of this registry has been retired.\n"},
		{"unknown", "No whois server is known for this kind of object.\n"},
		{"unknown", "<html>\n<head>\nNot found\n</html>\n"},
		{"unknown", "HTTP/1.1 404\r\n\r\nNot Found\r\n"},
		{"unknown", "Error: internal error\nno data found\n"},
		{"unknown", "Service temporarily unavailable\nNo entries found\n"},
		{"unknown", "Invalid query\nDomain not found\n"},
		{"unknown", "Domain: name.zz\n"},
		{"unknown", "Domain: name.zz\nHolder: someone\nTechnical contact:\n  no information\n"},
		{"unknown", "Domain: name.zz\nHolder:\n  Free\n"},
		{"unknown", "Name: Free\nSurname: Unknown\n"},
		{"unknown", "Domain: name.zz\nStatus: invalid\n"},
		{"unknown", "Query: name.zz\nStatus: error\n"},
		{"unknown", "Domain: other.zz\nRegistrar: Example\nCreated: 2001-01-01\n"},
		{"unknown", "Registrar: Example\nCreated: 2001-01-01\n"},
		{"unknown", "Alan adi:\n   name.zz\nKisi:\n   No data\nTel:\n   not found\n"},
		{"unknown", "name.zz\n\nKontakt\n   no data found\n"},
		{"unknown", "name.zz: not available\nno match\n"},
		{"unknown", "name.zz belongs to Foo Ltd.\nNo data found\n"},
		{"unknown", "The data of this domain is private.\nNo data found.\n"},
		{"unknown", "Information about name.zz is not public.\nNo data found.\n"},
		{"unknown", "Owner: Foo Ltd\nPhone: 1\nno data found\n"},
		{"unknown", "Domain name: name.zz\nOwner: Foo Ltd\nDomain not found\n"},
		{"unknown", "No match for domain \"NAME.ZZ\".\nDomain Name: NAME.ZZ\nRegistrant: x\n"},
		{"unknown", "Access denied\nNot found\n"},
		{"unknown", "Only registered users may use this service.\nNo match.\n"},
		{"unknown", "could not connect to backend\nno entries found\n"},
		{"unknown", "The operation timed out\nNo match for name.zz\n"},
		{"unknown", "no data found\nORA-01403\n"},
		{"unknown", "Domain name.zz not found in this server. Please query whois.other.zz\n"},
		{"unknown", "No match for name.zz\nThis WHOIS service has been retired; use RDAP.\n"},
		{"unknown", "name.zz is available for sale\n"},
		{"unknown", "Domain: name.zz\nStatus: not delegated\n"},
		{"unknown", "Domain: name.zz\nStatus: free\nDate to release: 2027-01-01\n"},
		{"unknown", "Not Found\nDomain name.zz is on hold.\n"},
		{"unknown", "not found: name.zz\nname.zz expires 2027-01-01\n"},
		{"unknown", "name.zz\nRegistered on 2001-01-01\nowner: not found\nno data\n"},
		{"unknown", "No match for name.zz\nThis name is protected.\n"},
		{"unknown", "name.zz does not exist\nIt is protected by a DPML block.\n"},
		{"unknown", "Domain not found.\nThis string cannot be delegated.\n"},
		{"unknown", "No match.\nThe domain is pending delete.\n"},
		{"unknown", "name.zz\x1b[2K is free\n"},
		{"unknown", "name.zz is\x00free\n"},
	} {
		w, _ := whoisFor("name.zz")
		if got := outcome(w, "name.zz", tt.reply); got != tt.want {
			t.Errorf("%s, want %s: %q", got, tt.want, tt.reply)
		}
	}
}
