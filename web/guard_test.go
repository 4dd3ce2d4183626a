package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// answer serves a request without a network.
func answer(s *Server, method, url string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(method, url, nil))
	return w
}

// begin sends a request. The function that it returns makes the client leave.
func begin(t testing.TB, client *http.Client, method, url, body string) (leave func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body == "" {
		r.Body = http.NoBody
	}
	jsonBody(r)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if resp, err := client.Do(r); err == nil {
			<-ctx.Done()
			resp.Body.Close()
		}
	}()
	leave = func() {
		cancel()
		<-done
	}
	t.Cleanup(leave)
	return leave
}

func TestRefused(t *testing.T) {
	server := serve(t, Options{Prober: &script{}, MaxNames: 10, MaxBody: 500, Hosts: []string{"names.example"}})
	const path = "/v1/probe"
	big := `{"keyword":["` + strings.Repeat("a", 600) + `"]}`
	chunked := func(r *http.Request) { r.ContentLength = -1 }
	sameSite := func(origin string) change {
		return func(r *http.Request) {
			header("Origin", fmt.Sprintf(origin, r.URL.Host))(r)
			header("Sec-Fetch-Site", "same-origin")(r)
		}
	}
	tests := []struct {
		name, method, path, body string
		change                   change
		status                   int
		detail                   string
	}{
		{"wrong host", "GET", path + "?keyword=go.dev", "", host("evil.example"), 421, "not called"},
		{"wrong host for the page", "GET", "/", "", host("evil.example:8053"), 421, "not called"},
		{"host that only looks like one", "GET", path, "", host("127.0.0.1.evil.example"), 421, "not called"},
		{"given host", "GET", path + "?keyword=go.dev", "", host("Names.Example:8053"), 200, ""},
		{"localhost", "GET", path + "?keyword=go.dev", "", host("localhost:1"), 200, ""},
		{"IPv6", "GET", path + "?keyword=go.dev", "", host("[::1]:8053"), 200, ""},
		{"address of another machine", "GET", path, "", host("192.0.2.1:8053"), 421, "not called"},
		{"origin with a user", "POST", path, `{"keyword":["go.dev"]}`, sameSite("http://evil.example@%s"), 403, "other sites"},
		{"origin without a scheme", "POST", path, `{"keyword":["go.dev"]}`, sameSite("//%s"), 403, "other sites"},
		{"origin of another scheme", "POST", path, `{"keyword":["go.dev"]}`, sameSite("ftp://%s"), 403, "other sites"},
		{"origin with a path", "POST", path, `{"keyword":["go.dev"]}`, sameSite("http://%s/"), 403, "other sites"},
		{"origin of a proxy with TLS", "POST", path, `{"keyword":["go.dev"]}`, sameSite("https://%s"), 200, ""},
		{"cross-origin POST", "POST", path, `{"keyword":["go.dev"]}`, header("Origin", "http://evil.example"), 403, "other sites"},
		{"null origin", "POST", path, `{"keyword":["go.dev"]}`, header("Origin", "null"), 403, "other sites"},
		{"origin of another port", "POST", path, `{"keyword":["go.dev"]}`, header("Origin", "http://127.0.0.1:1"), 403, "other sites"},
		{"cross-site POST", "POST", path, `{"keyword":["go.dev"]}`, header("Sec-Fetch-Site", "cross-site"), 403, "other sites"},
		{"same-site GET", "GET", path + "?keyword=go.dev", "", header("Sec-Fetch-Site", "same-site"), 403, "other sites"},
		{"cross-site login", "POST", "/login", "token=x", header("Sec-Fetch-Site", "cross-site"), 403, "other sites"},
		{"link to the page", "GET", "/", "", header("Sec-Fetch-Site", "cross-site"), 200, ""},
		{"own origin", "POST", path, `{"keyword":["go.dev"]}`, sameSite("http://%s"), 200, ""},
		{"resolver", "GET", path + "?keyword=go.dev&resolver=192.0.2.1", "", nil, 400, `\"resolver\" is not known`},
		{"resolver in the body", "POST", path, `{"keyword":["go.dev"],"resolver":["192.0.2.1"]}`, nil, 400, `\"resolver\" is not known`},
		{"parameters of a POST", "POST", path + "?keyword=go.dev", `{}`, nil, 400, "from the body"},
		{"no keyword", "GET", path + "?tld=dev", "", nil, 400, "no keyword"},
		{"no TLD", "GET", path + "?keyword=go", "", nil, 400, "no TLD"},
		{"bad TLD", "GET", path + "?keyword=go&tld=a_b", "", nil, 400, "TLD"},
		{"bad preset", "GET", path + "?keyword=go&preset=nosuch", "", nil, 400, "preset"},
		{"bad prefix", "GET", path + "?keyword=go&tld=dev&prefix=a.b", "", nil, 400, "prefix"},
		{"bad verdict", "GET", path + "?keyword=go.dev&only=free", "", nil, 400, "free"},
		{"bad format", "GET", path + "?keyword=go.dev&format=xml", "", nil, 400, "csv, json, jsonl"},
		{"two formats", "GET", path + "?keyword=go.dev&format=csv&format=json", "", nil, 400, "one word"},
		{"bad escape", "GET", path + "?keyword=%zz", "", nil, 400, "cannot be read"},
		{"too many names", "GET", path + "?keyword=a,b,c,d&tld=dev,io,com", "", nil, 413, "more than 10 names"},
		{"bad JSON", "POST", path, `{"keyword":`, nil, 400, "cannot be read"},
		{"wrong JSON", "POST", path, `["go"]`, nil, 400, "cannot be read"},
		{"two values", "POST", path, `{"keyword":["go.dev"]} {}`, nil, 400, "more than one"},
		{"empty body", "POST", path, "", nil, 400, "cannot be read"},
		{"form", "POST", path, "keyword=go.dev", header("Content-Type", "application/x-www-form-urlencoded"), 415, "application/json"},
		{"oversized body", "POST", path, big, nil, 413, "over 500"},
		{"oversized body of unknown length", "POST", path, big, chunked, 413, "over 500"},
		{"confirm without a registry", "POST", "/v1/names/go.dev/confirm", "", nil, 501, "registries"},
		{"name with parameters", "GET", "/v1/names/go.dev?resolver=192.0.2.1", "", nil, 400, "no parameters"},
		{"wrong method", "DELETE", path, "", nil, 405, "DELETE"},
		{"GET with a body", "GET", path + "?keyword=go.dev", "?", nil, 400, "no body"},
		{"GET with a body of unknown length", "GET", "/healthz", "?", chunked, 400, "no body"},
		{"no such path", "GET", "/v2/probe", "", nil, 404, "nothing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			changes := []change{jsonBody}
			if tt.change != nil {
				changes = append(changes, tt.change)
			}
			resp, body := do(t, server, tt.method, tt.path, tt.body, changes...)
			if resp.StatusCode != tt.status {
				t.Fatalf("%d %s, want %d", resp.StatusCode, body, tt.status)
			}
			if !strings.Contains(body, tt.detail) {
				t.Errorf("%s, want %q", body, tt.detail)
			}
			if tt.status >= 400 && tt.method != "HEAD" {
				checkProblem(t, resp, body)
			}
			if resp.Header.Get("Content-Security-Policy") != contentPolicy {
				t.Error("no Content-Security-Policy")
			}
		})
	}
}

// checkProblem checks the form of a refusal.
func checkProblem(t *testing.T, resp *http.Response, body string) {
	t.Helper()
	var p struct {
		Title, Detail string
		Status        int
	}
	if err := json.Unmarshal([]byte(body), &p); err != nil || p.Status != resp.StatusCode || p.Title == "" || p.Detail == "" {
		t.Errorf("not a problem: %s (%v)", body, err)
	}
	if got := resp.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("type %s", got)
	}
}

func TestToken(t *testing.T) {
	const token = "correct horse battery staple"
	server := serve(t, Options{Prober: &script{}, Token: token})
	bearer := func(s string) change { return header("Authorization", "Bearer "+s) }
	for _, path := range []string{"/v1/probe?keyword=go.dev", "/v1/names/go.dev", "/v1/options"} {
		for name, c := range map[string]change{
			"none": func(*http.Request) {}, "wrong": bearer("wrong"), "part": bearer(token[:10]), "empty": bearer(""),
			"basic":        header("Authorization", "Basic "+token),
			"wrong cookie": header("Cookie", cookieName+"=wrong"), "token as cookie": header("Cookie", cookieName+"="+token),
			"in the query": func(r *http.Request) { r.URL.RawQuery = "token=" + url.QueryEscape(token) },
		} {
			resp, body := do(t, server, "GET", path, "", c)
			if resp.StatusCode != 401 || resp.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s, %s token: %d", path, name, resp.StatusCode)
			}
			checkProblem(t, resp, body)
		}
		if resp, _ := do(t, server, "GET", path, "", bearer(token)); resp.StatusCode != 200 {
			t.Errorf("%s with the token: %d", path, resp.StatusCode)
		}
	}
	if resp, _ := do(t, server, "GET", "/healthz", ""); resp.StatusCode != 200 {
		t.Errorf("healthz: %d", resp.StatusCode)
	}
	resp, page := do(t, server, "GET", "/", "")
	if resp.StatusCode != 401 || !strings.Contains(page, `action="/login"`) || !strings.Contains(page, `role="alert" hidden`) {
		t.Errorf("the page without a cookie: %d %s", resp.StatusCode, page)
	}
	form := header("Content-Type", "application/x-www-form-urlencoded")
	resp, page = do(t, server, "POST", "/login", "token=wrong", form)
	if resp.StatusCode != 401 || strings.Contains(page, `role="alert" hidden`) || len(resp.Cookies()) != 0 {
		t.Errorf("wrong login: %d %s", resp.StatusCode, page)
	}
	resp, _ = do(t, server, "POST", "/login", "token="+strings.ReplaceAll(token, " ", "+"), form)
	if resp.StatusCode != 303 || resp.Header.Get("Location") != "/" || len(resp.Cookies()) != 2 {
		t.Fatalf("login: %d, cookies %v", resp.StatusCode, resp.Cookies())
	}
	// The cookie that browsers send after a link on another site opens the
	// page, and not the API.
	for _, c := range resp.Cookies() {
		lax := c.SameSite == http.SameSiteLaxMode
		if !c.HttpOnly || !lax && c.SameSite != http.SameSiteStrictMode || strings.Contains(c.Value, token) {
			t.Errorf("cookie %v", c)
		}
		cookie := header("Cookie", c.Name+"="+c.Value)
		if resp, page := do(t, server, "GET", "/", "", cookie); lax != (resp.StatusCode == 200 && strings.Contains(page, `id="search"`)) {
			t.Errorf("the page with the cookie %v: %d", c, resp.StatusCode)
		}
		for _, path := range []string{"/v1/options", "/v1/names/go.dev", "/v1/probe?keyword=go.dev"} {
			if resp, _ := do(t, server, "GET", path, "", cookie); lax != (resp.StatusCode == 401) {
				t.Errorf("%s with the cookie %v: %d", path, c, resp.StatusCode)
			}
		}
	}
}

// The server is called by loopback names and addresses, and by the address that
// the connection was made to, and by nothing that only contains one of them.
func TestHosts(t *testing.T) {
	s, err := New(Options{Prober: &script{}})
	if err != nil {
		t.Fatal(err)
	}
	for local, hosts := range map[string]map[string]bool{
		"192.0.2.7:8053":     {"192.0.2.7:8053": true, "192.0.2.7": true, "192.0.2.8:8053": false, "localhost": true},
		"[2001:db8::7]:8053": {"[2001:db8::7]:8053": true, "[2001:DB8:0::7]": true, "[2001:db8::8]": false, "2001:db8::7": false},
		"[fe80::1%eth0]:80":  {"[fe80::1]": true, "[fe80::2]": false},
		"@socket": {
			"192.0.2.7": false, "127.0.0.1": true, "127.9.9.9:1": true, "[::ffff:127.0.0.1]": true, "localhost.": true, "a.localhost": true,
			"evil.example@localhost": false, "localhost/evil.example": false, "localhost?": false, "localhost#": false,
			"[localhost]": false, "]::1[": false, "localhost:x": false, "alocalhost": false, "": false,
		},
	} {
		for host, want := range hosts {
			r := httptest.NewRequest("GET", "http://localhost/healthz", nil)
			r.Host = host
			var addr net.Addr = &net.UnixAddr{Name: local, Net: "unix"}
			if a, err := net.ResolveTCPAddr("tcp", local); err == nil {
				addr = a
			}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, addr)))
			if (w.Code == 200) != want {
				t.Errorf("Host %s at %s: %d", host, local, w.Code)
			}
		}
	}
}

// The cookies are for TLS alone if the browser speaks TLS, be it to a proxy.
func TestSecureCookie(t *testing.T) {
	server := serve(t, Options{Prober: &script{}, Token: "correct horse", Hosts: []string{"names.example"}})
	for origin, secure := range map[string]bool{"": false, "http://names.example": false, "https://names.example": true} {
		resp, _ := do(t, server, "POST", "/login", "token=correct+horse", host("names.example"), header("Origin", origin),
			header("Content-Type", "application/x-www-form-urlencoded"))
		if len(resp.Cookies()) != 2 {
			t.Errorf("origin %q: %d, cookies %v", origin, resp.StatusCode, resp.Cookies())
		}
		for _, c := range resp.Cookies() {
			if c.Secure != secure {
				t.Errorf("origin %q: cookie %v", origin, c)
			}
		}
	}
}

// HEAD is answered where GET is, and Allow says so.
func TestMethods(t *testing.T) {
	p := &script{}
	s, err := New(Options{Prober: p, Confirmer: p})
	if err != nil {
		t.Fatal(err)
	}
	for path, allow := range map[string]string{
		"/v1/probe?keyword=go.dev": "GET, HEAD, POST", "/v1/names/go.dev": "GET, HEAD", "/v1/names/go.dev/confirm": "POST",
		"/v1/options": "GET, HEAD", "/healthz": "GET, HEAD", "/openapi.json": "GET, HEAD", "/": "GET, HEAD", "/login": "POST",
	} {
		if w := answer(s, "DELETE", "http://localhost"+path); w.Code != 405 || w.Header().Get("Allow") != allow {
			t.Errorf("DELETE %s: %d, Allow %q, want %q", path, w.Code, w.Header().Get("Allow"), allow)
		}
		want := 405
		if strings.Contains(allow, "HEAD") {
			want = 200
		}
		if w := answer(s, "HEAD", "http://localhost"+path); w.Code != want {
			t.Errorf("HEAD %s: %d, want %d", path, w.Code, want)
		}
	}
	before := p.started()
	if w := answer(s, "HEAD", "http://localhost/v1/probe?keyword=go,rust&tld=dev"); w.Header().Get(namesHeader) != "2" || p.started() != before {
		t.Errorf("HEAD of a search: names %q, and it is asked", w.Header().Get(namesHeader))
	}
}

func TestGuessing(t *testing.T) {
	server := serve(t, Options{Prober: &script{}, Token: "correct horse", MaxNames: 250, ClientRate: 0.001})
	var got []int
	for range 7 {
		resp, _ := do(t, server, "GET", "/v1/options", "", header("Authorization", "Bearer guess"))
		got = append(got, resp.StatusCode)
	}
	if got[0] != 401 || got[4] != 401 || got[5] != 429 || got[6] != 429 {
		t.Errorf("guesses are answered %v", got)
	}
	if resp, _ := do(t, server, "POST", "/login", "token=guess", header("Content-Type", "application/x-www-form-urlencoded")); resp.StatusCode != 429 {
		t.Errorf("login: %d", resp.StatusCode)
	}
	if resp, _ := do(t, server, "GET", "/v1/options", "", header("Authorization", "Bearer correct horse")); resp.StatusCode != 200 {
		t.Errorf("the right token is locked out: %d", resp.StatusCode)
	}
}

// A small bound on names does not forbid the login.
func TestLoginOfSmallServer(t *testing.T) {
	server := serve(t, Options{Prober: &script{}, Token: "correct horse", MaxNames: 1})
	resp, body := do(t, server, "POST", "/login", "token=correct+horse", header("Content-Type", "application/x-www-form-urlencoded"))
	if resp.StatusCode != 303 {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

func TestStaticFiles(t *testing.T) {
	server := serve(t, Options{Prober: &script{}})
	for name, want := range assets() {
		path := "/" + name
		resp, body := do(t, server, "GET", path, "")
		if strings.HasSuffix(name, ".html") {
			if resp.StatusCode != 404 {
				t.Errorf("%s: %d", path, resp.StatusCode)
			}
			continue
		}
		if resp.StatusCode != 200 || body != string(want.body) || len(body) < 100 || resp.Header.Get("Content-Type") != want.kind || want.kind == "" {
			t.Errorf("%s: %d, %s, %d bytes", path, resp.StatusCode, resp.Header.Get("Content-Type"), len(body))
		}
		again, _ := do(t, server, "GET", path, "", header("If-None-Match", resp.Header.Get("ETag")))
		if again.StatusCode != http.StatusNotModified {
			t.Errorf("%s again: %d", path, again.StatusCode)
		}
		// The page works without another server: all that it loads is here.
		for _, m := range regexp.MustCompile(`(?:from|import\(?) ?'\./([^']+)'`).FindAllStringSubmatch(body, -1) {
			if _, ok := assets()["static/"+m[1]]; !ok {
				t.Errorf("%s imports %s, which is not served", path, m[1])
			}
		}
	}
	for _, name := range []string{"page.html", "login.html"} {
		body := string(assets()[name].body)
		for _, bad := range []string{"http://", "https://", "style=", "onclick", "<style", "<script>"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s contains %s", name, bad)
			}
		}
		for _, m := range regexp.MustCompile(`(?:src|href)="/(static/[^"]+)"`).FindAllStringSubmatch(body, -1) {
			if _, ok := assets()[m[1]]; !ok {
				t.Errorf("%s loads %s, which is not served", name, m[1])
			}
		}
	}
}
