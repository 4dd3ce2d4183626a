package term

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"

	"github.com/rivo/uniseg"
)

// A Screen is the end of the terminal that rows go to: a drawing that changes
// with them. The lines of the console are above it and the progress line is
// below it. It implements report.Screen.
type Screen struct {
	console *Console
	f       *os.File
	w       io.Writer
	text    []byte // the drawing that is on the terminal
}

// NewScreen returns the screen of the terminal f, and nil if nothing can be
// drawn on f. It writes through w. The lines of a console that is on a terminal
// are printed above the drawing.
func NewScreen(c *Console, f io.Writer, w io.Writer) *Screen {
	if !Is(f) || Dumb() {
		return nil
	}
	s := &Screen{console: c, f: f.(*os.File), w: w}
	if Is(c.w) {
		c.setScreen(s)
	}
	return s
}

// Size returns the size of the terminal.
func (s *Screen) Size() (width, height int) { return Size(s.f) }

// Draw puts text in the place of the last drawing.
func (s *Screen) Draw(text []byte) error {
	return s.console.rows(func() error { return s.replace(text) })
}

// replace draws text over the last drawing: the cursor goes up to its first
// line, and the rest of every line is erased (ECMA-48 sections 8.3.22, 8.3.39
// and 8.3.41). It never erases a whole screen at once, because some terminals
// keep a copy of that. Lines that have scrolled away stay.
func (s *Screen) replace(text []byte) error {
	old := 0
	if len(s.text) > 0 {
		old = s.lines(s.text)
		if _, height := s.Size(); height > 0 {
			old = min(old, height-1)
		}
	}
	s.text = append(s.text[:0], text...)
	var b []byte
	if old > 0 {
		b = fmt.Appendf(b, "\r\x1b[%dA", old)
	}
	b = append(b, bytes.ReplaceAll(text, []byte("\n"), []byte("\x1b[K\n"))...)
	switch {
	case len(text) > 0:
		b = append(b, "\x1b[J"...)
	case old > 0:
		b = append(b, strings.Repeat("\x1b[K\n", old)...)
		b = fmt.Appendf(b, "\x1b[%dA", old)
	default:
		return nil
	}
	_, err := s.w.Write(b)
	return err
}

// clear takes the drawing back and returns a function that draws it again, if
// it and the line of the cursor fit the terminal.
func (s *Screen) clear() (restore func()) {
	text := bytes.Clone(s.text)
	// An error comes again with the next rows.
	_ = s.replace(nil)
	return func() {
		if _, height := s.Size(); s.lines(text) < height {
			_ = s.replace(text)
		}
	}
}

var colour = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\x1b\[[0-9;]*m`) })

// lines returns how many lines of the terminal text takes. They are more than
// its own lines when the terminal has become narrower since it was drawn:
// nearly every terminal breaks long lines anew.
func (s *Screen) lines(text []byte) (n int) {
	width, _ := s.Size()
	for line := range bytes.Lines(colour().ReplaceAll(text, nil)) {
		n++
		if w := uniseg.StringWidth(string(bytes.TrimSuffix(line, []byte("\n")))); width > 0 && w > width {
			n += (w - 1) / width
		}
	}
	return n
}
