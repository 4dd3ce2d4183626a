package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"domprobe/internal/term"
)

// A table prints lines of cells, aligned once all are there.
type table struct{ w *tabwriter.Writer }

func newTable(w io.Writer, head ...string) *table {
	t := &table{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	t.line(head...)
	return t
}

// line adds a line. The last cell must not be empty, or the cells before it
// are padded for nothing.
func (t *table) line(cells ...string) {
	for i, c := range cells {
		cells[i] = term.Visible(c)
	}
	// A failed write is the error of close.
	_, _ = io.WriteString(t.w, strings.Join(cells, "\t")+"\n")
}

func (t *table) close() error { return t.w.Flush() }

// writeJSON prints v, indented.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// millis prints milliseconds, and a dash for none.
func millis(ms float64) string {
	if ms == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", ms)
}
