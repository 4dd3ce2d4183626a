package report

import (
	"bufio"
	"io"
	"strings"

	"domprobe/internal/text"
)

// writeMarkdown writes a table of GitHub Flavored Markdown.
func writeMarkdown(w io.Writer, _ *matrix, t *table) error {
	out := bufio.NewWriterSize(w, bufferSize)
	line := func(first string, rest ...string) {
		put(out, "| ", first, " |")
		for _, text := range rest {
			if put(out, " "); text != "" {
				put(out, text, " ")
			}
			put(out, "|")
		}
		put(out, "\n")
	}
	texts := text.Of(t.Head, escapeMarkdown)
	line(texts[0], texts[1:]...)
	put(out, "|", strings.Repeat(" :--- |", len(t.Head)), "\n")
	for name, cells := range t.Rows {
		texts = texts[:0]
		for _, c := range cells {
			texts = append(texts, escapeMarkdown(c.Text))
		}
		line(escapeMarkdown(name), texts...)
	}
	return out.Flush()
}

const markdownMarks = "\\`*_{}[]<>#+!|~&$@:"

// escapeMarkdown keeps a text from being anything but text in a table cell.
var escapeMarkdown = func() func(string) string {
	var pairs []string
	for _, mark := range strings.Split(markdownMarks, "") {
		pairs = append(pairs, mark, `\`+mark)
	}
	return strings.NewReplacer(pairs...).Replace
}()

// put writes text; a bufio.Writer keeps the first error until it is flushed.
func put(w *bufio.Writer, parts ...string) {
	for _, s := range parts {
		w.WriteString(s)
	}
}
