package web

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestIdeas(t *testing.T) {
	server := serve(t, Options{Prober: &script{}})
	ideas := func(params string) (list []idea) {
		resp, body := do(t, server, "GET", "/v1/ideas?"+params, "")
		var got struct{ Ideas []idea }
		if err := json.Unmarshal([]byte(body), &got); err != nil || resp.StatusCode != 200 {
			t.Fatalf("%s: %d %s", params, resp.StatusCode, body)
		}
		return got.Ideas
	}
	all := ideas("q=net+Etiquette&max=2000")
	for _, want := range []idea{
		{"netiquette", "blend", 0}, {"netetiquette", "combine", 0}, {"etiquette-net", "combine", 0}, {"netly", "endings", 0},
		{"getnet", "affixes", 0}, {"nethub", "affixes", 0}, {"network", "about", 0},
	} {
		if !slices.ContainsFunc(all, func(i idea) bool { return i.Keyword == want.Keyword && i.Generator == want.Generator }) {
			t.Errorf("no %v among %d ideas", want, len(all))
		}
	}
	seen := map[string]bool{"net": true, "etiquette": true}
	last := 100
	for _, i := range all {
		if seen[i.Keyword] || i.Score > last || i.Score != scoreOf(i.Keyword) {
			t.Errorf("%v after a score of %d", i, last)
		}
		seen[i.Keyword], last = true, i.Score
	}
	if short := ideas("q=net,etiquette&max=5"); !slices.Equal(short, all[:5]) {
		t.Errorf("the best 5: %v, want %v", short, all[:5])
	}
	if got := fmt.Sprint(ideas("q=delicious")); !slices.ContainsFunc(ideas("q=delicious"), func(i idea) bool { return i.Keyword == "delicio.us" && i.Generator == "hacks" }) {
		t.Errorf("no delicio.us in %s", got)
	}
	if got := ideas("q=xq"); len(got) == 0 {
		t.Error("no ideas for xq")
	}
	if _, body := do(t, server, "GET", "/v1/ideas?q="+strings.Repeat("q", 63), ""); body != "{\"ideas\":[]}\n" {
		t.Errorf("no ideas for a long word: %s", body)
	}
	for _, bad := range []string{"", "q=", "q=a+b+c+d+e", "q=go.dev", "q=a_b", "q=net&max=0", "q=net&max=many", "q=net&resolver=x", "q=%ff"} {
		if resp, body := do(t, server, "GET", "/v1/ideas?"+bad, ""); resp.StatusCode != 400 {
			t.Errorf("%s: %d %s", bad, resp.StatusCode, body)
		}
	}
}
