package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// observe makes the browser note its long tasks, its layout shifts, and when the
// first answer and the first row came. It begins anew each time.
const observe = `(() => {
	window.noted ??= {};
	Object.assign(noted, {longest: 0, shift: 0, moved: [], answer: 0, row: 0});
	if (window.watching) return;
	window.watching = true;
	new PerformanceObserver(l => { for (const e of l.getEntries()) noted.longest = Math.max(noted.longest, e.duration); }).observe({type: 'longtask'});
	new PerformanceObserver(l => { for (const e of l.getEntries()) if (!e.hadRecentInput) {
		noted.shift += e.value;
		noted.moved.push(...e.sources.map(s => s.node?.id || s.node?.className || s.node?.nodeName));
	} }).observe({type: 'layout-shift'});
	window.fetch = (f => async (...args) => { const r = await f(...args); noted.answer ||= performance.now(); return r; })(window.fetch);
	new MutationObserver(() => {
		if (!noted.row && document.querySelector('.line[data-s]:not([data-s=""]), .cell[data-s]:not([data-s=""])')) noted.row = performance.now();
	}).observe(document.body, {subtree: true, childList: true, attributes: true, attributeFilter: ['data-s']});
})()`

// took is how long a step takes until it is on the screen, in milliseconds.
func (b *tab) took(step string) float64 {
	b.Helper()
	ms, err := chromedp.Run(b.ctx, chromedp.Evaluate[float64](
		`new Promise(r => { const t = performance.now(); `+step+`; requestAnimationFrame(() => setTimeout(() => r(performance.now() - t))); })`, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatalf("%s: %v", step, err)
	}
	return ms
}

type figures struct {
	Longest, Shift, Answer, Row float64
	Moved                       []string // by layout shifts
}

// 10,000 names stay fluid. The bounds are for machines that are busy with much
// else; the log has the figures.
func TestPageMany(t *testing.T) {
	const busy = 2000 // ms
	b := open(t, serve(t, Options{Prober: &script{ttl: time.Hour}, ClientRate: -1}))
	b.screen(1440, 900, "light")
	words := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf("%s%d", []string{"free", "new", "unsure"}[i%3], i))
		}
		return strings.Join(all, "\n")
	}
	for _, c := range []struct {
		name, hash, kind string
		words            int
		last             string
	}{
		{"grid", "", "grid", 1000, "free999"}, {"list", "#tld=dev", "list", 10_000, "free9999.dev"},
	} {
		b.visit(c.hash)
		b.typed(words(c.words))
		eval[chromedp.Void](b, observe)
		b.click("#go")
		b.until(done)
		expect(b, `/^10,000 names, done/.test(`+line+`)`, true)
		expect(b, `document.getElementById('grid').dataset.kind`, c.kind)
		expect(b, pills+`.length`, 3)
		// A list that nobody edits is not laid out.
		expect(b, `(k => getComputedStyle(k).contentVisibility + ' ' + k.value.split('\n').length)(document.getElementById('keywords'))`,
			fmt.Sprint("hidden ", c.words))
		f, nodes := eval[figures](b, `noted`), eval[int](b, `document.querySelectorAll('*').length`)
		eval[chromedp.Void](b, observe)
		sort := b.took(`(s => { s.value = 'name'; s.dispatchEvent(new Event('change', {bubbles: true})); })(document.getElementById('sort'))`)
		b.click("#lines [data-cell]")
		b.click("#detail-close")
		star := b.took(`document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 's', bubbles: true}))`)
		arrow := b.took(`document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowDown', bubbles: true}))`)
		end := b.took(`scrollTo(0, document.body.scrollHeight); document.getElementById('wide').scrollTo(0, 1e6)`)
		later := eval[figures](b, `noted`)
		t.Logf("%s: first row %.0f ms after the answer, longest task %.0f ms while searching and %.0f ms after, layout shift %.3f %v, %d elements, sort %.0f ms, star %.0f ms, arrow %.0f ms, to the end %.0f ms",
			c.name, f.Row-f.Answer, f.Longest, later.Longest, f.Shift, f.Moved, nodes, sort, star, arrow, end)
		if f.Row == 0 || f.Row-f.Answer > busy || max(f.Longest, later.Longest, sort, star, arrow, end) > busy || f.Shift > 0.1 || nodes > 3000 {
			t.Errorf("%s: too slow", c.name)
		}
		b.choose("sort", "name")
		b.until(`[...document.querySelectorAll('#lines bdi')].some(e => e.textContent.startsWith('unsure'))`)
		b.choose("sort", "input")
		eval[chromedp.Void](b, `scrollTo(0, document.body.scrollHeight); document.getElementById('wide').scrollTo(0, 1e6)`)
		b.until(fmt.Sprintf(`[...document.querySelectorAll('#lines bdi')].at(-1).textContent === %q`, c.last))
		b.photograph("many-" + c.name)
	}
}

// Nothing moves under the finger while a search is typed and answered.
func TestPageShift(t *testing.T) {
	b := open(t, serve(t, Options{Prober: demo(t)}))
	for _, width := range []int64{390, 1440} {
		b.screen(width, 900, "light")
		b.visit("#keyword=orbit&preset=popular")
		b.until(`document.querySelectorAll('.idea[data-s]').length > 10`)
		eval[chromedp.Void](b, observe)
		b.do(chromedp.SendKeys(chromedp.CSS("#keywords"), "al"))
		b.until(`location.hash.startsWith('#keyword=orbital') && ` + done + ` && document.querySelectorAll('.idea[data-s]').length > 10`)
		f := eval[figures](b, `noted`)
		t.Logf("%d px: layout shift %.3f %v, longest task %.0f ms", width, f.Shift, f.Moved, f.Longest)
		if f.Shift > 0.1 {
			t.Errorf("%d px: layout shift %.3f", width, f.Shift)
		}
	}
}
