package rdap

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A port43 is a network of WHOIS servers in memory.
type port43 struct {
	mu    sync.Mutex
	asked []string // "server query"
	serve func(conn net.Conn, server, query string)
}

func (p *port43) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if network != "tcp" {
		return nil, fmt.Errorf("dialing %s", network)
	}
	if addr == "down.example:43" {
		return nil, errors.New("connection refused")
	}
	here, there := net.Pipe()
	go func() {
		defer there.Close()
		query, err := bufio.NewReader(there).ReadString('\n')
		if err != nil {
			return
		}
		query = strings.TrimSuffix(query, "\r\n")
		p.mu.Lock()
		p.asked = append(p.asked, addr+" "+query)
		p.mu.Unlock()
		p.serve(there, addr, query)
	}()
	return here, nil
}

const ianaRecord = "% IANA WHOIS server\n\ndomain:       DE\n\nwhois:        whois.denic.de\n\nstatus:       ACTIVE\n"

// denic serves IANA's record of de and DENIC's replies.
func denic(reply string) func(net.Conn, string, string) {
	return func(conn net.Conn, server, query string) {
		switch server + " " + query {
		case "whois.iana.org:43 de":
			io.WriteString(conn, ianaRecord)
		case "whois.denic.de:43 -T dn,ace example.de":
			io.WriteString(conn, reply)
		}
	}
}

// guess404 is a network on which the guessed RDAP servers know no name.
var guess404 = roundTripper(func(req *http.Request) (*http.Response, error) {
	return memory(map[string]http.HandlerFunc{req.URL.Host: say(404, notFound)}).RoundTrip(req)
})

func TestWhois(t *testing.T) {
	boot, dir := writeBootstrap(t, "com", "https://com.example/"), t.TempDir()
	recordedReply := func(suffix, kind string) string {
		for _, r := range recordedReplies(t) {
			if r.suffix == suffix && r.kind == kind {
				return r.reply
			}
		}
		return ""
	}
	for _, tt := range []struct {
		name   string
		serve  func(conn net.Conn, server, query string)
		status Status
		reason Reason
	}{
		{"free", denic(recordedReply("de", "free")), NotRegistered, ""},
		{"taken", denic(recordedReply("de", "taken")), Registered, ""},
		{"quota", denic(recordedReply("de", "quota")), Unconfirmed, RateLimited},
		{"empty", denic(""), Unconfirmed, Unrecognized},
		{"no record of the TLD", func(net.Conn, string, string) {}, Unconfirmed, BadReply},
		{"record of another TLD", func(c net.Conn, _, _ string) { io.WriteString(c, strings.Replace(ianaRecord, "DE", "DEV", 1)) }, Unconfirmed, BadReply},
		{"no server", func(c net.Conn, _, _ string) { io.WriteString(c, "domain: DE\n") }, Unconfirmed, NoRDAP},
		{"address as server", func(c net.Conn, _, _ string) { io.WriteString(c, "domain: DE\nwhois: 127.0.0.1\n") }, Unconfirmed, BadReply},
		{"nonsense as server", func(c net.Conn, _, _ string) { io.WriteString(c, "domain: DE\nwhois: a b.example:22\n") }, Unconfirmed, BadReply},
		{"server is down", func(c net.Conn, _, _ string) { io.WriteString(c, "domain: DE\nwhois: down.example\n") }, Unconfirmed, Unreachable},
		{"silent", func(c net.Conn, s, q string) {
			if denic("")(c, s, q); s == "whois.denic.de:43" {
				io.Copy(io.Discard, c)
			}
		}, Unconfirmed, Timeout},
		{"slow", func(c net.Conn, s, q string) {
			denic(recordedReply("de", "free"))(c, s, q)
			if s == "whois.denic.de:43" {
				io.Copy(io.Discard, c)
			}
		}, Unconfirmed, Timeout},
		{"oversized", func(c net.Conn, s, q string) {
			denic(recordedReply("de", "free"))(c, s, q)
			if s == "whois.denic.de:43" {
				io.WriteString(c, strings.Repeat("% \n", maxWhois))
			}
		}, Unconfirmed, BadReply},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &port43{serve: tt.serve}
				c := newClient(t, Options{WHOIS: true, Bootstrap: boot, Transport: guess404, Dial: p.dial, CacheDir: filepath.Join(dir, tt.name)})
				start := time.Now()
				a := c.Ask(t.Context(), "example.de")
				if a.Status != tt.status || a.Reason != tt.reason || a.Source != "whois" {
					t.Errorf("%+v, want %v %q\nasked %q", a, tt.status, tt.reason, p.asked)
				}
				if d := time.Since(start); d > 20*time.Second {
					t.Errorf("took %v", d)
				}
			})
		})
	}
}

// WHOIS is asked only where there is no RDAP, only about names that the registry of
// the TLD registers, only when that is wanted, and not when RDAP has given the answer.
func TestWhoisOnlyWithoutRDAP(t *testing.T) {
	for _, tt := range []struct {
		name   string
		whois  bool
		guess  http.HandlerFunc
		source string
		asked  bool
	}{
		{"example.de", true, say(404, notFound), "whois", true},
		{"example.de", true, say(500, ""), "whois", true},
		{"example.de", true, say(200, `{"objectClassName":"domain"}`), "rdap", false},
		{"example.de", false, say(404, notFound), "rdap", false},
		{"example.com", true, say(500, ""), "rdap", false},
		{"example.eu", true, say(500, ""), "rdap", false}, // listed below
		{"example.cn", true, nil, "whois", true},
		{"example.com.cn", true, nil, "whois", true},
		{"www.example.cn", true, nil, "", false},
		{"example.com.ru", true, nil, "", false},
	} {
		p := &port43{serve: denic("Domain: example.de\nStatus: free\n")}
		c := newClient(t, Options{WHOIS: tt.whois, Dial: p.dial,
			Bootstrap: writeBootstrap(t, "com", "https://com.example/", "eu", "https://com.example/"),
			Transport: memory(map[string]http.HandlerFunc{"com.example": tt.guess, "rdap.denic.de": tt.guess})})
		if a := c.Ask(t.Context(), tt.name); a.Source != tt.source || (len(p.asked) > 0) != tt.asked {
			t.Errorf("%s: %+v, asked %q", tt.name, a, p.asked)
		}
	}
}

// IANA is asked once for a TLD and the answer kept for the next run.
func TestWhoisServersAreKept(t *testing.T) {
	boot, dir := writeBootstrap(t, "com", "https://com.example/"), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		run := func(names, wantIANA int) {
			t.Helper()
			p := &port43{serve: denic("Domain: example.de\nStatus: free\n")}
			var log bytes.Buffer
			c := newClient(t, Options{WHOIS: true, Bootstrap: boot, CacheDir: dir, Transport: guess404, Dial: p.dial, Log: slog.New(slog.NewTextHandler(&log, nil))})
			for range names {
				if a := c.Ask(t.Context(), "example.de"); a.Status != NotRegistered {
					t.Errorf("%+v", a)
				}
			}
			if n := strings.Count(strings.Join(p.asked, "\n"), "iana"); n != wantIANA || len(p.asked) != names+wantIANA {
				t.Errorf("asked %q, want IANA %d times", p.asked, wantIANA)
			}
		}
		run(3, 1)
		run(3, 0)
		sleep(t.Context(), whoisFresh)
		run(1, 1)
		if err := os.WriteFile(filepath.Join(dir, whoisFile), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		run(1, 1)
		run(1, 0)
		future := map[string]whoisServer{"de": {"evil.example:43", time.Now().Add(whoisFresh + 1)}}
		if err := cache(dir).store(whoisFile, future); err != nil {
			t.Fatal(err)
		}
		run(1, 1)
	})
}

// A server that refuses is asked no faster than its back-off, and then left alone.
func TestWhoisQuota(t *testing.T) {
	boot, dir := writeBootstrap(t, "com", "https://com.example/"), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p := &port43{serve: denic("% Error: 55000000002 Connection refused; access control limit reached.\n")}
		c := newClient(t, Options{WHOIS: true, Bootstrap: boot, CacheDir: dir, Transport: guess404, Dial: p.dial})
		start := time.Now()
		reasons := make(map[Reason]int)
		for range 20 {
			a := c.Ask(t.Context(), "example.de")
			reasons[a.Reason]++
		}
		if reasons[RateLimited] != 2 || reasons[CircuitOpen] != 18 || len(p.asked) != 1+maxStrikes {
			t.Errorf("reasons %v, asked %d times", reasons, len(p.asked))
		}
		if d := time.Since(start); d < 4*firstBackOff {
			t.Errorf("asked %d times in %v", maxStrikes, d)
		}
	})
}

func TestWhoisCanceled(t *testing.T) {
	boot, dir := writeBootstrap(t, "com", "https://com.example/"), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p := &port43{serve: func(c net.Conn, s, q string) { io.Copy(io.Discard, c) }}
		c := newClient(t, Options{WHOIS: true, Bootstrap: boot, CacheDir: dir, Transport: guess404, Dial: p.dial})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if a := c.Ask(ctx, "example.de"); a.Reason != Canceled || time.Since(start) != time.Second {
			t.Errorf("%+v after %v", a, time.Since(start))
		}
	})
}

// A reply that does not carry the name is not taken without saying so.
func TestWhoisNote(t *testing.T) {
	boot := writeBootstrap(t, "com", "https://com.example/")
	for _, r := range recordedReplies(t) {
		if r.kind != "free" && r.kind != "taken" {
			continue
		}
		p := &port43{serve: func(conn net.Conn, server, query string) {
			if server == "whois.iana.org:43" {
				fmt.Fprintf(conn, "domain: %s\nwhois: whois.example\n", query)
				return
			}
			io.WriteString(conn, r.reply)
		}}
		c := newClient(t, Options{WHOIS: true, Bootstrap: boot, Transport: guess404, Dial: p.dial})
		a := c.Ask(t.Context(), "example."+r.suffix)
		unnamed := r.kind == "free" && strings.Contains("at io jp me ru", lastLabel(r.suffix))
		if a.Source != "whois" || a.Status == Unconfirmed || (a.Note != "") != unnamed {
			t.Errorf("%s %s: %+v", r.suffix, r.kind, a)
		}
		if got := c.Confirm(t.Context(), "example."+r.suffix); got.Note != a.Note {
			t.Errorf("%s %s: %+v", r.suffix, r.kind, got)
		}
	}
}
