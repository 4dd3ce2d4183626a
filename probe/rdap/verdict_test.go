package rdap

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// said is what a 404 with such texts means for name.test, by a server that
// speaks for the whole TLD.
func said(t testing.TB, texts ...string) Answer {
	t.Helper()
	body, err := json.Marshal(map[string]any{"errorCode": 404, "title": "Not Found", "description": texts})
	if err != nil {
		t.Fatal(err)
	}
	rep := &reply{url: &url.URL{Scheme: "https", Host: "a.example"}, status: 404, header: http.Header{"Content-Type": {rdapJSON}}, body: body}
	return classify(rep, "name.test", true)
}

func TestReserved(t *testing.T) {
	for want, texts := range map[Status][]string{
		Reserved: {
			"Reserved", "RESERVED.", "reserved name", "A reserved domain name", "Name reserved", "Domain reserved by the registry",
			"The name is reserved", "This domain name has been reserved by registry operator.", "name.test is reserved",
			`The domain "NAME.test" is reserved!`, "The requested domain name is not available for registration.",
			"Domain not found. The name is reserved.", "This name is reserved by the Registry in accordance with ICANN Policy",
			"This name is reserved and not available for registration", "The  name\nis\treserved", "Domain is unavailable for registration",
		},
		NotRegistered: {
			"", "Domain not found", "name.test not found", "Not found. All rights reserved.", "(c) Registry, all rights are reserved",
			"The domain is neither registered nor reserved.", "Not reserved", "The name is not currently reserved.", "It has not been reserved",
			"This is not a reserved name", "The domain was not found. Reserved names are listed at https://registry.example/.",
			"A list of reserved domain names can be had from the registry", "The name is available for registration",
			"Der Name ist frei", "No se encontró el dominio",
		},
		Unconfirmed: {
			"The name may be reserved", "If the name is reserved, it cannot be had", "Is the name reserved?", "Reserved: no",
			"The following are\nreserved", "It is not true that this name is reserved", "No name is reserved", "other.test is reserved",
			"The name my-name.test is reserved", "name.test.example is reserved", "The names above are reserved", "Look under https://registry.example/reserved",
			"The name is withheld", "The name is blocked by a trademark owner", "The name is reserved for the town of that name",
			"This name cannot be registered", "Below is what we keep. Reserved. And so on", "The name is reserved or free",
			"Der Name ist reserviert", "Ce nom est réservé", "El nombre está reservado", "The name isn't reserved",
		},
	} {
		for _, text := range texts {
			if a := said(t, text); a.Status != want || want == Unconfirmed && a.Reason != Unrecognized {
				t.Errorf("%q: %+v, want %v", text, a, want)
			}
		}
	}
}

// A name is reserved by a sentence that is known, whatever else is said of
// reserved names.
func TestReservedByKnownSentences(t *testing.T) {
	var known []string
	for _, the := range []string{"", "the ", "this "} {
		for _, noun := range []string{"name", "domain", "domain name"} {
			for _, rest := range []string{" reserved", " is reserved", " name.test reserved", " name.test is reserved"} {
				known = append(known, the+noun+rest)
			}
		}
	}
	known = append(known, "name.test reserved", "name.test is reserved")
	alone := []string{"reserved", "reserved name", "reserved domain", "reserved domain name", "a reserved name", "a reserved domain", "a reserved domain name"}
	words := strings.Fields("reserved reserved reserved name domain the this is is not no nor neither by registry names if a " +
		"name.test other.test . ; , : ? https://registry.example/reserved found")
	random := rand.New(rand.NewPCG(1, 2))
	hits := 0
	for range 20_000 {
		var picked []string
		for range 1 + random.IntN(8) {
			picked = append(picked, words[random.IntN(len(words))])
		}
		text := strings.NewReplacer(" .", ".", " ;", ";", " ,", ",", " :", ":", " ?", "?").Replace(strings.Join(picked, " "))
		if said(t, text).Status != Reserved {
			continue
		}
		hits++
		text = strings.NewReplacer(" by the registry", "", " by registry", "", "; ", ". ").Replace(strings.TrimRight(text, ".;"))
		ok := func(s string) bool { return slices.Contains(known, strings.TrimRight(s, ".;")) }
		if !slices.Contains(alone, text) && !slices.ContainsFunc(strings.Split(text, ". "), ok) {
			t.Errorf("%q: reserved", text)
		}
	}
	if hits == 0 {
		t.Error("nothing was reserved")
	}
}

func FuzzReply(f *testing.F) {
	for _, r := range rows {
		f.Add(r.code, r.media, []byte(r.body))
	}
	f.Add(200, rdapJSON, []byte(exampleDomain))
	f.Add(200, rdapJSON, []byte(`{"objectClassName":"domain","unicodeName":"NAME．test"}`))
	f.Add(404, rdapJSON, []byte(`{"rdapConformance":["rdap_level_0"],"errorCode":null}`))
	f.Fuzz(func(t *testing.T, code int, media string, body []byte) {
		rep := &reply{url: &url.URL{Scheme: "https", Host: "a.example"}, status: code, header: http.Header{"Content-Type": {media}}, body: body}
		sure := classify(rep, "name.test", true)
		guess := classify(rep, "name.test", false)
		if guess.Status != Unconfirmed && guess.Status != Registered {
			t.Errorf("%d %q: %v by a server that was guessed", code, body, guess.Status)
		}
		if (sure.Status == Registered) != (guess.Status == Registered) {
			t.Errorf("%d %q: %v, guessed %v", code, body, sure.Status, guess.Status)
		}
		if (sure.Err == nil) != (sure.Status != Unconfirmed) || (sure.Reason == "") != (sure.Err == nil) {
			t.Errorf("%+v", sure)
		}
		if len(body) > 0 && sure.Status != Unconfirmed && !json.Valid(body) {
			t.Errorf("%d %q: %v by what is no JSON", code, body, sure.Status)
		}
		checkPrintable(t, parseDomain(body, "name.test", "a.example"))
	})
}

// A reply is about the name that it carries, in whatever form.
func TestNameOfReply(t *testing.T) {
	const name = "xn--bcher-kva.test"
	for _, tt := range []struct {
		ldh, unicode string
		want         Status
	}{
		{"", "", Registered},
		{"xn--bcher-kva.test", "", Registered},
		{"XN--BCHER-KVA.TEST.", "", Registered},
		{"xn--bcher-kva.test", "bücher.test", Registered},
		{"xn--bcher-kva.test", "BÜCHER.TEST.", Registered},
		{"bücher.test", "", Registered},
		{"bücher.test", "bücher.test", Registered},
		{"", "bücher.test", Registered},
		{"", "b\u00fccher.test", Registered},
		{"", "bu\u0308cher.test", Registered}, // not normalized
		{"öther.test", "", Unconfirmed},
		{"bücher.example", "", Unconfirmed},
		{"xn--bcher-kva.test", "öther.test", Unconfirmed},
		{"öther.test", "bücher.test", Unconfirmed},
		{"", "öther.test", Unconfirmed},
		{"bucher.test", "", Unconfirmed},
		{"", "bucher.test", Unconfirmed},
		{"", "bücher", Unconfirmed},
		{"www.bücher.test", "", Unconfirmed},
		{"\u202ebücher.test", "", Unconfirmed},
	} {
		body, err := json.Marshal(map[string]string{"objectClassName": "domain", "ldhName": tt.ldh, "unicodeName": tt.unicode})
		if err != nil {
			t.Fatal(err)
		}
		rep := &reply{url: &url.URL{Scheme: "https", Host: "a.example"}, status: 200, header: http.Header{"Content-Type": {rdapJSON}}, body: body}
		if a := classify(rep, name, true); a.Status != tt.want || tt.want == Unconfirmed && a.Reason != BadReply {
			t.Errorf("ldhName %q, unicodeName %q: %v %q (%v)", tt.ldh, tt.unicode, a.Status, a.Reason, a.Err)
		}
	}
}

// What makes two spellings one name is IDNA, and not how a program folds case.
func TestNameOfReplyFolded(t *testing.T) {
	for _, tt := range []struct {
		name, said string
		want       Status
	}{
		{"nic.test", "NIC.TEST.", Registered},
		{"ab--c.test", "AB--C.TEST.", Registered}, // no name for IDNA
		{"xn--a.test", "XN--A.TEST", Registered},  // nor is that
		{"nic.test", "N\u0130C.test", Unconfirmed},
		{"kk.test", "k\u212a.test", Registered},
		{"stil.test", "\u017ftil.test", Registered},
	} {
		for _, member := range []string{"ldhName", "unicodeName"} {
			body := fmt.Sprintf(`{"objectClassName":"domain",%q:%q}`, member, tt.said)
			rep := &reply{url: &url.URL{Scheme: "https", Host: "a.example"}, status: 200, header: http.Header{"Content-Type": {rdapJSON}}, body: []byte(body)}
			if a := classify(rep, tt.name, true); a.Status != tt.want {
				t.Errorf("%s %q for %s: %v (%v), want %v", member, tt.said, tt.name, a.Status, a.Err, tt.want)
			}
		}
	}
}
