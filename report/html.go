package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed" // for the parts of the page
	"encoding/base64"
	"fmt"
	htmlpkg "html"
	"io"
	"strconv"
	"time"

	"domprobe/probe"
)

var (
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string
)

// html is the format of the same name: the grid as one page that loads nothing
// else. Without its script it is still a readable table. It is written when all
// is known.
type html struct {
	w      io.Writer
	m      matrix
	layout *Layout
	err    error
}

func newHTML(w io.Writer, o Options) Writer { return &html{w: w, layout: o.Layout} }

func (w *html) Write(rows []probe.Result) error {
	for i := range rows {
		w.m.add(&rows[i], w.layout)
	}
	return w.err
}

func (w *html) Close() error {
	if w.err != nil {
		return w.err
	}
	out := bufio.NewWriterSize(w.w, bufferSize)
	w.head(out)
	w.form(out)
	w.table(out)
	put(out, "<script>", pageJS, "</script>\n</body>\n</html>\n")
	w.err = out.Flush()
	return w.err
}

// head writes everything above the controls. The policy lets the page run its
// own script and style and load nothing, whatever may be in a name.
func (w *html) head(out *bufio.Writer) {
	put(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
		`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src `, sourceHash(pageCSS),
		"; script-src ", sourceHash(pageJS), "\">\n",
		`<meta name="viewport" content="width=device-width, initial-scale=1">`, "\n",
		"<title>domprobe report</title>\n<style>", pageCSS, "</style>\n</head>\n<body>\n<h1>domprobe report</h1>\n<p>")
	for i, v := range verdictOrder {
		if i > 0 {
			put(out, ", ")
		}
		put(out, strconv.Itoa(w.m.counts[v]), " ", verdictText(v))
	}
	if !w.m.first.IsZero() {
		put(out, "; checked ", timeTag(w.m.first))
		if w.m.last.Unix() != w.m.first.Unix() {
			put(out, " to ", timeTag(w.m.last))
		}
	}
	put(out, "</p>\n")
}

// sourceHash allows one inline source (Content Security Policy Level 3, section 2.3.1).
func sourceHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func timeTag(t time.Time) string {
	t = t.UTC()
	return fmt.Sprintf("<time datetime=%q>%s</time>", t.Format(time.RFC3339), t.Format("2006-01-02 15:04:05 UTC"))
}

// form writes the controls, which the script shows.
func (w *html) form(out *bufio.Writer) {
	put(out, "<form hidden>\n<label>Filter <input type=\"search\" name=\"text\" autocomplete=\"off\"></label>\n",
		"<fieldset><legend>Verdicts</legend>\n")
	for _, v := range verdictOrder {
		put(out, `<label><input type="checkbox" name="verdict" value="`, v.String(), `" checked> `, verdictText(v), "</label>\n")
	}
	put(out, "</fieldset>\n<output name=\"shown\" aria-live=\"polite\"></output>\n</form>\n")
}

func (w *html) table(out *bufio.Writer) {
	put(out, "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Verdicts\">\n<table>\n",
		"<caption>A row for each keyword, a column for each TLD. An empty cell was not probed.</caption>\n",
		"<thead>\n<tr><th scope=\"col\">name</th>")
	for c := range w.m.tlds.len() {
		put(out, `<th scope="col">`, htmlpkg.EscapeString(w.m.heading(c)), "</th>")
	}
	put(out, "</tr>\n</thead>\n<tbody>\n")
	for row := range w.m.labels.len() {
		put(out, `<tr><th scope="row"><bdi>`, htmlpkg.EscapeString(w.m.labels.text(row)), "</bdi></th>")
		for c := range w.m.tlds.len() {
			w.cell(out, w.m.at(row, c))
		}
		put(out, "</tr>\n")
	}
	put(out, "</tbody>\n</table>\n</div>\n")
}

// cell writes one verdict: a mark, and the words for it.
func (w *html) cell(out *bufio.Writer, c cell) {
	if !c.probed {
		put(out, `<td data-v=""></td>`)
		return
	}
	title := visible(c.name)
	if c.reason != "" {
		title += ": " + visible(string(c.reason))
	}
	put(out, `<td data-v="`, c.verdict.String(), `" title="`, htmlpkg.EscapeString(title), `"><span><b aria-hidden="true">`,
		verdictMarks[c.verdict], "</b>", htmlpkg.EscapeString(c.text()), "</span></td>")
}
