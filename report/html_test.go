package report

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"domprobe/internal/dnstest/chromium"
)

// TestPageLoadsNothing looks for anything in the page that would make a
// browser ask somebody else.
func TestPageLoadsNothing(t *testing.T) {
	page := write(t, "html", Options{}, saved())
	if m := regexp.MustCompile(`(?i)\b(src|href|action)=|@import|url\(|https?://|<(link|img|iframe|object)`).FindAllString(page, -1); m != nil {
		t.Errorf("the page refers to %q", m)
	}
	if n := strings.Count(page, "<script"); n != 1 {
		t.Errorf("%d script elements, want the page's own", n)
	}
}

func TestPageInChromium(t *testing.T) {
	ctx := chromium.Start(t)
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, []byte(write(t, "html", Options{}, saved())), 0o666); err != nil {
		t.Fatal(err)
	}
	do := func(steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatal(err)
		}
	}
	rows := func() []string {
		t.Helper()
		return evaluate[[]string](t, ctx, `[...document.querySelectorAll('tbody tr')].filter(r => r.checkVisibility()).map(r => r.cells[0].textContent)`)
	}
	sortOf := func(column string) string {
		t.Helper()
		return evaluate[string](t, ctx, `document.querySelector('thead th:nth-child(`+column+`)').getAttribute('aria-sort')`)
	}
	expect := func(what string, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	do(chromedp.Navigate("file://"+path), chromedp.WaitVisible(chromedp.CSS("form")))

	all := rows()
	expect("the first rows", all[:3], []string{"go", "elif", "rust"})
	expect("the number of rows", len(all), 17)
	expect("requests", evaluate[int](t, ctx, `performance.getEntriesByType('resource').length`), 0)
	expect("the semantics", evaluate[[]string](t, ctx, `[document.querySelector('thead th').scope,
		document.querySelector('tbody th').scope, document.querySelector('tbody td').innerText]`), []string{"col", "row", "+found"})

	do(chromedp.SendKeys(chromedp.CSS(`[name=text]`), "BÜCH"))
	expect("filtered by text", rows(), []string{"xn--bcher-kva (bücher)"})
	expect("the count", evaluate[string](t, ctx, `document.querySelector('output').value`), "1 of 17 rows")
	do(chromedp.SendKeys(chromedp.CSS(`[name=text]`), strings.Repeat("\b", len("BÜCH"))))
	expect("no text", rows(), all)

	for _, v := range []string{"unknown", "invalid", "found"} {
		do(chromedp.Click(chromedp.CSS(`[value="` + v + `"]`)))
	}
	expect("only not found", rows(), []string{"elif", "xn--mgbh0fb (مثال)", strings.Repeat("supercalifragilistic", 3)})
	expect("a verdict that is filtered out is visible", evaluate[bool](t, ctx,
		`document.querySelector('[data-v=unknown] span').checkVisibility({visibilityProperty: true})`), false)
	for _, v := range []string{"unknown", "invalid", "found"} {
		do(chromedp.Click(chromedp.CSS(`[value="` + v + `"]`)))
	}
	expect("no filter", rows(), all)

	do(chromedp.Click(chromedp.CSS(`thead th:nth-child(2) button`)))
	expect("aria-sort", sortOf("2"), "ascending")
	expect("sorted by dev", rows()[:4], []string{"go", "xn--bcher-kva (bücher)", "elif", "zig"})
	do(chromedp.Click(chromedp.CSS(`thead th:nth-child(1) button`)), chromedp.Click(chromedp.CSS(`thead th:nth-child(1) button`)))
	expect("aria-sort", sortOf("1"), "descending")
	expect("sorted by name, downwards", rows()[:3], []string{"zig", "xn--mgbh0fb (مثال)", "xn--bcher-kva (bücher)"})

	photograph(t, ctx)
}

// TestListInChromium filters and sorts a page that is a list, with columns that
// are no verdicts.
func TestListInChromium(t *testing.T) {
	ctx := chromium.Start(t)
	path := filepath.Join(t.TempDir(), "report.html")
	o := Options{Columns: []string{"domain", "reason", "verdict"}}
	if err := os.WriteFile(path, []byte(write(t, "html", o, saved()[:7])), 0o666); err != nil {
		t.Fatal(err)
	}
	rows := func() string {
		return strings.Join(evaluate[[]string](t, ctx, `[...document.querySelectorAll('tbody tr')].filter(r => r.checkVisibility()).map(r => r.cells[0].textContent.slice(0, 3))`), " ")
	}
	expect := func(want string, steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatal(err)
		}
		if got := rows(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	expect("go. eli rus xn- xn- sup zig", chromedp.Navigate("file://"+path), chromedp.WaitVisible(chromedp.CSS("form")))
	expect("xn- go. rus eli xn- sup zig", chromedp.Click(chromedp.CSS(`thead th:nth-child(2) button`)))
	expect("xn- go. rus eli xn- sup zig", chromedp.Click(chromedp.CSS(`thead th:nth-child(3) button`)))
	expect("eli xn- sup zig", chromedp.Click(chromedp.CSS(`[value="found"]`)))
}

// evaluate returns the value of an expression on the page.
func evaluate[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// A view is one way to look at the page.
type view struct {
	name, scheme, media string
}

// photograph keeps pictures of the page, light and dark and printed, for who
// wants to look at them.
func photograph(t *testing.T, ctx context.Context) {
	t.Helper()
	dir := os.Getenv("DOMPROBE_ARTIFACTS")
	if dir == "" {
		dir = t.TempDir()
	}
	for _, view := range []view{{"light", "light", ""}, {"dark", "dark", ""}, {"print", "light", "print"}} {
		scheme := emulation.MediaFeature{Name: "prefers-color-scheme", Value: view.scheme}
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Media: view.media, Features: []*emulation.MediaFeature{&scheme},
		})
		if err != nil {
			t.Fatalf("%s: %v", view.name, err)
		}
		picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
		if err != nil {
			t.Fatalf("%s: %v", view.name, err)
		}
		if !strings.HasPrefix(string(picture), "\x89PNG") || len(picture) < 10_000 {
			t.Errorf("%s: not a picture of a page, %d bytes", view.name, len(picture))
		}
		if err := os.WriteFile(filepath.Join(dir, "report-"+view.name+".png"), picture, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}
