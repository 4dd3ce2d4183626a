package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A verdict can be kept as long as the server keeps it, and is not sent again.
func TestVerdictHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client, _ := inMemory(t, Options{Prober: &script{ttl: 10 * time.Minute}})
		get := func(name, tag string) *http.Response {
			r, err := http.NewRequest("GET", "http://localhost/v1/names/"+name, nil)
			if err != nil {
				t.Fatal(err)
			}
			if tag != "" {
				r.Header.Set("If-None-Match", tag)
			}
			resp, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			return resp
		}
		for name, want := range map[string]string{
			"new.dev": "private, max-age=600", "free.dev": "private, max-age=300", "unsure.dev": "no-store", "co.uk": "no-store",
		} {
			if got := get(name, "").Header.Get("Cache-Control"); got != want {
				t.Errorf("%s: Cache-Control %q, want %q", name, got, want)
			}
		}
		time.Sleep(100 * time.Second)
		first := get("new.dev", "")
		if got := first.Header.Get("Cache-Control"); got != "private, max-age=500" {
			t.Errorf("later: %q", got)
		}
		tag := first.Header.Get("ETag")
		if again := get("new.dev", tag); again.StatusCode != 304 || again.Header.Get("Cache-Control") != "private, max-age=500" {
			t.Errorf("again with %s: %d %v", tag, again.StatusCode, again.Header)
		}
		time.Sleep(501 * time.Second)
		if anew := get("new.dev", tag); anew.StatusCode != 200 || anew.Header.Get("ETag") == tag {
			t.Errorf("a new verdict: %d %v", anew.StatusCode, anew.Header)
		}
	})
}

// The allowance that a client is told is the one that it has.
func TestRateLimitHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client, _ := inMemory(t, Options{Prober: &script{}, MaxNames: 100, ClientRate: 2})
		ask := func(names int) *http.Response {
			var words []string
			for i := range names {
				words = append(words, fmt.Sprintf("new%d.dev", i))
			}
			resp, err := client.Get("http://localhost/v1/probe?keyword=" + strings.Join(words, ","))
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			return resp
		}
		for i, want := range []string{`"names";r=110;t=45`, `"names";r=20;t=90`} {
			resp := ask(90)
			if got, policy := resp.Header.Get("RateLimit"), resp.Header.Get("RateLimit-Policy"); got != want || policy != `"names";q=200;w=100` {
				t.Errorf("search %d: RateLimit %s, want %s, policy %s", i, got, want, policy)
			}
		}
		refused := ask(90)
		after, err := strconv.Atoi(refused.Header.Get("Retry-After"))
		if refused.StatusCode != 429 || err != nil || after != 35 {
			t.Fatalf("%d, Retry-After %q, want 35", refused.StatusCode, refused.Header.Get("Retry-After"))
		}
		time.Sleep(time.Duration(after)*time.Second - time.Second)
		if resp := ask(90); resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "1" {
			t.Errorf("a second early: %d, Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
		}
		time.Sleep(time.Second)
		if resp := ask(90); resp.StatusCode != 200 {
			t.Errorf("when it was told to: %d", resp.StatusCode)
		}
	})
	if resp, _ := do(t, serve(t, Options{Prober: &script{}, ClientRate: -1}), "GET", "/v1/options", ""); resp.Header.Get("RateLimit") != "" {
		t.Errorf("without a limit: %v", resp.Header)
	}
}

// Pages of the origins that are allowed can ask, and no others.
func TestAllowOrigin(t *testing.T) {
	const friend = "https://example.org"
	server := serve(t, Options{Prober: &script{}, Origins: []string{friend}, Token: "token"})
	bearer := header("Authorization", "Bearer token")
	cross := header("Sec-Fetch-Site", "cross-site")
	for origin, want := range map[string]string{friend: friend, "https://example.org:8080": "", "http://example.org": "", "null": ""} {
		resp, body := do(t, server, "GET", "/v1/probe?keyword=new.dev", "", header("Origin", origin), cross, bearer)
		if got := resp.Header.Get("Access-Control-Allow-Origin"); got != want || (resp.StatusCode == 200) != (want != "") || !strings.Contains(fmt.Sprint(resp.Header.Values("Vary")), "Origin") {
			t.Errorf("%s: %d, allowed %q, %s", origin, resp.StatusCode, got, body)
		}
		before, _ := do(t, server, "OPTIONS", "/v1/probe", "", header("Origin", origin), cross, header("Access-Control-Request-Method", "POST"))
		if allowed := before.Header.Get("Access-Control-Allow-Methods"); (before.StatusCode == 204) != (want != "") || strings.Contains(allowed, "POST") != (want != "") {
			t.Errorf("%s before: %d, %q", origin, before.StatusCode, allowed)
		}
	}
	if resp, _ := do(t, server, "GET", "/v1/options", "", header("Origin", friend), cross); resp.StatusCode != 401 || resp.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("without a token: %d %v", resp.StatusCode, resp.Header)
	}
	if resp, _ := do(t, server, "GET", "/v1/options", "", header("Origin", friend), host("evil.example"), bearer); resp.StatusCode != 421 || resp.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("another name: %d %v", resp.StatusCode, resp.Header)
	}
	if resp, _ := do(t, server, "POST", "/login", "token=token", header("Origin", friend), cross, header("Content-Type", "application/x-www-form-urlencoded")); resp.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("the login is for other sites: %v", resp.Header)
	}
	all := serve(t, Options{Prober: &script{}, Origins: []string{"*"}})
	if resp, _ := do(t, all, "POST", "/v1/probe", `{"keyword":"new.dev"}`, jsonBody, header("Origin", "https://other.example"), cross); resp.StatusCode != 200 || resp.Header.Get("Access-Control-Allow-Origin") != "https://other.example" {
		t.Errorf("all: %d %v", resp.StatusCode, resp.Header)
	}
	for _, bad := range []string{"example.org", "https://example.org/", "https://", "x y"} {
		if _, err := New(Options{Prober: &script{}, Origins: []string{bad}}); err == nil {
			t.Errorf("%q is taken for an origin", bad)
		}
	}
}
