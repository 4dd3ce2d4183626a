package web

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// A document is the OpenAPI description.
type document map[string]any

func description(t *testing.T, server *httptest.Server) document {
	t.Helper()
	_, body := do(t, server, "GET", "/openapi.json", "")
	var d document
	if err := json.Unmarshal([]byte(body), &d); err != nil {
		t.Fatal(err)
	}
	if d["openapi"] != "3.1.0" {
		t.Fatalf("version %v", d["openapi"])
	}
	return d
}

// at returns the value at a path of the document, following references.
func (d document) at(path ...string) any {
	var v any = map[string]any(d)
	for _, step := range path {
		v = d.follow(v)
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[step]
	}
	return d.follow(v)
}

func (d document) follow(v any) any {
	if m, ok := v.(map[string]any); ok {
		if ref, ok := m["$ref"].(string); ok {
			return d.at(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
		}
	}
	return v
}

// check returns how a JSON value violates a schema, and an empty string if it
// fits. A keyword of the schema that it does not know is a violation, too.
func (d document) check(schema, v any) string {
	s, ok := d.follow(schema).(map[string]any)
	if !ok {
		return fmt.Sprintf("no schema: %v", schema)
	}
	for word, want := range s {
		wrong := ""
		switch word {
		case "type":
			if !slices.ContainsFunc(asList(want), func(t any) bool { return hasType(v, t.(string)) }) {
				wrong = fmt.Sprintf("%v is not of type %v", v, want)
			}
		case "enum":
			if !slices.Contains(want.([]any), v) {
				wrong = fmt.Sprintf("%v is none of %v", v, want)
			}
		case "const":
			if v != want {
				wrong = fmt.Sprintf("%v is not %v", v, want)
			}
		case "minimum":
			if n, ok := v.(float64); ok && n < want.(float64) {
				wrong = fmt.Sprintf("%v is less than %v", v, want)
			}
		case "format":
			if s, ok := v.(string); ok {
				if _, err := time.Parse(time.RFC3339, s); err != nil || want != "date-time" {
					wrong = fmt.Sprintf("%v is no %v", v, want)
				}
			}
		case "items":
			for _, item := range asList(v) {
				wrong += d.check(want, item)
			}
		case "required":
			m, _ := v.(map[string]any)
			for _, name := range want.([]any) {
				if _, ok := m[name.(string)]; !ok {
					wrong += fmt.Sprintf("no %v", name)
				}
			}
		case "properties", "additionalProperties":
			m, _ := v.(map[string]any)
			for name, value := range m {
				wrong += d.property(s, name, value)
			}
		case "description":
		default:
			wrong = "unknown word " + word
		}
		if wrong != "" {
			return wrong
		}
	}
	return ""
}

func (d document) property(schema map[string]any, name string, value any) string {
	properties, _ := schema["properties"].(map[string]any)
	if p, ok := properties[name]; ok {
		return d.check(p, value)
	}
	switch rest := schema["additionalProperties"].(type) {
	case bool:
		if !rest {
			return "unknown property " + name
		}
	case map[string]any:
		return d.check(rest, value)
	}
	return ""
}

func asList(v any) []any {
	if l, ok := v.([]any); ok {
		return l
	}
	return []any{v}
}

func hasType(v any, name string) bool {
	switch v := v.(type) {
	case nil:
		return name == "null"
	case bool:
		return name == "boolean"
	case string:
		return name == "string"
	case float64:
		return name == "number" || name == "integer" && v == float64(int64(v))
	case []any:
		return name == "array"
	case map[string]any:
		return name == "object"
	}
	return false
}

// checkResponse finds the response in the document and checks its headers,
// type and body by it. It returns the operation and the status.
func (d document) checkResponse(t *testing.T, template string, resp *http.Response, body string) string {
	t.Helper()
	method, status := strings.ToLower(resp.Request.Method), fmt.Sprint(resp.StatusCode)
	where := method + " " + template + " " + status
	r := d.at("paths", template, method, "responses", status)
	if r == nil {
		t.Errorf("%s is not described: %s", where, body)
		return where
	}
	for name := range asMap(r.(map[string]any)["headers"]) {
		if resp.Header.Get(name) == "" && resp.Trailer.Get(name) == "" {
			t.Errorf("%s has no %s", where, name)
		}
	}
	if resp.StatusCode == http.StatusNotModified {
		return where
	}
	kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	schema := asMap(asMap(r.(map[string]any)["content"])[kind])["schema"]
	if schema == nil {
		t.Errorf("%s: the type %s is not described", where, kind)
		return where
	}
	values := []string{body}
	switch kind {
	case "text/csv", "text/plain", "text/html", "text/event-stream":
		return where
	case "application/x-ndjson":
		values = strings.Split(strings.TrimSuffix(body, "\n"), "\n")
	}
	for _, text := range values {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Errorf("%s: %v in %s", where, err, text)
		} else if wrong := d.check(schema, v); wrong != "" {
			t.Errorf("%s: %s in %s", where, wrong, text)
		}
	}
	return where
}

func asMap(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// TestDescription makes every response that the description has, and finds
// none that it has not.
func TestDescription(t *testing.T) {
	p := &script{ttl: time.Hour}
	server := serve(t, Options{Prober: demo(t), MaxBody: 400, MaxNames: 100, WatchState: watchedFile(t, "a.dev")})
	impatient := serve(t, Options{Prober: p, Patience: time.Second})
	other := serve(t, Options{Prober: p, Confirmer: p, Token: "token", MaxNames: 100, ClientRate: 0.0001})
	file := watchedFile(t, "a.dev")
	taken.look(t, file, time.Hour)
	guarded := serve(t, Options{Prober: p, Token: "token", WatchState: file})
	failing := serve(t, Options{Prober: &script{err: http.ErrServerClosed}, Confirmer: p})
	stopped := serve(t, Options{Prober: p})
	stopped.Config.Handler.(*Server).Close()
	d := description(t, server)

	evil, cross := host("evil.example"), header("Origin", "http://evil.example")
	bearer := header("Authorization", "Bearer token")
	never, end := io.Pipe()
	slow := func(r *http.Request) {
		jsonBody(r)
		r.Body, r.ContentLength = never, 100
	}
	seen := map[string]bool{}
	try := func(server *httptest.Server, method, template, path, body string, changes ...change) {
		t.Helper()
		resp, got := do(t, server, method, path, body, changes...)
		seen[d.checkResponse(t, template, resp, got)] = true
	}
	const probe, name, confirm, options, ideas = "/v1/probe", "/v1/names/{domain}", "/v1/names/{domain}/confirm", "/v1/options", "/v1/ideas"
	const watched, events = "/v1/watched", "/v1/watched/events"
	for _, format := range []string{"", "&format=jsonl", "&format=json", "&format=csv", "&format=names"} {
		try(server, "GET", probe, probe+"?keyword=go,qxvz,co.uk,go.nosuch,b%C3%BCcher&tld=dev"+format, "")
	}
	try(server, "POST", probe, probe, `{"keyword":["go"],"tld":["dev"],"preset":["classic"],"prefix":["a"],"suffix":["b"],"only":["found"],"format":"jsonl"}`, jsonBody)
	try(server, "GET", probe, probe, "")
	try(server, "GET", probe, probe+"?keyword=go.dev&confirm=true", "")
	try(server, "POST", probe, probe, `{"keyword":"go.dev","dates":true}`, jsonBody)
	try(server, "GET", probe, probe+"?keyword=go,qxvz&tld=dev&best=1", "")
	try(server, "GET", probe, probe+"?preset=all&keyword=go", "")
	try(server, "POST", probe, probe, "{", jsonBody)
	try(server, "POST", probe, probe, strings.Repeat(" ", 500), jsonBody)
	try(server, "POST", probe, probe, "{}")
	try(server, "POST", probe, probe+"?tld=dev", "go\nqxvz\n", header("Content-Type", "text/plain"))
	try(server, "POST", probe, probe, "go.dev", header("Content-Type", "text/plain"), header("Accept", "image/png"))
	try(server, "GET", probe, probe+"?keyword=go.dev", "", header("Accept", "image/png"))
	try(impatient, "POST", probe, probe, "", slow)
	end.Close()
	fresh, _ := do(t, guarded, "GET", "/v1/names/new.dev", "", bearer)
	try(guarded, "GET", name, "/v1/names/new.dev", "", bearer, header("If-None-Match", fresh.Header.Get("ETag")))
	names, _ := do(t, guarded, "GET", watched, "", bearer)
	try(guarded, "GET", watched, watched, "", bearer)
	try(guarded, "GET", watched, watched, "", bearer, header("If-None-Match", names.Header.Get("ETag")))
	listening := serve(t, Options{Prober: p, WatchState: file})
	stream, err := listening.Client().Get(listening.URL + events)
	if err != nil {
		t.Fatal(err)
	}
	listening.Config.Handler.(*Server).Close() // which ends the stream
	all, err := io.ReadAll(stream.Body)
	stream.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	seen[d.checkResponse(t, events, stream, string(all))] = true
	for _, path := range []string{watched, events} {
		try(failing, "GET", path, path, "")
	}
	try(server, "GET", ideas, ideas+"?q=blue+bird", "")
	try(server, "GET", ideas, ideas, "")
	for _, path := range []string{"/docs", "/metrics"} {
		try(server, "GET", path, path, "")
	}
	for _, path := range []string{name, options} {
		try(server, "GET", path, strings.ReplaceAll(path, "{domain}", "go.dev"), "")
	}
	try(server, "GET", name, "/v1/names/go.dev?a=b", "")
	try(other, "POST", confirm, "/v1/names/new.dev/confirm", "", bearer)
	try(other, "POST", confirm, "/v1/names/new.dev/confirm?a=b", "", bearer)
	try(server, "POST", confirm, "/v1/names/new.dev/confirm", "")
	try(failing, "GET", name, "/v1/names/new.dev", "")
	try(server, "GET", "/healthz", "/healthz", "")
	try(server, "GET", "/openapi.json", "/openapi.json", "")
	for _, op := range []struct{ method, path string }{{"GET", probe}, {"POST", probe}, {"GET", name}, {"POST", confirm}, {"GET", options}, {"GET", ideas}, {"GET", watched}, {"GET", events}, {"GET", "/metrics"}, {"GET", "/docs"}, {"GET", "/healthz"}, {"GET", "/openapi.json"}} {
		path := strings.ReplaceAll(op.path, "{domain}", "new.dev")
		try(server, op.method, op.path, path, "", evil)
		try(stopped, op.method, op.path, path, "")
		try(server, op.method, op.path, path, "?")
		if isAPI(op.path) {
			try(server, op.method, op.path, path, "", cross)
			try(guarded, op.method, op.path, path, "")
		}
	}
	// Use up the rest of the allowance of 200.
	for range 3 {
		do(t, other, "GET", probe+"?keyword=a,b,c,d,e,f,g,h,i&preset=popular", "", bearer)
	}
	for range 200 {
		if resp, _ := do(t, other, "GET", "/v1/names/new.dev", "", bearer); resp.StatusCode == 429 {
			break
		}
	}
	try(other, "GET", probe, probe+"?keyword=go.dev", "", bearer)
	try(other, "POST", probe, probe, `{"keyword":["go.dev"]}`, jsonBody, bearer)
	try(other, "GET", name, "/v1/names/new.dev", "", bearer)
	try(other, "POST", confirm, "/v1/names/new.dev/confirm", "", bearer)
	try(other, "GET", ideas, ideas+"?q=bird", "", bearer)
	for _, path := range []string{options, watched, events, "/metrics"} {
		try(other, "GET", path, path, "") // who guesses tokens
	}

	for path, item := range asMap(d["paths"]) {
		for method, op := range asMap(item) {
			for status := range asMap(asMap(op)["responses"]) {
				if where := method + " " + path + " " + status; !seen[where] {
					t.Errorf("%s is described and never seen", where)
				}
			}
		}
	}
}

// The description has every route of the API, and every parameter.
func TestDescriptionIsWhole(t *testing.T) {
	s, err := New(Options{Prober: &script{}})
	if err != nil {
		t.Fatal(err)
	}
	server := serve(t, Options{Prober: &script{}})
	d := description(t, server)
	described := map[string]bool{}
	for path, item := range asMap(d["paths"]) {
		for method := range asMap(item) {
			described[strings.ToUpper(method)+" "+path] = true
		}
	}
	routes := map[string]bool{}
	for _, r := range s.routes() {
		if regexp.MustCompile(`^/(v1/|healthz|openapi|metrics|docs$)`).MatchString(r.path) {
			routes[r.method+" "+r.path] = true
		}
	}
	if !maps.Equal(described, routes) {
		t.Errorf("described: %v\nrouted: %v", slices.Sorted(maps.Keys(described)), slices.Sorted(maps.Keys(routes)))
	}
	var params []string
	for _, p := range d.at("paths", "/v1/probe", "get", "parameters").([]any) {
		params = append(params, p.(map[string]any)["name"].(string))
	}
	properties := slices.Sorted(maps.Keys(asMap(d.at("components", "schemas", "Query", "properties"))))
	known := slices.Sorted(maps.Keys(new(query).places()))
	slices.Sort(params)
	if !slices.Equal(params, known) || !slices.Equal(properties, known) {
		t.Errorf("parameters %v, body %v, want %v", params, properties, known)
	}
}

// The checks of this file are worth something only if they fail.
func TestSchemaCheckFails(t *testing.T) {
	d := description(t, serve(t, Options{Prober: &script{}}))
	schema := d.at("components", "schemas", "Problem")
	for text, right := range map[string]bool{
		`{"type":"c","title":"a","status":1,"detail":"b"}`:           true,
		`{"type":"c","title":"a","status":1}`:                        false,
		`{"type":"c","title":"a","status":"1","detail":"b"}`:         false,
		`{"type":"c","title":"a","status":1.5,"detail":"b"}`:         false,
		`{"type":"c","title":"a","status":1,"detail":"b","more":""}`: false,
		`[]`: false,
	} {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		if wrong := d.check(schema, v); (wrong == "") != right {
			t.Errorf("%s: %q", text, wrong)
		}
	}
	if d.check(d.at("components", "schemas", "Verdict"), "free") == "" {
		t.Error("free is a verdict")
	}
}

func FuzzQuery(f *testing.F) {
	f.Add("keyword=go,rust&tld=dev,io&format=csv", `{"keyword":["go"],"tld":["dev"]}`)
	f.Add("keyword=go&only=found&preset=popular&prefix=a&suffix=b", `{"keyword":["b\u00fccher","co.uk"],"only":["not-found"]}`)
	f.Add("keyword=%ff%00&tld=.&resolver=1.1.1.1", `{"keyword":[""],"tld":["","-"]} x`)
	s, err := New(Options{Prober: &script{}, MaxNames: 50})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, params, body string) {
		r := httptest.NewRequest("POST", "/v1/probe", strings.NewReader(body))
		jsonBody(r)
		fromBody, p1 := s.parseBody(httptest.NewRecorder(), r)
		fromParams, p2 := parseQuery(params)
		for _, q := range []struct {
			*query
			*problem
		}{{fromBody, p1}, {fromParams, p2}} {
			if (q.query == nil) == (q.problem == nil) {
				t.Fatalf("query %v and problem %v", q.query, q.problem)
			}
			if q.query == nil {
				continue
			}
			names, _, p := namesOf(t.Context(), s, q.query)
			if len(names) > 50 && !q.ranked() || p == nil && len(names) == 0 && len(q.Keyword) == 0 && q.MinScore+q.MinLen+q.MaxLen == 0 {
				t.Errorf("%d names, problem %v", len(names), p)
			}
		}
	})
}
