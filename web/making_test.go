package web

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"domprobe/candidate"
)

// Each generator makes its names, and the rows name it.
func TestGenerators(t *testing.T) {
	server := serve(t, Options{Prober: &script{}})
	for params, want := range map[string]string{
		"about=fast+bird&about_max=500":       "ostrich.dev about",
		"pattern=qx[ab]&pattern=%5Cd":         "qxb.dev pattern",
		"keyword=net,work&combine=2":          "worknet.dev combine",
		"keyword=delicious&hacks=true":        "delicio.us hacks",
		"keyword=net&affixes=true":            "getnet.dev ",
		"pattern=a{1,2}&min_len=2&max_len=2":  "aa.dev pattern",
		"keyword=swift,qxvzkwj&min_score=50":  "swift.dev ",
		"keyword=one+two.dev,only&min_len=0":  "only.dev ",
		"about=fast+bird&keyword=a&combine=2": "aswift.dev combine",
	} {
		resp, body := do(t, server, "GET", "/v1/probe?tld=dev&"+params, "")
		var all []string
		for line := range strings.Lines(body) {
			var row struct{ Domain, Generator string }
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				t.Fatal(err)
			}
			all = append(all, row.Domain+" "+row.Generator)
		}
		if resp.StatusCode != 200 || !slices.Contains(all, want) || fmt.Sprint(len(all)) != resp.Header.Get(namesHeader) {
			t.Errorf("%s: %d, %d rows of %s without %q", params, resp.StatusCode, len(all), resp.Header.Get(namesHeader), want)
		}
		if strings.Contains(params, "min_score") && slices.ContainsFunc(all, func(s string) bool { return strings.HasPrefix(s, "qx") }) {
			t.Errorf("%s: %q", params, all)
		}
	}
	for params, want := range map[string]string{
		"pattern=%5Bab":             "pattern",
		"pattern=[a-z]{4}":          "more than 10000 names",
		"about=zzzz":                "no word has to do",
		"keyword=a&min_score=101":   "min_score is a number from 0 to 100",
		"keyword=a&best=-1":         "best is a number",
		"keyword=a&hacks=perhaps":   `hacks: \"perhaps\" is not true or false`,
		"keyword=a&best=1&best=2":   "best: it is one word",
		"keyword=a&combine=2":       "combine",
		"tld=dev":                   "no keyword",
		"keyword=a&only=free":       "only:",
		"keyword=a&about_max=5.5":   "not a whole number",
		"pattern=[a-z]{9}&best=10":  "more than",
		"keyword=a&confirm=true":    "does not ask for that",
		"keyword=a.dev&dates=false": "",
	} {
		_, body := do(t, server, "GET", "/v1/probe?tld=dev&"+params, "")
		if !strings.Contains(body, want) || want == "" && !strings.Contains(body, `"domain"`) {
			t.Errorf("%s: %s, want %q", params, body, want)
		}
	}
}

// A wrong value in a body is told in the words of the API.
func TestBodyWords(t *testing.T) {
	server := serve(t, Options{Prober: &script{}})
	for body, want := range map[string]string{
		`{"keyword":"new.dev"}`:                    `"domain":"new.dev"`,
		`{"keyword":["new.dev"],"only":"found"}`:   "",
		`{"keyword":5}`:                            "keyword must be a text or a list of texts",
		`{"keyword":["go",5]}`:                     "keyword must be a text or a list of texts",
		`{"keyword":"a","best":"many"}`:            "best must be a whole number",
		`{"keyword":"a","hacks":1}`:                "hacks must be true or false",
		`{"keyword":"a","only":["free"]}`:          "only must be a list of the verdicts found, not-found, unknown and invalid",
		`{"keyword":"a","resolver":"1.1.1.1"}`:     `the parameter \"resolver\" is not known`,
		`{"keyword":"a",}`:                         "it is no JSON from octet 16 on",
		`{"keyword":`:                              "it ends too early",
		`["a"]`:                                    "it must be an object",
		`{"keyword":"a.dev"} {"keyword":"b.dev"}`:  "more than one JSON object",
		`{"keyword":null,"about":["fast bird"]}`:   "no TLD",
		`{"keyword":"a.dev","best":null,"tld":[]}`: `"domain":"a.dev"`,
	} {
		_, got := do(t, server, "POST", "/v1/probe", body, jsonBody)
		if !strings.Contains(got, want) || strings.Contains(got, "Go ") || strings.Contains(got, "json:") {
			t.Errorf("%s: %s, want %q", body, got, want)
		}
	}
}

// The best names come best first, and are all of the best there are.
func TestBest(t *testing.T) {
	p := &script{}
	server := serve(t, Options{Prober: p})
	resp, body := do(t, server, "GET", "/v1/probe?pattern=[fn][aeiou][a-z]&tld=dev&best=30&only=not-found", "")
	if resp.StatusCode != 200 || resp.Trailer.Get(endTrailer) != "complete" {
		t.Fatalf("%d %s", resp.StatusCode, body)
	}
	var got, all []string
	last := 101
	for line := range strings.Lines(body) {
		var row struct {
			Domain string
			Score  int
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		if row.Score > last || row.Score != scoreOf(row.Domain) {
			t.Errorf("%s with score %d after %d", row.Domain, row.Score, last)
		}
		last = row.Score
		got = append(got, row.Domain)
	}
	for _, vowel := range "aeiou" {
		for c := 'a'; c <= 'z'; c++ {
			all = append(all, "n"+string(vowel)+string(c)+".dev")
		}
	}
	var truth []string
	for c := range ranked(parsed(all)) {
		truth = append(truth, c.Name)
	}
	if !slices.Equal(got, truth[:30]) {
		t.Errorf("got %v\nwant %v", got, truth[:30])
	}
	p2 := &script{}
	server = serve(t, Options{Prober: p2})
	_, body = do(t, server, "GET", "/v1/probe?pattern=n[a-z]{2}&tld=dev&budget=7", "")
	if n := strings.Count(body, "\n"); n != 7 || len(p2.asked) != 7 {
		t.Errorf("%d rows and %d names for a budget of 7", n, len(p2.asked))
	}
}

func parsed(names []string) (list []candidate.Candidate) {
	for _, name := range names {
		list = append(list, candidate.Parse(name))
	}
	return list
}

// A search that asks for more has the prober for it, which is made once.
func TestMore(t *testing.T) {
	registry := &script{source: "dns+rdap", ttl: time.Hour}
	made := 0
	server := serve(t, Options{Prober: &script{}, With: func(m More) Prober {
		made++
		if m.Dates {
			return nil
		}
		return registry
	}})
	for range 2 {
		if _, body := do(t, server, "GET", "/v1/probe?keyword=new.dev&confirm=1", ""); !strings.Contains(body, "dns+rdap") {
			t.Errorf("confirmed: %s", body)
		}
	}
	if made != 1 || registry.times("new.dev") != 1 {
		t.Errorf("%d probers, which asked %d times", made, registry.times("new.dev"))
	}
	if resp, body := do(t, server, "GET", "/v1/probe?keyword=new.dev&dates=1", ""); resp.StatusCode != 501 {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}
