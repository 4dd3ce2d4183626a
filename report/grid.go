package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/rivo/uniseg"

	"domprobe/probe"
)

// grid is the format of the same name: a row for each keyword, a column for
// each TLD, and a mark for each verdict. It is written at the end; a screen shows
// the rows so far, redrawn with every batch.
type grid struct {
	collector
	next          int // the row after the one that changed last
	width, height int // of the screen at the last look
	buf           []byte
}

func newGrid(w io.Writer, o Options) Writer { return &grid{collector: collector{w: w, o: o}} }

// The smallest terminal on which a moving grid makes sense.
const (
	minWidth  = 20
	minHeight = 5
)

func (g *grid) Write(rows []probe.Result) error {
	if g.collector.Write(rows); len(rows) > 0 {
		g.next = g.m.rowOf(&rows[len(rows)-1]) + 1
		g.look()
		if g.width >= minWidth && g.height >= minHeight {
			g.drawWindow()
		}
		g.draw()
	}
	return g.err
}

func (g *grid) Close() error {
	if g.err != nil || g.m.labels.len() == 0 {
		return closed(&g.err)
	}
	g.look()
	g.draw()
	if g.m.sparse() {
		g.list()
	} else {
		g.blocks()
	}
	g.legend()
	if g.err == nil {
		_, g.err = g.w.Write(g.buf)
	}
	return closed(&g.err)
}

// blocks draws the grid, as many columns at once as fit the terminal.
func (g *grid) blocks() {
	labels := g.labelWidth(0, g.m.labels.len())
	for from := 0; from < g.m.tlds.len(); {
		to := g.fit(labels, from)
		g.table(labels, 0, g.m.labels.len(), from, to)
		g.buf = append(g.buf, '\n')
		from = to
	}
}

// list draws a line for each name.
func (g *grid) list() {
	name := func(r *probe.Result) string { return visibleLabel(r.Name, r) }
	width := len("name")
	for r := range g.m.list() {
		width = max(width, uniseg.StringWidth(name(r)))
	}
	g.pad("name", width)
	g.buf = append(append(g.buf, gap...), "verdict      reason\n"...)
	for r := range g.m.list() {
		g.pad(name(r), width)
		g.buf = append(g.buf, gap...)
		g.mark(r.Verdict)
		if r.Reason == "" {
			g.buf = append(append(g.buf, ' '), verdictText(r.Verdict)...)
		} else {
			g.buf = fmt.Appendf(g.buf, " %-9s  %s", verdictText(r.Verdict), visible(string(r.Reason)))
		}
		g.buf = append(g.buf, '\n')
	}
	g.buf = append(g.buf, '\n')
}

// look asks for the size of the screen, and begins a drawing.
func (g *grid) look() {
	g.buf = g.buf[:0]
	if g.o.Screen != nil {
		g.width, g.height = g.o.Screen.Size()
	}
}

// draw replaces the drawing on the screen.
func (g *grid) draw() {
	if g.o.Screen != nil && g.err == nil {
		g.err = g.o.Screen.Draw(g.buf)
	}
}

// drawWindow draws the part of the grid that fits the terminal: the rows
// around the one that changed last, and the TLDs that came first.
func (g *grid) drawWindow() {
	room := g.height - 3 // the header, the last line, and that of the cursor
	to := min(max(g.next, room), g.m.labels.len())
	from := max(to-room, 0)
	labels := min(g.labelWidth(from, to), g.width/2)
	columns := g.fit(labels, 0)
	g.table(labels, from, to, 0, columns)
	line := fmt.Sprintf("%d names", len(g.m.rows))
	if g.o.Total > 0 {
		line = fmt.Sprintf("%d of %d names", len(g.m.rows), g.o.Total)
	}
	if n := g.m.labels.len() - (to - from); n > 0 {
		line += fmt.Sprintf(", %d rows not shown", n)
	}
	if n := g.m.tlds.len() - columns; n > 0 {
		line += fmt.Sprintf(", %d TLDs not shown", n)
	}
	g.buf = append(append(g.buf, cut(line, g.width-1)...), '\n')
}

// labelWidth returns the width of the widest label of some rows.
func (g *grid) labelWidth(from, to int) (width int) {
	for row := from; row < to; row++ {
		width = max(width, uniseg.StringWidth(g.m.labels.text(row)))
	}
	return width
}

const gap = "  " // between columns

// fit returns the column after the last one that fits the terminal beside the
// labels. The first column, from, always does.
func (g *grid) fit(labels, from int) int {
	if g.width <= 0 {
		return g.m.tlds.len()
	}
	width := labels
	for i := from; i < g.m.tlds.len(); i++ {
		if width += len(gap) + uniseg.StringWidth(g.m.heading(i)); width >= g.width && i > from {
			return i
		}
	}
	return g.m.tlds.len()
}

// table draws some rows and columns under their header.
func (g *grid) table(labels, fromRow, toRow, fromColumn, toColumn int) {
	g.pad("", labels)
	for c := fromColumn; c < toColumn; c++ {
		g.buf = append(append(g.buf, gap...), g.m.heading(c)...)
	}
	g.buf = append(g.buf, '\n')
	for row := fromRow; row < toRow; row++ {
		g.pad(g.m.labels.text(row), labels)
		end := len(g.buf) // without the spaces after the last mark
		for c := fromColumn; c < toColumn; c++ {
			g.buf = append(g.buf, gap...)
			blank := uniseg.StringWidth(g.m.heading(c))
			if r := g.m.at(row, c); r != nil {
				g.mark(r.Verdict)
				end = len(g.buf)
				blank--
			}
			g.spaces(blank)
		}
		g.buf = append(g.buf[:end], '\n')
	}
}

// pad draws s in a column of a width.
func (g *grid) pad(s string, width int) {
	s = cut(s, width)
	g.buf = append(g.buf, s...)
	g.spaces(width - uniseg.StringWidth(s))
}

func (g *grid) spaces(n int) { g.buf = appendSpaces(g.buf, n) }

func (g *grid) mark(v probe.Verdict) {
	mark := verdictMarks[v]
	if g.o.Color {
		mark = colors[v] + mark + colorEnd
	}
	g.buf = append(g.buf, mark...)
}

// legend explains the marks, in one line if it fits.
func (g *grid) legend() {
	width := 0
	for i, v := range verdictOrder {
		text := " " + verdictText(v)
		item := len(verdictMarks[v]) + len(text)
		switch {
		case i == 0:
		case g.width > 0 && width+len(legendGap)+item >= g.width:
			g.buf = append(g.buf, '\n')
			width = 0
		default:
			g.buf = append(g.buf, legendGap...)
			width += len(legendGap)
		}
		g.mark(v)
		g.buf = append(g.buf, text...)
		width += item
	}
	g.buf = append(g.buf, '\n')
}

const legendGap = "   " // between marks

// cut returns s shortened to a width on the terminal, with an ellipsis in the
// place of the rest.
func cut(s string, width int) string {
	if uniseg.StringWidth(s) <= width {
		return s
	}
	var b strings.Builder
	c := uniseg.NewGraphemes(s)
	for left := width - 1; c.Next() && c.Width() <= left; left -= c.Width() {
		b.WriteString(c.Str())
	}
	return b.String() + "…"
}
