package rdap

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// writeBootstrap makes a bootstrap file of suffix, URL pairs.
func writeBootstrap(t testing.TB, pairs ...string) string {
	t.Helper()
	var services [][][]string
	for i := 0; i < len(pairs); i += 2 {
		services = append(services, [][]string{{pairs[i]}, {pairs[i+1]}})
	}
	data, err := json.Marshal(map[string]any{"version": "1.0", "services": services})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "dns.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// newClient returns a client without a rate limit, with what opts says.
func newClient(t testing.TB, opts Options) *Client {
	t.Helper()
	if opts.CacheDir == "" {
		opts.CacheDir = t.TempDir()
	}
	if opts.Rate == 0 {
		opts.Rate = -1
	}
	if opts.Known == nil {
		opts.Known = func(string) []string { return nil }
	}
	c, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	c.iana = true // but for those that test for it
	t.Cleanup(c.Close)
	return c
}

// newServer starts a TLS server that does not log what clients do to it.
func newServer(h http.HandlerFunc) *httptest.Server {
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	return srv
}

const (
	rdapJSON   = "application/rdap+json"
	registered = `{"objectClassName":"domain","ldhName":"Name.test","status":["active"]}`
	notFound   = `{"errorCode":404,"title":"Not Found","description":["Domain not found"]}`
)

// A scripted response, and what is to be made of it when it comes whole.
type row struct {
	name     string
	code     int
	media    string
	location string
	body     string
	want     Status
	reason   Reason
}

func (r row) readsBody() bool { return r.code == 200 || r.code == 404 }

var rows = []row{
	{"registered", 200, rdapJSON, "", registered, Registered, ""},
	{"registered, charset", 200, "application/json; charset=utf-8", "", registered, Registered, ""},
	{"registered, a JSON type of its own", 200, "application/vnd.example+json", "", registered, Registered, ""},
	{"another name", 200, rdapJSON, "", `{"objectClassName":"domain","ldhName":"other.test"}`, Unconfirmed, BadReply},
	{"not registered in a 200", 200, rdapJSON, "", notFound, NotRegistered, ""},
	{"not registered in a 200, text", 200, rdapJSON, "", `{"errorCode":"404","description":"none"}`, NotRegistered, ""},
	{"not registered", 404, rdapJSON, "", notFound, NotRegistered, ""},
	{"not registered, no error code", 404, rdapJSON, "", `{"rdapConformance":["rdap_level_0"]}`, NotRegistered, ""},
	{"404 without a body", 404, rdapJSON, "", "", Unconfirmed, BadReply},
	{"404 of nothing", 404, rdapJSON, "", "{}", Unconfirmed, BadReply},
	{"404 of a gateway", 404, "application/json", "", `{"message":"no Route matched with those values"}`, Unconfirmed, BadReply},
	{"404 of another gateway", 404, "application/json", "", `{"status":404,"error":"Not Found","path":"/domain/name.test"}`, Unconfirmed, BadReply},
	{"404 that conforms to nothing", 404, rdapJSON, "", `{"rdapConformance":[],"title":"Not Found"}`, Unconfirmed, BadReply},
	{"reserved, by a gateway", 404, rdapJSON, "", `{"description":["The name is reserved by the registry"]}`, Unconfirmed, BadReply},
	{"conformance in a 200", 200, rdapJSON, "", `{"rdapConformance":["rdap_level_0"]}`, Unconfirmed, BadReply},
	{"two classes", 200, rdapJSON, "", `{"objectClassName":"entity","objectClassName":"domain"}`, Unconfirmed, BadReply},
	{"two names", 200, rdapJSON, "", `{"objectClassName":"domain","ldhName":"other.test","ldhName":"name.test"}`, Unconfirmed, BadReply},
	{"two names by case", 200, rdapJSON, "", `{"objectClassName":"domain","ldhName":"other.test","LDHNAME":"name.test"}`, Unconfirmed, BadReply},
	{"two error codes", 404, rdapJSON, "", `{"errorCode":429,"errorCode":404}`, Unconfirmed, BadReply},
	{"two statuses", 200, rdapJSON, "", `{"objectClassName":"domain","status":["active"],"status":[]}`, Unconfirmed, BadReply},
	{"two roles of an entity", 200, rdapJSON, "", `{"objectClassName":"domain","entities":[{"roles":["abuse"],"roles":["registrar"]}]}`, Unconfirmed, BadReply},
	{"reserved", 404, rdapJSON, "", `{"errorCode":404,"description":["The name is reserved by the registry"]}`, Reserved, ""},
	{"reserved in a 200", 200, rdapJSON, "", `{"errorCode":404,"title":"Reserved"}`, Reserved, ""},
	{"withheld", 404, rdapJSON, "", `{"errorCode":404,"title":"Not available for registration"}`, Reserved, ""},
	{"rights reserved", 404, rdapJSON, "", `{"errorCode":404,"description":["Not found. All rights reserved."]}`, NotRegistered, ""},
	{"not reserved", 404, rdapJSON, "", `{"errorCode":404,"description":["The domain is neither registered nor reserved."]}`, NotRegistered, ""},
	{"reserved elsewhere", 404, rdapJSON, "", `{"errorCode":404,"description":["The domain was not found. Reserved names are listed at https://registry.example/."]}`, NotRegistered, ""},
	{"reserved perhaps", 404, rdapJSON, "", `{"errorCode":404,"description":["The name may be reserved."]}`, Unconfirmed, Unrecognized},
	{"refused 429", 429, rdapJSON, "", `{"errorCode":429}`, Unconfirmed, RateLimited},
	{"refused 403", 403, rdapJSON, "", `{"errorCode":403,"title":"number of queries exceeded"}`, Unconfirmed, RateLimited},
	{"refused 422", 422, rdapJSON, "", `{"errorCode":422,"title":"too fast"}`, Unconfirmed, RateLimited},
	{"400", 400, rdapJSON, "", `{"errorCode":400}`, Unconfirmed, HTTPError},
	{"401", 401, rdapJSON, "", `{"errorCode":401}`, Unconfirmed, HTTPError},
	{"204", 204, "", "", "", Unconfirmed, HTTPError},
	{"500", 500, rdapJSON, "", registered, Unconfirmed, HTTPError},
	{"501", 501, rdapJSON, "", notFound, Unconfirmed, HTTPError},
	{"503", 503, "text/html", "", "<html>", Unconfirmed, HTTPError},
	{"HTML 200", 200, "text/html", "", "<html>not registered</html>", Unconfirmed, BadReply},
	{"HTML 404", 404, "text/html", "", "<html>404</html>", Unconfirmed, BadReply},
	{"wrong type", 200, "text/plain", "", registered, Unconfirmed, BadReply},
	{"no type", 404, "-", "", notFound, Unconfirmed, BadReply},
	{"empty 200", 200, rdapJSON, "", "", Unconfirmed, BadReply},
	{"no JSON", 404, rdapJSON, "", "not found", Unconfirmed, BadReply},
	{"null", 404, rdapJSON, "", "null", Unconfirmed, BadReply},
	{"array", 200, rdapJSON, "", "[" + registered + "]", Unconfirmed, BadReply},
	{"nothing said", 200, rdapJSON, "", "{}", Unconfirmed, BadReply},
	{"two objects", 200, rdapJSON, "", registered + notFound, Unconfirmed, BadReply},
	{"another object", 200, rdapJSON, "", `{"objectClassName":"entity"}`, Unconfirmed, BadReply},
	{"contradiction", 200, rdapJSON, "", `{"objectClassName":"domain","errorCode":404}`, Unconfirmed, BadReply},
	{"domain in a 404", 404, rdapJSON, "", registered, Unconfirmed, BadReply},
	{"error 429 in a 404", 404, rdapJSON, "", `{"errorCode":429}`, Unconfirmed, BadReply},
	{"error 429 in a 404 that conforms", 404, rdapJSON, "", `{"rdapConformance":["rdap_level_0"],"errorCode":429}`, Unconfirmed, BadReply},
	{"error 500 in a 200", 200, rdapJSON, "", `{"errorCode":500}`, Unconfirmed, BadReply},
	{"deep", 200, rdapJSON, "", `{"objectClassName":"domain","x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}", Unconfirmed, BadReply},
	{"redirect loop", 302, "", "name.test", "", Unconfirmed, BadRedirect},
	{"redirect to http", 301, "", "http://HOST/domain/name.test", "", Unconfirmed, BadRedirect},
	{"redirect to another host", 302, "", "https://other.example/domain/name.test", "", Unconfirmed, BadRedirect},
	{"redirect to another port", 302, "", "https://127.0.0.1:22/domain/name.test", "", Unconfirmed, BadRedirect},
	{"redirect to a private address", 307, "", "https://192.168.0.1/", "", Unconfirmed, BadRedirect},
	{"redirect to a file", 308, "", "file:///etc/hosts", "", Unconfirmed, BadRedirect},
	{"redirect to nowhere", 302, "", "", "", Unconfirmed, BadReply},
	{"redirect nonsense", 302, "", "https://[", "", Unconfirmed, BadRedirect},
}

// play answers with a row, whole or damaged.
func play(w http.ResponseWriter, req *http.Request, r row, damage string) {
	stall := func() {
		w.(http.Flusher).Flush()
		<-req.Context().Done()
	}
	if damage == "silent" {
		<-req.Context().Done()
		return
	}
	if r.media != "" {
		w.Header().Set("Content-Type", r.media)
	}
	if r.media == "-" {
		w.Header()["Content-Type"] = nil
	}
	if r.location != "" {
		w.Header().Set("Location", strings.ReplaceAll(r.location, "HOST", req.Host))
	}
	if damage == "cut" && r.code != 204 {
		w.Header().Set("Content-Length", fmt.Sprint(len(r.body)+10))
	}
	w.WriteHeader(r.code)
	switch damage {
	case "slow":
		fmt.Fprint(w, r.body[:len(r.body)/2])
		stall()
	case "cut":
		fmt.Fprint(w, r.body)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	default:
		fmt.Fprint(w, r.body)
	}
	if damage == "oversized" {
		pad := strings.Repeat(" ", 64<<10)
		for range 20 {
			fmt.Fprint(w, pad)
		}
	}
}

func TestReplies(t *testing.T) {
	for _, r := range rows {
		for _, damage := range []string{"", "silent", "slow", "cut", "oversized"} {
			t.Run(strings.TrimSpace(r.name+" "+damage), func(t *testing.T) {
				t.Parallel()
				srv := newServer(func(w http.ResponseWriter, req *http.Request) {
					if accept := req.Header.Get("Accept"); accept != rdapJSON || req.UserAgent() != "domprobe/1" {
						t.Errorf("asked with Accept %q, User-Agent %q", accept, req.UserAgent())
					}
					if req.URL.Path != "/domain/name.test" {
						t.Errorf("asked for %s", req.URL.Path)
					}
					play(w, req, r, damage)
				})
				defer srv.Close()
				timeout := time.Minute
				if damage == "silent" || damage == "slow" && r.readsBody() {
					timeout = 50 * time.Millisecond
				}
				c := newClient(t, Options{
					Transport: srv.Client().Transport,
					UserAgent: "domprobe/1",
					Bootstrap: writeBootstrap(t, "test", srv.URL+"/"),
					Timeout:   timeout,
					MaxWait:   time.Millisecond,
				})
				status, reason := r.want, r.reason
				switch {
				case damage == "silent", damage == "slow" && r.readsBody():
					status, reason = Unconfirmed, Timeout
				case damage != "" && r.readsBody():
					status, reason = Unconfirmed, BadReply
				}
				a := c.Ask(t.Context(), "NAME.test.")
				if a.Status != status || a.Reason != reason {
					t.Fatalf("%v %q (%v), want %v %q", a.Status, a.Reason, a.Err, status, reason)
				}
				if a.Source != "rdap" || a.Server != strings.TrimPrefix(srv.URL, "https://") {
					t.Errorf("source %q, server %q", a.Source, a.Server)
				}
				if (a.Err != nil) != (status == Unconfirmed) {
					t.Errorf("error %v with status %v", a.Err, status)
				}
			})
		}
	}
}

func TestRedirects(t *testing.T) {
	for _, tt := range []struct {
		hops   int
		status Status
		reason Reason
	}{
		{1, Registered, ""},
		{3, Registered, ""},
		{4, Unconfirmed, BadRedirect},
	} {
		srv := newServer(func(w http.ResponseWriter, req *http.Request) {
			if n := strings.Count(req.URL.Path, "x"); n < tt.hops {
				http.Redirect(w, req, req.URL.Path+"x", http.StatusFound)
				return
			}
			play(w, req, rows[0], "")
		})
		c := newClient(t, Options{Transport: srv.Client().Transport, Bootstrap: writeBootstrap(t, "test", srv.URL), Timeout: time.Minute})
		if a := c.Ask(t.Context(), "name.test"); a.Status != tt.status || a.Reason != tt.reason {
			t.Errorf("%d redirects: %v %q (%v), want %v %q", tt.hops, a.Status, a.Reason, a.Err, tt.status, tt.reason)
		}
		srv.Close()
	}
}

// A redirect keeps what protects the question, or adds to it.
func TestRedirectSchemes(t *testing.T) {
	for _, tt := range []struct {
		from, to string
		want     Reason
	}{{"https", "https", ""}, {"http", "https", ""}, {"http", "http", ""}, {"https", "http", BadRedirect}} {
		c := newClient(t, Options{
			Bootstrap: writeBootstrap(t, "test", tt.from+"://a.example/"),
			Transport: memory(map[string]http.HandlerFunc{"a.example": func(w http.ResponseWriter, req *http.Request) {
				if req.URL.Path == "/2" {
					say(200, registered)(w, req)
					return
				}
				http.Redirect(w, req, tt.to+"://a.example/2", http.StatusFound)
			}}),
		})
		if a := c.Ask(t.Context(), "name.test"); a.Reason != tt.want {
			t.Errorf("from %s to %s: %+v, want %q", tt.from, tt.to, a, tt.want)
		}
	}
}

// A redirect that would lead to an answer is refused for the way it goes.
func TestRedirectsRefused(t *testing.T) {
	for _, location := range []string{
		"http://a.example/2", "https://me@a.example/2", "https://me:word@a.example/2", "https://a.example:8443/2",
		"https://b.example/2", "//b.example/2", "ftp://a.example/2", "https://a.example./2",
		"https://10.0.0.1/2", "https://100.64.0.1/2", "https://169.254.169.254/2", "https://0.0.0.0/2", "https://2130706433/2",
		"https://[::1]/2", "https://[::ffff:10.0.0.1]/2", "https://[64:ff9b::a00:1]/2", "https://[fe80::1]/2",
	} {
		asked := 0
		c := newClient(t, Options{
			Bootstrap: writeBootstrap(t, "test", "https://a.example/"),
			Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
				asked++
				w := httptest.NewRecorder()
				if asked == 1 {
					http.Redirect(w, req, location, http.StatusFound)
				} else {
					say(200, registered)(w, req)
				}
				return w.Result(), nil
			}),
		})
		if a := c.Ask(t.Context(), "name.test"); a.Reason != BadRedirect || asked != 1 {
			t.Errorf("%s: %+v after %d requests", location, a, asked)
		}
	}
}

// A private address may be redirected to if the bootstrap file names it.
func TestRedirectToNamedAddress(t *testing.T) {
	c := newClient(t, Options{
		Bootstrap: writeBootstrap(t, "test", "https://a.example/", "com", "https://10.0.0.1/"),
		Transport: memory(map[string]http.HandlerFunc{
			"a.example": func(w http.ResponseWriter, req *http.Request) {
				http.Redirect(w, req, "https://10.0.0.1"+req.URL.Path, http.StatusFound)
			},
			"10.0.0.1": say(200, registered),
		}),
	})
	if a := c.Ask(t.Context(), "name.test"); a.Status != Registered || a.Server != "10.0.0.1" {
		t.Errorf("%+v", a)
	}
}

// A host that the bootstrap file names may be redirected to, and what it says
// is registered is. That it does not know a name of another TLD means nothing.
func TestRedirectToNamedHost(t *testing.T) {
	code := http.StatusOK
	mux := map[string]http.HandlerFunc{
		"one.example": func(w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, "https://two.example"+req.URL.Path, http.StatusMovedPermanently)
		},
		"two.example": func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("Content-Type", rdapJSON)
			w.WriteHeader(code)
			fmt.Fprint(w, map[int]string{200: registered, 404: notFound}[code])
		},
	}
	c := newClient(t, Options{
		Transport: memory(mux),
		Bootstrap: writeBootstrap(t, "test", "https://one.example/", "com", "https://two.example/"),
	})
	if a := c.Ask(t.Context(), "name.test"); a.Status != Registered || a.Server != "two.example" {
		t.Errorf("200 after a redirect: %+v", a)
	}
	code = http.StatusNotFound
	if a := c.Ask(t.Context(), "name.test"); a.Status != Unconfirmed || a.Reason != NotAuthoritative {
		t.Errorf("404 after a redirect: %+v", a)
	}
}

// memory is a network of hosts that answer without a connection.
func memory(hosts map[string]http.HandlerFunc) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		h := hosts[req.URL.Host]
		if h == nil {
			return nil, errors.New("no such host")
		}
		w := httptest.NewRecorder()
		h(w, req)
		if err := req.Context().Err(); err != nil {
			return nil, err
		}
		return w.Result(), nil
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// say answers every request with one status and body.
func say(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", rdapJSON)
		w.WriteHeader(code)
		fmt.Fprint(w, body)
	}
}

func TestCertificateNotValid(t *testing.T) {
	srv := newServer(say(404, notFound))
	defer srv.Close()
	c := newClient(t, Options{Bootstrap: writeBootstrap(t, "test", srv.URL)}) // does not trust srv
	if a := c.Ask(t.Context(), "name.test"); a.Status != Unconfirmed || a.Reason != Unreachable {
		t.Errorf("%+v, want unreachable", a)
	}
}

// A reply that unpacks to more than there may be, and headers beyond all
// measure, are refused by the Client's own transport, by HTTP/1.1 and HTTP/2.
func TestOwnTransport(t *testing.T) {
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if req.Proto != proto {
				t.Errorf("asked by %s, want %s", req.Proto, proto)
			}
			w.Header().Set("Content-Type", rdapJSON)
			switch what, _, _ := strings.Cut(path.Base(req.URL.Path), "."); what {
			case "bomb":
				w.Header().Set("Content-Encoding", "gzip")
				z := gzip.NewWriter(w)
				defer z.Close()
				fmt.Fprint(z, `{"objectClassName":"domain"}`, strings.Repeat(" ", 1<<20))
			case "packed":
				w.Header().Set("Content-Encoding", "gzip")
				z := gzip.NewWriter(w)
				defer z.Close()
				fmt.Fprint(z, `{"objectClassName":"domain"}`)
			case "header":
				w.Header().Set("X-Long", strings.Repeat("x", 128<<10))
				fmt.Fprint(w, `{"objectClassName":"domain"}`)
			}
		}))
		srv.Config.ErrorLog = log.New(io.Discard, "", 0)
		srv.EnableHTTP2 = proto == "HTTP/2.0"
		srv.StartTLS()
		c := newClient(t, Options{Bootstrap: writeBootstrap(t, "test", srv.URL), Timeout: time.Minute})
		c.opts.Transport.(*http.Transport).TLSClientConfig = srv.Client().Transport.(*http.Transport).TLSClientConfig
		for name, want := range map[string]Reason{"packed.test": "", "bomb.test": BadReply, "header.test": Unreachable} {
			if a := c.Ask(t.Context(), name); a.Reason != want || (a.Status == Registered) != (want == "") {
				t.Errorf("%s by %s: %+v, want %q", name, proto, a, want)
			}
		}
		srv.Close()
	}
}

// Who is asked, and what a 404 of theirs is worth.
func TestServers(t *testing.T) {
	boot := []string{
		"com", "https://com.example/",
		"uk", "https://uk.example/",
		"co.uk", "https://couk.example/",
		"mg", "http://mg.example",
	}
	for _, tt := range []struct {
		name, server string
		status       Status
		reason       Reason
	}{
		{"free.com", "com.example", NotRegistered, ""},
		{"free.us.com", "com.example", Unconfirmed, NotAuthoritative},
		{"free.org.uk", "uk.example", NotRegistered, ""},
		{"free.a.org.uk", "uk.example", Unconfirmed, NotAuthoritative},
		{"free.co.uk", "couk.example", NotRegistered, ""},
		{"free.mg", "mg.example", NotRegistered, ""},
		{"free.io", "rdap.identitydigital.services", Unconfirmed, NotAuthoritative},
		{"free.de", "rdap.denic.de", Unconfirmed, NotAuthoritative},
		{"reserved.de", "rdap.denic.de", Unconfirmed, NotAuthoritative},
		{"reserved.com", "com.example", Reserved, ""},
		{"taken.de", "rdap.denic.de", Registered, ""},
		{"free.cn", "", Unconfirmed, NoRDAP},
		{"free", "", Unconfirmed, BadName},
		{"a/../b.com", "", Unconfirmed, BadName},
		{"a\r\nb.com", "", Unconfirmed, BadName},
		{"", "", Unconfirmed, BadName},
		{"a..com", "", Unconfirmed, BadName},
		{strings.Repeat("a", 64) + ".com", "", Unconfirmed, BadName},
		{"é.com", "", Unconfirmed, BadName},
	} {
		asked := ""
		c := newClient(t, Options{
			Bootstrap: writeBootstrap(t, boot...),
			Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
				asked = req.URL.Host
				w := httptest.NewRecorder()
				switch what, _, _ := strings.Cut(tt.name, "."); what {
				case "taken":
					say(200, `{"objectClassName":"domain"}`)(w, req)
				case "reserved":
					say(404, `{"errorCode":404,"title":"Reserved"}`)(w, req)
				default:
					say(404, notFound)(w, req)
				}
				return w.Result(), nil
			}),
		})
		a := c.Ask(t.Context(), tt.name)
		if a.Status != tt.status || a.Reason != tt.reason || asked != tt.server || a.Server != tt.server {
			t.Errorf("%q: %v %q, asked %q, server %q (%v); want %v %q from %q",
				tt.name, a.Status, a.Reason, asked, a.Server, a.Err, tt.status, tt.reason, tt.server)
		}
	}
}

// The second URL of a service is asked when the first is of no use.
func TestNextServer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dns.json")
	data := `{"version":"1.0","services":[[["test"],["http://c.example/","https://a.example/","https://b.example/"]]]}`
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	var asked []string
	c := newClient(t, Options{Bootstrap: path, Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
		asked = append(asked, req.URL.Host)
		return memory(map[string]http.HandlerFunc{
			"b.example": say(500, ""),
			"c.example": say(404, notFound),
		}).RoundTrip(req)
	})})
	if a := c.Ask(t.Context(), "name.test"); a.Status != NotRegistered {
		t.Errorf("%+v", a)
	}
	if got := strings.Join(asked, " "); got != "a.example b.example c.example" {
		t.Errorf("asked %s", got)
	}
}

// Whoever gives up while one server is asked has the word of that one.
func TestNextServerCanceled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dns.json")
	data := `{"version":"1.0","services":[[["test"],["https://a.example/","https://b.example/"]]]}`
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	c := newClient(t, Options{Bootstrap: path, Transport: memory(map[string]http.HandlerFunc{
		"a.example": func(http.ResponseWriter, *http.Request) { cancel() },
		"b.example": say(200, registered),
	})})
	if a := c.Ask(ctx, "name.test"); a.Reason != Canceled || a.Server != "a.example" {
		t.Errorf("%+v", a)
	}
}

func TestConcurrentUse(t *testing.T) {
	srv := newServer(func(w http.ResponseWriter, req *http.Request) {
		name := strings.TrimPrefix(req.URL.Path, "/domain/")
		if strings.HasPrefix(name, "taken") {
			say(200, fmt.Sprintf(`{"objectClassName":"domain","ldhName":%q}`, name))(w, req)
			return
		}
		say(404, notFound)(w, req)
	})
	defer srv.Close()
	c := newClient(t, Options{
		Transport: srv.Client().Transport,
		Bootstrap: writeBootstrap(t, "test", srv.URL),
		InFlight:  8,
		Timeout:   time.Minute,
	})
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			name, want := fmt.Sprintf("taken%d.test", i), Registered
			if i%2 == 0 {
				name, want = fmt.Sprintf("free%d.test", i), NotRegistered
			}
			if a := c.Ask(t.Context(), name); a.Status != want {
				t.Errorf("%s: %+v, want %v", name, a, want)
			}
			if _, err := c.Lookup(t.Context(), name); (err == nil) != (want == Registered) {
				t.Errorf("looking up %s: %v", name, err)
			}
		})
	}
	wg.Wait()
}

func TestLookupErrors(t *testing.T) {
	for _, tt := range []struct {
		code int
		body string
		want error
	}{
		{404, notFound, ErrNotRegistered},
		{404, `{"errorCode":404,"description":["reserved name"]}`, ErrReserved},
	} {
		c := newClient(t, Options{
			Bootstrap: writeBootstrap(t, "test", "https://a.example/"),
			Transport: memory(map[string]http.HandlerFunc{"a.example": say(tt.code, tt.body)}),
		})
		if d, err := c.Lookup(t.Context(), "name.test"); d != nil || !errors.Is(err, tt.want) {
			t.Errorf("%v, %v; want %v", d, err, tt.want)
		}
		var e *Error
		if _, err := c.Lookup(t.Context(), "name.cn"); !errors.As(err, &e) || e.Reason != NoRDAP {
			t.Errorf("TLD without RDAP: %v", err)
		}
	}
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough names")
	cancel(why)
	c := newClient(t, Options{Bootstrap: writeBootstrap(t, "test", "https://a.example/")})
	if a := c.Ask(ctx, "name.test"); a.Reason != Canceled || !errors.Is(a.Err, why) {
		t.Errorf("%+v, want canceled", a)
	}
}

func TestNewChecksOptions(t *testing.T) {
	for _, o := range []Options{{InFlight: -1}, {Timeout: -1}, {MaxWait: -1}, {MaxBody: -1}} {
		if c, err := New(o); err == nil || c != nil {
			t.Errorf("New(%+v) = %v, %v", o, c, err)
		}
	}
}
