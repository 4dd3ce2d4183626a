// Package term writes to the user: lines on standard error, a progress line
// below them, and a drawing that changes with the rows of standard output.
//
// A [Console] prints lines, each prefixed with "domprobe: " and free of
// anything that a terminal would obey. While a run is under way it keeps the
// [Progress] line at the bottom of the terminal and a [Screen] above that, and
// both make way for every line and every row.
package term

import (
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// Is reports whether f, a reader or writer, is a terminal.
func Is(f any) bool {
	file, ok := f.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// Dumb reports whether the terminal can do nothing but print.
func Dumb() bool { return os.Getenv("TERM") == "dumb" }

// Size returns the size of the terminal that w writes to. Zero means unknown.
func Size(w io.Writer) (width, height int) {
	if f, ok := w.(*os.File); ok {
		// The sizes are zero with an error.
		width, height, _ = term.GetSize(int(f.Fd()))
	}
	return width, height
}

// Whens are the values of --color.
var Whens = []string{"auto", "always", "never"}

// Color reports whether output gets colours, by the value of --color. With
// auto a terminal does, unless NO_COLOR is set or the terminal is dumb, and any
// output does with CLICOLOR_FORCE (https://no-color.org,
// https://bixense.com/clicolors).
func Color(when string, terminal bool) bool {
	force := os.Getenv("CLICOLOR_FORCE")
	switch {
	case when != "auto":
		return when == "always"
	case os.Getenv("NO_COLOR") != "":
		return false
	case force != "" && force != "0":
		return true
	}
	return terminal && !Dumb()
}

// Visible returns s with everything that a terminal might obey written as an
// escape, so that s stays one line of text.
func Visible(s string) string {
	for _, r := range s {
		if !strconv.IsPrint(r) || r == utf8.RuneError {
			quoted := strconv.Quote(s)
			return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
		}
	}
	return s
}

// Wrap breaks text into lines of at most width characters and puts indent
// spaces before every line but the first. A word that is longer stays whole.
func Wrap(text string, indent, width int) string {
	var b strings.Builder
	column := indent
	for i, word := range strings.Fields(text) {
		switch n := utf8.RuneCountInString(word); {
		case i == 0:
			column += n
		case column+1+n > width:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent + n
		default:
			b.WriteByte(' ')
			column += 1 + n
		}
		b.WriteString(word)
	}
	return b.String()
}
