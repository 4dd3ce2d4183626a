package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"domprobe/candidate"
)

func (b *tab) back() {
	b.Helper()
	eval[chromedp.Void](b, `setTimeout(() => history.back())`)
}

// choose makes a choice of Show or Sort.
func (b *tab) choose(id, value string) {
	b.Helper()
	eval[chromedp.Void](b, fmt.Sprintf(`(s => { s.value = %q; s.dispatchEvent(new Event('change', {bubbles: true})); })(document.getElementById(%q))`, value, id))
}

const (
	line        = `document.getElementById('line').textContent`
	problemText = `document.getElementById('problem-text').textContent`
)

// The fragment of the address stays the search that is shown.
func TestPageAddress(t *testing.T) {
	b := open(t, serve(t, Options{Prober: demo(t)}))
	const search = "#keyword=go,rust&tld=dev,io"
	b.visit(search)
	b.until(done)
	b.screen(1280, 900, "light")
	eval[chromedp.Void](b, `document.activeElement.blur()`)
	for range 80 {
		if eval[bool](b, `document.activeElement.matches('.skip')`) {
			break
		}
		b.do(chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift)))
	}
	b.photograph("skip")
	b.keys(kb.Enter)
	expect(b, `document.activeElement.id`, "results")
	expect(b, `location.hash`, search)
	expect(b, shown, []string{"go.dev", "go.io", "rust.dev", "rust.io"})

	// A fragment that is no search is not taken for one.
	eval[chromedp.Void](b, `window.popped = 0; addEventListener('popstate', () => { window.popped++; }); location.hash = 'results'`)
	b.until(`window.popped === 1`)
	expect(b, `document.getElementById('keywords').value`, "go, rust")
	expect(b, shown, []string{"go.dev", "go.io", "rust.dev", "rust.io"})

	// Words that are only typed are not searched.
	b.visit(search)
	b.until(done)
	b.do(chromedp.SetValue(chromedp.CSS("#keywords"), "zig"))
	b.choose("sort", "name")
	expect(b, `location.hash`, search+"&sort=name")
	b.choose("sort", "input")
	expect(b, `location.hash`, search)
}

// Back goes to the search before, and from the first one away.
func TestPageBack(t *testing.T) {
	b := open(t, serve(t, Options{Prober: demo(t)}))
	b.visit("#tld=dev&keyword=go%2Crust") // not as the page writes it
	b.until(done)
	expect(b, `location.hash`, "#keyword=go,rust&tld=dev")
	b.do(chromedp.SetValue(chromedp.CSS("#keywords"), "zig"))
	b.click("#go")
	b.until(`location.hash === '#keyword=zig&tld=dev' && ` + done)
	b.back()
	b.until(`location.hash === '#keyword=go,rust&tld=dev' && ` + done)
	expect(b, shown, []string{"go.dev", "rust.dev"})
	b.back()
	b.until(`location.href === 'about:blank'`)

	// Where nothing was searched, Back shows that.
	b.visit("")
	b.do(chromedp.SendKeys(chromedp.CSS("#keywords"), "go"))
	b.click("#go")
	b.until(done)
	b.back()
	b.until(`location.hash === '' && document.getElementById('results').hidden`)
	expect(b, `document.getElementById('keywords').value`, "")
	expect(b, `document.getElementById('scope-count').textContent`, "10 TLDs")
}

// Whole domains are a list, however many TLDs they have.
func TestPageWholeDomains(t *testing.T) {
	b := open(t, serve(t, Options{Prober: &script{ttl: time.Hour}}))
	b.screen(1280, 900, "light")
	tlds := candidate.TLDs()
	var names []string
	for i := range 2000 {
		names = append(names, fmt.Sprintf("name%d.%s", i, tlds[i%400]))
	}
	eval[chromedp.Void](b, fmt.Sprintf(`document.getElementById('keywords').value = %q`, strings.Join(names, " ")))
	b.click("#go")
	b.until(done)
	expect(b, `/^2,000 names, done/.test(`+line+`)`, true)
	expect(b, `document.getElementById('grid').ariaRowCount`, "2000")
	expect(b, `document.getElementById('grid').dataset.kind`, "list")
	expect(b, `document.querySelector('#lines bdi').textContent`, names[0])
	b.photograph("list")

	// Among keywords they are below no TLD, unless a keyword makes the same
	// name.
	b.visit("#keyword=free,new,fine.co.uk,free.io,fun.com&tld=dev,io")
	b.until(done)
	b.click("#layout [value=grid]")
	expect(b, `[...document.querySelectorAll('#head [role=columnheader]')].map(c => c.textContent)`, []string{"Name", ".dev", ".io"})
	expect(b, shown, []string{"free", "new", "fine.co.uk", "fun.com"})
	expect(b, labels, []string{"free.dev: taken", "free.io: taken", "new.dev: likely free", "new.io: likely free", "fine.co.uk: taken", "fun.com: taken"})
	b.photograph("mixed")
	b.click(cell("new.io"))
	b.keys(kb.Escape)
	focus := `document.activeElement.dataset.name`
	expect(b, focus, "new.io")
	b.keys(kb.ArrowDown)
	expect(b, focus, "fine.co.uk")
	b.keys(kb.ArrowDown)
	expect(b, focus, "fun.com")
	b.keys(kb.ArrowUp + kb.ArrowUp)
	expect(b, focus, "new.io")
}

// A name under two TLDs is two rows.
func TestPageSameName(t *testing.T) {
	b := open(t, serve(t, Options{Prober: &script{ttl: time.Hour}}))
	b.visit("#keyword=foo.corp.com,foo&tld=corp.com")
	b.until(done)
	expect(b, `/^2 names, done/.test(`+line+`)`, true)
	expect(b, pills, []string{"× 1 taken", "– 1 impossible"})
	expect(b, labels, []string{"foo.corp.com: impossible", "foo.corp.com: taken"})
}

// The registry is asked about a name under the TLD of its search.
func TestPageConfirmUnderTLD(t *testing.T) {
	b := open(t, serve(t, Options{Prober: &script{ttl: time.Hour}, Confirmer: &script{source: "dns+rdap", ttl: time.Hour}}))
	b.visit("#keyword=new&tld=corp.com")
	b.until(done)
	b.click(cell("new.corp.com"))
	b.click("#detail-confirm")
	expect(b, `document.getElementById('detail-note').textContent`, "The registry has answered.")
	b.keys(kb.Escape)
	expect(b, labels, []string{"new.corp.com: free"})
}

// A search with too many names does not begin, and the last one stays.
func TestPageTooMany(t *testing.T) {
	p := &script{ttl: time.Hour}
	b := open(t, serve(t, Options{Prober: p}))
	const search = "#keyword=free,new,fun&tld=dev,io"
	b.visit(search)
	b.until(done)
	begun := p.started()
	var words []string
	for i := range 20_000 {
		words = append(words, fmt.Sprintf("word%d", i))
	}
	eval[chromedp.Void](b, fmt.Sprintf(`document.getElementById('keywords').value = %q`, strings.Join(words, " ")))
	for _, id := range []string{"prefix", "suffix"} {
		eval[chromedp.Void](b, fmt.Sprintf(`document.getElementById(%q).value = 'a b c d e f g h i'`, id))
	}
	b.click("#go")
	expect(b, problemText, "4,000,000 names: more than the 10,000 of one search.")
	expect(b, shown, []string{"free.dev", "free.io", "new.dev", "new.io", "fun.dev", "fun.io"})
	expect(b, `location.hash`, search)
	if n := p.started(); n != begun {
		t.Errorf("%d searches, want %d", n, begun)
	}
	// Words that are repeated count once, as for the server.
	eval[chromedp.Void](b, fmt.Sprintf(`document.getElementById('keywords').value = %q`, strings.Repeat("fun ", 20_000)))
	b.click("#go")
	b.until(`/^200 names, done/.test(` + line + `)`)
}

// A link of another site opens the page without a login, and the API refuses it.
func TestPageSharedLink(t *testing.T) {
	const token = "correct horse battery staple"
	p := &script{ttl: time.Hour}
	server := serve(t, Options{Prober: p, Token: token})
	b := open(t, server)
	b.until(`document.activeElement.id === 'token'`)
	b.keys(token + kb.Enter)
	b.until(`document.documentElement.dataset.ready !== undefined`)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<p><a id=page href="%[1]s/#keyword=free&tld=dev">page</a></p><p><a id=api href="%[1]s/v1/names/new.dev">api</a></p>`, server.URL)
	}))
	t.Cleanup(other.Close)
	site := strings.Replace(other.URL, "127.0.0.1", "localhost", 1)
	b.do(chromedp.Navigate(site))
	b.click("#page")
	b.until(done)
	expect(b, shown, []string{"free.dev"})
	b.do(chromedp.Navigate(site))
	b.click("#api")
	b.until(`document.body.innerText.includes('"status":403')`)
	if n := p.times("new.dev"); n != 0 {
		t.Errorf("a link has made the API ask %d times", n)
	}
}
