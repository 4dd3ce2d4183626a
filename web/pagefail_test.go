package web

import (
	"context"
	"iter"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"domprobe/candidate"
	"domprobe/probe"
)

// A failure costs no rows.
func TestPageFailures(t *testing.T) {
	b := open(t, serve(t, Options{Prober: &script{ttl: time.Hour}}))
	b.screen(1280, 900, "light")
	const search = "#keyword=free,new&tld=dev,io"
	b.visit(search)
	b.until(done)
	rows := eval[[]string](b, labels)
	unharmed := func(name string) {
		t.Helper()
		expect(b, labels, rows)
		expect(b, `location.hash`, search)
		b.photograph(name)
	}
	// answer makes the next searches fail, with the status or without one.
	answer := func(js string) {
		t.Helper()
		eval[chromedp.Void](b, `window.real ??= window.fetch; window.fetch = (path, init) => path === '/v1/probe' ? `+js+` : window.real(path, init)`)
	}
	b.do(chromedp.SetValue(chromedp.CSS("#keywords"), "one,two,three,four"))
	answer(`Promise.reject(new TypeError('Failed to fetch'))`)
	b.click("#go")
	expect(b, problemText, "The server does not answer.")
	unharmed("down")

	// The wait that the server asks for is counted down, then the search starts.
	answer(`Promise.resolve(new Response('{"detail":"too many names in a short time"}', {status: 429, headers: {'Retry-After': '2'}}))`)
	b.click("#go")
	expect(b, problemText, "Too many names in a short time.")
	b.until(`/^Trying again in [12] s$/.test(document.getElementById('retry').textContent)`)
	unharmed("wait")
	eval[chromedp.Void](b, `window.fetch = window.real`)
	b.until(`location.hash === '#keyword=one,two,three,four&tld=dev,io' && ` + done)
	expect(b, `document.getElementById('problem').hidden`, true)

	// A server that is busy with others is asked again after a while.
	answer(`Promise.resolve(new Response('{"detail":"256 searches are running already"}', {status: 429}))`)
	b.click("#go")
	b.until(`/^Trying again in [1-5] s$/.test(document.getElementById('retry').textContent)`)

	// Or it is called off.
	answer(`Promise.resolve(new Response('{"detail":"too many names in a short time"}', {status: 429, headers: {'Retry-After': '100'}}))`)
	b.click("#go")
	b.until(`/^Trying again/.test(document.getElementById('retry').textContent)`)
	b.keys(kb.Escape)
	expect(b, `document.getElementById('problem').hidden`, true)
}

// A swap is a handler in whose place another one can be put.
type swap struct{ handler atomic.Pointer[Server] }

func (h *swap) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.handler.Load().ServeHTTP(w, r) }

// A server that stops says so, and the rest can be had from the next one.
func TestPageServerStops(t *testing.T) {
	p := &script{gate: make(chan struct{}), ttl: time.Hour}
	handler := &swap{}
	start := func(p Prober) *Server {
		t.Helper()
		s, err := New(Options{Prober: p})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		handler.handler.Store(s)
		return s
	}
	s := start(p)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	b := open(t, server)
	b.screen(1280, 900, "light")
	b.visit("#keyword=free,new&tld=dev,io")
	p.gate <- struct{}{}
	b.until(line + `.startsWith('1 of 4 names')`)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	expect(b, line, "1 of 4 names, the server is stopping")
	expect(b, labels, []string{"free.dev: taken", "free.io: waiting", "new.dev: waiting", "new.io: waiting"})
	b.photograph("stopping")
	start(&script{ttl: time.Hour})
	b.click("#resume")
	b.until(done)
	expect(b, labels, []string{"free.dev: taken", "free.io: taken", "new.dev: likely free", "new.io: likely free"})
}

// second is a prober whose unknown names are found when they are asked about again.
type second struct {
	script
	runs atomic.Int64
}

func (s *second) Batches(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]probe.Result, error] {
	run := s.runs.Add(1)
	return func(yield func([]probe.Result, error) bool) {
		for rows, err := range s.script.Batches(ctx, names) {
			for i := range rows {
				if run > 1 && rows[i].Verdict == probe.Unknown {
					rows[i].Verdict, rows[i].Reason = probe.Found, probe.Delegated
				}
			}
			if !yield(rows, err) {
				return
			}
		}
	}
}

func TestPageAskUnknown(t *testing.T) {
	p := &second{script: script{ttl: time.Hour}}
	b := open(t, serve(t, Options{Prober: p}))
	b.screen(1280, 900, "light")
	b.visit("#keyword=unsure,new&tld=dev,io")
	b.until(done)
	expect(b, pills, []string{"✓ 2 likely free", "? 2 unknown"})
	expect(b, `document.getElementById('again').textContent`, "Ask 2 unknown again")
	b.photograph("unknown")
	b.click("#again")
	b.until(`document.getElementById('again').hidden && ` + done)
	expect(b, labels, []string{"unsure.dev: taken", "unsure.io: taken", "new.dev: likely free", "new.io: likely free"})
	if n := p.times("new.dev"); n != 1 {
		t.Errorf("new.dev was asked about %d times", n)
	}
}
