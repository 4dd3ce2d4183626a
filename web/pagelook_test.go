package web

import (
	"context"
	"iter"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"domprobe/candidate"
	"domprobe/internal/dnstest/daemon"
	"domprobe/probe"
)

func TestPageReload(t *testing.T) {
	b := open(t, serve(t, Options{Prober: demo(t)}))
	b.screen(1280, 1400, "light")
	b.visit("#keyword=go,b%C3%BCcher,bbc.co.uk&tld=dev,io&prefix=get&suffix=hq&sort=name")
	b.until(done)
	before := eval[[]string](b, shown)
	if !slices.Contains(before, "bücher.dev") || !slices.Contains(before, "getgohq.io") || !slices.Contains(before, "bbc.co.uk") || len(before) != 17 {
		t.Errorf("rows %v", before)
	}
	b.do(chromedp.Reload())
	b.until(`document.documentElement.dataset.ready !== undefined && ` + done)
	expect(b, shown, before)
	expect(b, `document.getElementById('keywords').value`, "go, bücher, bbc.co.uk")
	expect(b, `document.getElementById('scope-affixes').textContent`, "get- -hq")
	b.photograph("reload")
	b.do(chromedp.SetValue(chromedp.CSS("#keywords"), "zig"))
	b.click("#go")
	b.until(`location.hash.startsWith('#keyword=zig&') && ` + done)
	b.back()
	b.until(`location.hash.startsWith('#keyword=go,') && document.querySelectorAll('#lines .line').length === 17 && ` + done)

	// Text that is not searched yet outlives a reload too.
	eval[chromedp.Void](b, `(k => { k.value = 'one\ntwo\nthree'; k.dispatchEvent(new Event('input', {bubbles: true})); })(document.getElementById('keywords'))`)
	b.do(chromedp.Reload())
	b.until(`document.documentElement.dataset.ready !== undefined && ` + done)
	expect(b, `document.getElementById('keywords').value`, "one\ntwo\nthree")
	expect(b, shown, before)
}

// known is a prober that knows more about found names.
type known struct {
	*script
	tell func(*probe.Result)
}

func (k *known) Batches(ctx context.Context, names iter.Seq2[candidate.Candidate, error]) iter.Seq2[[]probe.Result, error] {
	return func(yield func([]probe.Result, error) bool) {
		for rows, err := range k.script.Batches(ctx, names) {
			for i := range rows {
				if rows[i].Verdict == probe.Found {
					k.tell(&rows[i])
				}
			}
			if !yield(rows, err) {
				return
			}
		}
	}
}

func withDates(r *probe.Result) {
	r.Registration = &probe.Registration{
		Registrar: "Example Registrar", Created: time.Date(2011, 1, 2, 12, 0, 0, 0, time.UTC), Expires: time.Date(2031, 1, 2, 12, 0, 0, 0, time.UTC),
	}
}

// Everything can be done with the keyboard alone.
func TestPageKeyboard(t *testing.T) {
	registry := &script{source: "dns+rdap", ttl: time.Hour}
	b := open(t, serve(t, Options{Prober: &script{ttl: time.Hour}, Confirmer: registry, With: func(More) Prober { return &known{registry, withDates} }}))
	b.screen(1280, 900, "light")
	tabTo := func(so string, modifiers ...chromedp.KeyOption) (presses int) {
		t.Helper()
		for range 60 {
			if eval[bool](b, so) {
				return presses
			}
			b.do(chromedp.KeyEvent(kb.Tab, modifiers...))
			presses++
		}
		t.Fatalf("the Tab key does not reach %s", so)
		return presses
	}
	b.keys("free new") // the focus is there from the start
	tabTo(`document.activeElement.matches('#scope summary')`)
	b.keys(kb.Enter)
	tabTo(`document.activeElement.id === 'tld'`)
	b.keys("dev" + kb.Enter + "io" + kb.Enter)
	tabTo(`document.activeElement.id === 'keywords'`, chromedp.KeyModifiers(chromedp.ModifierShift))
	b.keys(kb.End + " fun")
	b.enter()
	b.until(done + ` && document.querySelectorAll('#lines .line').length === 3`)
	b.until(`document.querySelectorAll('#chips li').length === 2`)
	tabTo(`document.activeElement.matches('#scope summary')`)
	b.keys(kb.Enter)
	if n := tabTo(`document.activeElement.matches('[data-cell]')`); n > 9 {
		t.Errorf("%d presses of Tab from the TLDs to the names", n)
	}
	focus := `document.activeElement.dataset.name ?? ''`
	expect(b, focus, "free.dev")
	b.keys(kb.ArrowDown + kb.ArrowRight)
	expect(b, focus, "new.io")
	b.keys(kb.End)
	expect(b, focus, "new.xyz")
	b.keys(kb.Home + "s")
	expect(b, saved, []string{"new.dev"})
	expect(b, `document.querySelector('`+cell("new.dev")+`').ariaLabel`, "new.dev: likely free, on the shortlist")
	expect(b, `getComputedStyle(document.activeElement).outlineStyle`, "solid")
	b.photograph("keyboard")
	expect(b, focus, "new.dev")

	b.enter()
	b.until(`document.getElementById('detail').open`)
	expect(b, `document.activeElement.id`, "detail-close")
	expect(b, `document.getElementById('detail-name').textContent`, "new.dev")
	b.keys(kb.Tab)
	expect(b, `document.activeElement.id`, "detail-confirm")
	b.photograph("detail")
	b.keys(kb.Enter)
	expect(b, `document.getElementById('detail-note').textContent`, "The registry has answered.")
	expect(b, `document.getElementById('detail-verdict').textContent.startsWith('Free: ')`, true)
	expect(b, `document.getElementById('detail-confirm').hidden`, true) // there is nothing left to ask
	b.photograph("confirmed")
	b.keys(kb.Escape)
	b.until(`!document.getElementById('detail').open`)
	expect(b, `document.querySelector('`+cell("new.dev")+`').ariaLabel`, "new.dev: free, on the shortlist")
	expect(b, focus, "new.dev")
	if n := registry.times("new.dev"); n != 1 {
		t.Errorf("the registry was asked %d times", n)
	}

	// Of names that are found the registry tells the dates.
	b.keys(kb.ArrowUp)
	b.enter()
	expect(b, `document.getElementById('detail-name').textContent`, "free.dev")
	b.keys(kb.Tab + kb.Enter)
	expect(b, `document.getElementById('detail-note').textContent`, "The registry has answered.")
	expect(b, `[...document.querySelectorAll('#detail-registry dt')].map(e => e.textContent)`, []string{"Registrar", "Registered", "Expires"})
	expect(b, `document.querySelector('#detail-registry').innerText.includes('Example Registrar') && document.querySelector('#detail-registry').innerText.includes('2031')`, true)
	expect(b, `document.getElementById('detail-confirm').hidden`, true)
	b.photograph("dates")
	b.keys(kb.Escape)
	expect(b, labels+`[0]`, "free.dev: taken, says the registry")

	// The line is one key away, and the names one below it.
	b.keys("/")
	expect(b, `document.activeElement.id`, "keywords")
	b.keys(kb.ArrowDown)
	expect(b, focus, "free.dev")
	b.keys("?")
	b.until(`document.getElementById('help').open`)
	b.keys(kb.Escape)
	b.until(`!document.getElementById('help').open`)
}

// looks are the screens for pictures.
var looks = []struct {
	name          string
	width, height int64
	scheme        string
}{
	{"light", 1440, 900, "light"}, {"dark", 1440, 900, "dark"}, {"tablet", 768, 1024, "light"}, {"tablet-dark", 768, 1024, "dark"},
	{"phone", 390, 844, "light"}, {"phone-dark", 390, 844, "dark"},
}

func TestPageLooks(t *testing.T) {
	b := open(t, serve(t, Options{Prober: demo(t), Confirmer: demo(t), Token: "correct horse battery staple"}))
	b.screen(1280, 900, "light")
	b.photograph("login")
	b.until(`document.activeElement.id === 'token'`)
	b.keys("wrong" + kb.Enter)
	b.until(`!document.querySelector('[role=alert]').hidden && document.activeElement.id === 'token'`)
	b.keys("correct horse battery staple" + kb.Enter)
	b.until(`document.documentElement.dataset.ready !== undefined`)
	fits := func(name string) {
		t.Helper()
		if !eval[bool](b, `document.documentElement.scrollWidth <= document.documentElement.clientWidth`) {
			t.Errorf("%s: the page is wider than the screen", name)
		}
		b.photograph(name)
	}
	for _, view := range looks {
		b.screen(view.width, view.height, view.scheme)
		b.visit("")
		fits(view.name + "-empty")
		b.visit("#keyword=lumora&preset=popular")
		b.until(`document.querySelectorAll('.idea[data-s]').length > 10`)
		fits(view.name + "-one")
		// The result is on the screen, and in reach of a thumb.
		expect(b, `document.querySelector('#lines .line').getBoundingClientRect().top < innerHeight * .55`, true)
		if view.width < 500 {
			expect(b, `[...document.querySelectorAll('#lines .star')].every(s => s.getBoundingClientRect().width >= 44 && s.getBoundingClientRect().height >= 44)`, true)
			expect(b, `[...document.querySelectorAll('button')].filter(b => b.checkVisibility() && b.getBoundingClientRect().height < 28).length`, 0)
		}
		b.visit("#keyword=go,rust,zig,qxvzkwj,github,apple,google,co.uk,b%C3%BCcher,thisisaratherlongkeyword&tld=nosuch&preset=popular")
		b.until(done)
		expect(b, `matchMedia('(prefers-color-scheme: dark)').matches`, view.scheme == "dark")
		fits(view.name)
		b.click("#lines [data-cell]")
		b.until(`document.getElementById('detail').open`)
		fits(view.name + "-detail")
	}
}

// At 200 % nothing is lost, and nothing has to be scrolled in two directions.
func TestPageZoom(t *testing.T) {
	b := open(t, serve(t, Options{Prober: demo(t)}))
	b.screen(640, 450, "light") // 1280 by 900 at 200 %
	b.visit("#keyword=lumora&preset=popular")
	b.until(done)
	expect(b, `document.documentElement.scrollWidth <= document.documentElement.clientWidth`, true)
	b.click("#scope summary")
	expect(b, `document.documentElement.scrollWidth <= document.documentElement.clientWidth`, true)
	b.click("#scope summary")
	b.click(cell("lumora.com"))
	expect(b, `(d => d.scrollWidth <= d.clientWidth)(document.getElementById('detail'))`, true)
	b.photograph("zoom")
	b.click("#detail-close")

	// Larger letters alone do the same.
	b.screen(1280, 900, "light")
	b.visit("#keyword=lumora&preset=popular")
	b.until(done)
	_, err := chromedp.Call(b.ctx, page.SetFontSizes, page.SetFontSizesParams{FontSizes: &page.FontSizes{Standard: 32}})
	if err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Reload())
	b.until(`document.documentElement.dataset.ready !== undefined && ` + done)
	expect(b, `getComputedStyle(document.body).fontSize`, "32px")
	expect(b, `document.documentElement.scrollWidth <= document.documentElement.clientWidth`, true)
	expect(b, `[...document.querySelectorAll('#lines .line')].every((l, i, all) => !i || l.getBoundingClientRect().top >= all[i - 1].getBoundingClientRect().bottom - 1)`, true)
	b.photograph("letters")
}

// TestPageAxe looks for barriers to people with disabilities, with axe-core
// (https://github.com/dequelabs/axe-core), which DOMPROBE_AXE names.
func TestPageAxe(t *testing.T) {
	path := os.Getenv("DOMPROBE_AXE")
	if path == "" {
		daemon.Missing(t, "needs axe-core, as .ci/run provides it: npm install axe-core, and DOMPROBE_AXE=node_modules/axe-core/axe.min.js")
	}
	axe, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, serve(t, Options{Prober: demo(t), Confirmer: demo(t), WatchState: watchedFile(t, "watched.dev")}))
	guarded := open(t, serve(t, Options{Prober: demo(t), Token: "correct horse"}))
	check := func(b *tab, name string) {
		t.Helper()
		for _, scheme := range []string{"light", "dark"} {
			b.screen(map[string]int64{"light": 1280, "dark": 390}[scheme], 900, scheme)
			eval[chromedp.Void](b, string(axe))
			found, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](
				`axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v => v.impact + ': ' + v.help + ': ' + v.nodes.map(n => n.html).join(' ')))`,
				chromedp.EvalAwaitPromise))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range found {
				t.Errorf("%s, %s: %.600s", name, scheme, f)
			}
		}
		b.screen(1280, 900, "light")
	}
	check(guarded, "login")
	check(b, "empty")
	b.click("#scope summary")
	check(b, "scope")
	b.visit("#keyword=go,rust,zig,qxvzkwj,co.uk,go.nosuch&tld=dev,io&prefix=get")
	b.until(done)
	b.click(`.line:has([data-name="go.io"]) .star`)
	check(b, "list")
	b.click("#layout [value=grid]")
	check(b, "grid")
	b.click(cell("qxvzkwj.io"))
	b.click("#detail-evidence summary")
	check(b, "detail")
	b.click("#detail-close")
	b.click("#open-shortlist")
	b.until(`document.querySelector('#watched-list li')`)
	check(b, "shortlist")
	b.click("#shortlist-close")
	b.keys("?")
	check(b, "settings")
	b.click("#help-close")
	b.visit("#keyword=lumora&preset=popular")
	b.until(`document.querySelectorAll('.idea[data-s]').length > 10`)
	check(b, "ideas")
	b.visit("#keyword=go&tld=a_b")
	b.until(`!document.getElementById('problem').hidden`)
	check(b, "problem")
	b.do(chromedp.Navigate(b.home + "docs"))
	check(b, "docs")
}
