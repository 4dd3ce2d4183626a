package rdap

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestParseTable(t *testing.T) {
	table, err := parseTable([]byte(`{"version":"1.0","publication":"2026-07-23T02:00:03Z","services":[
		[["Test","co.uk."],["http://a.example/x","https://b.example","ftp://c.example/","https://","https://u@d.example/","https://e.example/?q"]],
		[["none"],["ftp://c.example/"]]]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"https://b.example/", "http://a.example/x/"}
	for _, suffix := range []string{"test", "co.uk"} {
		if got := table.bases[suffix]; !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", suffix, got, want)
		}
	}
	if len(table.bases) != 2 || len(table.hosts) != 2 || !table.hosts["a.example"] {
		t.Errorf("table %+v", table)
	}
}

func TestParseTableErrors(t *testing.T) {
	for _, tt := range []struct{ data, want string }{
		{``, "unexpected end"},
		{`<html>`, "invalid character"},
		{`{}`, "version"},
		{`{"version":"2.0","services":[[["a"],["https://a.example/"]]]}`, "version"},
		{`{"version":"1.0","services":[]}`, "no server"},
		{`{"version":"1.0","services":[[["a"]]]}`, "1 arrays"},
		{`{"version":"1.0","services":[[["a"],["https://a.example/"],[]]]}`, "3 arrays"},
		{`{"version":"1.0","services":[[["a"],[7]]]}`, "cannot unmarshal"},
		{`{"version":"1.0","services":` + strings.Repeat("[", 1000), "nested deeper"},
	} {
		if _, err := parseTable([]byte(tt.data)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.60s: %v, want ... %s ...", tt.data, err, tt.want)
		}
	}
}

// IANA's file as it was in July 2026, where it is at hand.
func TestRealBootstrap(t *testing.T) {
	path := os.Getenv("DOMPROBE_RDAP_BOOTSTRAP")
	if path == "" {
		t.Skip("DOMPROBE_RDAP_BOOTSTRAP does not name a copy of https://data.iana.org/rdap/dns.json")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	table, err := parseTable(data)
	if err != nil {
		t.Fatal(err)
	}
	if len(table.bases) != 1200 {
		t.Errorf("%d TLDs, want 1,200", len(table.bases))
	}
	for suffix, bases := range table.bases {
		for _, base := range bases {
			if u, err := url.Parse(base); err != nil || !strings.HasSuffix(u.Path, "/") || u.Scheme == "http" && suffix != "kg" && suffix != "mg" {
				t.Errorf("%s: %s", suffix, base)
			}
		}
	}
	short, err := builtinTable()
	if err != nil {
		t.Fatal(err)
	}
	for suffix, bases := range short.bases {
		if !slices.Equal(bases, table.bases[suffix]) {
			t.Errorf("built in: %s at %v; in the file: %v", suffix, bases, table.bases[suffix])
		}
	}
	for suffix := range guessed {
		if bases := table.bases[suffix]; bases != nil {
			t.Errorf("guessed: %s, which is in the file: %v", suffix, bases)
		}
	}
}

func TestBuiltin(t *testing.T) {
	table, err := builtinTable()
	if err != nil {
		t.Fatal(err)
	}
	if table.complete || len(table.bases) < 40 {
		t.Errorf("complete %v, %d TLDs", table.complete, len(table.bases))
	}
	for _, tld := range []string{"com", "net", "org", "info", "dev", "app", "xyz", "uk", "fr"} {
		if bases := table.bases[tld]; len(bases) != 1 || scheme(bases[0]) != "https" {
			t.Errorf("%s: %v", tld, bases)
		}
	}
}

// An iana is the server of the bootstrap file and of the TLD test.
type iana struct {
	down   bool
	header http.Header // of a 200
	body   string
	log    []string // requests for the file: "full", "if-none-match X"
}

const ianaURL = "https://iana.example/dns.json"

func (s *iana) handle(w http.ResponseWriter, req *http.Request) {
	tag := req.Header.Get("If-None-Match")
	s.log = append(s.log, strings.TrimSpace("asked "+tag))
	for k, v := range s.header {
		w.Header()[k] = v
	}
	switch {
	case s.down:
		w.WriteHeader(http.StatusServiceUnavailable)
	case tag != "" && tag == s.header.Get("ETag"):
		w.Header().Set("Location", "https://elsewhere.example/dns.json") // redirects nobody
		w.WriteHeader(http.StatusNotModified)
	default:
		fmt.Fprint(w, s.body)
	}
}

// client starts a run: a client with the given cache and what it logs.
func (s *iana) client(t *testing.T, dir string) (*Client, *bytes.Buffer) {
	var log bytes.Buffer
	return newClient(t, Options{
		Bootstrap: ianaURL,
		CacheDir:  dir,
		Log:       slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Transport: memory(map[string]http.HandlerFunc{
			"iana.example":      s.handle,
			"a.example":         say(404, notFound),
			"rdap.verisign.com": say(404, notFound),
		}),
	}), &log
}

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

const smallFile = `{"version":"1.0","services":[[["test"],["https://a.example/"]]]}`

// One run after another on one cache: what each asks of the server.
func TestBootstrapCache(t *testing.T) {
	for _, tt := range []struct {
		name   string
		header http.Header
		pause  time.Duration // between the runs
		want   string        // requests of the second run
	}{
		{"fresh", header("Cache-Control", "public, max-age=600", "ETag", `"1"`), 599 * time.Second, ""},
		{"expired", header("Cache-Control", "max-age=600", "ETag", `"1"`), 600 * time.Second, `asked "1"`},
		{"expired, no tag", header("Cache-Control", "max-age=600"), 600 * time.Second, "asked"},
		{"age counts", header("Cache-Control", "max-age=600", "Age", "100", "ETag", `"1"`), 500 * time.Second, `asked "1"`},
		{"age counts, fresh", header("Cache-Control", "max-age=600", "Age", "100", "ETag", `"1"`), 499 * time.Second, ""},
		{"no-cache", header("Cache-Control", "no-cache", "ETag", `"1"`), 1, `asked "1"`},
		{"no-store", header("Cache-Control", "no-store, max-age=600", "ETag", `"1"`), 1, "asked"},
		{"Expires", header("Expires", "Sat, 01 Jan 2000 01:00:00 GMT"), time.Hour - 1, ""},
		{"Expires, over", header("Expires", "Sat, 01 Jan 2000 01:00:00 GMT"), time.Hour, "asked"},
		{"nothing said", nil, defaultFresh - 1, ""},
		{"nothing said, expired", nil, defaultFresh, "asked"},
		{"for ever", header("Cache-Control", "max-age=2000000000"), maxFresh, "asked"},
		{"nonsense", header("Cache-Control", "max-age=-1"), defaultFresh - 1, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := &iana{header: tt.header, body: smallFile}
				for run := range 2 {
					if run == 1 {
						s.log = nil
						sleep(t.Context(), tt.pause)
					}
					c, log := s.client(t, dir)
					for range 3 {
						if a := c.Ask(t.Context(), "name.test"); a.Status != NotRegistered {
							t.Errorf("%+v", a)
						}
					}
					if log.Len() > 0 {
						t.Errorf("run %d logged %s", run, log)
					}
				}
				if got := strings.Join(s.log, ", "); got != tt.want {
					t.Errorf("second run: %q, want %q", got, tt.want)
				}
			})
		})
	}
}

// A 304 makes the kept file fresh again.
func TestBootstrapRevalidated(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := &iana{header: header("Cache-Control", "max-age=600", "ETag", `"1"`), body: smallFile}
		for range 4 {
			c, _ := s.client(t, dir)
			if a := c.Ask(t.Context(), "name.test"); a.Status != NotRegistered {
				t.Errorf("%+v", a)
			}
			sleep(t.Context(), 400*time.Second)
		}
		if got := strings.Join(s.log, ", "); got != `asked, asked "1"` {
			t.Errorf("requests: %s", got)
		}
	})
}

// Without the network the kept file is used, however old, and a warning given.
func TestBootstrapStale(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := &iana{body: smallFile}
		c, _ := s.client(t, dir)
		c.Ask(t.Context(), "name.test")
		s.down = true
		sleep(t.Context(), 1000*time.Hour)
		c, log := s.client(t, dir)
		for range 3 {
			if a := c.Ask(t.Context(), "name.test"); a.Status != NotRegistered {
				t.Errorf("%+v", a)
			}
		}
		if n := strings.Count(log.String(), "out of date"); n != 1 {
			t.Errorf("%d warnings: %s", n, log)
		}
		if len(s.log) != 2 {
			t.Errorf("requests: %q", s.log)
		}
		s.down = false // the same run tries again, after a while
		sleep(t.Context(), retryFetch)
		if c.Ask(t.Context(), "name.test"); len(s.log) != 3 {
			t.Errorf("requests: %q", s.log)
		}
	})
}

// With neither the network nor a kept file the built-in list serves, and a TLD
// that it does not name is not said to have no RDAP.
func TestBootstrapBuiltin(t *testing.T) {
	for _, s := range []*iana{{down: true}, {body: "<html>please log in</html>"}} {
		c, log := s.client(t, t.TempDir())
		if a := c.Ask(t.Context(), "name.com"); a.Status != NotRegistered || a.Server != "rdap.verisign.com" {
			t.Errorf("%+v", a)
		}
		if a := c.Ask(t.Context(), "name.test"); a.Status != Unconfirmed || a.Reason != NoBootstrap {
			t.Errorf("%+v, want no-bootstrap", a)
		}
		if n := strings.Count(log.String(), "built-in list"); n != 1 || len(s.log) != 1 {
			t.Errorf("%d warnings, %d requests: %s", n, len(s.log), log)
		}
	}
}

// Where a URL of one's own cannot be fetched nobody is asked about the names.
func TestBootstrapOfOnesOwn(t *testing.T) {
	var hosts []string
	c := newClient(t, Options{Bootstrap: "https://own.example/dns.json", Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
		hosts = append(hosts, req.URL.Host)
		return nil, errors.New("down")
	})})
	c.iana = false
	for _, name := range []string{"name.com", "name.de"} {
		if a := c.Ask(t.Context(), name); a.Status != Unconfirmed || a.Reason != NoBootstrap || !strings.Contains(a.Err.Error(), "the bootstrap file cannot be had") {
			t.Errorf("%+v", a)
		}
	}
	if !slices.Equal(hosts, []string{"own.example"}) {
		t.Errorf("requests to %v", hosts)
	}
}

// A clock that was set back does not make a file fresh for ever.
func TestBootstrapFromTheFuture(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	err := cache(dir).store(bootstrapFile, saved{URL: ianaURL, Body: []byte(smallFile),
		Fetched: now.Add(1000 * time.Hour), Expires: now.Add(1001 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	s := &iana{body: smallFile}
	c, _ := s.client(t, dir)
	if a := c.Ask(t.Context(), "name.test"); a.Status != NotRegistered || len(s.log) != 1 {
		t.Errorf("%+v after %d requests", a, len(s.log))
	}
}

// A run killed at any point of writing leaves the kept file as it was, and a
// kept file that is damaged is fetched again.
func TestBootstrapCacheDamaged(t *testing.T) {
	dir := t.TempDir()
	s := &iana{header: header("ETag", `"1"`), body: smallFile}
	c, _ := s.client(t, dir)
	c.Ask(t.Context(), "name.test")
	path := filepath.Join(dir, bootstrapFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	run := func(what, want string) {
		t.Helper()
		s.log = nil
		c, _ := s.client(t, dir)
		if a := c.Ask(t.Context(), "name.test"); a.Status != NotRegistered {
			t.Errorf("%s: %+v", what, a)
		}
		if got := strings.Join(s.log, ", "); got != want {
			t.Errorf("%s: requests %q, want %q", what, got, want)
		}
	}
	for range 20 {
		n := rand.IntN(len(whole))
		if err := os.WriteFile(path+".123.tmp", whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		run(fmt.Sprintf("killed after %d bytes", n), "")
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		run(fmt.Sprintf("kept file cut after %d bytes", n), "asked")
		run("after that", "")
	}
}

// A kept file of another URL is not this one's.
func TestBootstrapOfAnotherURL(t *testing.T) {
	dir := t.TempDir()
	err := cache(dir).store(bootstrapFile, saved{URL: "https://other.example/", ETag: `"1"`, Body: []byte(`{"version":"1.0","services":[[["test"],["https://evil.example/"]]]}`),
		Fetched: time.Now(), Expires: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	s := &iana{header: header("ETag", `"1"`), body: smallFile}
	c, _ := s.client(t, dir)
	if a := c.Ask(t.Context(), "name.test"); a.Status != NotRegistered || strings.Join(s.log, ",") != "asked" {
		t.Errorf("%+v after %q", a, s.log)
	}
}

func TestBootstrapFileErrors(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.json")
	if err := os.WriteFile(bad, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{bad, bad + ".missing"} {
		if c, err := New(Options{Bootstrap: path}); c != nil || err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, %v", path, c, err)
		}
	}
}

func FuzzBootstrap(f *testing.F) {
	f.Add([]byte(smallFile))
	f.Add(builtin)
	f.Add([]byte(`{"version":"1.0","services":[[["a","."],["http://[::1]:80/","https://x:443"]]]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := parseTable(data)
		if err != nil {
			return
		}
		for suffix, bases := range table.bases {
			for _, base := range bases {
				u, err := url.Parse(base + "domain/name.test")
				if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || !table.hosts[hostOf(u)] ||
					!strings.HasSuffix(u.Path, "/domain/name.test") {
					t.Errorf("%q: base %q", suffix, base)
				}
			}
		}
		table.route("name.co.test")
	})
}
