package report

import (
	"bufio"
	"io"
	"strings"

	"domprobe/probe"
)

// markdown is the format of the same name: the grid as a table of GitHub
// Flavored Markdown, with words in the cells. It is written when all is known.
type markdown struct {
	w      io.Writer
	m      matrix
	layout *Layout
	err    error
}

func newMarkdown(w io.Writer, o Options) Writer { return &markdown{w: w, layout: o.Layout} }

func (w *markdown) Write(rows []probe.Result) error {
	for i := range rows {
		w.m.add(&rows[i], w.layout)
	}
	return w.err
}

func (w *markdown) Close() error {
	if w.err != nil {
		return w.err
	}
	out := bufio.NewWriterSize(w.w, bufferSize)
	put(out, "| name |")
	for c := range w.m.tlds.len() {
		put(out, " ", escapeMarkdown(w.m.heading(c)), " |")
	}
	put(out, "\n| :--- |", strings.Repeat(" :--- |", w.m.tlds.len()), "\n")
	for row := range w.m.labels.len() {
		put(out, "| ", escapeMarkdown(w.m.labels.text(row)), " |")
		for c := range w.m.tlds.len() {
			put(out, " ")
			if cell := w.m.at(row, c); cell.probed {
				put(out, escapeMarkdown(cell.text()), " ")
			}
			put(out, "|")
		}
		put(out, "\n")
	}
	w.err = out.Flush()
	return w.err
}

// text says the verdict in words, with the reason where there is no answer.
func (c *cell) text() string {
	s := verdictText(c.verdict)
	if c.reason != "" && c.verdict != probe.Found && c.verdict != probe.NotFound {
		s += " (" + visible(string(c.reason)) + ")"
	}
	return s
}

// escapeMarkdown keeps s from being anything but text in a table cell.
func escapeMarkdown(s string) string {
	if !strings.ContainsAny(s, "\\`*_{}[]<>()#+!|~&$@:") {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("\\`*_{}[]<>#+!|~&$@:", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// put writes text; a bufio.Writer keeps the first error until it is flushed.
func put(w *bufio.Writer, parts ...string) {
	for _, s := range parts {
		w.WriteString(s)
	}
}
