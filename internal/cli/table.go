package cli

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"
)

// tableFlag chooses how a command that prints no rows about names prints what
// it has.
func tableFlag(formats ...string) cli.Flag {
	return local(oneOf("format", "f", "print in this `FORMAT`", formats...))
}

// parseTable returns the format that tableFlag was given.
func parseTable(flags *cli.Context, formats ...string) (string, error) {
	format := flags.String("format")
	if !slices.Contains(formats, format) {
		return "", usageError("known are "+strings.Join(formats, ", "), "unknown format %q", format)
	}
	return format, nil
}

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
		cells[i] = visible(c)
	}
	// What cannot be written is the error of close.
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
