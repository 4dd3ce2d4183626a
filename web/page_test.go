package web

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"domprobe/candidate"
	"domprobe/internal/dnstest/chromium"
	"domprobe/internal/dnstest/daemon"
	"domprobe/probe"
	"domprobe/report"
)

// A tab is a page in a browser of its own.
type tab struct {
	*testing.T
	ctx  context.Context
	home string // the address of the page
}

// open starts a browser, which ends with the test, on the page of a server.
func open(t *testing.T, server *httptest.Server) *tab {
	t.Helper()
	b := &tab{t, chromium.Start(t), server.URL + "/"}
	b.visit("")
	return b
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.Fatal(err)
	}
}

// visit opens the page with a fragment of its address.
func (b *tab) visit(hash string) {
	b.Helper()
	// A new document even where only that differs.
	b.do(chromedp.Navigate("about:blank"), chromedp.Navigate(b.home+hash))
	b.until(`document.documentElement.dataset.ready !== undefined || document.querySelector('.login')`)
}

func (b *tab) click(css string) {
	b.Helper()
	b.do(chromedp.Click(chromedp.CSS(css)))
}

// keys types, wherever the focus is.
func (b *tab) keys(keys string) {
	b.Helper()
	b.do(chromedp.KeyEvent(keys))
}

// until waits until an expression is true. That it fails, as while a page is
// being loaded, is not yet an error.
func (b *tab) until(expression string) {
	b.Helper()
	eventually(b, expression, func() bool {
		ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
		return err == nil && ok
	})
}

// expect waits until the value of an expression is as it should be.
func expect[T any](b *tab, expression string, want T) {
	b.Helper()
	var got T
	defer func() {
		if b.Failed() {
			b.Logf("%s: %v, want %v", expression, got, want)
		}
	}()
	eventually(b, expression, func() bool {
		got = eval[T](b, expression)
		return reflect.DeepEqual(got, want)
	})
}

func eval[T any](b *tab, expression string) T {
	b.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.Fatalf("%s: %v", expression, err)
	}
	return v
}

// screen makes the screen so large, and light or dark.
func (b *tab) screen(width, height int64, scheme string) {
	b.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.do(chromedp.EmulateViewport(width, height))
}

// photograph saves a picture of the screen.
func (b *tab) photograph(name string) {
	b.Helper()
	picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.Fatal(err)
	}
	if !strings.HasPrefix(string(picture), "\x89PNG") || len(picture) < 10_000 {
		b.Errorf("%s: not a picture of a page, %d bytes", name, len(picture))
	}
	dir := os.Getenv("DOMPROBE_ARTIFACTS")
	if dir == "" {
		dir = b.TempDir()
	}
	if err := os.WriteFile(filepath.Join(dir, "page-"+name+".png"), picture, 0o666); err != nil {
		b.Fatal(err)
	}
}

const (
	done  = `/, done$/.test(document.getElementById('line').textContent)`
	shown = `[...document.querySelectorAll('tbody tr')].filter(r => r.checkVisibility()).map(r => r.cells[0].textContent)`
	cells = `[...document.querySelectorAll('tbody td')].filter(c => c.innerText.trim()).map(c => c.innerText.replace(/\s+/g, ' ').trim())`
)

func TestPageSearch(t *testing.T) {
	b := open(t, serve(t, Options{Prober: demo(t)}))
	b.screen(1280, 900, "light")
	b.photograph("empty")
	expect(b, `document.activeElement.id`, "keywords")
	b.click(`#chips button`) // the set that is chosen at first
	b.do(chromedp.SendKeys(chromedp.CSS("#keywords"), "go, rust\u0020zig qxvzkwj"))
	b.do(chromedp.SendKeys(chromedp.CSS("#tld"), "dev,.IO,"))
	expect(b, `[...document.querySelectorAll('#chips li')].map(c => c.firstChild.data)`, []string{".dev", ".io"})
	expect(b, `document.getElementById('estimate').textContent`, "8 names")
	b.click("#presets [value=classic]")
	expect(b, `document.getElementById('estimate').textContent`, "28 names")
	b.click("#presets [value=classic]")
	b.click("#go")
	b.until(done)
	expect(b, shown, []string{"go", "rust", "zig", "qxvzkwj"})
	expect(b, `document.getElementById('line').textContent`, "8 of 8 names, done")
	expect(b, `[...document.querySelectorAll('#counts div')].map(c => c.innerText.replace(/\s+/g, ' '))`,
		[]string{"found 1", "not found 7", "unknown 0", "invalid 0"})
	expect(b, `document.querySelector('[data-name="go.dev"]').innerText.replace(/\s+/g, ' ').trim()`, "+ found ☆")
	expect(b, `document.getElementById('said').textContent`, "8 of 8 names: 1 found, 7 not found, 0 unknown, 0 invalid; done")
	expect(b, `location.hash`, "#keyword=go,rust,zig,qxvzkwj&tld=dev,io")
	expect(b, `[document.querySelector('#grid thead th').scope, document.querySelector('#grid tbody th').scope]`, []string{"col", "row"})
	expect(b, `performance.getEntriesByType('resource').filter(r => !r.name.startsWith(location.origin)).length`, 0)
	b.photograph("search")

	// A mistake is said, not hidden.
	b.do(chromedp.SetValue(chromedp.CSS("#keywords"), "go"), chromedp.SendKeys(chromedp.CSS("#tld"), "a_b"))
	b.click("#go")
	b.until(`!document.getElementById('problem').hidden`)
	expect(b, `document.getElementById('problem').textContent.startsWith('Bad TLD: "a_b"')`, true)
	expect(b, `document.getElementById('estimate').textContent`, "3 names")
	b.photograph("problem")
}

func TestPageFilterSortStar(t *testing.T) {
	b := open(t, serve(t, Options{Prober: demo(t)}))
	b.screen(1280, 900, "light")
	b.visit("#keyword=go,rust,zig,qxvzkwj,github,apple,google&tld=dev,io,net&show=not-found")
	b.until(done)
	expect(b, `document.getElementById('show').value`, "not-found")
	expect(b, `[...new Set([...document.querySelectorAll('td[data-v]:not(.off)')].map(c => c.dataset.v))]`, []string{"not-found"})
	expect(b, `document.querySelector('td[data-v=found] .verdict').checkVisibility({visibilityProperty: true})`, false)
	b.photograph("filter")

	b.choose("show", "all")
	b.choose("sort", "name")
	expect(b, shown, []string{"apple", "github", "go", "google", "qxvzkwj", "rust", "zig"})
	b.choose("sort", "length")
	expect(b, shown, []string{"go", "zig", "rust", "apple", "github", "google", "qxvzkwj"})
	b.choose("sort", "free")
	expect(b, `document.querySelector('tbody tr th').textContent`, "rust")
	expect(b, `location.hash.endsWith('&sort=free')`, true)

	b.click(`[data-name="qxvzkwj.io"] .star`)
	b.click(`[data-name="rust.io"] .star`)
	b.choose("show", "starred")
	expect(b, shown, []string{"rust", "qxvzkwj"})
	expect(b, `[...document.querySelectorAll('#stars bdi')].map(e => e.textContent)`, []string{"qxvzkwj.io", "rust.io"})
	b.photograph("favourites")
	b.do(chromedp.Reload())
	b.until(`document.querySelectorAll('#stars li').length === 2`)
	b.click(`#stars button`)
	expect(b, `[...document.querySelectorAll('#stars bdi')].map(e => e.textContent)`, []string{"rust.io"})
}

func TestPageLiveAndStop(t *testing.T) {
	p := &script{gate: make(chan struct{})}
	b := open(t, serve(t, Options{Prober: p}))
	b.screen(1280, 900, "light")
	b.visit("#keyword=free,new,unsure,fine,none&tld=dev,io")
	for i := range 5 {
		p.gate <- struct{}{}
		b.until(fmt.Sprintf(`document.querySelectorAll('td[data-v]').length === %d`, i+1))
	}
	expect(b, `document.getElementById('line').textContent`, "5 of 10 names, searching")
	expect(b, cells, []string{"+ found ☆", "+ found ☆", "− not found ☆", "− not found ☆", "? unknown ☆", "·", "·", "·", "·", "·"})
	expect(b, `document.getElementById('progress').value`, 5)
	expect(b, `document.getElementById('stop').disabled`, false)
	b.photograph("live")
	b.click("#stop")
	b.until(`/, stopped$/.test(document.getElementById('line').textContent)`)
	eventually(t, "the search has stopped", func() bool { return p.running() == 0 })
	expect(b, `document.getElementById('stop').disabled`, true)
	expect(b, `document.activeElement.id`, "go")
	expect(b, `document.querySelectorAll('td[data-v]').length`, 5)
	b.photograph("stopped")

	// Escape does the same, and a search that is replaced ends too.
	b.click("#go")
	eventually(t, "another search", func() bool { return p.running() == 1 })
	b.click("#go")
	eventually(t, "a third search alone", func() bool { return p.running() == 1 && p.started() >= 3 })
	b.keys(kb.Escape)
	eventually(t, "the search has stopped", func() bool { return p.running() == 0 })
}

func TestPageDownload(t *testing.T) {
	b := open(t, serve(t, Options{Prober: demo(t)}))
	dir := t.TempDir()
	on := true
	_, err := chromedp.Call(b.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir, EventsEnabled: &on,
	})
	if err != nil {
		t.Fatal(err)
	}
	b.visit("#keyword=go,rust,b%C3%BCcher&tld=dev&suffix=ly")
	b.until(done)
	fetched := func(button, name string) []byte {
		t.Helper()
		b.click(button)
		var body []byte
		eventually(t, "download of "+name, func() bool {
			body, _ = os.ReadFile(filepath.Join(dir, name))
			return len(body) > 0
		})
		return body
	}
	records, err := csv.NewReader(strings.NewReader(string(fetched("#csv", "domprobe.csv")))).ReadAll()
	if err != nil || len(records) != 7 || records[0][0] != "domain" || records[1][0] != "go.dev" || records[1][1] != "found" {
		t.Errorf("csv: %v, %v", records, err)
	}
	_, want := do(t, serve(t, Options{Prober: demo(t)}), "GET", "/v1/probe?keyword=go.dev&format=csv", "")
	if header, _, _ := strings.Cut(want, "\n"); len(records) > 0 && strings.Join(records[0], ",") != header {
		t.Errorf("the page's columns are %v, the server's %s", records[0], header)
	}
	var rows []struct{ Domain, Verdict, Unicode string }
	if err := json.Unmarshal(fetched("#json", "domprobe.json"), &rows); err != nil || len(rows) != 6 || rows[4].Unicode != "bücher.dev" {
		t.Errorf("json: %v, %v", rows, err)
	}
	eval[chromedp.Void](b, `navigator.clipboard.writeText = async text => { window.copied = text; }`)
	b.click("#copy")
	b.until(`window.copied`)
	expect(b, `window.copied.split('\n').slice(0, 2)`, []string{"go.dev", "goly.dev"})
}

// The page writes CSV as the command does, so that render can read it.
func TestPageCSV(t *testing.T) {
	b := open(t, serve(t, Options{Prober: &script{}}))
	var rows []probe.Result
	for i, word := range []string{
		"go", "a\nb", "a\r\nb\rc", "tab\there", `quote"and,comma`, "=1+1", "+1", "-1", "@sum", "'quoted", "\tfront", "\rfront", `"`,
		"bell\x07", "del\x7f", "next\u0085line", "line\u2028separator\u2029", "bidi\u202e\u2066", `c:\xyz\`, "\xff", "b\u00fccher", "",
	} {
		row := (&script{}).result(candidate.Candidate{Name: word + ".dev", Unicode: word, Keyword: word, TLD: "dev"})
		row.At, row.TTL, row.RTT = time.UnixMilli(1_700_000_000_123), time.Duration(i)*time.Minute, time.Duration(i)*1234*time.Microsecond
		rows = append(rows, row)
	}
	texts := map[string]string{}
	for _, format := range []string{"csv", "json"} {
		var text strings.Builder
		w, err := report.New(format, &text, report.Options{})
		if err := errors.Join(err, w.Write(rows), w.Close()); err != nil {
			t.Fatal(err)
		}
		texts[format] = text.String()
	}
	got, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](
		fmt.Sprintf(`import('/static/export.js').then(m => m.csv(JSON.parse(%q)))`, texts["json"]), chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	if got != texts["csv"] {
		t.Errorf("the page writes\n%s\nthe command\n%s", got, texts["csv"])
	}
	n := 0
	for _, err := range report.Read(strings.NewReader(got), "csv") {
		if n++; err != nil {
			t.Errorf("row %d: %v", n, err)
		}
	}
	if n != len(rows) {
		t.Errorf("%d rows are read back, want %d", n, len(rows))
	}
}

func TestPageReload(t *testing.T) {
	b := open(t, serve(t, Options{Prober: demo(t)}))
	b.screen(1280, 900, "light")
	b.visit("#keyword=go,b%C3%BCcher,bbc.co.uk&tld=dev,io&prefix=get&suffix=hq&sort=name")
	b.until(done)
	before := eval[[]string](b, shown)
	if !slices.Contains(before, "bücher (xn--bcher-kva)") || !slices.Contains(before, "getgohq") || !slices.Contains(before, "bbc.co.uk") || len(before) != 9 {
		t.Errorf("rows %v", before)
	}
	b.do(chromedp.Reload())
	b.until(`document.documentElement.dataset.ready !== undefined && ` + done)
	expect(b, shown, before)
	expect(b, `document.getElementById('keywords').value`, "go, bücher, bbc.co.uk")
	expect(b, `document.getElementById('affixes').open`, true)
	b.photograph("reload")
	b.do(chromedp.SetValue(chromedp.CSS("#keywords"), "zig"))
	b.click("#go")
	b.until(`location.hash.startsWith('#keyword=zig&') && ` + done)
	b.do(chromedp.Evaluate[chromedp.Void](`history.back()`))
	b.until(`location.hash.startsWith('#keyword=go,') && document.querySelectorAll('tbody tr').length === 9 && ` + done)
}

func TestPageKeyboard(t *testing.T) {
	registry := &script{source: "dns+rdap", ttl: time.Hour}
	b := open(t, serve(t, Options{Prober: &script{ttl: time.Hour}, Confirmer: registry}))
	b.screen(1280, 900, "light")
	b.keys("free new") // the focus is there from the start
	for range 30 {
		if eval[string](b, `document.activeElement.id`) == "tld" {
			break
		}
		b.keys(kb.Tab)
	}
	b.keys(kb.Backspace + "dev" + kb.Enter + "io" + kb.Enter)
	for range 20 {
		b.do(chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift)))
		if eval[string](b, `document.activeElement.id`) == "keywords" {
			break
		}
	}
	b.keys(kb.End + " fun" + kb.Enter)
	b.until(done)
	b.until(`document.querySelectorAll('#chips li').length === 3`) // the first set, and the two
	for range 60 {
		if eval[bool](b, `document.activeElement.matches('.verdict')`) {
			break
		}
		b.keys(kb.Tab)
	}
	focus := `document.activeElement.closest('td')?.dataset.name ?? ''`
	expect(b, focus, "free.dev")
	b.keys(kb.ArrowDown + kb.ArrowRight)
	expect(b, focus, "new.io")
	b.keys(kb.End)
	expect(b, focus, "new.xyz")
	b.keys(kb.Home + "s")
	expect(b, `[...document.querySelectorAll('#stars bdi')].map(e => e.textContent)`, []string{"new.dev"})
	outline := `getComputedStyle(document.activeElement).outlineStyle`
	expect(b, outline, "solid")
	b.photograph("keyboard")

	b.keys(kb.Enter)
	b.until(`document.getElementById('detail').open`)
	expect(b, `document.activeElement.id`, "detail-close")
	expect(b, `document.getElementById('detail-name').textContent`, "new.dev")
	b.do(chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift)))
	expect(b, `document.activeElement.id`, "detail-confirm")
	b.photograph("detail")
	b.keys(kb.Enter)
	b.until(`document.getElementById('detail-note').textContent === 'The registry has answered.'`)
	b.photograph("confirmed")
	b.keys(kb.Escape)
	b.until(`!document.getElementById('detail').open`)
	expect(b, `document.querySelector('[data-name="new.dev"]').innerText.includes('confirmed')`, true)
	expect(b, `document.activeElement.closest('td')?.dataset.name ?? ''`, "new.dev")
	if n := registry.times("new.dev"); n != 1 {
		t.Errorf("the registry was asked %d times", n)
	}
}

func TestPageLooks(t *testing.T) {
	b := open(t, serve(t, Options{Prober: demo(t), Token: "correct horse battery staple"}))
	b.screen(1280, 900, "light")
	b.photograph("login")
	b.until(`document.activeElement.id === 'token'`)
	b.keys("wrong" + kb.Enter)
	b.until(`!document.querySelector('[role=alert]').hidden && document.activeElement.id === 'token'`)
	b.keys("correct horse battery staple" + kb.Enter)
	b.until(`document.documentElement.dataset.ready !== undefined`)
	for _, view := range []struct {
		name          string
		width, height int64
		scheme        string
	}{{"light", 1280, 900, "light"}, {"dark", 1280, 900, "dark"}, {"phone", 360, 740, "light"}, {"phone-dark", 360, 740, "dark"}} {
		b.screen(view.width, view.height, view.scheme)
		b.visit("#keyword=go,rust,zig,qxvzkwj,github,apple,google,co.uk,b%C3%BCcher,thisisaratherlongkeyword&tld=nosuch&preset=popular")
		b.until(done)
		expect(b, `document.documentElement.scrollWidth <= innerWidth`, true)
		expect(b, `matchMedia('(prefers-color-scheme: dark)').matches`, view.scheme == "dark")
		b.photograph(view.name)
		if view.width < 500 {
			eval[chromedp.Void](b, `document.getElementById('results').scrollIntoView()`)
			b.photograph(view.name + "-results")
			expect(b, `[...document.querySelectorAll('button')].filter(b => b.checkVisibility() && !b.closest('td') && !b.closest('.chips') && b.getBoundingClientRect().height < 24).length`, 0)
		}
	}
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
	b := open(t, serve(t, Options{Prober: demo(t), Confirmer: demo(t)}))
	guarded := open(t, serve(t, Options{Prober: demo(t), Token: "correct horse"}))
	check := func(b *tab, name string) {
		t.Helper()
		for _, scheme := range []string{"light", "dark"} {
			b.screen(1280, 900, scheme)
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
	}
	check(guarded, "login")
	check(b, "empty")
	b.visit("#keyword=go,rust,zig,qxvzkwj,co.uk,go.nosuch&tld=dev,io&prefix=get")
	b.until(done)
	b.click(`[data-name="rust.io"] .star`)
	check(b, "results")
	b.click(`[data-name="qxvzkwj.io"] .verdict`)
	check(b, "detail")
}
