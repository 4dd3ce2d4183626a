package web

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
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
		"keyword=net,etiquette&blend=1":       "netiquette.dev blend",
		"keyword=flicker&endings=1":           "flickr.dev endings",
		"keyword=google&typos=1":              "gogle.dev typos",
		"syllables=1":                         "ba.dev syllables",
		"keyword=a,b&exclude=b,c*":            "a.dev ",
		"keyword=net&blend=1&typos=1&hacks=1": "nte.dev typos",
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
		`{"keyword":"a","only":["free"]}`:          "none of found, not-found, unknown, invalid and for-sale",
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
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(scoreOf(b)-scoreOf(a), strings.Compare(a, b)) })
	if !slices.Equal(got, all[:30]) {
		t.Errorf("got %v\nwant %v", got, all[:30])
	}
	p2 := &script{}
	server = serve(t, Options{Prober: p2})
	_, body = do(t, server, "GET", "/v1/probe?pattern=n[a-z]{2}&tld=dev&budget=7", "")
	if n := strings.Count(body, "\n"); n != 7 || len(p2.asked) != 7 {
		t.Errorf("%d rows and %d names for a budget of 7", n, len(p2.asked))
	}
}

// unsure is a Prober whose registries tell only of names that begin with neu.
type unsure struct{ script }

func (u *unsure) Batches(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]probe.Result, error] {
	return func(yield func([]probe.Result, error) bool) {
		for rows, err := range u.script.Batches(ctx, names) {
			for i := range rows {
				rows[i].Reason = probe.RDAPLimited
				if strings.HasPrefix(rows[i].Name, "neu") {
					rows[i].Reason = probe.RDAPNotRegistered
				}
			}
			if !yield(rows, err) {
				return
			}
		}
	}
}

// With confirm the best names are those of which the registry has said that they
// are not registered.
func TestBestConfirmed(t *testing.T) {
	server := serve(t, Options{Prober: &script{}, With: func(More) Prober { return &unsure{} }})
	_, body := do(t, server, "GET", "/v1/probe?pattern=ne[a-z]{2}&tld=dev&best=3&confirm=1", "")
	if n := strings.Count(body, `"rdap-not-registered"`); n != 3 {
		t.Errorf("%d names are confirmed, want 3: %s", n, body)
	}
}

// Names that are made cost a client less than those that are asked about.
func TestBestCost(t *testing.T) {
	server := serve(t, Options{Prober: &script{}, MaxNames: 100, ClientRate: 0.001})
	resp, _ := do(t, server, "GET", "/v1/probe?pattern=[a-z]{3}&tld=dev&best=1", "")
	if got := resp.Header.Get("RateLimit"); !strings.HasPrefix(got, `"names";r=182;`) {
		t.Errorf("%s is left of 200 after 17,576 names", got)
	}
}

// Only a few searches rank names at the same time. The others wait for them.
func TestRankingsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &script{gate: make(chan struct{})}
		_, client, _ := inMemory(t, Options{Prober: p})
		var clients sync.WaitGroup
		for i := range maxRankings + 2 {
			clients.Go(func() {
				resp, err := client.Get(fmt.Sprintf("http://localhost/v1/probe?tld=dev&best=1&keyword=new%d", i))
				if err != nil {
					t.Error(err)
					return
				}
				defer resp.Body.Close()
				if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.Trailer.Get(endTrailer) != "complete" {
					t.Errorf("client %d: end %q, %v", i, resp.Trailer.Get(endTrailer), err)
				}
			})
		}
		synctest.Wait()
		if n := p.running(); n != maxRankings {
			t.Errorf("%d searches rank names", n)
		}
		close(p.gate)
		clients.Wait()
	})
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
