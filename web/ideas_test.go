package web

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestIdeas(t *testing.T) {
	server := serve(t, Options{Prober: &script{}})
	resp, body := do(t, server, "GET", "/v1/ideas?q=Blue+ocean", "")
	var ideas []idea
	if err := json.Unmarshal([]byte(body), &ideas); err != nil || resp.StatusCode != 200 || len(ideas) < 20 {
		t.Fatalf("%d %s, %v", resp.StatusCode, body, err)
	}
	d := description(t, server)
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatal(err)
	}
	schema := d.at("paths", "/v1/ideas", "get", "responses", "200", "content", "application/json", "schema")
	if wrong := d.check(schema, v); wrong != "" {
		t.Error(wrong)
	}
	best := map[string]int{}
	seen := map[string]bool{"blue": true, "ocean": true}
	for _, i := range ideas {
		if seen[i.Keyword] {
			t.Errorf("%s twice", i.Keyword)
		}
		seen[i.Keyword] = true
		if last, ok := best[i.Generator]; ok && i.Score > last && i.Generator != "about" {
			t.Errorf("%s, of score %d, comes after one of %d", i.Keyword, i.Score, last)
		}
		best[i.Generator] = i.Score
	}
	for _, want := range []string{"blueocean", "oceanblue", "blue-ocean", "blueoceanhq", "getblueocean", "bluish", "blocean", "blueoceania"} {
		if !seen[want] {
			t.Errorf("no idea %s in %v", want, ideas)
		}
	}
	_, body = do(t, server, "GET", "/v1/ideas?q=orbit", "")
	if !strings.Contains(body, `"orb.it"`) {
		t.Errorf("no hack in %s", body)
	}
	if _, body = do(t, server, "GET", "/v1/ideas?q=go+go", ""); strings.Contains(body, `"keyword":""`) {
		t.Errorf("an empty keyword in %s", body)
	}
	// An unknown word has ideas too.
	if got := suggest([]string{"qxvzkwj"}); !slices.ContainsFunc(got, func(i idea) bool { return i.Keyword == "qxvzkwjhq" }) {
		t.Errorf("%v", got)
	}
	for _, bad := range []string{"", "?q=", "?q=a+b+c+d", "?q=a&q=b", "?q=a&x=1", "?q=" + strings.Repeat("a", 101)} {
		if resp, body := do(t, server, "GET", "/v1/ideas"+bad, ""); resp.StatusCode != 400 {
			t.Errorf("%q: %d %s", bad, resp.StatusCode, body)
		}
	}
}
