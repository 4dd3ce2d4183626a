package web

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"domprobe/probe"
	"domprobe/probe/forsale"
)

// The shortlist keeps verdicts, ages and notes, and is worked on as a whole.
func TestPageShortlist(t *testing.T) {
	registry := &script{source: "dns+rdap", ttl: time.Hour}
	b := open(t, serve(t, Options{Prober: &script{ttl: time.Hour}, Confirmer: registry, With: func(More) Prober { return &known{registry, withDates} }}))
	b.screen(1280, 900, "light")
	// The favourites of earlier pages are taken over.
	eval[chromedp.Void](b, `localStorage.setItem('domprobe.favourites', '["old.dev"]')`)
	b.visit("#keyword=free,new&tld=dev")
	b.until(done)
	for _, name := range []string{"free.dev", "new.dev"} {
		b.click(`.line:has([data-name="` + name + `"]) .star`)
	}
	b.click("#open-shortlist")
	expect(b, saved, []string{"old.dev", "free.dev", "new.dev"})
	badges := `[...document.querySelectorAll('#saved .badge')].map(e => e.textContent)`
	expect(b, badges, []string{"unknown", "× taken", "✓ likely free"})
	expect(b, `[...document.querySelectorAll('#saved li > .hint')].map(e => e.textContent)`, []string{"not looked at", "just now", "just now"})
	b.do(chromedp.SendKeys(chromedp.CSS("#saved li:nth-child(3) input"), "for the app"))

	b.click("#saved-again")
	expect(b, badges, []string{"✓ likely free", "× taken", "✓ likely free"})
	b.click("#saved-confirm")
	expect(b, `document.getElementById('shortlist-note').textContent`, "3 names confirmed.")
	expect(b, badges, []string{"✓ free", "× taken, says the registry", "✓ free"})
	for _, name := range []string{"old.dev", "free.dev", "new.dev"} {
		if n := registry.times(name); n != 1 {
			t.Errorf("the registry was asked %d times about %s", n, name)
		}
	}
	b.photograph("shortlist")

	eval[chromedp.Void](b, `navigator.clipboard.writeText = async text => { window.copied = text; }`)
	b.click("#saved-link")
	b.until(`window.copied?.trim() === location.origin + '/#keyword=old.dev,free.dev,new.dev'`)

	// Undo brings back an entry with its note.
	b.click("#saved li:nth-child(3) button")
	expect(b, saved, []string{"old.dev", "free.dev"})
	b.photograph("undo")
	b.click("#toast button")
	expect(b, saved, []string{"old.dev", "free.dev", "new.dev"})
	expect(b, `document.querySelector('#saved li:nth-child(3) input').value`, "for the app")
	b.do(chromedp.Reload())
	b.until(`document.documentElement.dataset.ready !== undefined`)
	expect(b, `document.querySelector('#saved li:nth-child(3) input').value`, "for the app")

	b.click("#open-shortlist")
	b.click("#saved-compare")
	b.until(`location.hash.startsWith('#keyword=old,free,new&') && ` + done)
}

// The owner of a found name may offer it.
func TestPageForSale(t *testing.T) {
	p := &script{ttl: time.Hour}
	b := open(t, serve(t, Options{Prober: p, Confirmer: p, With: func(m More) Prober {
		return &known{p, func(r *probe.Result) {
			if m.ForSale {
				r.Sale = forsale.Sale{Listed: true, Price: "EUR999", URI: "https://market.example/free javascript:alert(1)", Text: "Call me"}
			}
		}}
	}}))
	b.screen(1280, 900, "light")
	b.visit("#keyword=free,new&tld=dev")
	b.until(done)
	b.click(cell("free.dev"))
	expect(b, `document.getElementById('detail-sale').hidden`, true)
	b.click("#detail-confirm")
	expect(b, `document.getElementById('detail-sale').href`, "https://market.example/free")
	expect(b, `[...document.querySelectorAll('#detail-registry dd')].map(e => e.textContent)`, []string{"EUR999", "Call me"})
	b.photograph("sale")
	b.click("#detail-close")
	expect(b, labels, []string{"free.dev: for sale", "new.dev: likely free"})
	expect(b, pills, []string{"\u2713 1 likely free", "\u00d7 1 taken", "$ 1 for sale"})
}

// A registrar's link is there only where the user wants one.
func TestPageRegistrar(t *testing.T) {
	b := open(t, serve(t, Options{Prober: &script{ttl: time.Hour}}))
	b.screen(1280, 900, "light")
	b.visit("#keyword=free,new&tld=dev")
	b.until(done)
	b.click(cell("new.dev"))
	expect(b, `document.getElementById('detail-register').hidden`, true)
	expect(b, `document.getElementById('detail-visit').hidden`, true)
	b.click("#detail-close")
	b.click("#open-help")
	b.set("registrar", "javascript:alert('{domain}')")
	expect(b, `document.getElementById('registrar-problem').hidden`, false)
	b.set("registrar", "https://registrar.example/?q={domain}")
	expect(b, `document.getElementById('registrar-problem').hidden`, true)
	b.click("#help-close")
	b.click(cell("new.dev"))
	expect(b, `document.getElementById('detail-register').href`, "https://registrar.example/?q=new.dev")
	b.photograph("register")
	b.click("#detail-close")
	b.click(cell("free.dev"))
	expect(b, `document.getElementById('detail-register').hidden`, true)
	expect(b, `document.getElementById('detail-visit').href`, "http://free.dev/")
}

// The server's link to a registrar counts until the user says otherwise.
func TestPageServersRegistrar(t *testing.T) {
	b := open(t, serve(t, Options{Prober: &script{ttl: time.Hour}, Registrar: "https://registrar.example/?q={domain}"}))
	b.screen(1280, 900, "light")
	b.visit("#keyword=free,new&tld=dev")
	b.until(done)
	b.click(cell("new.dev"))
	expect(b, `document.getElementById('detail-register').href`, "https://registrar.example/?q=new.dev")
	b.click("#detail-close")
	b.click("#open-help")
	expect(b, `document.getElementById('registrar').value`, "https://registrar.example/?q={domain}")
	b.set("registrar", "")
	b.click("#help-close")
	b.click(cell("new.dev"))
	expect(b, `document.getElementById('detail-register').hidden`, true)
}

// The page is told of what a watch finds, marks the names of the shortlist that are
// watched, and shows the others below it.
func TestPageWatched(t *testing.T) {
	path := watchedFile(t, "kept.dev", "other.dev")
	free.look(t, path, time.Millisecond)
	handler := &swap{}
	start := func() {
		s, err := New(Options{Prober: &script{ttl: time.Hour}, WatchState: path})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		if old := handler.handler.Swap(s); old != nil {
			old.Close()
		}
	}
	start()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	b := open(t, server)
	b.screen(1280, 900, "light")
	b.visit("#keyword=kept,mine&tld=dev")
	b.until(done)
	b.click(`.line:has([data-name="kept.dev"]) .star`)
	b.click(`.line:has([data-name="mine.dev"]) .star`)
	b.click("#open-shortlist")
	facts := func(list string) string {
		return `[...document.querySelectorAll('#` + list + ` li')].map(li => [...li.querySelectorAll('bdi, .badge, .hint')].map(e => e.textContent).join(': '))`
	}
	expect(b, facts("saved"), []string{
		"kept.dev: ✓ likely free: just now · ◉ watched, next look is due", "mine.dev: ✓ likely free: just now",
	})
	expect(b, facts("watched-list"), []string{"other.dev: ✓ likely free: next look is due"})

	taken.look(t, path, time.Millisecond)
	expect(b, facts("saved"), []string{
		"kept.dev: × taken: just now · was free, changed just now · ◉ watched, next look is due", "mine.dev: ✓ likely free: just now",
	})
	expect(b, facts("watched-list"), []string{"other.dev: × taken: was free, changed just now · next look is due"})
	expect(b, `/^(kept|other).dev is taken now; was free.$/.test(document.querySelector('#toast span').textContent)`, true)
	b.photograph("watched")
	b.screen(390, 844, "dark")
	b.photograph("watched-phone-dark")

	// A server that starts anew is listened to again.
	start()
	expect(b, facts("watched-list"), []string{"other.dev: × taken: next look is due"})

	// The lists do not change under the hands of somebody who writes a note.
	b.do(chromedp.SendKeys(chromedp.CSS("#saved li:nth-child(1) input"), "for the app"))
	free.look(t, path, 150*time.Minute)
	b.until(`document.querySelector('#toast span').textContent.endsWith('is likely free now; was taken.')`)
	_, err := chromedp.Run(b.ctx, chromedp.Evaluate[chromedp.Void](`new Promise(r => setTimeout(r, 1000))`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	expect(b, `document.activeElement.value`, "for the app")
	eval[chromedp.Void](b, `document.getElementById('shortlist-close').focus()`)
	expect(b, facts("watched-list"), []string{"other.dev: ✓ likely free: was taken, changed just now · next look in 2 hours"})
	b.click("#watched-list button")
	expect(b, saved, []string{"kept.dev", "mine.dev", "other.dev"})
	expect(b, facts("watched-list"), []string{})
}
