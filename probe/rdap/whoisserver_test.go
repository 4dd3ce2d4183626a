package rdap

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func writeWhoisFile(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "whois.txt")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// IANA is not asked about the TLDs of a user's file, which has the last word.
func TestWhoisFile(t *testing.T) {
	p := &port43{serve: func(c net.Conn, server, query string) {
		if strings.HasPrefix(query, "free") {
			fmt.Fprintf(c, "No match for %s\n", query)
			return
		}
		fmt.Fprintf(c, "Domain: %s\nCreated: 2001-01-01\n", query)
	}}
	c := newClient(t, Options{WHOIS: true, Bootstrap: writeBootstrap(t, "com", "https://com.example/"), Dial: p.dial, Transport: guess404,
		Known: func(tld string) []string { return []string{"free-known." + tld} },
		WhoisFile: writeWhoisFile(t, `# servers
zz   127.0.0.1:4343   # ours
.YY. Whois.Example.
co.yy [::1]:43
xx ::1
`)})
	for name, want := range map[string]string{
		"free.zz": "not-registered 127.0.0.1:4343", "name.zz": "registered 127.0.0.1:4343", "name.yy": "registered whois.example:43",
		"name.co.yy": "registered [::1]:43", "name.xx": "registered [::1]:43", "name.com": "unconfirmed com.example",
	} {
		if a := c.Ask(t.Context(), name); fmt.Sprint(a.Status, " ", a.Server) != want {
			t.Errorf("%s: %+v, want %s", name, a, want)
		}
	}
	if d, err := c.Lookup(t.Context(), "name.zz"); err != nil || d.Created.Year() != 2001 || d.Source != "whois" {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestWhoisFileErrors(t *testing.T) {
	for text, want := range map[string]string{
		"zz\n":                  ":1: not a TLD and a server",
		"# x\nzz a b\n":         ":2: not a TLD and a server",
		"zz a_b.example\n":      `:1: WHOIS server "a_b.example" is neither a host name nor an address`,
		"zz whois.example:0\n":  `:1: WHOIS server "whois.example:0" has no port from 1 to 65535`,
		"zz whois.example:x\n":  `:1: WHOIS server "whois.example:x" has no port from 1 to 65535`,
		"zz \x1b[2Ja.example\n": `:1: WHOIS server "\x1b[2Ja.example" is neither`,
	} {
		path := writeWhoisFile(t, text)
		if _, err := New(Options{WhoisFile: path}); err == nil || !strings.Contains(err.Error(), path+want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := New(Options{WhoisFile: "missing.txt"}); err == nil || !strings.Contains(err.Error(), "missing.txt: ") {
		t.Errorf("%v", err)
	}
}

// A WHOIS server that does not know the names that must exist is not believed
// when it says that another is not registered.
func TestWhoisControl(t *testing.T) {
	for _, tt := range []struct {
		knows string
		want  string
		asked []string
	}{
		{"nic.zz", "not-registered ", []string{"zz", "free.zz", "nic.zz", "free.zz"}},
		{"b.zz", "not-registered ", []string{"zz", "free.zz", "nic.zz", "b.zz", "free.zz"}},
		{"", "unconfirmed denies-known", []string{"zz", "free.zz", "nic.zz", "b.zz", "free.zz"}},
	} {
		p := &port43{}
		p.serve = func(c net.Conn, server, query string) {
			switch query {
			case "zz":
				io.WriteString(c, "domain: ZZ\nwhois: whois.example\n")
			case tt.knows:
				fmt.Fprintf(c, "Domain: %s\nStatus: active\n", query)
			default:
				fmt.Fprintf(c, "NOT FOUND\n")
			}
		}
		c := newClient(t, Options{WHOIS: true, Bootstrap: writeBootstrap(t, "com", "https://com.example/"), Dial: p.dial,
			Known: func(tld string) []string { return []string{"nic." + tld, "b." + tld} }})
		for range 2 {
			a := c.Ask(t.Context(), "free.zz")
			if got := fmt.Sprintf("%v %v", a.Status, a.Reason); got != tt.want || a.Source != "whois" {
				t.Errorf("knows %q: %+v", tt.knows, a)
			}
		}
		var asked []string
		for _, s := range p.asked {
			asked = append(asked, strings.Fields(s)[1])
		}
		if !slices.Equal(asked, tt.asked) {
			t.Errorf("knows %q: asked %q", tt.knows, asked)
		}
	}
}

// The registry of a TLD need not run what is below com.zz and its like.
func TestWhoisBelowSuffix(t *testing.T) {
	for knows, want := range map[string]Status{"google.com.uy": NotRegistered, "": Unconfirmed} {
		p := &port43{}
		p.serve = func(c net.Conn, server, query string) {
			switch query {
			case "uy":
				io.WriteString(c, "domain: UY\nwhois: whois.example\n")
			case knows, "nic.uy":
				fmt.Fprintf(c, "Domain: %s\nStatus: active\n", query)
			default:
				fmt.Fprintf(c, "No match for %q.\n", query)
			}
		}
		c := newClient(t, Options{WHOIS: true, Bootstrap: writeBootstrap(t, "com", "https://com.example/"), Dial: p.dial,
			Known: func(tld string) []string {
				if tld == "uy" {
					return []string{"nic.uy"}
				}
				return nil
			}})
		if a := c.Ask(t.Context(), "free.uy"); a.Status != NotRegistered {
			t.Errorf("%+v", a)
		}
		if a := c.Ask(t.Context(), "free.com.uy"); a.Status != want {
			t.Errorf("knows %q: %+v", knows, a)
		}
	}
}

// The servers that are kept are bounded in number and age.
func TestWhoisServersBounded(t *testing.T) {
	dir := t.TempDir()
	many := map[string]whoisServer{"old": {"old.example:43", time.Now().Add(-time.Second)}, "odd": {"odd.example:43", time.Now().Add(2 * whoisFresh)}}
	for i := range maxWhoisServers + 100 {
		many[fmt.Sprint("tld", i)] = whoisServer{"whois.example:43", time.Now().Add(time.Hour)}
	}
	if err := cache(dir).store(whoisFile, many); err != nil {
		t.Fatal(err)
	}
	kept := newClient(t, Options{CacheDir: dir}).loadWhoisServers()
	if len(kept) != maxWhoisServers || kept["old"].Server != "" || kept["odd"].Server != "" {
		t.Errorf("%d servers, %v, %v", len(kept), kept["old"], kept["odd"])
	}
}

// What a hostile server sends takes neither long nor much to look at.
func TestWhoisHostile(t *testing.T) {
	for _, piece := range []string{"\n", "a:\n", "domain: name.zz\n", "no match for ", "a. ", ". ", "[", "\x00", "\xff\n", "domain is ", "name name name.zz ", "(", "é: é\n"} {
		reply := []byte(strings.Repeat(piece, maxWhois/len(piece)) + "\nDomain: other.zz\n")
		w, _ := whoisFor("name.zz")
		if word, _ := w.classify("name.zz", reply); word.status != Unconfirmed {
			t.Errorf("%q: %v", piece, word)
		}
		d := whoisDomain(wholeLines(reply), "name.zz", "")
		checkPrintable(t, d)
	}
}
