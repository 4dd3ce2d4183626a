package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"domprobe/candidate"
	"domprobe/probe"
	"domprobe/probe/rdap"
)

// A desk is a Registry and an Explain.
type desk struct{ wait chan struct{} }

func (d desk) Ask(ctx context.Context, name string) rdap.Answer {
	select {
	case <-d.wait:
	case <-ctx.Done():
		return rdap.Answer{Reason: rdap.Canceled, Err: ctx.Err()}
	}
	switch {
	case strings.HasPrefix(name, "f"):
		return rdap.Answer{Status: rdap.Registered, Source: "rdap", Server: "rdap.example", Domain: &rdap.Domain{Name: name, Registrar: "Example, Inc."}}
	case strings.HasPrefix(name, "n"):
		return rdap.Answer{Status: rdap.NotRegistered, Source: "rdap", Server: "rdap.example"}
	}
	return rdap.Answer{Reason: rdap.RateLimited, Err: errors.New("the registry refuses\x1b[2J")}
}

func (d desk) explain(_ context.Context, name string) (probe.Result, []probe.Event, error) {
	e := probe.Event{At: time.Now(), Server: "script", Transport: "udp", Name: name + ".", Type: 43}
	said := e
	said.Response, said.Rule, said.Message = true, "not-found: signed\x1b[2J", "NXDOMAIN"
	return (&script{}).result(candidate.Parse(name)), slices.Repeat([]probe.Event{e, said}, maxSteps), nil
}

func openDesk() desk {
	d := desk{make(chan struct{})}
	close(d.wait)
	return d
}

// assisted connects a client to a server.
func assisted(t testing.TB, opts Options, client *mcp.ClientOptions) *mcp.ClientSession {
	t.Helper()
	s, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	here, there := mcp.NewInMemoryTransports()
	a := &assistant{s, netip.Addr{}, context.Background()}
	served, err := a.tools().Connect(context.Background(), there, nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := mcp.NewClient(&mcp.Implementation{Name: "test"}, client).Connect(context.Background(), here, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		served.Wait()
		s.Close()
	})
	return c
}

// tool calls a tool and reads its result, or returns the text of its error.
func tool[Out any](t testing.TB, c *mcp.ClientSession, name string, args any) (out Out, problem string) {
	t.Helper()
	r, err := c.CallTool(t.Context(), &mcp.CallToolParams{Name: name, Arguments: args})
	if err != nil {
		t.Fatal(err)
	}
	text := r.Content[0].(*mcp.TextContent).Text
	if r.IsError {
		return out, text
	}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsFunc(text, func(c rune) bool { return c < ' ' }) || strings.Contains(text, `\u001b`) {
		t.Errorf("control characters in %q", text)
	}
	return out, ""
}

type object = map[string]any

func TestToolProbeNames(t *testing.T) {
	p := &script{ttl: time.Hour}
	c := assisted(t, Options{Prober: p, With: func(m More) Prober {
		if m.Dates {
			return nil
		}
		return &script{source: "dns+rdap"}
	}}, nil)
	got, problem := tool[findings](t, c, "probe_names", object{"names": []string{" unsure.dev", "free.dev", "new.dev", "NEW.dev", "co.uk", "nebücher.dev"}})
	var rows []string
	for _, r := range got.Names {
		rows = append(rows, r.Domain+" "+r.Verdict+" "+r.Reason)
		if got.Meanings[r.Reason] == "" || got.Meanings[r.Verdict] == "" {
			t.Errorf("%s: no meaning", r.Reason)
		}
	}
	want := []string{"unsure.dev unknown timeout", "free.dev found delegated", "new.dev not-found nxdomain", "co.uk invalid public-suffix", "xn--nebcher-p2a.dev not-found nxdomain"}
	if problem != "" || !slices.Equal(rows, want) || got.Counts != (counts{1, 2, 1, 1}) || got.Repeated != 1 || got.Truncated || len(got.Pending) > 0 {
		t.Errorf("%s %q %+v", problem, rows, got)
	}
	if got, _ := tool[findings](t, c, "probe_names", object{"names": []string{"new.dev"}, "confirm": true}); len(got.Names) != 1 {
		t.Errorf("confirmed: %+v", got)
	}
	for _, bad := range []object{
		{}, {"names": []string{}}, {"names": "go.dev"}, {"names": []int{5}}, {"names": []string{"a.dev"}, "resolver": "1.1.1.1"},
		{"names": slices.Repeat([]string{"a.dev"}, maxCall+1)}, {"names": []string{"a.dev"}, "dates": true},
	} {
		if _, problem := tool[findings](t, c, "probe_names", bad); problem == "" {
			t.Errorf("%v: no error", len(fmt.Sprint(bad)))
		}
	}
}

func TestToolFindNames(t *testing.T) {
	p := &script{}
	c := assisted(t, Options{Prober: p}, nil)
	got, problem := tool[findings](t, c, "find_names", object{
		"keywords": []string{"net"}, "about": []string{"fast bird"}, "patterns": []string{"n[aeiou]{2}"}, "generators": []string{"affixes", "hacks"},
		"prefixes": []string{"my"}, "tlds": []string{"dev"}, "preset": "classic", "min_length": 3, "max_length": 9, "min_score": 20, "best": 30, "budget": 400,
	})
	if problem != "" || len(got.Names) != 30 || got.Made < 100 || got.Truncated || got.Note != "" {
		t.Fatalf("%s %d names: %+v", problem, len(got.Names), got)
	}
	for i, r := range got.Names {
		if r.Verdict != "not-found" || r.Score < 20 || i > 0 && r.Score > got.Names[i-1].Score {
			t.Errorf("%+v", r)
		}
	}
	got, _ = tool[findings](t, c, "find_names", object{"patterns": []string{"f[a-z]"}, "tlds": []string{"dev"}, "budget": 10, "only": []string{"found"}})
	if len(got.Names) != 10 || got.Counts.Found != 10 || got.Made != 26 || !strings.Contains(got.Note, "budget") {
		t.Errorf("%+v", got)
	}
	for _, bad := range []object{
		{}, {"tlds": []string{"dev"}}, {"keywords": []string{"a"}, "preset": "nosuch"}, {"keywords": []string{"a"}, "generators": []string{"x"}},
		{"keywords": []string{"a"}}, {"patterns": []string{"["}, "tlds": []string{"dev"}}, {"keywords": []string{"a.dev"}, "best": 0},
		{"keywords": []string{"a.dev"}, "budget": maxCall + 1}, {"patterns": []string{"[a-z]{6}"}, "tlds": []string{"dev"}},
		{"keywords": []string{"a.dev"}, "only": []string{"free"}}, {"about": []string{"qqqq"}, "tlds": []string{"dev"}},
	} {
		if _, problem := tool[findings](t, c, "find_names", bad); problem == "" {
			t.Errorf("%v: no error", bad)
		}
	}
}

func TestToolsOfOneName(t *testing.T) {
	c := assisted(t, Options{Prober: &script{}, Registry: openDesk(), Explain: openDesk().explain}, nil)
	told, problem := tool[explanation](t, c, "explain_name", object{"name": "new.dev"})
	if problem != "" || told.Verdict != "not-found" || told.Meaning == "" || len(told.Steps) != maxSteps || !told.Truncated || !strings.Contains(told.Steps[1], "DS new.dev: not-found: signed") {
		t.Errorf("%s %+v", problem, told)
	}
	for name, want := range map[string]string{"free.dev": "found", "new.dev": "not-found", "other.dev": "unknown"} {
		said, problem := tool[registryWord](t, c, "registry_data", object{"name": name})
		if problem != "" || said.Verdict != want || said.Meaning == "" || (said.Registration != nil) != (want == "found") || (said.Detail == "") != (want != "unknown") {
			t.Errorf("%s: %s %+v", name, problem, said)
		}
	}
	if _, problem := tool[registryWord](t, c, "registry_data", object{"name": "co.uk"}); !strings.Contains(problem, "public suffix") {
		t.Errorf("co.uk: %q", problem)
	}
	bare := assisted(t, Options{Prober: &script{}}, nil)
	for _, name := range []string{"explain_name", "registry_data"} {
		if _, problem := tool[object](t, bare, name, object{"name": "go.dev"}); !strings.Contains(problem, "this server does not") {
			t.Errorf("%s: %q", name, problem)
		}
	}
}

// Each tool says that it changes nothing, and which arguments and results it has.
func TestToolsDescribed(t *testing.T) {
	c := assisted(t, Options{Prober: &script{}}, nil)
	names := map[string]bool{}
	for tool, err := range c.Tools(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		names[tool.Name] = true
		if !tool.Annotations.ReadOnlyHint || !tool.Annotations.IdempotentHint || tool.Title == "" || tool.Description == "" || tool.OutputSchema == nil {
			t.Errorf("%+v", tool)
		}
		for name, property := range tool.InputSchema.(object)["properties"].(object) {
			if property.(object)["description"] == nil {
				t.Errorf("%s: %s has no description", tool.Name, name)
			}
		}
	}
	if want := map[string]bool{"probe_names": true, "find_names": true, "explain_name": true, "registry_data": true}; !maps.Equal(names, want) {
		t.Errorf("tools %v", names)
	}
	for uri, want := range map[string]string{"domprobe://tlds": `"classic"`, "domprobe://reasons": `"rdap-not-registered"`} {
		r, err := c.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: uri})
		if err != nil || !json.Valid([]byte(r.Contents[0].Text)) || !strings.Contains(r.Contents[0].Text, want) {
			t.Errorf("%s: %v, %v", uri, r, err)
		}
	}
}

// A call about 1,000 names has an answer in time with what there is, a progress that
// grows, and no row for a name without a verdict. The next call goes on.
func TestToolInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &script{gate: make(chan struct{}, 700), hold: "new", ttl: time.Hour}
		var done atomic.Int64
		c := assisted(t, Options{Prober: p}, &mcp.ClientOptions{ProgressNotificationHandler: func(_ context.Context, r *mcp.ProgressNotificationClientRequest) {
			if n := int64(r.Params.Progress); n < done.Swap(n) || r.Params.Total != maxCall {
				t.Errorf("progress %+v", r.Params)
			}
		}})
		go func() { // a resolver that gives 100 answers every 5 seconds, and then none
			for range 7 {
				time.Sleep(5 * time.Second)
				for range 100 {
					p.gate <- struct{}{}
				}
			}
		}()
		var names []string
		for i := range maxCall {
			names = append(names, fmt.Sprintf("new%d.dev", i))
		}
		began := time.Now()
		params := &mcp.CallToolParams{Name: "probe_names", Arguments: object{"names": names}}
		params.SetProgressToken("one")
		r, err := c.CallTool(t.Context(), params)
		if err != nil {
			t.Fatal(err)
		}
		var got findings
		if err := json.Unmarshal([]byte(r.Content[0].(*mcp.TextContent).Text), &got); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 45*time.Second || !got.Truncated || len(got.Names) != 700 || len(got.Pending) != 300 || got.Counts.NotFound != 700 {
			t.Errorf("after %v: %d names, %d pending, %+v", took, len(got.Names), len(got.Pending), got.Counts)
		}
		if done.Load() < 600 {
			t.Errorf("progress up to %d", done.Load())
		}
		close(p.gate)
		synctest.Wait()
		if p.running() != 0 {
			t.Error("after the answer the work goes on")
		}
		got, _ = tool[findings](t, c, "probe_names", object{"names": names})
		if len(got.Names) != maxCall || got.Truncated || p.times("new5.dev") != 1 {
			t.Errorf("the second time: %d names; new5.dev was asked about %d times", len(got.Names), p.times("new5.dev"))
		}
	})
}

// A registry that does not answer is no reason to be late.
func TestToolRegistryInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := assisted(t, Options{Prober: &script{}, Registry: desk{make(chan struct{})}}, nil)
		began := time.Now()
		said, problem := tool[registryWord](t, c, "registry_data", object{"name": "new.dev"})
		if took := time.Since(began); took > 45*time.Second || said.Verdict != "unknown" || problem != "" {
			t.Errorf("after %v: %s %+v", took, problem, said)
		}
	})
}

// A client that cancels a call, or leaves, stops its work.
func TestToolCanceled(t *testing.T) {
	for _, tool := range []string{"probe_names", "find_names"} {
		synctest.Test(t, func(t *testing.T) {
			p := &script{gate: make(chan struct{})}
			c := assisted(t, Options{Prober: p}, nil)
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error)
			args := object{"names": []string{"new.dev", "newer.dev"}}
			if tool == "find_names" {
				args = object{"keywords": []string{"new"}, "tlds": []string{"dev", "io"}}
			}
			go func() {
				_, err := c.CallTool(ctx, &mcp.CallToolParams{Name: tool, Arguments: args})
				ended <- err
			}()
			synctest.Wait()
			if p.running() != 1 {
				t.Fatal("nothing is searched")
			}
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			wait(time.Second)
			if p.running() != 0 {
				t.Errorf("%s: a second after it was canceled its work goes on", tool)
			}
		})
	}
}

// Over HTTP a client is guarded and charged like any other, and its leaving stops
// its work.
func TestToolsOverHTTP(t *testing.T) {
	const path = "/mcp"
	const request = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"probe_names","arguments":{"names":["new.dev"]}}}`
	both := header("Accept", "application/json, text/event-stream")
	bearer := header("Authorization", "Bearer token")
	opts := Options{Prober: &script{}, MCP: true, Token: "token", MaxNames: 1, ClientRate: 0.001}
	server := serve(t, opts)
	for name, tt := range map[string]struct {
		changes []change
		status  int
	}{
		"no token":      {nil, 401},
		"another site":  {[]change{bearer, header("Origin", "https://evil.example")}, 403},
		"another name":  {[]change{bearer, host("evil.example")}, 421},
		"no event type": {[]change{bearer, header("Accept", "text/html")}, 400},
	} {
		if resp, body := do(t, server, "POST", path, request, append(tt.changes, jsonBody)...); resp.StatusCode != tt.status {
			t.Errorf("%s: %d %s", name, resp.StatusCode, body)
		}
	}
	if resp, _ := do(t, server, "GET", path, "", bearer); resp.StatusCode != 405 {
		t.Errorf("GET: %d", resp.StatusCode)
	}
	if resp, _ := do(t, serve(t, Options{Prober: &script{}}), "POST", path, request, jsonBody, both); resp.StatusCode != 404 {
		t.Errorf("without the option: %d", resp.StatusCode)
	}
	server = serve(t, opts)
	resp, body := do(t, server, "POST", path, request, jsonBody, both, bearer)
	if resp.StatusCode != 200 || !strings.Contains(body, `"verdict":"not-found"`) {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	for range 200 {
		if _, body = do(t, server, "POST", path, request, jsonBody, both, bearer); strings.Contains(body, "too many names") {
			break
		}
	}
	if !strings.Contains(body, "too many names") {
		t.Errorf("no limit: %s", body)
	}
	synctest.Test(t, func(t *testing.T) {
		p := &script{gate: make(chan struct{})}
		_, client, _ := inMemory(t, Options{Prober: p, MCP: true})
		ctx, cancel := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, "POST", "http://localhost/mcp", strings.NewReader(request))
		if err != nil {
			t.Fatal(err)
		}
		both(r)
		jsonBody(r)
		left := make(chan error)
		go func() {
			resp, err := client.Do(r)
			if err == nil {
				_, err = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			left <- err
		}()
		wait(DefaultPatience + time.Second) // its body has been read
		if p.running() != 1 {
			t.Fatal("nothing is searched")
		}
		cancel()
		<-left
		wait(time.Second)
		if p.running() != 0 {
			t.Error("a second after the client has left its work goes on")
		}
	})
}

// FuzzTools: no arguments crash a tool, or break the protocol.
func FuzzTools(f *testing.F) {
	f.Add("probe_names", `{"names":["go.dev","\u0000","..","xn--a","a b"],"confirm":true}`)
	f.Add("find_names", `{"keywords":["a","b.dev"],"about":["bird"],"patterns":["[ab]{2}"],"generators":["hacks","combine"],"tlds":["dev",".","\ud800"],"best":5}`)
	f.Add("explain_name", `{"name":"go.dev"}`)
	f.Add("registry_data", `{"name":" "}`)
	f.Add("find_names", `[{"keywords":null}]`)
	c := assisted(f, Options{ClientRate: -1, Prober: &script{}, Registry: openDesk(), Explain: openDesk().explain}, nil)
	f.Fuzz(func(t *testing.T, name, args string) {
		if !json.Valid([]byte(args)) {
			return
		}
		r, err := c.CallTool(t.Context(), &mcp.CallToolParams{Name: name, Arguments: json.RawMessage(args)})
		if err == nil && (len(r.Content) == 0 || !r.IsError && r.StructuredContent == nil) {
			t.Errorf("%+v", r)
		}
		if _, err := c.ListTools(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	})
}
