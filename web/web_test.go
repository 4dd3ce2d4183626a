package web

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestProbe(t *testing.T) {
	server := serve(t, Options{Prober: demo(t)})
	want := map[string]string{"go.dev": "found", "go.io": "not-found", "qxvz.dev": "not-found", "qxvz.io": "not-found"}
	for name, get := range map[string]func() (*http.Response, string){
		"GET": func() (*http.Response, string) {
			return do(t, server, "GET", "/v1/probe?keyword=go,qxvz&keyword=GO&tld=dev&tld=.io", "")
		},
		"POST": func() (*http.Response, string) {
			return do(t, server, "POST", "/v1/probe", `{"keyword":["go","qxvz","GO"],"tld":["dev",".io"]}`, jsonBody)
		},
	} {
		resp, body := get()
		if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/x-ndjson" {
			t.Errorf("%s: %d, %s", name, resp.StatusCode, resp.Header.Get("Content-Type"))
		}
		if got := verdictsOf(t, body); !maps.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		if names, repeated, end := resp.Header.Get(namesHeader), resp.Header.Get(repeatedHeader), resp.Trailer.Get(endTrailer); names != "4" || repeated != "2" || end != "complete" {
			t.Errorf("%s: names %q, repeated %q, end %q", name, names, repeated, end)
		}
	}
}

func TestFormats(t *testing.T) {
	server := serve(t, Options{Prober: &script{}})
	const query = "/v1/probe?keyword=free,new&tld=dev&prefix=a&suffix=z&only=found&format="
	_, csv := do(t, server, "GET", query+"csv", "")
	lines := strings.Split(strings.TrimSuffix(csv, "\n"), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "domain,verdict,") || !strings.HasPrefix(lines[1], "free.dev,found,delegated,") {
		t.Errorf("csv: %q", lines)
	}
	_, array := do(t, server, "GET", query+"json", "")
	var rows []map[string]any
	if err := json.Unmarshal([]byte(array), &rows); err != nil || len(rows) != 2 {
		t.Errorf("json: %d rows, %v", len(rows), err)
	}
	_, lists := do(t, server, "GET", query+"jsonl", "")
	if got, want := verdictsOf(t, lists), map[string]string{"free.dev": "found", "freez.dev": "found"}; !maps.Equal(got, want) {
		t.Errorf("jsonl: %v, want %v", got, want)
	}
	_, preset := do(t, server, "GET", "/v1/probe?keyword=new&preset=classic", "")
	if got := verdictsOf(t, preset); len(got) != 5 || got["new.com"] != "not-found" {
		t.Errorf("preset: %v", got)
	}
}

func TestOneName(t *testing.T) {
	server := serve(t, Options{Prober: demo(t)})
	for path, want := range map[string]string{
		"go.dev": `"domain":"go.dev","verdict":"found"`, "qxvz.dev": `"verdict":"not-found"`,
		"b%C3%BCcher.dev": `"domain":"xn--bcher-kva.dev"`, "co.uk": `"verdict":"invalid","reason":"public-suffix"`,
		"go.devv": `"reason":"no-such-tld"`, "..": `"verdict":"invalid"`,
	} {
		resp, body := do(t, server, "GET", "/v1/names/"+strings.ReplaceAll(path, "..", "%2e%2e"), "")
		if path == ".." { // a path that browsers and the mux clean up
			continue
		}
		if resp.StatusCode != 200 || !strings.Contains(body, want) || strings.Count(body, "\n") != 1 {
			t.Errorf("%s: %d %s, want %s", path, resp.StatusCode, body, want)
		}
	}
}

func TestConfirm(t *testing.T) {
	registry := &script{source: "dns+rdap", ttl: time.Hour}
	server := serve(t, Options{Prober: &script{ttl: time.Hour}, Confirmer: registry})
	for range 2 {
		if _, body := do(t, server, "POST", "/v1/names/new.dev/confirm", ""); !strings.Contains(body, `"source":"dns+rdap"`) {
			t.Errorf("confirmed: %s", body)
		}
	}
	if n := registry.times("new.dev"); n != 2 {
		t.Errorf("asked %d times, want each time", n)
	}
	if _, body := do(t, server, "GET", "/v1/names/new.dev", ""); !strings.Contains(body, `"source":"dns+rdap"`) {
		t.Errorf("the registry's word is forgotten: %s", body)
	}
	if _, body := do(t, server, "POST", "/v1/names/co.uk/confirm", ""); !strings.Contains(body, `"verdict":"invalid"`) || registry.times("co.uk") != 0 {
		t.Errorf("an invalid name: %s, asked %d times", body, registry.times("co.uk"))
	}
	if resp, _ := do(t, server, "POST", "/v1/names/new.dev/confirm", "{}"); resp.StatusCode != 400 {
		t.Errorf("with a body: %d", resp.StatusCode)
	}
}

// A registry is asked once for all who want to know at the same time, and again
// when the one who asked leaves.
func TestConfirmTogether(t *testing.T) {
	registry := &script{source: "dns+rdap", gate: make(chan struct{})}
	server := serve(t, Options{Prober: &script{ttl: time.Hour}, Confirmer: registry})
	leave := begin(t, server, "POST", "/v1/names/new.dev/confirm", "")
	eventually(t, 5*time.Second, "the first question", func() bool { return registry.times("new.dev") == 1 })
	answers := make(chan string, 3)
	for range cap(answers) {
		go func() {
			_, body := do(t, server, "POST", "/v1/names/new.dev/confirm", "")
			answers <- body
		}()
	}
	leave()
	eventually(t, time.Second, "the question of another", func() bool { return registry.times("new.dev") == 2 })
	close(registry.gate)
	for range cap(answers) {
		if body := <-answers; !strings.Contains(body, "dns+rdap") {
			t.Errorf("answer %s", body)
		}
	}
}

func TestStreamThatFails(t *testing.T) {
	server := serve(t, Options{Prober: &script{err: errors.New("no resolver\nat all")}})
	resp, body := do(t, server, "GET", "/v1/probe?keyword=free&tld=dev&format=json", "")
	if end := resp.Trailer.Get(endTrailer); end != "failed: no resolver?at all" {
		t.Errorf("end %q", end)
	}
	if json.Valid([]byte(body)) {
		t.Errorf("a failed search looks whole: %s", body)
	}
	resp, body = do(t, server, "GET", "/v1/names/free.dev", "")
	if resp.StatusCode != 503 || !strings.Contains(body, "no resolver") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, opts := range []Options{{}, {Prober: &script{}, MaxNames: -1}, {Prober: &script{}, AtOnce: -1}} {
		if _, err := New(opts); err == nil {
			t.Errorf("%+v: no error", opts)
		}
	}
}

func TestClosed(t *testing.T) {
	s, err := New(Options{Prober: &script{}})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	w := answer(s, "GET", "http://localhost/healthz")
	if w.Code != 503 {
		t.Errorf("%d after Close", w.Code)
	}
}
