package web

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"domprobe/candidate"
	"domprobe/internal/dnstest/chromium"
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

// enter presses Enter as a keyboard does where the page handles the key: no
// character follows it.
func (b *tab) enter() {
	b.Helper()
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
		_, err := chromedp.Call(b.ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{
			Type: kind, Key: "Enter", Code: "Enter", WindowsVirtualKeyCode: 13,
		})
		if err != nil {
			b.Fatal(err)
		}
	}
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

// These tell what the page shows: names in their order, and the label of each.
const (
	done   = `/, done/.test(document.getElementById('line').textContent)`
	shown  = `[...document.querySelectorAll('#lines .line')].map(r => r.querySelector('bdi').textContent)`
	labels = `[...document.querySelectorAll('#lines [data-cell]')].map(c => c.ariaLabel || [...c.querySelectorAll('bdi, .word')].map(e => e.textContent).join(': '))`
	pills  = `[...document.querySelectorAll('#pills button')].filter(p => p.checkVisibility()).map(p => p.innerText.replace(/\s+/g, ' ').trim())`
	saved  = `[...document.querySelectorAll('#saved bdi')].map(e => e.textContent)`
)

// cell is the selector of the cell of a name.
func cell(name string) string { return fmt.Sprintf("#lines [data-name=%q]", name) }

func TestPageSearch(t *testing.T) {
	b := open(t, serve(t, Options{Prober: demo(t)}))
	b.screen(1280, 900, "light")
	b.photograph("empty")
	expect(b, `document.activeElement.id`, "keywords")
	b.click("#scope summary")
	expect(b, `document.querySelector('#presets [aria-pressed=true]').value`, "popular") // the set that is chosen at first
	b.click("#presets [value=popular]")
	b.do(chromedp.SendKeys(chromedp.CSS("#keywords"), "go, rust\u0020zig qxvzkwj"))
	b.do(chromedp.SendKeys(chromedp.CSS("#tld"), "dev,.IO,"))
	expect(b, `[...document.querySelectorAll('#chips li')].map(c => c.firstChild.data)`, []string{".dev", ".io"})
	expect(b, `document.getElementById('estimate').textContent`, "8 names")
	b.click("#presets [value=classic]")
	expect(b, `document.getElementById('estimate').textContent`, "28 names")
	b.photograph("scope")
	b.click("#presets [value=classic]")
	b.click("#go")
	b.until(done)
	expect(b, shown, []string{"go.dev", "go.io", "rust.dev", "rust.io", "zig.dev", "zig.io", "qxvzkwj.dev", "qxvzkwj.io"})
	expect(b, `/^8 names, done in [0-9.]+ s$/.test(`+line+`)`, true)
	expect(b, pills, []string{"✓ 7 likely free", "× 1 taken"})
	expect(b, `document.querySelector('#lines .line').innerText.replace(/\s+/g, ' ').trim()`, "× go.dev taken ☆")
	expect(b, `document.getElementById('said').textContent`, "8 of 8 names: 7 likely free, 1 taken; done")
	expect(b, `location.hash`, "#keyword=go,rust,zig,qxvzkwj&tld=dev,io")
	expect(b, `performance.getEntriesByType('resource').filter(r => !r.name.startsWith(location.origin)).length`, 0)
	b.photograph("search")

	// A mistake is said, and loses neither the rows nor the address.
	b.set("keywords", "one, two, three, four")
	b.do(chromedp.SendKeys(chromedp.CSS("#tld"), "a_b"))
	b.click("#go")
	b.until(`!document.getElementById('problem').hidden`)
	expect(b, `document.getElementById('problem-text').textContent.startsWith('Bad TLD: "a_b"')`, true)
	expect(b, `document.getElementById('retry').hidden`, true) // it would be the same mistake
	expect(b, `document.querySelectorAll('#lines .line').length`, 8)
	expect(b, `location.hash`, "#keyword=go,rust,zig,qxvzkwj&tld=dev,io")
	b.photograph("problem")
}

// A search of many TLDs is a grid, and one with few a list of whole names.
func TestPageGrid(t *testing.T) {
	b := open(t, serve(t, Options{Prober: demo(t)}))
	b.screen(1280, 900, "light")
	b.visit("#keyword=go,rust,qxvzkwj,co.uk&preset=popular")
	b.until(done)
	expect(b, `document.getElementById('grid').dataset.kind`, "grid")
	expect(b, `[...document.querySelectorAll('#head [role=columnheader]')].map(c => c.textContent)`,
		[]string{"Name", ".com", ".net", ".org", ".io", ".dev", ".app", ".co", ".ai", ".me", ".xyz"})
	expect(b, shown, []string{"go", "rust", "qxvzkwj", "co.uk"})
	expect(b, `document.querySelector('`+cell("go.dev")+`').ariaLabel`, "go.dev: taken")
	expect(b, `document.querySelector('`+cell("go.dev")+`').textContent`, "×")
	expect(b, `document.querySelector('`+cell("go.net")+`').textContent`, "✓")
	expect(b, `Math.round(document.querySelector('`+cell("go.net")+`').getBoundingClientRect().width)`, 42)
	expect(b, `document.querySelector('`+cell("co.uk")+`').textContent`, "– impossible")
	sides := func(css string) string {
		return `(b => [b.left, b.right].map(Math.round))(document.querySelector('` + css + `').getBoundingClientRect())`
	}
	expect(b, sides("#wide"), eval[[]int](b, sides(".box"))) // it stands below the line
	b.photograph("grid")
	b.click("#layout [value=list]")
	expect(b, `document.getElementById('grid').dataset.kind`, "list")
	expect(b, `document.querySelectorAll('#lines .line').length > 12`, true)
	expect(b, `document.querySelector('#lines bdi').textContent`, "go.com")
	b.click("#layout [value=grid]")

	// With all TLDs, only a window of the columns is in the document, and the
	// head and the names stay in sight.
	b.visit("#keyword=free,fine,new&preset=all")
	b.until(done)
	expect(b, `Number(document.getElementById('grid').ariaColCount) > 1000`, true)
	expect(b, `document.querySelectorAll('#lines [data-cell]').length < 200`, true)
	b.click(cell("free.aaa"))
	b.keys(kb.Escape + kb.End)
	b.until(`document.activeElement.ariaLabel.startsWith('free.') && document.getElementById('wide').scrollLeft > 10000`)
	expect(b, `document.querySelector('.line .name').getBoundingClientRect().left - document.getElementById('wide').getBoundingClientRect().left < 3`, true)
	b.photograph("all")
}

func TestPageFilterSortStar(t *testing.T) {
	b := open(t, serve(t, Options{Prober: demo(t)}))
	b.screen(1280, 1400, "light")
	// The names of earlier pages for a filter still work.
	b.visit("#keyword=go,rust,zig,qxvzkwj,github,apple,google&tld=dev,io,net,org&show=not-found")
	b.until(done)
	expect(b, `document.getElementById('grid').dataset.kind`, "list")
	expect(b, `[...new Set([...document.querySelectorAll('#lines .line')].map(c => c.dataset.s))]`, []string{"likely"})
	b.photograph("filter")
	b.click("#pill-likely")
	expect(b, `document.getElementById('grid').dataset.kind`, "grid")
	b.choose("sort", "name")
	expect(b, shown, []string{"apple", "github", "go", "google", "qxvzkwj", "rust", "zig"})
	b.choose("sort", "length")
	expect(b, shown, []string{"go", "zig", "rust", "apple", "github", "google", "qxvzkwj"})
	b.choose("sort", "free")
	expect(b, `document.querySelector('#lines bdi').textContent`, "rust")
	expect(b, `location.hash.endsWith('&sort=free')`, true)
	b.choose("sort", "score")
	expect(b, shown+`.at(-1)`, "qxvzkwj")
	b.choose("sort", "free")

	b.click("#pill-taken")
	expect(b, `[...new Set([...document.querySelectorAll('#lines .line')].map(c => c.dataset.s))]`, []string{"taken"})
	expect(b, `location.hash.endsWith('&show=taken&sort=free')`, true)
	b.click("#pill-taken")
	b.click("#layout [value=list]")
	b.click(`.line:has([data-name="qxvzkwj.io"]) .star`)
	b.click(`.line:has([data-name="rust.io"]) .star`)
	b.click("#pill-saved")
	expect(b, shown, []string{"rust.io", "qxvzkwj.io"})
	expect(b, `document.querySelector('#open-shortlist b').textContent`, "2")
	b.photograph("saved")
	b.do(chromedp.Reload())
	b.until(`document.documentElement.dataset.ready !== undefined`)
	expect(b, `document.querySelector('#open-shortlist b').textContent`, "2")
}

func TestPageLiveAndStop(t *testing.T) {
	p := &script{gate: make(chan struct{})}
	b := open(t, serve(t, Options{Prober: p}))
	b.screen(1280, 900, "light")
	b.visit("#keyword=free,new,unsure,fine,none&tld=dev,io")
	for i := range 5 {
		p.gate <- struct{}{}
		b.until(fmt.Sprintf(`document.querySelectorAll('.line[data-s]:not([data-s=""])').length === %d`, i+1))
	}
	expect(b, line, "5 of 10 names, searching")
	expect(b, labels, []string{
		"free.dev: taken", "free.io: taken", "new.dev: likely free", "new.io: likely free", "unsure.dev: unknown",
		"unsure.io: waiting", "fine.dev: waiting", "fine.io: waiting", "none.dev: waiting", "none.io: waiting",
	})
	expect(b, `document.getElementById('progress').value`, 5)
	b.until(`!document.getElementById('stop').hidden`)
	b.photograph("live")
	b.click("#stop")
	b.until(`/, stopped$/.test(` + line + `)`)
	eventually(t, "the search has stopped", func() bool { return p.running() == 0 })
	expect(b, `document.getElementById('stop').hidden`, true)
	expect(b, `document.activeElement.id`, "keywords")
	expect(b, `document.querySelectorAll('.line[data-s]:not([data-s=""])').length`, 5)
	b.photograph("stopped")

	// Escape does the same, and a search that is replaced ends too.
	b.click("#go")
	eventually(t, "another search", func() bool { return p.running() == 1 })
	b.click("#go")
	eventually(t, "a third search alone", func() bool { return p.running() == 1 && p.started() >= 3 })
	b.keys(kb.Escape)
	eventually(t, "the search has stopped", func() bool { return p.running() == 0 })

	// Resume goes on where it was, and the rows until then stay.
	close(p.gate)
	b.click("#resume")
	b.until(done)
	expect(b, `document.querySelectorAll('.line[data-s]:not([data-s=""])').length`, 10)
}

// The page is small, and unchanged files are not sent again.
func TestPageWeight(t *testing.T) {
	server := serve(t, Options{Prober: &script{}})
	total := 0
	for name := range assets() {
		if name == "openapi.json" || strings.Contains(name, "login") {
			continue
		}
		path := "/" + strings.TrimSuffix(name, "page.html")
		resp, body := do(t, server, "GET", path, "", header("Accept-Encoding", "gzip"))
		total += len(body)
		again, _ := do(t, server, "GET", path, "", header("Accept-Encoding", "gzip"), header("If-None-Match", resp.Header.Get("ETag")))
		if again.StatusCode != http.StatusNotModified {
			t.Errorf("%s again: %d", path, again.StatusCode)
		}
	}
	t.Logf("the page has %d octets", total)
	if total > 60_000 {
		t.Errorf("the page has %d octets, the most is 60,000", total)
	}
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
