package e2e

import (
	"flag"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"domprobe/internal/dnstest/chromium"
)

var update = flag.Bool("update", false, "make the pictures of docs/pictures")

const pictures = "../../docs/pictures"

// The picture of a terminal has the output of the command, in its colours.
func TestPictureOfTerminal(t *testing.T) {
	var text strings.Builder
	for _, line := range []string{
		"domprobe --ordered -t dev go rust zig gopher qxvzkwj",
		"domprobe -t dev,com,io,org -f grid go rust zig qxvzkwj",
		"domprobe score swift qxvzkwj",
	} {
		cmd := exec.Command("bash", "-c", line)
		cmd.Env = append(os.Environ(), "DOMPROBE_RESOLVER=demo", "DOMPROBE_COLOR=always")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		fmt.Fprintf(&text, "$ %s\n%s\n", line, out)
	}
	drawn := []byte(picture(regexp.MustCompile(`names in [0-9.]+s`).ReplaceAllString(text.String(), "names in 0.04s")))
	path := filepath.Join(pictures, "terminal.svg")
	if *update {
		if err := os.WriteFile(path, drawn, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := os.ReadFile(path); err != nil || string(kept) != string(drawn) {
		t.Errorf("%s is not what the command prints: make pictures (%v)", path, err)
	}
}

// picture is a picture of lines on a terminal, as SVG.
func picture(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	var svg strings.Builder
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 %d" font-family="monospace" font-size="14"`+
		` fill="#ddd"><rect width="100%%" height="100%%" rx="8" fill="#1c1c1c"/>`+"\n", 18*len(lines)+20)
	for i, line := range lines {
		line = strings.ReplaceAll(line, " ", "\u00a0") // others fold into one
		line = regexp.MustCompile(`\x1b\[(\d+)m(.*?)\x1b\[0m`).ReplaceAllStringFunc(html.EscapeString(line), func(s string) string {
			colour := map[string]string{"31": "#f66", "32": "#7d7", "33": "#dd6", "36": "#6cc"}[s[2:4]]
			return `<tspan fill="` + colour + `">` + strings.TrimSuffix(s[5:], "\x1b[0m") + `</tspan>`
		})
		fmt.Fprintf(&svg, `<text x="16" y="%d">%s</text>`+"\n", 18*i+26, line)
	}
	return svg.String() + "</svg>\n"
}

// The picture of the page is made of the command's own page.
func TestPictureOfPage(t *testing.T) {
	if !*update {
		t.Skip("made only by make pictures")
	}
	cmd := exec.Command("domprobe", "serve", "--listen", "127.0.0.1:0", "-r", "demo")
	_, url, _ := strings.Cut(strings.TrimSpace(line(t, started(t, cmd), "serving on ")), "serving on ")
	ctx := chromium.Start(t)
	err := chromedp.Do(ctx, chromedp.EmulateViewport(900, 640),
		chromedp.Navigate(url+"#keyword=go,rust,zig,gopher,qxvzkwj&tld=dev,com,io,org"))
	for done := false; err == nil && !done; time.Sleep(100 * time.Millisecond) {
		done, err = chromedp.Run(ctx, chromedp.Evaluate[bool](`/, done/.test(document.getElementById('line').textContent)`))
	}
	if err != nil {
		t.Fatal(err)
	}
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(pictures, "page.png"), picture, 0o666); err != nil {
		t.Fatal(err)
	}
}

// Every picture is small and shown by a document, and every one that is shown is there.
func TestPictures(t *testing.T) {
	shown := make(map[string]bool)
	documents, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(documents, "../../README.md") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\]\(([^ )]*pictures/[^ )]+)\)`).FindAllStringSubmatch(string(text), -1) {
			shown[filepath.Join(filepath.Dir(path), m[1])] = true
		}
	}
	files, err := os.ReadDir(pictures)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		path := filepath.Join(pictures, file.Name())
		if info, err := file.Info(); err != nil || info.Size() > 100_000 {
			t.Errorf("%s is too large (%v)", path, err)
		}
		if !shown[path] {
			t.Errorf("no document shows %s", path)
		}
		delete(shown, path)
	}
	for path := range shown {
		t.Errorf("%s is shown and not there", path)
	}
}
