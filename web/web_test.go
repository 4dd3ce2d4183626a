package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"domprobe/candidate"
	"domprobe/probe"
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

// A name has one verdict, whether a search makes it of a keyword and a TLD or it
// is asked about alone.
func TestOneNameOneVerdict(t *testing.T) {
	p := &script{ttl: time.Hour}
	server := serve(t, Options{Prober: p, Confirmer: p})
	for _, tt := range []struct{ search, name, want string }{
		{"keyword=new&tld=uk.com", "new.uk.com", "not-found"},
		{"keyword=new.uk.com", "new.uk.com", "not-found"},
		{"keyword=new&tld=uk.com", "new.uk.com?tld=uk.com", "not-found"},
		{"keyword=new&tld=x.example", "new.x.example?tld=.X.example", "invalid"},
		{"keyword=free&tld=corp.com", "FREE.corp.com.?tld=corp.com", "found"},
		{"keyword=b%C3%BCcher&tld=uk.com", "b%C3%BCcher.uk.com", "not-found"},
		{"keyword=free.corp.com", "free.corp.com", "invalid"},
		{"keyword=a.free.uk.com", "a.free.uk.com", "invalid"},
		{"keyword=a_b&tld=uk.com", "a_b.uk.com?tld=uk.com", "invalid"},
	} {
		_, rows := do(t, server, "GET", "/v1/probe?"+tt.search, "")
		var first, alone, confirmed struct{ Domain, Verdict, Reason, TLD string }
		var asked struct{ Keyword string }
		path, params, _ := strings.Cut(tt.name, "?")
		_, row := do(t, server, "GET", "/v1/names/"+path+"?"+params, "")
		_, word := do(t, server, "POST", "/v1/names/"+path+"/confirm?"+params, "")
		if err := errors.Join(json.Unmarshal([]byte(rows), &first), json.Unmarshal([]byte(row), &alone), json.Unmarshal([]byte(word), &confirmed)); err != nil {
			t.Fatal(err)
		}
		if domain, err := url.PathUnescape(path); err != nil || json.Unmarshal([]byte(row), &asked) != nil || asked.Keyword != domain {
			t.Errorf("the keyword of %s is %q", path, asked.Keyword)
		}
		if first.Verdict != tt.want || alone != first || confirmed != first {
			t.Errorf("%s: %+v; %s: %+v, confirmed %+v; want %s", tt.search, first, tt.name, alone, confirmed, tt.want)
		}
	}
	for _, bad := range []string{"a.b.dev?tld=dev", "go.dev?tld=io", "go.dev?tld=a_b", "go.dev?tld=dev&tld=dev"} {
		if resp, body := do(t, server, "GET", "/v1/names/"+bad, ""); resp.StatusCode != 400 {
			t.Errorf("%s: %d %s", bad, resp.StatusCode, body)
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
	unsure := serve(t, Options{Prober: &script{ttl: time.Hour}, Confirmer: &script{source: "unsure", ttl: time.Hour}})
	do(t, unsure, "POST", "/v1/names/new.dev/confirm", "")
	if _, body := do(t, unsure, "GET", "/v1/names/new.dev", ""); !strings.Contains(body, `"source":"dns"`) {
		t.Errorf("a registry that has not decided replaces the verdict: %s", body)
	}
	if _, body := do(t, server, "POST", "/v1/names/co.uk/confirm", ""); !strings.Contains(body, `"verdict":"invalid"`) || registry.times("co.uk") != 0 {
		t.Errorf("an invalid name: %s, asked %d times", body, registry.times("co.uk"))
	}
	if resp, _ := do(t, server, "POST", "/v1/names/new.dev/confirm", "{}"); resp.StatusCode != 400 {
		t.Errorf("with a body: %d", resp.StatusCode)
	}
}

// A registry is asked once for all clients that wait at the same time, and again
// when the client that asked leaves. The others can leave, too.
func TestConfirmTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := &script{source: "dns+rdap", gate: make(chan struct{})}
		ended := make(chan Access, 5)
		_, client, _ := inMemory(t, Options{
			Prober: &script{ttl: time.Hour}, Confirmer: registry, Access: func(a Access) { ended <- a },
		})
		const url = "http://localhost/v1/names/new.dev/confirm"
		spellings := []string{"new.dev", "New.dev", "NEW.dev"}
		leaveFirst := begin(t, client, "POST", url, "")
		synctest.Wait()
		answers := make(chan string, 3)
		for _, name := range spellings {
			go func() {
				resp, err := client.Post("http://localhost/v1/names/"+name+"/confirm", "", nil)
				if err != nil {
					answers <- err.Error()
					return
				}
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				answers <- fmt.Sprint(string(body), err)
			}()
		}
		leaveOther := begin(t, client, "POST", url, "")
		synctest.Wait()
		if n := registry.times("new.dev"); n != 1 || len(ended) != 0 {
			t.Errorf("asked %d times for five, of whom %d have an answer", n, len(ended))
		}
		leaveOther()
		synctest.Wait()
		if n := registry.times("new.dev"); n != 1 || len(ended) != 1 {
			t.Errorf("asked %d times; of one who has left, %d requests have ended", n, len(ended))
		}
		leaveFirst()
		synctest.Wait()
		if n := registry.times("new.dev"); n != 2 || len(ended) != 2 {
			t.Errorf("asked %d times after the first has left; %d requests have ended", n, len(ended))
		}
		close(registry.gate)
		var all string
		for range cap(answers) {
			a := <-answers
			if all += a; !strings.Contains(a, "dns+rdap") {
				t.Errorf("answer %s", a)
			}
		}
		for _, name := range spellings {
			if !strings.Contains(all, fmt.Sprintf(`"keyword":%q`, name)) {
				t.Errorf("nobody has an answer about %s: %s", name, all)
			}
		}
	})
}

// An interrupted prober has a row for each name when ctx ends, and no error.
type interrupted struct{ script }

func (p *interrupted) Batches(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]probe.Result, error] {
	return func(yield func([]probe.Result, error) bool) {
		for c := range names {
			<-ctx.Done()
			if !yield([]probe.Result{p.result(c)}, nil) {
				return
			}
		}
	}
}

// A registry that does not answer is not waited for, and its row is no answer.
func TestConfirmTakesTooLong(t *testing.T) {
	for _, silent := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			registry := Prober(&interrupted{})
			if silent {
				registry = &script{gate: make(chan struct{})}
			}
			_, client, _ := inMemory(t, Options{Prober: &script{}, Confirmer: registry})
			began := time.Now()
			resp, err := client.Post("http://localhost/v1/names/new.dev/confirm", "", nil)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != 503 || !strings.Contains(string(body), "did not answer in time") || time.Since(began) != confirmTime {
				t.Errorf("%T: %d %s %v, after %v", registry, resp.StatusCode, body, err, time.Since(began))
			}
		})
	}
}

// The headers of a search come before its first row, and a search by POST leaves
// the connection open for the next request. The log has the length of the body.
func TestHeadersComeFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logged := make(chan Access, 1)
		p := &script{gate: make(chan struct{})}
		_, client, _ := inMemory(t, Options{Prober: p, Access: func(a Access) { logged <- a }})
		time.AfterFunc(time.Minute, func() { close(p.gate) })
		began := time.Now()
		resp, err := client.Post("http://localhost/v1/probe", "application/json", strings.NewReader(`{"keyword":["new.dev"]}`))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if took := time.Since(began); took != 0 || resp.Header.Get(namesHeader) != "1" || resp.Close {
			t.Errorf("headers %v after %v; the connection ends: %v", resp.Header, took, resp.Close)
		}
		body, err := io.ReadAll(resp.Body)
		if a := <-logged; err != nil || a.Bytes != int64(len(body)) || a.Rows != 1 || a.Status != 200 || a.Took != time.Minute {
			t.Errorf("%d octets, %v, logged as %+v", len(body), err, a)
		}
	})
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

// A client without an allowance does not make the server work: no name is made,
// and no TLD or affix is parsed.
func TestQueryIsAdmittedFirst(t *testing.T) {
	s, err := New(Options{Prober: &script{}, ClientRate: 0.001})
	if err != nil {
		t.Fatal(err)
	}
	var long, tlds []string
	for i := range 300 {
		long = append(long, fmt.Sprint(strings.Repeat("\u56fd", 250), i))
	}
	for i := range 9000 {
		tlds = append(tlds, fmt.Sprint("\u56fd", i))
	}
	ask := func(q query) int {
		body, err := json.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("POST", "http://localhost/v1/probe", bytes.NewReader(body))
		jsonBody(r)
		w := &discard{header: http.Header{}}
		s.ServeHTTP(w, r)
		return w.status
	}
	hostile := query{Keyword: long, TLD: candidate.TLDs()[:33]}
	if status := ask(hostile); status != 200 {
		t.Fatalf("the first one: %d", status)
	}
	ask(hostile)
	for name, q := range map[string]query{"names": hostile, "TLDs": {Keyword: []string{"go.dev"}, TLD: tlds}} {
		words := len(q.Keyword) + len(q.TLD)
		allocs := testing.AllocsPerRun(5, func() {
			if status := ask(q); status != 429 {
				t.Errorf("%s: %d", name, status)
			}
		})
		if allocs > float64(4*words+500) {
			t.Errorf("%s: refused after %v allocations, for %d words", name, allocs, words)
		}
	}
	if status := ask(query{Keyword: []string{"go.dev"}, TLD: append(tlds, tlds...), Prefix: tlds}); status != 413 {
		t.Errorf("too many words: %d", status)
	}
}

// The names of a query are bounded before they are generated, and are not
// generated for a client that has left.
func TestQueryIsBounded(t *testing.T) {
	s, err := New(Options{Prober: &script{}})
	if err != nil {
		t.Fatal(err)
	}
	var cases, letters, numbers []string // a word in many cases, and a, aa, aaa, ...
	for i := range 1 << 14 {
		word := []byte("abcdefghijklmn")
		for bit := range word {
			if i>>bit&1 == 1 {
				word[bit] -= 'a' - 'A'
			}
		}
		cases = append(cases, string(word))
	}
	for i := range 100_000 {
		numbers = append(numbers, fmt.Sprint(i))
	}
	for i := range 60 {
		letters = append(letters, strings.Repeat("a", i+1))
	}
	many := func(word string) []string { return slices.Repeat([]string{word}, 100_000) }
	for _, tt := range []struct {
		name            string
		query           query
		names, repeated int
		status          int
	}{
		{"repeats", query{Keyword: many("go"), TLD: many("dev"), Prefix: many("get"), Suffix: many("hq")}, 4, 399_996, 0},
		{"repeated sets", query{Keyword: []string{"go"}, Preset: many("classic")}, 5, 0, 0},
		{"whole domains", query{Keyword: many("go.dev"), TLD: candidate.TLDs(), Prefix: letters, Suffix: letters}, 1, 99_999, 0},
		{"near repeats", query{Keyword: append([]string{"go", "rust"}, cases[:98]...), TLD: []string{"dev"}}, 3, 97, 0},
		{"too many near repeats", query{Keyword: cases, TLD: []string{"dev"}}, 0, 0, 413},
		{"a number that overflows", query{Keyword: cases, TLD: numbers, Prefix: numbers, Suffix: numbers}, 0, 0, 413},
		{"affixes that repeat one another", query{Keyword: letters, Prefix: letters, Suffix: letters, TLD: []string{"dev"}}, 0, 0, 413},
	} {
		names, repeated, p := namesOf(t.Context(), s, &tt.query)
		if len(names) != tt.names || repeated != int64(tt.repeated) || (p == nil) != (tt.status == 0) || p != nil && p.Status != tt.status {
			t.Errorf("%s: %d names, %d repeated, %v", tt.name, len(names), repeated, p)
		}
	}
	left, cancel := context.WithCancel(t.Context())
	cancel()
	if names, _, p := namesOf(left, s, &query{Keyword: []string{"go"}, TLD: []string{"dev"}}); len(names) > 0 || p == nil || p.Status != 503 {
		t.Errorf("%d names for who has left, %v", len(names), p)
	}
}

// namesOf returns the names of a query.
func namesOf(ctx context.Context, s *Server, q *query) (names []candidate.Candidate, repeated int64, p *problem) {
	if _, p := s.cost(q); p != nil {
		return nil, 0, p
	}
	set, p := q.names(ctx, s.opts.MaxNames)
	if p != nil {
		return nil, 0, p
	}
	for c, err := range set.all {
		if err != nil {
			return nil, 0, problemf(500, "%v", err)
		}
		names = append(names, c)
	}
	if len(names) != set.n {
		return nil, 0, problemf(500, "%d names were counted, and %d generated", set.n, len(names))
	}
	return names, set.repeated, nil
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
	synctest.Test(t, func(t *testing.T) {
		h := &hoarder{}
		s, err := New(Options{Prober: h})
		if err != nil {
			t.Fatal(err)
		}
		go answer(s, "GET", "http://localhost/v1/probe?keyword=new.dev")
		synctest.Wait()
		began := time.Now()
		s.Close()
		if !h.ended || time.Since(began) != time.Second {
			t.Errorf("Close returns after %v; the end of the search: %v", time.Since(began), h.ended)
		}
	})
}
