package report

import (
	"crypto/sha256"
	_ "embed" // for the parts of the page
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"sync"
	"time"

	"domprobe/probe"
)

var (
	//go:embed page.css
	pageCSS template.CSS
	//go:embed page.js
	pageJS template.JS
	//go:embed page.html
	pageHTML string
)

// page is the template of the format html: one page that loads nothing else and
// is still a readable table without its script. Its policy lets it run its own
// script and style and load nothing, whatever may be in a name.
var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Funcs(template.FuncMap{"hash": sourceHash}).Parse(pageHTML))
})

// sourceHash allows one inline source (Content Security Policy Level 3, section 2.3.1).
func sourceHash(source any) string {
	sum := sha256.Sum256(fmt.Append(nil, source))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// A verdictCount is a verdict in the head of the page.
type verdictCount struct {
	Count       int
	Text, Value string
}

func writeHTML(w io.Writer, m *matrix, t *table) error {
	data := struct {
		CSS      template.CSS
		JS       template.JS
		Verdicts []verdictCount
		Times    []time.Time
		Note     string
		Table    *table
	}{CSS: pageCSS, JS: pageJS, Table: t}
	for _, v := range verdictOrder {
		data.Verdicts = append(data.Verdicts, verdictCount{m.counts[v], verdictText(v), v.String()})
	}
	if !m.first.IsZero() {
		data.Times = append(data.Times, m.first.UTC())
		if m.last.Unix() != m.first.Unix() {
			data.Times = append(data.Times, m.last.UTC())
		}
	}
	if slices.ContainsFunc(m.rows, func(r probe.Result) bool { return HasPrice(&r) }) {
		data.Note = PriceNote
	}
	return page().Execute(w, data)
}
