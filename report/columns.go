package report

import (
	"strings"

	"domprobe/probe"
)

// columnWidth is where the next column starts. A row holds one name, so a
// longer one runs on to the right and stays whole.
const columnWidth = 16

var (
	secondColumn = strings.Repeat(" ", columnWidth)
	thirdColumn  = strings.Repeat(" ", 2*columnWidth)
)

const columnsHeader = "" +
	"FOUND           NOT FOUND       UNKNOWN\n" +
	"=====           =========       =======\n"

// columns is the format of the same name. The header comes with the first row:
// a run without rows says nothing.
type columns struct {
	color bool
	begun bool
}

func newColumns(o Options) encoder { return &columns{color: o.Color} }

func (e *columns) begin(dst []byte) []byte { return dst }
func (e *columns) end(dst []byte) []byte   { return dst }

func (e *columns) row(dst []byte, r *probe.Result) []byte {
	if !e.begun {
		e.begun = true
		dst = append(dst, columnsHeader...)
	}
	switch r.Verdict {
	case probe.Found:
	case probe.NotFound:
		dst = append(dst, secondColumn...)
	default:
		dst = append(dst, thirdColumn...)
	}
	return appendName(dst, r, e.color)
}

// marks is the format of the same name.
type marks struct{ color bool }

func newMarks(o Options) encoder { return marks{color: o.Color} }

func (e marks) begin(dst []byte) []byte { return dst }
func (e marks) end(dst []byte) []byte   { return dst }

func (e marks) row(dst []byte, r *probe.Result) []byte {
	switch r.Verdict {
	case probe.Found:
		dst = append(dst, "+ "...)
	case probe.NotFound:
		dst = append(dst, "  "...)
	default:
		dst = append(dst, "? "...)
	}
	return appendName(dst, r, e.color)
}

// appendName appends the name as people read it and ends the line: the A-label
// form, which can be pasted anywhere and cannot pretend to be another name,
// the Unicode form in parentheses, and the reason where there is no answer.
func appendName(dst []byte, r *probe.Result, color bool) []byte {
	if color {
		dst = append(dst, colors[min(int(r.Verdict), len(colors)-1)]...)
	}
	dst = appendVisible(dst, r.Name)
	if color {
		dst = append(dst, colorEnd...)
	}
	if r.Unicode != "" {
		dst = append(dst, " ("...)
		dst = appendVisible(dst, r.Unicode)
		dst = append(dst, ')')
	}
	if r.Reason != "" && r.Verdict != probe.Found && r.Verdict != probe.NotFound {
		dst = append(dst, " ("...)
		dst = appendVisible(dst, string(r.Reason))
		dst = append(dst, ')')
	}
	return append(dst, '\n')
}

// colors begin a name of each verdict on a terminal (ECMA-48 section 8.3.117).
var colors = [...]string{
	probe.Unknown:  "\x1b[33m", // yellow
	probe.Found:    "\x1b[36m", // cyan
	probe.NotFound: "\x1b[32m", // green
	probe.Invalid:  "\x1b[31m", // red
}

const colorEnd = "\x1b[0m"
