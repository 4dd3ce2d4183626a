package rdap

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// A recorded reply, with carriage returns as registries send them.
type recorded struct {
	suffix, kind, reply string
}

func recordedReplies(t testing.TB) []recorded {
	t.Helper()
	ar, err := txtar.ParseFile("testdata/whois.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var all []recorded
	for _, f := range ar.Files {
		suffix, kind, _ := strings.Cut(f.Name, "/")
		kind, _, _ = strings.Cut(kind, ".")
		all = append(all, recorded{suffix, kind, strings.ReplaceAll(string(f.Data), "\n", "\r\n")})
	}
	return all
}

// outcome is what classify says, in the words of testdata/whois.txtar.
func outcome(w *whoisTLD, name string, reply string) string {
	word, err := w.classify(name, []byte(reply))
	status := word.status
	switch {
	case err != nil && err.Reason == RateLimited && status == Unconfirmed:
		return "quota"
	case err != nil && err.Reason == Unrecognized && status == Unconfirmed:
		return "unknown"
	case err != nil || status == Unconfirmed:
		return fmt.Sprint(status, " ", err)
	}
	return map[Status]string{Registered: "taken", NotRegistered: "free", Reserved: "reserved"}[status]
}

func TestWhoisReplies(t *testing.T) {
	kinds := make(map[string][]string)
	for _, r := range recordedReplies(t) {
		kinds[r.suffix] = append(kinds[r.suffix], r.kind)
		name := "example." + r.suffix
		w, known := whoisFor(name)
		if !known {
			t.Fatalf("%s: no patterns", r.suffix)
		}
		for _, reply := range []string{r.reply, strings.ReplaceAll(r.reply, "\r", ""), strings.TrimLeft(r.reply, "\r\n")} {
			if got := outcome(w, name, reply); got != r.kind {
				t.Errorf("%s: %s, want %s:\n%s", r.suffix, got, r.kind, r.reply)
			}
		}
		// However much of it arrives, it says the same or nothing.
		for n := range len(r.reply) {
			if n%5 != 0 && r.reply[n] != '\n' && r.reply[n-1] != '\n' { // all would take seconds
				continue
			}
			if got := outcome(w, name, r.reply[:n]); got != r.kind && got != "unknown" {
				t.Errorf("%s %s cut after %d bytes: %s", r.suffix, r.kind, n, got)
			}
		}
		// A refusal in front of it or behind it is what counts.
		for _, quota := range []string{"% Query limit exceeded\r\n", "WHOIS LIMIT EXCEEDED\r\n", "% Too many requests...\r\n"} {
			if got := outcome(w, name, quota+r.reply); got != "quota" {
				t.Errorf("%s %s after %q: %s", r.suffix, r.kind, quota, got)
			}
			if got := outcome(w, name, r.reply+quota); got != "quota" {
				t.Errorf("%s %s before %q: %s", r.suffix, r.kind, quota, got)
			}
		}
		// It says nothing about another name, unless it names none.
		if got := outcome(w, "other."+r.suffix, r.reply); got == "taken" {
			t.Errorf("%s: taken by a reply about another name", r.suffix)
		}
		if got := outcome(w, "xn--exmple-cua."+r.suffix, r.reply); got != "quota" && got != "unknown" {
			t.Errorf("%s: an internationalized name is %s by a reply about another", r.suffix, got)
		}
	}
	for _, tld := range []string{"de", "eu", "it", "jp", "ru", "be", "at", "se", "io", "me"} {
		for _, kind := range []string{"free", "taken", "quota"} {
			if !slices.Contains(kinds[tld], kind) {
				t.Errorf("%s: no reply of kind %s", tld, kind)
			}
		}
	}
}

// No reply at all, a short one, or one of another protocol is never free.
func TestWhoisNeverFree(t *testing.T) {
	tlds := whoisTexts().tlds
	if len(tlds) != 21 {
		t.Errorf("%d suffixes, want 21", len(tlds))
	}
	for suffix, w := range tlds {
		for _, reply := range []string{
			"", "\r\n", "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n", "% nothing found\n", "NOT FOUND\n", "No match!!\n",
			"free\n", "Status: AVAILABLE\n", "Status: free\n", "not found.\n", "available\n", "No match for example.\n",
			"HTTP/1.1 400 Bad Request\r\n\r\n<html>Domain not found.</html>\r\n", strings.Repeat("\x00", 1000) + "\n",
			"The terms say: % nothing found\n, No match!! and Domain not found.\n",
			"domain: example." + suffix + "\nsource: X\n\n% nothing found\nNo match!!\nNo entries found for the selected source(s).\n",
		} {
			if got := outcome(w, "example."+suffix, reply); got != "unknown" {
				t.Errorf("%s: %q is %s", suffix, reply, got)
			}
		}
	}
}

// A line without its end may have been going to say something else.
func TestWhoisLineCut(t *testing.T) {
	for reply, want := range map[string]string{
		"Domain: example.de\nStatus: free\n":     "free",
		"Domain: example.de\nStatus: free":       "unknown",
		"Domain: example.de\nStatus: connect":    "unknown",
		"Domain: example.de\nStatus: free\nChan": "free",
	} {
		if got := outcome(whoisTexts().tlds["de"], "example.de", reply); got != want {
			t.Errorf("%q: %s, want %s", reply, got, want)
		}
	}
}

// A reply that calls a name both free and taken is not believed.
func TestWhoisContradiction(t *testing.T) {
	reply := "Domain: example.de\nStatus: free\nDomain: example.de\nStatus: connect\n"
	if got := outcome(whoisTexts().tlds["de"], "example.de", reply); got != "unknown" {
		t.Errorf("free and taken at once: %s", got)
	}
}

func TestWhoisFor(t *testing.T) {
	for name, known := range map[string]bool{
		"a.de": true, "a.co.jp": true, "a.me": true, "a.or.at": true,
		"a.b.de": false, "a.com.ru": false, "a.co.it": false, "a.com": false, "de": false, "a.*": false,
	} {
		if _, got := whoisFor(name); got != known {
			t.Errorf("%s: %v, want %v", name, got, known)
		}
	}
	queryFor := func(name string) string { w, _ := whoisFor(name); return w.queryFor(name) }
	if got := queryFor("a.de"); got != "-T dn,ace a.de" {
		t.Errorf("query for de: %q", got)
	}
	if got := queryFor("a.co.jp"); got != "a.co.jp/e" {
		t.Errorf("query for co.jp: %q", got)
	}
	if got := queryFor("a.me"); got != "a.me" {
		t.Errorf("query for me: %q", got)
	}
}

func TestParsePatternsErrors(t *testing.T) {
	for _, data := range []string{"", "de free x\n", "* query {name}\nde free (\n", "* quota x\nde perhaps x\n"} {
		if _, err := parsePatterns(data); err == nil {
			t.Errorf("%q: no error", data)
		}
	}
}

func FuzzWhois(f *testing.F) {
	for _, r := range recordedReplies(f) {
		f.Add(r.suffix, r.reply)
	}
	f.Fuzz(func(t *testing.T, suffix, reply string) {
		name := "example." + suffix
		w, known := whoisFor(name)
		got := outcome(w, name, reply)
		if !slices.Contains([]string{"quota", "unknown", "free", "taken", "reserved"}, got) {
			t.Fatalf("%q: %s", reply, got)
		}
		if known && got == "free" && len(reply) < shortestFree {
			t.Errorf("%q is free", reply)
		}
		// What comes behind the last line feed changes nothing.
		if cut := reply[:strings.LastIndexByte(reply, '\n')+1]; outcome(w, name, cut) != got {
			t.Errorf("%q: %s, but without its last line %s", reply, got, outcome(w, name, cut))
		}
		if server, err := parseIANA([]byte(reply), suffix); err == nil && server != "" && !strings.HasSuffix(server, ":43") {
			t.Errorf("%q names the server %q", reply, server)
		}
	})
}
