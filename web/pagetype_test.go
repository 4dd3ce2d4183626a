package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// typed types a text at once, as a paste does.
func (b *tab) typed(text string) {
	b.Helper()
	b.set("keywords", text)
}

// set changes the text of a field.
func (b *tab) set(id, text string) {
	b.Helper()
	eval[chromedp.Void](b, fmt.Sprintf(`(k => { k.focus(); k.value = %q; k.dispatchEvent(new Event('input', {bubbles: true})); })(document.getElementById(%q))`, text, id))
}

// A name is searched while it is typed, the last one wins, and nothing is asked
// twice.
func TestPageTyping(t *testing.T) {
	p := &script{ttl: time.Hour}
	b := open(t, serve(t, Options{Prober: p}))
	b.screen(1280, 900, "light")
	eval[chromedp.Void](b, `window.posts = 0; window.fetch = (f => (path, init) => { window.posts += path === '/v1/probe' && !JSON.parse(init.body).keyword.includes('freeapp'); return f(path, init); })(window.fetch)`)
	b.keys("f")
	b.keys("re")
	b.typed("free")
	b.until(done + ` && document.querySelector('#lines bdi')?.textContent === 'free.com'`)
	expect(b, `location.hash`, "#keyword=free&preset=popular")
	b.until(`document.querySelectorAll('.idea[data-s]').length > 10`)
	before := eval[int](b, `window.posts`)
	b.typed("freed")
	b.until(`location.hash === '#keyword=freed&preset=popular' && ` + done)
	b.typed("free")
	b.until(`location.hash === '#keyword=free&preset=popular' && ` + done)
	if n := p.times("free.com"); n != 1 {
		t.Errorf("free.com was asked about %d times", n)
	}
	expect(b, `window.posts - `+fmt.Sprint(before)+` <= 3`, true) // freed, its ideas, the ideas of free

	// What was typed is one entry of the history.
	b.back()
	b.until(`location.hash === '' && document.getElementById('results').hidden`)

	// A list waits for Enter.
	begun := p.started()
	b.typed("one\ntwo\nthree")
	b.keys(kb.Shift)
	expect(b, `document.getElementById('estimate').textContent`, "30 names")
	if n := p.started(); n != begun {
		t.Errorf("a list is searched without Enter")
	}
	b.enter()
	b.until(`location.hash === '#keyword=one,two,three&preset=popular' && ` + done)
}

// Pasted text is read as its author means it.
func TestPageWords(t *testing.T) {
	b := open(t, serve(t, Options{Prober: &script{}}))
	for _, c := range []struct {
		text, reading string
		want          []string
	}{
		{"go, rust;zig|c", "", []string{"go", "rust", "zig", "c"}},
		{"1. one\n2) two\n(3) three\n- four\n* five\n\u2022 six\n[x] seven", "", []string{"one", "two", "three", "four", "five", "six", "seven"}},
		{"\"go\", 'rust', \u201czig\u201d \u00abc\u00bb", "", []string{"go", "rust", "zigc", "zig", "c"}},
		{"https://www.example.com/doc?x=1#y, me@go.dev http://user:pw@host.io:8080/", "", []string{"example.com", "go.dev", "host.io"}},
		{"go.dev/doc and/or", "", []string{"go.dev", "and", "or"}},
		{"Orbit Labs", "", []string{"OrbitLabs", "Orbit", "Labs"}},
		{"Orbit Labs", "joined", []string{"OrbitLabs"}},
		{"Orbit Labs", "separate", []string{"Orbit", "Labs"}},
		{"one two three", "", []string{"one", "two", "three"}},
		{"one two three, four", "joined", []string{"onetwothree", "four"}},
		{"go, go\ngo", "", []string{"go"}},
		{"123, 1.", "", []string{"123", "1"}},
		{"b\u00fccher, \u4f8b\u3048", "", []string{"b\u00fccher", "\u4f8b\u3048"}},
		{"... , - \n \u2022 ;;", "", []string{}},
		{"(go) [rust] <zig> go!", "separate", []string{"go", "rust", "zig"}},
	} {
		got, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](
			fmt.Sprintf(`import('/static/words.js').then(m => m.meaning(%q, %q).keywords)`, c.text, c.reading), chromedp.EvalAwaitPromise))
		if err != nil || strings.Join(got, "|") != strings.Join(c.want, "|") {
			t.Errorf("%q, %q: %q, %v, want %q", c.text, c.reading, got, err, c.want)
		}
	}

	b.screen(1280, 900, "light")
	b.typed("orbit labs")
	b.until(`location.hash.startsWith('#keyword=orbitlabs,orbit,labs&') && ` + done)
	expect(b, `document.getElementById('phrase-text').textContent`, "\u201corbit labs\u201d")
	b.photograph("phrase")
	b.click("#phrase [value=joined]")
	b.until(`location.hash.startsWith('#keyword=orbitlabs&') && ` + done)
	expect(b, `document.getElementById('keywords').value`, "orbit labs")

	// A file is dropped anywhere.
	eval[chromedp.Void](b, `(d => { d.items.add(new File(['1. free\n2. new\n'], 'names.txt', {type: 'text/plain'}));
		document.body.dispatchEvent(new DragEvent('drop', {dataTransfer: d, bubbles: true, cancelable: true})); })(new DataTransfer())`)
	b.until(`location.hash.startsWith('#keyword=free,new&') && ` + done)
}

// Names that no registry takes do not look free. A registry of a country may take
// them, and some are registered.
func TestPageForbidden(t *testing.T) {
	b := open(t, serve(t, Options{Prober: &script{}}))
	b.visit("#keyword=john%E2%80%99s,%F0%9F%A6%8A,b%C3%BCcher&tld=com,ws")
	b.until(done)
	expect(b, labels, []string{"john\u2019s.com: impossible", "john\u2019s.ws: likely free", "\U0001f98a.com: impossible", "\U0001f98a.ws: likely free", "b\u00fccher.com: likely free", "b\u00fccher.ws: likely free"})
	expect(b, pills, []string{"\u2713 4 likely free", "\u2013 2 impossible"})
	b.click("#lines [data-cell]")
	expect(b, `document.getElementById('detail-verdict').textContent`, "Impossible: generic TLDs have no names with \u2019.")
}

// A name keeps its Unicode form if its ASCII form is given too.
func TestPageUnicode(t *testing.T) {
	b := open(t, serve(t, Options{Prober: &script{}}))
	b.visit("#keyword=xn--bcher-kva,b%C3%BCcher&tld=com,net,org,io")
	b.until(done)
	expect(b, shown, []string{"b\u00fccher.com", "b\u00fccher.net", "b\u00fccher.org", "b\u00fccher.io"})
	b.visit("#keyword=xn--bcher-kva,b%C3%BCcher,new,fun&tld=com,net,org,io")
	b.until(done)
	expect(b, shown, []string{"b\u00fccher", "new", "fun"})
}

// The start offers examples and recent searches.
func TestPageStart(t *testing.T) {
	b := open(t, serve(t, Options{Prober: &script{}}))
	expect(b, `document.querySelectorAll('#examples button').length`, 3)
	expect(b, `document.getElementById('recent').hidden`, true)
	b.click("#examples button")
	b.until(done)
	expect(b, `document.querySelector('#lines bdi').textContent`, "lumora.com")
	b.click("#home")
	b.until(`document.getElementById('results').hidden && location.hash === ''`)
	expect(b, `[...document.querySelectorAll('#recent-list button')].map(b => b.textContent)`, []string{"lumora"})
	b.screen(1280, 900, "light")
	b.photograph("recent")
	b.click("#recent-list button")
	b.until(`location.hash === '#keyword=lumora&preset=popular' && ` + done)
	b.click("#home")
	b.click("#recent-clear")
	expect(b, `document.getElementById('recent').hidden`, true)

	// The theme is that of the system, until one is chosen.
	b.screen(1280, 900, "dark")
	back := `getComputedStyle(document.body).backgroundColor`
	expect(b, back, "rgb(19, 20, 22)")
	b.keys(kb.Escape)
	b.click("#open-help")
	b.choose("theme", "light")
	expect(b, back, "rgb(255, 255, 255)")
	b.photograph("settings")
	b.do(chromedp.Reload())
	b.until(`document.documentElement.dataset.ready !== undefined`)
	expect(b, back, "rgb(255, 255, 255)")
}

// The ideas below a search can be opened, and there are more.
func TestPageIdeas(t *testing.T) {
	b := open(t, serve(t, Options{Prober: &script{}}))
	b.screen(1280, 1600, "light")
	b.visit("#keyword=velora,orbit&preset=popular")
	b.until(`document.querySelectorAll('.idea[data-s]').length > 10`)
	names := `[...document.querySelectorAll('#idea-list bdi')].map(e => e.textContent)`
	expect(b, `["veloraorbit", "orbitvelora"].every(name => `+names+`.includes(name))`, true)
	expect(b, `new Set(`+names+`).size === `+names+`.length`, true)
	n := eval[int](b, names+`.length`)
	b.photograph("ideas")
	b.click("#more-ideas")
	b.until(fmt.Sprintf(`%s.length > %d && [...document.querySelectorAll('.idea')].every(i => i.dataset.s)`, names, n))
	b.click(`.idea[aria-label^="veloraorbit.com"]`)
	expect(b, `document.getElementById('detail-name').textContent`, "veloraorbit.com")
	b.click("#detail-star")
	expect(b, saved, []string{"veloraorbit.com"})
	b.click("#detail-close")
	b.visit("#keyword=orbit&preset=popular")
	b.until(`document.querySelectorAll('.idea[data-s]').length > 10`)
	expect(b, names+`.includes("orb.it")`, true)
}
