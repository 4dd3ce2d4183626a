package report

import (
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"domprobe/probe"
)

// The width of a column, gap included: usually, at least, which the headings
// need, and at most where the longest name is not known.
const (
	usualColumn = 16
	leastColumn = 10
	widerColumn = 32
)

// columns is the format of the same name, with a column for each verdict. The
// header comes with the first row: a run without rows says nothing. A row holds
// one name, so a name longer than its column runs on to the right.
type columns struct {
	bare
	color bool
	begun bool
	width int    // of a column
	line  int    // characters of the terminal, or 0
	name  []byte // of a row
}

func newColumns(o Options) encoder {
	e := &columns{color: o.Color, width: usualColumn, line: o.Width}
	if o.Longest > 0 {
		e.width = max(e.width, o.Longest+2)
	} else if o.Width > 0 {
		e.width = widerColumn
	}
	if o.Width > 0 {
		e.width = max(leastColumn, min(e.width, o.Width/len(verdictOrder)))
	}
	return e
}

func (e *columns) row(dst []byte, r *probe.Result) []byte {
	if !e.begun {
		e.begun = true
		dst = e.header(dst)
	}
	e.name = appendName(e.name[:0], r, e.color)
	indent := e.width * rank(min(r.Verdict, probe.Invalid))
	if e.line > 0 && indent > 0 {
		// A name that would not fit its line starts further to the left.
		width := uniseg.StringWidth(string(appendName(nil, r, false)))
		indent = max(0, min(indent, e.line-1-width))
	}
	return append(append(appendSpaces(dst, indent), e.name...), '\n')
}

// header draws the heading of each column, underlined.
func (e *columns) header(dst []byte) []byte {
	for _, underline := range []bool{false, true} {
		for i, v := range verdictOrder {
			text := strings.ToUpper(verdictText(v))
			if underline {
				text = strings.Repeat("=", len(text))
			}
			dst = append(dst, text...)
			if i < len(verdictOrder)-1 {
				dst = appendSpaces(dst, e.width-len(text))
			}
		}
		dst = append(dst, '\n')
	}
	return dst
}

func appendSpaces(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, ' ')
	}
	return dst
}

// marks is the format of the same name.
type marks struct {
	bare
	color bool
}

func newMarks(o Options) encoder { return marks{color: o.Color} }

func (e marks) row(dst []byte, r *probe.Result) []byte {
	mark := verdictMarks[min(r.Verdict, probe.Invalid)]
	if r.Verdict == probe.NotFound {
		mark = " "
	}
	dst = append(append(dst, mark...), ' ')
	return append(appendName(dst, r, e.color), '\n')
}

// names is the format of the same name: bare names, for other programs. Invalid
// names are left out, because they are none that other programs could use.
type names struct {
	bare
	stop byte
}

func newNames(o Options) encoder { return names{stop: o.rowEnd("names")} }

func (e names) row(dst []byte, r *probe.Result) []byte {
	if r.Verdict == probe.Invalid {
		return dst
	}
	return append(appendEscaped(dst, r.Name, isControl), e.stop)
}

// none is the format for runs of which only the exit code is wanted.
type none struct{}

func (none) Write([]probe.Result) error { return nil }
func (none) Close() error               { return nil }

// appendName appends the name as people read it: the A-label form, which can be
// pasted anywhere and cannot pretend to be another name, the Unicode form in
// parentheses, and the reason where it is shown.
func appendName(dst []byte, r *probe.Result, color bool) []byte {
	if color {
		dst = append(dst, colors[min(r.Verdict, probe.Invalid)]...)
	}
	dst = appendVisible(dst, r.Name)
	if color {
		dst = append(dst, colorEnd...)
	}
	if r.Unicode != "" {
		dst = appendAside(dst, r.Unicode)
	}
	if showsReason(r) {
		dst = appendAside(dst, string(r.Reason))
	}
	if offer := offerOf(r); offer != "" {
		dst = appendAside(dst, offer)
	}
	return appendDates(dst, r)
}

// appendAside appends s in parentheses.
func appendAside(dst []byte, s string) []byte {
	return append(appendVisible(append(dst, " ("...), s), ')')
}

// showsReason reports whether a row for people names its reason: there is no
// answer, or the registry was asked to confirm a name and did not.
func showsReason(r *probe.Result) bool {
	switch r.Verdict {
	case probe.Found:
		return false
	case probe.NotFound:
		return r.Reason != probe.RDAPNotRegistered && strings.HasPrefix(string(r.Reason), "rdap-")
	}
	return r.Reason != ""
}

// NameWidth returns the length of a name as columns and marks show it, without
// its reason: see [Options].Longest.
func NameWidth(name, unicode string) int {
	width := utf8.RuneCountInString(name)
	if unicode != "" {
		width += uniseg.StringWidth(unicode) + len(" ()")
	}
	return width
}

// colors begin a name of each verdict on a terminal (ECMA-48 section 8.3.117).
var colors = [...]string{
	probe.Unknown:  "\x1b[33m", // yellow
	probe.Found:    "\x1b[36m", // cyan
	probe.NotFound: "\x1b[32m", // green
	probe.Invalid:  "\x1b[31m", // red
}

const colorEnd = "\x1b[0m"
